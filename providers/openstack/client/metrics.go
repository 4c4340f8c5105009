// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"sync"
	"time"

	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

// These are upstream's, with its names, labels and buckets; there they count some requests, here all. Beside
// them are the shared cloud_provider_api_… metrics, which count attempts.
var (
	duration = metrics.NewHistogramVec(&metrics.HistogramOpts{
		Name:           "openstack_api_request_duration_seconds",
		Help:           "Latency of requests to OpenStack, with their retries.",
		StabilityLevel: metrics.ALPHA,
	}, []string{"request"})
	total = metrics.NewCounterVec(&metrics.CounterOpts{
		Name:           "openstack_api_requests_total",
		Help:           "Requests to OpenStack.",
		StabilityLevel: metrics.ALPHA,
	}, []string{"request"})
	failures = metrics.NewCounterVec(&metrics.CounterOpts{
		Name:           "openstack_api_request_errors_total",
		Help:           "Requests to OpenStack that failed after their retries.",
		StabilityLevel: metrics.ALPHA,
	}, []string{"request"})

	reconcileDuration = metrics.NewHistogramVec(&metrics.HistogramOpts{
		Name:           "cloudprovider_openstack_reconcile_duration_seconds",
		Help:           "Time that a pass over a load balancer takes.",
		Buckets:        []float64{0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 7.5, 10, 12.5, 15, 17.5, 20, 22.5, 25, 27.5, 30, 50, 75, 100, 1000},
		StabilityLevel: metrics.ALPHA,
	}, []string{"operation"})
	reconcileTotal = metrics.NewCounterVec(&metrics.CounterOpts{
		Name:           "cloudprovider_openstack_reconcile_total",
		Help:           "Passes over load balancers.",
		StabilityLevel: metrics.ALPHA,
	}, []string{"operation"})
	reconcileFailures = metrics.NewCounterVec(&metrics.CounterOpts{
		Name:           "cloudprovider_openstack_reconcile_errors_total",
		Help:           "Passes over load balancers that failed.",
		StabilityLevel: metrics.ALPHA,
	}, []string{"operation"})
)

var registerMetrics = sync.OnceFunc(func() {
	legacyregistry.MustRegister(duration, total, failures, reconcileDuration, reconcileTotal, reconcileFailures)
})

// ObserveReconcile counts a pass over a load balancer: loadbalancer_ensure, loadbalancer_update or
// loadbalancer_delete.
func ObserveReconcile(operation string, start time.Time, err error) {
	registerMetrics()
	reconcileDuration.WithLabelValues(operation).Observe(time.Since(start).Seconds())
	reconcileTotal.WithLabelValues(operation).Inc()
	if err != nil {
		reconcileFailures.WithLabelValues(operation).Inc()
	}
}
