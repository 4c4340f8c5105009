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

// newAttributes are those of a network load balancer that AWS has just made.
var newAttributes = map[string]string{attributeCrossZone: "false", attributeLogEnabled: "false", attributeLogBucket: "", attributeLogPrefix: ""}

// newGroupAttributes are those of a target group of instances that AWS has just made.
var newGroupAttributes = map[string]string{preserveClientIP: "true", proxyProtocolV2: "false"}

func (d *differ) network() error {
	current := d.actual.Network
	var placed []subnets.Subnet
	var err error
	if current == nil {
		if placed, err = d.createNetwork(); err != nil {
			return err
		}
		current = &NetworkActual{Attributes: newAttributes}
	} else {
		if placed, err = d.networkSubnets(current); err != nil {
			return err
		}
		if err := d.networkGroups(current); err != nil {
			return err
		}
		if err := d.addressType(current, placed); err != nil {
			return err
		}
		d.networkTags(current)
	}
	d.networkAttributes(current)
	targets := d.targets()
	for _, l := range d.wanted.Network.Listeners {
		d.listener(current, l, targets)
	}
	d.unwanted(current)
	d.loose()
	rules := networkRules(d.wanted.Name, d.wanted.Ranges, d.wanted.Network.Rules, placed)
	return d.openNodePorts(rules, targets)
}

// createNetwork plans the load balancer, and its security group if it gets one.
func (d *differ) createNetwork() ([]subnets.Subnet, error) {
	placed, err := d.subnets(nil)
	if err != nil {
		return nil, err
	}
	n := d.wanted.Network
	for _, list := range []struct {
		key   string
		items []string
	}{{eipAllocations.Key(), n.Allocations}, {privateAddresses.Key(), n.Addresses}} {
		if len(list.items) > 0 && len(list.items) != len(placed) {
			return nil, provider.UserErrorf("annotation %s: Must have same number of items and subnets, and there are %d for the %d subnets %s", list.key, len(list.items), len(placed), strings.Join(subnetIDs(placed), ", "))
		}
	}
	addresses, err := d.wantedAddressType(placed)
	if err != nil {
		return nil, err
	}
	groups, err := d.newNetworkGroups()
	if err != nil {
		return nil, err
	}
	fields := []plan.Field{{Path: "subnets", To: strings.Join(subnetIDs(placed), ", ")}}
	if d.wanted.Internal {
		fields = append(fields, plan.Field{Path: "scheme", To: "internal"})
	}
	if len(groups) > 0 {
		fields = append(fields, plan.Field{Path: "securityGroups", To: refs(groups)})
	}
	if addresses == "dualstack" {
		fields = append(fields, plan.Field{Path: "ipAddressType", To: addresses})
	}
	d.add(plan.Change{ID: changeLB, Operation: plan.Create, Object: d.object(), Reason: "the Service asks for one", Fields: fields,
		After: []string{changeGroup}, Spec: createNetwork{wanted: d.wanted, subnets: subnetIDs(placed), groups: groups, addressType: addresses}})
	return placed, nil
}

func (d *differ) newNetworkGroups() ([]groupRef, error) {
	g := d.wanted.Groups
	var groups []groupRef
	for _, id := range g.Given {
		groups = append(groups, groupRef{id: id})
	}
	if g.Managed != nil {
		ref, err := d.managedGroup(g.Managed)
		if err != nil {
			return nil, err
		}
		groups = append(groups, ref)
	}
	return groups, nil
}

