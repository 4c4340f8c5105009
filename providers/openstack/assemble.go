// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package openstack

import (
	"context"

	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/openstack/client"
	"sigs.k8s.io/cloud-providers/providers/openstack/instances"
	"sigs.k8s.io/cloud-providers/providers/openstack/loadbalancer"
	"sigs.k8s.io/cloud-providers/providers/openstack/routes"
)

// assemble makes the parts of the provider. Load balancers are made in the default region.
func (c *Cloud) assemble(ctx context.Context) (provider.Offer, error) {
	offer := provider.Offer{Instances: instances.New(c.connection.Regions(), instances.Options{
		Networking: c.config.Networking, Regional: c.config.Regional,
	}, c.clock)}
	if c.config.LoadBalancer.Enabled {
		balancers := loadbalancer.New(c.connection.Default(), c.config.LoadBalancer, c.clock)
		offer.LoadBalancers = provider.Planned(balancers)
		offer.Watchers = append(offer.Watchers, func(services corelisters.ServiceLister, _ corelisters.NodeLister) { balancers.SetServices(services) })
	}
	if c.config.RouterID != "" {
		if err := c.addRoutes(ctx, &offer); err != nil {
			return provider.Offer{}, err
		}
	}
	return offer, nil
}

// addRoutes adds routes if Neutron can have them. That it does not answer is not that it cannot.
func (c *Cloud) addRoutes(ctx context.Context, offer *provider.Offer) error {
	region := c.connection.Default()
	extensions, err := region.Extensions(ctx)
	if err != nil {
		return client.Explain("find out whether Neutron has routes for the router of the cloud-config", err)
	}
	if !extensions["extraroute"] && !extensions["extraroute-atomic"] {
		klog.FromContext(ctx).Info("No routes: Neutron has neither the extension extraroute nor extraroute-atomic", "router", c.config.RouterID)
		return nil
	}
	r := routes.New(region, c.config.RouterID, extensions, c.clock)
	offer.Routes = r
	offer.Watchers = append(offer.Watchers, func(_ corelisters.ServiceLister, nodes corelisters.NodeLister) { r.SetNodes(nodes) })
	return nil
}
