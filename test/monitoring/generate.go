// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package monitoring

//go:generate go run ./cmd/metricsdoc ../../common ../../docs/monitoring/metrics.md
