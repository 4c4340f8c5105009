// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package neutron

import (
	"net/http"
	"net/netip"
	"slices"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
)

func (s *Service) networkKind() *kind[Network] {
	k := newKind(s, "network", "networks", "Network", func(v *Network) *Common { return &v.Common })
	k.creatable = []string{"admin_state_up", "shared", "router:external", "mtu", "port_security_enabled", "availability_zone_hints"}
	k.updatable = []string{"admin_state_up", "shared", "router:external", "mtu", "port_security_enabled"}
	k.create = s.createNetwork
	k.sees = func(v *Network) bool { return v.Shared || v.External }
	k.remove = func(_ *rest.Request, v *Network) error {
		for _, p := range s.ports.items.All() {
			if p.NetworkID == v.ID {
				return rest.Errorf(http.StatusConflict, "NetworkInUse", "Unable to complete operation on network %s. There are one or more ports still in use on the network, id for these ports is: %s.", v.ID, p.ID)
			}
		}
		for _, id := range v.Subnets {
			s.subnets.items.Remove(id)
		}
		return nil
	}
	return k
}

func (s *Service) createNetwork(_ *rest.Request, v *Network, fields body) error {
	if _, ok := fields["admin_state_up"]; !ok {
		v.AdminStateUp = true
	}
	if v.MTU == 0 {
		v.MTU = 1450
	}
	if v.PortSecurityEnabled == nil && s.has("port-security") {
		v.PortSecurityEnabled = ptr(true)
	}
	v.Status, v.Zones, v.ZoneHints = "ACTIVE", []string{}, []string{}
	if v.External && v.IsDefault == nil {
		v.IsDefault = ptr(false)
	}
	if v.Subnets == nil {
		v.Subnets = []string{}
	}
	return nil
}

func (s *Service) subnetKind() *kind[Subnet] {
	k := newKind(s, "subnet", "subnets", "Subnet", func(v *Subnet) *Common { return &v.Common })
	k.updatable = []string{"gateway_ip", "enable_dhcp", "allocation_pools", "dns_nameservers", "host_routes"}
	k.creatable = append([]string{"network_id", "cidr", "ip_version", "ipv6_address_mode", "ipv6_ra_mode"}, k.updatable...)
	k.create = s.createSubnet
	// Subnets of external networks are not seen by others, unlike those of shared ones.
	k.sees = func(v *Subnet) bool {
		n := s.networks.items.Get(v.NetworkID)
		return n != nil && n.Shared
	}
	k.remove = func(_ *rest.Request, v *Subnet) error {
		for _, p := range s.ports.items.All() {
			if slices.ContainsFunc(p.FixedIPs, func(ip FixedIP) bool { return ip.SubnetID == v.ID }) {
				return rest.Errorf(http.StatusConflict, "SubnetInUse", "Unable to complete operation on subnet %s: One or more ports have an IP allocation from this subnet.", v.ID)
			}
		}
		return nil
	}
	k.release = func(v *Subnet) {
		delete(s.used, v.ID)
		if n := s.networks.items.Get(v.NetworkID); n != nil {
			n.Subnets = slices.DeleteFunc(slices.Clone(n.Subnets), func(id string) bool { return id == v.ID })
		}
	}
	return k
}

func (s *Service) createSubnet(r *rest.Request, v *Subnet, fields body) error {
	network, err := s.networks.find(r, v.NetworkID)
	if err != nil {
		return err
	}
	prefix, err := netip.ParsePrefix(v.CIDR)
	if err != nil {
		return rest.Errorf(http.StatusBadRequest, "HTTPBadRequest", "Invalid input for cidr. Reason: '%s' is not a valid IP subnet.", v.CIDR)
	}
	prefix = prefix.Masked()
	v.CIDR = prefix.String()
	if v.IPVersion == 0 {
		v.IPVersion = 4
		if prefix.Addr().Is6() {
			v.IPVersion = 6
		}
	}
	if prefix.Addr().Is6() != (v.IPVersion == 6) {
		return rest.Errorf(http.StatusBadRequest, "BadRequest", "Invalid input for operation: cidr '%s' does not match the ip_version '%d'.", v.CIDR, v.IPVersion)
	}
	if v.GatewayIP == nil && !rest.Null(fields, "gateway_ip") {
		v.GatewayIP = ptr(prefix.Addr().Next().String())
	}
	if _, ok := fields["enable_dhcp"]; !ok {
		v.EnableDHCP = true
	}
	if len(v.AllocationPools) == 0 {
		v.AllocationPools = defaultPool(prefix)
	}
	if v.DNSNameservers == nil {
		v.DNSNameservers = []string{}
	}
	if v.HostRoutes == nil {
		v.HostRoutes = []Route{}
	}
	v.ServiceTypes = []string{}
	network.Subnets = append(slices.Clone(network.Subnets), v.ID)
	return nil
}

// defaultPool is all addresses after the first, without an IPv4 network's broadcast address. Of an IPv6
// subnet it is the first 65534, which nobody uses up here.
func defaultPool(p netip.Prefix) []Pool {
	first := p.Addr().Next().Next()
	last := p.Addr().AsSlice()
	for bit := p.Bits(); bit < len(last)*8; bit++ {
		if len(last) == 16 && bit < 112 {
			continue
		}
		last[bit/8] |= 0x80 >> (bit % 8)
	}
	end, _ := netip.AddrFromSlice(last)
	return []Pool{{first.String(), end.Prev().String()}}
}

func ptr[T any](v T) *T { return &v }
