// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package instances is the one view of the cloud's instances that all controllers share. Look-ups that
// arrive close together become one call, answers serve all who can live with their age, one bad item is
// isolated, and "not found", "unknown" and "foreign" stay three different answers.
package instances

import (
	"context"
	"errors"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"sigs.k8s.io/cloud-providers/common/provider"
)

const (
	defaultWindow = 50 * time.Millisecond
	// callDeadline bounds one look-up whoever waits for it.
	callDeadline = time.Minute
	// badItemMemory is how long an item that the cloud refused is not asked for again.
	badItemMemory = time.Minute
	// keepEntries is how long an answer is kept without being asked for.
	keepEntries = 30 * time.Minute
)

// Read says who reads, and how old an answer may be.
type Read struct {
	// Reader is the value of the reader label in metrics.
	Reader string
	// MaxAge is how long ago the question may have been asked; 0 asks the cloud.
	MaxAge time.Duration
	// Immediate does not wait for company: the reader has collected a batch itself.
	Immediate bool
}

// View answers questions about instances. It is safe for concurrent use.
type View struct {
	source    provider.Instances
	lister    provider.InstanceLister
	perObject bool
	limits    provider.InstanceLimits
	clock     clock.Clock
	slots     chan struct{} // one token per call in flight

	mu      sync.Mutex
	entries map[viewKey]entry
	forming *flight
	running map[viewKey]*call
	breaker breaker
	listed  int // size of the last list
}

type viewKey struct {
	provider.InstanceKey
	want provider.Facts // only for providers that answer facts apart
}

type entry struct {
	answer provider.InstanceAnswer
	asked  time.Time
	// badUntil is set for an item that the cloud refused: until then the refusal is the answer.
	badUntil time.Time
}

// NewView returns a view of a cloud's instances.
func NewView(cloud *provider.Cloud, clk clock.Clock) *View {
	registerMetrics()
	v := &View{
		source: cloud.Instances, lister: cloud.Lister, perObject: cloud.InstancesPerObject, clock: clk,
		entries: map[viewKey]entry{}, running: map[viewKey]*call{}, breaker: breaker{clock: clk},
	}
	if v.source != nil {
		v.limits = v.source.InstanceLimits()
	}
	v.limits.BatchSize = max(v.limits.BatchSize, 1)
	v.limits.Concurrency = max(v.limits.Concurrency, 1)
	if v.limits.Window == 0 {
		v.limits.Window = defaultWindow
	}
	v.slots = make(chan struct{}, v.limits.Concurrency)
	return v
}

// Limits returns how the cloud likes to be asked, with defaults filled in.
func (v *View) Limits() provider.InstanceLimits { return v.limits }

// PerObject reports whether the provider answers one Node at a time.
func (v *View) PerObject() bool { return v.perObject }

// Lookup answers refs in their order. It returns when all are answered or ctx ends; what is not answered
// by then is unknown.
func (v *View) Lookup(ctx context.Context, refs []provider.InstanceRef, read Read) []provider.InstanceAnswer {
	answers := make([]provider.InstanceAnswer, len(refs))
	if v.source == nil {
		for i := range answers {
			answers[i].Err = errors.New("the provider has no instances, or they are switched off")
		}
		return answers
	}
	if v.perObject {
		for i, ref := range refs {
			answers[i] = v.lookupOne(ctx, ref, read)
		}
		return answers
	}
	waits := make([]*call, len(refs))
	v.mu.Lock()
	now := v.clock.Now()
	for i, ref := range refs {
		if answer, ok := v.cached(v.key(ref), now, read); ok {
			answers[i] = answer
			continue
		}
		waits[i] = v.join(ctx, ref, now, read)
	}
	v.mu.Unlock()
	for i, c := range waits {
		if c != nil {
			answers[i] = v.wait(ctx, c)
		}
	}
	return answers
}

func (v *View) key(ref provider.InstanceRef) viewKey {
	k := viewKey{InstanceKey: ref.Key()}
	if v.perObject {
		k.want = ref.Want
	}
	return k
}

// lookupOne asks a plain provider in the caller's goroutine, whose number is the reader's own business.
func (v *View) lookupOne(ctx context.Context, ref provider.InstanceRef, read Read) provider.InstanceAnswer {
	key := v.key(ref)
	v.mu.Lock()
	answer, ok := v.cached(key, v.clock.Now(), read)
	v.mu.Unlock()
	if ok {
		return answer
	}
	reads.WithLabelValues(read.Reader, "miss").Inc()
	asked := v.clock.Now()
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	answers := v.ask(ctx, []provider.InstanceRef{ref})
	v.mu.Lock()
	defer v.mu.Unlock()
	v.store(key, answers[0], asked)
	return answers[0]
}

// cached returns an answer that is young enough, or the refusal of a bad item. While the cloud throttles
// us, an answer may be twice as old.
func (v *View) cached(key viewKey, now time.Time, read Read) (provider.InstanceAnswer, bool) {
	e, ok := v.entries[key]
	if ok && now.Before(e.badUntil) {
		reads.WithLabelValues(read.Reader, "bad").Inc()
		return e.answer, true
	}
	open := v.breaker.err()
	maxAge := read.MaxAge
	if open != nil {
		maxAge *= 2
	}
	if ok && maxAge > 0 && now.Sub(e.asked) <= maxAge && e.answer.State != provider.InstanceUnknown {
		reads.WithLabelValues(read.Reader, "hit").Inc()
		return e.answer, true
	}
	if open != nil {
		reads.WithLabelValues(read.Reader, "throttled").Inc()
		return provider.InstanceAnswer{Err: open}, true
	}
	return provider.InstanceAnswer{}, false
}
