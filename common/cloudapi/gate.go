// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudapi

import (
	"errors"
	"sync/atomic"
	"time"
)

// ErrLeaseStale is returned instead of beginning a mutation when the leader's lease may have passed to
// somebody else.
var ErrLeaseStale = errors.New("the leader election lease has not been renewed within its renew deadline: no change is begun")

// Gate refuses mutations when the last successful renewal of the leader's lease was sent longer ago than
// the renew deadline. The zero value and the nil Gate allow everything: without leader election there is
// nothing to lose. It is safe for concurrent use.
type Gate struct {
	deadline atomic.Int64 // monotonic nanoseconds since start; 0 = no lease
	closed   atomic.Bool
}

// start is the origin of the gate's monotonic time. CLOCK_MONOTONIC goes on while a process is stopped
// by SIGSTOP, which is what makes the gate close for one that comes back.
var start = time.Now()

// Renewed opens the gate until renewDeadline after sent, the time just before the renewal was sent.
func (g *Gate) Renewed(sent time.Time, renewDeadline time.Duration) {
	g.deadline.Store(int64(sent.Sub(start) + renewDeadline))
}

// Close refuses all mutations from now on.
func (g *Gate) Close() { g.closed.Store(true) }

// Check returns ErrLeaseStale when no mutation may begin.
func (g *Gate) Check() error {
	if g == nil {
		return nil
	}
	if g.closed.Load() {
		return ErrLeaseStale
	}
	if d := g.deadline.Load(); d != 0 && int64(time.Since(start)) > d {
		return ErrLeaseStale
	}
	return nil
}
