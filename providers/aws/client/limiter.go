// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/aws/smithy-go"

	"sigs.k8s.io/cloud-providers/common/provider"
)

// EC2 throttles reads and changes in separate buckets, and each load balancer API for itself; so do we.
// Nothing is limited until AWS throttles. Then the rate is cut to half of what was sent, doubles every
// doubling, and is unlimited again after recovery without another throttle.
const (
	minRate   = 0.5 // per second
	doubling  = 30 * time.Second
	recovery  = 5 * time.Minute
	sameBurst = time.Second // throttles so close together are one event
	averaging = 5 * time.Second
)

// bucket is the rate of one class of calls. It is pure: times come in.
type bucket struct {
	rate float64   // per second, at the time of cut
	cut  time.Time // zero while unlimited
	next time.Time // when the next call may begin

	measured   float64 // calls per second, a moving average
	measuredAt time.Time
}

// limit is the allowed rate: +Inf when there is no limit.
func (b *bucket) limit(now time.Time) float64 {
	since := now.Sub(b.cut)
	if b.cut.IsZero() || since >= recovery {
		return math.Inf(1)
	}
	return b.rate * math.Exp2(float64(since)/float64(doubling))
}

// admit returns when a call may begin, and takes that place; false if that is after the deadline.
func (b *bucket) admit(now, deadline time.Time) (time.Time, bool) {
	at := now
	if limit := b.limit(now); !math.IsInf(limit, 1) {
		if b.next.After(at) {
			at = b.next
		}
		if !deadline.IsZero() && at.After(deadline) {
			return at, false
		}
		b.next = at.Add(time.Duration(float64(time.Second) / limit))
	}
	b.count(now)
	return at, true
}

func (b *bucket) count(now time.Time) {
	decay := math.Exp(-float64(now.Sub(b.measuredAt)) / float64(averaging))
	b.measured = b.measured*decay + 1/averaging.Seconds()
	b.measuredAt = now
}

// throttled lowers the limit.
func (b *bucket) throttled(now time.Time) {
	if !b.cut.IsZero() && now.Sub(b.cut) < sameBurst {
		return
	}
	b.rate = max(min(b.limit(now), b.measured)/2, minRate)
	b.cut = now
	if first := now.Add(time.Duration(float64(time.Second) / b.rate)); first.After(b.next) {
		b.next = first
	}
}

// class is what AWS throttles together.
type class struct {
	service string
	mutates bool
}

func (c class) kind() string {
	if c.mutates {
		return "mutations"
	}
	return "reads"
}

// limits are the buckets of all classes.
type limits struct {
	mu      sync.Mutex
	buckets map[class]*bucket
}

func newLimits() *limits { return &limits{buckets: map[class]*bucket{}} }

// of returns the bucket of a class. The lock is held.
func (l *limits) of(c class) *bucket {
	b := l.buckets[c]
	if b == nil {
		b = &bucket{}
		l.buckets[c] = b
	}
	return b
}

// wait returns when a call may begin. Its errors are not retried.
func (l *limits) wait(ctx context.Context, c class) error {
	now := time.Now()
	deadline, _ := ctx.Deadline()
	l.mu.Lock()
	at, ok := l.of(c).admit(now, deadline)
	l.mu.Unlock()
	rest := at.Sub(now)
	switch {
	case !ok:
		return &provider.ThrottledError{RetryAfter: rest, Err: fmt.Errorf("AWS throttled %s of %s, and the next may begin only in %s", c.kind(), c.service, rest.Round(time.Second))}
	case rest <= 0:
		return nil
	}
	waited.WithLabelValues(c.service, c.kind()).Add(rest.Seconds())
	timer := time.NewTimer(rest)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return &smithy.CanceledError{Err: ctx.Err()}
	}
}

func (l *limits) throttled(c class) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.of(c).throttled(now)
}
