// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package service

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/common/provider"
)

// prefetched is what was found for a Service, and what it asked for then.
type prefetched struct{ wanted, actual any }

// prefetchAge is how long a bulk read at start may stand in for a Service's own.
const prefetchAge = time.Minute

// planned runs the pipeline of a provider that plans.
type planned struct {
	*controller
	lb       provider.PlannedLoadBalancers
	observer func(context.Context, provider.LoadBalancerInput) (any, error)

	prefetchMu sync.Mutex
	prefetched map[types.UID]prefetched
	prefetchAt time.Time
}

func newPlanned(c *controller, lb provider.PlannedLoadBalancers) *planned {
	return &planned{
		controller: c, lb: lb, prefetched: map[types.UID]prefetched{},
		observer: newObserver(lb),
	}
}

// prefetch observes all Services at start in bulk, so that a restart over an unchanged cloud costs only
// reads that all Services share.
func (p *planned) prefetch(ctx context.Context) {
	all, err := p.services.List(everything)
	if err != nil {
		return
	}
	nodes, err := p.eligible()
	if err != nil {
		return
	}
	var ours []provider.LoadBalancerInput
	for _, s := range all {
		if decide(s, p.options.Class) == ensure && p.lb.Responsible(s) {
			ours = append(ours, p.input(s, nodes))
		}
	}
	start := p.deps.Clock.Now()
	found, err := observeAll(ctx, p.lb, ours)
	if err != nil { // each Service will find out for itself, with its own backoff
		klog.FromContext(ctx).Info("Load balancers not read in bulk at start", "services", len(ours), "err", err)
		return
	}
	p.prefetchMu.Lock()
	defer p.prefetchMu.Unlock()
	p.prefetchAt = start
	for i, in := range ours {
		if wanted, err := p.lb.Build(in); err == nil {
			p.prefetched[in.Service.UID] = prefetched{wanted, found[i]}
		}
	}
}

// input is what a provider is told of a Service.
func (p *planned) input(service *v1.Service, nodes []*v1.Node) provider.LoadBalancerInput {
	return provider.LoadBalancerInput{ClusterName: p.deps.Config.KubeCloudShared.ClusterName, Service: service, Nodes: nodes}
}

// observeAll reads many Services in as few calls as the provider's limits allow.
func observeAll(ctx context.Context, lb provider.PlannedLoadBalancers, inputs []provider.LoadBalancerInput) ([]any, error) {
	size := max(1, lb.LoadBalancerLimits().ObserveBatch)
	var all []any
	for start := 0; start < len(inputs); start += size {
		chunk := inputs[start:min(start+size, len(inputs))]
		found, err := lb.Observe(ctx, chunk)
		if err != nil {
			return nil, fmt.Errorf("observe load balancers: %w", err)
		}
		if len(found) != len(chunk) {
			return nil, fmt.Errorf("observe load balancers: %d answers for %d Services", len(found), len(chunk))
		}
		all = append(all, found...)
	}
	return all, nil
}

func (p *planned) observe(ctx context.Context, in provider.LoadBalancerInput, wanted any) (any, error) {
	p.prefetchMu.Lock()
	if p.deps.Clock.Since(p.prefetchAt) >= prefetchAge {
		clear(p.prefetched)
	}
	found, ok := p.prefetched[in.Service.UID]
	delete(p.prefetched, in.Service.UID)
	p.prefetchMu.Unlock()
	if ok && reflect.DeepEqual(found.wanted, wanted) { // neither the Service nor its Nodes have changed since
		return found.actual, nil
	}
	return p.observer(ctx, in)
}

func (p *planned) responsible(service *v1.Service) bool { return p.lb.Responsible(service) }

func (p *planned) ensure(ctx context.Context, in pass) (outcome, error) {
	input := p.input(in.service, in.nodes)
	input.NodesOnly = in.nodesOnly()
	wanted, err := p.lb.Build(input)
	if err != nil {
		return outcome{}, fmt.Errorf("failed to ensure load balancer: %w", err)
	}
	settled := in.record.done && in.record.wanted != nil && in.why&(becauseRetry|becauseResync) == 0
	if settled && reflect.DeepEqual(wanted, in.record.wanted) {
		return outcome{status: in.record.published, annotations: in.record.annotations}, nil // nothing that it depends on has changed
	}
	in.record.wanted = nil
	actual, err := p.observe(ctx, input, wanted)
	if err != nil {
		return outcome{}, fmt.Errorf("failed to ensure load balancer: %w", err)
	}
	changes, err := p.lb.Diff(wanted, actual)
	if err != nil {
		return outcome{}, fmt.Errorf("failed to ensure load balancer: %w", err)
	}
	if len(changes) > 0 || p.lb.Exists(actual) {
		if err := p.hold(ctx, in.service); err != nil {
			return outcome{}, fmt.Errorf("failed to add load balancer cleanup finalizer: %w", err)
		}
	}
	if len(changes) > 0 {
		if actual, err = p.apply(ctx, in, actual, changes); err != nil {
			return outcome{}, err
		}
	}
	report := p.lb.Report(wanted, actual)
	if report.RetryAfter == 0 {
		in.record.wanted = wanted
		p.finished(in)
	}
	return outcome{
		status: report.Status, annotations: report.Annotations, worked: len(changes) > 0, again: report.RetryAfter, recheck: report.RecheckAfter,
		problem: report.Problem, notices: report.Notices,
	}, nil
}

