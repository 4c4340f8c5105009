// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"sync"
	"time"
)

// Clock is the time of a Server. It runs like the machine's, but can be moved and stopped.
type Clock struct {
	mu      sync.Mutex
	offset  time.Duration
	stopped time.Time // zero: it runs
	lag     time.Duration
}

func newClock(start time.Time) *Clock {
	c := &Clock{}
	if !start.IsZero() {
		c.offset = time.Until(start)
	}
	return c
}

// Now is the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *Clock) now() time.Time {
	if !c.stopped.IsZero() {
		return c.stopped
	}
	return time.Now().Add(c.offset)
}

// Lag is how far reads are behind.
func (c *Clock) Lag() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lag
}

// SetLag changes how far reads are behind, for what changes from now on.
func (c *Clock) SetLag(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lag = d
}

// Advance moves the clock, stopped or not, forward.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped.IsZero() {
		c.offset += d
	} else {
		c.stopped = c.stopped.Add(d)
	}
}

// Stop stops the clock: from now on only Advance and Set move it.
func (c *Clock) Stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = c.now()
}

// Run lets a stopped clock run on.
func (c *Clock) Run() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stopped.IsZero() {
		c.offset = time.Until(c.stopped)
		c.stopped = time.Time{}
	}
}

// Set moves the clock to a time.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped.IsZero() {
		c.offset = time.Until(t)
	} else {
		c.stopped = t
	}
}
