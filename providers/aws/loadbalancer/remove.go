// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"slices"

	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/providers/aws/securitygroup"
)

// exists reports whether anything is there that was made for the Service. While the load balancer is wanted
// that is the load balancer; when it has to go, all that it may have left behind counts.
func exists(a Actual) bool {
	if a.Err != nil { // what could not be read must not be taken for gone
		return true
	}
	if a.Classic != nil && a.ours(a.Classic.Tags, a.Classic.TagsKnown) || a.Network != nil && a.ours(a.Network.Tags, a.Network.TagsKnown) {
		return true
	}
	return a.Removing && len(removal(a)) > 0
}

// removal returns the changes that leave nothing of a load balancer. It can begin at any point at which an
// earlier one ended.
func removal(a Actual) []plan.Change {
	d := &differ{actual: a}
	if a.Err != nil {
		return []plan.Change{{ID: "read", Operation: plan.Delete, Object: plan.Object{Kind: "load balancer", Name: a.Name}, Reason: "what it consists of could not be read", Spec: fail{a.Err}}}
	}
	reason := "the Service no longer asks for it"
	managed := a.managedGroups()
	closed := d.closeSources(managed) // first: they are found through the Classic load balancer
	d.removeBalancers(reason, closed)
	for _, g := range a.Loose {
		d.add(plan.Change{ID: "delete target group " + g.Name, Operation: plan.Delete, Object: plan.Object{Kind: "target group", Name: g.Name, ID: g.ARN},
			Reason: "its load balancer is gone", Spec: deleteTargetGroup{group: g}})
	}
	if !a.LeaveNodeGroups {
		d.closeNodePorts(nil, reason)
	}
	for _, g := range managed {
		d.deleteGroup(g, append(slices.Clone(closed), changeLB))
	}
	return d.changes
}

// closeSources takes the rules for the security groups from which a Classic load balancer's traffic comes, or
// came, from nodes' groups, and returns the IDs of the changes.
func (d *differ) closeSources(managed []securitygroup.Group) []string {
	a := d.actual
	var sources []string
	if a.Classic != nil && a.ours(a.Classic.Tags, a.Classic.TagsKnown) {
		sources = append(sources, a.trafficGroup())
	}
	for _, g := range managed {
		sources = append(sources, g.ID)
	}
	slices.Sort(sources)
	var closed []string
	for _, source := range slices.Compact(sources) {
		if source != "" && !a.Others.uses(source, a.UID) {
			closed = append(closed, d.closeNodes(source, nil, nil)...)
		}
	}
	return closed
}

// removeBalancers plans the end of the load balancers themselves.
func (d *differ) removeBalancers(reason string, closed []string) {
	a := d.actual
	classic := a.Classic != nil && a.ours(a.Classic.Tags, a.Classic.TagsKnown)
	if classic {
		d.add(plan.Change{ID: changeLB, Operation: plan.Delete, Object: plan.Object{Kind: string(Classic), Name: a.Name}, Reason: reason, After: closed, Spec: deleteClassic{}})
	}
	n := a.Network
	if n == nil || !a.ours(n.Tags, n.TagsKnown) {
		return
	}
	id := changeLB
	if classic {
		id = "network " + changeLB
	}
	d.add(plan.Change{ID: id, Operation: plan.Delete, Object: plan.Object{Kind: string(Network), Name: a.Name, ID: n.ARN}, Reason: reason, Spec: deleteNetwork{n.ARN}})
	d.removeTargetGroups(n.TargetGroups, id)
}
