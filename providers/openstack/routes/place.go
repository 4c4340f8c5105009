// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package routes

import (
	"context"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/providers/openstack/neutron"
)

const (
	// placeMemory is how long it is remembered what the router is joined to.
	placeMemory = 10 * time.Minute
	// verdictMemory is how long it is remembered that somebody has the address that a route leads to.
	verdictMemory = 5 * time.Minute
	// pairsEvery is how often the address pairs of all Nodes' ports are looked at.
	pairsEvery = 10 * time.Minute
)

// place is what a router is joined to.
type place struct {
	at       time.Time
	networks []string
	subnets  []netip.Prefix
}

// around returns what the router is joined to, from memory where that is fresh.
func (r *Routes) around(ctx context.Context, net *gophercloud.ServiceClient, fresh bool) (*place, error) {
	r.mu.Lock()
	known := r.place
	r.mu.Unlock()
	if known != nil && !fresh && r.clock.Since(known.at) < placeMemory {
		return known, nil
	}
	p := &place{at: r.clock.Now()}
	ports, err := neutron.ListPorts(ctx, net, "device_id", []string{r.router}, "network_id", "fixed_ips", "device_owner")
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, port := range ports {
		p.networks = append(p.networks, port.NetworkID)
		for _, ip := range port.FixedIPs {
			if port.DeviceOwner != "network:router_gateway" {
				ids = append(ids, ip.SubnetID)
			}
		}
	}
	type subnet struct{ CIDR string }
	subnets, err := neutron.ListBy[subnet](ctx, net, "subnets", "id", unique(ids), url.Values{"fields": {"cidr"}})
	if err != nil {
		return nil, err
	}
	for _, s := range subnets {
		if prefix, err := netip.ParsePrefix(s.CIDR); err == nil {
			p.subnets = append(p.subnets, prefix)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.place = p
	return p, nil
}

func unique(values []string) []string {
	slices.Sort(values)
	return slices.Compact(values)
}

// memory is what is remembered of routes between passes.
type memory struct {
	// ours are routes that led to Nodes of this cluster while this process lived.
	ours map[neutron.Route]bool
	// used are routes to somebody else, and since when that is known.
	used map[neutron.Route]time.Time
	// checked is when the address pairs were looked at, and broken what was found.
	checked time.Time
	broken  map[neutron.Route]bool
}

func newMemory() memory {
	return memory{ours: map[neutron.Route]bool{}, used: map[neutron.Route]time.Time{}}
}

// learn remembers which routes are ours, and forgets those that are not there any more.
func (m *memory) learn(routes []neutron.Route, hops map[hop]string) {
	there := map[neutron.Route]bool{}
	for _, route := range routes {
		there[route] = true
		if nodeOf(route, hops) != "" {
			m.ours[route] = true
			delete(m.used, route)
		}
	}
	for route := range m.ours {
		if !there[route] {
			delete(m.ours, route)
		}
	}
	for route := range m.used {
		if !there[route] {
			delete(m.used, route)
		}
	}
}

// judgeStrangers returns the routes that lead to nobody and may be this cluster's: Neutron cannot mark
// routes. Those are the ones that led to a Node while this process lived, and those into a subnet in which
// Nodes are, to an address that no port has. Routes to an address that somebody has are another cluster's,
// or an operator's, whichever pods they are for.
func (r *Routes) judgeStrangers(ctx context.Context, net *gophercloud.ServiceClient, routes []neutron.Route, hops map[hop]string) (map[neutron.Route]bool, error) {
	lost := map[neutron.Route]bool{}
	unknown := strangers(routes, hops)
	now := r.clock.Now()
	r.mu.Lock()
	r.memory.learn(routes, hops)
	unknown = slices.DeleteFunc(unknown, func(route neutron.Route) bool {
		lost[route] = r.memory.ours[route]
		at, used := r.memory.used[route]
		return lost[route] || used && now.Sub(at) < verdictMemory
	})
	r.mu.Unlock()
	if len(unknown) == 0 {
		return lost, nil
	}
	around, err := r.around(ctx, net, false)
	if err != nil {
		return nil, err
	}
	near := among(unknown, nodeSubnets(around.subnets, hops))
	var filters []string
	for _, route := range near {
		filters = append(filters, "ip_address="+route.NextHop)
	}
	taken := map[string]bool{}
	if len(near) > 0 {
		ports, err := neutron.ListPorts(ctx, net, "fixed_ips", unique(filters), "network_id", "fixed_ips")
		if err != nil {
			return nil, err
		}
		for _, p := range ports {
			for _, ip := range p.FixedIPs {
				taken[ip.IP] = taken[ip.IP] || slices.Contains(around.networks, p.NetworkID)
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, route := range unknown {
		if slices.Contains(near, route) && !taken[route.NextHop] {
			lost[route] = true
		} else {
			r.memory.used[route] = now
		}
	}
	return lost, nil
}

// nodeSubnets are the subnets in which Nodes are.
func nodeSubnets(subnets []netip.Prefix, hops map[hop]string) []netip.Prefix {
	var some []netip.Prefix
	for _, s := range subnets {
		for ip := range hops {
			if s.Contains(ip) {
				some = append(some, s)
				break
			}
		}
	}
	return some
}

// among are the routes whose next hop is in one of the subnets.
func among(routes []neutron.Route, subnets []netip.Prefix) []neutron.Route {
	var some []neutron.Route
	for _, route := range routes {
		ip, err := netip.ParseAddr(route.NextHop)
		if err == nil && slices.ContainsFunc(subnets, func(s netip.Prefix) bool { return s.Contains(ip) }) {
			some = append(some, route)
		}
	}
	return some
}

// withoutPair returns the routes to Nodes whose port does not let pods send. Somebody may have changed the
// port since the route was made. It is looked at now and then, and not knowing is no fault of a route.
func (r *Routes) withoutPair(ctx context.Context, net *gophercloud.ServiceClient, routes []neutron.Route, hops map[hop]string) map[neutron.Route]bool {
	r.mu.Lock()
	due := r.pairs && r.clock.Since(r.memory.checked) >= pairsEvery
	broken := r.memory.broken
	r.mu.Unlock()
	if !due {
		return broken
	}
	var ours []neutron.Route
	for _, route := range routes {
		if nodeOf(route, hops) != "" {
			ours = append(ours, route)
		}
	}
	ports, err := r.portsOf(ctx, net, ours)
	if err != nil {
		klog.FromContext(ctx).Info("Address pairs of the nodes' ports not looked at; next try with the next list of routes", "err", err)
		return broken
	}
	broken = map[neutron.Route]bool{}
	for _, route := range ours {
		for _, p := range ports[route.NextHop] {
			broken[route] = broken[route] || p.Secured() && !hasPair(p, route.Destination)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.memory.checked, r.memory.broken = r.clock.Now(), broken
	return broken
}
