// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package tagging

import (
	"sync"

	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

// Upstream's metrics. Its label instance_id is left out: it has a value for each instance that ever failed.
var (
	workErrors = metrics.NewCounterVec(&metrics.CounterOpts{
		Name:           "cloudprovider_aws_tagging_controller_work_item_errors_total",
		Help:           "Failures of the tagging controller, and Nodes that it gave up on.",
		StabilityLevel: metrics.ALPHA,
	}, []string{"error_type"})
	taggingDelay = metrics.NewHistogram(&metrics.HistogramOpts{
		Name:           "tagging_controller_inital_node_tagging_delay_seconds", //nolint:misspell // upstream's spelling
		Help:           "Number of seconds from the creation of a Node to the first tagging of its instance.",
		Buckets:        metrics.ExponentialBuckets(1, 4, 6),
		StabilityLevel: metrics.ALPHA,
	})
)

var registerMetrics = sync.OnceFunc(func() { legacyregistry.MustRegister(workErrors, taggingDelay) })
