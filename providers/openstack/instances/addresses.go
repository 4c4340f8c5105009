// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"cmp"
	"maps"
	"math"
	"net/netip"
	"slices"

	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/providers/openstack/config"
	"sigs.k8s.io/cloud-providers/providers/openstack/neutron"
)

// subPort is a port behind a trunk, with the name of its network.
type subPort struct {
	network string
	ips     []neutron.FixedIP
}

// addresses are those of a Node in their order: of active ports, those that the server is said to be
// reached by, its host name, and what Nova and the sub-ports of trunks add, network by network.
func addresses(s *server, ports []neutron.Port, subs []subPort, o config.Networking) []v1.NodeAddress {
	l := &addressList{ipv6: !o.IPv6Disabled}
	for _, p := range ports {
		if p.Status != "ACTIVE" {
			continue
		}
		for _, ip := range p.FixedIPs {
			l.add(v1.NodeInternalIP, ip.IP)
		}
	}
	l.add(v1.NodeExternalIP, s.AccessIPv4)
	l.add(v1.NodeExternalIP, s.AccessIPv6)
	l.add(v1.NodeHostName, s.Metadata["hostname"])
	networks := map[string][]address{}
	for name, all := range s.Addresses {
		networks[name] = slices.Clone(all)
	}
	for _, sub := range subs {
		for _, ip := range sub.ips {
			networks[sub.network] = append(networks[sub.network], address{Address: ip.IP, Type: "fixed"})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(networks)) {
		for _, a := range networks[name] {
			l.addOfNetwork(name, a, o)
		}
	}
	return ordered(l.all, o.SortOrder)
}

type addressList struct {
	ipv6 bool
	all  []v1.NodeAddress
}

// add appends an address, unless it is there already or its family is not wanted.
func (l *addressList) add(kind v1.NodeAddressType, text string) {
	if text == "" || kind != v1.NodeHostName && !l.ipv6 && isIPv6(text) {
		return
	}
	a := v1.NodeAddress{Type: kind, Address: text}
	if !slices.Contains(l.all, a) {
		l.all = append(l.all, a)
	}
}

// addOfNetwork adds an address by its network's role. In a public network it is external alone, and outside
// of the internal ones, where those are named, it is no address of the Node.
func (l *addressList) addOfNetwork(network string, a address, o config.Networking) {
	if !l.ipv6 && isIPv6(a.Address) {
		return
	}
	switch {
	case a.Type == "floating":
		l.add(v1.NodeExternalIP, a.Address)
	case slices.Contains(o.PublicNames, network):
		l.remove(a.Address)
		l.add(v1.NodeExternalIP, a.Address)
	case len(o.InternalNames) == 0 || slices.Contains(o.InternalNames, network):
		l.add(v1.NodeInternalIP, a.Address)
	default:
		l.remove(a.Address)
	}
}

func (l *addressList) remove(text string) {
	l.all = slices.DeleteFunc(l.all, func(a v1.NodeAddress) bool { return a.Address == text })
}

func isIPv6(text string) bool {
	a, err := netip.ParseAddr(text)
	return err == nil && a.Is6() && !a.Is4In6()
}

// ordered puts addresses in the first network first, and so on, by their value within one; those in none
// stay behind in their order, as do host names.
func ordered(all []v1.NodeAddress, networks []netip.Prefix) []v1.NodeAddress {
	if len(networks) == 0 {
		return all
	}
	place := func(a v1.NodeAddress) (int, netip.Addr) {
		if ip, err := netip.ParseAddr(a.Address); err == nil && a.Type != v1.NodeHostName {
			for i, n := range networks {
				if n.Contains(ip.Unmap()) {
					return i, ip
				}
			}
		}
		return math.MaxInt, netip.Addr{}
	}
	slices.SortStableFunc(all, func(a, b v1.NodeAddress) int {
		networkA, ipA := place(a)
		networkB, ipB := place(b)
		if networkA != networkB || networkA == math.MaxInt {
			return cmp.Compare(networkA, networkB)
		}
		as, bs := ipA.As16(), ipB.As16()
		return slices.Compare(as[:], bs[:])
	})
	return all
}

// settled puts the ports of a Node that has addresses already into the order of those: what others take for
// the Node's first address does not change when ports do, nor when this provider takes a cluster over. New
// ports follow in their order.
func settled(ports []neutron.Port, node *v1.Node) []neutron.Port {
	if !initialised(node) || len(ports) < 2 {
		return ports
	}
	at := map[string]int{}
	for i, a := range node.Status.Addresses {
		if _, there := at[a.Address]; !there && a.Type == v1.NodeInternalIP {
			at[a.Address] = i
		}
	}
	first := func(p neutron.Port) int {
		place := math.MaxInt
		for _, ip := range p.FixedIPs {
			if i, ok := at[ip.IP]; ok {
				place = min(place, i)
			}
		}
		return place
	}
	ports = slices.Clone(ports)
	slices.SortStableFunc(ports, func(a, b neutron.Port) int { return cmp.Compare(first(a), first(b)) })
	return ports
}
