// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package neutron

import (
	"net/http"
	"net/netip"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
)

// allocate gives out a free address of a subnet, after the one that was given out last.
func (s *Service) allocate(v *Subnet) (string, bool) {
	used := s.used[v.ID]
	cursor := s.cursor[v.ID]
	for round := range 2 {
		for _, pool := range v.AllocationPools {
			start, err1 := netip.ParseAddr(pool.Start)
			end, err2 := netip.ParseAddr(pool.End)
			if err1 != nil || err2 != nil {
				continue
			}
			if round == 0 && cursor.IsValid() && start.Compare(cursor) <= 0 {
				start = cursor.Next()
			}
			for a := start; a.Compare(end) <= 0; a = a.Next() {
				if !used[a] && (v.GatewayIP == nil || *v.GatewayIP != a.String()) {
					s.cursor[v.ID] = a
					s.take(v.ID, a)
					return a.String(), true
				}
			}
		}
		cursor = netip.Addr{}
	}
	return "", false
}

func (s *Service) take(subnetID string, a netip.Addr) {
	if s.used[subnetID] == nil {
		s.used[subnetID] = map[netip.Addr]bool{}
	}
	s.used[subnetID][a] = true
}

func (s *Service) free(ips []FixedIP) {
	for _, ip := range ips {
		if a, err := netip.ParseAddr(ip.IPAddress); err == nil {
			delete(s.used[ip.SubnetID], a)
		}
	}
}

// claim takes one given address of a subnet.
func (s *Service) claim(v *Subnet, address string) (string, error) {
	a, err := netip.ParseAddr(address)
	prefix, _ := netip.ParsePrefix(v.CIDR)
	if err != nil || !prefix.Contains(a) {
		return "", rest.Errorf(http.StatusBadRequest, "InvalidIpForSubnet", "IP address %s is not a valid IP for the specified subnet.", address)
	}
	if s.used[v.ID][a] {
		return "", rest.Errorf(http.StatusConflict, "IpAddressAlreadyAllocated", "IP address %s already allocated in subnet %s", address, v.ID)
	}
	s.take(v.ID, a)
	return a.String(), nil
}

// fix gives a port on a network the addresses that are wanted; none wanted means one of the first IPv4 and
// one of the first IPv6 subnet that have some.
func (s *Service) fix(network *Network, wanted []FixedIP) (got []FixedIP, err error) {
	defer func() {
		if err != nil {
			s.free(got)
			got = nil
		}
	}()
	got = []FixedIP{}
	for _, want := range wanted {
		ip, err := s.fixOne(network, want)
		if err != nil {
			return got, err
		}
		got = append(got, ip)
	}
	if len(wanted) > 0 || len(network.Subnets) == 0 {
		return got, nil
	}
	for _, version := range []int{4, 6} {
		candidates, done := 0, false
		for _, id := range network.Subnets {
			if v := s.subnets.items.Get(id); v != nil && v.IPVersion == version && !done {
				candidates++
				if a, ok := s.allocate(v); ok {
					got, done = append(got, FixedIP{v.ID, a}), true
				}
			}
		}
		if candidates > 0 && !done {
			return got, noMoreAddresses(network.ID)
		}
	}
	return got, nil
}

func noMoreAddresses(networkID string) error {
	return rest.Errorf(http.StatusConflict, "IpAddressGenerationFailure", "No more IP addresses available on network %s.", networkID)
}

func (s *Service) fixOne(network *Network, want FixedIP) (FixedIP, error) {
	v := s.subnets.items.Get(want.SubnetID)
	if want.SubnetID == "" {
		v = s.subnetOf(network, want.IPAddress)
		if v == nil {
			return FixedIP{}, rest.Errorf(http.StatusBadRequest, "InvalidIpForNetwork", "IP address %s is not a valid IP for any of the subnets on the specified network.", want.IPAddress)
		}
	}
	if v == nil {
		return FixedIP{}, s.subnets.missing(want.SubnetID)
	}
	if v.NetworkID != network.ID {
		return FixedIP{}, rest.Errorf(http.StatusBadRequest, "InvalidInput", "Invalid input for operation: Failed to create port on network %s, because fixed_ips included invalid subnet %s.", network.ID, v.ID)
	}
	if want.IPAddress == "" {
		a, ok := s.allocate(v)
		if !ok {
			return FixedIP{}, rest.Errorf(http.StatusConflict, "IpAddressGenerationFailure", "No more IP addresses available on network %s.", network.ID)
		}
		return FixedIP{v.ID, a}, nil
	}
	a, err := s.claim(v, want.IPAddress)
	return FixedIP{v.ID, a}, err
}

// subnetOf is the network's subnet that an address is in, or nil.
func (s *Service) subnetOf(network *Network, address string) *Subnet {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return nil
	}
	for _, id := range network.Subnets {
		if v := s.subnets.items.Get(id); v != nil {
			if p, err := netip.ParsePrefix(v.CIDR); err == nil && p.Contains(a) {
				return v
			}
		}
	}
	return nil
}
