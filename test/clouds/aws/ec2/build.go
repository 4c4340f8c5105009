// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package ec2

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"
)

// NetworkOptions say what AddNetwork builds.
type NetworkOptions struct {
	// ClusterID is the cluster's; its resources get the tag kubernetes.io/cluster/<ClusterID>=owned.
	// Empty means no such tags.
	ClusterID string
	// CIDR of the VPC; empty means 10.0.0.0/16. Each subnet gets an equal part of it.
	CIDR string
	// IPv6 gives the VPC and its subnets IPv6 too.
	IPv6 bool
	// Zones is how many zones have subnets; 0 means all.
	Zones int
	// Default makes it the default VPC of the account.
	Default bool
	// Tags are added to everything.
	Tags Tags
}

// Network is a VPC as clusters have them.
type Network struct {
	VPC     string `json:"vpc"`
	Gateway string `json:"gateway"`
	// Public and Private have the IDs of subnets in the order of the zones. Public ones have a route to
	// the gateway, and tag kubernetes.io/role/elb; private ones have kubernetes.io/role/internal-elb.
	Public  []string `json:"public"`
	Private []string `json:"private"`
	// PublicTable and PrivateTable are route tables; the cluster's tag is on the private one only, as
	// clusters with routes want to find just one.
	PublicTable  string `json:"publicTable"`
	PrivateTable string `json:"privateTable"`
	// NodeGroup is the security group of nodes, with the cluster's tag.
	NodeGroup string `json:"nodeGroup"`
	// ClusterID is that of NetworkOptions.
	ClusterID string `json:"clusterID,omitempty"`
}

// AddNetwork builds a VPC with a public and a private subnet in each zone, at once.
func (s *Service) AddNetwork(o NetworkOptions) (*Network, error) {
	var out *Network
	err := s.build(func() (err error) {
		out, err = s.addNetwork(o)
		return err
	})
	return out, err
}

func (o *NetworkOptions) tags(name string, more ...string) Tags {
	t := cloneTags(o.Tags)
	t["Name"] = name
	if o.ClusterID != "" {
		t["Name"] = o.ClusterID + "-" + name
		t["kubernetes.io/cluster/"+o.ClusterID] = "owned"
	}
	for _, key := range more {
		t[key] = "1"
	}
	return t
}

func (s *Service) addNetwork(o NetworkOptions) (*Network, error) {
	if o.CIDR == "" {
		o.CIDR = "10.0.0.0/16"
	}
	whole, err := parseIPv4(o.CIDR, "CIDR")
	if err != nil {
		return nil, err
	}
	zones := s.opts.Zones
	if o.Zones > 0 && o.Zones < len(zones) {
		zones = zones[:o.Zones]
	}
	parts, err := divide(whole, 2*len(zones))
	if err != nil {
		return nil, err
	}
	vpc := s.addVPC(VPC{CIDR: whole.String(), Default: o.Default, Tags: o.tags("vpc")}, o.IPv6)
	gateway := &InternetGateway{ID: s.newID("igw"), VPCID: vpc.ID, Tags: o.tags("igw")}
	s.gateways.Put(gateway.ID, gateway)
	untagged := NetworkOptions{Tags: o.Tags}
	publicTable, privateTable := s.addTable(vpc, untagged.tags("public")), s.addTable(vpc, o.tags("private"))
	s.tables.change(publicTable.ID, func(v *RouteTable) {
		v.Routes = append(slices.Clip(v.Routes), Route{IPv4: "0.0.0.0/0", GatewayID: gateway.ID})
		if o.IPv6 {
			v.Routes = append(v.Routes, Route{IPv6: "::/0", GatewayID: gateway.ID})
		}
	})
	out := &Network{VPC: vpc.ID, Gateway: gateway.ID, PublicTable: publicTable.ID, PrivateTable: privateTable.ID, ClusterID: o.ClusterID}
	for n, zone := range zones {
		public := s.addSubnet(Subnet{VPCID: vpc.ID, Zone: zone.Name, CIDR: parts[2*n].String(), IPv6CIDR: nthIPv6(vpc, 2*n),
			PublicAddresses: true, DefaultForZone: o.Default, Tags: o.tags("public-"+zone.Name, "kubernetes.io/role/elb")})
		private := s.addSubnet(Subnet{VPCID: vpc.ID, Zone: zone.Name, CIDR: parts[2*n+1].String(), IPv6CIDR: nthIPv6(vpc, 2*n+1),
			Tags: o.tags("private-"+zone.Name, "kubernetes.io/role/internal-elb")})
		s.associate(publicTable.ID, public.ID)
		s.associate(privateTable.ID, private.ID)
		out.Public, out.Private = append(out.Public, public.ID), append(out.Private, private.ID)
	}
	out.NodeGroup = s.addNodeGroup(vpc, o)
	return out, nil
}