// networkGroups keeps the security groups of a load balancer that was made with some; AWS gives none to one
// that was made without.
func (d *differ) networkGroups(current *NetworkActual) error {
	g := d.wanted.Groups
	if len(current.Groups) == 0 {
		return nil
	}
	if g.Managed == nil && len(g.Given) == 0 { // not managed: what is attached stays, and what is ours stays right
		for _, id := range current.Groups {
			if group, ok := d.actual.Groups[id]; ok && g.Former != nil && d.actual.madeForUs(group) {
				d.exactRules(group, g.Former.Rules)
			}
		}
		return nil
	}
	groups, err := d.newNetworkGroups()
	if err != nil {
		return err
	}
	var ids []string
	for _, g := range groups {
		ids = append(ids, g.id)
	}
	if sameSet(ids, current.Groups) {
		return nil
	}
	const change = "security groups"
	d.add(plan.Change{ID: change, Operation: plan.Update, Object: d.object(), Reason: "the Service asks for other security groups",
		Fields: []plan.Field{{Path: "securityGroups", From: strings.Join(current.Groups, ", "), To: refs(groups)}},
		After:  []string{changeGroup, changeGroup + " rules"}, Spec: setNetworkGroups{groups}})
	d.dropGroups(difference(current.Groups, ids), change)
	return nil
}

// networkSubnets moves a load balancer whose subnets the Service names, and returns where it will be.
func (d *differ) networkSubnets(current *NetworkActual) ([]subnets.Subnet, error) {
	if len(d.wanted.Subnets) == 0 {
		return d.actual.VPC.ByID(current.Subnets), nil
	}
	chosen, err := d.subnets(current.Subnets)
	if err != nil {
		return nil, err
	}
	if sameSet(subnetIDs(chosen), current.Subnets) {
		return chosen, nil
	}
	d.add(plan.Change{ID: "subnets", Operation: plan.Update, Object: d.object(), Reason: "the Service names other subnets",
		Fields: []plan.Field{{Path: "subnets", From: strings.Join(current.Subnets, ", "), To: strings.Join(subnetIDs(chosen), ", ")}},
		Spec:   setSubnets{subnetIDs(chosen), d.wanted.Network.Allocations, d.wanted.Network.Addresses}})
	return chosen, nil
}

// wantedAddressType resolves the wish against the subnets: a preference gives way, a requirement does not.
func (d *differ) wantedAddressType(placed []subnets.Subnet) (string, error) {
	var without []string
	for _, s := range placed {
		if len(s.IPv6CIDRs) == 0 {
			without = append(without, s.ID)
		}
	}
	switch d.wanted.Network.AddressType {
	case "":
		return "", nil
	case "ipv4":
		return "ipv4", nil
	case "prefer":
		if len(without) > 0 {
			return "ipv4", nil
		}
	}
	if len(without) > 0 {
		return "", provider.UserErrorf("the load balancer is to have IPv6 addresses, and subnets %s have no IPv6 network; give them one, name others in annotation %s, or set annotation %s to ipv4",
			strings.Join(without, ", "), subnetItems.Key(), addressType.Key())
	}
	return "dualstack", nil
}

func (d *differ) addressType(current *NetworkActual, placed []subnets.Subnet) error {
	want, err := d.wantedAddressType(placed)
	if err != nil || want == "" || want == current.AddressType {
		return err
	}
	d.add(plan.Change{ID: "address type", Operation: plan.Update, Object: d.object(), Reason: "the Service asks for other addresses",
		Fields: field(nil, "ipAddressType", current.AddressType, want), After: []string{"subnets"}, Spec: setAddressType{want}})
	return nil
}

// networkTags tags the load balancer and all that belongs to it: what has the same tags from its creation on
// gets the same changes.
func (d *differ) networkTags(current *NetworkActual) {
	set, remove := d.tagChange(current.Tags, current.TagsKnown)
	if len(set)+len(remove) == 0 {
		return
	}
	arns := []string{current.ARN}
	for _, l := range current.Listeners {
		arns = append(arns, l.ARN)
	}
	for _, g := range current.TargetGroups {
		if d.actual.named(g) {
			arns = append(arns, g.ARN)
		}
	}
	d.add(plan.Change{ID: "tags", Operation: plan.Update, Object: d.object(), Reason: "the Service asks for other tags",
		Fields: tagFields(set, remove), Spec: tagNetwork{arns, set, remove}})
}

