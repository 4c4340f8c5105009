// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package nodes holds what the node, lifecycle, route and service controllers all decide about Nodes, as
// pure functions.
package nodes

import (
	"strconv"

	v1 "k8s.io/api/core/v1"
	cloudproviderapi "k8s.io/cloud-provider/api"
)

// AutoscalerTaint marks a Node that the cluster autoscaler is about to delete.
const AutoscalerTaint = "ToBeDeletedByClusterAutoscaler"

// HasTaint reports whether the Node has a taint with that key.
func HasTaint(node *v1.Node, key string) bool {
	for _, t := range node.Spec.Taints {
		if t.Key == key {
			return true
		}
	}
	return false
}

// Uninitialized reports whether the Node waits for its cloud provider.
func Uninitialized(node *v1.Node) bool {
	return HasTaint(node, cloudproviderapi.TaintExternalCloudProvider)
}

// ReadyCondition returns the Node's Ready condition; nil if it has none.
func ReadyCondition(node *v1.Node) *v1.NodeCondition {
	for i := range node.Status.Conditions {
		if node.Status.Conditions[i].Type == v1.NodeReady {
			return &node.Status.Conditions[i]
		}
	}
	return nil
}

// Ready reports whether the kubelet is known to be well.
func Ready(node *v1.Node) bool {
	c := ReadyCondition(node)
	return c != nil && c.Status == v1.ConditionTrue
}

// Zone returns the Node's zone; empty if it has none.
func Zone(node *v1.Node) string { return node.Labels[v1.LabelTopologyZone] }

// TakesTraffic reports whether load balancers send traffic to the Node (KEP-3458): neither readiness,
// cordoning nor other taints count.
func TakesTraffic(node *v1.Node) bool {
	return node.DeletionTimestamp == nil && !Excluded(node) && !HasTaint(node, AutoscalerTaint)
}

// Excluded reports whether the Node's exclusion label is in effect: with any value but one that
// strconv.ParseBool reads as false.
func Excluded(node *v1.Node) bool {
	value, ok := node.Labels[v1.LabelNodeExcludeBalancers]
	if !ok {
		return false
	}
	on, err := strconv.ParseBool(value)
	return err != nil || on
}

// Without returns taints without those of that key; the given slice is not changed.
func Without(taints []v1.Taint, key string) []v1.Taint {
	kept := make([]v1.Taint, 0, len(taints))
	for _, t := range taints {
		if t.Key != key {
			kept = append(kept, t)
		}
	}
	return kept
}
