// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"sync"

	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

// The stock controller's metrics: dashboards are built on them.
var (
	taintRemovalDelay = metrics.NewHistogram(&metrics.HistogramOpts{
		Subsystem: "node_controller", Name: "cloud_provider_taint_removal_delay_seconds",
		Help:           "Number of seconds after node creation when NodeController removed the cloud-provider taint of a single node.",
		Buckets:        metrics.ExponentialBuckets(1, 4, 6),
		StabilityLevel: metrics.ALPHA,
	})
	initialSyncDelay = metrics.NewHistogram(&metrics.HistogramOpts{
		Subsystem: "node_controller", Name: "initial_node_sync_delay_seconds",
		Help:           "Number of seconds after node creation when NodeController finished the initial synchronization of a single node.",
		Buckets:        metrics.ExponentialBuckets(1, 4, 6),
		StabilityLevel: metrics.ALPHA,
	})
)

var registerMetrics = sync.OnceFunc(func() {
	legacyregistry.MustRegister(taintRemovalDelay, initialSyncDelay)
})
