// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package binaries builds the programs of a control plane - etcd, kube-apiserver and
// kube-controller-manager - from Go modules and keeps them in the user's cache.
//
// The versions are those of the module test/cluster/controlplane, which stands outside go.work so
// that its dependency graph never touches that of a provider. Whoever calls [Ensure] first pays for
// the build; everybody after that, in this process or another, finds the programs ready.
package binaries
