// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package service

import (
	"sync"
	"time"

	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

const subsystem = "service_controller"

// The first four are the stock controller's: dashboards are built on them.
var (
	nodeUpdates = metrics.NewCounter(&metrics.CounterOpts{
		Subsystem: subsystem, Name: "loadbalancer_sync_total",
		Help:           "A metric counting the amount of times any load balancer has been configured, as an effect of service/node changes on the cluster",
		StabilityLevel: metrics.ALPHA,
	})
	nodeUpdateErrors = metrics.NewCounter(&metrics.CounterOpts{
		Subsystem: subsystem, Name: "nodesync_error_total",
		Help:           "A metric counting the amount of times any load balancer has been configured and errored, as an effect of node changes on the cluster",
		StabilityLevel: metrics.ALPHA,
	})
	nodeSyncLatency = metrics.NewHistogram(&metrics.HistogramOpts{
		Subsystem: subsystem, Name: "nodesync_latency_seconds",
		Help:           "A metric measuring the latency for nodesync which updates loadbalancer hosts on cluster node updates.",
		Buckets:        metrics.ExponentialBuckets(1, 2, 15),
		StabilityLevel: metrics.ALPHA,
	})
	hostUpdateLatency = metrics.NewHistogram(&metrics.HistogramOpts{
		Subsystem: subsystem, Name: "update_loadbalancer_host_latency_seconds",
		Help:           "A metric measuring the latency for updating each load balancer hosts.",
		Buckets:        metrics.ExponentialBuckets(1, 2, 15),
		StabilityLevel: metrics.ALPHA,
	})
	syncs = metrics.NewCounterVec(&metrics.CounterOpts{
		Name: "cloud_provider_service_syncs_total",
		Help: "Passes over one Service by result: success, error, user_error, retry (asked for by the provider), throttled.",
	}, []string{"result"})
	syncDuration = metrics.NewHistogram(&metrics.HistogramOpts{
		Name:    "cloud_provider_service_sync_duration_seconds",
		Help:    "Duration of one pass over one Service.",
		Buckets: metrics.ExponentialBuckets(0.001, 2, 18),
	})
	planChanges = metrics.NewCounterVec(&metrics.CounterOpts{
		Name: "cloud_provider_plan_changes_total",
		Help: "Changes made to the cloud for Services by operation, kind of resource and result.",
	}, []string{"operation", "kind", "result"})
	serviceCount = metrics.NewGauge(&metrics.GaugeOpts{
		Name: "cloud_provider_services",
		Help: "Services whose load balancer this manager keeps.",
	})
)

var registerMetrics = sync.OnceFunc(func() {
	legacyregistry.MustRegister(nodeUpdates, nodeUpdateErrors, nodeSyncLatency, hostUpdateLatency, syncs, syncDuration, planChanges, serviceCount)
})

// countNodeUpdate records an update that changed Nodes asked for.
func countNodeUpdate(took time.Duration, err error) {
	nodeUpdates.Inc()
	if err != nil {
		nodeUpdateErrors.Inc()
	}
	hostUpdateLatency.Observe(took.Seconds())
	nodeSyncLatency.Observe(took.Seconds())
}
