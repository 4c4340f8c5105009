// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package service

import (
	"time"

	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
)

// reason says why a Service is looked at; reasons of one key add up.
type reason uint

const (
	becauseSpec   reason = 1 << iota // the Service changed, or is new
	becauseRetry                     // the last pass failed or was not finished
	becauseNodes                     // the set of Nodes changed
	becauseStatus                    // somebody else changed its status
	becauseResync                    // --load-balancer-resync
)

// band is the urgency of reasons: what users changed, then Nodes, then the rest.
func (r reason) band() int {
	switch {
	case r&(becauseSpec|becauseRetry) != 0:
		return 0
	case r&(becauseNodes|becauseStatus) != 0:
		return 1
	}
	return 2
}

const bands = 3

// bandQueue is the storage of a work queue that pops the most urgent key first. The work queue locks it.
type bandQueue struct {
	urgency func(key string) int
	keys    [bands][]string
	size    int
}

func (q *bandQueue) Touch(key string) {
	want := q.urgency(key)
	for b := want + 1; b < bands; b++ { // it may have become more urgent
		for i, k := range q.keys[b] {
			if k == key {
				q.keys[b] = append(q.keys[b][:i:i], q.keys[b][i+1:]...)
				q.keys[want] = append(q.keys[want], key)
				return
			}
		}
	}
}

func (q *bandQueue) Push(key string) {
	b := q.urgency(key)
	q.keys[b] = append(q.keys[b], key)
	q.size++
}

func (q *bandQueue) Len() int { return q.size }

func (q *bandQueue) Pop() string {
	for b := range q.keys {
		if len(q.keys[b]) > 0 {
			key := q.keys[b][0]
			q.keys[b] = q.keys[b][1:]
			q.size--
			return key
		}
	}
	return ""
}

const (
	minBackoff = 5 * time.Second
	maxBackoff = 5 * time.Minute
	// maxCleanUpBackoff: a Service that waits for its deletion is tried at least that often.
	maxCleanUpBackoff = 30 * time.Second
)

func newQueue(clk clock.WithTicker, backoff workqueue.TypedRateLimiter[string], urgency func(string) int) workqueue.TypedRateLimitingInterface[string] {
	return workqueue.NewTypedRateLimitingQueueWithConfig(backoff,
		workqueue.TypedRateLimitingQueueConfig[string]{
			Name: "service", Clock: clk,
			DelayingQueue: workqueue.NewTypedDelayingQueueWithConfig(workqueue.TypedDelayingQueueConfig[string]{
				Name: "service", Clock: clk,
				Queue: workqueue.NewTypedWithConfig(workqueue.TypedQueueConfig[string]{
					Name: "service", Clock: clk, Queue: &bandQueue{urgency: urgency},
				}),
			}),
		})
}
