// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelets

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestScheduleHandsOutJobsWhenDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s, due := newSchedule(), make(chan job)
		ended := make(chan struct{})
		go func() { defer close(ended); s.run(ctx, due) }()
		began := time.Now()
		after := []time.Duration{3 * time.Second, time.Hour, time.Second, 2 * time.Second}
		for _, d := range after {
			s.add(job{due: began.Add(d)})
			synctest.Wait() // it waits for what is first so far
		}
		for _, want := range []time.Duration{time.Second, 2 * time.Second, 3 * time.Second, time.Hour} {
			j := <-due
			if got := time.Since(began); got != want || !j.due.Equal(began.Add(want)) {
				t.Errorf("after %s came the job due after %s, want that of %s", got, j.due.Sub(began), want)
			}
		}
		cancel()
		<-ended
	})
}
