// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package loadbalancer keeps the Octavia load balancers of Services, with their listeners, pools, members and
// monitors, their floating IPs, and the security groups of members. Build says what a Service asks for,
// Observe reads what is there, Diff makes a plan of the difference, Apply carries out what Octavia allows
// now, Report says what to publish and when to go on: Octavia locks a load balancer during each change of
// any part, and nobody waits for that.
package loadbalancer

import (
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/utils/clock"

	"sigs.k8s.io/cloud-providers/common/batch"
	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/openstack/client"
)

const (
	// observeBatch is how many Services one observation serves.
	observeBatch = 500
	// mutations is how many Services are changed at once. Octavia's workers take changes one after the other.
	mutations = 8
)

// LoadBalancers are the load balancers of a cluster. They are safe for concurrent use.
type LoadBalancers struct {
	region   *client.Region
	settings Settings
	clock    clock.PassiveClock
	memory   memory
	network  networkCache
	ports    portCache
	states   *batch.Batcher[string, *balancerAnswer]

	mu       sync.Mutex
	services corelisters.ServiceLister
}

var _ provider.LoadBalancers[Wanted, Actual] = (*LoadBalancers)(nil)

// New returns the load balancers of a cluster in a region.
func New(region *client.Region, s Settings, clk clock.PassiveClock) *LoadBalancers {
	l := &LoadBalancers{region: region, settings: s, clock: clk, network: networkCache{clock: clk}}
	l.states = batch.New(0, l.readStates)
	return l
}

// SetServices tells where all Services can be seen: whether one alone uses a load balancer.
func (l *LoadBalancers) SetServices(lister corelisters.ServiceLister) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.services = lister
}

// LoadBalancerLimits implements provider.LoadBalancers.
func (l *LoadBalancers) LoadBalancerLimits() provider.LoadBalancerLimits {
	return provider.LoadBalancerLimits{ObserveBatch: observeBatch, Mutations: mutations}
}

// Responsible implements provider.LoadBalancers.
func (l *LoadBalancers) Responsible(*v1.Service) bool { return true }

// LoadBalancerName implements provider.LoadBalancers.
func (l *LoadBalancers) LoadBalancerName(cluster string, service *v1.Service) string {
	return nameOf(cluster, service)
}

// Build implements provider.LoadBalancers.
func (l *LoadBalancers) Build(in provider.LoadBalancerInput) (Wanted, error) {
	return build(in, l.settings)
}

// Exists implements provider.LoadBalancers. What others use on the load balancer does not count.
func (l *LoadBalancers) Exists(a Actual) bool { return exists(a) }

// Diff implements provider.LoadBalancers.
func (l *LoadBalancers) Diff(wanted Wanted, actual Actual) ([]plan.Change, error) {
	return diff(wanted, actual)
}

// Remove implements provider.LoadBalancers.
func (l *LoadBalancers) Remove(actual Actual) []plan.Change { return removal(actual) }

// poll is how soon a load balancer is looked at again, by how long Octavia has been at work on it.
func poll(since time.Duration) time.Duration {
	const (
		soonest = 500 * time.Millisecond
		latest  = 5 * time.Second
	)
	return min(max(since/4, soonest), latest)
}
