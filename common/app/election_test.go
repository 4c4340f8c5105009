// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	componentconfig "k8s.io/component-base/config"

	"sigs.k8s.io/cloud-providers/common/cloudapi"
)

// memoryLock is a lease in memory that can be made unreachable.
type memoryLock struct {
	mu     sync.Mutex
	record *resourcelock.LeaderElectionRecord
	broken bool
}

var errBroken = errors.New("connection refused")

func (l *memoryLock) Get(context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken {
		return nil, nil, errBroken
	}
	if l.record == nil {
		return nil, nil, apierrors.NewNotFound(schema.GroupResource{Resource: "leases"}, "x")
	}
	record := *l.record
	return &record, []byte(record.HolderIdentity + record.RenewTime.String()), nil
}

func (l *memoryLock) Update(_ context.Context, record resourcelock.LeaderElectionRecord) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken {
		return errBroken
	}
	l.record = &record
	return nil
}

func (l *memoryLock) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.Update(ctx, record)
}
func (l *memoryLock) RecordEvent(string) {}
func (l *memoryLock) Identity() string   { return "me" }
func (l *memoryLock) Describe() string   { return "memory" }

func (l *memoryLock) set(broken bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broken = broken
}

func (l *memoryLock) holder() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.record == nil {
		return ""
	}
	return l.record.HolderIdentity
}

func defaultElection() componentconfig.LeaderElectionConfiguration {
	config, err := defaultConfig()
	if err != nil {
		panic(err)
	}
	return config.Generic.LeaderElection
}

// contest starts an election over a memory lock, with the defaults 15 s, 10 s, 2 s.
func contest(t *testing.T, lock *memoryLock) (gate *cloudapi.Gate, e *election, watched chan error, mayRelease *atomic.Bool, end func()) {
	t.Helper()
	gate, mayRelease = &cloudapi.Gate{}, &atomic.Bool{}
	l := defaultElection()
	r := newRenewals(gate, l.RenewDeadline.Duration)
	timed := &timedLock{Interface: lock, seen: func(error) {}, mayRelease: mayRelease,
		renewed: func(sent time.Time) { r.renewed("main", sent) }}
	e, err := newElection(l, "main", timed, r)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	watched = make(chan error, 1)
	var group sync.WaitGroup
	group.Go(func() { _ = e.run(ctx) })
	group.Go(func() { watched <- e.watch(ctx) })
	return gate, e, watched, mayRelease, func() { cancel(); group.Wait() }
}

func TestLeaseLostAtRenewDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lock := &memoryLock{}
		gate, e, watched, _, end := contest(t, lock)
		defer end()
		<-e.acquired
		acquired := time.Now()
		time.Sleep(time.Minute)
		if err := gate.Check(); err != nil {
			t.Fatalf("after a minute of renewals: %v", err)
		}
		lock.set(true)
		broken := time.Now()
		if err := <-watched; !errors.Is(err, errLeaseLost) {
			t.Fatalf("got %v", err)
		}
		// The last renewal was sent up to a retry period before the lock broke.
		if after := time.Since(broken); after > 10*time.Second || after < 7*time.Second {
			t.Errorf("lost %s after the lock broke (acquired %s ago)", after, time.Since(acquired))
		}
		time.Sleep(time.Nanosecond)
		if gate.Check() == nil {
			t.Error("the gate is open after the renew deadline")
		}
		if lock.holder() != "me" {
			t.Error("the lease was released although work may be running")
		}
		lock.set(false)
	})
}

func TestGateFollowsSentTimeAcrossAStop(t *testing.T) {
	gate := &cloudapi.Gate{}
	r := newRenewals(gate, 10*time.Second)
	r.renewed("main", time.Now())
	if gate.Check() != nil {
		t.Error("closed after a fresh renewal")
	}
	r.renewed("main", time.Now().Add(-11*time.Second)) // the answer came 11 s after the request was sent
	if gate.Check() == nil {
		t.Error("open although the renewal was sent before the deadline")
	}
}

func TestGateNeedsEveryLease(t *testing.T) {
	gate := &cloudapi.Gate{}
	r := newRenewals(gate, 10*time.Second)
	r.renewed("main", time.Now().Add(-11*time.Second))
	r.renewed("migration", time.Now())
	if gate.Check() == nil {
		t.Error("open although the main lease is stale")
	}
	r.renewed("main", time.Now())
	if err := gate.Check(); err != nil {
		t.Error(err)
	}
}

func TestReleaseOnlyWhenWorkHasEnded(t *testing.T) {
	for _, ended := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			lock := &memoryLock{}
			_, e, _, mayRelease, end := contest(t, lock)
			<-e.acquired
			mayRelease.Store(ended)
			end()
			if released := lock.holder() == ""; released != ended {
				t.Errorf("work ended: %v, released: %v", ended, released)
			}
		})
	}
}
