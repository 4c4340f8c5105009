// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package ec2

import (
	"net/netip"
	"slices"
	"time"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/elb"
)

// What load balancers need of EC2. These methods see the newest state, whatever readers see.
var _ elb.Network = (*Service)(nil)

// locked runs f under the lock, after what is due has happened.
func locked[T any](s *Service, f func() T) T {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	return f()
}

// found is a value with whether there is one.
type found[T any] struct {
	value T
	ok    bool
}

// Subnet implements elb.Network.
func (s *Service) Subnet(id string) (elb.Subnet, bool) {
	f := locked(s, func() found[elb.Subnet] {
		v := s.subnets.Get(id)
		if v == nil {
			return found[elb.Subnet]{}
		}
		out := elb.Subnet{
			ID: v.ID, VPCID: v.VPCID, Zone: v.Zone, ZoneID: s.zoneID(v.Zone), IPv4: s.pools[v.ID].prefix,
			FreeAddresses: s.pools[v.ID].free(), VPCHasGateway: s.gatewayOf(v.VPCID) != nil,
		}
		if p, err := netip.ParsePrefix(v.IPv6CIDR); err == nil {
			out.IPv6 = []netip.Prefix{p}
		}
		return found[elb.Subnet]{out, true}
	})
	return f.value, f.ok
}

// SecurityGroup implements elb.Network.
func (s *Service) SecurityGroup(id string) (elb.SecurityGroup, bool) {
	f := locked(s, func() found[elb.SecurityGroup] { return s.elbGroup(s.groups.Get(id)) })
	return f.value, f.ok
}

// DefaultSecurityGroup implements elb.Network.
func (s *Service) DefaultSecurityGroup(vpc string) (elb.SecurityGroup, bool) {
	f := locked(s, func() found[elb.SecurityGroup] { return s.elbGroup(s.groupNamed("default", vpc)) })
	return f.value, f.ok
}

func (s *Service) elbGroup(g *SecurityGroup) found[elb.SecurityGroup] {
	if g == nil {
		return found[elb.SecurityGroup]{}
	}
	return found[elb.SecurityGroup]{elb.SecurityGroup{ID: g.ID, Name: g.Name, VPCID: g.VPCID, OwnerID: s.opts.Account}, true}
}

// Instance implements elb.Network.
func (s *Service) Instance(id string) (elb.Instance, bool) {
	f := locked(s, func() found[elb.Instance] {
		i := s.instances.Get(id)
		if i == nil {
			return found[elb.Instance]{}
		}
		return found[elb.Instance]{elb.Instance{
			ID: i.ID, VPCID: i.VPCID, SubnetID: i.SubnetID, Zone: i.Zone, PrivateIPv4: i.PrivateIP, State: i.State,
		}, true}
	})
	return f.value, f.ok
}

// Address implements elb.Network.
func (s *Service) Address(id string) (elb.Address, bool) {
	f := locked(s, func() found[elb.Address] {
		a := s.addresses.Get(id)
		if a == nil {
			return found[elb.Address]{}
		}
		return found[elb.Address]{elb.Address{AllocationID: a.AllocationID, PublicIP: a.PublicIP, Associated: a.InterfaceID != ""}, true}
	})
	return f.value, f.ok
}

// CreateInterface implements elb.Network.
func (s *Service) CreateInterface(in elb.Interface) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	sub, err := s.subnets.one(in.SubnetID)
	if err != nil {
		return "", err
	}
	private, err := s.takeIPv4(sub, in.PrivateIPv4)
	if err != nil {
		return "", err
	}
	address := InterfaceIPv4{Private: private}
	ni := &NetworkInterface{
		ID: s.newID("eni"), SubnetID: sub.ID, VPCID: sub.VPCID, Zone: sub.Zone, Type: in.Type, Description: in.Description,
		RequesterID: in.RequesterID, Groups: slices.Clone(in.SecurityGroups),
		Attachment: &Attachment{ID: s.newID("ela-attach"), OwnerID: "amazon-elb", DeviceIndex: 1, Time: s.Now().UTC()},
	}
	switch {
	case in.AllocationID != "":
		a, err := s.addresses.one(in.AllocationID)
		if err != nil {
			s.giveBack(sub.ID, []InterfaceIPv4{address})
			return "", err
		}
		address.Public, address.AllocationID, address.AssociationID = a.PublicIP, a.AllocationID, s.newID("eipassoc")
		s.addresses.change(a.AllocationID, func(v *Address) {
			v.InterfaceID, v.AssociationID, v.PrivateIP = ni.ID, address.AssociationID, private
		})
	case in.Public:
		address.Public = s.takePublic()
	}
	ni.Addresses = []InterfaceIPv4{address}
	if in.IPv6 && sub.IPv6CIDR != "" {
		ni.IPv6 = []string{s.takeIPv6(sub)}
	}
	s.interfaces.Put(ni.ID, ni)
	return ni.ID, nil
}

// SetInterfaceSecurityGroups implements elb.Network.
func (s *Service) SetInterfaceSecurityGroups(id string, groups []string) {
	locked(s, func() bool {
		s.interfaces.change(id, func(v *NetworkInterface) { v.Groups = slices.Clone(groups) })
		return true
	})
}

// DeleteInterface implements elb.Network.
func (s *Service) DeleteInterface(id string, at time.Time) {
	locked(s, func() bool {
		s.interfaces.change(id, func(v *NetworkInterface) { v.DeleteAt = at })
		s.at(at, id, s.removeInterface)
		s.settle()
		return true
	})
}
