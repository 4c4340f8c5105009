// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package service

import (
	"context"
	"fmt"
	"sync"

	"sigs.k8s.io/cloud-providers/common/provider"
)

// observer reads load balancers, one call at a time: what is asked for while a call is in flight goes
// into the next one. So a change of Nodes that touches many Services costs few reads.
type observer struct {
	lb    provider.PlannedLoadBalancers
	batch int

	mu      sync.Mutex
	waiting []*observation
	reading bool
}

type observation struct {
	ctx    context.Context
	in     provider.LoadBalancerInput
	done   chan struct{}
	actual any
	err    error
}

func newObserver(lb provider.PlannedLoadBalancers) *observer {
	return &observer{lb: lb, batch: max(1, lb.LoadBalancerLimits().ObserveBatch)}
}

// observe returns what exists for the Service.
func (o *observer) observe(ctx context.Context, in provider.LoadBalancerInput) (any, error) {
	if o.batch == 1 {
		found, err := observeAll(ctx, o.lb, []provider.LoadBalancerInput{in})
		if err != nil {
			return nil, err
		}
		return found[0], nil
	}
	w := &observation{ctx: ctx, in: in, done: make(chan struct{})}
	o.mu.Lock()
	o.waiting = append(o.waiting, w)
	mine := !o.reading
	o.reading = true
	o.mu.Unlock()
	if mine {
		o.drain()
	}
	select {
	case <-w.done:
		return w.actual, w.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// drain reads until nobody waits. It runs in the goroutine of whoever came first; all callers are
// workers of one controller, whose contexts end together.
func (o *observer) drain() {
	for {
		o.mu.Lock()
		n := min(len(o.waiting), o.batch)
		batch := o.waiting[:n:n]
		o.waiting = o.waiting[n:]
		if n == 0 {
			o.reading = false
			o.mu.Unlock()
			return
		}
		o.mu.Unlock()
		o.read(batch)
	}
}

func (o *observer) read(batch []*observation) {
	inputs := make([]provider.LoadBalancerInput, len(batch))
	for i, w := range batch {
		inputs[i] = w.in
	}
	found, err := o.lb.Observe(batch[0].ctx, inputs)
	if err != nil {
		err = fmt.Errorf("observe load balancers: %w", err)
	} else if len(found) != len(batch) {
		err = fmt.Errorf("observe load balancers: %d answers for %d Services", len(found), len(batch))
	}
	for i, w := range batch {
		if w.err = err; err == nil {
			w.actual = found[i]
		}
		close(w.done)
	}
}
