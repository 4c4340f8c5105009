// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package openstack

import (
	"fmt"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/neutron"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/nova"
)

// ClusterOptions say what AddCluster builds.
type ClusterOptions struct {
	// Name is the beginning of all names; empty means demo.
	Name string
	// Nodes is how many servers there are at first, named <name>-0 and so on.
	Nodes int
	// CIDR of the nodes' subnet; empty means 10.0.0.0/16. CIDRv6 is that of a second one, if there is to be one.
	CIDR, CIDRv6 string
	// External is the CIDR of the external network's subnet; empty means 203.0.113.0/24.
	External string
}

// Cluster is the network and the servers of a cluster.
type Cluster struct {
	Name     string
	Flavor   nova.Flavor
	Network  neutron.Network
	Subnets  []neutron.Subnet // the IPv6 one is second
	External neutron.Network
	// ExternalSubnet belongs to nobody that the project sees.
	ExternalSubnet neutron.Subnet
	Router         neutron.Router
	Servers        []nova.Server

	server *Server
}

// AddCluster builds an external network, a network whose subnets a router joins to it, and servers.
func (s *Server) AddCluster(o ClusterOptions) (*Cluster, error) {
	for field, value := range map[*string]string{&o.Name: "demo", &o.CIDR: "10.0.0.0/16", &o.External: "203.0.113.0/24"} {
		if *field == "" {
			*field = value
		}
	}
	c := &Cluster{Name: o.Name, server: s, Flavor: s.Nova.AddFlavor(nova.Flavor{Name: "m1.large", VCPUs: 4, RAM: 8192, Disk: 80})}
	if err := c.addNetworks(s, o); err != nil {
		return nil, fmt.Errorf("building the networks of cluster %s: %w", o.Name, err)
	}
	for range o.Nodes {
		if _, err := c.AddNode(); err != nil {
			return nil, fmt.Errorf("building a node of cluster %s: %w", o.Name, err)
		}
	}
	return c, nil
}

func (c *Cluster) addNetworks(s *Server, o ClusterOptions) (err error) {
	own := neutron.Common{ProjectID: s.Project.ID}
	if c.External, err = s.Neutron.AddNetwork(neutron.Network{Name: o.Name + "-external", External: true, Common: neutron.Common{ProjectID: "operator"}}); err != nil {
		return err
	}
	external := neutron.Subnet{Name: o.Name + "-external", NetworkID: c.External.ID, CIDR: o.External, Common: neutron.Common{ProjectID: "operator"}}
	if c.ExternalSubnet, err = s.Neutron.AddSubnet(external); err != nil {
		return err
	}
	if c.Network, err = s.Neutron.AddNetwork(neutron.Network{Name: o.Name, Common: own}); err != nil {
		return err
	}
	var ids []string
	for _, cidr := range []string{o.CIDR, o.CIDRv6} {
		if cidr == "" {
			continue
		}
		subnet, err := s.Neutron.AddSubnet(neutron.Subnet{Name: o.Name, NetworkID: c.Network.ID, CIDR: cidr, Common: own})
		if err != nil {
			return err
		}
		c.Subnets, ids = append(c.Subnets, subnet), append(ids, subnet.ID)
	}
	router := neutron.Router{Name: o.Name, Common: own, ExternalGatewayInfo: &neutron.Gateway{NetworkID: c.External.ID}}
	c.Router, err = s.Neutron.AddRouter(router, ids...)
	c.External, _ = s.Neutron.Network(c.External.ID)
	c.Network, _ = s.Neutron.Network(c.Network.ID)
	return err
}

// AddNode adds the next server, with a port in the network.
func (c *Cluster) AddNode() (nova.Server, error) {
	n := len(c.Servers)
	server := c.server.Nova.AddServer(nova.Server{
		Name: fmt.Sprintf("%s-%d", c.Name, n), ProjectID: c.server.Project.ID, FlavorID: c.Flavor.ID,
		Host: fmt.Sprintf("compute-%d", n/10), Zone: []string{"zone-a", "zone-b", "zone-c"}[n%3],
	})
	_, err := c.server.Neutron.AddPort(neutron.Port{
		Common: neutron.Common{ProjectID: c.server.Project.ID}, NetworkID: c.Network.ID, DeviceID: server.ID, DeviceOwner: "compute:" + server.Zone,
	})
	c.Servers = append(c.Servers, server)
	return server, err
}

// Address is the first address of a server's ports, or "".
func (c *Cluster) Address(serverID string) string {
	for _, p := range c.server.Neutron.PortsOf(serverID)[serverID] {
		if len(p.FixedIPs) > 0 {
			return p.FixedIPs[0].IPAddress
		}
	}
	return ""
}
