// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package service

import (
	"context"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"

	"sigs.k8s.io/cloud-providers/common/controllers/nodes"
)

const (
	// settle is how long the first change after quiet waits for company.
	settle = time.Second
	// burst is the number of changes within a window that makes the window long.
	burst = 20
)

// nodeNotifier turns events of Nodes into few passes over the Services: one per set of changes, not one
// per Node.
type nodeNotifier struct {
	clock  clock.WithTicker
	window time.Duration
	// full fingerprints count addresses and labels too: planned providers build targets from them, and
	// cost nothing when the targets come out the same.
	full bool

	mu      sync.Mutex
	prints  map[string]uint64
	changes int       // in this burst, which ends after a quiet window
	latest  time.Time // time of the latest change
	wake    chan struct{}
}

func newNodeNotifier(clk clock.WithTicker, window time.Duration, full bool) *nodeNotifier {
	return &nodeNotifier{clock: clk, window: window, full: full, prints: map[string]uint64{}, wake: make(chan struct{}, 1)}
}

// handler follows the Nodes. Those of the initial list change nothing: each Service's first pass has
// them all.
func (n *nodeNotifier) handler() cache.ResourceEventHandler {
	return cache.ResourceEventHandlerDetailedFuncs{
		AddFunc: func(obj any, initial bool) {
			node := obj.(*v1.Node)
			n.set(node.Name, n.fingerprint(node), initial)
		},
		UpdateFunc: func(_, obj any) {
			node := obj.(*v1.Node)
			n.set(node.Name, n.fingerprint(node), false)
		},
		DeleteFunc: func(obj any) {
			if gone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
				obj = gone.Obj
			}
			if node, ok := obj.(*v1.Node); ok {
				n.set(node.Name, 0, false)
			}
		},
	}
}

func (n *nodeNotifier) set(name string, print uint64, initial bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.prints[name] == print {
		return
	}
	if print == 0 {
		delete(n.prints, name)
	} else {
		n.prints[name] = print
	}
	if initial {
		return
	}
	now := n.clock.Now()
	if now.Sub(n.latest) > n.window {
		n.changes = 0
	}
	n.changes++
	n.latest = now
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// fingerprint is 0 for a Node that never counts. Readiness, the autoscaler's taint and deletion do not
// change it (KEP-3458): connections are given time to drain.
func (n *nodeNotifier) fingerprint(node *v1.Node) uint64 {
	if nodes.Excluded(node) {
		return 0
	}
	h := fnv.New64a()
	write := func(parts ...string) {
		for _, p := range parts {
			_, _ = h.Write([]byte(p))
			_, _ = h.Write([]byte{0})
		}
	}
	write(node.Name, node.Spec.ProviderID)
	if n.full {
		for _, a := range node.Status.Addresses {
			write(string(a.Type), a.Address)
		}
		for _, k := range slices.Sorted(maps.Keys(node.Labels)) {
			write(k, node.Labels[k])
		}
	}
	return h.Sum64() | 1
}

// run calls pass for each set of changes until accept is done.
func (n *nodeNotifier) run(accept context.Context, pass func()) {
	var last time.Time
	for {
		select {
		case <-n.wake:
		case <-accept.Done():
			return
		}
		first := n.clock.Now()
		for {
			wait := n.rest(n.clock.Now(), first, last)
			if wait <= 0 {
				break
			}
			timer := n.clock.NewTimer(wait)
			select {
			case <-timer.C():
			case <-accept.Done():
				timer.Stop()
				return
			}
		}
		select { // what came meanwhile is part of this pass
		case <-n.wake:
		default:
		}
		last = n.clock.Now()
		pass()
	}
}

// rest returns how much longer a pass waits: until a second after its first change, and in a burst until
// a window after the last pass.
func (n *nodeNotifier) rest(now, first, last time.Time) time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	wait := settle - now.Sub(first)
	if n.changes > burst {
		wait = max(wait, n.window-now.Sub(last))
	}
	return wait
}

// eligible returns the Nodes that take traffic, sorted by name.
func (c *controller) eligible() ([]*v1.Node, error) {
	all, err := c.nodes.List(everything)
	if err != nil {
		return nil, err
	}
	kept := make([]*v1.Node, 0, len(all))
	for _, n := range all {
		if nodes.TakesTraffic(n) {
			kept = append(kept, n)
		}
	}
	slices.SortFunc(kept, func(a, b *v1.Node) int { return strings.Compare(a.Name, b.Name) })
	return kept, nil
}
