// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/controllers/nodes"
	"sigs.k8s.io/cloud-providers/common/instances"
	"sigs.k8s.io/cloud-providers/common/provider"
)

// synchronise sweeps all initialised Nodes once per --node-status-update-frequency: the first time at
// once, later with the sweep's look-ups spread over the period.
func (c *controller) synchronise(accept, work context.Context) {
	period := c.deps.Config.NodeStatusUpdateFrequency.Duration
	for first := true; ; first = false {
		wait := period
		for _, chunk := range c.chunks() {
			pause := time.Duration(0)
			if !first {
				pause = period / time.Duration(chunk.of)
			}
			wait -= pause
			if pause > 0 && !c.pause(accept, jitter(pause)) {
				return
			}
			c.sweep(accept, work, chunk.nodes)
			if accept.Err() != nil {
				return
			}
		}
		if wait > 0 && !c.pause(accept, jitter(wait)) {
			return
		}
	}
}

// jitter keeps the replicas and sweeps of many clusters from beating in time: ±10 %.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.9 + 0.2*rand.Float64()))
}

// pause waits; false means that the controller is to stop.
func (c *controller) pause(accept context.Context, d time.Duration) bool {
	timer := c.deps.Clock.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C():
		return true
	case <-accept.Done():
		return false
	}
}

type chunk struct {
	nodes []*v1.Node
	of    int // number of chunks in the sweep
}

// chunks cuts the initialised Nodes into sweeps: one if the cloud lists or answers one at a time, else
// one per batch.
func (c *controller) chunks() []chunk {
	all, _ := c.lister.List(labels.Everything())
	var initialised []*v1.Node
	for _, n := range all {
		if !nodes.Uninitialized(n) {
			initialised = append(initialised, n)
		}
	}
	if len(initialised) == 0 {
		return nil
	}
	limits := c.deps.Instances.Limits()
	size := limits.BatchSize
	if c.deps.Instances.PerObject() || limits.ListFrom > 0 && len(initialised) >= limits.ListFrom {
		size = len(initialised)
	}
	count := (len(initialised) + size - 1) / size
	chunks := make([]chunk, 0, count)
	for len(initialised) > 0 {
		n := min(size, len(initialised))
		chunks = append(chunks, chunk{initialised[:n], count})
		initialised = initialised[n:]
	}
	return chunks
}

func (c *controller) sweep(accept, ctx context.Context, all []*v1.Node) {
	if c.deps.Instances.PerObject() {
		c.sweepOneByOne(accept, ctx, all)
		return
	}
	refs := make([]provider.InstanceRef, len(all))
	for i, n := range all {
		refs[i] = provider.RefOf(n)
	}
	for i, answer := range c.deps.Instances.Sweep(ctx, refs, instances.Read{Reader: "synchronise"}) {
		c.follow(ctx, all[i], answer)
	}
}

func (c *controller) sweepOneByOne(accept, ctx context.Context, all []*v1.Node) {
	todo := make(chan *v1.Node)
	var wg sync.WaitGroup
	for range c.updates {
		wg.Go(func() {
			for node := range todo {
				answers := c.deps.Instances.Lookup(ctx, []provider.InstanceRef{provider.RefOf(node)}, instances.Read{Reader: "synchronise"})
				c.follow(ctx, node, answers[0])
			}
		})
	}
feed:
	for _, n := range all {
		select {
		case todo <- n:
		case <-accept.Done():
			break feed
		}
	}
	close(todo)
	wg.Wait()
}

// follow makes one Node follow its instance. Absence is the lifecycle controller's business.
func (c *controller) follow(ctx context.Context, node *v1.Node, answer provider.InstanceAnswer) {
	log := klog.FromContext(ctx)
	if answer.State == provider.InstanceUnknown {
		log.V(2).Info("Node not synchronised", "node", node.Name, "err", answer.Err)
	}
	if answer.State != provider.InstanceFound {
		return
	}
	// The sweep took its Nodes up to a period ago: decide on what is there now.
	current, err := c.lister.Get(node.Name)
	if err != nil || current.UID != node.UID || nodes.Uninitialized(current) {
		return
	}
	node = current
	change := synchronise(node, answer.Instance, c.options)
	for reason, message := range change.warnings {
		c.deps.Events.Event(node, v1.EventTypeWarning, reason, message)
	}
	if change.setAddresses {
		log.Info("Node's addresses changed", "node", node.Name, "from", node.Status.Addresses, "to", change.addresses)
		_, err = nodes.PatchAddresses(ctx, c.deps.Client, node, change.addresses)
	}
	if err == nil && !change.patch.Empty() {
		log.Info("Node's labels changed", "node", node.Name, "labels", len(change.patch.Labels))
		_, err = change.patch.Apply(ctx, c.deps.Client, node)
	}
	if err != nil && !apierrors.IsNotFound(rootOf(err)) {
		log.Error(err, "Node not synchronised; next try in the next period", "node", node.Name)
	}
}
