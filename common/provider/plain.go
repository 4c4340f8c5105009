// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"sync"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	cloudprovider "k8s.io/cloud-provider"
)

// plainInstances asks a plain InstancesV2 for one Node at a time.
type plainInstances struct{ v2 cloudprovider.InstancesV2 }

// InstanceLimits leaves the number of calls in flight to the readers' own worker counts.
func (plainInstances) InstanceLimits() InstanceLimits { return InstanceLimits{BatchSize: 1} }

func (p plainInstances) LookupInstances(ctx context.Context, refs []InstanceRef) ([]InstanceAnswer, error) {
	answers := make([]InstanceAnswer, len(refs))
	for i, ref := range refs {
		if ref.Want == FactsExistence {
			answers[i] = p.existence(ctx, ref)
		} else {
			answers[i] = p.metadata(ctx, ref)
		}
	}
	return answers, nil
}

func (p plainInstances) metadata(ctx context.Context, ref InstanceRef) InstanceAnswer {
	m, err := p.v2.InstanceMetadata(ctx, ref.Node.DeepCopy())
	switch {
	case errors.Is(err, cloudprovider.InstanceNotFound):
		return InstanceAnswer{State: InstanceNotFound}
	case err != nil:
		return InstanceAnswer{Err: err}
	case m == nil:
		return InstanceAnswer{State: InstanceForeign}
	}
	if _, old := p.v2.(oldInstances); !old && m.ProviderID == "" && ref.ProviderID == "" {
		return InstanceAnswer{Err: fmt.Errorf("cloud provider does not set node provider ID for node %s", ref.NodeName)}
	}
	// The provider's slices and maps are copied: they may come from its cache.
	labels := map[string]string{}
	for k, v := range m.AdditionalLabels {
		labels[k] = v
	}
	return InstanceAnswer{State: InstanceFound, Instance: Instance{
		ProviderID: m.ProviderID, Name: ref.NodeName, Type: m.InstanceType, Zone: m.Zone, Region: m.Region,
		Addresses: append([]v1.NodeAddress(nil), m.NodeAddresses...), Labels: labels,
	}}
}

func (p plainInstances) existence(ctx context.Context, ref InstanceRef) InstanceAnswer {
	exists, err := p.v2.InstanceExists(ctx, ref.Node.DeepCopy())
	switch {
	case errors.Is(err, cloudprovider.InstanceNotFound) || err == nil && !exists:
		return InstanceAnswer{State: InstanceNotFound}
	case err != nil:
		return InstanceAnswer{Err: err}
	}
	answer := InstanceAnswer{State: InstanceFound, Instance: Instance{ProviderID: ref.ProviderID, Name: ref.NodeName}}
	switch stopped, err := p.v2.InstanceShutdown(ctx, ref.Node.DeepCopy()); {
	case errors.Is(err, cloudprovider.NotImplemented):
		answer.Instance.Power = PowerRunning
	case err != nil:
		answer.Err = fmt.Errorf("power state: %w", err)
	case stopped:
		answer.Instance.Power = PowerStopped
	default:
		answer.Instance.Power = PowerRunning
	}
	return answer
}

// oldInstances makes an InstancesV2 of the Instances and Zones of old providers.
type oldInstances struct {
	cloud     cloudprovider.Interface
	instances cloudprovider.Instances
	zones     cloudprovider.Zones // may be nil
}

// providerID is the Node's, or the provider's own ID under its scheme; empty if it has none.
func (o oldInstances) providerID(ctx context.Context, node *v1.Node) (string, error) {
	if node.Spec.ProviderID != "" {
		return node.Spec.ProviderID, nil
	}
	id, err := cloudprovider.GetInstanceProviderID(ctx, o.cloud, types.NodeName(node.Name))
	if errors.Is(err, cloudprovider.NotImplemented) {
		return "", nil
	}
	return id, err
}

func (o oldInstances) InstanceExists(ctx context.Context, node *v1.Node) (bool, error) {
	id, err := o.providerID(ctx, node)
	if err != nil || id == "" {
		if errors.Is(err, cloudprovider.InstanceNotFound) {
			return false, nil
		}
		return true, err
	}
	return o.instances.InstanceExistsByProviderID(ctx, id)
}

