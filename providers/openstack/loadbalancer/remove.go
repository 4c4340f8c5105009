// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"slices"
	"strings"

	"sigs.k8s.io/cloud-providers/common/plan"
)

// exists reports whether anything of the Service's is there.
func exists(a Actual) bool {
	if a.Err != nil || a.Group != nil || a.goingFloating() != nil {
		return true
	}
	b := a.Balancer
	if b == nil {
		return false
	}
	return a.deletable() || slices.Contains(b.Tags, a.Name) || slices.ContainsFunc(b.Listeners, a.mine)
}

// goingFloating is the floating IP that goes with a Service whose load balancer has gone.
func (a *Actual) goingFloating() *FloatingIP {
	s := a.Spare
	if a.Balancer != nil || s == nil || s.PortID != "" || !s.ours() || a.Keep || !a.Removing {
		return nil
	}
	return s
}

// removal returns the changes that leave nothing. While Octavia is at work there are none.
func removal(a Actual) []plan.Change {
	d := &differ{a: a}
	if a.Err != nil {
		return []plan.Change{{ID: "read", Operation: plan.Delete, Object: plan.Object{Kind: kindBalancer, Name: a.Name}, Reason: "it could not be read", Spec: fail{a.Err}}}
	}
	if a.Balancer.busy() {
		return nil
	}
	const reason = "the Service needs it no more"
	if a.Balancer != nil {
		if a.deletable() {
			d.removeBalancer(reason)
		} else {
			d.leaveBalancer(reason)
		}
	}
	if f := a.goingFloating(); f != nil {
		d.neutron(plan.Change{ID: "delete floating-ip", Operation: plan.Delete, Object: plan.Object{Kind: kindFloating, Name: f.Address, ID: f.ID}, Reason: reason, Spec: deleteFloating{*f}})
	}
	if a.Group != nil {
		d.dropGroup(reason)
	}
	return d.changes
}

// removeBalancer deletes the load balancer, then its floating IP: if the former fails, the address is not
// lost. One that the Service never showed is found by nobody afterwards, and goes first.
func (d *differ) removeBalancer(reason string) {
	a, b := d.a, d.a.Balancer
	f := a.Floating
	if f != nil && (a.Keep || !f.ours()) {
		f = nil
	}
	shown := f != nil && slices.Contains(a.Published, f.Address)
	if f != nil && !shown {
		d.neutron(plan.Change{ID: "delete floating-ip", Operation: plan.Delete, Object: plan.Object{Kind: kindFloating, Name: f.Address, ID: f.ID}, Reason: reason, Spec: deleteFloating{*f}})
		d.last = "delete floating-ip"
	}
	cascade := !a.CascadeOff || b.Status == failed
	if !cascade {
		for _, l := range b.Listeners {
			d.removeListener(l, reason)
		}
		for _, p := range b.Loose {
			d.dropPool(p, reason)
		}
	}
	d.octavia(plan.Change{ID: "delete load-balancer", Operation: plan.Delete, Object: plan.Object{Kind: kindBalancer, Name: b.Name, ID: b.ID}, Reason: reason, Spec: deleteBalancer{id: b.ID, cascade: cascade}})
	if shown {
		d.neutron(plan.Change{ID: "delete floating-ip", Operation: plan.Delete, Object: plan.Object{Kind: kindFloating, Name: f.Address, ID: f.ID}, Reason: reason, After: []string{d.last}, Spec: deleteFloating{*f}})
	}
}

// removeListener deletes a listener with all below it, part by part.
func (d *differ) removeListener(l ListenerActual, reason string) {
	if l.Pool != nil && l.Pool.Monitor != nil {
		m := l.Pool.Monitor
		d.octavia(plan.Change{ID: "delete monitor " + m.ID, Operation: plan.Delete, Object: plan.Object{Kind: kindMonitor, Name: m.Name, ID: m.ID}, Reason: reason, Spec: deletePart{"healthmonitors", m.ID}})
	}
	d.dropListener(l, reason)
}

// leaveBalancer takes what is the Service's from a load balancer that others use, or that a user made.
func (d *differ) leaveBalancer(reason string) {
	a, b := d.a, d.a.Balancer
	for _, l := range b.Listeners {
		if a.mine(l) {
			d.removeListener(l, reason)
		}
	}
	if slices.Contains(b.Tags, a.Name) {
		left := slices.DeleteFunc(slices.Clone(b.Tags), func(t string) bool { return t == a.Name })
		d.octavia(plan.Change{ID: "load-balancer tags", Operation: plan.Update, Object: plan.Object{Kind: kindBalancer, Name: b.Name, ID: b.ID}, Reason: reason,
			Fields: []plan.Field{{Path: "tags", From: strings.Join(b.Tags, ","), To: strings.Join(left, ",")}}, Spec: updateBalancer{id: b.ID, tags: left}})
	}
}

// fail is a change that cannot be made.
type fail struct{ err error }
