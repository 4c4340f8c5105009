// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package routes

import (
	"context"
	"net/netip"
	"slices"
	"sync"

	"github.com/gophercloud/gophercloud/v2"
	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/openstack/neutron"
)

// portsAtOnce is how many ports are changed at once, each by a call of its own.
const portsAtOnce = 10

// portsOf returns the ports that have the next hops of routes, in the router's networks, by next hop.
func (r *Routes) portsOf(ctx context.Context, net *gophercloud.ServiceClient, routes []neutron.Route) (map[string][]neutron.Port, error) {
	if len(routes) == 0 {
		return nil, nil
	}
	around, err := r.around(ctx, net, false)
	if err != nil {
		return nil, err
	}
	var filters []string
	for _, route := range routes {
		filters = append(filters, "ip_address="+route.NextHop)
	}
	ports, err := neutron.ListPorts(ctx, net, "fixed_ips", unique(filters), "network_id", "fixed_ips", "allowed_address_pairs", "port_security_enabled", "revision_number")
	if err != nil {
		return nil, err
	}
	byHop := map[string][]neutron.Port{}
	for _, p := range ports {
		if !slices.Contains(around.networks, p.NetworkID) {
			continue
		}
		for _, ip := range p.FixedIPs {
			byHop[ip.IP] = append(byHop[ip.IP], p)
		}
	}
	return byHop, nil
}

// findPorts finds the ports of the steps' next hops: one in each of the router's networks that knows the
// address. A step without any gets an error.
func (r *Routes) findPorts(ctx context.Context, net *gophercloud.ServiceClient, steps []step) error {
	if !r.pairs {
		return nil
	}
	wanted := open(steps)
	byHop, err := r.portsOf(ctx, net, wanted)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(wanted, func(route neutron.Route) bool { return len(byHop[route.NextHop]) == 0 }) {
		// The router may have been joined to the network just now.
		if _, err := r.around(ctx, net, true); err != nil {
			return err
		}
		if byHop, err = r.portsOf(ctx, net, wanted); err != nil {
			return err
		}
	}
	for i := range steps {
		for _, route := range steps[i].routes {
			found := byHop[route.NextHop]
			if len(found) == 0 {
				steps[i].err = provider.UserErrorf("no port with the address %s is in a network of router %s, so that route %s could not work: join the router to the node's subnet, or correct router-id in the cloud-config", route.NextHop, r.router, route.Destination)
			}
			networks := map[string]bool{}
			for _, p := range found {
				if networks[p.NetworkID] {
					steps[i].err = provider.UserErrorf("several ports of network %s have the address %s", p.NetworkID, route.NextHop)
				}
				networks[p.NetworkID] = true
			}
			steps[i].ports = append(steps[i].ports, found...)
		}
	}
	return nil
}

// setPairs lets the ports of the steps send what comes from the routes' destinations, or no longer, and
// returns an error for each step that failed. Ports that let everything through stay as they are. The steps
// have the ports as they are afterwards.
func (r *Routes) setPairs(ctx context.Context, net *gophercloud.ServiceClient, steps []step, what direction) []error {
	errs := make([]error, len(steps))
	type work struct {
		port         neutron.Port
		destinations []string
		steps        []int
	}
	byPort := map[string]*work{}
	for i, s := range steps {
		if s.err != nil {
			continue
		}
		for _, p := range s.ports {
			w := byPort[p.ID]
			if w == nil {
				w = &work{port: p}
				byPort[p.ID] = w
			}
			w.steps = append(w.steps, i)
			for _, route := range s.routes {
				w.destinations = append(w.destinations, route.Destination)
			}
		}
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, portsAtOnce)
	for _, w := range byPort {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			changed, err := neutron.UpdatePort(ctx, net, w.port, func(is neutron.Port) map[string]any { return pairsOf(is, w.destinations, what) })
			if err == nil && len(changed.AllowedAddressPairs) != len(w.port.AllowedAddressPairs) {
				klog.FromContext(ctx).Info("Changed the cloud", "operation", "update", "kind", "port", "id", w.port.ID, "allowedAddressPairs", len(changed.AllowedAddressPairs))
			}
			mu.Lock()
			defer mu.Unlock()
			for _, i := range w.steps {
				if err != nil {
					errs[i] = err
				}
				for n, p := range steps[i].ports {
					if p.ID == changed.ID {
						steps[i].ports[n] = changed
					}
				}
			}
		})
	}
	wg.Wait()
	return errs
}

// pairsOf is what a port's allowed address pairs are to become; nil if they are so already.
func pairsOf(p neutron.Port, destinations []string, what direction) map[string]any {
	if !p.Secured() {
		return nil
	}
	pairs := []neutron.AddressPair{}
	for _, pair := range p.AllowedAddressPairs {
		if what == add || !slices.ContainsFunc(destinations, func(d string) bool { return samePrefix(pair.IP, d) }) {
			pairs = append(pairs, pair)
		}
	}
	if what == add {
		for _, d := range destinations {
			if !hasPair(neutron.Port{AllowedAddressPairs: pairs}, d) {
				pairs = append(pairs, neutron.AddressPair{IP: d})
			}
		}
	}
	if len(pairs) == len(p.AllowedAddressPairs) {
		return nil
	}
	return map[string]any{"allowed_address_pairs": pairs}
}

func hasPair(p neutron.Port, destination string) bool {
	return slices.ContainsFunc(p.AllowedAddressPairs, func(pair neutron.AddressPair) bool { return samePrefix(pair.IP, destination) })
}

// samePrefix compares as networks: there is more than one way to write those of IPv6.
func samePrefix(a, b string) bool {
	if a == b {
		return true
	}
	pa, err := netip.ParsePrefix(a)
	if err != nil {
		return false
	}
	pb, err := netip.ParsePrefix(b)
	return err == nil && pa.Masked() == pb.Masked()
}
