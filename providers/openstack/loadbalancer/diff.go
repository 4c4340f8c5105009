// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/common/provider"
)

// The kinds of objects in plans.
const (
	kindBalancer = "load balancer"
	kindListener = "listener"
	kindPool     = "pool"
	kindMembers  = "members"
	kindMonitor  = "health monitor"
	kindFloating = "floating IP"
	kindGroup    = "security group"
	kindRules    = "security group rules"
	kindPort     = "port"
)

// differ collects the changes of one Service.
type differ struct {
	w       Wanted
	a       Actual
	f       features
	changes []plan.Change
	// last is the last change of the load balancer or its parts: Octavia makes one after the other.
	last string
}

// octavia adds a change of the load balancer or of a part.
func (d *differ) octavia(c plan.Change) {
	if d.last != "" {
		c.After = append(c.After, d.last)
	}
	d.changes = append(d.changes, c)
	d.last = c.ID
}

// neutron adds a change that waits for no other but those that it names.
func (d *differ) neutron(c plan.Change) { d.changes = append(d.changes, c) }

// diff returns the changes that make what is there into what is wanted.
func diff(w Wanted, a Actual) ([]plan.Change, error) {
	if a.Err != nil {
		return nil, a.Err
	}
	if a.Balancer.busy() {
		return nil, nil
	}
	if a.renamed() != "" {
		a = a.clone() // names are changed here in the order in which they are there
	}
	w, problems := w.within(featuresFor(w, a))
	if a.Place.Problem != "" {
		problems = append(problems, a.Place.Problem)
	}
	if a.Groups > 1 && w.Group != nil {
		problems = append(problems, fmt.Sprintf("%d security groups are called %s; delete all but one", a.Groups, w.Group.Name))
	}
	d := &differ{w: w, a: a, f: featuresFor(w, a)}
	switch {
	case a.Balancer == nil:
		if len(problems) == 0 && a.Wait == 0 {
			d.create()
		}
	case a.Balancer.Status == failed && !a.replaceable():
		problems = append(problems, fmt.Sprintf("load balancer %s (%s) is in state ERROR and is not this Service's alone, so that it is not made anew; ask the operator of OpenStack for a failover", a.Balancer.Name, a.Balancer.ID))
	case a.Balancer.Status == failed:
		if len(problems) == 0 {
			d.replace()
		}
	default:
		problems = append(problems, d.refusals()...)
		if len(problems) == 0 {
			d.reconcile()
		}
	}
	if len(problems) == 0 {
		problems = append(d.floating(), d.group()...)
	}
	if len(problems) > 0 {
		return nil, &provider.UserError{Problems: problems}
	}
	return d.changes, nil
}

// featuresFor goes by the load balancer's own provider, if there is one.
func featuresFor(w Wanted, a Actual) features {
	by := w.Provider
	if a.Balancer != nil && a.Balancer.Provider != "" && a.Balancer.Status != failed {
		by = a.Balancer.Provider
	}
	return featuresOf(a.Octavia, by)
}

// replaceable reports whether a load balancer in ERROR may be deleted and made anew.
func (a *Actual) replaceable() bool { return a.made() && a.owned() && len(a.users()) == 0 }

// deletable reports whether the load balancer goes with the Service: nobody else uses it.
func (a *Actual) deletable() bool {
	return a.made() && len(a.users()) == 0 && (a.owned() || slices.Contains(a.Balancer.Tags, a.Name))
}

// create makes the load balancer, with all its parts unless they have to be made one after the other.
func (d *differ) create() {
	d.octavia(plan.Change{
		ID: "load-balancer", Operation: plan.Create, Object: plan.Object{Kind: kindBalancer, Name: d.w.Name}, Reason: "the Service has none",
		Fields: d.createFields(), Spec: createBalancer{d.w, d.a.Place, d.f},
	})
	if d.w.Serial {
		d.a.Balancer = &Balancer{Name: d.w.Name, Tags: d.w.Tags}
		d.parts()
		d.a.Balancer = nil
	}
}

func (d *differ) createFields() []plan.Field {
	fields := []plan.Field{{Path: "provider", To: d.w.Provider}}
	for _, f := range []plan.Field{
		{Path: "vip_port_id", To: d.w.VIP.Port}, {Path: "vip_network_id", To: d.w.VIP.Network}, {Path: "vip_subnet_id", To: cmp.Or(d.w.VIP.Subnet, d.a.Place.VIP)},
		{Path: "vip_address", To: d.w.VIP.Address}, {Path: "flavor_id", To: d.w.Flavor}, {Path: "availability_zone", To: d.w.Zone},
	} {
		if f.To != "" {
			fields = append(fields, f)
		}
	}
	for _, p := range d.w.Ports {
		fields = append(fields, plan.Field{Path: fmt.Sprintf("listeners[%d]", p.Index), To: fmt.Sprintf("%s:%d → %d members at port %d", p.Listener.Protocol, p.Listener.Port, len(p.Members), p.NodePort)})
	}
	return fields
}

