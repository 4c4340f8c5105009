// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package loadbalancer makes load balancers of local-cloud out of Services: build (what a Service wants,
// pure) → observe (what is there, one call for a thousand Services) → diff (pure) → apply → report.
package loadbalancer

import (
	"context"
	"fmt"
	"reflect"
	"time"

	v1 "k8s.io/api/core/v1"
	cloudprovider "k8s.io/cloud-provider"

	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/providers/local/config"
	"sigs.k8s.io/cloud-providers/providers/local/refusal"
)

// LoadBalancers implements provider.LoadBalancers.
type LoadBalancers struct {
	client   *api.Client
	defaults config.LoadBalancer
}

var _ provider.LoadBalancers[Wanted, Actual] = (*LoadBalancers)(nil)

// New returns the load balancers of a cloud. defaults hold for Services that say nothing.
func New(client *api.Client, defaults config.LoadBalancer) *LoadBalancers {
	return &LoadBalancers{client: client, defaults: defaults}
}

// mutations is how many load balancers are changed at once; local-cloud itself has no limit.
const mutations = 8

// LoadBalancerLimits are those of local-cloud.
func (l *LoadBalancers) LoadBalancerLimits() provider.LoadBalancerLimits {
	return provider.LoadBalancerLimits{ObserveBatch: api.MaxLookup, Mutations: mutations}
}

// Responsible is true for every Service without a class.
func (l *LoadBalancers) Responsible(*v1.Service) bool { return true }

// LoadBalancerName is the stock name, made of the Service's UID.
func (l *LoadBalancers) LoadBalancerName(_ string, service *v1.Service) string {
	return cloudprovider.DefaultLoadBalancerName(service)
}

// Build returns what a Service asks for.
func (l *LoadBalancers) Build(in provider.LoadBalancerInput) (Wanted, error) {
	return build(in, l.defaults)
}

// Observe looks load balancers up by name, whoever owns them, so that a name that another cluster has
// taken is seen before anything is changed.
func (l *LoadBalancers) Observe(ctx context.Context, inputs []provider.LoadBalancerInput) ([]Actual, error) {
	names := make([]string, len(inputs))
	for i, in := range inputs {
		names[i] = l.LoadBalancerName(in.ClusterName, in.Service)
	}
	found, err := l.client.LookupLoadBalancers(ctx, names)
	if err != nil {
		return nil, refusal.Translate(err)
	}
	byName := map[string]*api.LoadBalancer{}
	for i := range found {
		byName[found[i].Name] = &found[i]
	}
	actual := make([]Actual, len(inputs))
	for i, name := range names {
		if lb := byName[name]; lb != nil {
			actual[i] = Actual{Balancer: lb, Foreign: lb.Owner.Cluster != inputs[i].ClusterName}
		}
	}
	return actual, nil
}

// Exists reports whether this cluster has a load balancer.
func (l *LoadBalancers) Exists(actual Actual) bool { return actual.Balancer != nil && !actual.Foreign }

// Diff returns the changes that make actual into wanted.
func (l *LoadBalancers) Diff(wanted Wanted, actual Actual) ([]plan.Change, error) {
	if b := actual.Balancer; actual.Foreign {
		return nil, provider.UserErrorf("load balancer %s belongs to cluster %q, and is not touched; give each cluster a --cluster-name of its own, or delete it there",
			b.Name, b.Owner.Cluster)
	}
	return diff(wanted, actual), nil
}

// Remove returns the change that deletes the load balancer, if it is this cluster's.
func (l *LoadBalancers) Remove(actual Actual) []plan.Change { return removal(actual) }

// Apply makes the changes.
func (l *LoadBalancers) Apply(ctx context.Context, actual Actual, p *plan.Plan, opts plan.Options) (Actual, error) {
	e := &executor{client: l.client, actual: actual}
	_, err := plan.Run(ctx, p, e, opts)
	return e.actual, err
}

// executor carries changes out one after the other, as their order demands.
type executor struct {
	client *api.Client
	actual Actual
}

// Execute makes one call.
func (e *executor) Execute(ctx context.Context, change plan.Change, _ *plan.Outputs) (plan.Output, error) {
	s := change.Spec.(spec)
	switch {
	case s.create != nil:
		return nil, e.create(ctx, *s.create)
	case s.update != nil:
		return nil, e.update(ctx, s.name, *s.update)
	}
	if err := e.client.DeleteLoadBalancer(ctx, s.cluster, s.name); err != nil {
		return nil, refusal.Translate(err)
	}
	e.actual = Actual{}
	return nil, nil
}

// create creates a load balancer. When there is one already, a create of before has succeeded whose
// answer was lost; if the Service has changed since, the next pass sees what differs.
func (e *executor) create(ctx context.Context, in api.CreateLoadBalancerRequest) error {
	lb, err := e.client.CreateLoadBalancer(ctx, in)
	if err != nil {
		return refusal.Translate(err)
	}
	e.actual = Actual{Balancer: &lb}
	if !reflect.DeepEqual(lb.Spec, in.Spec) {
		return fmt.Errorf("load balancer %s was there already and differs from what is wanted; trying again", lb.Name)
	}
	return nil
}

func (e *executor) update(ctx context.Context, name string, in api.UpdateLoadBalancerRequest) error {
	if e.actual.Balancer != nil {
		in.Revision = e.actual.Balancer.Revision
	}
	lb, err := e.client.UpdateLoadBalancer(ctx, name, in)
	if err != nil {
		return refusal.Translate(err)
	}
	e.actual = Actual{Balancer: &lb}
	return nil
}

// recheck is after what time a load balancer with a closed port is looked at again.
const recheck = 30 * time.Second

// Report makes the Service's status: the addresses, which kube-proxy must not short-cut (ipMode Proxy),
// since the balancer applies source ranges and the PROXY protocol.
func (l *LoadBalancers) Report(wanted Wanted, actual Actual) provider.LoadBalancerReport {
	var report provider.LoadBalancerReport
	for _, w := range wanted.Warnings {
		report.Problem = appendSentence(report.Problem, w)
	}
	if !l.Exists(actual) {
		return report
	}
	failed := map[api.Listener]bool{}
	for _, s := range actual.Balancer.Status.Listeners {
		if s.Error != "" {
			failed[api.Listener{Protocol: s.Protocol, Port: s.Port}] = true
			report.Problem = appendSentence(report.Problem, fmt.Sprintf("port %d/%s cannot be opened at %s: %s", s.Port, s.Protocol, s.Address, s.Error))
			report.RetryAfter = recheck
		}
	}
	report.Status = status(*actual.Balancer, failed)
	return report
}

func status(lb api.LoadBalancer, failed map[api.Listener]bool) *v1.LoadBalancerStatus {
	mode := v1.LoadBalancerIPModeProxy
	var ports []v1.PortStatus
	for _, listener := range lb.Spec.Listeners {
		p := v1.PortStatus{Port: int32(listener.Port), Protocol: v1.Protocol(listener.Protocol)}
		if failed[api.Listener{Protocol: listener.Protocol, Port: listener.Port}] {
			reason := "local.cloud-provider.sigs.k8s.io/PortNotOpen"
			p.Error = &reason
		}
		ports = append(ports, p)
	}
	out := &v1.LoadBalancerStatus{}
	for _, address := range lb.Addresses {
		out.Ingress = append(out.Ingress, v1.LoadBalancerIngress{IP: address, IPMode: &mode, Ports: ports})
	}
	return out
}

func appendSentence(text, sentence string) string {
	if text == "" {
		return sentence
	}
	return text + "; " + sentence
}
