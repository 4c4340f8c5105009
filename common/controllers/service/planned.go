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

// prefetchAge is how long a bulk read at start may stand in for a Service's own.
const prefetchAge = time.Minute

// planned runs the pipeline of a provider that plans.
type planned struct {
	*controller
	lb       provider.PlannedLoadBalancers
	observer *observer

	prefetchMu sync.Mutex
	prefetched map[types.UID]any
	prefetchAt time.Time
}

func newPlanned(c *controller, lb provider.PlannedLoadBalancers) *planned {
	return &planned{
		controller: c, lb: lb, prefetched: map[types.UID]any{},
		observer: newObserver(lb, c.deps.Config.KubeCloudShared.ClusterName),
	}
}

// prefetch observes all Services at start in bulk, so that a restart over an unchanged cloud costs only
// reads that all Services share.
func (p *planned) prefetch(ctx context.Context) {
	all, err := p.services.List(everything)
	if err != nil {
		return
	}
	var ours []*v1.Service
	for _, s := range all {
		if decide(s, p.options.Class) == ensure && p.lb.Responsible(s) {
			ours = append(ours, s)
		}
	}
	found, err := observeAll(ctx, p.lb, p.deps.Config.KubeCloudShared.ClusterName, ours)
	if err != nil { // each Service will find out for itself, with its own backoff
		klog.FromContext(ctx).Info("Load balancers not read in bulk at start", "services", len(ours), "err", err)
		return
	}
	p.prefetchMu.Lock()
	defer p.prefetchMu.Unlock()
	p.prefetchAt = p.deps.Clock.Now()
	for i, s := range ours {
		p.prefetched[s.UID] = found[i]
	}
}

// observeAll reads many Services in as few calls as the provider's limits allow.
func observeAll(ctx context.Context, lb provider.PlannedLoadBalancers, cluster string, services []*v1.Service) ([]any, error) {
	size := max(1, lb.LoadBalancerLimits().ObserveBatch)
	var all []any
	for start := 0; start < len(services); start += size {
		chunk := services[start:min(start+size, len(services))]
		found, err := lb.Observe(ctx, cluster, chunk)
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

func (p *planned) observe(ctx context.Context, service *v1.Service) (any, error) {
	p.prefetchMu.Lock()
	actual, ok := p.prefetched[service.UID]
	delete(p.prefetched, service.UID)
	fresh := p.deps.Clock.Since(p.prefetchAt) < prefetchAge
	p.prefetchMu.Unlock()
	if ok && fresh {
		return actual, nil
	}
	return p.observer.observe(ctx, service)
}

func (p *planned) responsible(service *v1.Service) bool { return p.lb.Responsible(service) }

func (p *planned) ensure(ctx context.Context, in pass) (outcome, error) {
	wanted, err := p.lb.Build(provider.LoadBalancerInput{
		ClusterName: p.deps.Config.KubeCloudShared.ClusterName, Service: in.service, Nodes: in.nodes,
	})
	if err != nil {
		return outcome{}, fmt.Errorf("failed to ensure load balancer: %w", err)
	}
	settled := in.record.done && in.record.wanted != nil && in.why&(becauseRetry|becauseResync) == 0
	if settled && reflect.DeepEqual(wanted, in.record.wanted) {
		return outcome{status: in.record.published}, nil // nothing that it depends on has changed
	}
	in.record.wanted = nil
	actual, err := p.observe(ctx, in.service)
	if err != nil {
		return outcome{}, fmt.Errorf("failed to ensure load balancer: %w", err)
	}
	changes := p.lb.Diff(wanted, actual)
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
	}
	return outcome{status: report.Status, worked: len(changes) > 0, again: report.RetryAfter, problem: report.Problem}, nil
}

// apply makes the changes, with the events that people and installers wait for.
func (p *planned) apply(ctx context.Context, in pass, actual any, changes []plan.Change) (any, error) {
	events := p.deps.Events
	if len(in.nodes) == 0 {
		events.Event(in.service, v1.EventTypeWarning, "UnAvailableLoadBalancer", "There are no available nodes for LoadBalancer")
	}
	if !in.nodesOnly() {
		events.Event(in.service, v1.EventTypeNormal, "EnsuringLoadBalancer", "Ensuring load balancer")
	}
	start := p.deps.Clock.Now()
	actual, err := p.lb.Apply(ctx, actual, provider.ServicePlan(in.service, changes), p.planOptions())
	if in.nodesOnly() {
		countNodeUpdate(p.deps.Clock.Since(start), err)
	}
	if err != nil {
		return actual, fmt.Errorf("failed to ensure load balancer: %w", err)
	}
	if in.nodesOnly() {
		events.Event(in.service, v1.EventTypeNormal, "UpdatedLoadBalancer", "Updated load balancer with new hosts")
	} else {
		events.Event(in.service, v1.EventTypeNormal, "EnsuredLoadBalancer", "Ensured load balancer")
	}
	return actual, nil
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
	actual, err := p.observer.observe(ctx, service)
	if err != nil {
		return false, err
	}
	return p.lb.Exists(actual), nil
}

// errRemnants keeps the finalizer while anything is left.
var errRemnants = errors.New("parts of the load balancer are still there")

// remove deletes what is there, and is content only when a look afterwards finds nothing.
func (p *planned) remove(ctx context.Context, service *v1.Service) error {
	actual, err := p.observer.observe(ctx, service)
	if err != nil {
		return err
	}
	if !p.lb.Exists(actual) {
		return nil
	}
	p.deps.Events.Event(service, v1.EventTypeNormal, "DeletingLoadBalancer", "Deleting load balancer")
	actual, err = p.lb.Apply(ctx, actual, provider.ServicePlan(service, p.lb.Remove(actual)), p.planOptions())
	if err != nil {
		return err
	}
	if p.lb.Exists(actual) {
		return errRemnants
	}
	return nil
}
