// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package routes

import (
	"net/netip"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	cloudprovider "k8s.io/cloud-provider"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/openstack/neutron"
)

// list makes the contract's routes of a router's: those to Nodes are ours. A route to anything else is
// another's, unless it is among the lost ones. Broken ones are left out.
func list(routes []neutron.Route, hops map[hop]string, lost, broken map[neutron.Route]bool) []provider.Route {
	var all []provider.Route
	for _, route := range routes {
		if broken[route] {
			continue
		}
		out := provider.Route{Route: cloudprovider.Route{Name: route.Destination, DestinationCIDR: route.Destination}}
		switch name := nodeOf(route, hops); {
		case name != "":
			out.TargetNode, out.Owner = types.NodeName(name), provider.RouteOurs
		case lost[route]:
			out.TargetNode, out.Blackhole, out.Owner = types.NodeName(route.NextHop), true, provider.RouteUnmarked
		default:
			out.TargetNode, out.Blackhole, out.Owner = types.NodeName(route.NextHop), true, provider.RouteForeign
		}
		all = append(all, out)
	}
	return all
}

func nodeOf(route neutron.Route, hops map[hop]string) string {
	ip, err := netip.ParseAddr(route.NextHop)
	if err != nil {
		return ""
	}
	return hops[ip]
}

// strangers are the routes whose next hop no Node has.
func strangers(routes []neutron.Route, hops map[hop]string) []neutron.Route {
	var all []neutron.Route
	for _, route := range routes {
		if nodeOf(route, hops) == "" {
			all = append(all, route)
		}
	}
	return all
}

// nextHop is where a route to a Node leads: its first internal address of the destination's family.
func nextHop(destination string, addresses []v1.NodeAddress) (string, bool) {
	prefix, err := netip.ParsePrefix(destination)
	if err != nil {
		return "", false
	}
	for _, a := range addresses {
		if ip, err := netip.ParseAddr(a.Address); err == nil && a.Type == v1.NodeInternalIP && ip.Is4() == prefix.Addr().Is4() {
			return a.Address, true
		}
	}
	return "", false
}

// matching are the router's routes to a destination by way of one of some addresses. Neutron may write both
// otherwise than Kubernetes.
func matching(routes []neutron.Route, destination string, via map[hop]bool) []neutron.Route {
	want, err := netip.ParsePrefix(destination)
	if err != nil {
		return nil
	}
	var all []neutron.Route
	for _, route := range routes {
		have, err := netip.ParsePrefix(route.Destination)
		ip, err2 := netip.ParseAddr(route.NextHop)
		if err == nil && err2 == nil && have.Masked() == want.Masked() && via[ip] {
			all = append(all, route)
		}
	}
	return all
}

// without returns routes but for some.
func without(routes, remove []neutron.Route) []neutron.Route {
	gone := map[neutron.Route]bool{}
	for _, r := range remove {
		gone[r] = true
	}
	kept := []neutron.Route{}
	for _, r := range routes {
		if !gone[r] {
			kept = append(kept, r)
		}
	}
	return kept
}
