// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package aws

import (
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
func (c *Cloud) assemble(site Site, clients *client.Clients) provider.Offer {
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
	r := routes.New(clients.EC2, site.VPC, c.config.RouteTableID, site.Cluster, store, c.clock)
	return provider.Offer{
		Instances: instances.New(clients.EC2, store, instances.Options{
			Region: site.Region, VPC: site.VPC, Cluster: site.Cluster, SelfID: site.SelfID, SelfName: site.SelfName,
			Families: c.config.NodeIPFamilies, TopologyTypes: c.config.TopologyInstanceTypes,
		}, c.clock),
		LoadBalancers: provider.Planned(balancers),
		Routes:        r,
		NodeCIDRs:     prefixes.New(store), // the IPv6 prefixes that EC2 has delegated
		Watchers: []func(corelisters.ServiceLister, corelisters.NodeLister){func(services corelisters.ServiceLister, nodes corelisters.NodeLister) {
			balancers.SetServices(services)
			r.SetNodes(nodes)
		}},
	}
}