// replace deletes a load balancer that Octavia has given up, and makes another.
func (d *differ) replace() {
	b := d.a.Balancer
	d.octavia(plan.Change{
		ID: "delete load-balancer", Operation: plan.Delete, Object: plan.Object{Kind: kindBalancer, Name: b.Name, ID: b.ID},
		Reason: "it is in state ERROR, from which nothing but deletion is possible", Spec: deleteBalancer{b.ID, true, true},
	})
	if d.a.Wait == 0 {
		d.create()
	}
}

// refusals are the mistakes that what exists reveals: who may use the load balancer, and which ports.
func (d *differ) refusals() []string {
	var problems []string
	b := d.a.Balancer
	if !d.a.owned() {
		name := fmt.Sprintf("load balancer %s (%s)", b.Name, b.ID)
		joined := slices.Contains(b.Tags, d.a.Name)
		switch users := d.a.users(); {
		case !d.f.tags:
			problems = append(problems, name+" cannot be shared: this Octavia has no tags, which came with v2.5; take annotation "+balancerID.Key()+" away")
		case d.w.Internal && (!d.w.ShareInternal || d.a.Floating != nil):
			problems = append(problems, "an internal Service cannot share "+name+"; take annotation "+balancerID.Key()+" away, or set "+shareable.Key()+"=true if all its users are internal")
		case !joined && len(users)+1 > d.w.MaxShared:
			problems = append(problems, fmt.Sprintf("%s is used by %d Services already, which is the most (max-shared-lb is %d); take annotation %s away, or raise max-shared-lb in the cloud-config", name, len(users), d.w.MaxShared, balancerID.Key()))
		}
	}
	for _, p := range d.w.Ports {
		if l := b.listener(p.Listener.Protocol, p.Listener.Port); l != nil && !d.a.mine(*l) {
			problems = append(problems, fmt.Sprintf("port %d/%s is taken on load balancer %s by listener %s (%s), which is another's; choose another port", p.Listener.Port, layer4(p.Listener.Protocol), b.ID, l.Name, l.ID))
		}
	}
	return problems
}

// reconcile changes what differs.
func (d *differ) reconcile() {
	if old := d.a.renamed(); old != "" {
		d.rename(old)
	}
	d.parts()
	d.surplus()
	b := d.a.Balancer
	if missing := without(d.w.Tags, b.Tags); len(missing) > 0 && d.a.renamed() == "" {
		tags := append(slices.Clone(b.Tags), missing...)
		d.octavia(plan.Change{
			ID: "load-balancer tags", Operation: plan.Update, Object: plan.Object{Kind: kindBalancer, Name: b.Name, ID: b.ID}, Reason: "tags are missing",
			Fields: []plan.Field{{Path: "tags", From: strings.Join(b.Tags, ","), To: strings.Join(tags, ",")}}, Spec: updateBalancer{id: b.ID, tags: tags},
		})
	}
}

// without returns what is in a and not in b.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

// surplus deletes our listeners that no port has any more, and pools that a deletion has left.
func (d *differ) surplus() {
	b := d.a.Balancer
	for _, l := range b.Listeners {
		wanted := slices.ContainsFunc(d.w.Ports, func(p Port) bool {
			return layer4(p.Listener.Protocol) == layer4(l.Protocol) && p.Listener.Port == l.Port
		})
		if !wanted && d.a.mine(l) {
			d.dropListener(l, "the Service has no such port")
		}
	}
	for _, p := range b.Loose {
		if d.a.owned() && strings.HasPrefix(p.Name, "pool_") && strings.HasSuffix(p.Name, "_"+d.a.Name) {
			d.dropPool(p, "no listener has it")
		}
	}
}

// dropListener deletes a listener with its pool. The pool goes first: it would stay.
func (d *differ) dropListener(l ListenerActual, reason string) {
	if l.Pool != nil {
		d.dropPool(*l.Pool, reason)
	}
	d.octavia(plan.Change{
		ID: "delete listener " + l.ID, Operation: plan.Delete, Object: plan.Object{Kind: kindListener, Name: l.Name, ID: l.ID}, Reason: reason,
		Fields: []plan.Field{{Path: "protocol_port", From: fmt.Sprintf("%s:%d", l.Protocol, l.Port)}}, Spec: deletePart{"listeners", l.ID},
	})
}

func (d *differ) dropPool(p PoolActual, reason string) {
	d.octavia(plan.Change{
		ID: "delete pool " + p.ID, Operation: plan.Delete, Object: plan.Object{Kind: kindPool, Name: p.Name, ID: p.ID}, Reason: reason, Spec: deletePart{"pools", p.ID},
	})
}
