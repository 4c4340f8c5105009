// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"slices"

	"sigs.k8s.io/cloud-providers/common/plan"
)

// exists reports whether anything is there that was made for the Service. While the load balancer is wanted
// that is the load balancer; when it has to go, all that it may have left behind counts.
func exists(a Actual) bool {
	if a.Classic != nil && a.ours(a.Classic.Tags, a.Classic.TagsKnown) || a.Network != nil && a.ours(a.Network.Tags, a.Network.TagsKnown) {
		return true
	}
	return a.Removing && len(removal(a)) > 0
}

// removal returns the changes that leave nothing of a load balancer. It can begin at any point at which an
// earlier one ended.
func removal(a Actual) []plan.Change {
	d := &differ{actual: a}
	reason := "the Service no longer asks for it"
	gone := d.removeBalancers(reason)
	for _, g := range a.Loose {
		d.add(plan.Change{ID: "delete target group " + g.Name, Operation: plan.Delete, Object: plan.Object{Kind: "target group", Name: g.Name, ID: g.ARN},
			Reason: "its load balancer is gone", Spec: deleteTargetGroup{group: g}})
	}
	if !a.LeaveNodeGroups {
		d.closeNodePorts(nil, reason)
	}
	var sources []string
	if gone && slices.Contains(a.Classic.Groups, a.FirstGroup) {
		sources = append(sources, a.FirstGroup)
	}
	managed := a.managedGroups()
	for _, g := range managed {
		sources = append(sources, g.ID)
	}
	slices.Sort(sources)
	closed := map[string][]string{}
	for _, source := range slices.Compact(sources) {
		if !a.Others.uses(source) {
			closed[source] = d.closeNodes(source, nil)
		}
	}
	for _, g := range managed {
		d.deleteGroup(g, append(closed[g.ID], changeLB))
	}
	return d.changes
}

// removeBalancers plans the end of the load balancers themselves, and reports whether a Classic one goes.
func (d *differ) removeBalancers(reason string) bool {
	a := d.actual
	classic := a.Classic != nil && a.ours(a.Classic.Tags, a.Classic.TagsKnown)
	if classic {
		d.add(plan.Change{ID: changeLB, Operation: plan.Delete, Object: plan.Object{Kind: string(Classic), Name: a.Name}, Reason: reason, Spec: deleteClassic{}})
	}
	n := a.Network
	if n == nil || !a.ours(n.Tags, n.TagsKnown) {
		return classic
	}
	id := changeLB
	if classic {
		id = "network " + changeLB
	}
	d.add(plan.Change{ID: id, Operation: plan.Delete, Object: plan.Object{Kind: string(Network), Name: a.Name, ID: n.ARN}, Reason: reason, Spec: deleteNetwork{n.ARN}})
	for _, g := range n.TargetGroups {
		d.add(plan.Change{ID: "delete target group " + g.Name, Operation: plan.Delete, Object: plan.Object{Kind: "target group", Name: g.Name, ID: g.ARN},
			Reason: "its load balancer goes", After: []string{id}, Spec: deleteTargetGroup{group: g}})
	}
	return classic
}
