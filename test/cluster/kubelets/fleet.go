// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelets

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

// userAgent is how the kubelets' requests are told from others in the audit log.
const userAgent = "kubelet-simulator"

// Fleet is a number of machines with kubelets.
type Fleet struct {
	options  Options
	client   kubernetes.Interface
	schedule *schedule
	nodes    cache.Store // of *corev1.Node; nil unless re-registration or traffic needs it
	traffic  *traffic    // nil without Options.Traffic

	cancel context.CancelFunc
	owned  sync.WaitGroup // all goroutines

	mu       sync.RWMutex
	machines map[string]*machine
}

// machine is a Machine with the state of its kubelet.
type machine struct {
	Machine

	mu           sync.Mutex
	uid          types.UID // of the Node
	leaseVersion string    // of the Lease; "" when that has to be looked up
	ready        bool
	readySince   time.Time
	silent       bool // kubelet is stopped
	gone         bool // the machine is
}

// New makes an empty fleet that lives until Stop or until ctx ends.
func New(ctx context.Context, options Options) (*Fleet, error) {
	options, err := options.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("making a fleet of kubelets: %w", err)
	}
	config := rest.CopyConfig(options.RESTConfig)
	config.QPS = -1 // the number of workers limits us
	config.UserAgent = userAgent
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making the client of a fleet of kubelets: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	f := &Fleet{
		options:  options,
		client:   client,
		schedule: newSchedule(),
		cancel:   cancel,
		machines: map[string]*machine{},
	}
	due := make(chan job)
	f.owned.Go(func() { f.schedule.run(ctx, due) })
	for range options.Workers {
		f.owned.Go(func() { f.work(ctx, due) })
	}
	if err := f.watch(ctx); err != nil {
		return nil, errors.Join(err, f.Stop())
	}
	return f, nil
}

// watch starts the informers that the options need and waits until they know the cluster.
func (f *Fleet) watch(ctx context.Context) error {
	if !f.options.Reregister && !f.options.Traffic {
		return nil
	}
	factory := informers.NewSharedInformerFactoryWithOptions(f.client, 0, informers.WithTransform(slim))
	nodes := factory.Core().V1().Nodes().Informer()
	f.nodes = nodes.GetStore()
	if f.options.Reregister {
		if _, err := nodes.AddEventHandler(cache.ResourceEventHandlerFuncs{DeleteFunc: f.nodeDeleted}); err != nil {
			return fmt.Errorf("watching nodes: %w", err)
		}
	}
	if f.options.Traffic {
		var err error
		if f.traffic, err = newTraffic(f, factory); err != nil {
			return err
		}
	}
	factory.StartWithContext(ctx)
	f.owned.Go(factory.Shutdown) // returns when the informers have ended
	for kind, ok := range factory.WaitForCacheSync(ctx.Done()) {
		if !ok {
			return fmt.Errorf("listing %s for the fleet: %w", kind, context.Cause(ctx))
		}
	}
	if f.traffic != nil {
		f.traffic.run(ctx)
	}
	return nil
}

// slim drops what nobody here reads and large clusters would make expensive.
func slim(object any) (any, error) {
	switch o := object.(type) {
	case *corev1.Node:
		o.ManagedFields, o.Status, o.Annotations = nil, corev1.NodeStatus{}, nil
	case *corev1.Pod:
		o.ManagedFields = nil
	case *corev1.Service:
		o.ManagedFields = nil
	}
	return object, nil
}

// Stop ends all kubelets and closes everything that the machines opened. Nodes and pods stay in the
// cluster.
func (f *Fleet) Stop() error {
	f.cancel()
	f.owned.Wait()
	return nil
}

// Add starts machines. It returns when all are registered and, with traffic, answer on their
// addresses; those that are not are named by the error and stay out of the fleet.
func (f *Fleet) Add(ctx context.Context, machines ...Machine) error {
	errs := make([]error, len(machines))
	workqueue.ParallelizeUntil(ctx, f.options.Workers, len(machines), func(i int) {
		errs[i] = f.add(ctx, machines[i])
	})
	return errors.Join(append(errs, ctx.Err())...)
}

func (f *Fleet) add(ctx context.Context, spec Machine) error {
	if err := spec.validate(); err != nil {
		return err
	}
	m := &machine{Machine: spec, ready: true}
	f.mu.Lock()
	_, exists := f.machines[spec.Name]
	if !exists {
		f.machines[spec.Name] = m
	}
	f.mu.Unlock()
	if exists {
		return fmt.Errorf("adding machine %s: there is one of this name", spec.Name)
	}
	err := f.register(ctx, m)
	if err == nil && f.traffic != nil {
		err = f.traffic.machineAdded(m)
	}
	if err != nil {
		f.Forget(spec.Name)
		return err
	}
	f.startHeartbeat(m)
	return nil
}

// machine returns the machine of a name, or nil.
func (f *Fleet) machine(name string) *machine {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.machines[name]
}

func (f *Fleet) mustHave(name string) (*machine, error) {
	if m := f.machine(name); m != nil {
		return m, nil
	}
	return nil, fmt.Errorf("there is no machine %s in the fleet", name)
}

// Len returns how many machines there are.
func (f *Fleet) Len() int {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return len(f.machines)
}

// SetReady makes kubelet report the node as ready or not and returns when the API server knows it.
func (f *Fleet) SetReady(ctx context.Context, name string, ready bool) error {
	m, err := f.mustHave(name)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ready != ready {
		m.ready, m.readySince = ready, time.Now()
	}
	return f.refresh(ctx, m, nil)
}

// StopHeartbeat stops kubelet while the machine runs on: its ports and pods still answer.
// kube-controller-manager makes the node Unknown after its grace period.
func (f *Fleet) StopHeartbeat(name string) error {
	m, err := f.mustHave(name)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.silent = true
	return nil
}

// ResumeHeartbeat starts a stopped kubelet again.
func (f *Fleet) ResumeHeartbeat(ctx context.Context, name string) error {
	m, err := f.mustHave(name)
	if err != nil {
		return err
	}
	m.mu.Lock()
	m.silent, m.readySince = false, time.Now()
	err = errors.Join(f.refresh(ctx, m, nil), f.renew(ctx, m))
	m.mu.Unlock()
	if f.traffic != nil {
		f.traffic.pods.enqueueNode(name)
	}
	return err
}

// Forget removes a machine as if it had burned down: kubelet, ports and pods stop at once, the Node
// stays until somebody deletes it. It does nothing if there is no such machine.
func (f *Fleet) Forget(name string) {
	f.mu.Lock()
	m := f.machines[name]
	delete(f.machines, name)
	f.mu.Unlock()
	if m == nil {
		return
	}
	m.mu.Lock()
	m.gone = true
	m.mu.Unlock()
	if f.traffic != nil {
		f.traffic.machineGone(m)
	}
}

// Reregister registers the Node again, as kubelet does when it starts.
func (f *Fleet) Reregister(ctx context.Context, name string) error {
	m, err := f.mustHave(name)
	if err != nil {
		return err
	}
	return f.register(ctx, m)
}