// The events that end what passes begin.
const (
	ensured = "EnsuredLoadBalancer"
	updated = "UpdatedLoadBalancer"
)

// apply makes the changes, with the events that people and installers wait for.
func (p *planned) apply(ctx context.Context, in pass, actual any, changes []plan.Change) (any, error) {
	events := p.deps.Events
	if len(in.nodes) == 0 {
		events.Event(in.service, v1.EventTypeWarning, "UnAvailableLoadBalancer", "There are no available nodes for LoadBalancer")
	}
	switch {
	case in.nodesOnly():
		in.record.began = updated
	case in.record.began == "":
		events.Event(in.service, v1.EventTypeNormal, "EnsuringLoadBalancer", "Ensuring load balancer")
		in.record.began = ensured
	}
	start := p.deps.Clock.Now()
	actual, err := p.lb.Apply(ctx, actual, provider.ServicePlan(in.service, changes), p.planOptions())
	if in.nodesOnly() {
		countNodeUpdate(p.deps.Clock.Since(start), err)
	}
	if err != nil {
		in.record.began = ""
		return actual, fmt.Errorf("failed to ensure load balancer: %w", err)
	}
	return actual, nil
}

// finished tells that what passes have begun is done; a cloud that takes its time needs several.
func (p *planned) finished(in pass) {
	switch in.record.began {
	case updated:
		p.deps.Events.Event(in.service, v1.EventTypeNormal, updated, "Updated load balancer with new hosts")
	case ensured:
		p.deps.Events.Event(in.service, v1.EventTypeNormal, ensured, "Ensured load balancer")
	}
	in.record.began = ""
}

// settled takes the annotations that were just published for what was there before: they change nothing.
func (p *planned) settled(in pass) {
	if in.record.wanted == nil {
		return
	}
	input := p.input(in.service, in.nodes)
	input.NodesOnly = in.nodesOnly()
	if wanted, err := p.lb.Build(input); err == nil {
		in.record.wanted = wanted
	}
}

func (p *planned) planOptions() plan.Options {
	return plan.Options{
		Gate: p.deps.Gate.Check,
		Observe: func(c plan.Change, _ time.Duration, err error) {
			result := "success"
			if err != nil {
				result = "error"
			}
			planChanges.WithLabelValues(string(c.Operation), c.Object.Kind, result).Inc()
		},
	}
}

func (p *planned) exists(ctx context.Context, service *v1.Service) (bool, error) {
	actual, err := p.whatIsLeft(ctx, service)
	if err != nil {
		return false, err
	}
	return p.lb.Exists(actual), nil
}

// whatIsLeft observes with the Nodes, on which a load balancer may have left traces too.
func (p *planned) whatIsLeft(ctx context.Context, service *v1.Service) (any, error) {
	nodes, err := p.eligible()
	if err != nil {
		return nil, err
	}
	in := p.input(service, nodes)
	in.Removing = true
	return p.observer(ctx, in)
}

// errRemnants keeps the finalizer while anything is left.
var errRemnants = errors.New("parts of the load balancer are still there")

// remove deletes what is there, and is content only when a look afterwards finds nothing.
func (p *planned) remove(ctx context.Context, service *v1.Service) ([]string, error) {
	actual, err := p.whatIsLeft(ctx, service)
	if err != nil {
		return nil, err
	}
	if p.lb.Exists(actual) {
		changes := p.lb.Remove(actual)
		if len(changes) > 0 {
			p.deps.Events.Event(service, v1.EventTypeNormal, "DeletingLoadBalancer", "Deleting load balancer")
			if actual, err = p.lb.Apply(ctx, actual, provider.ServicePlan(service, changes), p.planOptions()); err != nil {
				return nil, err
			}
		}
		if p.lb.Exists(actual) {
			if u, ok := actual.(provider.Unfinished); ok && u.Unfinished() > 0 {
				return nil, &waiting{u.Unfinished()}
			}
			return nil, errRemnants
		}
	}
	if m, ok := actual.(provider.Marked); ok {
		return m.Marks(), nil
	}
	return nil, nil
}

// waiting is no failure: the cloud is at work on what was asked of it.
type waiting struct{ after time.Duration }

func (w *waiting) Error() string { return "the cloud is still deleting it" }
