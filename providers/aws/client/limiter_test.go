// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"context"

	"sigs.k8s.io/cloud-providers/common/provider"
)

// send makes n calls one after the other and returns how long they take.
func send(b *bucket, now time.Time, n int) time.Time {
	for range n {
		at, _ := b.admit(now, time.Time{})
		if at.After(now) {
			now = at
		}
	}
	return now
}

func TestTheRateFollowsThrottles(t *testing.T) {
	start := time.Unix(1000, 0)
	b := &bucket{}
	if now := send(b, start, 100); now != start {
		t.Errorf("100 calls take %s before any throttle", now.Sub(start))
	}
	b.throttled(start) // 100 calls within 5 s were 20 a second
	if got := b.limit(start); math.Abs(got-10) > 0.1 {
		t.Errorf("after a throttle %.1f a second, want half of 20", got)
	}
	b.throttled(start.Add(time.Second / 2))
	if got := b.limit(start.Add(time.Second / 2)); got < 10 {
		t.Errorf("throttles of one burst count once, but the limit is %.1f", got)
	}
	if now := send(b, start, 11); now.Sub(start) < 900*time.Millisecond {
		t.Errorf("11 calls at 10 a second take only %s", now.Sub(start))
	}
	if got := b.limit(start.Add(30 * time.Second)); math.Abs(got-20) > 0.2 {
		t.Errorf("after 30 s %.1f a second, want it doubled", got)
	}
	for _, second := range []int{2, 4, 6, 8, 10, 12, 14, 16, 18} {
		b.throttled(start.Add(time.Duration(second) * time.Second))
	}
	last := start.Add(18 * time.Second)
	if got := b.limit(last); got < minRate || got > 1 {
		t.Errorf("after ten throttles %.2f a second, want little but not nothing", got)
	}
	if got := b.limit(last.Add(recovery)); !math.IsInf(got, 1) {
		t.Errorf("after 5 minutes without a throttle still %.1f a second", got)
	}
	if at, _ := b.admit(last.Add(recovery), time.Time{}); at.After(last.Add(recovery)) {
		t.Error("a call has to wait after recovery")
	}
}

func TestACallThatWouldWaitPastItsDeadlineIsRefusedAtOnce(t *testing.T) {
	now := time.Unix(1000, 0)
	b := &bucket{}
	b.throttled(now)
	next := b.next
	if _, ok := b.admit(now, now.Add(time.Millisecond)); ok {
		t.Error("admitted")
	}
	if b.next != next {
		t.Error("the refused call has taken a place")
	}
}

func TestClassesAreApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registerMetrics()
		l := newLimits()
		l.throttled(class{"ec2", false})
		begin := time.Now()
		for _, c := range []class{{"ec2", true}, {"elb", false}} {
			if err := l.wait(t.Context(), c); err != nil || time.Since(begin) != 0 {
				t.Errorf("%v waits %s, %v", c, time.Since(begin), err)
			}
		}
		if err := l.wait(t.Context(), class{"ec2", false}); err != nil || time.Since(begin) == 0 {
			t.Errorf("reads of EC2 do not wait: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		var throttled *provider.ThrottledError
		if err := l.wait(ctx, class{"ec2", false}); !errors.As(err, &throttled) || throttled.RetryAfter == 0 {
			t.Errorf("with a short deadline: %v", err)
		}
	})
}
