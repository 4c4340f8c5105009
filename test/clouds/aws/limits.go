// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"strings"
	"sync"
	"time"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
	"sigs.k8s.io/cloud-providers/test/clouds/sim"
)

// RateLimit is a token bucket, filled by the Server's clock, for all calls that fit it together.
type RateLimit struct {
	// Service and Operation are patterns as in Fault.
	Service   string `json:"service,omitempty"`
	Operation string `json:"operation,omitempty"`
	// Class is Mutating, Reading or Unbounded; empty means all.
	Class Class `json:"class,omitempty"`
	// PerSecond is how fast the bucket fills, up to Burst, at which it starts.
	PerSecond float64 `json:"perSecond"`
	Burst     float64 `json:"burst"`
}

// Class of calls.
type Class string

// The classes that EC2 has limits for.
const (
	Mutating Class = "mutating"
	Reading  Class = "reading"
	// Unbounded are reads without IDs, filters and pages.
	Unbounded Class = "unbounded"
)

// EC2RateLimits returns what EC2 documents for most calls, by account and region.
// https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
func EC2RateLimits() []RateLimit {
	return []RateLimit{
		{Service: "ec2", Class: Unbounded, PerSecond: 10, Burst: 50},
		{Service: "ec2", Class: Reading, PerSecond: 20, Burst: 100},
		{Service: "ec2", Class: Mutating, PerSecond: 5, Burst: 50},
	}
}

// mutating says whether an action changes something.
func mutating(action string) bool {
	for _, prefix := range []string{"Describe", "Get", "List", "AssumeRole"} {
		if strings.HasPrefix(action, prefix) {
			return false
		}
	}
	return true
}

func (c Class) fits(r *wire.Request) bool {
	switch c {
	case Mutating:
		return mutating(r.Action)
	case Reading:
		return !mutating(r.Action)
	case Unbounded:
		return !mutating(r.Action) && !bounded(r)
	}
	return true
}

// bounded says whether a read says what it wants or how much.
func bounded(r *wire.Request) bool {
	for key := range r.Form {
		if key == "MaxResults" || strings.Contains(key, ".") {
			return true
		}
	}
	return false
}

type limiter struct {
	clock   *Clock
	mu      sync.Mutex
	buckets []*bucket
}

type bucket struct {
	RateLimit
	tokens float64
	at     time.Time
}

func (l *limiter) set(limits []RateLimit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buckets = nil
	for _, limit := range limits {
		l.buckets = append(l.buckets, &bucket{RateLimit: limit, tokens: limit.Burst, at: l.clock.Now()})
	}
}

// take fails if the bucket of a call is empty.
func (l *limiter) take(r *wire.Request) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range l.buckets {
		if !sim.Fits(b.Service, r.Protocol.Name) || !sim.Fits(b.Operation, r.Action) || !b.Class.fits(r) {
			continue
		}
		now := l.clock.Now()
		b.tokens = min(b.Burst, b.tokens+max(now.Sub(b.at).Seconds(), 0)*b.PerSecond)
		b.at = now
		if b.tokens >= 1 {
			b.tokens--
			return nil
		}
		if r.Protocol.EC2 {
			return wire.Errorf("RequestLimitExceeded", "Request limit exceeded.")
		}
		return wire.Errorf("Throttling", "Rate exceeded")
	}
	return nil
}
