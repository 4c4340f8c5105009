// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"k8s.io/apimachinery/pkg/types"

	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/openstack/client"
)

// step is what a change carries: the call that makes it. It leaves in the executor what is there afterwards.
type step interface {
	do(ctx context.Context, e *executor) error
}

// executor makes the changes of one load balancer's plan.
type executor struct {
	*LoadBalancers
	octavia *gophercloud.ServiceClient
	net     *gophercloud.ServiceClient

	mu     sync.Mutex
	actual Actual
}

// set changes what is known to exist; changes run beside each other.
func (e *executor) set(edit func(*Actual)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	edit(&e.actual)
}

func (e *executor) Execute(ctx context.Context, change plan.Change, _ *plan.Outputs) (plan.Output, error) {
	err := change.Spec.(step).do(ctx, e)
	switch {
	case err == nil:
		return nil, nil
	case locks(change) && immutable(err): // somebody else is changing it: our turn comes later
		e.set(func(a *Actual) { a.begin(pendingUpdate) })
		return nil, &plan.Skipped{Err: err}
	case locks(change):
		return nil, client.Explain("Octavia", err)
	}
	return nil, client.Explain("Neutron", err)
}

// locks reports whether a change locks the load balancer until Octavia has finished it.
func locks(c plan.Change) bool {
	switch c.Object.Kind {
	case kindFloating, kindGroup, kindRules, kindPort:
		return false
	}
	return true
}

// immutable reports whether Octavia refuses a change because it is at work on the load balancer.
func immutable(err error) bool {
	if !client.Conflict(err) {
		return false
	}
	text := err.Error()
	return strings.Contains(text, "immutable") || strings.Contains(text, "Invalid state")
}

// begin notes that Octavia is at work.
func (a *Actual) begin(status string) {
	if a.Balancer != nil {
		a.Balancer.Status = status
	}
	a.Pending, a.Poll = 0, poll(0)
}

// Apply makes the changes that can be made now: one of the load balancer's, since Octavia is busy with it
// afterwards, and those that wait for none of it. The rest follows from what is there when Octavia is done.
func (l *LoadBalancers) Apply(ctx context.Context, actual Actual, p *plan.Plan, opts plan.Options) (Actual, error) {
	uid := types.UID(actual.UID)
	e := &executor{LoadBalancers: l, actual: actual.clone()}
	var err error
	if e.octavia, err = l.region.LoadBalancer(ctx); err != nil {
		return actual, err
	}
	if e.net, err = l.region.Network(ctx); err != nil {
		return actual, err
	}
	start := l.clock.Now()
	_, err = plan.Run(ctx, possible(p), e, opts)
	client.ObserveReconcile(operation(actual), start, err)
	if err == nil && e.actual.Removing && !exists(e.actual) {
		l.memory.drop(uid)
		return e.actual, nil
	}
	l.memory.edit(uid, func(r *remembered) {
		r.actual, r.known = e.actual, err == nil && e.actual.Balancer != nil && !e.actual.Removing && !e.actual.Partial
		r.busySince = time.Time{}
		if e.actual.Balancer.busy() {
			r.busySince = l.clock.Now()
		}
		r.rounds++
	})
	return e.actual, err
}

func operation(a Actual) string {
	switch {
	case a.Removing:
		return "loadbalancer_delete"
	case a.Balancer == nil:
		return "loadbalancer_ensure"
	}
	return "loadbalancer_update"
}

// possible are the changes of a plan that can be made now, in its order. What comes after a change of the load
// balancer comes after its end.
func possible(p *plan.Plan) *plan.Plan {
	now := &plan.Plan{Subject: p.Subject}
	in := map[string]bool{}
	locked := false
	for _, c := range p.Changes {
		if locked && locks(c) || slices.ContainsFunc(c.After, func(id string) bool { return !in[id] }) {
			continue
		}
		now.Add(c)
		if locks(c) {
			locked = true
		} else {
			in[c.ID] = true
		}
	}
	return now
}

func (e *executor) uid() types.UID { return types.UID(e.actual.UID) }

func (s fail) do(context.Context, *executor) error { return s.err }

// missing is the error of a change that needs something which is not there yet; plans are made so that it
// does not come up.
func missing(what string) error { return fmt.Errorf("%s is not there yet", what) }

var _ provider.Unfinished = Actual{}
