// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"slices"
	"strings"

	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/providers/aws/securitygroup"
	"sigs.k8s.io/cloud-providers/providers/aws/subnets"
)

// openNodes lets the traffic of a Classic load balancer, which comes from its first security group, through
// to nodes, and takes the rule from groups without targets.
//
// The IDs of the changes that open are returned: until then the load balancer keeps the groups that it has.
func (d *differ) openNodes(first groupRef, targets []string) ([]string, error) {
	if d.actual.LeaveNodeGroups {
		return nil, nil
	}
	groups, err := d.nodeGroups(targets)
	if err != nil {
		return nil, err
	}
	var opened []string
	for _, id := range groups {
		g := d.actual.Groups[id]
		key := securitygroup.Key{Protocol: securitygroup.All, Group: first.id}
		if _, there := g.Rule(key); there && first.id != "" {
			continue
		}
		opened = append(opened, "open "+id)
		d.add(plan.Change{ID: "open " + id, Operation: plan.Update, Object: plan.Object{Kind: "security group", Name: g.Name, ID: id},
			Reason: "nodes have to accept the load balancer's traffic", After: []string{changeGroup, changeLB},
			Fields: []plan.Field{{Path: "ingress", To: "all traffic from " + first.String()}}, Spec: authorizeGroup{g, first}})
	}
	if first.id != "" && !d.actual.Others.uses(first.id, d.actual.UID) {
		d.closeNodes(first.id, groups, nil)
	}
	return opened, nil
}

// closeNodes takes the rule for a Classic load balancer's security group from the cluster's groups, except
// from some, after other changes, and returns the IDs of the changes.
func (d *differ) closeNodes(source string, but, after []string) []string {
	if d.actual.LeaveNodeGroups {
		return nil
	}
	var changes []string
	key := securitygroup.Key{Protocol: securitygroup.All, Group: source}
	for _, g := range d.nodeGroupsWith(but, func(r securitygroup.Rule) bool { return r.Key == key }) {
		id := "close " + g.ID + " to " + source
		d.add(plan.Change{ID: id, Operation: plan.Update, Object: plan.Object{Kind: "security group", Name: g.Name, ID: g.ID},
			Reason: "no targets of the load balancer use it", Fields: ruleFields(nil, []securitygroup.Rule{{Key: key}}),
			After: after, Spec: revoke{g, []securitygroup.Rule{{Key: key}}}})
		changes = append(changes, id)
	}
	return changes
}

// nodeGroupsWith returns the security groups that have a certain rule. When the load balancer is removed,
// groups without the cluster's tag that sit on nodes count too.
func (d *differ) nodeGroupsWith(but []string, has func(securitygroup.Rule) bool) []securitygroup.Group {
	var found []securitygroup.Group
	groups := d.actual.clusterGroups(but)
	if d.actual.Removing {
		for _, m := range d.actual.Machines {
			if id, err := d.actual.nodeGroup(m); err == nil && id != "" && !slices.ContainsFunc(groups, func(g securitygroup.Group) bool { return g.ID == id }) {
				groups = append(groups, d.actual.Groups[id])
			}
		}
		slices.SortFunc(groups, func(a, b securitygroup.Group) int { return strings.Compare(a.ID, b.ID) })
	}
	for _, g := range groups {
		if slices.ContainsFunc(g.Ingress, has) {
			found = append(found, g)
		}
	}
	return found
}

// networkRules returns the rules that a network load balancer needs of its nodes' security groups. Targets
// see the clients' addresses, so that the rules have the source ranges; health checks come from the load
// balancer's own addresses.
func networkRules(name string, ranges []string, n NodeRules, placed []subnets.Subnet) []securitygroup.Rule {
	var own []string
	for _, s := range placed {
		own = append(own, s.CIDR)
		for _, r := range ranges {
			if strings.Contains(r, ":") {
				own = append(own, s.IPv6CIDRs...)
				break
			}
		}
	}
	var rules []securitygroup.Rule
	clients := ranges
	if n.ViaSubnets {
		clients = own
	}
	for _, p := range n.Client {
		for _, cidr := range clients {
			rules = append(rules, rule(p.Protocol, p.Port, cidr, clientDescription(name)))
		}
	}
	if !covered(ranges, n) {
		have := securitygroup.Keys(rules)
		for _, p := range n.Health {
			for _, cidr := range own {
				r := rule(p.Protocol, p.Port, cidr, healthDescription(name))
				if _, twice := have[r.Key]; !twice {
					rules = append(rules, r)
				}
			}
		}
	}
	return securitygroup.Sorted(rules)
}

// covered reports whether the clients' rules let health checks in too.
func covered(ranges []string, n NodeRules) bool {
	if n.ViaSubnets || !slices.Equal(ranges, []string{"0.0.0.0/0"}) || len(n.Client) != len(n.Health) {
		return false
	}
	for _, p := range n.Client {
		if p.Protocol != "tcp" || !slices.Contains(n.Health, p) {
			return false
		}
	}
	return true
}

