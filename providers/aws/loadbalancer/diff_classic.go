// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/aws/subnets"
)

func (d *differ) classic() error {
	groups, err := d.classicGroups()
	if err != nil {
		return err
	}
	current := d.actual.Classic
	if current == nil {
		if err := d.createClassic(groups); err != nil {
			return err
		}
		// The state of a load balancer that AWS has just made.
		current = &ClassicActual{Health: ClassicHealth{}, Attributes: ClassicAttributes{IdleTimeout: defaultIdle}, Tags: d.wanted.Tags, TagsKnown: true}
		for _, l := range d.wanted.Classic.Listeners {
			current.Listeners = append(current.Listeners, ClassicListenerActual{ClassicListener: l})
		}
	} else {
		if err := d.classicSubnets(current); err != nil {
			return err
		}
		d.classicListeners(current)
		d.classicTags(current)
	}
	d.proxyPolicies(current)
	d.tlsPolicies(current)
	d.classicAttributes(current)
	d.classicHealth(current)
	targets := d.targets()
	opened, err := d.openNodes(groups[0], targets)
	if err != nil {
		return err
	}
	if d.actual.Classic != nil {
		d.replaceClassicGroups(current, groups, opened)
	}
	d.instances(current, targets)
	return nil
}

func (d *differ) object() plan.Object {
	return plan.Object{Kind: string(d.wanted.Kind), Name: d.wanted.Name}
}

// classicGroups returns the security groups, the first of which is the source of traffic to nodes.
func (d *differ) classicGroups() ([]groupRef, error) {
	var refs []groupRef
	for _, id := range d.wanted.Groups.Given {
		refs = append(refs, groupRef{id: id})
	}
	if m := d.wanted.Groups.Managed; m != nil {
		ref, err := d.managedGroup(m)
		if err != nil {
			return nil, err
		}
		refs = append(refs, ref)
	}
	for _, id := range d.wanted.Groups.Extra {
		refs = append(refs, groupRef{id: id})
	}
	return refs, nil
}

func (d *differ) createClassic(groups []groupRef) error {
	chosen, err := d.subnets(nil)
	if err != nil {
		return err
	}
	fields := []plan.Field{{Path: "subnets", To: strings.Join(subnetIDs(chosen), ", ")}}
	if d.wanted.Internal {
		fields = append(fields, plan.Field{Path: "scheme", To: "internal"})
	}
	for _, l := range d.wanted.Classic.Listeners {
		fields = append(fields, plan.Field{Path: "listeners", To: l.String()})
	}
	d.add(plan.Change{ID: changeLB, Operation: plan.Create, Object: d.object(), Reason: "the Service asks for one", Fields: fields,
		After: []string{changeGroup, changeGroup + " rules"}, Spec: createClassic{d.wanted, subnetIDs(chosen), groups}})
	return nil
}

func (l ClassicListener) String() string {
	text := fmt.Sprintf("%d/%s to %d/%s", l.Port, l.Protocol, l.InstancePort, l.InstanceProtocol)
	if l.Certificate != "" {
		text += " with " + l.Certificate
	}
	return text
}

func (l ClassicListener) equal(o ClassicListener) bool {
	return l.Port == o.Port && l.InstancePort == o.InstancePort && strings.EqualFold(l.Protocol, o.Protocol) &&
		strings.EqualFold(l.InstanceProtocol, o.InstanceProtocol) && strings.EqualFold(l.Certificate, o.Certificate)
}

// classicSubnets moves the load balancer: new zones come first, old ones leave last, so that some subnet is
// always attached; within a zone the old subnet has to leave before the new one comes.
func (d *differ) classicSubnets(current *ClassicActual) error {
	chosen, err := d.subnets(current.Subnets)
	if err != nil {
		return err
	}
	add, remove := difference(subnetIDs(chosen), current.Subnets), difference(current.Subnets, subnetIDs(chosen))
	if len(add)+len(remove) == 0 {
		return nil
	}
	leaving := map[string]subnets.Subnet{}
	for _, s := range d.actual.VPC.ByID(remove) {
		leaving[s.Zone] = s
	}
	last := ""
	step := func(id, verb, reason string, attach bool) {
		change := verb + " " + id
		f := plan.Field{Path: "subnets", To: id}
		if !attach {
			f = plan.Field{Path: "subnets", From: id}
		}
		d.add(plan.Change{ID: change, Operation: plan.Update, Object: d.object(), Reason: reason, Fields: []plan.Field{f},
			After: []string{last}, Spec: moveClassic{id, attach}})
		last = change
	}
	var swaps []subnets.Subnet
	attached := len(current.Subnets)
	for _, s := range d.actual.VPC.ByID(add) {
		if _, swap := leaving[s.Zone]; swap {
			swaps = append(swaps, s)
			continue
		}
		step(s.ID, "attach", "its zone has no subnet yet", true)
		attached++
	}
	for _, s := range swaps {
		if attached < 2 {
			return provider.UserErrorf("load balancer %s is only in subnet %s, which AWS cannot replace by %s of the same zone; add a subnet of another zone first", d.actual.Name, leaving[s.Zone].ID, s.ID)
		}
		step(leaving[s.Zone].ID, "detach", "another subnet of its zone takes its place", false)
		step(s.ID, "attach", "it takes the place of another subnet", true)
		remove = slices.DeleteFunc(remove, func(id string) bool { return id == leaving[s.Zone].ID })
	}
	for _, id := range remove {
		step(id, "detach", "it is no longer chosen", false)
	}
	return nil
}

