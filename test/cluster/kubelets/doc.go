// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package kubelets simulates the kubelets, and if asked for the kube-proxies and pods, of any number of
// machines in one process.
//
// What a cloud controller manager sees is what kubelets with --cloud-provider=external would show
// it: Nodes with the cloud's taint and without cloud addresses, heartbeats by Leases, and conditions
// that a test changes ([Fleet.SetReady], [Fleet.StopHeartbeat], [Fleet.Forget]). Thousands of nodes
// share one queue of timers, a few workers and one connection.
//
// With Options.Traffic each machine is reachable on a loopback address of its own: it opens the node
// ports of Services as kube-proxy would, answers health checks, and runs the pods that are bound to
// it, each of which says who asked it. So a simulated load balancer can be tested with real
// connections up to the pod and back.
package kubelets
