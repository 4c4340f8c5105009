// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package routes

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"

	"github.com/gophercloud/gophercloud/v2"
	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/openstack/client"
	"sigs.k8s.io/cloud-providers/providers/openstack/neutron"
)

// step is a route to make or to remove, and what became of it. Steps with an error are left alone.
type step struct {
	routes []neutron.Route
	ports  []neutron.Port
	err    error
}

// open are the routes of the steps without an error.
func open(steps []step) []neutron.Route {
	var all []neutron.Route
	for _, s := range steps {
		if s.err == nil {
			all = append(all, s.routes...)
		}
	}
	return all
}

func errorsOf(steps []step) []error {
	errs := make([]error, len(steps))
	for i, s := range steps {
		errs[i] = s.err
	}
	return errs
}

func failAll(steps []step, err error) []step {
	for i := range steps {
		if steps[i].err == nil {
			steps[i].err = err
		}
	}
	return steps
}

// CreateRoutes finds the Nodes' ports, adds all routes with one call, and then lets the ports send what
// comes from the pods. A route whose port cannot be changed is taken back.
func (r *Routes) CreateRoutes(ctx context.Context, _ string, routes []provider.RouteCreate) []error {
	steps := make([]step, len(routes))
	for i, c := range routes {
		via, ok := nextHop(c.Route.DestinationCIDR, c.Route.TargetNodeAddresses)
		if !ok {
			steps[i].err = provider.UserErrorf("node %s has no internal address of the family of %s", c.Route.TargetNode, c.Route.DestinationCIDR)
			continue
		}
		steps[i].routes = []neutron.Route{{Destination: c.Route.DestinationCIDR, NextHop: via}}
	}
	r.change.Lock()
	defer r.change.Unlock()
	net, err := r.region.Network(ctx)
	if err != nil {
		return errorsOf(failAll(steps, err))
	}
	if err := r.findPorts(ctx, net, steps); err != nil {
		return errorsOf(failAll(steps, err))
	}
	r.setRoutes(ctx, net, steps, add)
	var undo []step
	changed := r.setPairs(ctx, net, steps, add)
	for i := range steps {
		if changed[i] != nil {
			undo = append(undo, step{routes: steps[i].routes})
			steps[i].err = changed[i]
		}
	}
	r.takeBack(ctx, net, undo, remove)
	r.forgetBroken(open(steps))
	return errorsOf(steps)
}

// DeleteRoutes removes routes with one call, after the ports' permissions to send what comes from the pods.
// A port whose permission cannot be removed keeps its route.
func (r *Routes) DeleteRoutes(ctx context.Context, _ string, routes []provider.Route) []error {
	steps := make([]step, len(routes))
	r.change.Lock()
	defer r.change.Unlock()
	net, err := r.region.Network(ctx)
	if err != nil {
		return errorsOf(failAll(steps, err))
	}
	router, err := neutron.GetRouter(ctx, net, r.router)
	if err != nil {
		return errorsOf(failAll(steps, err))
	}
	nodes, err := r.knownNodes()
	if err != nil {
		return errorsOf(failAll(steps, err))
	}
	hops := hopsOf(nodes)
	lookUp := make([]step, len(routes))
	for i, route := range routes {
		via := viaOf(route, hops)
		if len(via) == 0 {
			steps[i].err = fmt.Errorf("node %s of route %s has no address by which the route can be found", route.TargetNode, route.DestinationCIDR)
			continue
		}
		steps[i].routes = matching(router.Routes, route.DestinationCIDR, via)
		if !route.Blackhole {
			lookUp[i].routes = steps[i].routes
		}
	}
	if err := r.findPorts(ctx, net, lookUp); err != nil {
		return errorsOf(failAll(steps, err))
	}
	for i := range steps { // a port that has gone needs no change
		steps[i].ports = lookUp[i].ports
	}
	for i, err := range r.setPairs(ctx, net, steps, remove) {
		if err != nil {
			steps[i].err = err
		}
	}
	before := slices.Clone(steps)
	r.setRoutes(ctx, net, steps, remove)
	undo := make([]step, len(steps))
	for i := range steps {
		if undo[i].err = errNothing; before[i].err == nil && steps[i].err != nil {
			undo[i] = step{routes: steps[i].routes, ports: steps[i].ports}
		}
	}
	for _, err := range r.setPairs(ctx, net, undo, add) {
		if err != nil {
			klog.FromContext(ctx).Error(err, "A port's address pair was removed for a route that stays, and could not be put back")
		}
	}
	return errorsOf(steps)
}

