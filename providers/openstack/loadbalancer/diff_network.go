// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"cmp"
	"fmt"
	"slices"

	"sigs.k8s.io/cloud-providers/common/plan"
)

// takesFloating reports whether the Service is to have a floating IP: an external one with an IPv4 VIP.
func takesFloating(w Wanted, a Actual) bool {
	if w.Internal {
		return false
	}
	if a.Balancer == nil || a.Balancer.Status == failed {
		return w.Family != "6"
	}
	return isIPv4(a.Balancer.Address)
}

// needsFloating reports whether a floating IP would have to be made.
func needsFloating(w Wanted, a Actual) bool {
	return takesFloating(w, a) && a.Floating == nil && !w.Floating.None && reusable(w, a) == nil && (a.Balancer == nil || a.owned())
}

// reusable is the floating IP with the address that the Service asks for, or the one that it had.
func reusable(w Wanted, a Actual) *FloatingIP {
	s := a.Spare
	if s == nil || s.PortID != "" {
		return nil
	}
	if w.Floating.Address != "" {
		if s.Address == w.Floating.Address {
			return s
		}
		return nil
	}
	if s.ours() {
		return s
	}
	return nil
}

// floating sees to the floating IP, and returns what is wrong.
func (d *differ) floating() []string {
	w, a := d.w, d.a
	if w.Internal {
		if a.Floating != nil && a.Balancer.Status == active && a.owned() {
			d.releaseFloating(*a.Floating, "the Service is internal")
		}
		return nil
	}
	if !takesFloating(w, a) || a.Floating != nil && (a.Balancer == nil || a.Balancer.Status == active) || a.Wait > 0 {
		return nil
	}
	if a.Balancer != nil && !a.owned() {
		return []string{fmt.Sprintf("load balancer %s (%s) has no floating IP, and only the Service that made it can attach one; make this Service internal, or attach one", a.Balancer.Name, a.Balancer.ID)}
	}
	change := plan.Change{ID: "floating-ip", Operation: plan.Create, Object: plan.Object{Kind: kindFloating, Name: cmp.Or(w.Floating.Address, "of "+w.Service)}, Reason: "the Service is external"}
	if d.last != "" {
		change.After = []string{d.last}
	}
	switch spare := reusable(w, a); {
	case spare != nil:
		change.Operation, change.Object = plan.Update, plan.Object{Kind: kindFloating, Name: spare.Address, ID: spare.ID}
		change.Fields, change.Spec = []plan.Field{{Path: "port_id", To: "of the VIP"}}, attachFloating{*spare}
	case w.Floating.Address != "" && a.Spare != nil && a.Spare.Address == w.Floating.Address:
		return []string{fmt.Sprintf("spec.loadBalancerIP: floating IP %s (%s) is not available, since port %s has it; take it from there, or ask for another address", a.Spare.Address, a.Spare.ID, a.Spare.PortID)}
	case w.Floating.None || a.Place.Floating == "":
		return nil // told in the report
	default:
		change.Fields = []plan.Field{{Path: "floating_network_id", To: a.Place.Floating}}
		change.Spec = createFloating{network: a.Place.Floating, subnets: a.Place.Subnets, address: w.Floating.Address, description: w.Floating.Description}
	}
	d.neutron(change)
	return nil
}

// releaseFloating deletes a floating IP of ours, or detaches it.
func (d *differ) releaseFloating(f FloatingIP, reason string) {
	if d.w.Floating.Keep || !f.ours() {
		d.neutron(plan.Change{
			ID: "detach floating-ip", Operation: plan.Update, Object: plan.Object{Kind: kindFloating, Name: f.Address, ID: f.ID}, Reason: reason,
			Fields: []plan.Field{{Path: "port_id", From: f.PortID}}, Spec: detachFloating{f},
		})
		return
	}
	d.neutron(plan.Change{ID: "delete floating-ip", Operation: plan.Delete, Object: plan.Object{Kind: kindFloating, Name: f.Address, ID: f.ID}, Reason: reason, Spec: deleteFloating{f}})
}

// rename gives the parts of the load balancer the cluster's new name, the load balancer itself last: until
// then the rest is tried again.
func (d *differ) rename(old string) {
	b := d.a.Balancer
	oldCluster, _, _ := clusterIn(old)
	newCluster, _, _ := clusterIn(d.a.Name)
	renamed := func(name string) string { return renameCluster(name, oldCluster, newCluster) }
	const reason = "the cluster has another name"
	for i := range b.Listeners {
		l := &b.Listeners[i]
		if !slices.Contains(l.Tags, old) && !slices.Contains(l.Tags, d.a.Name) {
			continue
		}
		if l.Pool != nil {
			if m := l.Pool.Monitor; m != nil && renamed(m.Name) != m.Name {
				name := renamed(m.Name)
				d.octavia(plan.Change{ID: "rename monitor " + m.ID, Operation: plan.Update, Object: plan.Object{Kind: kindMonitor, Name: m.Name, ID: m.ID}, Reason: reason,
					Fields: []plan.Field{{Path: "name", From: m.Name, To: name}}, Spec: updateMonitor{id: m.ID, name: &name}})
				m.Name = name
			}
			if p := l.Pool; renamed(p.Name) != p.Name {
				name := renamed(p.Name)
				d.octavia(plan.Change{ID: "rename pool " + p.ID, Operation: plan.Update, Object: plan.Object{Kind: kindPool, Name: p.Name, ID: p.ID}, Reason: reason,
					Fields: []plan.Field{{Path: "name", From: p.Name, To: name}}, Spec: updatePool{id: p.ID, name: &name}})
				p.Name = name
			}
		}
		if name := renamed(l.Name); name != l.Name || slices.Contains(l.Tags, old) {
			tags := replaced(l.Tags, old, d.a.Name)
			d.octavia(plan.Change{ID: "rename listener " + l.ID, Operation: plan.Update, Object: plan.Object{Kind: kindListener, Name: l.Name, ID: l.ID}, Reason: reason,
				Fields: []plan.Field{{Path: "name", From: l.Name, To: name}}, Spec: updateListener{id: l.ID, name: &name, tags: &tags}})
			l.Name, l.Tags = name, tags
		}
	}
	name, tags := renamed(b.Name), replaced(b.Tags, old, d.a.Name)
	d.octavia(plan.Change{ID: "rename load-balancer", Operation: plan.Update, Object: plan.Object{Kind: kindBalancer, Name: b.Name, ID: b.ID}, Reason: reason,
		Fields: []plan.Field{{Path: "name", From: b.Name, To: name}}, Spec: updateBalancer{id: b.ID, name: name, tags: tags}})
}

func replaced(tags []string, old, with string) []string {
	var all []string
	for _, t := range tags {
		if t == old {
			t = with
		}
		if !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	return all
}
