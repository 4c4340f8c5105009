// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cloud_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"sigs.k8s.io/cloud-providers/providers/local/api"
)

func (f *fixture) faults(faults ...api.Fault) {
	f.t.Helper()
	if err := f.admin.SetFaults(f.t.Context(), faults...); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) exists(name string) bool {
	f.t.Helper()
	state, err := f.admin.State(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	for _, lb := range state.LoadBalancers {
		if lb.Name == name {
			return true
		}
	}
	return false
}

func TestStatusFaultSkipsAndCounts(t *testing.T) {
	f := start(t)
	f.faults(api.Fault{Operation: "CreateLoadBalancer", Skip: 1, Count: 1, Action: api.FaultStatus, Status: 503, Code: "Overloaded", RetryAfter: api.Duration(1500 * time.Millisecond)})
	f.create("a", ipv4(nil))
	err := f.createErr("b", owner, ipv4(nil))
	var refused *api.Error
	if !errors.As(err, &refused) || refused.Status != 503 || refused.Code != "Overloaded" || refused.RetryAfter != 2*time.Second || refused.RequestID == "" {
		t.Errorf("err = %#v", err)
	}
	if f.exists("b") {
		t.Error("the refused load balancer exists")
	}
	f.create("b", ipv4(nil))
}

func TestDroppedAnswers(t *testing.T) {
	for action, done := range map[api.FaultAction]bool{api.FaultDropBefore: false, api.FaultDropAfter: true} {
		t.Run(string(action), func(t *testing.T) {
			f := start(t)
			f.faults(api.Fault{Mutating: true, Count: 1, Action: action})
			if _, err := f.client.ListLoadBalancers(t.Context(), ""); err != nil {
				t.Errorf("a read was disturbed: %v", err)
			}
			if err := f.createErr("a", owner, ipv4(nil)); err == nil || api.CodeOf(err) != "" {
				t.Errorf("err = %v, want a lost connection", err)
			}
			if f.exists("a") != done {
				t.Errorf("the change was made: %v, want %v", f.exists("a"), done)
			}
			f.create("a", ipv4(nil))
			log, err := f.admin.Calls(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if log.Total != 3 || log.Mutating != 2 || log.Counts["CreateLoadBalancer"] != 2 ||
				log.Calls[1].Status != 0 || log.Calls[1].Fault != action || log.Calls[2].Status != 200 || log.Calls[2].UserAgent != "test" {
				t.Errorf("log = %+v", log)
			}
		})
	}
}

func TestHeldRequests(t *testing.T) {
	for action, done := range map[api.FaultAction]bool{api.FaultHoldBefore: false, api.FaultHoldAfter: true} {
		t.Run(string(action), func(t *testing.T) {
			f := start(t)
			f.faults(api.Fault{Mutating: true, UserAgent: "test", Action: action})
			ctx, kill := context.WithCancel(t.Context())
			answer := make(chan error, 1)
			request := func(name string) {
				_, err := f.client.CreateLoadBalancer(ctx, api.CreateLoadBalancerRequest{Name: name, Owner: owner, Spec: ipv4(nil)})
				answer <- err
			}
			held := func() api.Hold {
				t.Helper()
				holds, err := f.admin.Holds(t.Context(), 10*time.Second)
				if err != nil || len(holds) != 1 {
					t.Fatalf("holds = %+v, %v", holds, err)
				}
				return holds[0]
			}

			go request("released")
			h := held()
			if f.exists("released") != done {
				t.Errorf("while held, the change is made: %v, want %v", !done, done)
			}
			if err := f.admin.Release(t.Context(), h.ID); err != nil {
				t.Fatal(err)
			}
			if err := <-answer; err != nil || !f.exists("released") {
				t.Errorf("after the release: %v", err)
			}

			go request("killed")
			held()
			kill()
			t.Logf("the held request ended with %v", <-answer)
			eventually(t, "the hold ends with its client", func() bool {
				holds, err := f.admin.Holds(t.Context(), 0)
				return err == nil && len(holds) == 0
			})
			f.faults()
			if f.exists("killed") != done {
				t.Errorf("after its client was killed, the change is made: %v, want %v", !done, done)
			}
		})
	}
}

func TestThrottle(t *testing.T) {
	f := start(t)
	f.faults(api.Fault{Operation: "GetVersion", Action: api.FaultThrottle, PerSecond: 3, RetryAfter: api.Duration(time.Second)})
	throttled := 0
	for range 6 {
		_, err := f.client.Version(t.Context())
		var refused *api.Error
		if errors.As(err, &refused) {
			if refused.Status != http.StatusTooManyRequests || refused.RetryAfter != time.Second {
				t.Errorf("err = %#v", refused)
			}
			throttled++
		}
	}
	if throttled < 1 || throttled > 3 {
		t.Errorf("of 6 calls at once, %d were throttled; 3 a second are free", throttled)
	}
}

func TestReadsThatLag(t *testing.T) {
	f := start(t)
	ctx := t.Context()
	if _, err := f.admin.CreateMachines(ctx, api.Machine{ID: "m1", Name: "n1"}, api.Machine{ID: "m2", Name: "n2"}); err != nil {
		t.Fatal(err)
	}
	lookup := api.LookupMachinesRequest{IDs: []string{"m1", "m2"}}
	f.faults(api.Fault{Action: api.FaultHideNew, Latency: api.Duration(time.Hour)})
	if got, err := f.client.LookupMachines(ctx, lookup); err != nil || len(got.Machines) != 0 || len(got.MissingIDs) != 2 {
		t.Errorf("new machines hidden: %+v, %v", got, err)
	}
	f.faults(api.Fault{Action: api.FaultPartial})
	if got, err := f.client.LookupMachines(ctx, lookup); err != nil || len(got.Machines) != 1 || len(got.MissingIDs) != 0 {
		t.Errorf("partial answer: %+v, %v", got, err)
	}
	f.faults(api.Fault{Action: api.FaultDelay, Latency: api.Duration(30 * time.Millisecond)})
	began := time.Now()
	if _, err := f.client.LookupMachines(ctx, lookup); err != nil || time.Since(began) < 30*time.Millisecond {
		t.Errorf("delayed by %v, %v", time.Since(began), err)
	}
}

func TestBadFaultsAreRefused(t *testing.T) {
	f := start(t)
	for _, bad := range []api.Fault{
		{Action: "explode"},
		{Action: api.FaultStatus, Operation: "CreateLodBalancer"},
		{Action: api.FaultStatus, Rate: 2},
		{Action: api.FaultStatus, Status: 200},
		{Action: api.FaultDelay, Skip: -1},
	} {
		wantCode(t, string(bad.Action), f.admin.SetFaults(t.Context(), bad), api.CodeInvalidArgument)
	}
}
