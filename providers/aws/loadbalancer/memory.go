// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"maps"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

// memory has what this process knows of the load balancers that it has seen in their wanted state, so that
// a change of Nodes costs no reads of what Nodes have nothing to do with.
type memory struct {
	mu    sync.Mutex
	known map[types.UID]Actual
}

func (m *memory) get(uid types.UID) (Actual, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.known[uid]
	if !ok {
		return Actual{}, false
	}
	return a.clone(), true
}

func (m *memory) put(uid types.UID, a Actual) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		m.known = map[types.UID]Actual{}
	}
	a.Surroundings = Surroundings{} // read anew each time
	a.LeftOut = nil
	m.known[uid] = a
}

func (m *memory) drop(uid types.UID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.known, uid)
}

// clone copies what an observation or an execution may change.
func (a Actual) clone() Actual {
	if a.Classic != nil {
		c := *a.Classic
		c.Instances, c.Listeners = slices.Clone(c.Instances), slices.Clone(c.Listeners)
		c.Tags, c.Backends = maps.Clone(c.Tags), maps.Clone(c.Backends)
		a.Classic = &c
	}
	if a.Network != nil {
		n := *a.Network
		n.Listeners, n.TargetGroups = slices.Clone(n.Listeners), slices.Clone(n.TargetGroups)
		n.Tags, n.Attributes = maps.Clone(n.Tags), maps.Clone(n.Attributes)
		a.Network = &n
	}
	a.Loose = slices.Clone(a.Loose)
	return a
}