// replaceClassicGroups gives the load balancer its security groups in one call, once nodes let traffic from
// the new ones in.
func (d *differ) replaceClassicGroups(current *ClassicActual, groups []groupRef, opened []string) {
	var ids []string
	known := true
	for _, g := range groups {
		ids = append(ids, g.id)
		known = known && g.id != ""
	}
	dropped := difference(current.Groups, ids)
	if known && sameSet(ids, current.Groups) {
		d.dropLeft(ids)
		return
	}
	const change = "security groups"
	d.add(plan.Change{ID: change, Operation: plan.Update, Object: d.object(), Reason: "the Service asks for other security groups",
		Fields: []plan.Field{{Path: "securityGroups", From: strings.Join(current.Groups, ", "), To: refs(groups)}},
		After:  append([]string{changeGroup, changeGroup + " rules"}, opened...), Spec: setClassicGroups{groups}})
	d.dropGroups(dropped, change)
}

func refs(groups []groupRef) string {
	var names []string
	for _, g := range groups {
		names = append(names, g.String())
	}
	return strings.Join(names, ", ")
}

// classicListeners replaces the listeners that differ: their ports have to be free before they are made.
func (d *differ) classicListeners(current *ClassicActual) {
	var add []ClassicListener
	var remove []ClassicListener
	for _, l := range current.Listeners {
		if !slices.ContainsFunc(d.wanted.Classic.Listeners, l.equal) {
			remove = append(remove, l.ClassicListener)
		}
	}
	for _, l := range d.wanted.Classic.Listeners {
		if !slices.ContainsFunc(current.Listeners, func(o ClassicListenerActual) bool { return l.equal(o.ClassicListener) }) {
			add = append(add, l)
		}
	}
	const removal = "listeners to delete"
	if len(remove) > 0 {
		var fields []plan.Field
		for _, l := range remove {
			fields = append(fields, plan.Field{Path: "listeners", From: l.String()})
		}
		d.add(plan.Change{ID: removal, Operation: plan.Update, Object: d.object(), Reason: "the Service does not ask for these listeners", Fields: fields, Spec: deleteListeners{remove}})
	}
	if len(add) > 0 {
		var fields []plan.Field
		for _, l := range add {
			fields = append(fields, plan.Field{Path: "listeners", To: l.String()})
		}
		d.add(plan.Change{ID: changeListeners, Operation: plan.Update, Object: d.object(), Reason: "the Service asks for these listeners", Fields: fields,
			After: []string{removal}, Spec: createListeners{add}})
	}
}

const changeListeners = "listeners"

func (d *differ) classicTags(current *ClassicActual) {
	set, remove := d.tagChange(current.Tags, current.TagsKnown)
	if len(set)+len(remove) > 0 {
		d.add(plan.Change{ID: "tags", Operation: plan.Update, Object: d.object(), Reason: "the Service asks for other tags", Fields: tagFields(set, remove), Spec: tagClassic{set, remove}})
	}
}

// proxyPolicies speaks the PROXY protocol to the instance ports of all listeners, or to none.
func (d *differ) proxyPolicies(current *ClassicActual) {
	wanted := map[int32]bool{}
	if d.wanted.Classic.ProxyProtocol {
		for _, l := range d.wanted.Classic.Listeners {
			wanted[l.InstancePort] = true
		}
		if !slices.Contains(current.Policies, proxyPolicy) {
			d.add(plan.Change{ID: "proxy policy", Operation: plan.Create, Object: plan.Object{Kind: "policy", Name: proxyPolicy}, Reason: "backends are to hear the PROXY protocol",
				After: []string{changeLB}, Spec: createPolicy{proxyPolicy, "ProxyProtocolPolicyType", "ProxyProtocol", "true"}})
		}
	}
	ports := slices.Sorted(maps.Keys(wanted))
	for port := range current.Backends {
		if !wanted[port] {
			ports = append(ports, port)
		}
	}
	slices.Sort(ports)
	for _, port := range ports {
		has := slices.Contains(current.Backends[port], proxyPolicy)
		if has == wanted[port] {
			continue
		}
		policies := slices.DeleteFunc(slices.Clone(current.Backends[port]), func(p string) bool { return p == proxyPolicy })
		if wanted[port] {
			policies = append(policies, proxyPolicy)
		}
		d.add(plan.Change{ID: fmt.Sprintf("backend %d", port), Operation: plan.Update, Object: d.object(), Reason: "the Service asks for the PROXY protocol or no longer does",
			Fields: field(nil, fmt.Sprintf("backends[%d].proxyProtocol", port), has, wanted[port]), After: []string{changeLB, changeListeners, "proxy policy"},
			Spec: setBackendPolicies{port, policies}})
	}
}