func (d *differ) networkAttributes(current *NetworkActual) {
	changed := map[string]string{}
	var fields []plan.Field
	for _, key := range slices.Sorted(maps.Keys(d.wanted.Network.Attributes)) {
		if want := d.wanted.Network.Attributes[key]; current.Attributes[key] != want {
			changed[key] = want
			fields = append(fields, plan.Field{Path: "attributes." + key, From: current.Attributes[key], To: want})
		}
	}
	if len(changed) > 0 {
		d.add(plan.Change{ID: "attributes", Operation: plan.Update, Object: d.object(), Reason: "the Service asks for other attributes", Fields: fields,
			After: []string{changeLB}, Spec: modifyNetwork{changed}})
	}
}

// listener plans one port: its target group with its targets, then the listener that sends traffic there.
func (d *differ) listener(current *NetworkActual, w ListenerWanted, targets []string) {
	var existing *Listener
	if i := slices.IndexFunc(current.Listeners, func(l Listener) bool { return l.Port == w.Port }); i >= 0 {
		existing = &current.Listeners[i]
	}
	var group *TargetGroup
	if existing != nil {
		group = current.group(existing.TargetGroup)
	}
	if group == nil || replaces(w.Group, *group) {
		ref, made := d.newTargetGroup(w, targets)
		after := []string{changeLB, made}
		if existing == nil {
			d.add(plan.Change{ID: fmt.Sprintf("listener %d", w.Port), Operation: plan.Create, Object: listenerObject(w, ""), Reason: "the Service asks for this port",
				Fields: listenerFields(w), After: after, Spec: createListener{wanted: w, group: ref, tags: d.wanted.Tags}})
			return
		}
		d.modifyListener(*existing, w, ref, after)
		return
	}
	d.syncTargetGroup(w, *group, targets)
	if listenerDiffers(*existing, w) {
		d.modifyListener(*existing, w, groupRef{id: group.ARN}, nil)
	}
}

func listenerObject(w ListenerWanted, arn string) plan.Object {
	return plan.Object{Kind: "listener", Name: fmt.Sprintf("%d/%s", w.Port, w.Protocol), ID: arn}
}

func listenerFields(w ListenerWanted) []plan.Field {
	fields := []plan.Field{{Path: "protocol", To: w.Protocol}, {Path: "targetGroup", To: w.Group.Name}}
	if w.Certificate != "" {
		fields = append(fields, plan.Field{Path: "certificate", To: w.Certificate})
	}
	if w.Policy != "" {
		fields = append(fields, plan.Field{Path: "policy", To: w.Policy})
	}
	return fields
}

// replaces reports whether AWS, or the name that the group has, asks for a new target group.
func replaces(w TargetGroupWanted, g TargetGroup) bool {
	if g.Port != w.NodePort || g.Protocol != w.Protocol {
		return true
	}
	// The name says which protocol and interval its checks had: where it is the wanted one, somebody has
	// changed them by hand, and they are put right in place.
	return g.Name != w.Name && (g.Health.Protocol != w.Health.Protocol || g.Health.Interval != w.Health.Interval)
}

func listenerDiffers(l Listener, w ListenerWanted) bool {
	if l.Protocol != w.Protocol {
		return true
	}
	if w.Protocol == "TLS" {
		return l.Certificate != w.Certificate || w.Policy != "" && l.Policy != w.Policy
	}
	return l.Certificate != "" || l.Policy != ""
}

func (d *differ) modifyListener(l Listener, w ListenerWanted, group groupRef, after []string) {
	fields := field(nil, "protocol", l.Protocol, w.Protocol)
	fields = field(fields, "certificate", l.Certificate, w.Certificate)
	if w.Policy != "" {
		fields = field(fields, "policy", l.Policy, w.Policy)
	}
	if group.id != l.TargetGroup {
		fields = append(fields, plan.Field{Path: "targetGroup", From: l.TargetGroup, To: w.Group.Name})
	}
	d.add(plan.Change{ID: fmt.Sprintf("listener %d", w.Port), Operation: plan.Update, Object: listenerObject(w, l.ARN), Reason: "the Service asks for something else on this port",
		Fields: fields, After: after, Spec: modifyListener{listener: l, wanted: w, group: group}})
}

