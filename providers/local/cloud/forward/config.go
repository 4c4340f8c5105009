// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"net/netip"
	"time"

	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/providers/local/cloud/health"
)

// config is what a balancer shall be, in the form in which connections need it. It is never changed;
// each apply makes another.
type config struct {
	settings api.Settings
	sources  []netip.Prefix
	members  []*member
	byKey    map[memberKey]*member
	ports    map[portKey]int // member port by port
}

type memberKey struct{ name, address string }

type portKey struct {
	address  netip.Addr
	protocol api.Protocol
	port     int
}

// member is a target. It lives on unchanged as long as its key, its weight and its check do.
type member struct {
	key     memberKey
	address netip.Addr
	weight  int
	check   *health.Check
	// credit is the state of the weighted round robin, guarded by the balancer's chooser.
	credit int
}

// newConfig reads a validated load balancer. Members of before keep their place in the round robin.
func newConfig(lb api.LoadBalancer, before *config, checks *health.Checks) *config {
	c := &config{settings: lb.Spec.Settings, byKey: map[memberKey]*member{}, ports: map[portKey]int{}}
	for _, s := range lb.Spec.Settings.SourceRanges {
		if prefix, err := netip.ParsePrefix(s); err == nil {
			c.sources = append(c.sources, prefix.Masked())
		}
	}
	for _, m := range lb.Spec.Members {
		address, err := netip.ParseAddr(m.Address)
		if err != nil {
			continue
		}
		next := &member{key: memberKey{m.Name, m.Address}, address: address.Unmap(), weight: m.Weight}
		if hc := lb.Spec.Settings.HealthCheck; hc != nil {
			next.check = checks.Acquire(m.Address, *hc)
		}
		if old, ok := before.member(next.key); ok {
			next.credit = old.credit
		}
		c.members = append(c.members, next)
		c.byKey[next.key] = next
	}
	for _, a := range lb.Addresses {
		address, err := netip.ParseAddr(a)
		if err != nil {
			continue
		}
		for _, l := range lb.Spec.Listeners {
			c.ports[portKey{address.Unmap(), l.Protocol, l.Port}] = l.MemberPort
		}
	}
	return c
}

func (c *config) member(key memberKey) (*member, bool) {
	if c == nil {
		return nil, false
	}
	m, ok := c.byKey[key]
	return m, ok
}

// release gives the checks of a config up that is no longer in force.
func (c *config) release(checks *health.Checks) {
	if c == nil {
		return
	}
	for _, m := range c.members {
		checks.Release(m.check)
	}
}

// allows reports whether clients at an address may connect.
func (c *config) allows(client netip.Addr) bool {
	if len(c.sources) == 0 {
		return true
	}
	for _, prefix := range c.sources {
		if prefix.Contains(client) {
			return true
		}
	}
	return false
}

func (c *config) idle() time.Duration    { return c.settings.IdleTimeout.Or(10 * time.Minute) }
func (c *config) udpIdle() time.Duration { return c.settings.UDPIdleTimeout.Or(time.Minute) }
func (c *config) drain() time.Duration   { return c.settings.DrainTimeout.Or(30 * time.Second) }
