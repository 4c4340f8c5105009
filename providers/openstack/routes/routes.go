// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package routes keeps the routes to Nodes' pods in a Neutron router, and lets the Nodes' ports send what
// comes from pods.
package routes

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/utils/clock"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/openstack/client"
	"sigs.k8s.io/cloud-providers/providers/openstack/neutron"
)

// batchSize is how many routes go into one change of the router. More than one change at a time would only
// wait for each other.
const batchSize = 500

// Routes are the cluster's routes in its router. They are safe for concurrent use.
type Routes struct {
	region *client.Region
	router string
	// atomic is true where single routes can be added to and removed from a router, and pairs where ports
	// have allowed address pairs.
	atomic, pairs bool
	clock         clock.PassiveClock

	// change is held while the router is being changed.
	change sync.Mutex

	mu     sync.Mutex
	nodes  corelisters.NodeLister
	place  *place
	memory memory
}

var _ provider.Routes = (*Routes)(nil)

// New returns the routes in a router of a region.
func New(region *client.Region, router string, extensions client.Extensions, clk clock.PassiveClock) *Routes {
	return &Routes{
		region: region, router: router, atomic: extensions["extraroute-atomic"], pairs: extensions["allowed-address-pairs"], clock: clk,
		memory: newMemory(),
	}
}

// SetNodes tells where Nodes can be seen, whose addresses are the next hops.
func (r *Routes) SetNodes(lister corelisters.NodeLister) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.nodes = lister
}

// RouteLimits implements provider.Routes.
func (r *Routes) RouteLimits() provider.RouteLimits {
	return provider.RouteLimits{BatchSize: batchSize, Concurrency: 1}
}

// ListRoutes returns the router's routes. One whose next hop no Node has leads nowhere as far as the cluster
// knows: it is reported as a blackhole with the next hop for a name, and as foreign unless nobody else can
// be using it. A route to a Node whose port does not let pods send is left out, so that it is made anew.
func (r *Routes) ListRoutes(ctx context.Context, _ string) ([]provider.Route, error) {
	nodes, err := r.knownNodes()
	if err != nil {
		return nil, fmt.Errorf("list routes: %w", err)
	}
	net, err := r.region.Network(ctx)
	if err != nil {
		return nil, err
	}
	router, err := neutron.GetRouter(ctx, net, r.router)
	if client.NotFound(err) {
		return nil, &provider.UserError{Problems: []string{fmt.Sprintf("router %s of the cloud-config's router-id does not exist, or is another project's", r.router)}, Cause: err}
	}
	if err != nil {
		return nil, err
	}
	hops := hopsOf(nodes)
	lost, err := r.judgeStrangers(ctx, net, router.Routes, hops)
	if err != nil {
		return nil, err
	}
	broken := r.withoutPair(ctx, net, router.Routes, hops)
	return list(router.Routes, hops, lost, broken), nil
}

// knownNodes are the Nodes.
func (r *Routes) knownNodes() ([]*v1.Node, error) {
	r.mu.Lock()
	lister := r.nodes
	r.mu.Unlock()
	if lister == nil {
		return nil, errors.New("the Nodes are not known yet")
	}
	return lister.List(labels.Everything())
}

// hop is an address that routes lead to.
type hop = netip.Addr

// hopsOf returns Node names by their addresses.
func hopsOf(nodes []*v1.Node) map[hop]string {
	hops := map[hop]string{}
	for _, n := range nodes {
		for _, a := range n.Status.Addresses {
			if ip, err := netip.ParseAddr(a.Address); err == nil && a.Type != v1.NodeHostName {
				hops[ip] = n.Name
			}
		}
	}
	return hops
}
