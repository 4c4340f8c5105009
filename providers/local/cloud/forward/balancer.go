// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/providers/local/cloud/health"
)

// balancer is one running load balancer.
type balancer struct {
	name   string
	ctx    context.Context // ends with the balancer
	cancel context.CancelFunc
	wg     sync.WaitGroup
	checks *health.Checks

	config  atomic.Pointer[config]
	chooser chooser

	mu       sync.Mutex // guards what follows
	closed   bool
	ports    map[portKey]port
	failures map[portKey]error
	sessions map[*session]struct{}
	drains   map[*time.Timer]struct{}
}

// port is an open port.
type port interface{ close() }

// session is one TCP connection or UDP flow through the balancer.
type session struct {
	port   portKey
	member memberKey
	close  func()
}

func newBalancer(ctx context.Context, name string, checks *health.Checks) *balancer {
	ctx, cancel := context.WithCancel(klog.NewContext(ctx, klog.FromContext(ctx).WithValues("loadBalancer", name)))
	return &balancer{
		name: name, ctx: ctx, cancel: cancel, checks: checks,
		ports:    map[portKey]port{},
		failures: map[portKey]error{},
		sessions: map[*session]struct{}{},
		drains:   map[*time.Timer]struct{}{},
	}
}

func (b *balancer) apply(lb api.LoadBalancer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	before := b.config.Load()
	b.chooser.mu.Lock() // the round robin's state moves from one config to the next
	next := newConfig(lb, before, b.checks)
	b.config.Store(next)
	b.chooser.mu.Unlock()
	before.release(b.checks)
	for key, p := range b.ports {
		if _, wanted := next.ports[key]; !wanted {
			p.close()
			delete(b.ports, key)
		}
	}
	b.drainLocked(next)
	b.openLocked()
}

// drainLocked lets the sessions that the config has no place for go on for the drain time.
func (b *balancer) drainLocked(cfg *config) {
	homeless := false
	for s := range b.sessions {
		homeless = homeless || !cfg.has(s)
	}
	if !homeless {
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(cfg.drain(), func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.drains, timer)
		current := b.config.Load() // what came back meanwhile stays
		for s := range b.sessions {
			if !current.has(s) {
				s.close()
			}
		}
	})
	b.drains[timer] = struct{}{}
}

func (c *config) has(s *session) bool {
	_, listens := c.ports[s.port]
	_, targets := c.byKey[s.member]
	return listens && targets
}

// openMissing opens the ports that are wanted and not open, and returns how many it could open.
func (b *balancer) openMissing() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return 0
	}
	return b.openLocked()
}

func (b *balancer) openLocked() int {
	opened := 0
	failed := map[portKey]error{}
	for key := range b.config.Load().ports {
		if _, open := b.ports[key]; open {
			continue
		}
		p, err := b.open(key)
		if err != nil {
			if old := b.failures[key]; old == nil || old.Error() != err.Error() {
				klog.FromContext(b.ctx).Error(err, "Cannot open a port; trying again", "every", rebind)
			}
			failed[key] = err
			continue
		}
		b.ports[key] = p
		opened++
	}
	b.failures = failed
	return opened
}

func (b *balancer) open(key portKey) (port, error) {
	if key.protocol == api.UDP {
		return openUDP(b, key)
	}
	return openTCP(b, key)
}

// begin registers a session, unless there is no place for it any more.
func (b *balancer) begin(s *session) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || !b.config.Load().has(s) {
		return false
	}
	b.sessions[s] = struct{}{}
	return true
}

func (b *balancer) end(s *session) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.sessions, s)
}

// close ends everything, without draining: the address may belong to somebody else at once.
func (b *balancer) close() {
	b.cancel()
	b.mu.Lock()
	b.closed = true
	for _, p := range b.ports {
		p.close()
	}
	for s := range b.sessions {
		s.close()
	}
	for t := range b.drains {
		t.Stop()
	}
	b.config.Load().release(b.checks)
	b.mu.Unlock()
	b.wg.Wait()
}

func (b *balancer) status() api.LoadBalancerStatus {
	b.mu.Lock()
	defer b.mu.Unlock()
	cfg := b.config.Load()
	var out api.LoadBalancerStatus
	if cfg == nil {
		return out
	}
	count := map[portKey]int{}
	for s := range b.sessions {
		count[s.port]++
	}
	for key := range cfg.ports {
		st := api.ListenerStatus{Address: key.address.String(), Protocol: key.protocol, Port: key.port, Connections: count[key]}
		if err := b.failures[key]; err != nil {
			st.Error = err.Error()
		}
		out.Listeners = append(out.Listeners, st)
	}
	slices.SortFunc(out.Listeners, func(a, b api.ListenerStatus) int {
		return cmp.Or(cmp.Compare(a.Address, b.Address), cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Port, b.Port))
	})
	for _, m := range cfg.members {
		st := api.MemberStatus{Name: m.key.name, Address: m.key.address, Health: "unchecked"}
		if m.check != nil {
			state, reason := m.check.State()
			st.Health, st.Reason = state.String(), reason
		}
		out.Members = append(out.Members, st)
	}
	return out
}

// clientOf returns the address of a peer in the form in which it is compared.
func clientOf(a netip.AddrPort) netip.Addr { return a.Addr().Unmap().WithZone("") }