// addNodeGroup adds the group of nodes, which reach each other.
func (s *Service) addNodeGroup(vpc *VPC, o NetworkOptions) string {
	g := s.addGroup(SecurityGroup{Name: "nodes-" + vpc.ID, Description: "nodes of the cluster", VPCID: vpc.ID, Tags: o.tags("nodes")}, vpc)
	s.groups.change(g.ID, func(v *SecurityGroup) {
		v.Ingress = []Rule{{ID: s.newID("sgr"), Protocol: "-1", GroupID: g.ID, GroupOwner: s.opts.Account}}
	})
	return g.ID
}

// divide cuts a block into at least n equal parts.
func divide(whole netip.Prefix, n int) ([]netip.Prefix, error) {
	bits := whole.Bits()
	for 1<<(bits-whole.Bits()) < n {
		bits++
	}
	if bits > 28 {
		return nil, fmt.Errorf("%s has no room for %d subnets", whole, n)
	}
	out := make([]netip.Prefix, n)
	for i := range out {
		out[i] = netip.PrefixFrom(addTo(whole.Addr(), i<<(32-bits)), bits)
	}
	return out, nil
}

// nthIPv6 is the n-th /64 of a VPC, or nothing if it has no IPv6.
func nthIPv6(vpc *VPC, n int) string {
	p, err := netip.ParsePrefix(vpc.IPv6CIDR)
	if err != nil {
		return ""
	}
	b := p.Addr().As16()
	b[7] += byte(n)
	return netip.PrefixFrom(netip.AddrFrom16(b), 64).String()
}

// InstanceOptions say what AddInstances adds.
type InstanceOptions struct {
	// Count of instances; 0 means one.
	Count int
	// Subnets take turns.
	Subnets []string
	// Groups of the primary interface; none means the VPC's default one.
	Groups []string
	// Type is t3.medium if empty.
	Type string
	// Name begins the tag Name, to which a number is added; empty means "node".
	Name string
	// ClusterID adds the tag kubernetes.io/cluster/<ClusterID>=owned.
	ClusterID string
	Tags      Tags
	// Interfaces is how many there are, with one device index each; 0 means one.
	Interfaces int
	// SecondaryIPs is how many more private addresses the primary interface has.
	SecondaryIPs int
	// IPv6 gives each interface an IPv6 address; IPv6Prefix gives the primary one a /80.
	IPv6, IPv6Prefix bool
	// State is running if empty; pending and stopped are possible too.
	State string
	// Age is how long ago they were launched.
	Age time.Duration
	// NetworkNodes overrides the topology.
	NetworkNodes []string
}

// Instances returns options for instances of a network: in its private subnets, in its node group.
func (n *Network) Instances(count int) InstanceOptions {
	return InstanceOptions{Count: count, Subnets: n.Private, Groups: []string{n.NodeGroup}, ClusterID: n.ClusterID}
}

// AddInstances adds instances at once, and returns them as they are.
func (s *Service) AddInstances(o InstanceOptions) ([]Instance, error) {
	if len(o.Subnets) == 0 {
		return nil, errors.New("adding instances: InstanceOptions.Subnets is empty")
	}
	var out []Instance
	err := s.build(func() error {
		for n := range max(o.Count, 1) {
			i, err := s.addInstance(o, n)
			if err != nil {
				return err
			}
			out = append(out, *i)
		}
		return nil
	})
	return out, err
}

