// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package service

import (
	"context"
	"errors"
	"fmt"
	"strings"

	v1 "k8s.io/api/core/v1"
	cloudprovider "k8s.io/cloud-provider"
	servicehelpers "k8s.io/cloud-provider/service/helpers"
)

// maxNamesInEvent is how many Nodes an event names.
const maxNamesInEvent = 20

// plain makes the calls of the stock contract for a provider that cannot plan.
type plain struct {
	*controller
	lb cloudprovider.LoadBalancer
}

// responsible is unknown before the provider is asked; ensure finds out.
func (p *plain) responsible(*v1.Service) bool { return true }

func (p *plain) ensure(ctx context.Context, in pass) (outcome, error) {
	hosts := hostSet(in.nodes)
	if in.why == becauseStatus && in.record.done {
		return outcome{status: in.record.published}, nil
	}
	if in.nodesOnly() {
		if hosts == in.record.hosts {
			return outcome{}, nil
		}
		return p.update(ctx, in, hosts)
	}
	added := !servicehelpers.HasLBFinalizer(in.service)
	p.deps.Events.Event(in.service, v1.EventTypeNormal, "EnsuringLoadBalancer", "Ensuring load balancer")
	if err := p.hold(ctx, in.service); err != nil {
		return outcome{}, fmt.Errorf("failed to add load balancer cleanup finalizer: %w", err)
	}
	if len(in.nodes) == 0 {
		p.deps.Events.Event(in.service, v1.EventTypeWarning, "UnAvailableLoadBalancer", "There are no available nodes for LoadBalancer")
	}
	status, err := p.lb.EnsureLoadBalancer(ctx, p.deps.Config.KubeCloudShared.ClusterName, in.service.DeepCopy(), in.nodes)
	switch {
	case errors.Is(err, cloudprovider.ImplementedElsewhere):
		if added { // it is not ours to hold
			return outcome{elsewhere: true}, p.releaseFinalizer(ctx, in.service)
		}
		return outcome{elsewhere: true}, nil
	case err != nil:
		return outcome{}, fmt.Errorf("failed to ensure load balancer: %w", err)
	case status == nil:
		return outcome{}, errors.New("service status returned by EnsureLoadBalancer is nil")
	}
	in.record.hosts = hosts
	p.deps.Events.Event(in.service, v1.EventTypeNormal, "EnsuredLoadBalancer", "Ensured load balancer")
	return outcome{status: status, worked: true}, nil
}

// update gives a changed set of Nodes to the provider.
func (p *plain) update(ctx context.Context, in pass, hosts string) (outcome, error) {
	cluster := p.deps.Config.KubeCloudShared.ClusterName
	start := p.deps.Clock.Now()
	err := p.lb.UpdateLoadBalancer(ctx, cluster, in.service.DeepCopy(), in.nodes)
	countNodeUpdate(p.deps.Clock.Since(start), err)
	switch {
	case errors.Is(err, cloudprovider.ImplementedElsewhere):
		return outcome{}, nil
	case err == nil:
		in.record.hosts = hosts
		if len(in.nodes) == 0 {
			p.deps.Events.Event(in.service, v1.EventTypeWarning, "UnAvailableLoadBalancer", "There are no available nodes for LoadBalancer")
		} else {
			p.deps.Events.Event(in.service, v1.EventTypeNormal, "UpdatedLoadBalancer", "Updated load balancer with new hosts")
		}
		return outcome{worked: true}, nil
	}
	if _, exists, getErr := p.lb.GetLoadBalancer(ctx, cluster, in.service.DeepCopy()); getErr == nil && !exists {
		return outcome{}, nil
	}
	p.deps.Events.Eventf(in.service, v1.EventTypeWarning, "UpdateLoadBalancerFailed",
		"Error updating load balancer with new hosts %s: %v", hostNames(in.nodes), err)
	return outcome{}, fmt.Errorf("failed to update load balancer with new hosts: %w", err)
}

// releaseFinalizer takes back the finalizer and nothing else.
func (p *plain) releaseFinalizer(ctx context.Context, service *v1.Service) error {
	status := service.Status.LoadBalancer
	kept := service.DeepCopy()
	kept.Finalizers = nil
	for _, f := range service.Finalizers {
		if f != finalizer {
			kept.Finalizers = append(kept.Finalizers, f)
		}
	}
	kept.Status.LoadBalancer = status
	return p.patch(ctx, service, kept)
}

func (p *plain) exists(ctx context.Context, service *v1.Service) (bool, error) {
	_, exists, err := p.lb.GetLoadBalancer(ctx, p.deps.Config.KubeCloudShared.ClusterName, service.DeepCopy())
	return exists, err
}

func (p *plain) remove(ctx context.Context, service *v1.Service) ([]string, error) {
	cluster := p.deps.Config.KubeCloudShared.ClusterName
	_, exists, err := p.lb.GetLoadBalancer(ctx, cluster, service.DeepCopy())
	if err != nil {
		return nil, fmt.Errorf("failed to check if load balancer exists before cleanup: %w", err)
	}
	if exists {
		p.deps.Events.Event(service, v1.EventTypeNormal, "DeletingLoadBalancer", "Deleting load balancer")
	}
	// Also when the provider finds none by name: parts may be left of a create that failed.
	err = p.lb.EnsureLoadBalancerDeleted(ctx, cluster, service.DeepCopy())
	if errors.Is(err, cloudprovider.ImplementedElsewhere) {
		return nil, nil
	}
	return nil, err
}

// settled implements backend: what is wanted is not compared here.
func (p *plain) settled(pass) {}

// hostSet identifies the Nodes by name and provider ID.
func hostSet(nodes []*v1.Node) string {
	var b strings.Builder
	for _, n := range nodes {
		b.WriteString(n.Name + "\x00" + n.Spec.ProviderID + "\x00")
	}
	return b.String()
}

func hostNames(nodes []*v1.Node) string {
	var names []string
	for i, n := range nodes {
		if i == maxNamesInEvent {
			names = append(names, fmt.Sprintf("<%d more>", len(nodes)-i))
			break
		}
		names = append(names, n.Name)
	}
	return "[" + strings.Join(names, " ") + "]"
}
