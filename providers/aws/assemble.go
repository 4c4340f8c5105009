// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"k8s.io/client-go/informers"
	corelisters "k8s.io/client-go/listers/core/v1"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/aws/client"
	"sigs.k8s.io/cloud-providers/providers/aws/instances"
	"sigs.k8s.io/cloud-providers/providers/aws/loadbalancer"
	"sigs.k8s.io/cloud-providers/providers/aws/prefixes"
	"sigs.k8s.io/cloud-providers/providers/aws/routes"
	"sigs.k8s.io/cloud-providers/providers/aws/vpc"
)

// assemble makes the parts of the provider.
func (c *Cloud) assemble(site Site, clients *client.Clients) *parts {
	store := instances.NewStore(clients.EC2, c.clock)
	balancers := loadbalancer.New(clients, vpc.New(clients.EC2, site.VPC, site.SubnetID, site.Cluster, c.clock), store, loadbalancer.Settings{
		Cluster:             site.Cluster,
		LeaveNodeGroups:     c.config.DisableSecurityGroupIngress,
		ClassicGroup:        c.config.ElbSecurityGroup,
		ManageNetworkGroups: c.config.ManagedNLBSecurityGroups,
		Shared:              c.config.HealthProbe.Shared,
		SharedPort:          c.config.HealthProbe.Port,
		SharedPath:          c.config.HealthProbe.Path,
	})
	p := &parts{
		site: site, clients: clients, store: store,
		instances: instances.New(clients.EC2, store, instances.Options{
			Region: site.Region, VPC: site.VPC, Cluster: site.Cluster, SelfID: site.SelfID, SelfName: site.SelfName,
			Families: c.config.NodeIPFamilies, TopologyTypes: c.config.TopologyInstanceTypes,
		}, c.clock),
		balancers:     balancers,
		loadBalancers: provider.Planned(balancers),
		prefixes:      prefixes.New(store),
		routes:        routes.New(clients.EC2, site.VPC, c.config.RouteTableID, site.Cluster, store, c.clock),
	}
	p.watch(c.services, c.nodes)
	return p
}

// watch lets the parts see Services and Nodes, as far as they are known yet.
func (p *parts) watch(services corelisters.ServiceLister, nodes corelisters.NodeLister) {
	if p.balancers != nil && services != nil {
		p.balancers.SetServices(services)
	}
	if p.routes != nil && nodes != nil {
		p.routes.SetNodes(nodes)
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
