// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/aws/cluster"
	"sigs.k8s.io/cloud-providers/providers/aws/securitygroup"
	"sigs.k8s.io/cloud-providers/providers/aws/subnets"
)

// differ makes the changes of one load balancer.
type differ struct {
	wanted  Wanted
	actual  Actual
	changes []plan.Change
}

// The IDs of changes that others wait for.
const (
	changeGroup = "security group"
	changeLB    = "load balancer"
)

func diff(w Wanted, a Actual) ([]plan.Change, error) {
	d := &differ{wanted: w, actual: a}
	if err := d.refuse(); err != nil {
		return nil, err
	}
	d.removeOther()
	var err error
	if w.Kind == Network {
		err = d.network()
	} else {
		err = d.classic()
	}
	if err != nil {
		return nil, err
	}
	return d.changes, nil
}

// add appends a change; what it waits for is left out where that is not in the plan.
func (d *differ) add(c plan.Change) {
	c.After = slices.DeleteFunc(c.After, func(id string) bool { return !d.planned(id) })
	d.changes = append(d.changes, c)
}

func (d *differ) planned(id string) bool {
	return slices.ContainsFunc(d.changes, func(c plan.Change) bool { return c.ID == id })
}

// refuse returns what keeps the load balancer from being touched.
func (d *differ) refuse() error {
	w, a := d.wanted, d.actual
	if a.Err != nil {
		return a.Err
	}
	if a.OtherType != "" && w.Kind == Network {
		return provider.UserErrorf("NLB '%s' could not be found: a load balancer of type %s has that name; delete it, or create the Service anew", a.Name, a.OtherType)
	}
	other, has := Network, a.Network != nil
	if w.Kind == Network {
		other, has = Classic, a.Classic != nil
	}
	if has && w.Hostname != "" && !a.publishes(w.Kind, w.Hostname) {
		return provider.UserErrorf("cannot update Load Balancer Type annotation: the Service has a %s, and annotation %s asks for a %s; put the annotation back, or create the Service anew", other, typeAnnotation.Key(), w.Kind)
	}
	tags, known := map[string]string(nil), false
	switch {
	case a.Classic != nil:
		tags, known = a.Classic.Tags, a.Classic.TagsKnown
	case a.Network != nil:
		tags, known = a.Network.Tags, a.Network.TagsKnown
	}
	if !a.ours(tags, known) {
		return provider.UserErrorf("load balancer %s is not tagged as this cluster's, and is not touched; add the tag %s=owned if it is", a.Name, a.Cluster.Tag())
	}
	return nil
}

// removeOther plans the end of a load balancer of the other kind that never served: the Service's kind was
// changed before a hostname was published.
func (d *differ) removeOther() {
	const id, reason = "other " + changeLB, "the Service asks for another kind, and it never served"
	a := d.actual
	if c := a.Classic; c != nil && d.wanted.Kind == Network && a.ours(c.Tags, c.TagsKnown) {
		closed := d.closeNodes(a.trafficGroup(), nil, nil)
		d.add(plan.Change{ID: id, Operation: plan.Delete, Object: plan.Object{Kind: string(Classic), Name: a.Name}, Reason: reason, After: closed, Spec: deleteClassic{}})
	}
	if n := a.Network; n != nil && d.wanted.Kind == Classic && a.ours(n.Tags, n.TagsKnown) {
		d.add(plan.Change{ID: id, Operation: plan.Delete, Object: plan.Object{Kind: string(Network), Name: a.Name, ID: n.ARN}, Reason: reason, Spec: deleteNetwork{n.ARN}})
		d.removeTargetGroups(n.TargetGroups, id)
		if !a.LeaveNodeGroups {
			d.closeNodePorts(nil, reason)
		}
	}
}

// removeTargetGroups plans the end of target groups whose load balancer goes, as far as they are ours.
func (d *differ) removeTargetGroups(groups []TargetGroup, after string) {
	for _, g := range groups {
		if d.actual.named(g) {
			d.add(plan.Change{ID: "delete target group " + g.Name, Operation: plan.Delete, Object: plan.Object{Kind: "target group", Name: g.Name, ID: g.ARN},
				Reason: "its load balancer goes", After: []string{after}, Spec: deleteTargetGroup{group: g}})
		}
	}
}

