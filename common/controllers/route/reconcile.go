// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package route

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/provider"
)

// reconcile makes one pass. It reports whether any route was created or deleted.
func (c *controller) reconcile(ctx context.Context) (bool, error) {
	nodes, err := c.lister.List(labels.Everything())
	if err != nil {
		return false, fmt.Errorf("list nodes: %w", err)
	}
	routes, err := c.list(ctx)
	if err != nil {
		return false, err
	}
	d := decide(input{clusterCIDRs: c.clusterCIDRs, nodes: nodes, routes: routes})
	if len(d.delete) > 0 {
		if nodes, routes, err = c.readAgain(ctx); err != nil {
			return false, err
		}
		d = decide(input{clusterCIDRs: c.clusterCIDRs, nodes: nodes, routes: routes})
	}
	done, failed := c.apply(ctx, d)
	for name, n := range done {
		d.has[name] += n
	}
	byName := map[string]*v1.Node{}
	for _, n := range nodes {
		byName[n.Name] = n
	}
	for name, text := range d.conflicts {
		c.deps.Events.Event(byName[name], v1.EventTypeWarning, "FailedToCreateRoute", text)
	}
	failed = append(failed, c.publish(ctx, nodes, routes, d)...)
	return len(d.create)+len(d.delete) > 0, errors.Join(failed...)
}

// list reads the routes. A list with less than half of the last one is read again before use.
func (c *controller) list(ctx context.Context) ([]provider.Route, error) {
	cluster := c.deps.Config.KubeCloudShared.ClusterName
	routes, err := c.deps.Cloud.Routes.ListRoutes(ctx, cluster)
	if err == nil && len(routes)*2 < c.listed {
		routes, err = c.deps.Cloud.Routes.ListRoutes(ctx, cluster)
	}
	if err != nil {
		return nil, fmt.Errorf("list routes: %w", err)
	}
	c.listed = len(routes)
	return routes, nil
}

// readAgain reads both sides fresh: a decision that deletes routes must not rest on a stale cache, as that
// of a new leader may be. Deletions are rare enough for two lists.
func (c *controller) readAgain(ctx context.Context) ([]*v1.Node, []provider.Route, error) {
	klog.FromContext(ctx).V(2).Info("Routes would be deleted; reading nodes and routes again first")
	list, err := c.deps.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, nil, fmt.Errorf("list nodes again: %w", err)
	}
	nodes := make([]*v1.Node, len(list.Items))
	for i := range list.Items {
		nodes[i] = &list.Items[i]
	}
	routes, err := c.list(ctx)
	return nodes, routes, err
}

// apply makes the changes and returns the number of routes created by Node, and what failed.
func (c *controller) apply(ctx context.Context, d decision) (map[string]int, []error) {
	cluster := c.deps.Config.KubeCloudShared.ClusterName
	limits := c.deps.Cloud.Routes.RouteLimits()
	log := klog.FromContext(ctx)
	created := map[string]int{}
	var failed []error
	remove := func() {
		errs := inBatches(d.delete, limits, func(r []provider.Route) []error {
			if err := c.deps.Gate.Check(); err != nil {
				return all(len(r), err)
			}
			return c.deps.Cloud.Routes.DeleteRoutes(ctx, cluster, r)
		})
		for i, err := range errs {
			r := d.delete[i]
			if err != nil {
				failed = append(failed, fmt.Errorf("delete route %s of node %s: %w", r.DestinationCIDR, r.TargetNode, err))
				continue
			}
			log.Info("Deleted route", "name", r.Name, "node", r.TargetNode, "cidr", r.DestinationCIDR)
		}
	}
	if d.deleteFirst {
		remove()
	}
	errs := inBatches(d.create, limits, func(r []provider.RouteCreate) []error {
		if err := c.deps.Gate.Check(); err != nil {
			return all(len(r), err)
		}
		return c.deps.Cloud.Routes.CreateRoutes(ctx, cluster, r)
	})
	for i, err := range errs {
		r := d.create[i].Route
		if err != nil {
			failed = append(failed, fmt.Errorf("create route %s of node %s: %w", r.DestinationCIDR, r.TargetNode, err))
			c.deps.Events.Event(&v1.ObjectReference{Kind: "Node", Name: string(r.TargetNode), UID: types.UID(r.TargetNode)},
				v1.EventTypeWarning, "FailedToCreateRoute", fmt.Sprintf("Could not create route %s for node %s: %v", r.DestinationCIDR, r.TargetNode, err))
			continue
		}
		created[string(r.TargetNode)]++
		log.Info("Created route", "node", r.TargetNode, "cidr", r.DestinationCIDR)
	}
	if !d.deleteFirst {
		remove()
	}
	return created, failed
}

func all(n int, err error) []error {
	errs := make([]error, n)
	for i := range errs {
		errs[i] = err
	}
	return errs
}

// publish sets NetworkUnavailable on Nodes that have CIDRs or had routes, where it differs.
func (c *controller) publish(ctx context.Context, nodes []*v1.Node, routes []provider.Route, d decision) []error {
	hadRoute := map[string]bool{}
	for _, r := range routes {
		hadRoute[string(r.TargetNode)] = true
	}
	var change []*v1.Node
	for _, n := range nodes {
		if (d.wants[n.Name] > 0 || hadRoute[n.Name]) && !current(n, d.has[n.Name] >= d.wants[n.Name] && d.wants[n.Name] > 0) {
			change = append(change, n)
		}
	}
	return inBatches(change, provider.RouteLimits{}, func(n []*v1.Node) []error {
		ok := d.has[n[0].Name] >= d.wants[n[0].Name] && d.wants[n[0].Name] > 0
		return []error{c.setCondition(ctx, n[0], ok)}
	})
}

// condition returns what NetworkUnavailable should say.
func condition(routed bool) v1.NodeCondition {
	if routed {
		return v1.NodeCondition{Type: v1.NodeNetworkUnavailable, Status: v1.ConditionFalse, Reason: "RouteCreated", Message: "RouteController created a route"}
	}
	return v1.NodeCondition{Type: v1.NodeNetworkUnavailable, Status: v1.ConditionTrue, Reason: "NoRouteCreated", Message: "RouteController failed to create a route"}
}

func current(node *v1.Node, routed bool) bool {
	want := condition(routed)
	for _, have := range node.Status.Conditions {
		if have.Type == want.Type {
			return have.Status == want.Status && have.Reason == want.Reason
		}
	}
	return false
}

// setCondition patches the one condition; strategic merge keeps the others, which have other types.
func (c *controller) setCondition(ctx context.Context, node *v1.Node, routed bool) error {
	want := condition(routed)
	now := metav1.NewTime(c.deps.Clock.Now())
	want.LastTransitionTime, want.LastHeartbeatTime = now, now
	body, err := json.Marshal(map[string]any{"status": map[string]any{"conditions": []v1.NodeCondition{want}}})
	if err != nil {
		return err
	}
	_, err = c.deps.Client.CoreV1().Nodes().Patch(ctx, node.Name, types.StrategicMergePatchType, body, metav1.PatchOptions{}, "status")
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("patch condition of node %s: %w", node.Name, err)
	}
	return nil
}
