// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package octavia

import (
	"fmt"
	"maps"
	"slices"
)

// State is everything, in the order of creation.
type State struct {
	LoadBalancers []LoadBalancer `json:"loadBalancers,omitempty"`
	Listeners     []Listener     `json:"listeners,omitempty"`
	Pools         []Pool         `json:"pools,omitempty"`
	Members       []Member       `json:"members,omitempty"`
	Monitors      []Monitor      `json:"healthMonitors,omitempty"`
	// Busy are the changes that go on, by load balancer; OwnPorts the ports that go with them.
	Busy     map[string]Change `json:"busy,omitempty"`
	OwnPorts []string          `json:"ownPorts,omitempty"`
	Quotas   map[string]Quotas `json:"quotas,omitempty"`
}

// State returns everything.
func (s *Service) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	return State{
		s.balancers.Copies(), s.listeners.Copies(), s.pools.Copies(), s.members.Copies(), s.monitors.Copies(),
		maps.Clone(s.busy), slices.Sorted(maps.Keys(s.owned)), maps.Clone(s.quotas),
	}
}

// Load replaces everything.
func (s *Service) Load(state State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.balancers.Load(state.LoadBalancers)
	s.listeners.Load(state.Listeners)
	s.pools.Load(state.Pools)
	s.members.Load(state.Members)
	s.monitors.Load(state.Monitors)
	for _, p := range s.pools.All() {
		for _, m := range s.membersOf(p) {
			m.PoolID = p.ID
		}
	}
	s.busy, s.owned = map[string]Change{}, map[string]bool{}
	maps.Copy(s.busy, state.Busy)
	for _, id := range state.OwnPorts {
		s.owned[id] = true
	}
	if _, ok := state.Quotas[""]; ok {
		s.quotas = maps.Clone(state.Quotas)
	}
}

// LoadBalancers returns all load balancers, as they are now.
func (s *Service) LoadBalancers() []LoadBalancer { return s.State().LoadBalancers }

// Settle ends all changes that go on, whatever the clock says.
func (s *Service) Settle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, change := range s.busy {
		change.Until = s.opts.Clock.Now()
		s.busy[id] = change
	}
	s.settle()
}

// SetStatus gives a load balancer a provisioning status that it keeps until somebody changes it.
func (s *Service) SetStatus(id, provisioning string) error {
	return s.ChangeLoadBalancer(id, func(lb *LoadBalancer) { lb.ProvisioningStatus = provisioning })
}

// ChangeLoadBalancer changes a load balancer without any check, and ends what goes on at it. Lists have to be
// replaced as a whole.
func (s *Service) ChangeLoadBalancer(id string, f func(*LoadBalancer)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	lb := s.balancers.Get(id)
	if lb == nil {
		return fmt.Errorf("there is no load balancer %s", id)
	}
	delete(s.busy, id)
	f(lb)
	return nil
}

// ChangeMembers changes each member of a pool without any check, such as its operating status.
func (s *Service) ChangeMembers(poolID string, f func(*Member)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.members.All() {
		if m.PoolID == poolID {
			f(m)
		}
	}
}