// subnets chooses the subnets of a load balancer that is made, or whose subnets the Service names.
func (d *differ) subnets(attached []string) ([]subnets.Subnet, error) {
	if len(d.wanted.Subnets) > 0 {
		return d.actual.VPC.Named(d.wanted.Subnets)
	}
	return d.actual.VPC.Discover(d.actual.Cluster, subnets.Wish{Internal: d.wanted.Internal, Attached: attached,
		IPv6: d.wanted.Network != nil && d.wanted.Network.AddressType != "" && d.wanted.Network.AddressType != "ipv4"})
}

func subnetIDs(chosen []subnets.Subnet) []string {
	ids := make([]string, len(chosen))
	for i, s := range chosen {
		ids[i] = s.ID
	}
	return ids
}

// groupRef names a security group that exists, or that a change of the plan makes.
type groupRef struct{ id, change string }

func (r groupRef) String() string { return cmp.Or(r.id, "the new security group") }

// managedGroup plans the security group that is made for the load balancer, and its rules.
func (d *differ) managedGroup(m *ManagedGroup) (groupRef, error) {
	g, exists := d.actual.groupNamed(m.Name)
	if !exists {
		d.add(plan.Change{ID: changeGroup, Operation: plan.Create, Object: plan.Object{Kind: "security group", Name: m.Name},
			Reason: "the load balancer needs one", Spec: createGroup{*m}})
		d.add(plan.Change{ID: changeGroup + " rules", Operation: plan.Update, Object: plan.Object{Kind: "security group", Name: m.Name},
			Reason: "clients have to reach the load balancer", Fields: ruleFields(m.Rules, nil), After: []string{changeGroup},
			Spec: authorize{group: groupRef{change: changeGroup}, rules: m.Rules}})
		return groupRef{change: changeGroup}, nil
	}
	if err := d.repairTags(g); err != nil {
		return groupRef{}, err
	}
	d.groupTags(g)
	d.exactRules(g, m.Rules)
	return groupRef{id: g.ID}, nil
}

// repairTags adds the cluster's tag to a security group that lost it, or never had it.
func (d *differ) repairTags(g securitygroup.Group) error {
	if d.actual.Cluster.Owned(g.Tags) {
		return nil
	}
	key := d.actual.Cluster.Tag()
	if d.actual.Cluster.Foreign(g.Tags) {
		return provider.UserErrorf("security group %s (%s) is tagged as another cluster's; delete it, or its tags, if it is not", g.Name, g.ID)
	}
	if value := g.Tags[key]; value != "" {
		return provider.UserErrorf("security group %s (%s) has the tag %s=%s, so that it belongs to another cluster; delete it, or set the tag to owned", g.Name, g.ID, key, value)
	}
	tags := d.actual.Cluster.Tags()
	d.add(plan.Change{ID: "mark of " + g.ID, Operation: plan.Update, Object: plan.Object{Kind: "security group", Name: g.Name, ID: g.ID},
		Reason: "it is not marked as the cluster's", Fields: tagFields(tags, nil), Spec: tagGroup{g, tags, nil}})
	return nil
}

// groupTags keeps the user's tags on a security group as on the load balancer.
func (d *differ) groupTags(g securitygroup.Group) {
	set := map[string]string{}
	for key, value := range d.wanted.UserTags {
		if have, ok := g.Tags[key]; d.wanted.Tags[key] == value && (!ok || have != value) {
			set[key] = value
		}
	}
	var remove []string
	for key := range d.actual.UserTags {
		_, wanted := d.wanted.Tags[key]
		if _, there := g.Tags[key]; there && !wanted {
			remove = append(remove, key)
		}
	}
	slices.Sort(remove)
	if len(set)+len(remove) > 0 {
		d.add(plan.Change{ID: "tags of " + g.ID, Operation: plan.Update, Object: plan.Object{Kind: "security group", Name: g.Name, ID: g.ID},
			Reason: "the Service asks for other tags", Fields: tagFields(set, remove), Spec: tagGroup{g, set, remove}})
	}
}

