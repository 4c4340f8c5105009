// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelets

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// duty is something that a kubelet does from time to time.
type duty uint8

const (
	renewLease duty = iota
	refreshStatus
	registerAgain
)

// job is a duty of a machine that becomes due.
type job struct {
	due     time.Time
	machine *machine
	duty    duty
}

// jobs is a heap with the next job at the top.
type jobs []job

func (j jobs) Len() int           { return len(j) }
func (j jobs) Less(a, b int) bool { return j[a].due.Before(j[b].due) }
func (j jobs) Swap(a, b int)      { j[a], j[b] = j[b], j[a] }
func (j *jobs) Push(x any)        { *j = append(*j, x.(job)) }
func (j *jobs) Pop() any {
	last := len(*j) - 1
	x := (*j)[last]
	(*j)[last] = job{}
	*j = (*j)[:last]
	return x
}

// schedule holds the jobs of all machines. One timer serves them all.
type schedule struct {
	mu      sync.Mutex
	waiting jobs
	earlier chan struct{} // a job was added that is due before all others
}

func newSchedule() *schedule { return &schedule{earlier: make(chan struct{}, 1)} }

func (s *schedule) add(j job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	heap.Push(&s.waiting, j)
	if s.waiting[0] == j {
		select {
		case s.earlier <- struct{}{}:
		default:
		}
	}
}

// next removes and returns the first job if it is due; otherwise it says how long that takes.
func (s *schedule) next(now time.Time) (j job, due bool, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		return job{}, false, time.Hour
	}
	if wait := s.waiting[0].due.Sub(now); wait > 0 {
		return job{}, false, wait
	}
	return heap.Pop(&s.waiting).(job), true, 0
}

// run hands out jobs when they are due until the context ends.
func (s *schedule) run(ctx context.Context, out chan<- job) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		j, due, wait := s.next(time.Now())
		if due {
			select {
			case out <- j:
			case <-ctx.Done():
				return
			}
			continue
		}
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-s.earlier:
		case <-ctx.Done():
			return
		}
	}
}
