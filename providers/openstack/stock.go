// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package openstack

import (
	cloudprovider "k8s.io/cloud-provider"

	"sigs.k8s.io/cloud-providers/common/provider"
)

// InstancesV2 is for the stock manager.
func (c *Cloud) InstancesV2() (cloudprovider.InstancesV2, bool) {
	i := c.made().instances
	if i == nil {
		return nil, false
	}
	return provider.StockInstances(i), true
}

// LoadBalancer is for the stock manager.
func (c *Cloud) LoadBalancer() (cloudprovider.LoadBalancer, bool) {
	lb := c.made().loadBalancers
	if lb == nil {
		return nil, false
	}
	return provider.StockLoadBalancer(lb), true
}

// Routes is for the stock manager.
func (c *Cloud) Routes() (cloudprovider.Routes, bool) {
	r := c.made().routes
	if r == nil {
		return nil, false
	}
	return provider.StockRoutes(r), true
}

// Instances has been replaced by InstancesV2.
func (c *Cloud) Instances() (cloudprovider.Instances, bool) { return nil, false }

// Zones has been replaced by InstancesV2.
func (c *Cloud) Zones() (cloudprovider.Zones, bool) { return nil, false }

// Clusters is offered by no provider any more.
func (c *Cloud) Clusters() (cloudprovider.Clusters, bool) { return nil, false }
