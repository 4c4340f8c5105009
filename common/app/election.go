// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	componentconfig "k8s.io/component-base/config"

	"sigs.k8s.io/cloud-providers/common/cloudapi"
)

// errLeaseLost ends a leader that could not renew its lease in time.
var errLeaseLost = errors.New("leader election lost")

// healthTolerance is how long after the lease's end /healthz still calls a silent leader healthy.
const healthTolerance = 20 * time.Second

// renewals keeps the gate open exactly as long as every lease that this process holds is fresh.
type renewals struct {
	gate     *cloudapi.Gate
	deadline time.Duration

	mu   sync.Mutex
	sent map[string]time.Time
}

func newRenewals(gate *cloudapi.Gate, deadline time.Duration) *renewals {
	return &renewals{gate: gate, deadline: deadline, sent: map[string]time.Time{}}
}

// renewed records that a renewal sent at that time succeeded.
func (r *renewals) renewed(lease string, sent time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent[lease] = sent
	oldest := sent
	for _, t := range r.sent {
		if t.Before(oldest) {
			oldest = t
		}
	}
	r.gate.Renewed(oldest, r.deadline)
}

// left returns how long a lease stays fresh.
func (r *renewals) left(lease string) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Until(r.sent[lease].Add(r.deadline))
}

// timedLock tells when renewals were sent. The elector's own callbacks come too late for that: up to a
// renew deadline and a retry period after the last success.
type timedLock struct {
	resourcelock.Interface
	renewed func(sent time.Time)
	// seen gets the outcome of every request, for /readyz.
	seen func(error)
	// mayRelease is set when no worker works any more. The elector would also give the lease up when it
	// fails to renew it, while running work is still being cancelled.
	mayRelease *atomic.Bool
}

func (l *timedLock) Get(ctx context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	record, raw, err := l.Interface.Get(ctx)
	l.seen(err)
	return record, raw, err
}

func (l *timedLock) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.write(ctx, record, l.Interface.Create)
}

func (l *timedLock) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.write(ctx, record, l.Interface.Update)
}

func (l *timedLock) write(ctx context.Context, record resourcelock.LeaderElectionRecord, send func(context.Context, resourcelock.LeaderElectionRecord) error) error {
	release := record.HolderIdentity != l.Identity()
	if release && !l.mayRelease.Load() {
		return errors.New("the lease is not released while work may be running")
	}
	sent := time.Now()
	err := send(ctx, record)
	l.seen(err)
	if err == nil && !release {
		l.renewed(sent)
	}
	return err
}

// election is the contest for one lease.
type election struct {
	name     string
	renewals *renewals
	elector  *leaderelection.LeaderElector
	health   *leaderelection.HealthzAdaptor
	acquired chan struct{} // closed when this process leads
}

// newLock makes the Lease object's lock. Its requests time out at half the renew deadline.
func newLock(config *rest.Config, l componentconfig.LeaderElectionConfiguration, name, identity string, events resourcelock.EventRecorder) (resourcelock.Interface, error) {
	lock, err := resourcelock.NewFromKubeconfig(l.ResourceLock, l.ResourceNamespace, name,
		resourcelock.ResourceLockConfig{Identity: identity, EventRecorder: events}, config, l.RenewDeadline.Duration)
	if err != nil {
		return nil, fmt.Errorf("lease %s/%s: %w", l.ResourceNamespace, name, err)
	}
	return lock, nil
}

func newElection(l componentconfig.LeaderElectionConfiguration, name string, lock resourcelock.Interface, r *renewals) (*election, error) {
	e := &election{
		name: name, renewals: r,
		health:   leaderelection.NewLeaderHealthzAdaptor(healthTolerance),
		acquired: make(chan struct{}),
	}
	var err error
	e.elector, err = leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock:            lock,
		LeaseDuration:   l.LeaseDuration.Duration,
		RenewDeadline:   l.RenewDeadline.Duration,
		RetryPeriod:     l.RetryPeriod.Duration,
		WatchDog:        e.health,
		Name:            name,
		ReleaseOnCancel: true,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) { close(e.acquired) },
			OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("lease %s: %w", name, err)
	}
	e.health.SetLeaderElection(e.elector)
	return e, nil
}

// run takes part until ctx ends, which releases the lease, or until the elector gives up: errLeaseLost.
// ctx must end only when no worker works any more.
func (e *election) run(ctx context.Context) error {
	e.elector.Run(ctx)
	if ctx.Err() == nil {
		return fmt.Errorf("lease %s: %w", e.name, errLeaseLost)
	}
	return nil
}

// watch returns errLeaseLost as soon as the renew deadline has passed since the last successful renewal
// was sent. The elector itself notices up to a retry period and a request's time-out later.
func (e *election) watch(ctx context.Context) error {
	select {
	case <-e.acquired:
	case <-ctx.Done():
		return nil
	}
	for {
		left := e.renewals.left(e.name)
		if left <= 0 {
			return fmt.Errorf("lease %s: %w", e.name, errLeaseLost)
		}
		timer := time.NewTimer(left)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
	}
}
