// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package e2e proves the local provider end to end: the released programs as processes of their own, a
// real control plane, real connections through the load balancers.
//
// Each test has a cluster and a cloud of its own on addresses of its own, so that tests run beside each
// other and beside those of other packages. Faults are injected by the cloud, where they happen in real
// ones: it can hold a call before or after carrying it out, and the test does something meanwhile.
package e2e
