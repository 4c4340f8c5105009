// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package sim has what simulated clouds have in common: a clock that can be moved, and faults that are
// to happen.
package sim

import (
	"sync"
	"time"
)

// Clock is the time of a simulated cloud. It runs like the machine's, but can be moved and stopped.
type Clock struct {
	mu      sync.Mutex
	offset  time.Duration
	stopped time.Time // zero: it runs
	lag     time.Duration
}

// NewClock returns a running clock; a zero start is now.
func NewClock(start time.Time) *Clock {
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

// ClockChange is the request of POST /_control/clock; what is not given stays. The answer has the time.
type ClockChange struct {
	Set     *time.Time `json:"set,omitempty"`
	Advance Duration   `json:"advance,omitempty"`
	// Stopped stops the clock, or lets it run on.
	Stopped *bool `json:"stopped,omitempty"`
}

// Change does what the request says.
func (c *Clock) Change(change ClockChange) {
	if change.Stopped != nil && *change.Stopped {
		c.Stop()
	}
	if change.Set != nil {
		c.Set(*change.Set)
	}
	c.Advance(time.Duration(change.Advance))
	if change.Stopped != nil && !*change.Stopped {
		c.Run()
	}
}