// openNodePorts brings the rules of nodes' security groups into the state that a network load balancer
// needs, and takes them from groups without targets.
func (d *differ) openNodePorts(rules []securitygroup.Rule, targets []string) error {
	if d.actual.LeaveNodeGroups {
		return nil
	}
	groups, err := d.nodeGroups(targets)
	if err != nil {
		return err
	}
	for _, id := range groups {
		d.nodePorts(d.actual.Groups[id], rules, "nodes have to accept the load balancer's traffic")
	}
	d.closeNodePorts(groups, "no targets of the load balancer use it")
	return nil
}

// closeNodePorts takes the load balancer's rules from all groups but some, and with them rules for MTU
// discovery that no client needs any more, which somebody may have left who died in between.
func (d *differ) closeNodePorts(but []string, reason string) {
	groups := d.nodeGroupsWith(but, func(r securitygroup.Rule) bool { return d.mine(r) || r.Description == mtuDescription })
	for _, g := range groups {
		d.nodePorts(g, nil, reason)
	}
}

// mine reports whether a rule was made for this load balancer.
func (d *differ) mine(r securitygroup.Rule) bool {
	return r.Description == clientDescription(d.actual.Name) || r.Description == healthDescription(d.actual.Name)
}

// nodePorts plans one security group. Rules that another load balancer needs too get its description and stay.
func (d *differ) nodePorts(g securitygroup.Group, rules []securitygroup.Rule, reason string) {
	want := securitygroup.Keys(rules)
	add := securitygroup.Without(rules, securitygroup.Keys(g.Ingress))
	var surplus []securitygroup.Rule
	for _, r := range g.Ingress {
		if _, wanted := want[r.Key]; !wanted && d.mine(r) {
			surplus = append(surplus, r)
		}
	}
	relabel, remove := d.actual.Others.split(surplus, d.actual.UID)
	object := plan.Object{Kind: "security group", Name: g.Name, ID: g.ID}
	last := []string{changeLB}
	mtuAdd, mtuRemove := mtuRules(g, add, remove, relabel)
	step := func(id string, rules []securitygroup.Rule, fields []plan.Field, spec any) {
		if len(rules) == 0 {
			return
		}
		d.add(plan.Change{ID: id + " " + g.ID, Operation: plan.Update, Object: object, Reason: reason, Fields: fields, After: last, Spec: spec})
		last = []string{id + " " + g.ID}
	}
	open := func() {
		step("open", add, ruleFields(add, nil), authorize{group: groupRef{id: g.ID}, known: g, rules: add})
		step("open MTU discovery on", mtuAdd, ruleFields(mtuAdd, nil), authorize{group: groupRef{id: g.ID}, known: g, rules: mtuAdd})
	}
	shut := func() {
		step("rename rules of", relabel, ruleFields(relabel, nil), nodeRules{g, relabel})
		step("close", remove, ruleFields(nil, remove), nodeRules{g, remove})
		step("close MTU discovery on", mtuRemove, ruleFields(nil, mtuRemove), mtuRulesGone{g, mtuRemove})
	}
	// What is new comes first, so that traffic never stands before closed ports: also when AWS refuses to
	// add rules, all of a call at once. Only where that would not fit and the other order does, it is that.
	have, more, less := len(g.Ingress), len(add)+len(mtuAdd), len(remove)+len(mtuRemove)
	if have+more > ruleQuota && have+more-less <= ruleQuota {
		shut()
		open()
		return
	}
	open()
	shut()
}

// ruleQuota is AWS's default limit of rules in a security group.
const ruleQuota = 60

// mtuRules follows the clients: path-MTU discovery is open to each network that is a client of any network
// load balancer.
func mtuRules(g securitygroup.Group, add, remove, relabel []securitygroup.Rule) (open, shut []securitygroup.Rule) {
	gone := securitygroup.Keys(remove)
	for key := range securitygroup.Keys(relabel) {
		gone[key] = securitygroup.Rule{}
	}
	want := map[securitygroup.Key]securitygroup.Rule{}
	for _, r := range slices.Concat(securitygroup.Without(g.Ingress, gone), relabel, add) {
		if strings.HasPrefix(r.Description, clientDescription("")) && r.CIDR != "" {
			m := mtu(r.CIDR, mtuDescription)
			want[m.Key] = m
		}
	}
	have := securitygroup.Keys(g.Ingress)
	for key, r := range want {
		if _, there := have[key]; !there {
			open = append(open, r)
		}
	}
	for _, r := range g.Ingress {
		if _, wanted := want[r.Key]; !wanted && r.Description == mtuDescription {
			shut = append(shut, r)
		}
	}
	return securitygroup.Sorted(open), securitygroup.Sorted(shut)
}
