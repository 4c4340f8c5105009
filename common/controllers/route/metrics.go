// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package route

import (
	"sync"

	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

var syncs = metrics.NewCounterVec(&metrics.CounterOpts{
	Subsystem: "route_controller", Name: "route_sync_total",
	Help:           "A metric counting the number of route reconciles with the cloud provider, labeled by the trigger (periodic or node_change) and the outcome (error if the reconcile failed, changed if at least one route was created or deleted, otherwise noop).",
	StabilityLevel: metrics.ALPHA,
}, []string{"outcome", "trigger"})

var registerMetrics = sync.OnceFunc(func() { legacyregistry.MustRegister(syncs) })

func countSync(changed bool, err error, trigger string) {
	outcome := "noop"
	switch {
	case err != nil:
		outcome = "error"
	case changed:
		outcome = "changed"
	}
	syncs.WithLabelValues(outcome, trigger).Inc()
}