// exactRules makes the rules of a security group the wanted ones: first what is missing, then what is too much.
func (d *differ) exactRules(g securitygroup.Group, rules []securitygroup.Rule) {
	add, remove := securitygroup.Exact(rules, g.Ingress)
	object := plan.Object{Kind: "security group", Name: g.Name, ID: g.ID}
	first := "rules to add to " + g.ID
	if len(add) > 0 {
		d.add(plan.Change{ID: first, Operation: plan.Update, Object: object, Reason: "clients have to reach the load balancer",
			Fields: ruleFields(add, nil), Spec: authorize{group: groupRef{id: g.ID}, known: g, rules: add}})
	}
	if len(remove) > 0 {
		d.add(plan.Change{ID: "rules to take from " + g.ID, Operation: plan.Update, Object: object, Reason: "its rules are just those that the Service asks for",
			Fields: ruleFields(nil, remove), After: []string{first}, Spec: revoke{g, remove}})
	}
}

// dropGroups takes leave of security groups that the load balancer no longer has. Only one that was made for
// this Service is deleted; of others no more than our own rule on nodes goes.
func (d *differ) dropGroups(dropped []string, after string) {
	for _, id := range dropped {
		var waits []string
		g, ok := d.actual.Groups[id]
		made := ok && d.actual.madeForUs(g) && !slices.Contains(d.actual.Spared, id)
		first := d.actual.Classic != nil && d.actual.Classic.Groups[0] == id
		if (made || first) && !d.actual.Others.uses(id, d.actual.UID) {
			waits = d.closeNodes(id, nil, []string{after})
		}
		if made {
			d.deleteGroup(g, append(waits, after))
		}
	}
}

// dropLeft takes leave of security groups that were made for this Service and that its load balancer had
// before: an earlier pass could not delete them.
func (d *differ) dropLeft(wanted []string) {
	var left []string
	for _, g := range d.actual.managedGroups() {
		if !slices.Contains(wanted, g.ID) && !d.attached(g.ID) {
			left = append(left, g.ID)
		}
	}
	d.dropGroups(left, "")
}

// attached reports whether a load balancer of the Service has the security group.
func (d *differ) attached(id string) bool {
	return d.actual.Classic != nil && slices.Contains(d.actual.Classic.Groups, id) ||
		d.actual.Network != nil && slices.Contains(d.actual.Network.Groups, id)
}

func (d *differ) deleteGroup(g securitygroup.Group, after []string) {
	d.add(plan.Change{ID: "delete " + g.ID, Operation: plan.Delete, Object: plan.Object{Kind: "security group", Name: g.Name, ID: g.ID},
		Reason: "it was made for this load balancer, which no longer has it", After: after, Spec: deleteGroup{g, d.referrers(g.ID)}})
}

// referrers are the security groups whose rules keep a group from being deleted, besides the rules of ours
// that the plan takes away.
func (d *differ) referrers(id string) []string {
	var names []string
	for _, g := range d.actual.Groups {
		if slices.ContainsFunc(g.Ingress, func(r securitygroup.Rule) bool {
			return r.Group == id && g.ID != id && (r.Protocol != securitygroup.All || d.actual.LeaveNodeGroups)
		}) {
			names = append(names, fmt.Sprintf("%s (%s)", g.ID, g.Name))
		}
	}
	slices.Sort(names)
	return names
}

// targets returns the wanted instances that can be targets now.
func (d *differ) targets() []string {
	var ids []string
	for _, id := range d.wanted.Targets {
		m, ok := d.actual.Machines[id]
		if ok && m.Takes(d.wanted.Kind) && d.actual.Cluster.Belongs(m.Tags) {
			ids = append(ids, id)
		}
	}
	return ids
}

// tagChange keeps the tags as they are wanted: those of ours are set, and those that this process set before
// and that are no longer wanted are removed. What others have added stays.
func (d *differ) tagChange(tags map[string]string, known bool) (set map[string]string, remove []string) {
	set = map[string]string{}
	for key, value := range d.wanted.Tags {
		have, ok := tags[key]
		switch {
		case known && (!ok || have != value):
			set[key] = value
		case !known && d.actual.UserTags != nil && d.wanted.UserTags[key] != "" && d.actual.UserTags[key] != value:
			set[key] = value // AWS does not let us read tags: we go by what we did
		}
	}
	for key := range d.actual.UserTags {
		if _, wanted := d.wanted.Tags[key]; !wanted {
			remove = append(remove, key)
		}
	}
	slices.Sort(remove)
	return set, remove
}

