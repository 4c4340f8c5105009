// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/providers/openstack/neutron"
)

const ingress = "ingress"

// group sees to the security group of members' ports, and returns what is wrong.
func (d *differ) group() []string {
	a, w := d.a, d.w.Group
	if w == nil {
		if a.Group != nil {
			d.dropGroup("security groups are not managed")
		}
		return nil
	}
	if a.Place.MemberSubnet == nil {
		if a.Balancer == nil {
			return nil // known when Octavia has chosen one
		}
		return []string{"the subnet of the members, whose network the security group lets in, cannot be found; set member-subnet-id in the cloud-config, or annotation " + memberSubnetID.Key()}
	}
	var have []Rule
	after := []string(nil)
	if a.Group == nil {
		d.neutron(plan.Change{ID: "security-group", Operation: plan.Create, Object: plan.Object{Kind: kindGroup, Name: w.Name}, Reason: "the Service has none", Spec: createGroup{w.Name, w.Description}})
		after = []string{"security-group"}
	} else {
		have = a.Group.Rules
	}
	rules := d.rules()
	d.changeRules(rules, have, after)
	d.changePorts(after)
	return nil
}

// rules are the rules that are wanted.
func (d *differ) rules() []Rule {
	subnet := d.a.Place.MemberSubnet
	etherType := fmt.Sprintf("IPv%d", subnet.IPVersion)
	from := []string{subnet.CIDR}
	provider := d.w.Provider
	if d.a.Balancer != nil && d.a.Balancer.Provider != "" {
		provider = d.a.Balancer.Provider
	}
	if provider == ovn { // members see the clients themselves
		from = d.w.Ranges
	}
	var rules []Rule
	add := func(protocol string, port int, prefix, etherType string) {
		protocol = strings.ToLower(protocol)
		r := Rule{Direction: ingress, EtherType: etherType, Protocol: &protocol, From: &port, To: &port, Prefix: &prefix}
		if !slices.ContainsFunc(rules, r.equal) {
			rules = append(rules, r)
		}
	}
	for _, p := range d.w.Ports {
		for _, cidr := range from {
			if p.NodePort == 0 {
				continue
			}
			kind := etherType
			if prefix, err := netip.ParsePrefix(cidr); err == nil {
				kind = "IPv" + familyOf(prefix.Addr())
			}
			add(p.Protocol, p.NodePort, cidr, kind)
		}
	}
	if d.w.Group.HealthPort != 0 {
		add(tcp, d.w.Group.HealthPort, subnet.CIDR, etherType)
	}
	return rules
}

// equal compares what rules let in.
func (r Rule) equal(o Rule) bool {
	return r.Direction == o.Direction && r.EtherType == o.EtherType && strings.EqualFold(value(r.Protocol), value(o.Protocol)) &&
		value(r.From) == value(o.From) && value(r.To) == value(o.To) && value(r.Prefix) == value(o.Prefix) && value(r.RemoteGroup) == value(o.RemoteGroup)
}

func value[T any](p *T) T {
	if p == nil {
		var none T
		return none
	}
	return *p
}

func (r Rule) String() string {
	return fmt.Sprintf("%s %s/%d from %s", r.Direction, value(r.Protocol), value(r.From), value(r.Prefix))
}

func (d *differ) changeRules(wanted, have []Rule, after []string) {
	var missing []Rule
	var fields []plan.Field
	for _, r := range wanted {
		if !slices.ContainsFunc(have, r.equal) {
			missing = append(missing, r)
			fields = append(fields, plan.Field{Path: "rules", To: r.String()})
		}
	}
	if len(missing) > 0 {
		d.neutron(plan.Change{ID: "rules", Operation: plan.Create, Object: plan.Object{Kind: kindRules, Name: d.w.Group.Name}, Reason: "members have to be reached", Fields: fields, After: after, Spec: createRules{missing}})
		after = []string{"rules"}
	}
	for _, r := range have {
		if !slices.ContainsFunc(wanted, r.equal) {
			d.neutron(plan.Change{ID: "delete rule " + r.ID, Operation: plan.Delete, Object: plan.Object{Kind: kindRules, Name: d.w.Group.Name, ID: r.ID}, Reason: "nobody needs it",
				Fields: []plan.Field{{Path: "rules", From: r.String()}}, After: after, Spec: deleteRule{r.ID}})
		}
	}
}

// changePorts gives the group to the members' ports, and takes it from all others.
func (d *differ) changePorts(after []string) {
	w, group := d.w.Group, ""
	if d.a.Group != nil {
		group = d.a.Group.ID
	}
	keep := map[string]bool{}
	for _, n := range w.Nodes {
		for _, p := range d.a.NodePorts {
			if p.DeviceID != n.Server || !p.Secured() || !slices.ContainsFunc(p.FixedIPs, func(ip neutron.FixedIP) bool { return ip.IP == n.Address }) {
				continue
			}
			keep[p.ID] = true
			if slices.Contains(p.SecurityGroups, group) || slices.ContainsFunc(d.a.Carriers, func(c neutron.Port) bool { return c.ID == p.ID }) {
				continue
			}
			d.neutron(plan.Change{ID: "port " + p.ID, Operation: plan.Update, Object: plan.Object{Kind: kindPort, Name: n.Name, ID: p.ID}, Reason: "its Node is a member",
				Fields: []plan.Field{{Path: "security_groups", To: w.Name}}, After: after, Spec: givePort{p}})
		}
	}
	if d.w.Nodes == 0 {
		return
	}
	for _, p := range d.a.Carriers {
		if !keep[p.ID] {
			d.neutron(d.takePort(p, "its Node is no member any more"))
		}
	}
}

func (d *differ) takePort(p neutron.Port, reason string) plan.Change {
	return plan.Change{ID: "take port " + p.ID, Operation: plan.Update, Object: plan.Object{Kind: kindPort, Name: cmp.Or(p.Name, p.ID), ID: p.ID}, Reason: reason,
		Fields: []plan.Field{{Path: "security_groups", From: d.a.Group.Name}}, Spec: takePort{p, d.a.Group.ID}}
}

// dropGroup deletes the group, and before it takes it from all ports.
func (d *differ) dropGroup(reason string) {
	var after []string
	for _, p := range d.a.Carriers {
		c := d.takePort(p, reason)
		d.neutron(c)
		after = append(after, c.ID)
	}
	if d.last != "" {
		after = append(after, d.last)
	}
	d.neutron(plan.Change{ID: "delete security-group", Operation: plan.Delete, Object: plan.Object{Kind: kindGroup, Name: d.a.Group.Name, ID: d.a.Group.ID}, Reason: reason, After: after, Spec: deleteGroup{d.a.Group.ID}})
}