// newTargetGroup plans a target group with its attributes and targets, and returns how to name it and the
// last change of it that a listener has to wait for.
func (d *differ) newTargetGroup(w ListenerWanted, targets []string) (ref groupRef, made string) {
	id := "target group " + w.Group.Name
	ref = groupRef{change: id}
	object := plan.Object{Kind: "target group", Name: w.Group.Name}
	if d.planned(id) { // two ports with one node port
		return ref, id
	}
	h := w.Group.Health
	d.add(plan.Change{ID: id, Operation: plan.Create, Object: object, Reason: fmt.Sprintf("port %d needs one for node port %d", w.Port, w.Group.NodePort),
		Fields: []plan.Field{{Path: "protocol", To: w.Group.Protocol}, {Path: "port", To: fmt.Sprint(w.Group.NodePort)}, {Path: "healthCheck", To: fmt.Sprintf("%s %s%s", h.Protocol, h.Port, h.Path)}},
		After:  []string{changeLB}, Spec: createTargetGroup{w.Group, d.wanted.Tags}})
	made = id
	if changed := groupAttributeChanges(w.Group.Attributes, newGroupAttributes); len(changed) > 0 {
		made = "attributes of " + w.Group.Name
		d.add(plan.Change{ID: made, Operation: plan.Update, Object: object, Reason: "the Service asks for other attributes",
			Fields: attributeFields(changed, newGroupAttributes), After: []string{id}, Spec: modifyGroupAttributes{ref, changed}})
	}
	if len(targets) > 0 {
		d.add(plan.Change{ID: "targets of " + w.Group.Name, Operation: plan.Update, Object: object, Reason: "Nodes are its targets",
			Fields: []plan.Field{{Path: "targets", To: some(targets)}}, After: []string{id}, Spec: registerTargets{ref, asTargets(targets, w.Group.NodePort)}})
	}
	return ref, made
}

func asTargets(ids []string, port int32) []Target {
	targets := make([]Target, len(ids))
	for i, id := range ids {
		targets[i] = Target{ID: id, Port: port}
	}
	return targets
}

func groupAttributeChanges(wanted, actual map[string]string) map[string]string {
	changed := map[string]string{}
	for key, value := range wanted {
		if have, there := actual[key]; there && have != value {
			changed[key] = value
		}
	}
	return changed
}

func attributeFields(changed, before map[string]string) []plan.Field {
	var fields []plan.Field
	for _, key := range slices.Sorted(maps.Keys(changed)) {
		fields = append(fields, plan.Field{Path: "attributes." + key, From: before[key], To: changed[key]})
	}
	return fields
}

