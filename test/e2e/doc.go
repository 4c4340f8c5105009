// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package e2e proves the local provider end to end: the released programs as processes of their own, a
// real control plane, real connections through the load balancers.
package e2e
