// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelets

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// retryPeriod is the time after which a failed heartbeat is tried again, if its period is not shorter.
const retryPeriod = time.Second

// register creates the Node, or brings an existing one in line as far as kubelet does, and its Lease.
func (f *Fleet) register(ctx context.Context, m *machine) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	m.readySince = now
	wanted := newNode(m.Machine, m.ready, now)
	node, err := f.client.CoreV1().Nodes().Create(ctx, wanted, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		node, err = f.takeOver(ctx, m, wanted)
	}
	if err != nil {
		return fmt.Errorf("registering node %s: %w", m.Name, err)
	}
	m.uid = node.UID
	return f.createLease(ctx, m)
}

// takeOver makes an existing Node, perhaps another machine's of that name, this machine's.
func (f *Fleet) takeOver(ctx context.Context, m *machine, wanted *corev1.Node) (*corev1.Node, error) {
	nodes := f.client.CoreV1().Nodes()
	node, err := nodes.Get(ctx, m.Name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	patch, err := metadataPatch(node, wanted)
	if err != nil {
		return nil, err
	}
	if patch != nil {
		if node, err = nodes.Patch(ctx, m.Name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
			return nil, err
		}
	}
	var addresses []corev1.NodeAddress
	if len(node.Status.Addresses) == 0 {
		addresses = wanted.Status.Addresses
	}
	return node, f.refresh(ctx, m, addresses)
}

// createLease creates the node's Lease or takes over the one that is there.
func (f *Fleet) createLease(ctx context.Context, m *machine) error {
	leases := f.client.CoordinationV1().Leases(corev1.NamespaceNodeLease)
	lease, err := leases.Create(ctx, newLease(m.Name, m.uid, "", f.options.LeasePeriod, time.Now()), metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		if lease, err = leases.Get(ctx, m.Name, metav1.GetOptions{}); err == nil {
			lease, err = leases.Update(ctx, newLease(m.Name, m.uid, lease.ResourceVersion, f.options.LeasePeriod, time.Now()), metav1.UpdateOptions{})
		}
	}
	if err != nil {
		m.leaseVersion = ""
		return fmt.Errorf("creating the lease of node %s: %w", m.Name, err)
	}
	m.leaseVersion = lease.ResourceVersion
	return nil
}

// renew renews the Lease. Like kubelet it creates a missing one only while the Node exists.
func (f *Fleet) renew(ctx context.Context, m *machine) error {
	if m.leaseVersion != "" {
		wanted := newLease(m.Name, m.uid, m.leaseVersion, f.options.LeasePeriod, time.Now())
		lease, err := f.client.CoordinationV1().Leases(corev1.NamespaceNodeLease).Update(ctx, wanted, metav1.UpdateOptions{})
		if err == nil {
			m.leaseVersion = lease.ResourceVersion
			return nil
		}
		if !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
			return fmt.Errorf("renewing the lease of node %s: %w", m.Name, err)
		}
		m.leaseVersion = ""
	}
	node, err := f.client.CoreV1().Nodes().Get(ctx, m.Name, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("looking for node %s to renew its lease: %w", m.Name, err)
	}
	m.uid = node.UID
	return f.createLease(ctx, m)
}

// refresh writes the node's conditions, and addresses if it has none.
func (f *Fleet) refresh(ctx context.Context, m *machine, addresses []corev1.NodeAddress) error {
	patch, err := statusPatch(conditions(m.ready, time.Now(), m.readySince), addresses)
	if err != nil {
		return err
	}
	_, err = f.client.CoreV1().Nodes().Patch(ctx, m.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	if err != nil {
		return fmt.Errorf("updating the status of node %s: %w", m.Name, err)
	}
	return nil
}

// startHeartbeat schedules a new machine's duties, the first time anywhere within their periods: many
// machines that register at once don't report at once for ever after.
func (f *Fleet) startHeartbeat(m *machine) {
	now := time.Now()
	f.schedule.add(job{due: now.Add(fraction(f.options.LeasePeriod)), machine: m, duty: renewLease})
	f.schedule.add(job{due: now.Add(fraction(f.options.StatusPeriod)), machine: m, duty: refreshStatus})
}

func fraction(d time.Duration) time.Duration { return time.Duration(rand.Float64() * float64(d)) }

// work does jobs as they become due.
func (f *Fleet) work(ctx context.Context, due <-chan job) {
	for {
		select {
		case j := <-due:
			if again := f.perform(ctx, j); again > 0 {
				f.schedule.add(job{due: time.Now().Add(again), machine: j.machine, duty: j.duty})
			}
		case <-ctx.Done():
			return
		}
	}
}

// perform does a job and returns after which time it is to be done again, 0 for never.
func (f *Fleet) perform(ctx context.Context, j job) time.Duration {
	m := j.machine
	period, do := f.options.LeasePeriod, f.renew
	switch j.duty {
	case refreshStatus:
		period = f.options.StatusPeriod
		do = func(ctx context.Context, m *machine) error { return f.refresh(ctx, m, nil) }
	case registerAgain:
		if err := f.registerIfRunning(ctx, m); err != nil && ctx.Err() == nil {
			klog.FromContext(ctx).Error(err, "Registering a node again failed", "node", m.Name)
			return retryPeriod
		}
		return 0
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.gone {
		return 0
	}
	if m.silent {
		return period
	}
	err := do(ctx, m)
	if err == nil || apierrors.IsNotFound(err) || ctx.Err() != nil { // a deleted Node is not the kubelet's fault
		return period
	}
	klog.FromContext(ctx).V(2).Info("A heartbeat failed", "node", m.Name, "err", err)
	return min(period, retryPeriod)
}

// nodeDeleted schedules the registration of a machine whose Node was deleted.
func (f *Fleet) nodeDeleted(object any) {
	name, err := cache.DeletionHandlingMetaNamespaceKeyFunc(object)
	if err != nil {
		return
	}
	if m := f.machine(name); m != nil {
		f.schedule.add(job{due: time.Now(), machine: m, duty: registerAgain})
	}
}

func (f *Fleet) registerIfRunning(ctx context.Context, m *machine) error {
	m.mu.Lock()
	idle := m.gone || m.silent
	m.mu.Unlock()
	if idle {
		return nil
	}
	return f.register(ctx, m)
}
