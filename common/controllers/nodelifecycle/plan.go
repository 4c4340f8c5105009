// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package nodelifecycle

import (
	"context"
	"fmt"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	cloudproviderapi "k8s.io/cloud-provider/api"

	"sigs.k8s.io/cloud-providers/common/app"
	"sigs.k8s.io/cloud-providers/common/controllers/nodes"
	"sigs.k8s.io/cloud-providers/common/instances"
	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/common/provider"
)

// planNodes returns what one look would change: taints, and deletions that would follow if the cloud
// confirmed its answer.
func planNodes(ctx context.Context, d app.Deps, o Options) ([]*plan.Plan, error) {
	if d.Cloud == nil || d.Cloud.Instances == nil {
		return nil, nil
	}
	list, err := d.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	var plans []*plan.Plan
	var suspects []*v1.Node
	var refs []provider.InstanceRef
	for i := range list.Items {
		node := &list.Items[i]
		if !nodes.Ready(node) {
			ref := provider.RefOf(node)
			ref.Want = provider.FactsExistence
			suspects, refs = append(suspects, node), append(refs, ref)
		} else if hasShutdownTaint(node) {
			plans = append(plans, nodePlan(node, plan.Update, "the node is Ready", plan.Field{Path: "spec.taints", From: cloudproviderapi.TaintNodeShutdown}))
		}
	}
	for i, a := range d.Instances.Lookup(ctx, refs, instances.Read{Reader: "plan", Immediate: true}) {
		switch node := suspects[i]; {
		case a.State == provider.InstanceNotFound && (node.Spec.ProviderID != "" || nodes.Uninitialized(node) && o.Uninitialized == "true"):
			plans = append(plans, nodePlan(node, plan.Delete, "it is not Ready and its instance does not exist, if the cloud confirms it"))
		case a.State == provider.InstanceFound && a.Instance.Power == provider.PowerStopped && !hasShutdownTaint(node):
			plans = append(plans, nodePlan(node, plan.Update, "its instance is stopped", plan.Field{Path: "spec.taints", To: cloudproviderapi.TaintNodeShutdown}))
		}
	}
	return plans, nil
}

func nodePlan(node *v1.Node, op plan.Operation, reason string, fields ...plan.Field) *plan.Plan {
	p := &plan.Plan{Subject: plan.Subject{Kind: "Node", Name: node.Name}}
	return p.Add(plan.Change{ID: string(op), Operation: op, Object: plan.Object{Kind: "Node", Name: node.Name}, Reason: reason, Fields: fields})
}
