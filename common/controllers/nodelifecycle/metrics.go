// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package nodelifecycle

import (
	"context"
	"errors"
	"sync"

	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"

	"sigs.k8s.io/cloud-providers/common/provider"
)

const subsystem = "cloud_node_lifecycle_controller"

var (
	monitorDuration = metrics.NewHistogram(&metrics.HistogramOpts{
		Subsystem: subsystem, Name: "monitor_nodes_duration_seconds",
		Help:           "Duration of one pass over all nodes.",
		Buckets:        metrics.ExponentialBuckets(0.001, 2, 15),
		StabilityLevel: metrics.ALPHA,
	})
	providerCalls = metrics.NewCounterVec(&metrics.CounterOpts{
		Subsystem: subsystem, Name: "cloud_provider_calls_total",
		Help:           "Answers of the cloud provider about one node's instance by operation and result.",
		StabilityLevel: metrics.ALPHA,
	}, []string{"operation", "result"})
	deletions = metrics.NewCounter(&metrics.CounterOpts{
		Name: "cloud_provider_node_deletions_total",
		Help: "Nodes deleted because their instance does not exist.",
	})
	doubtful = metrics.NewCounter(&metrics.CounterOpts{
		Name: "cloud_provider_node_deletions_void_total",
		Help: "Answers that a node's instance does not exist which were not believed, since the same call did not find Ready nodes of its zone either.",
	})
	paused = metrics.NewGauge(&metrics.GaugeOpts{
		Name: "cloud_provider_node_deletion_paused",
		Help: "Nodes that the deletion guard keeps although the cloud does not find their instance.",
	})
)

var registerMetrics = sync.OnceFunc(func() {
	legacyregistry.MustRegister(monitorDuration, providerCalls, deletions, doubtful, paused)
})

func countAnswer(a provider.InstanceAnswer) {
	result := "success"
	switch {
	case a.State == provider.InstanceNotFound:
		result = "instance_not_found"
	case errors.Is(a.Err, context.Canceled):
		result = "canceled"
	case a.State == provider.InstanceUnknown:
		result = "error"
	}
	providerCalls.WithLabelValues("instance_exists", result).Inc()
}
