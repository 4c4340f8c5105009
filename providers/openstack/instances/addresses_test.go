// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"net/netip"
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/providers/openstack/config"
	"sigs.k8s.io/cloud-providers/providers/openstack/neutron"
)

func portWith(status string, ips ...string) neutron.Port {
	p := neutron.Port{Status: status}
	for _, ip := range ips {
		p.FixedIPs = append(p.FixedIPs, neutron.FixedIP{IP: ip})
	}
	return p
}

func fixed(ips ...string) []address {
	var all []address
	for _, ip := range ips {
		all = append(all, address{ip, "fixed"})
	}
	return all
}

func text(all []v1.NodeAddress) string {
	short := map[v1.NodeAddressType]string{v1.NodeInternalIP: "int", v1.NodeExternalIP: "ext", v1.NodeHostName: "host"}
	var parts []string
	for _, a := range all {
		parts = append(parts, short[a.Type]+" "+a.Address)
	}
	return strings.Join(parts, ", ")
}

func prefixes(texts ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, t := range texts {
		all = append(all, netip.MustParsePrefix(t))
	}
	return all
}

func TestAddresses(t *testing.T) {
	both := map[string][]address{"b": fixed("10.2.0.5", "fd00:2::5"), "a": fixed("10.1.0.5")}
	tests := []struct {
		name    string
		server  server
		ports   []neutron.Port
		subs    []subPort
		options config.Networking
		want    string
	}{
		{"ports in their order, then networks by name",
			server{Addresses: both}, []neutron.Port{portWith("ACTIVE", "10.2.0.5", "fd00:2::5")}, nil, config.Networking{},
			"int 10.2.0.5, int fd00:2::5, int 10.1.0.5"},
		{"a port that is down comes later",
			server{Addresses: both}, []neutron.Port{portWith("DOWN", "10.2.0.5"), portWith("ACTIVE", "10.1.0.5")}, nil, config.Networking{},
			"int 10.1.0.5, int 10.2.0.5, int fd00:2::5"},
		{"access addresses and the host name come between",
			server{AccessIPv4: "203.0.113.9", AccessIPv6: "2001:db8::9", Metadata: map[string]string{"hostname": "h.example"}, Addresses: map[string][]address{"a": fixed("10.1.0.5", "10.1.0.6")}},
			[]neutron.Port{portWith("ACTIVE", "10.1.0.5")}, nil, config.Networking{},
			"int 10.1.0.5, ext 203.0.113.9, ext 2001:db8::9, host h.example, int 10.1.0.6"},
		{"floating IPs are external",
			server{Addresses: map[string][]address{"a": {{"10.1.0.5", "fixed"}, {"203.0.113.7", "floating"}}}}, []neutron.Port{portWith("ACTIVE", "10.1.0.5")}, nil, config.Networking{},
			"int 10.1.0.5, ext 203.0.113.7"},
		{"what is in a public network moves, and is external",
			server{AccessIPv4: "10.1.0.5", Addresses: both}, []neutron.Port{portWith("ACTIVE", "10.1.0.5"), portWith("ACTIVE", "10.2.0.5")}, nil, config.Networking{PublicNames: []string{"a"}},
			"int 10.2.0.5, ext 10.1.0.5, int fd00:2::5"},
		{"only internal networks are internal, and others are no addresses at all",
			server{AccessIPv4: "10.2.0.5", Addresses: both}, []neutron.Port{portWith("ACTIVE", "10.2.0.5"), portWith("ACTIVE", "10.1.0.5")}, nil, config.Networking{InternalNames: []string{"a"}},
			"int 10.1.0.5"},
		{"floating and access addresses stay whatever the internal networks are",
			server{AccessIPv4: "198.51.100.1", Addresses: map[string][]address{"b": {{"10.2.0.5", "fixed"}, {"203.0.113.7", "floating"}}}}, nil, nil, config.Networking{InternalNames: []string{"a"}},
			"ext 198.51.100.1, ext 203.0.113.7"},
		{"no IPv6",
			server{AccessIPv6: "2001:db8::9", Addresses: both}, []neutron.Port{portWith("ACTIVE", "fd00:2::5", "10.2.0.5")}, nil, config.Networking{IPv6Disabled: true},
			"int 10.2.0.5, int 10.1.0.5"},
		{"sub-ports belong to their network",
			server{Addresses: map[string][]address{"b": fixed("10.2.0.5")}}, []neutron.Port{portWith("ACTIVE", "10.2.0.5")}, []subPort{{"a", []neutron.FixedIP{{IP: "10.3.0.5"}}}, {"public", []neutron.FixedIP{{IP: "198.51.100.4"}}}},
			config.Networking{PublicNames: []string{"public"}},
			"int 10.2.0.5, int 10.3.0.5, ext 198.51.100.4"},
		{"sub-ports of a server without addresses",
			server{}, nil, []subPort{{"a", []neutron.FixedIP{{IP: "10.3.0.5"}}}}, config.Networking{}, "int 10.3.0.5"},
		{"sorted: by network, by value within it, the others behind, host names where they were",
			server{Metadata: map[string]string{"hostname": "10.9.0.1"}, Addresses: map[string][]address{"a": fixed("192.0.2.1", "10.1.0.200", "10.1.0.30", "10.2.0.5", "fd00::2")}}, nil, nil,
			config.Networking{SortOrder: prefixes("10.2.0.0/16", "10.0.0.0/8")},
			"int 10.2.0.5, int 10.1.0.30, int 10.1.0.200, host 10.9.0.1, int 192.0.2.1, int fd00::2"},
		{"nothing", server{}, nil, nil, config.Networking{}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := text(addresses(&test.server, test.ports, test.subs, test.options)); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestPortsKeepTheOrderThatANodeHas(t *testing.T) {
	ports := []neutron.Port{portWith("ACTIVE", "10.0.0.1"), portWith("ACTIVE", "10.0.0.2"), portWith("ACTIVE", "10.0.0.3")}
	node := &v1.Node{Spec: v1.NodeSpec{ProviderID: "openstack:///a"}}
	node.Status.Addresses = []v1.NodeAddress{{Type: v1.NodeInternalIP, Address: "10.0.0.3"}, {Type: v1.NodeInternalIP, Address: "10.0.0.1"}}
	order := func() string {
		var all []string
		for _, p := range settled(ports, node) {
			all = append(all, p.FixedIPs[0].IP)
		}
		return strings.Join(all, " ")
	}
	if got := order(); got != "10.0.0.3 10.0.0.1 10.0.0.2" {
		t.Errorf("an initialised node: %s", got)
	}
	node.Spec.Taints = []v1.Taint{{Key: "node.cloudprovider.kubernetes.io/uninitialized"}}
	if got := order(); got != "10.0.0.1 10.0.0.2 10.0.0.3" {
		t.Errorf("a node that is new: %s", got)
	}
	node = nil
	if got := order(); got != "10.0.0.1 10.0.0.2 10.0.0.3" {
		t.Errorf("no node: %s", got)
	}
}
