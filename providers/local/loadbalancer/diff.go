// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/providers/local/api"
)

// The changes, by ID. Each is one call.
const (
	changeBalancer  = "load-balancer"
	changeListeners = "listeners"
	changeMembers   = "members"
)

// Actual is the load balancer that is there; nil if there is none.
type Actual struct {
	Balancer *api.LoadBalancer
	// Foreign is set when it belongs to another cluster. It is then not touched in any way.
	Foreign bool
}

// spec is what a change carries for its execution.
type spec struct {
	name    string
	cluster string
	create  *api.CreateLoadBalancerRequest
	update  *api.UpdateLoadBalancerRequest
}

// diff returns the changes that make actual into wanted: one that creates all, or one for each part that
// differs. Restrictions come before what they restrict, targets before the ports that lead to them.
func diff(wanted Wanted, actual Actual) []plan.Change {
	if actual.Balancer == nil || actual.Foreign {
		return []plan.Change{creation(wanted, actual)}
	}
	have := *actual.Balancer
	d := &differ{wanted: wanted}
	d.part(changeBalancer, "load balancer", balancerFields(wanted, have), func(u *api.UpdateLoadBalancerRequest) {
		if wanted.Owner != have.Owner {
			u.Owner = &wanted.Owner
		}
		if !reflect.DeepEqual(wanted.Spec.Addressing, have.Spec.Addressing) {
			u.Addressing = &wanted.Spec.Addressing
		}
		if !reflect.DeepEqual(wanted.Spec.Settings, have.Spec.Settings) {
			u.Settings = &wanted.Spec.Settings
		}
	})
	d.part(changeMembers, "members", listFields(memberTexts(have.Spec.Members), memberTexts(wanted.Spec.Members)),
		func(u *api.UpdateLoadBalancerRequest) { u.Members = orEmpty(wanted.Spec.Members) })
	d.part(changeListeners, "listeners", listFields(listenerTexts(have.Spec.Listeners), listenerTexts(wanted.Spec.Listeners)),
		func(u *api.UpdateLoadBalancerRequest) { u.Listeners = orEmpty(wanted.Spec.Listeners) })
	return d.changes
}

func creation(wanted Wanted, actual Actual) plan.Change {
	c := plan.Change{
		ID: changeBalancer, Operation: plan.Create,
		Object: plan.Object{Kind: "load balancer", Name: wanted.Name},
		Reason: "the Service has none",
		Spec: spec{name: wanted.Name, cluster: wanted.Owner.Cluster,
			create: &api.CreateLoadBalancerRequest{Name: wanted.Name, Owner: wanted.Owner, Spec: wanted.Spec}},
	}
	if actual.Foreign {
		c.Reason = fmt.Sprintf("the Service has none; its name is taken by cluster %q, so that this will fail", actual.Balancer.Owner.Cluster)
	}
	empty := api.LoadBalancer{}
	c.Fields = balancerFields(wanted, empty)
	c.Fields = append(c.Fields, listFields(nil, listenerTexts(wanted.Spec.Listeners))...)
	c.Fields = append(c.Fields, listFields(nil, memberTexts(wanted.Spec.Members))...)
	return c
}

// differ makes changes that wait for each other, because each raises the revision for the next.
type differ struct {
	wanted  Wanted
	changes []plan.Change
}

func (d *differ) part(id, kind string, fields []plan.Field, fill func(*api.UpdateLoadBalancerRequest)) {
	if len(fields) == 0 {
		return
	}
	update := &api.UpdateLoadBalancerRequest{Cluster: d.wanted.Owner.Cluster}
	fill(update)
	var after []string
	if n := len(d.changes); n > 0 {
		after = []string{d.changes[n-1].ID}
	}
	d.changes = append(d.changes, plan.Change{
		ID: id, Operation: plan.Update,
		Object: plan.Object{Kind: kind, Name: d.wanted.Name},
		Reason: reason(fields),
		Fields: fields,
		After:  after,
		Spec:   spec{name: d.wanted.Name, cluster: d.wanted.Owner.Cluster, update: update},
	})
}

