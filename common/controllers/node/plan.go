// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"slices"
	"strings"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"sigs.k8s.io/cloud-providers/common/app"
	"sigs.k8s.io/cloud-providers/common/controllers/nodes"
	"sigs.k8s.io/cloud-providers/common/instances"
	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/common/provider"
)

// planNodes returns what the controller would change at each Node.
func planNodes(ctx context.Context, d app.Deps, o Options) ([]*plan.Plan, error) {
	if d.Cloud == nil || d.Cloud.Instances == nil {
		return nil, nil
	}
	list, err := d.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	refs := make([]provider.InstanceRef, len(list.Items))
	for i := range list.Items {
		refs[i] = provider.RefOf(&list.Items[i])
	}
	var plans []*plan.Plan
	for i, answer := range d.Instances.Sweep(ctx, refs, instances.Read{Reader: "plan"}) {
		plans = append(plans, planNode(&list.Items[i], answer, o))
	}
	return plans, nil
}

func planNode(node *v1.Node, answer provider.InstanceAnswer, o Options) *plan.Plan {
	p := &plan.Plan{Subject: plan.Subject{Kind: "Node", Name: node.Name}}
	waits := nodes.Uninitialized(node)
	switch answer.State {
	case provider.InstanceUnknown:
		p.Problem = fmt.Sprintf("its instance is unknown: %v", answer.Err)
		return p
	case provider.InstanceForeign:
		return p
	case provider.InstanceNotFound:
		if waits {
			p.Problem = "the cloud knows no instance of it, so it stays uninitialised"
		}
		return p
	}
	var c change
	reason := "the instance has changed"
	if waits {
		var err error
		if c, err = initialise(node, answer.Instance); err != nil {
			p.Problem = err.Error()
			return p
		}
		reason = "it waits for its cloud provider"
	} else {
		c = synchronise(node, answer.Instance, o)
	}
	if c.empty() {
		return p
	}
	return p.Add(plan.Change{ID: "node", Operation: plan.Update, Object: plan.Object{Kind: "Node", Name: node.Name}, Reason: reason, Fields: fields(node, c)})
}

func fields(node *v1.Node, c change) []plan.Field {
	var fields []plan.Field
	if c.setAddresses {
		fields = append(fields, plan.Field{Path: "status.addresses", From: addressText(node.Status.Addresses), To: addressText(c.addresses)})
	}
	if c.patch.ProviderID != "" {
		fields = append(fields, plan.Field{Path: "spec.providerID", To: c.patch.ProviderID})
	}
	for k, v := range c.patch.Labels {
		f := plan.Field{Path: "metadata.labels[" + k + "]", From: node.Labels[k]}
		if v != nil {
			f.To = *v
		}
		fields = append(fields, f)
	}
	slices.SortFunc(fields, func(a, b plan.Field) int { return strings.Compare(a.Path, b.Path) })
	if c.patch.SetTaints {
		fields = append(fields, plan.Field{Path: "spec.taints", From: taintText(node.Spec.Taints), To: taintText(c.patch.Taints)})
	}
	return fields
}

func addressText(addresses []v1.NodeAddress) string {
	var parts []string
	for _, a := range addresses {
		parts = append(parts, string(a.Type)+" "+a.Address)
	}
	return strings.Join(parts, ", ")
}

func taintText(taints []v1.Taint) string {
	var parts []string
	for _, t := range taints {
		parts = append(parts, t.ToString())
	}
	return strings.Join(parts, ", ")
}
