// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"

	cloudprovider "k8s.io/cloud-provider"
)

// Cloud is a provider as the controllers use it: each capability in its batched or planned form, by the
// provider itself or by an adapter. What the provider does not offer, or what is switched off, is nil.
type Cloud struct {
	Interface cloudprovider.Interface
	Selection Selection

	Instances Instances
	// InstancesPerObject is true when Instances is an adapter that asks for one Node at a time.
	InstancesPerObject bool
	// Lister is set when the cloud can list its instances.
	Lister InstanceLister

	// LoadBalancers is set for providers that plan, PlainLoadBalancer for those that do not.
	LoadBalancers     PlannedLoadBalancers
	PlainLoadBalancer cloudprovider.LoadBalancer

	Routes Routes

	// NodeCIDRs is set for providers whose cloud gives Nodes their CIDRs.
	NodeCIDRs NodeCIDRs

	// Orphans is set for providers that can find what nobody owns any more.
	Orphans Orphans
}

// Resolve finds what a provider offers. gate is checked before each mutating call of a plain provider,
// which may not use our transport.
func Resolve(c cloudprovider.Interface, selection Selection, gate func() error) *Cloud {
	if gate == nil {
		gate = func() error { return nil }
	}
	cloud := &Cloud{Interface: c, Selection: selection}
	if selection.On(CapabilityInstances) {
		cloud.resolveInstances()
	}
	if selection.On(CapabilityLoadBalancer) {
		cloud.resolveLoadBalancers(gate)
	}
	if selection.On(CapabilityRoutes) {
		cloud.resolveRoutes(gate)
	}
	if p, ok := c.(NodeCIDRsProvider); ok && selection.On(CapabilityNodeCIDRs) {
		cloud.NodeCIDRs, _ = p.NodeCIDRs()
	}
	if p, ok := c.(OrphansProvider); ok {
		cloud.Orphans, _ = p.Orphans()
	}
	return cloud
}

func (c *Cloud) resolveInstances() {
	if p, ok := c.Interface.(InstancesProvider); ok {
		if batch, ok := p.BatchInstances(); ok {
			c.Instances = batch
			c.Lister, _ = batch.(InstanceLister)
			return
		}
	}
	if v2, ok := c.Interface.InstancesV2(); ok {
		c.Instances, c.InstancesPerObject = plainInstances{v2: v2}, true
		return
	}
	if v1, ok := c.Interface.Instances(); ok {
		zones, _ := c.Interface.Zones()
		c.Instances, c.InstancesPerObject = plainInstances{v2: oldInstances{c.Interface, v1, zones}}, true
	}
}

func (c *Cloud) resolveLoadBalancers(gate func() error) {
	if p, ok := c.Interface.(LoadBalancersProvider); ok {
		if planned, ok := p.PlannedLoadBalancers(); ok {
			c.LoadBalancers = planned
			return
		}
	}
	if lb, ok := c.Interface.LoadBalancer(); ok {
		c.PlainLoadBalancer = gatedLoadBalancer{lb, gate}
	}
}

func (c *Cloud) resolveRoutes(gate func() error) {
	if p, ok := c.Interface.(RoutesProvider); ok {
		if batch, ok := p.BatchRoutes(); ok {
			c.Routes = batch
			return
		}
	}
	if routes, ok := c.Interface.Routes(); ok {
		c.Routes = plainRoutes{routes, gate}
	}
}

// HasLoadBalancers reports whether there are load balancers in either form.
func (c *Cloud) HasLoadBalancers() bool { return c.LoadBalancers != nil || c.PlainLoadBalancer != nil }

// Probe proves configuration and credentials if the provider can.
func (c *Cloud) Probe(ctx context.Context) error {
	if p, ok := c.Interface.(Prober); ok {
		return p.Probe(ctx)
	}
	return nil
}

// Orphan is an object of the cloud that carries this cluster's mark and belongs to nothing any more.
type Orphan struct {
	Kind, Name, ID string
	// Owner names what it was made for, as far as its marks tell.
	Owner string
}

// Orphans finds and deletes what this cluster left behind in the cloud.
type Orphans interface {
	// ListOrphans returns the objects marked as this cluster's whose owner is not among the Services
	// (by UID) or Nodes (by name).
	ListOrphans(ctx context.Context, clusterName string, owned Owned) ([]Orphan, error)
	DeleteOrphan(ctx context.Context, clusterName string, o Orphan) error
}

// Owned is what still exists in the cluster.
type Owned struct {
	ServiceUIDs map[string]bool
	NodeNames   map[string]bool
}

// OrphansProvider is a cloudprovider.Interface that can find orphans.
type OrphansProvider interface {
	Orphans() (Orphans, bool)
}