// reason names the fields that differ, without repeating their values.
func reason(fields []plan.Field) string {
	var names []string
	for _, f := range fields {
		name, _, _ := strings.Cut(f.Path, "[")
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if verb := "differ"; len(names) > 1 || strings.HasSuffix(names[0], "s") {
		return strings.Join(names, ", ") + " " + verb
	}
	return names[0] + " differs"
}

// removal returns the change that leaves nothing of what is ours.
func removal(actual Actual) []plan.Change {
	if actual.Balancer == nil || actual.Foreign {
		return nil
	}
	return []plan.Change{{
		ID: changeBalancer, Operation: plan.Delete,
		Object: plan.Object{Kind: "load balancer", Name: actual.Balancer.Name},
		Reason: "the Service wants none any more",
		Spec:   spec{name: actual.Balancer.Name, cluster: actual.Balancer.Owner.Cluster},
	}}
}

// balancerFields compares all but listeners and members.
func balancerFields(wanted Wanted, have api.LoadBalancer) []plan.Field {
	w, h := wanted.Spec, have.Spec
	texts := func(owner api.Owner, a api.Addressing, s api.Settings) [][2]string {
		rows := [][2]string{
			{"service", strings.Trim(owner.Namespace+"/"+owner.Service, "/")},
			{"uid", owner.UID},
			{"families", join(a.Families)},
			{"pool", a.Pool},
			{"requested addresses", join(a.Requested)},
			{"source ranges", join(s.SourceRanges)},
			{"session affinity", duration(s.Affinity)},
			{"PROXY protocol", s.ProxyProtocol},
			{"idle timeout", duration(s.IdleTimeout)},
			{"UDP idle timeout", duration(s.UDPIdleTimeout)},
			{"drain timeout", duration(s.DrainTimeout)},
		}
		return append(rows, healthCheckTexts(s.HealthCheck)...)
	}
	to, from := texts(wanted.Owner, w.Addressing, w.Settings), texts(have.Owner, h.Addressing, h.Settings)
	var fields []plan.Field
	for i := range to {
		if to[i][1] != from[i][1] {
			fields = append(fields, plan.Field{Path: to[i][0], From: from[i][1], To: to[i][1]})
		}
	}
	return fields
}

func healthCheckTexts(h *api.HealthCheck) [][2]string {
	if h == nil {
		h = &api.HealthCheck{}
	}
	target := ""
	if h.Protocol != "" {
		target = fmt.Sprintf("%s :%d%s", h.Protocol, h.Port, h.Path)
	}
	return [][2]string{
		{"health check", target},
		{"health check interval", duration(h.Interval)},
		{"health check timeout", duration(h.Timeout)},
		{"healthy threshold", number(h.HealthyThreshold)},
		{"unhealthy threshold", number(h.UnhealthyThreshold)},
	}
}

// listFields compares two sets of named things.
func listFields(have, wanted map[string]string) []plan.Field {
	names := maps.Clone(wanted)
	if names == nil {
		names = map[string]string{}
	}
	for name := range have {
		names[name] = ""
	}
	var fields []plan.Field
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if have[name] != wanted[name] {
			fields = append(fields, plan.Field{Path: name, From: have[name], To: wanted[name]})
		}
	}
	return fields
}

func listenerTexts(listeners []api.Listener) map[string]string {
	texts := map[string]string{}
	for _, l := range listeners {
		texts[fmt.Sprintf("listeners[%d/%s]", l.Port, l.Protocol)] = fmt.Sprintf("to port %d", l.MemberPort)
	}
	return texts
}

func memberTexts(members []api.Member) map[string]string {
	texts := map[string]string{}
	for _, m := range members {
		text := m.Address
		if m.Weight != 1 {
			text += fmt.Sprintf(" with weight %d", m.Weight)
		}
		texts["members["+m.Name+"]"] = text
	}
	return texts
}

func compareListeners(a, b api.Listener) int {
	return cmp.Or(cmp.Compare(a.Port, b.Port), cmp.Compare(a.Protocol, b.Protocol))
}

func join[T ~string](list []T) string {
	var texts []string
	for _, t := range list {
		texts = append(texts, string(t))
	}
	return strings.Join(texts, ", ")
}

func duration(d api.Duration) string {
	if d == 0 {
		return ""
	}
	return time.Duration(d).String()
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func orEmpty[T any](s []T) *[]T {
	if s == nil {
		s = []T{}
	}
	return &s
}
