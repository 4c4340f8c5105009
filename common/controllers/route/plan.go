// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package route

import (
	"context"
	"errors"
	"fmt"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"sigs.k8s.io/cloud-providers/common/app"
	"sigs.k8s.io/cloud-providers/common/plan"
)

// planRoutes returns the routes that a pass would create and delete.
func planRoutes(ctx context.Context, d app.Deps) ([]*plan.Plan, error) {
	cidrs, err := applicable(d)
	var none *app.NotApplicable
	if errors.As(err, &none) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	list, err := d.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	in := input{clusterCIDRs: cidrs}
	for i := range list.Items {
		in.nodes = append(in.nodes, &list.Items[i])
	}
	if in.routes, err = d.Cloud.Routes.ListRoutes(ctx, d.Config.KubeCloudShared.ClusterName); err != nil {
		return nil, fmt.Errorf("list routes: %w", err)
	}
	decided := decide(in)
	p := &plan.Plan{Subject: plan.Subject{Kind: "Routes", Name: d.Config.KubeCloudShared.ClusterName}}
	for _, r := range decided.delete {
		p.Add(plan.Change{ID: "delete " + r.DestinationCIDR + " " + string(r.TargetNode), Operation: plan.Delete, Reason: "no node has this CIDR at this target",
			Object: plan.Object{Kind: "route", Name: r.DestinationCIDR + " to " + string(r.TargetNode), ID: r.Name}})
	}
	for _, r := range decided.create {
		p.Add(plan.Change{ID: "create " + r.Route.DestinationCIDR, Operation: plan.Create, Reason: "the node has this CIDR and no route",
			Object: plan.Object{Kind: "route", Name: r.Route.DestinationCIDR + " to " + string(r.Route.TargetNode)}})
	}
	plans := []*plan.Plan{p}
	for _, n := range in.nodes {
		if text, ok := decided.conflicts[n.Name]; ok {
			plans = append(plans, &plan.Plan{Subject: plan.Subject{Kind: "Node", Name: n.Name}, Problem: text})
		}
	}
	return append(plans, planConditions(in, decided)...), nil
}

// planConditions returns the Nodes whose NetworkUnavailable is not what it will be once the routes are.
func planConditions(in input, d decision) []*plan.Plan {
	var plans []*plan.Plan
	for _, n := range in.nodes {
		if d.wants[n.Name] == 0 || d.conflicts[n.Name] != "" || current(n, true) {
			continue
		}
		from := ""
		for _, c := range n.Status.Conditions {
			if c.Type == v1.NodeNetworkUnavailable {
				from = string(c.Status) + " (" + c.Reason + ")"
			}
		}
		p := &plan.Plan{Subject: plan.Subject{Kind: "Node", Name: n.Name}}
		plans = append(plans, p.Add(plan.Change{ID: "condition", Operation: plan.Update, Object: plan.Object{Kind: "Node", Name: n.Name},
			Reason: "its routes are there", Fields: []plan.Field{{Path: "status.conditions[NetworkUnavailable]", From: from, To: "False (RouteCreated)"}}}))
	}
	return plans
}