func (s *Service) addInstance(o InstanceOptions, n int) (*Instance, error) {
	sub, err := s.subnets.one(o.Subnets[n%len(o.Subnets)])
	if err != nil {
		return nil, err
	}
	l := &launch{instance: Instance{
		ReservationID: s.newID("r"), Type: o.Type, ImageID: "ami-0123456789abcdef0", Zone: sub.Zone, VPCID: sub.VPCID,
		SubnetID: sub.ID, Tags: o.tags(n), NetworkNodes: o.NetworkNodes,
	}}
	if l.instance.Type == "" {
		l.instance.Type = "t3.medium"
	}
	groups := o.Groups
	if len(groups) == 0 {
		groups = []string{s.groupNamed("default", sub.VPCID).ID}
	}
	for device := range max(o.Interfaces, 1) {
		p := interfacePlan{subnet: sub, interfaceInput: interfaceInput{DeviceIndex: device, Groups: groups}}
		if device == 0 {
			p.Secondary = o.SecondaryIPs
		}
		if o.IPv6 {
			p.IPv6Count = 1
		}
		if o.IPv6Prefix && device == 0 {
			p.IPv6Prefix = 1
		}
		l.interfaces = append(l.interfaces, p)
	}
	if (o.IPv6 || o.IPv6Prefix) && sub.IPv6CIDR == "" {
		return nil, fmt.Errorf("subnet %s has no IPv6", sub.ID)
	}
	i, err := s.launch(l)
	if err != nil {
		return nil, err
	}
	s.instances.change(i.ID, func(v *Instance) {
		v.LaunchTime = v.LaunchTime.Add(-o.Age)
		if o.State != "pending" {
			v.State, v.NextState, v.NextAt = o.State, "", time.Time{}
		}
		if v.State == "" {
			v.State = "running"
		}
	})
	return s.instances.Get(i.ID), nil
}

func (o *InstanceOptions) tags(n int) Tags {
	t := Tags{}
	maps.Copy(t, o.Tags)
	name := o.Name
	if name == "" {
		name = "node"
	}
	t["Name"] = fmt.Sprintf("%s-%d", name, n)
	if o.ClusterID != "" {
		t["kubernetes.io/cluster/"+o.ClusterID] = "owned"
	}
	return t
}

// AddAddress allocates an elastic IP address at once, and returns it.
func (s *Service) AddAddress(tags Tags) Address {
	var out Address
	_ = s.build(func() error { // which has nothing to fail at
		out = *s.addAddress(tags)
		return nil
	})
	return out
}

// ChangeInstance changes an instance at once, for what no call can do: an odd DNS name, another state.
func (s *Service) ChangeInstance(id string, change func(*Instance)) error {
	return s.build(func() error {
		if _, err := s.instances.one(id); err != nil {
			return err
		}
		s.instances.change(id, change)
		return nil
	})
}

// ChangeSubnet changes a subnet at once, for what no call can do.
func (s *Service) ChangeSubnet(id string, change func(*Subnet)) error {
	return s.build(func() error {
		if _, err := s.subnets.one(id); err != nil {
			return err
		}
		s.subnets.change(id, change)
		return nil
	})
}

// ChangeInterface changes a network interface at once, for what no call can do.
func (s *Service) ChangeInterface(id string, change func(*NetworkInterface)) error {
	return s.build(func() error {
		if _, err := s.interfaces.one(id); err != nil {
			return err
		}
		s.interfaces.change(id, change)
		return nil
	})
}

// InstanceByID returns an instance in its newest state.
func (s *Service) InstanceByID(id string) (Instance, bool) {
	f := locked(s, func() found[Instance] {
		if i := s.instances.Get(id); i != nil {
			return found[Instance]{*i, true}
		}
		return found[Instance]{}
	})
	return f.value, f.ok
}

// SecurityGroupByID returns a security group in its newest state.
func (s *Service) SecurityGroupByID(id string) (SecurityGroup, bool) {
	f := locked(s, func() found[SecurityGroup] {
		if g := s.groups.Get(id); g != nil {
			return found[SecurityGroup]{*g, true}
		}
		return found[SecurityGroup]{}
	})
	return f.value, f.ok
}

// InterfacesOf returns the network interfaces of an instance in their newest state, the primary one first.
func (s *Service) InterfacesOf(instance string) []NetworkInterface {
	return locked(s, func() []NetworkInterface {
		i := s.instances.Get(instance)
		if i == nil {
			return nil
		}
		var out []NetworkInterface
		for _, id := range i.Interfaces {
			if ni := s.interfaces.Get(id); ni != nil {
				out = append(out, *ni)
			}
		}
		return out
	})
}

// ZoneID is the ID of a zone by its name, or nothing.
func (s *Service) ZoneID(zone string) string {
	return locked(s, func() string { return s.zoneID(zone) })
}
