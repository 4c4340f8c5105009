// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package routes

import (
	"fmt"
	"net/netip"
	"testing"

	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/providers/openstack/neutron"
)

func address(kind v1.NodeAddressType, text string) v1.NodeAddress {
	return v1.NodeAddress{Type: kind, Address: text}
}

func TestNextHop(t *testing.T) {
	addresses := []v1.NodeAddress{
		address(v1.NodeHostName, "10.9.9.9"), address(v1.NodeExternalIP, "203.0.113.1"), address(v1.NodeInternalIP, "fd00::1"),
		address(v1.NodeInternalIP, "10.0.0.1"), address(v1.NodeInternalIP, "10.0.0.2"),
	}
	for cidr, want := range map[string]string{"10.244.0.0/24": "10.0.0.1", "fd00:244::/64": "fd00::1", "no network": ""} {
		if got, ok := nextHop(cidr, addresses); got != want || ok != (want != "") {
			t.Errorf("%s: %q", cidr, got)
		}
	}
	if _, ok := nextHop("10.244.0.0/24", addresses[:3]); ok {
		t.Error("a node without IPv4 has a next hop for IPv4")
	}
}

func TestMatching(t *testing.T) {
	routes := []neutron.Route{
		{Destination: "fd00:244:0:0::/64", NextHop: "fd00:0::1"}, {Destination: "10.244.0.0/24", NextHop: "10.0.0.1"},
		{Destination: "10.244.0.0/24", NextHop: "10.0.0.9"}, {Destination: "junk", NextHop: "junk"},
	}
	via := map[hop]bool{netip.MustParseAddr("fd00::1"): true, netip.MustParseAddr("10.0.0.1"): true}
	if got := matching(routes, "fd00:244::/64", via); len(got) != 1 || got[0] != routes[0] {
		t.Errorf("IPv6, written otherwise: %v", got)
	}
	if got := matching(routes, "10.244.0.0/24", via); len(got) != 1 || got[0] != routes[1] {
		t.Errorf("one of two ways: %v", got)
	}
}

func TestWholeList(t *testing.T) {
	a, b := neutron.Route{Destination: "10.1.0.0/24", NextHop: "10.0.0.1"}, neutron.Route{Destination: "10.2.0.0/24", NextHop: "10.0.0.2"}
	for _, test := range []struct {
		have, change []neutron.Route
		what         direction
		want         string
	}{
		{nil, []neutron.Route{a}, add, "map[routes:[{10.1.0.0/24 10.0.0.1}]]"},
		{[]neutron.Route{a}, []neutron.Route{a, b}, add, "map[routes:[{10.1.0.0/24 10.0.0.1} {10.2.0.0/24 10.0.0.2}]]"},
		{[]neutron.Route{a}, []neutron.Route{a}, add, "map[]"},
		{[]neutron.Route{a, b}, []neutron.Route{a}, remove, "map[routes:[{10.2.0.0/24 10.0.0.2}]]"},
		{[]neutron.Route{a}, []neutron.Route{a}, remove, "map[routes:[]]"},
		{[]neutron.Route{a}, []neutron.Route{b}, remove, "map[]"},
	} {
		if got := fmt.Sprint(wholeList(test.have, test.change, test.what)); got != test.want {
			t.Errorf("%v with %v: %s, want %s", test.have, test.change, got, test.want)
		}
	}
}

func TestPairsOf(t *testing.T) {
	no := false
	own := []neutron.AddressPair{{IP: "192.0.2.1", MAC: "fa:16:3e:00:00:01"}}
	pod := append(own[:1:1], neutron.AddressPair{IP: "fd00:244:0::/64"})
	for _, test := range []struct {
		name string
		port neutron.Port
		what direction
		want string
	}{
		{"added, and others stay", neutron.Port{AllowedAddressPairs: own}, add, "map[allowed_address_pairs:[{192.0.2.1 fa:16:3e:00:00:01} {fd00:244::/64 }]]"},
		{"there, written otherwise", neutron.Port{AllowedAddressPairs: pod}, add, "map[]"},
		{"removed, and others stay", neutron.Port{AllowedAddressPairs: pod}, remove, "map[allowed_address_pairs:[{192.0.2.1 fa:16:3e:00:00:01}]]"},
		{"nothing to remove", neutron.Port{AllowedAddressPairs: own}, remove, "map[]"},
		{"a port without security", neutron.Port{PortSecurityEnabled: &no}, add, "map[]"},
	} {
		if got := fmt.Sprint(pairsOf(test.port, []string{"fd00:244::/64"}, test.what)); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}
