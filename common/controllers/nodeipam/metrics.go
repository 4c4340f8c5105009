// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package nodeipam

import (
	"sync"

	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

const subsystem = "node_ipam_controller"

// Names as in kube-controller-manager's allocator, its misspelling included.
var (
	allocations = metrics.NewCounter(&metrics.CounterOpts{
		Subsystem: subsystem, Name: "cidrset_cidrs_allocations_total",
		Help: "Counter measuring total number of CIDR allocations.", StabilityLevel: metrics.ALPHA,
	})
	releases = metrics.NewCounter(&metrics.CounterOpts{
		Subsystem: subsystem, Name: "cidrset_cidrs_releases_total",
		Help: "Counter measuring total number of CIDR releases.", StabilityLevel: metrics.ALPHA,
	})
	usage = metrics.NewGaugeVec(&metrics.GaugeOpts{
		Subsystem: subsystem, Name: "cidrset_usage_cidrs",
		Help: "Gauge measuring percentage of allocated CIDRs.", StabilityLevel: metrics.ALPHA,
	}, []string{"clusterCIDR"})
	maximum = metrics.NewGaugeVec(&metrics.GaugeOpts{
		Subsystem: subsystem, Name: "cirdset_max_cidrs",
		Help: "Maximum number of CIDRs that can be allocated.", StabilityLevel: metrics.ALPHA,
	}, []string{"clusterCIDR"})
	foreignSeen = metrics.NewGauge(&metrics.GaugeOpts{
		Name: "cloud_provider_foreign_cidr_allocator",
		Help: "1 after a Node got a CIDR from somebody else, so that none is handed out any more.",
	})
)

var registerMetrics = sync.OnceFunc(func() {
	legacyregistry.MustRegister(allocations, releases, usage, maximum, foreignSeen)
})
