// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/provider"
)

// call is one question in a flight, with all who wait for its answer.
type call struct {
	key    viewKey
	ref    provider.InstanceRef
	flight *flight
	asked  time.Time
	done   chan struct{}
	answer provider.InstanceAnswer
}

// flight is one look-up: forming until it is ready and a slot is free, then running. It is cancelled
// when nobody waits for it any more; the first caller's cancellation fails nobody else.
type flight struct {
	calls     []*call
	index     map[viewKey]*call
	ready     chan struct{}
	readyOnce sync.Once
	waiters   int
	ctx       context.Context
	cancel    context.CancelFunc
}

func (f *flight) setReady() { f.readyOnce.Do(func() { close(f.ready) }) }

// join adds a question to the flight that is forming, or waits with a running call that is young enough.
// The lock is held.
func (v *View) join(ctx context.Context, ref provider.InstanceRef, now time.Time, read Read) *call {
	key := v.key(ref)
	c := v.running[key]
	if c == nil || read.MaxAge == 0 || now.Sub(c.asked) > read.MaxAge || c.flight.ctx.Err() != nil {
		c = nil
		if v.forming != nil && v.forming.ctx.Err() == nil {
			c = v.forming.index[key]
		}
	}
	if c != nil {
		reads.WithLabelValues(read.Reader, "join").Inc()
		c.flight.waiters++
		return c
	}
	reads.WithLabelValues(read.Reader, "miss").Inc()
	if v.forming == nil || v.forming.ctx.Err() != nil {
		v.forming = v.startFlight(ctx)
	}
	f := v.forming
	c = &call{key: key, ref: ref, flight: f, done: make(chan struct{})}
	f.calls = append(f.calls, c)
	f.index[key] = c
	f.waiters++
	if read.Immediate {
		// The rest of this reader's questions still join: the lock is held until all are in.
		f.setReady()
	}
	if len(f.calls) >= v.limits.BatchSize {
		v.forming = nil
		f.setReady()
	}
	return c
}

// startFlight begins to form a flight. Its goroutine ends with the flight, which ends when it is
// answered, when nobody waits any more, or at its deadline.
func (v *View) startFlight(ctx context.Context) *flight {
	f := &flight{index: map[viewKey]*call{}, ready: make(chan struct{})}
	f.ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go v.fly(f)
	return f
}

func (v *View) fly(f *flight) {
	defer f.cancel()
	timer := v.clock.NewTimer(v.limits.Window)
	defer timer.Stop()
	select {
	case <-f.ready:
	case <-timer.C():
	case <-f.ctx.Done():
	}
	select { // while all slots are taken, the flight goes on forming: that is the back-pressure
	case v.slots <- struct{}{}:
		defer func() { <-v.slots }()
	case <-f.ctx.Done():
	}
	v.mu.Lock()
	if v.forming == f {
		v.forming = nil
	}
	asked := v.clock.Now()
	refs := make([]provider.InstanceRef, len(f.calls))
	for i, c := range f.calls {
		refs[i] = c.ref
		c.asked = asked
		v.running[c.key] = c
	}
	v.mu.Unlock()

	ctx, cancel := context.WithTimeout(f.ctx, callDeadline)
	defer cancel()
	answers := v.ask(ctx, refs)

	v.mu.Lock()
	defer v.mu.Unlock()
	for i, c := range f.calls {
		c.answer = answers[i]
		v.store(c.key, answers[i], asked)
		if v.running[c.key] == c {
			delete(v.running, c.key)
		}
		close(c.done)
	}
}

func (v *View) wait(ctx context.Context, c *call) provider.InstanceAnswer {
	var answer provider.InstanceAnswer
	select {
	case <-c.done:
		answer = c.answer
	case <-ctx.Done():
		answer = provider.InstanceAnswer{Err: context.Cause(ctx)}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if c.flight.waiters--; c.flight.waiters == 0 {
		if v.forming == c.flight {
			v.forming = nil
		}
		c.flight.cancel()
	}
	return answer
}

// ask makes the call, and again without the items that the cloud refused. Only such refusals are split:
// splitting after throttling or an outage would multiply the load when the cloud is weakest.
func (v *View) ask(ctx context.Context, refs []provider.InstanceRef) []provider.InstanceAnswer {
	if err := ctx.Err(); err != nil {
		return unknown(len(refs), context.Cause(ctx))
	}
	batchSize.Observe(float64(len(refs)))
	answers, err := v.source.LookupInstances(ctx, refs)
	if err == nil && len(answers) != len(refs) {
		err = fmt.Errorf("the provider gave %d answers to %d questions", len(answers), len(refs))
	}
	v.breaker.saw(err)
	var bad *provider.BadItemsError
	switch {
	case err == nil:
		for _, a := range answers {
			lookups.WithLabelValues(a.State.String()).Inc()
		}
		return answers
	case !errors.As(err, &bad):
		lookups.WithLabelValues("error").Inc()
		klog.FromContext(ctx).V(2).Info("Look-up of instances failed", "instances", len(refs), "err", err)
		return unknown(len(refs), err)
	case len(refs) == 1:
		lookups.WithLabelValues("bad_item").Inc()
		return []provider.InstanceAnswer{{Err: bad}}
	case len(bad.Refs) > 0:
		return v.askWithout(ctx, refs, bad)
	}
	half := len(refs) / 2
	return append(v.ask(ctx, refs[:half]), v.ask(ctx, refs[half:])...)
}

func (v *View) askWithout(ctx context.Context, refs []provider.InstanceRef, bad *provider.BadItemsError) []provider.InstanceAnswer {
	named := map[provider.InstanceKey]bool{}
	for _, r := range bad.Refs {
		named[r.Key()] = true
	}
	var good []provider.InstanceRef
	for _, r := range refs {
		if !named[r.Key()] {
			good = append(good, r)
		}
	}
	if len(good) == len(refs) { // it named none of ours: nothing to leave out
		return unknown(len(refs), bad)
	}
	var answers []provider.InstanceAnswer
	if len(good) > 0 {
		answers = v.ask(ctx, good)
	}
	all := make([]provider.InstanceAnswer, len(refs))
	for i, r := range refs {
		if named[r.Key()] {
			all[i] = provider.InstanceAnswer{Err: bad}
			continue
		}
		all[i], answers = answers[0], answers[1:]
	}
	return all
}

func unknown(n int, err error) []provider.InstanceAnswer {
	answers := make([]provider.InstanceAnswer, n)
	for i := range answers {
		answers[i].Err = err
	}
	return answers
}

// store keeps an answer. The lock is held.
func (v *View) store(key viewKey, answer provider.InstanceAnswer, asked time.Time) {
	if answer.State == provider.InstanceUnknown {
		var bad *provider.BadItemsError
		if errors.As(answer.Err, &bad) {
			v.entries[key] = entry{answer: answer, asked: asked, badUntil: asked.Add(badItemMemory)}
		}
		return // a failure does not replace what is known
	}
	if old, ok := v.entries[key]; ok && old.asked.After(asked) {
		return
	}
	v.entries[key] = entry{answer: answer, asked: asked}
	cached.Set(float64(len(v.entries)))
}

// prune drops answers that nobody has renewed. The lock is held.
func (v *View) prune(now time.Time) {
	for k, e := range v.entries {
		if now.Sub(e.asked) > keepEntries {
			delete(v.entries, k)
		}
	}
}