// tlsPolicies sets the negotiation policy on listeners that speak TLS and do not have it yet.
func (d *differ) tlsPolicies(current *ClassicActual) {
	if d.wanted.Classic.TLSPolicy == "" {
		return // what is there stays
	}
	policy := tlsPolicyPrefix + d.wanted.Classic.TLSPolicy
	for _, l := range d.wanted.Classic.Listeners {
		if l.Protocol != "ssl" && l.Protocol != "https" {
			continue
		}
		if slices.ContainsFunc(current.Listeners, func(o ClassicListenerActual) bool {
			return l.equal(o.ClassicListener) && slices.Contains(o.Policies, policy)
		}) {
			continue
		}
		if !slices.Contains(current.Policies, policy) && !d.planned("TLS policy") {
			d.add(plan.Change{ID: "TLS policy", Operation: plan.Create, Object: plan.Object{Kind: "policy", Name: policy}, Reason: "a listener is to use it",
				After: []string{changeLB}, Spec: createPolicy{policy, "SSLNegotiationPolicyType", "Reference-Security-Policy", d.wanted.Classic.TLSPolicy}})
		}
		d.add(plan.Change{ID: fmt.Sprintf("TLS policy of %d", l.Port), Operation: plan.Update, Object: d.object(), Reason: "the Service asks for another TLS policy",
			Fields: []plan.Field{{Path: fmt.Sprintf("listeners[%d].policy", l.Port), To: policy}}, After: []string{changeLB, changeListeners, "TLS policy"},
			Spec: setListenerPolicy{l.Port, policy}})
	}
}

// classicAttributes compares what is ours to set. AWS reports more than that.
func (d *differ) classicAttributes(current *ClassicActual) {
	w, c := d.wanted.Classic.Attributes, current.Attributes
	fields := field(nil, "accessLog.enabled", c.LogEnabled, w.LogEnabled)
	if w.LogEnabled {
		fields = field(fields, "accessLog.bucket", c.LogBucket, w.LogBucket)
		fields = field(fields, "accessLog.prefix", c.LogPrefix, w.LogPrefix)
		if w.LogInterval != 0 {
			fields = field(fields, "accessLog.emitInterval", c.LogInterval, w.LogInterval)
		}
	}
	fields = field(fields, "connectionDraining.enabled", c.DrainingEnabled, w.DrainingEnabled)
	if w.DrainingEnabled && w.DrainingTimeout != 0 {
		fields = field(fields, "connectionDraining.timeout", c.DrainingTimeout, w.DrainingTimeout)
	}
	fields = field(fields, "idleTimeout", c.IdleTimeout, w.IdleTimeout)
	fields = field(fields, "crossZone.enabled", c.CrossZone, w.CrossZone)
	if len(fields) > 0 {
		d.add(plan.Change{ID: "attributes", Operation: plan.Update, Object: d.object(), Reason: "the Service asks for other attributes", Fields: fields,
			After: []string{changeLB}, Spec: modifyClassic{w}})
	}
}

func (d *differ) classicHealth(current *ClassicActual) {
	w, c := d.wanted.Classic.Health, current.Health
	fields := field(nil, "healthCheck.target", c.Target, w.Target)
	fields = field(fields, "healthCheck.interval", c.Interval, w.Interval)
	fields = field(fields, "healthCheck.timeout", c.Timeout, w.Timeout)
	fields = field(fields, "healthCheck.healthyThreshold", c.Healthy, w.Healthy)
	fields = field(fields, "healthCheck.unhealthyThreshold", c.Unhealthy, w.Unhealthy)
	if len(fields) > 0 {
		d.add(plan.Change{ID: "health check", Operation: plan.Update, Object: d.object(), Reason: "the Service asks for another health check", Fields: fields,
			After: []string{changeLB, changeListeners}, Spec: configureHealth{w}})
	}
}

// instances registers who is missing, then takes away who is too much.
func (d *differ) instances(current *ClassicActual, targets []string) {
	add, remove := difference(targets, current.Instances), difference(current.Instances, targets)
	if len(add) > 0 {
		d.add(plan.Change{ID: "register", Operation: plan.Update, Object: d.object(), Reason: "Nodes have come",
			Fields: []plan.Field{{Path: "instances", To: some(add)}}, After: []string{changeLB}, Spec: registerInstances{add}})
	}
	if len(remove) > 0 {
		d.add(plan.Change{ID: "deregister", Operation: plan.Update, Object: d.object(), Reason: "Nodes have gone",
			Fields: []plan.Field{{Path: "instances", From: some(remove)}}, After: []string{"register"}, Spec: deregisterInstances{remove}})
	}
}
