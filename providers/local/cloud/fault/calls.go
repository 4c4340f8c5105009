// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"sync"
	"time"

	"sigs.k8s.io/cloud-providers/providers/local/api"
)

// keep is how many calls the log holds: more than any test makes between two resets, and a few megabytes.
const keep = 10_000

// Calls is the log of calls. It is safe for concurrent use.
type Calls struct {
	start time.Time

	mu       sync.Mutex
	lastID   int64
	counts   map[string]int
	mutating int
	total    int
	calls    []*api.Call
}

// NewCalls returns an empty log.
func NewCalls() *Calls { return &Calls{start: time.Now(), counts: map[string]int{}} }

// Begin enters a call when it arrives. The returned function enters how it ended.
func (c *Calls) Begin(call api.Call) (id int64, end func(status int, code string, fault api.FaultAction)) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastID++
	call.ID, call.Began, call.SinceStart = c.lastID, now, api.Duration(now.Sub(c.start))
	c.counts[call.Operation]++
	c.total++
	if call.Mutating {
		c.mutating++
	}
	entry := &call
	if len(c.calls) == 2*keep { // seldom, because it copies
		c.calls = append([]*api.Call(nil), c.calls[keep:]...)
	}
	c.calls = append(c.calls, entry)
	return call.ID, func(status int, code string, fault api.FaultAction) {
		c.mu.Lock()
		defer c.mu.Unlock()
		entry.Status, entry.Code, entry.Fault, entry.Took = status, code, fault, api.Duration(time.Since(now))
	}
}

// Log returns a copy of the log.
func (c *Calls) Log() api.CallLog {
	c.mu.Lock()
	defer c.mu.Unlock()
	log := api.CallLog{Counts: map[string]int{}, Mutating: c.mutating, Total: c.total, Calls: []api.Call{}}
	for op, n := range c.counts {
		log.Counts[op] = n
	}
	for _, call := range c.calls[max(0, len(c.calls)-keep):] {
		log.Calls = append(log.Calls, *call)
	}
	return log
}

// Reset forgets all calls.
func (c *Calls) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts, c.mutating, c.total, c.calls = map[string]int{}, 0, 0, nil
}