func (o oldInstances) InstanceShutdown(ctx context.Context, node *v1.Node) (bool, error) {
	id, err := o.providerID(ctx, node)
	if err != nil || id == "" {
		return false, err
	}
	return o.instances.InstanceShutdownByProviderID(ctx, id)
}

func (o oldInstances) InstanceMetadata(ctx context.Context, node *v1.Node) (*cloudprovider.InstanceMetadata, error) {
	name := types.NodeName(node.Name)
	id, err := o.providerID(ctx, node)
	if err != nil {
		return nil, fmt.Errorf("provider ID of node %s: %w", node.Name, err)
	}
	m := &cloudprovider.InstanceMetadata{ProviderID: id}
	if m.NodeAddresses, err = o.instances.NodeAddressesByProviderID(ctx, id); err != nil {
		if m.NodeAddresses, err = o.instances.NodeAddresses(ctx, name); err != nil {
			return nil, fmt.Errorf("addresses of node %s: %w", node.Name, err)
		}
	}
	if m.InstanceType, err = o.instances.InstanceTypeByProviderID(ctx, id); err != nil {
		if m.InstanceType, err = o.instances.InstanceType(ctx, name); err != nil {
			return nil, fmt.Errorf("instance type of node %s: %w", node.Name, err)
		}
	}
	if o.zones == nil {
		return m, nil
	}
	zone, err := o.zones.GetZoneByProviderID(ctx, id)
	if err != nil {
		if zone, err = o.zones.GetZoneByNodeName(ctx, name); err != nil {
			return nil, fmt.Errorf("zone of node %s: %w", node.Name, err)
		}
	}
	m.Zone, m.Region = zone.FailureDomain, zone.Region
	return m, nil
}

// gatedLoadBalancer checks the lease gate before each mutating call of a plain provider.
type gatedLoadBalancer struct {
	cloudprovider.LoadBalancer
	gate func() error
}

func (g gatedLoadBalancer) EnsureLoadBalancer(ctx context.Context, cluster string, s *v1.Service, nodes []*v1.Node) (*v1.LoadBalancerStatus, error) {
	if err := g.gate(); err != nil {
		return nil, err
	}
	return g.LoadBalancer.EnsureLoadBalancer(ctx, cluster, s, nodes)
}

func (g gatedLoadBalancer) UpdateLoadBalancer(ctx context.Context, cluster string, s *v1.Service, nodes []*v1.Node) error {
	if err := g.gate(); err != nil {
		return err
	}
	return g.LoadBalancer.UpdateLoadBalancer(ctx, cluster, s, nodes)
}

func (g gatedLoadBalancer) EnsureLoadBalancerDeleted(ctx context.Context, cluster string, s *v1.Service) error {
	if err := g.gate(); err != nil {
		return err
	}
	return g.LoadBalancer.EnsureLoadBalancerDeleted(ctx, cluster, s)
}

// plainRoutes makes one call per route, as many at once as its limits say.
type plainRoutes struct {
	routes cloudprovider.Routes
	gate   func() error
}

func (plainRoutes) RouteLimits() RouteLimits { return RouteLimits{BatchSize: 1} }

func (p plainRoutes) ListRoutes(ctx context.Context, cluster string) ([]Route, error) {
	list, err := p.routes.ListRoutes(ctx, cluster)
	if err != nil {
		return nil, err
	}
	routes := make([]Route, 0, len(list))
	for _, r := range list {
		routes = append(routes, Route{Route: *r})
	}
	return routes, nil
}

func (p plainRoutes) CreateRoutes(ctx context.Context, cluster string, routes []RouteCreate) []error {
	return each(routes, func(r RouteCreate) error {
		if err := p.gate(); err != nil {
			return err
		}
		return p.routes.CreateRoute(ctx, cluster, string(r.NameHint), &r.Route)
	})
}

func (p plainRoutes) DeleteRoutes(ctx context.Context, cluster string, routes []Route) []error {
	return each(routes, func(r Route) error {
		if err := p.gate(); err != nil {
			return err
		}
		return p.routes.DeleteRoute(ctx, cluster, &r.Route)
	})
}

// each calls f for all items at once and returns the errors in their order.
func each[T any](items []T, f func(T) error) []error {
	errs := make([]error, len(items))
	var wg sync.WaitGroup
	for i, item := range items {
		wg.Go(func() { errs[i] = f(item) })
	}
	wg.Wait()
	return errs
}
