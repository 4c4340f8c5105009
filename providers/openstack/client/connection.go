// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package client makes the OpenStack clients of the provider: gophercloud over the shared transport, with
// retries in one layer, tokens and credentials that are renewed, metrics of each request, what the services
// can do, and errors that say what to do.
package client

import (
	"context"
	"os"
	"sync/atomic"
	"time"

	"k8s.io/utils/clock"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/openstack/config"
)

// ProviderName is the value of --cloud-provider, the scheme of provider IDs, and the value of the provider
// label in metrics.
const ProviderName = "openstack"

// Connection is one user's way to one OpenStack.
type Connection struct {
	setup   provider.Setup
	config  *config.Config
	clock   clock.Clock
	limits  *limits
	regions []*Region

	current atomic.Pointer[session]
	// hurry: the token could not be renewed, so that the files may have something better.
	hurry atomic.Bool
	// turn is held by whoever authenticates or looks at the files; it guards what follows.
	turn   turn
	source source
}

// Option changes how a Connection works.
type Option func(*Connection)

// WithClock replaces the machine's clock, for tests: nothing waits longer than it says.
func WithClock(c clock.Clock) Option { return func(conn *Connection) { conn.clock = c } }

// Prepare checks the configuration and reads the files that it names, and no network.
func Prepare(_ context.Context, setup provider.Setup, cfg *config.Config, options ...Option) (*Connection, error) {
	registerMetrics()
	c := &Connection{setup: setup, config: cfg, clock: clock.RealClock{}, limits: newLimits(), turn: newTurn()}
	for _, o := range options {
		o(c)
	}
	first, err := identify(cfg.Auth, os.ReadFile)
	if err != nil {
		return nil, err
	}
	if _, err := first.tls(); err != nil {
		return nil, err
	}
	c.source = source{identity: first, config: cfg, next: c.clock.Now().Add(lookEvery)}
	for _, name := range cfg.Regions {
		c.regions = append(c.regions, &Region{Name: name, connection: c})
	}
	return c, nil
}

// Default is the region of the configuration.
func (c *Connection) Default() *Region { return c.regions[0] }

// Regions are all regions that are served, the default one first.
func (c *Connection) Regions() []*Region { return c.regions }

// Probe authenticates. An error that no repetition mends is a *provider.ConfigError.
func (c *Connection) Probe(ctx context.Context) error {
	_, err := c.session(ctx)
	return AtStart(err)
}

// session returns the session in use. The first one is made by whoever asks first; later ones take its place
// when the files have changed.
func (c *Connection) session(ctx context.Context) (*session, error) {
	if s := c.current.Load(); s != nil {
		if c.turn.try() {
			c.refresh(ctx)
			c.turn.end()
		}
		return c.current.Load(), nil
	}
	if err := c.turn.begin(ctx); err != nil {
		return nil, err
	}
	defer c.turn.end()
	if s := c.current.Load(); s != nil {
		return s, nil
	}
	if wanted, changed := c.look(ctx); changed {
		c.source.identity = wanted
	}
	s, err := c.connect(ctx, c.source.identity)
	if err != nil {
		return nil, err
	}
	c.current.Store(s)
	return s, nil
}

// turn lets one in at a time, for as long as their contexts allow.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

func (t turn) begin(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t turn) try() bool {
	select {
	case t <- struct{}{}:
		return true
	default:
		return false
	}
}

func (t turn) end() { <-t }

// known is a value that is found out when it is first asked for, by one at a time. Failures are not kept.
type known[T any] struct {
	turn  turn
	value atomic.Pointer[T]
}

func (k *known[T]) get(ctx context.Context, find func(context.Context) (T, error)) (T, error) {
	if v := k.value.Load(); v != nil {
		return *v, nil
	}
	var none T
	if err := k.turn.begin(ctx); err != nil {
		return none, err
	}
	defer k.turn.end()
	if v := k.value.Load(); v != nil {
		return *v, nil
	}
	v, err := find(ctx)
	if err != nil {
		return none, err
	}
	k.value.Store(&v)
	return v, nil
}

// pause waits; false if the context ends first, or would.
func pause(ctx context.Context, clk clock.Clock, d time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d {
		return false
	}
	t := clk.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C():
		return true
	case <-ctx.Done():
		return false
	}
}
