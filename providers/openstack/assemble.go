// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package openstack

import (
	"context"

	"k8s.io/client-go/informers"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/openstack/client"
	"sigs.k8s.io/cloud-providers/providers/openstack/instances"
	"sigs.k8s.io/cloud-providers/providers/openstack/loadbalancer"
	"sigs.k8s.io/cloud-providers/providers/openstack/routes"
)

// watcher is told where Services and Nodes can be seen.
type watcher func(services corelisters.ServiceLister, nodes corelisters.NodeLister)

// assemble makes the parts of the provider.
func (c *Cloud) assemble(ctx context.Context) (*parts, error) {
	p := &parts{instances: instances.New(c.connection.Regions(), instances.Options{
		Networking: c.config.Networking, Regional: c.config.Regional,
	}, c.clock)}
	if c.config.LoadBalancer.Enabled {
		balancers := loadbalancer.New(c.connection.Default(), c.config.LoadBalancer, c.clock)
		p.loadBalancers = provider.Planned(balancers)
		p.watchers = append(p.watchers, func(services corelisters.ServiceLister, _ corelisters.NodeLister) { balancers.SetServices(services) })
	}
	if c.config.RouterID != "" {
		if err := c.addRoutes(ctx, p); err != nil {
			return nil, err
		}
	}
	if c.nodes != nil {
		p.watch(c.services, c.nodes)
	}
	return p, nil
}

// addRoutes adds routes if Neutron can have them. That it does not answer is not that it cannot.
func (c *Cloud) addRoutes(ctx context.Context, p *parts) error {
	region := c.connection.Default()
	extensions, err := region.Extensions(ctx)
	if err != nil {
		return client.Explain("find out whether Neutron has routes for the router of the cloud-config", err)
	}
	if !extensions["extraroute"] && !extensions["extraroute-atomic"] {
		klog.FromContext(ctx).Info("No routes: Neutron has neither the extension extraroute nor extraroute-atomic", "router", c.config.RouterID)
		return nil
	}
	p.routes = routes.New(region, c.config.RouterID, extensions, c.clock)
	p.watchers = append(p.watchers, func(_ corelisters.ServiceLister, nodes corelisters.NodeLister) { p.routes.SetNodes(nodes) })
	return nil
}

// watch lets the parts see Services and Nodes.
func (p *parts) watch(services corelisters.ServiceLister, nodes corelisters.NodeLister) {
	for _, w := range p.watchers {
		w(services, nodes)
	}
}

// WatchCluster implements provider.ClusterWatcher.
func (c *Cloud) WatchCluster(services corelisters.ServiceLister, nodes corelisters.NodeLister) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.services, c.nodes = services, nodes
	if c.parts != nil {
		c.parts.watch(services, nodes)
	}
}

// SetInformers is for the stock manager.
func (c *Cloud) SetInformers(factory informers.SharedInformerFactory) {
	core := factory.Core().V1()
	core.Services().Informer()
	core.Nodes().Informer()
	c.WatchCluster(core.Services().Lister(), core.Nodes().Lister())
}
