// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package nodeipam

import (
	"errors"
	"fmt"
	"net/netip"

	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/common/cidrs"
)

// allocator knows which Node has which blocks. It does no I/O, and is owned by one goroutine.
type allocator struct {
	pools []*cidrs.Pool
	// nodes is what each Node has or is about to get, by name.
	nodes map[string]allocation
}

type allocation struct {
	uid   string
	cidrs []netip.Prefix
}

// errExhausted means that a pool has no block left.
var errExhausted = errors.New("no block is left")

func newAllocator(pools []*cidrs.Pool) *allocator {
	return &allocator{pools: pools, nodes: map[string]allocation{}}
}

// learn records the CIDRs that a Node has. It reports whether any of them was news, and what is wrong
// with them: outside the cluster CIDRs, or also another Node's.
func (a *allocator) learn(node *v1.Node) (news bool, problems []error) {
	owner := node.Name
	if old, ok := a.nodes[owner]; ok && old.uid != string(node.UID) {
		a.forget(owner) // re-created: what the old Node had is free
	}
	known := a.nodes[owner]
	have := allocation{uid: string(node.UID)}
	for _, text := range node.Spec.PodCIDRs {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			continue // the API server lets no such CIDR in
		}
		prefix = prefix.Masked()
		have.cidrs = append(have.cidrs, prefix)
		pool := a.poolOf(prefix)
		if pool == nil && len(a.pools) == 0 {
			continue // the cloud chooses
		}
		if pool == nil {
			problems = append(problems, fmt.Errorf("the node's CIDR %s is outside the cluster CIDRs %s", prefix, a.ranges()))
			continue
		}
		if pool.Owns(prefix, owner) {
			continue
		}
		news = true
		var taken *cidrs.TakenError
		if err := pool.Occupy(prefix, owner); errors.As(err, &taken) {
			problems = append(problems, fmt.Errorf("the node's CIDR %s is also that of %s", prefix, taken.Owner))
		}
	}
	for _, c := range known.cidrs { // given, but the Node has others
		if pool := a.poolOf(c); pool != nil && !contains(have.cidrs, c) && len(have.cidrs) > 0 {
			pool.Release(c, owner)
		}
	}
	if len(have.cidrs) > 0 {
		a.nodes[owner] = have
	}
	return news, problems
}

// assign takes a block of each pool for a Node, or none if any pool is empty. A Node that was given
// blocks before keeps them: the write may have reached the API server though its answer was lost.
func (a *allocator) assign(node *v1.Node) ([]netip.Prefix, error) {
	if known, ok := a.nodes[node.Name]; ok {
		if known.uid == string(node.UID) {
			return known.cidrs, nil
		}
		a.forget(node.Name)
	}
	var taken []netip.Prefix
	for _, pool := range a.pools {
		block, ok := pool.Take(node.Name)
		if !ok {
			for i, b := range taken {
				a.pools[i].Release(b, node.Name)
			}
			return nil, fmt.Errorf("cluster CIDR %s, of which all %d blocks are in use: %w", pool.Prefix(), pool.Size(), errExhausted)
		}
		taken = append(taken, block)
	}
	a.nodes[node.Name] = allocation{uid: string(node.UID), cidrs: taken}
	return taken, nil
}

// forget frees what a Node has.
func (a *allocator) forget(name string) {
	for _, c := range a.nodes[name].cidrs {
		if pool := a.poolOf(c); pool != nil {
			pool.Release(c, name)
		}
	}
	delete(a.nodes, name)
}

func (a *allocator) poolOf(prefix netip.Prefix) *cidrs.Pool {
	for _, p := range a.pools {
		if p.Is(prefix) && p.Prefix().Bits() <= prefix.Bits() && p.Prefix().Contains(prefix.Addr()) {
			return p
		}
	}
	return nil
}

func (a *allocator) ranges() []netip.Prefix {
	var all []netip.Prefix
	for _, p := range a.pools {
		all = append(all, p.Prefix())
	}
	return all
}

func contains(all []netip.Prefix, p netip.Prefix) bool {
	for _, q := range all {
		if p == q {
			return true
		}
	}
	return false
}
