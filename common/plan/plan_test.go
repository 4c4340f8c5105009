// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func chain() *Plan {
	return (&Plan{Subject: Subject{Kind: "Service", Namespace: "default", Name: "web"}}).Add(
		Change{ID: "group", Operation: Create, Object: Object{Kind: "target group", Name: "web-80"}, Reason: "the Service has a port 80"},
		Change{ID: "balancer", Operation: Create, Object: Object{Kind: "load balancer", Name: "a1"}, Reason: "the Service has none",
			Fields: []Field{{Path: "scheme", To: "internal"}}},
		Change{ID: "listener", Operation: Update, Object: Object{Kind: "listener", Name: "80", ID: "l-1"}, After: []string{"group", "balancer"},
			Fields: []Field{{Path: "port", From: "80", To: "81"}, {Path: "idle", From: "60"}}},
	)
}

func TestRunKeepsTheOrderAndRunsIndependentChangesTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var order []string
		start := time.Now()
		out, err := Run(t.Context(), chain(), ExecutorFunc(func(ctx context.Context, c Change, done *Outputs) (Output, error) {
			time.Sleep(time.Second) // the bubble's clock
			mu.Lock()
			defer mu.Unlock()
			order = append(order, c.ID)
			if c.ID == "listener" {
				if v, ok := done.Get("balancer"); !ok || v != "balancer-id" {
					t.Errorf("the listener did not get its balancer's output, but %v", v)
				}
			}
			return c.ID + "-id", nil
		}), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("took %s, want 2s: two changes together, then the third", took)
		}
		if order[2] != "listener" {
			t.Errorf("order %v", order)
		}
		if v, _ := out.Get("listener"); v != "listener-id" {
			t.Errorf("output of the listener: %v", v)
		}
	})
}

func TestAFailedChangeKeepsBackOnlyThoseThatWaitForIt(t *testing.T) {
	p := chain().Add(Change{ID: "other", Operation: Delete, Object: Object{Kind: "rule", Name: "r"}})
	var mu sync.Mutex
	var ran []string
	_, err := Run(t.Context(), p, ExecutorFunc(func(_ context.Context, c Change, _ *Outputs) (Output, error) {
		mu.Lock()
		defer mu.Unlock()
		ran = append(ran, c.ID)
		if c.ID == "group" {
			return nil, errors.New("quota exceeded")
		}
		return nil, nil
	}), Options{Concurrency: 1})
	if err == nil || err.Error() != "create target group web-80: quota exceeded" {
		t.Errorf("error %v", err)
	}
	if slices.Contains(ran, "listener") || !slices.Contains(ran, "balancer") || !slices.Contains(ran, "other") {
		t.Errorf("ran %v", ran)
	}
}

func TestTheGateKeepsChangesFromBeginning(t *testing.T) {
	closed := errors.New("closed")
	n := 0
	_, err := Run(t.Context(), chain(), ExecutorFunc(func(context.Context, Change, *Outputs) (Output, error) {
		n++
		return nil, nil
	}), Options{Concurrency: 1, Gate: func() error {
		if n == 1 {
			return closed
		}
		return nil
	}})
	if !errors.Is(err, closed) || n != 1 {
		t.Errorf("%d changes ran, error %v", n, err)
	}
}

func TestValidateFindsMistakes(t *testing.T) {
	for name, tc := range map[string]struct {
		changes []Change
		want    string
	}{
		"two changes with one ID": {[]Change{{ID: "a"}, {ID: "a"}}, `two changes have the ID "a"`},
		"no ID":                   {[]Change{{}}, "has no ID"},
		"unknown prerequisite":    {[]Change{{ID: "a", After: []string{"b"}}}, `waits for "b", which is not in the plan`},
		"a cycle":                 {[]Change{{ID: "a", After: []string{"b"}}, {ID: "b", After: []string{"a"}}}, "wait for each other: a → b → a"},
	} {
		t.Run(name, func(t *testing.T) {
			err := (&Plan{Changes: tc.changes}).Validate()
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}

func TestPrint(t *testing.T) {
	plans := []*Plan{chain(), {Subject: Subject{Kind: "Node", Name: "n1"}}, {Subject: Subject{Kind: "Service", Namespace: "x", Name: "y"}, Problem: "port 80: SCTP is not supported"}}
	Sort(plans)
	var b bytes.Buffer
	if err := Print(&b, plans); err != nil {
		t.Fatal(err)
	}
	want := `Service default/web
  + target group web-80 because the Service has a port 80
  + load balancer a1 because the Service has none
      scheme: internal
  ~ listener 80 (l-1)
      port: 80 → 81
      idle: 60 → (removed)
Service x/y
  ! port 80: SCTP is not supported
Plan: 2 to create, 1 to update, 0 to replace, 0 to delete; 1 of 3 objects cannot be planned.
`
	if b.String() != want {
		t.Errorf("printed:\n%s\nwant:\n%s", b.String(), want)
	}
	changes, problems := Pending(plans)
	if !changes || !problems {
		t.Errorf("Pending = %v, %v", changes, problems)
	}
	b.Reset()
	if err := Print(&b, plans[:1]); err != nil || b.String() != "Nothing to do: 1 objects are as wanted.\n" {
		t.Errorf("printed %q, %v", b.String(), err)
	}
}

func TestMergeMakesOnePlanOfASubject(t *testing.T) {
	node := Subject{Kind: "Node", Name: "n"}
	got := Merge([]*Plan{
		{Subject: node, Changes: []Change{{ID: "a"}}},
		{Subject: Subject{Kind: "Node", Name: "other"}},
		{Subject: node, Changes: []Change{{ID: "b"}}, Problem: "one"},
		{Subject: node, Problem: "two"},
	})
	if len(got) != 2 || len(got[0].Changes) != 2 || got[0].Problem != "one; two" {
		t.Errorf("merged %+v", got[0])
	}
}

func TestWhatIsSkippedHoldsNobodyUp(t *testing.T) {
	p := &Plan{Changes: []Change{
		{ID: "a", Operation: Update, Object: Object{Kind: "thing", Name: "a"}},
		{ID: "b", Operation: Update, Object: Object{Kind: "thing", Name: "b"}, After: []string{"a"}},
	}}
	var made []string
	_, err := Run(t.Context(), p, ExecutorFunc(func(_ context.Context, c Change, _ *Outputs) (Output, error) {
		made = append(made, c.ID)
		if c.ID == "a" {
			return nil, fmt.Errorf("tags: %w", &Skipped{errors.New("not allowed")})
		}
		return nil, nil
	}), Options{})
	if err != nil || len(made) != 2 {
		t.Errorf("made %v, %v", made, err)
	}
}
