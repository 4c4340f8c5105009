// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"sync"

	"k8s.io/client-go/informers"
	corelisters "k8s.io/client-go/listers/core/v1"
	cloudprovider "k8s.io/cloud-provider"
)

// Offer is what a provider consists of. A part that is not offered is nil.
type Offer struct {
	Instances     Instances
	LoadBalancers PlannedLoadBalancers
	Routes        Routes
	NodeCIDRs     NodeCIDRs
	// Watchers are told where Services and Nodes can be seen.
	Watchers []func(corelisters.ServiceLister, corelisters.NodeLister)
}

// Offered is embedded in providers whose parts exist only once a probe has succeeded: it has the interfaces
// by which this package's parts and the stock ones are found. Before Make nothing is offered.
type Offered struct {
	mu       sync.Mutex
	offer    Offer
	services corelisters.ServiceLister
	nodes    corelisters.NodeLister
}

// Make offers parts, from now on.
func (o *Offered) Make(offer Offer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.offer = offer
	o.watch()
}

func (o *Offered) made() Offer {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.offer
}

// watch tells the parts what can be seen; the lock is held.
func (o *Offered) watch() {
	if o.nodes == nil {
		return
	}
	for _, w := range o.offer.Watchers {
		w(o.services, o.nodes)
	}
}

// WatchCluster implements ClusterWatcher.
func (o *Offered) WatchCluster(services corelisters.ServiceLister, nodes corelisters.NodeLister) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.services, o.nodes = services, nodes
	o.watch()
}

// SetInformers is for the stock manager.
func (o *Offered) SetInformers(factory informers.SharedInformerFactory) {
	core := factory.Core().V1()
	core.Services().Informer()
	core.Nodes().Informer()
	o.WatchCluster(core.Services().Lister(), core.Nodes().Lister())
}

// BatchInstances looks many instances up at once.
func (o *Offered) BatchInstances() (Instances, bool) {
	i := o.made().Instances
	return i, i != nil
}

// PlannedLoadBalancers plans load balancers.
func (o *Offered) PlannedLoadBalancers() (PlannedLoadBalancers, bool) {
	lb := o.made().LoadBalancers
	return lb, lb != nil
}

// BatchRoutes changes many routes at once.
func (o *Offered) BatchRoutes() (Routes, bool) {
	r := o.made().Routes
	return r, r != nil
}

// NodeCIDRs gives Nodes the CIDRs of their instances.
func (o *Offered) NodeCIDRs() (NodeCIDRs, bool) {
	c := o.made().NodeCIDRs
	return c, c != nil
}

// InstancesV2 is for the stock manager.
func (o *Offered) InstancesV2() (cloudprovider.InstancesV2, bool) {
	i := o.made().Instances
	if i == nil {
		return nil, false
	}
	return StockInstances(i), true
}

// LoadBalancer is for the stock manager.
func (o *Offered) LoadBalancer() (cloudprovider.LoadBalancer, bool) {
	lb := o.made().LoadBalancers
	if lb == nil {
		return nil, false
	}
	return StockLoadBalancer(lb), true
}

// Routes is for the stock manager.
func (o *Offered) Routes() (cloudprovider.Routes, bool) {
	r := o.made().Routes
	if r == nil {
		return nil, false
	}
	return StockRoutes(r), true
}

// Instances has been replaced by InstancesV2.
func (o *Offered) Instances() (cloudprovider.Instances, bool) { return nil, false }

// Zones has been replaced by InstancesV2.
func (o *Offered) Zones() (cloudprovider.Zones, bool) { return nil, false }

// Clusters is offered by no provider any more.
func (o *Offered) Clusters() (cloudprovider.Clusters, bool) { return nil, false }
