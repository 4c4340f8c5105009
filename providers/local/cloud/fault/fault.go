// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package fault disturbs requests on purpose, so that tests see what clouds do to their callers: answers
// that come late, not at all, or after the change was made.
package fault

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"sigs.k8s.io/cloud-providers/providers/local/api"
)

// Injector holds the faults and the requests that they keep waiting. It is safe for concurrent use.
type Injector struct {
	mu      sync.Mutex
	faults  []*armed
	holds   map[int64]*Hold
	lastID  int64
	changed chan struct{} // closed and replaced when a hold begins
}

type armed struct {
	api.Fault
	used   bool // Count has run down to nothing
	tokens float64
	filled time.Time
}

// Hold is a request that waits.
type Hold struct {
	api.Hold
	release chan struct{}
}

// Released is closed when the request may go on.
func (h *Hold) Released() <-chan struct{} { return h.release }

// NewInjector returns an injector without faults.
func NewInjector() *Injector {
	return &Injector{holds: map[int64]*Hold{}, changed: make(chan struct{})}
}

var actions = []api.FaultAction{
	api.FaultDelay, api.FaultStatus, api.FaultThrottle, api.FaultDropBefore, api.FaultDropAfter,
	api.FaultHoldBefore, api.FaultHoldAfter, api.FaultHideNew, api.FaultPartial,
}

// Set replaces all faults, and releases all requests that are held.
func (i *Injector) Set(faults []api.Fault) error {
	next := make([]*armed, 0, len(faults))
	for n, f := range faults {
		if err := check(f); err != nil {
			return fmt.Errorf("fault %d: %w", n, err)
		}
		next = append(next, &armed{Fault: f, tokens: max(1, f.PerSecond)})
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.faults = next
	for id, h := range i.holds {
		close(h.release)
		delete(i.holds, id)
	}
	return nil
}

func check(f api.Fault) error {
	if !slices.Contains(actions, f.Action) {
		return fmt.Errorf("action %q is none of %v", f.Action, actions)
	}
	known := func(op api.Operation) bool { return op.Name == f.Operation }
	if f.Operation != "" && !slices.ContainsFunc(api.Operations, known) {
		return fmt.Errorf("operation %q does not exist", f.Operation)
	}
	if f.Rate < 0 || f.Rate > 1 {
		return fmt.Errorf("rate %v is not between 0 and 1", f.Rate)
	}
	if f.Skip < 0 || f.Count < 0 || f.PerSecond < 0 || f.Latency < 0 || f.RetryAfter < 0 {
		return fmt.Errorf("skip, count, perSecond, latency and retryAfter cannot be negative")
	}
	if f.Status != 0 && (f.Status < 400 || f.Status > 599) {
		return fmt.Errorf("status %d is not between 400 and 599", f.Status)
	}
	return nil
}

// Faults returns the faults as they stand: Skip and Count run down. Faults that have run out are left out.
func (i *Injector) Faults() []api.Fault {
	i.mu.Lock()
	defer i.mu.Unlock()
	list := []api.Fault{}
	for _, f := range i.faults {
		if !f.used {
			list = append(list, f.Fault)
		}
	}
	return list
}

// Take returns the fault that acts on a request, and counts it.
func (i *Injector) Take(op api.Operation, userAgent string, now time.Time) (api.Fault, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, f := range i.faults {
		if f.matches(op, userAgent) && f.due(now) {
			return f.Fault, true
		}
	}
	return api.Fault{}, false
}

func (f *armed) matches(op api.Operation, userAgent string) bool {
	return !f.used &&
		(f.Operation == "" || f.Operation == op.Name) &&
		(!f.Mutating || op.Mutating) &&
		strings.Contains(userAgent, f.UserAgent)
}

func (f *armed) due(now time.Time) bool {
	if f.Skip > 0 {
		f.Skip--
		return false
	}
	if f.Rate > 0 && rand.Float64() >= f.Rate {
		return false
	}
	if f.Action == api.FaultThrottle && f.PerSecond > 0 && f.pass(now) {
		return false
	}
	if f.Count == 1 {
		f.used = true
	} else if f.Count > 1 {
		f.Count--
	}
	return true
}

// pass is a token bucket that holds one second's worth.
func (f *armed) pass(now time.Time) bool {
	if !f.filled.IsZero() {
		f.tokens = min(max(1, f.PerSecond), f.tokens+now.Sub(f.filled).Seconds()*f.PerSecond)
	}
	f.filled = now
	if f.tokens < 1 {
		return false
	}
	f.tokens--
	return true
}

// Hold makes a request one that waits.
func (i *Injector) Hold(h api.Hold) *Hold {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.lastID++
	h.ID = i.lastID
	held := &Hold{Hold: h, release: make(chan struct{})}
	i.holds[h.ID] = held
	close(i.changed)
	i.changed = make(chan struct{})
	return held
}

// Forget removes a hold whose request is gone.
func (i *Injector) Forget(h *Hold) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.holds, h.ID)
}

// Release lets a request go on, and reports whether it was held.
func (i *Injector) Release(id int64) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	h, ok := i.holds[id]
	if ok {
		close(h.release)
		delete(i.holds, id)
	}
	return ok
}

// Holds returns the requests that wait, oldest first, and a channel that is closed when one more does.
func (i *Injector) Holds() ([]api.Hold, <-chan struct{}) {
	i.mu.Lock()
	defer i.mu.Unlock()
	list := []api.Hold{}
	for _, h := range i.holds {
		list = append(list, h.Hold)
	}
	slices.SortFunc(list, func(a, b api.Hold) int { return cmp.Compare(a.ID, b.ID) })
	return list, i.changed
}