var errNothing = errors.New("nothing to undo")

// viaOf are the addresses by which a route to a Node may lead.
func viaOf(route provider.Route, hops map[hop]string) map[hop]bool {
	via := map[hop]bool{}
	if route.Blackhole {
		if ip, err := netip.ParseAddr(string(route.TargetNode)); err == nil {
			via[ip] = true
		}
		return via
	}
	for ip, name := range hops {
		if name == string(route.TargetNode) {
			via[ip] = true
		}
	}
	for _, a := range route.TargetNodeAddresses {
		if ip, err := netip.ParseAddr(a.Address); err == nil {
			via[ip] = true
		}
	}
	return via
}

// direction is whether routes and pairs are added or removed.
type direction bool

const (
	add    direction = true
	remove direction = false
)

// setRoutes changes the router, all steps with one call. If Neutron refuses them together, each is tried
// alone, which tells whose fault it is.
func (r *Routes) setRoutes(ctx context.Context, net *gophercloud.ServiceClient, steps []step, what direction) {
	wanted := open(steps)
	if len(wanted) == 0 {
		return
	}
	err := r.setTogether(ctx, net, wanted, what)
	if err == nil {
		logChange(ctx, r.router, wanted, what)
		return
	}
	status := client.Status(err)
	alone := len(wanted) > 1 && (status == http.StatusBadRequest || status == http.StatusConflict)
	for i := range steps {
		if steps[i].err != nil || len(steps[i].routes) == 0 {
			continue
		}
		if alone {
			err = r.setTogether(ctx, net, steps[i].routes, what)
		}
		if steps[i].err = err; err == nil {
			logChange(ctx, r.router, steps[i].routes, what)
		}
	}
}

func (r *Routes) setTogether(ctx context.Context, net *gophercloud.ServiceClient, routes []neutron.Route, what direction) error {
	var err error
	switch {
	case r.atomic && what == add:
		_, err = neutron.AddRoutes(ctx, net, r.router, routes)
	case r.atomic:
		_, err = neutron.RemoveRoutes(ctx, net, r.router, routes)
	default:
		var router neutron.Router
		if router, err = neutron.GetRouter(ctx, net, r.router); err == nil {
			_, err = neutron.UpdateRouter(ctx, net, router, func(is neutron.Router) map[string]any { return wholeList(is.Routes, routes, what) })
		}
	}
	return err
}

// wholeList is what a router's list of routes is to become; nil if it is so already.
func wholeList(have, change []neutron.Route, what direction) map[string]any {
	next := without(have, change)
	if what == add {
		next = slices.Clone(have)
		for _, route := range change {
			if !slices.Contains(next, route) {
				next = append(next, route)
			}
		}
	}
	if len(next) == len(have) {
		return nil
	}
	return map[string]any{"routes": next}
}

func logChange(ctx context.Context, router string, routes []neutron.Route, what direction) {
	operation := map[direction]string{add: "create", remove: "delete"}[what]
	for _, route := range routes {
		klog.FromContext(ctx).Info("Changed the cloud", "operation", operation, "kind", "route", "router", router, "destination", route.Destination, "nextHop", route.NextHop)
	}
}

// takeBack undoes changes of routes.
func (r *Routes) takeBack(ctx context.Context, net *gophercloud.ServiceClient, steps []step, what direction) {
	r.setRoutes(ctx, net, steps, what)
	for _, s := range steps {
		if s.err != nil {
			klog.FromContext(ctx).Error(s.err, "A change of a route could not be taken back", "routes", s.routes)
		}
	}
}

// forgetBroken: what has just been made has its pair.
func (r *Routes) forgetBroken(made []neutron.Route) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, route := range made {
		delete(r.memory.broken, route)
	}
}
