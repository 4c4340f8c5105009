// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"sync"

	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

// The first four are upstream's, with its names and labels; there they count some operations of EC2, here
// those of every service. Beside them are the shared cloud_provider_api_… metrics, which count attempts.
var (
	duration = metrics.NewHistogramVec(&metrics.HistogramOpts{
		Name:           "cloudprovider_aws_api_request_duration_seconds",
		Help:           "Latency of successful AWS API calls, with their retries.",
		StabilityLevel: metrics.ALPHA,
	}, []string{"request"})
	failures = metrics.NewCounterVec(&metrics.CounterOpts{
		Name:           "cloudprovider_aws_api_request_errors",
		Help:           "AWS API calls that failed after their retries.",
		StabilityLevel: metrics.ALPHA,
	}, []string{"request"})
	throttled = metrics.NewCounterVec(&metrics.CounterOpts{
		Name:           "cloudprovider_aws_api_throttled_requests_total",
		Help:           "AWS API calls that failed because there were too many.",
		StabilityLevel: metrics.ALPHA,
	}, []string{"operation_name"})
	statuses = metrics.NewCounterVec(&metrics.CounterOpts{
		Name:           "cloudprovider_aws_api_response_status_total",
		Help:           "Answers of AWS with an HTTP status of 400 or more, one for each attempt.",
		StabilityLevel: metrics.ALPHA,
	}, []string{"service", "operation", "status_code"})

	waited = metrics.NewCounterVec(&metrics.CounterOpts{
		Name:           "cloud_provider_aws_client_wait_seconds_total",
		Help:           "Time that calls were held back after AWS throttled calls of the same service and class.",
		StabilityLevel: metrics.ALPHA,
	}, []string{"service", "class"})
)

var registerMetrics = sync.OnceFunc(func() {
	legacyregistry.MustRegister(duration, failures, throttled, statuses, waited)
})