// syncTargetGroup brings a target group that stays up to date: who has gone leaves before who has come is
// registered, since AWS counts both against its limits.
func (d *differ) syncTargetGroup(w ListenerWanted, g TargetGroup, targets []string) {
	ref := groupRef{id: g.ARN}
	object := plan.Object{Kind: "target group", Name: g.Name, ID: g.ARN}
	health := w.Group.Health
	if health.Timeout == 0 {
		health.Timeout = g.Health.Timeout
	}
	fields := field(nil, "healthCheck.protocol", g.Health.Protocol, health.Protocol)
	fields = field(fields, "healthCheck.interval", g.Health.Interval, health.Interval)
	fields = field(fields, "healthCheck.port", g.Health.Port, health.Port)
	fields = field(fields, "healthCheck.path", g.Health.Path, health.Path)
	fields = field(fields, "healthCheck.timeout", g.Health.Timeout, health.Timeout)
	fields = field(fields, "healthCheck.healthyThreshold", g.Health.Healthy, health.Healthy)
	fields = field(fields, "healthCheck.unhealthyThreshold", g.Health.Unhealthy, health.Unhealthy)
	if len(fields) > 0 {
		d.add(plan.Change{ID: "health check of " + g.Name, Operation: plan.Update, Object: object, Reason: "the Service asks for another health check", Fields: fields,
			Spec: modifyTargetGroup{ref, g.Health, w.Group.Health}})
	}
	if changed := groupAttributeChanges(w.Group.Attributes, g.Attributes); len(changed) > 0 {
		d.add(plan.Change{ID: "attributes of " + g.Name, Operation: plan.Update, Object: object, Reason: "the Service asks for other attributes",
			Fields: attributeFields(changed, g.Attributes), Spec: modifyGroupAttributes{ref, changed}})
	}
	wanted := asTargets(targets, g.Port)
	gone, come := missingTargets(g.Targets, wanted), missingTargets(wanted, g.Targets)
	leave := "targets to take from " + g.Name
	if len(gone) > 0 {
		d.add(plan.Change{ID: leave, Operation: plan.Update, Object: object, Reason: "Nodes have gone", Fields: []plan.Field{{Path: "targets", From: some(targetIDs(gone))}}, Spec: deregisterTargets{ref, gone}})
	}
	if len(come) > 0 {
		d.add(plan.Change{ID: "targets of " + g.Name, Operation: plan.Update, Object: object, Reason: "Nodes have come", Fields: []plan.Field{{Path: "targets", To: some(targetIDs(come))}},
			After: []string{leave}, Spec: registerTargets{ref, come}})
	}
}

// loose plans the end of target groups that an earlier change left.
func (d *differ) loose() {
	for _, g := range d.actual.Loose {
		if !d.planned("target group " + g.Name) {
			d.add(plan.Change{ID: "delete target group " + g.Name, Operation: plan.Delete, Object: plan.Object{Kind: "target group", Name: g.Name, ID: g.ARN},
				Reason: "no port uses it any more", Spec: deleteTargetGroup{group: g, mayWait: true}})
		}
	}
}

func missingTargets(these, those []Target) []Target {
	have := make(map[Target]bool, len(those))
	for _, t := range those {
		have[t] = true
	}
	var missing []Target
	for _, t := range these {
		if !have[t] {
			missing = append(missing, t)
		}
	}
	return missing
}

func targetIDs(targets []Target) []string {
	ids := make([]string, len(targets))
	for i, t := range targets {
		ids[i] = t.ID
	}
	return ids
}

// unwanted plans the end of listeners and target groups that no port asks for.
func (d *differ) unwanted(current *NetworkActual) {
	used := map[string]bool{}
	var ends []string // changes after which a target group is free
	for _, l := range current.Listeners {
		i := slices.IndexFunc(d.wanted.Network.Listeners, func(w ListenerWanted) bool { return w.Port == l.Port })
		if i < 0 {
			id := fmt.Sprintf("listener %d", l.Port)
			d.add(plan.Change{ID: id, Operation: plan.Delete, Object: plan.Object{Kind: "listener", Name: fmt.Sprintf("%d/%s", l.Port, l.Protocol), ID: l.ARN},
				Reason: "the Service does not ask for this port", Spec: deleteListener{l}})
			ends = append(ends, id)
			continue
		}
		w := d.wanted.Network.Listeners[i]
		if g := current.group(l.TargetGroup); g != nil && !replaces(w.Group, *g) {
			used[g.ARN] = true
		} else {
			ends = append(ends, fmt.Sprintf("listener %d", l.Port))
		}
	}
	for _, g := range current.TargetGroups {
		if !used[g.ARN] && d.actual.named(g) {
			d.add(plan.Change{ID: "delete target group " + g.Name, Operation: plan.Delete, Object: plan.Object{Kind: "target group", Name: g.Name, ID: g.ARN},
				Reason: "no port uses it any more", After: ends, Spec: deleteTargetGroup{group: g, mayWait: true}})
		}
	}
}
