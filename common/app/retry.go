// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"math/rand/v2"
	"time"

	"k8s.io/klog/v2"
)

// retry says how something that is unreachable is tried again.
type retry struct {
	// what is tried, for the log.
	what     string
	from, to time.Duration
	// final reports errors that trying again does not mend.
	final func(error) bool
	// report gets each outcome, for /readyz.
	report func(error)
}

// logEvery is how often a retry that goes on failing is logged.
const logEvery = 10 * time.Second

// do calls f until it succeeds, fails for good, or ctx ends, which is no error: the caller looks at ctx.
func (r retry) do(ctx context.Context, f func(context.Context) error) error {
	log := klog.FromContext(ctx)
	wait := r.from
	var logged time.Time
	for {
		err := f(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if r.report != nil {
			r.report(err)
		}
		if err == nil || (r.final != nil && r.final(err)) {
			return err
		}
		if now := time.Now(); now.Sub(logged) >= logEvery {
			log.Info("Trying again", "what", r.what, "err", err)
			logged = now
		}
		if !sleep(ctx, jitter(wait)) {
			return nil
		}
		wait = min(2*wait, r.to)
	}
}

// sleep waits, and reports whether ctx lasted as long.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// jitter spreads a wait between half and all of it.
func jitter(d time.Duration) time.Duration {
	return d/2 + time.Duration(rand.Float64()*float64(d/2))
}
