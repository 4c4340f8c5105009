// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package nodeipam

import (
	"context"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"sigs.k8s.io/cloud-providers/common/app"
	"sigs.k8s.io/cloud-providers/common/plan"
)

// planNodes returns the CIDRs that Nodes without any would get from the cluster CIDRs.
func planNodes(ctx context.Context, d app.Deps, o Options) ([]*plan.Plan, error) {
	shared := d.Config.KubeCloudShared
	if !shared.AllocateNodeCIDRs || shared.CIDRAllocatorType != rangeAllocator {
		return nil, &app.NotApplicable{Reason: "--allocate-node-cidrs=false, or the cloud gives Nodes their CIDRs"}
	}
	all, err := pools(d.Config, o)
	if err != nil {
		return nil, err
	}
	list, err := d.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	a := newAllocator(all)
	for i := range list.Items {
		a.learn(&list.Items[i])
	}
	var plans []*plan.Plan
	for i := range list.Items {
		node := &list.Items[i]
		if len(node.Spec.PodCIDRs) > 0 || node.DeletionTimestamp != nil {
			continue
		}
		p := &plan.Plan{Subject: plan.Subject{Kind: "Node", Name: node.Name}}
		plans = append(plans, p)
		given, err := a.assign(node)
		if err != nil {
			p.Problem = err.Error()
			continue
		}
		var text []string
		for _, g := range given {
			text = append(text, g.String())
		}
		p.Add(plan.Change{ID: "cidrs", Operation: plan.Update, Object: plan.Object{Kind: "Node", Name: node.Name}, Reason: "it has no CIDR for its pods",
			Fields: []plan.Field{{Path: "spec.podCIDRs", To: strings.Join(text, ", ")}}})
	}
	return plans, nil
}
