// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"k8s.io/klog/v2"
)

// How long the steps of a stop may take, after running work has had its --shutdown-timeout.
const (
	cancelledWorkLimit = 3 * time.Second // work whose context was cancelled
	lostElectorLimit   = time.Second     // an elector whose lease is lost: its API server may be away
	flushLimit         = 3 * time.Second // events
	serviceLimit       = 2 * time.Second // servers and caches
)

// stop ends the process in order: no new work, running work ends, the lease is released, events and
// logs are flushed. cause is nil for a signal.
func (m *manager) stop(cause error) error {
	logger := klog.FromContext(m.work)
	m.stopping.Store(true)
	m.stopAccepting()
	lost := errors.Is(cause, errLeaseLost)
	if !lost {
		logger.Info("Waiting for running work to end", "limit", m.options.own.shutdownTimeout.String())
		if failure := m.awaitWork(m.options.own.shutdownTimeout); failure != nil && cause == nil {
			cause, lost = failure, errors.Is(failure, errLeaseLost)
		}
	}
	if lost {
		m.gate.Close()
		logger.Error(cause, "Stopping: another process may lead now")
	}
	m.cancelWork()
	ended := waitFor(&m.workers, cancelledWorkLimit)
	m.gate.Close()
	if !ended {
		logger.Info("Some work did not end although it was cancelled; the lease is left to run out")
	}
	m.mayRelease.Store(ended)
	m.endElections()
	limit := m.config.Generic.LeaderElection.RenewDeadline.Duration
	if lost {
		limit = lostElectorLimit
	}
	waitFor(&m.electors, limit)
	m.events.flush(flushLimit)
	m.stopBackground()
	m.services.Go(m.informers.Shutdown)
	waitFor(&m.services, serviceLimit)
	if cause == nil {
		logger.Info("Stopped")
	}
	return cause
}

// awaitWork waits for running work, up to a limit. A lease lost meanwhile ends the wait and is returned.
func (m *manager) awaitWork(limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(m.work), limit)
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		m.workers.Wait()
	}()
	for {
		select {
		case <-ended:
			return nil
		case <-ctx.Done():
			return nil
		case err := <-m.failed:
			if errors.Is(err, errLeaseLost) {
				return err
			}
		}
	}
}

// waitFor waits for a group up to a limit, and reports whether it ended.
func waitFor(group *sync.WaitGroup, limit time.Duration) bool {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		group.Wait()
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-ended:
		return true
	case <-timer.C:
		return false
	}
}