func tagFields(set map[string]string, remove []string) []plan.Field {
	var fields []plan.Field
	for _, key := range slices.Sorted(maps.Keys(set)) {
		fields = append(fields, plan.Field{Path: "tags." + key, To: set[key]})
	}
	for _, key := range remove {
		fields = append(fields, plan.Field{Path: "tags." + key, From: "set"})
	}
	return fields
}

func ruleFields(add, remove []securitygroup.Rule) []plan.Field {
	var fields []plan.Field
	for _, r := range add {
		fields = append(fields, plan.Field{Path: "ingress", To: r.String()})
	}
	for _, r := range remove {
		fields = append(fields, plan.Field{Path: "ingress", From: r.String()})
	}
	return fields
}

// field returns a difference, or none.
func field[T comparable](fields []plan.Field, path string, from, to T) []plan.Field {
	if from == to {
		return fields
	}
	return append(fields, plan.Field{Path: path, From: fmt.Sprint(from), To: fmt.Sprint(to)})
}

// difference returns the items of a that b does not have.
func difference(a, b []string) []string {
	var left []string
	for _, item := range a {
		if !slices.Contains(b, item) {
			left = append(left, item)
		}
	}
	return left
}

func sameSet(a, b []string) bool {
	return len(difference(a, b)) == 0 && len(difference(b, a)) == 0
}

// some lists a few of many names.
func some(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// roleNode marks the security group of nodes where several are tagged as the cluster's.
const roleNode = "kubernetes.io/role/node"

// nodeGroup chooses the security group of an instance that gets the rules; none skips the instance.
func (a *Actual) nodeGroup(m Machine) (string, error) {
	var tagged, untagged []securitygroup.Group
	for _, id := range m.Groups {
		g, ok := a.Groups[id]
		switch {
		case !ok:
		case a.Cluster.Belongs(g.Tags):
			tagged = append(tagged, g)
		default:
			untagged = append(untagged, g)
		}
	}
	if len(tagged) > 1 {
		tagged = narrow(narrow(tagged, func(g securitygroup.Group) bool { return a.Cluster.Owned(g.Tags) }),
			func(g securitygroup.Group) bool { _, ok := g.Tags[roleNode]; return ok })
	}
	switch {
	case len(tagged) == 1:
		return tagged[0].ID, nil
	case len(tagged) > 1:
		return "", provider.UserErrorf("Multiple tagged security groups found for instance %s: %s; leave the tag %s on the one for nodes only, or tag that one %s", m.ID, groupNames(tagged), a.Cluster.Tag(), roleNode)
	case len(untagged) == 1:
		return untagged[0].ID, nil
	case len(untagged) > 1:
		return "", provider.UserErrorf("Multiple untagged security groups found for instance %s: %s; tag the one for nodes %s=owned", m.ID, groupNames(untagged), a.Cluster.Tag())
	}
	return "", nil
}

// narrow keeps the groups with a property, if just one has it.
func narrow(groups []securitygroup.Group, has func(securitygroup.Group) bool) []securitygroup.Group {
	var found []securitygroup.Group
	for _, g := range groups {
		if has(g) {
			found = append(found, g)
		}
	}
	if len(found) == 1 {
		return found
	}
	return groups
}

func groupNames(groups []securitygroup.Group) string {
	var names []string
	for _, g := range groups {
		names = append(names, fmt.Sprintf("%s(%s)", g.ID, g.Name))
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// nodeGroups returns the security groups of the targets, sorted.
func (d *differ) nodeGroups(targets []string) ([]string, error) {
	set := map[string]bool{}
	for _, id := range targets {
		group, err := d.actual.nodeGroup(d.actual.Machines[id])
		if err != nil {
			return nil, err
		}
		if group != "" {
			set[group] = true
		}
	}
	return slices.Sorted(maps.Keys(set)), nil
}

// clusterGroups returns the cluster's security groups that are not among some, sorted by ID.
func (a *Actual) clusterGroups(but []string) []securitygroup.Group {
	var found []securitygroup.Group
	for _, id := range slices.Sorted(maps.Keys(a.Groups)) {
		g := a.Groups[id]
		if _, marked := g.Tags[cluster.ServiceTag]; !marked && a.Cluster.Belongs(g.Tags) && !slices.Contains(but, id) {
			found = append(found, g)
		}
	}
	return found
}
