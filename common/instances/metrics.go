// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"sync"

	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

const subsystem = "cloud_provider_instance_view"

var (
	reads = metrics.NewCounterVec(&metrics.CounterOpts{
		Subsystem: subsystem, Name: "reads_total",
		Help: "Questions to the instance view by reader and how they were answered: hit (from memory), join (with a call of somebody else), miss (with a call), bad (remembered refusal of one item), throttled (breaker open).",
	}, []string{"reader", "outcome"})
	lookups = metrics.NewCounterVec(&metrics.CounterOpts{
		Subsystem: subsystem, Name: "lookups_total",
		Help: "Answers of the cloud by result, per instance; error, bad_item and list count calls.",
	}, []string{"result"})
	batchSize = metrics.NewHistogram(&metrics.HistogramOpts{
		Subsystem: subsystem, Name: "batch_size",
		Help:    "Instances per look-up.",
		Buckets: metrics.ExponentialBuckets(1, 2, 13),
	})
	cached = metrics.NewGauge(&metrics.GaugeOpts{
		Subsystem: subsystem, Name: "entries",
		Help: "Answers in memory.",
	})
	breakerOpen = metrics.NewGauge(&metrics.GaugeOpts{
		Subsystem: subsystem, Name: "throttled",
		Help: "1 after the cloud asked for fewer calls, until a call succeeds.",
	})
)

var registerMetrics = sync.OnceFunc(func() {
	legacyregistry.MustRegister(reads, lookups, batchSize, cached, breakerOpen)
})
