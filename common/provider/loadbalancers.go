// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"time"

	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/common/plan"
)

// LoadBalancerInput is everything that the wanted load balancer of a Service depends on.
type LoadBalancerInput struct {
	ClusterName string
	Service     *v1.Service
	// Nodes are the eligible Nodes, sorted by name. Neither they nor the Service may be changed.
	Nodes []*v1.Node
	// NodesOnly: since the last pass, which succeeded, nothing but the Nodes has changed. Providers may
	// then take the rest of what exists from memory instead of reading it again.
	NodesOnly bool
	// Removing: the load balancer is to go, whatever the Service looks like by now.
	Removing bool
}

// LoadBalancerLimits bounds what the Service controller does at once.
type LoadBalancerLimits struct {
	// ObserveBatch is the most Services one Observe may carry; 0 means 1.
	ObserveBatch int
	// Mutations is the most Services that may be changed at once; 0 leaves it to
	// --concurrent-service-syncs.
	Mutations int
}

// LoadBalancerReport is what a Service's status is made of.
type LoadBalancerReport struct {
	// Status is nil while there is none yet; the Service then keeps the one that it has.
	Status *v1.LoadBalancerStatus
	// RetryAfter asks for another pass, for a balancer that the cloud is still building.
	RetryAfter time.Duration
	// RecheckAfter asks for another look at what is as it should be now, for what the cluster does not tell.
	RecheckAfter time.Duration
	// Problem explains in a sentence why the balancer does not serve although nothing failed.
	Problem string
	// Annotations are written to the Service together with the status; an empty value takes one away. They
	// are no change of the Service.
	Annotations map[string]string
	// Notices are told once, when they come up.
	Notices []Notice
}

// Notice is what users should know although nothing failed: a Warning event with the provider's own reason.
type Notice struct{ Reason, Message string }

// Unfinished is implemented by models of what exists whose cloud may be at work on it: while it is, a
// load balancer that has to go is looked at again after that time, and nothing has failed. 0 is no wait.
type Unfinished interface{ Unfinished() time.Duration }

// Marked is implemented by models of what exists whose provider publishes annotations: those that are to be
// taken away from a Service together with what existed.
type Marked interface{ Marks() []string }

// LoadBalancers plans the load balancers of Services: build → observe → diff → apply → report. W is the
// provider's model of what is wanted, A of what is there. Only Observe and Apply talk to the cloud;
// the others are pure and know neither clock nor client.
type LoadBalancers[W, A any] interface {
	LoadBalancerLimits() LoadBalancerLimits
	// Responsible reports whether this Service's load balancer is this provider's business. Services
	// with a loadBalancerClass have been sorted out before.
	Responsible(service *v1.Service) bool
	// LoadBalancerName is the name for GetLoadBalancerName of the stock contract.
	LoadBalancerName(clusterName string, service *v1.Service) string
	// Build returns the wanted resources, or a *UserError that lists every mistake in the Service.
	// Results are compared with reflect.DeepEqual: equal wanted, unchanged cloud.
	Build(in LoadBalancerInput) (W, error)
	// Observe returns what exists for each Service, in their order, in as few reads as the API allows.
	Observe(ctx context.Context, inputs []LoadBalancerInput) ([]A, error)
	// Exists reports whether any part of a load balancer is there.
	Exists(actual A) bool
	// Diff returns the changes that make actual into wanted, or a *UserError when what exists does not
	// allow them, for example because no subnet suits.
	Diff(wanted W, actual A) ([]plan.Change, error)
	// Remove returns the changes that leave nothing of actual.
	Remove(actual A) []plan.Change
	// Apply makes the changes and returns what is there afterwards, also when it fails half way.
	Apply(ctx context.Context, actual A, p *plan.Plan, opts plan.Options) (A, error)
	// Report returns the status to publish.
	Report(wanted W, actual A) LoadBalancerReport
}

// PlannedLoadBalancers is LoadBalancers with its models erased, the form in which controllers use it.
type PlannedLoadBalancers interface {
	LoadBalancers[any, any]
}

// Planned erases the models of a provider's load balancers.
func Planned[W, A any](lb LoadBalancers[W, A]) PlannedLoadBalancers { return erased[W, A]{lb} }

type erased[W, A any] struct{ lb LoadBalancers[W, A] }

func (e erased[W, A]) LoadBalancerLimits() LoadBalancerLimits { return e.lb.LoadBalancerLimits() }
func (e erased[W, A]) Responsible(s *v1.Service) bool         { return e.lb.Responsible(s) }
func (e erased[W, A]) Exists(actual any) bool                 { return e.lb.Exists(actual.(A)) }
func (e erased[W, A]) Diff(wanted, actual any) ([]plan.Change, error) {
	return e.lb.Diff(wanted.(W), actual.(A))
}
func (e erased[W, A]) Remove(actual any) []plan.Change         { return e.lb.Remove(actual.(A)) }
func (e erased[W, A]) Build(in LoadBalancerInput) (any, error) { return e.lb.Build(in) }

func (e erased[W, A]) LoadBalancerName(clusterName string, s *v1.Service) string {
	return e.lb.LoadBalancerName(clusterName, s)
}

func (e erased[W, A]) Observe(ctx context.Context, inputs []LoadBalancerInput) ([]any, error) {
	actual, err := e.lb.Observe(ctx, inputs)
	if err != nil {
		return nil, err
	}
	all := make([]any, len(actual))
	for i, a := range actual {
		all[i] = a
	}
	return all, nil
}

func (e erased[W, A]) Apply(ctx context.Context, actual any, p *plan.Plan, opts plan.Options) (any, error) {
	return e.lb.Apply(ctx, actual.(A), p, opts)
}

func (e erased[W, A]) Report(wanted, actual any) LoadBalancerReport {
	return e.lb.Report(wanted.(W), actual.(A))
}
