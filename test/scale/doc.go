// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package scale measures cloud controller managers against thousands of nodes: ours beside the stock
// controllers of k8s.io/cloud-provider over the same provider, and a floor that only writes what has to be
// written. `make test-scale` runs it; README.md says what and how.
//
// What runs programs is in the files with the build tag scale. The rest is pure: a [Run] holds what was
// measured, [Judge] compares runs with the aims, and [Markdown] and [Plot] show them.
package scale
