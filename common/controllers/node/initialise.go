// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/controllers/nodes"
	"sigs.k8s.io/cloud-providers/common/instances"
	"sigs.k8s.io/cloud-providers/common/provider"
)

// conflictTries bounds how often a Node is decided anew after somebody else changed it.
const conflictTries = 10

// needy returns the Node if it waits for initialisation. A Node that only needs its labels migrated gets
// that done here, without the cloud.
func (c *controller) needy(ctx context.Context, name string) *v1.Node {
	node, err := c.lister.Get(name)
	if err != nil { // gone: nothing to do
		c.forget(name)
		return nil
	}
	if nodes.Uninitialized(node) {
		if c.outdated(node) {
			c.forget(name)
			return nil
		}
		return node
	}
	if p := migrateLabels(node); !p.Empty() {
		if _, err := p.Apply(ctx, c.deps.Client, node); err != nil && !apierrors.IsNotFound(errors.Unwrap(err)) {
			c.failed(ctx, name, err)
			return nil
		}
	}
	c.forget(name)
	return nil
}

// outdated reports whether a cached Node is from before we initialised it. The event that brings the cache
// up to date also brings the Node back, should somebody have tainted it anew.
func (c *controller) outdated(node *v1.Node) bool {
	written, ok := c.written.Load(node.Name)
	if !ok {
		return false
	}
	order, err := resourceversion.CompareResourceVersion(node.ResourceVersion, written.(string))
	return err == nil && order < 0
}

// workOneByOne serves providers that answer one Node at a time: --concurrent-node-syncs goroutines.
func (c *controller) workOneByOne(accept, ctx context.Context) {
	for {
		name, shutdown := c.queue.Get()
		if shutdown {
			return
		}
		if accept.Err() != nil { // what the queue still has is the next leader's
			c.queue.Done(name)
			continue
		}
		if node := c.needy(ctx, name); node != nil {
			answers := c.deps.Instances.Lookup(ctx, []provider.InstanceRef{provider.RefOf(node)}, instances.Read{Reader: "initialise"})
			c.finish(ctx, node, answers[0])
		}
		c.queue.Done(name)
	}
}

// finish initialises one Node by the cloud's answer, or sees to its retry.
func (c *controller) finish(ctx context.Context, node *v1.Node, answer provider.InstanceAnswer) {
	err := c.initialise(ctx, node, answer)
	var foreign errForeign
	var refused *provider.BadItemsError // this Node's question, not all of them
	switch {
	case err == nil:
		c.forget(node.Name)
	case errors.As(err, &foreign):
		klog.FromContext(ctx).V(2).Info("Node is not this provider's; left alone until it changes", "node", node.Name)
		c.forget(node.Name)
	case provider.IsUserError(err):
		c.deps.Events.Event(node, v1.EventTypeWarning, "NodeInitializationRefused", err.Error())
		c.failed(ctx, node.Name, err)
	case answer.State == provider.InstanceUnknown && !c.deps.Instances.PerObject() && !errors.As(err, &refused):
		c.notAnswered(ctx, node.Name, err)
	default:
		c.failed(ctx, node.Name, err)
	}
}

// errForeign is the outcome for a Node that belongs to another provider.
type errForeign struct{}

func (errForeign) Error() string { return "not this provider's node" }

func (c *controller) initialise(ctx context.Context, node *v1.Node, answer provider.InstanceAnswer) error {
	switch answer.State {
	case provider.InstanceForeign:
		return errForeign{}
	case provider.InstanceNotFound:
		return fmt.Errorf("the cloud does not know an instance of node %s (provider ID %q)", node.Name, node.Spec.ProviderID)
	case provider.InstanceUnknown:
		return fmt.Errorf("instance of node %s: %w", node.Name, answer.Err)
	}
	if answer.Instance.ProviderID == "" && node.Spec.ProviderID == "" && !c.deps.Instances.PerObject() {
		return fmt.Errorf("cloud provider does not set node provider ID for node %s", node.Name)
	}
	for try := 1; ; try++ {
		err := c.write(ctx, node, answer.Instance)
		if err == nil || try == conflictTries || !apierrors.IsConflict(rootOf(err)) {
			if apierrors.IsNotFound(rootOf(err)) {
				return nil // deleted meanwhile
			}
			return err
		}
		uid := node.UID
		if node, err = c.deps.BulkClient.CoreV1().Nodes().Get(ctx, node.Name, metav1.GetOptions{}); err != nil {
			return fmt.Errorf("read node again after a conflict: %w", err)
		}
		if node.UID != uid || !nodes.Uninitialized(node) {
			return nil // re-created, or somebody else was faster; its next event brings it back
		}
	}
}

// write makes the two writes of an initialisation, addresses first.
func (c *controller) write(ctx context.Context, node *v1.Node, instance provider.Instance) error {
	change, err := initialise(node, instance)
	if err != nil {
		return err
	}
	created := node.CreationTimestamp.Time
	if change.setAddresses {
		if node, err = nodes.PatchAddresses(ctx, c.deps.BulkClient, node, change.addresses); err != nil {
			return err
		}
		// Taints may have come meanwhile: decide on what the API server just returned.
		if change, err = initialise(node, instance); err != nil {
			return err
		}
	}
	patched, err := change.patch.Apply(ctx, c.deps.BulkClient, node)
	if err != nil {
		return err
	}
	c.written.Store(patched.Name, patched.ResourceVersion)
	delay := time.Since(created).Seconds()
	taintRemovalDelay.Observe(delay)
	initialSyncDelay.Observe(delay)
	c.deps.Events.Event(patched, v1.EventTypeNormal, "Synced", "Node synced successfully")
	klog.FromContext(ctx).V(1).Info("Initialised node", "node", node.Name, "providerID", patched.Spec.ProviderID)
	return nil
}

// rootOf returns the API server's error under our wrapping.
func rootOf(err error) error {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return status.(error)
	}
	return err
}
