// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudapi

import (
	"sync"

	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

var (
	requests = metrics.NewCounterVec(&metrics.CounterOpts{
		Name: "cloud_provider_api_requests_total",
		Help: "Requests to the cloud's API by operation and HTTP status code; code is \"error\" when there was no answer, \"refused\" when the lease gate was closed.",
	}, []string{"provider", "operation", "code"})
	duration = metrics.NewHistogramVec(&metrics.HistogramOpts{
		Name:    "cloud_provider_api_request_duration_seconds",
		Help:    "Time from sending a request to the cloud's API to its response header.",
		Buckets: metrics.ExponentialBuckets(0.005, 2, 14),
	}, []string{"provider", "operation"})
	throttled = metrics.NewCounterVec(&metrics.CounterOpts{
		Name: "cloud_provider_api_throttled_total",
		Help: "Requests that the cloud's API refused because there were too many.",
	}, []string{"provider", "operation"})
)

var registerMetrics = sync.OnceFunc(func() {
	legacyregistry.MustRegister(requests, duration, throttled)
})

// CountThrottled counts a refusal because of too many requests that does not have status 429, as AWS says it:
// what it is stands in the body, which the provider's SDK reads.
func CountThrottled(provider, operation string) {
	registerMetrics()
	throttled.WithLabelValues(provider, operation).Inc()
}
