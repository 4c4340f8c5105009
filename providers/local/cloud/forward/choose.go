// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"hash/fnv"
	"math"
	"net/netip"
	"sync"
	"time"

	"sigs.k8s.io/cloud-providers/providers/local/cloud/health"
)

// maxClients bounds the memory of session affinity; above it, the clients that were silent for longest
// are not sought out, but all that have expired go.
const maxClients = 100_000

// chooser picks members. It is safe for concurrent use.
type chooser struct {
	mu      sync.Mutex
	clients map[netip.Addr]binding
}

type binding struct {
	member  memberKey
	expires time.Time
}

// choose returns the member for a new connection, or nil when there is none to be had. Members in tried
// have just failed and are left out.
func (c *chooser) choose(cfg *config, client netip.Addr, tried map[*member]bool, now time.Time) *member {
	candidates := eligible(cfg.members, tried)
	if len(candidates) == 0 {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	affinity := time.Duration(cfg.settings.Affinity)
	if affinity == 0 {
		c.clients = nil
		return roundRobin(candidates)
	}
	m := c.bound(candidates, client, now)
	if m == nil {
		m = rendezvous(candidates, client)
	}
	c.bind(client, m, now, affinity)
	return m
}

// eligible returns the members that may get new connections: the healthy ones, or as long as there are
// none, those not yet checked.
func eligible(members []*member, tried map[*member]bool) []*member {
	var healthy, unknown []*member
	for _, m := range members {
		if m.weight == 0 || tried[m] {
			continue
		}
		switch state, _ := m.check.State(); state {
		case health.Healthy:
			healthy = append(healthy, m)
		case health.Unknown:
			unknown = append(unknown, m)
		}
	}
	if len(healthy) > 0 {
		return healthy
	}
	return unknown
}

// roundRobin is the smooth weighted round robin: members get turns by weight, evenly interleaved.
func roundRobin(candidates []*member) *member {
	var best *member
	total := 0
	for _, m := range candidates {
		m.credit += m.weight
		total += m.weight
		if best == nil || m.credit > best.credit {
			best = m
		}
	}
	best.credit -= total
	return best
}

// rendezvous is weighted highest-random-weight hashing: without any memory a client gets the same member
// as long as it is there, also after a restart of the cloud.
func rendezvous(candidates []*member, client netip.Addr) *member {
	var best *member
	highest := math.Inf(-1)
	for _, m := range candidates {
		h := fnv.New64a()
		raw := client.As16()
		_, _ = h.Write(raw[:])
		_, _ = h.Write([]byte(m.key.name + "\x00" + m.key.address))
		uniform := (float64(mix(h.Sum64())>>11) + 0.5) / (1 << 53)
		if score := float64(m.weight) / -math.Log(uniform); score > highest {
			best, highest = m, score
		}
	}
	return best
}

// mix spreads the last bytes of an FNV hash over all bits (the finaliser of MurmurHash3).
func mix(h uint64) uint64 {
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

func (c *chooser) bound(candidates []*member, client netip.Addr, now time.Time) *member {
	b, ok := c.clients[client]
	if !ok || now.After(b.expires) {
		return nil
	}
	for _, m := range candidates {
		if m.key == b.member {
			return m
		}
	}
	return nil
}

func (c *chooser) bind(client netip.Addr, m *member, now time.Time, affinity time.Duration) {
	if c.clients == nil {
		c.clients = map[netip.Addr]binding{}
	}
	if len(c.clients) >= maxClients {
		for a, b := range c.clients {
			if now.After(b.expires) {
				delete(c.clients, a)
			}
		}
	}
	if _, known := c.clients[client]; known || len(c.clients) < maxClients {
		c.clients[client] = binding{m.key, now.Add(affinity)}
	}
}
