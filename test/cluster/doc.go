// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cluster starts a Kubernetes control plane on this machine's loopback: etcd,
// kube-apiserver and kube-controller-manager as three processes, without containers or privileges.
//
// It is a real one where a cloud controller manager can tell the difference: RBAC and the Node
// authorizer are on, each identity has its own client certificate ([Cluster.Kubeconfig]), the
// controllers run under their bootstrap roles with --cloud-provider=external, and requests to the
// API server are counted from its audit log ([Cluster.Audit]). There is no scheduler and no kubelet;
// package kubelets simulates the latter.
//
// A test takes one by [StartForTest]:
//
//	func TestNodeGetsProviderID(t *testing.T) {
//		c := cluster.StartForTest(t, cluster.Options{})
//		config, err := c.Kubeconfig("system:cloud-controller-manager")
//		...
//	}
//
// Several can run at once, in one process or in many. All processes end with [Cluster.Stop], with
// the context given to [Start], or, through the kernel, with the process that started them, even if
// that was killed; the next start removes the files of such a one. This needs Linux.
package cluster
