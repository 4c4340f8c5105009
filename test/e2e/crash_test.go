// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/test/system"
)

// quickly are the flags of a manager that is restarted often and looks at routes all the time. Without a
// lease there is nobody to wait for.
var quickly = []string{"--leader-elect=false", "--route-reconciliation-period=1s"}

// TestKilledAtEveryChange goes through a Service's life again and again. In each the manager is killed
// with -9 at another of its calls that change the cloud, once before the call reaches the cloud, once
// after it was carried out, and started again. Every step must end as in an undisturbed life.
func TestKilledAtEveryChange(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	m := e.manager("manager", quickly...)
	e.nodes("n1", "n2")
	e.settled("n1", "n2")
	e.resetCalls()
	began := time.Now()
	e.live("undisturbed", time.Minute)
	calls, err := e.Cloud.Admin().Calls(e.ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("an undisturbed life has %d changing calls and takes %s: %v", calls.Mutating, time.Since(began).Round(time.Millisecond), calls.Counts)
	// Create, ports, ranges, members and route twice, delete, create, delete.
	if calls.Mutating != 10 {
		t.Errorf("%d changing calls, want 10", calls.Mutating)
	}
	for k := 1; k <= calls.Mutating; k++ {
		for _, action := range []api.FaultAction{api.FaultHoldBefore, api.FaultHoldAfter} {
			e.run(fmt.Sprintf("%s %d", action, k), func(e *env) {
				m = e.liveAndDie(fmt.Sprintf("k%d-%s", k, action), m, k, action)
			})
			if t.Failed() {
				return
			}
		}
	}
}

// liveAndDie goes through a life in which the manager is killed at the k-th changing call. It returns the
// manager that runs then.
func (e *env) liveAndDie(service string, m *system.Manager, k int, action api.FaultAction) *system.Manager {
	e.t.Helper()
	e.faults(api.Fault{Mutating: true, UserAgent: managerAgent, Skip: k - 1, Count: 1, Action: action})
	ctx, cancel := context.WithCancel(e.ctx)
	defer cancel()
	type killed struct {
		next *system.Manager
		err  error
	}
	done := make(chan killed, 1)
	go func() { // ends with ctx at the latest
		next, err := e.killAtHold(ctx, m)
		done <- killed{next, err}
	}()
	e.live(service, time.Minute)
	cancel()
	got := <-done
	if got.err != nil {
		e.t.Fatalf("the manager was not killed and restarted: %v", got.err)
	}
	return got.next
}

// killAtHold waits until the cloud holds a call, kills the manager and starts another.
func (e *env) killAtHold(ctx context.Context, m *system.Manager) (*system.Manager, error) {
	admin := e.Cloud.Admin()
	for {
		holds, err := admin.Holds(ctx, 10*time.Second)
		if ctx.Err() != nil {
			return m, errors.New("no call was held")
		}
		if err != nil {
			return m, err
		}
		if len(holds) > 0 {
			break
		}
	}
	if err := m.Kill(); err != nil {
		return m, err
	}
	if err := admin.SetFaults(ctx); err != nil {
		return m, err
	}
	return e.StartManager(ctx, "manager", system.ManagerOptions{Args: slices.Concat(quick, quickly)})
}

// TestUnreliableCloud goes through Services' lives over a cloud that fails in one way or another.
func TestUnreliableCloud(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.manager("manager", quickly...)
	e.nodes("n1", "n2")
	e.settled("n1", "n2")
	// A failed pass over a Service is repeated after 5 s, then 10 s and so on.
	const patience = 3 * time.Minute
	for name, fault := range map[string]api.Fault{
		"one-in-ten-calls-fails":          {Rate: 0.1, Action: api.FaultStatus, Status: 503, Code: "Unavailable"},
		"answers-are-lost-after-a-change": {Mutating: true, Rate: 0.5, Action: api.FaultDropAfter},
		"connections-break-before":        {Rate: 0.1, Action: api.FaultDropBefore},
		"throttled":                       {Action: api.FaultThrottle, PerSecond: 3, RetryAfter: api.Duration(time.Second)},
	} {
		e.run(name, func(e *env) {
			fault.UserAgent = managerAgent
			e.resetCalls()
			e.faults(fault)
			lives, disturbed := 0, 0
			for disturbed < 3 { // a life has about 25 calls, so chance may spare one
				lives++
				e.live(fmt.Sprint(name, lives), patience)
				disturbed = e.disturbed(fault.Action)
			}
			e.t.Logf("%d calls of %d lives were disturbed", disturbed, lives)
			e.faults()
		})
	}
}

// disturbed returns how many calls a fault has acted on.
func (e *env) disturbed(by api.FaultAction) int {
	e.t.Helper()
	log, err := e.Cloud.Admin().Calls(e.ctx)
	if err != nil {
		e.t.Fatal(err)
	}
	n := 0
	for _, c := range log.Calls {
		if c.Fault == by {
			n++
		}
	}
	return n
}
