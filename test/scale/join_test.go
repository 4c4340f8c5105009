// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build scale

package scale

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"
)

func cores() int { return runtime.NumCPU() }

// patience for n nodes to be initialised, at the rate of the stock manager with a margin.
func patience(n int) time.Duration { return time.Minute + time.Duration(n)*300*time.Millisecond }

// joinAndDay lets nodes join, once registered before the manager starts and once while it runs, and then
// plays the events of a day.
func joinAndDay(t *testing.T, s Settings, c Contender, n int) {
	if c != Stock && s.part("join") {
		t.Run("before", func(t *testing.T) { joinBefore(t, s, c, n) })
	}
	day := s.part("day") && slices.Contains(s.DaySizes, n)
	if c == Floor || !s.part("join") && !day {
		return
	}
	t.Run("at once", func(t *testing.T) {
		w := newWorld(t, s, c, n, false)
		refresh := min(s.Steady, 5*time.Minute)
		if day {
			w.args = append(w.args, "--node-status-update-frequency="+refresh.String())
		}
		w.joinAtOnce(n)
		if day {
			w.day(n, refresh)
		}
	})
}

// joinBefore has all nodes registered, and all else quiet, when the contender starts.
func joinBefore(t *testing.T, s Settings, c Contender, n int) {
	w := newWorld(t, s, c, n, false)
	began := time.Now()
	w.register(w.machines("node", n))
	registered := time.Since(began)
	w.within(2*time.Minute, "all nodes are settled", w.watch.allCalm(n))
	w.watchFor(2 * time.Second)
	p := w.begin(JoinBefore, n)
	if c == Floor {
		w.writeAll()
	} else {
		w.manager = w.startManager()
		defer w.profile(fmt.Sprintf("before-%d", n), 20)()
	}
	w.within(patience(n), "all nodes are initialised", w.watch.allInitialised(n))
	p.joined(began)
	p.run.Values[Registered] = registered.Seconds()
	delete(p.run.Values, Lag) // they waited for the manager to start
	delete(p.run.Values, LagMax)
	w.watchFor(time.Second)
	p.end()
	w.keep(fmt.Sprintf("before-%d-%s", n, c))
}

// joinAtOnce starts the manager first and registers all nodes as fast as the API server takes them.
func (w *world) joinAtOnce(n int) {
	w.t.Helper()
	w.manager = w.startManager()
	w.within(time.Minute, "the manager leads", func() bool { return w.holder() != "" })
	w.quiet(2*time.Second, 30*time.Second)
	machines := w.machines("node", n)
	p := w.begin(JoinAtOnce, n)
	wait := w.profile(fmt.Sprintf("at-once-%d", n), 20)
	w.register(machines)
	w.within(patience(n), "all nodes are initialised", w.watch.allInitialised(n))
	p.joined(p.start)
	w.watchFor(time.Second)
	p.end()
	wait()
	w.keep(fmt.Sprintf("at-once-%d-%s", n, w.contender))
}
