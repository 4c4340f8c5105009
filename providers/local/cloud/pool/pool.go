// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package pool decides which address a load balancer gets. It is pure: what is in use is told to it.
package pool

import (
	"fmt"
	"net/netip"
	"strings"

	"sigs.k8s.io/cloud-providers/providers/local/api"
)

// Pool is a range of addresses of one family under a name. A name may have a pool of each family.
type Pool struct {
	Name   string
	Prefix netip.Prefix
	// Shared pools give one address to several load balancers, as long as their protocols and ports
	// differ.
	Shared bool
}

// Parse reads "[NAME=]CIDR[,shared]"; without a name it is api.DefaultPool.
func Parse(s string) (Pool, error) {
	p := Pool{Name: api.DefaultPool}
	rest := s
	if name, after, ok := strings.Cut(s, "="); ok {
		p.Name, rest = name, after
	}
	cidr, option, hasOption := strings.Cut(rest, ",")
	if hasOption && option != "shared" {
		return Pool{}, fmt.Errorf("pool %q: option %q is unknown; the only one is \"shared\"", s, option)
	}
	p.Shared = hasOption
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil {
		return Pool{}, fmt.Errorf("pool %q: %q is not a CIDR such as 127.10.0.0/16", s, cidr)
	}
	if p.Name == "" {
		return Pool{}, fmt.Errorf("pool %q has an empty name", s)
	}
	p.Prefix = prefix.Masked()
	return p, nil
}

// Family returns the family of the pool's addresses.
func (p Pool) Family() api.Family { return FamilyOf(p.Prefix.Addr()) }

// FamilyOf returns the family of an address.
func FamilyOf(a netip.Addr) api.Family {
	if a.Is4() {
		return api.IPv4
	}
	return api.IPv6
}

// Port is what has to differ between load balancers that share an address.
type Port struct {
	Protocol api.Protocol
	Port     int
}

// InUse says which ports of an address other load balancers have: none means that it is free.
type InUse map[netip.Addr]map[Port]string

// Add notes that a load balancer has an address with listeners.
func (u InUse) Add(addr netip.Addr, owner string, listeners []api.Listener) {
	ports := u[addr]
	if ports == nil {
		ports = map[Port]string{}
		u[addr] = ports
	}
	for _, l := range listeners {
		ports[Port{l.Protocol, l.Port}] = owner
	}
}

// Conflict returns why a load balancer cannot have an address of the pool; "" if it can.
func (p Pool) Conflict(addr netip.Addr, listeners []api.Listener, used InUse) string {
	if !p.assignable(addr) {
		return fmt.Sprintf("address %s of pool %q (%s) is the network's own", addr, p.Name, p.Prefix)
	}
	ports, taken := used[addr]
	if !taken {
		return ""
	}
	if !p.Shared {
		return fmt.Sprintf("address %s is in use by another load balancer", addr)
	}
	for _, l := range listeners {
		if owner, ok := ports[Port{l.Protocol, l.Port}]; ok {
			return fmt.Sprintf("port %d/%s of the shared address %s is in use by load balancer %s", l.Port, l.Protocol, addr, owner)
		}
	}
	return ""
}

// Next returns the first address of the pool that is to be had.
func (p Pool) Next(listeners []api.Listener, used InUse) (netip.Addr, bool) {
	for a := p.Prefix.Addr(); p.Prefix.Contains(a); a = a.Next() {
		if p.Conflict(a, listeners, used) == "" {
			return a, true
		}
	}
	return netip.Addr{}, false
}

// assignable keeps the first and, for IPv4, the last address of a network back, except in networks that
// are too small to have such.
func (p Pool) assignable(a netip.Addr) bool {
	if a.BitLen()-p.Prefix.Bits() < 2 {
		return true
	}
	if a == p.Prefix.Addr() {
		return false
	}
	return !a.Is4() || p.Prefix.Contains(a.Next())
}
