// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"maps"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// remembered is what this process knows of a Service's load balancer.
type remembered struct {
	actual Actual
	// known: the parts of the load balancer are as they were at the state that Octavia calls updatedAt.
	known bool
	// busySince is when the change began that is not finished yet.
	busySince time.Time
	// failures is how many load balancers could not be made in a row, failedAt when the last.
	failures int
	failedAt time.Time
	// noGroup: there is no security group that was left from before.
	noGroup bool
	// rounds is how many passes have changed something since all was as wanted.
	rounds int
}

// memory is what this process knows, so that a pass reads only what may have changed. What an Actual points to is
// never changed once it is here: executions work on copies.
type memory struct {
	mu    sync.Mutex
	known map[types.UID]remembered
}

func (m *memory) get(uid types.UID) remembered {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.known[uid]
}

// edit changes what is known of one.
func (m *memory) edit(uid types.UID, f func(*remembered)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		m.known = map[types.UID]remembered{}
	}
	r := m.known[uid]
	f(&r)
	m.known[uid] = r
}

func (m *memory) drop(uid types.UID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.known, uid)
}

// clone copies what an execution may change.
func (a Actual) clone() Actual {
	if a.Balancer != nil {
		b := *a.Balancer
		b.Tags = slices.Clone(b.Tags)
		b.Listeners = slices.Clone(b.Listeners)
		for i := range b.Listeners {
			b.Listeners[i].Pool = b.Listeners[i].Pool.clone()
			b.Listeners[i].Headers = maps.Clone(b.Listeners[i].Headers)
		}
		b.Loose = slices.Clone(b.Loose)
		a.Balancer = &b
	}
	if a.Group != nil {
		g := *a.Group
		g.Rules = slices.Clone(g.Rules)
		a.Group = &g
	}
	a.NodePorts, a.Carriers = slices.Clone(a.NodePorts), slices.Clone(a.Carriers)
	return a
}

func (p *PoolActual) clone() *PoolActual {
	if p == nil {
		return nil
	}
	c := *p
	c.Members = slices.Clone(p.Members)
	if p.Monitor != nil {
		m := *p.Monitor
		c.Monitor = &m
	}
	return &c
}
