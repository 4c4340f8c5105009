// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/cloud-providers/common/plan"
)

// parts makes listeners, pools, members and monitors what the ports want.
func (d *differ) parts() {
	for _, p := range d.w.Ports {
		d.port(p)
	}
}

// port is one port. What Octavia cannot change is deleted and made anew, what was there first.
func (d *differ) port(p Port) {
	key := fmt.Sprintf("%d/%s", p.Listener.Port, layer4(p.Listener.Protocol))
	l := d.a.Balancer.listener(p.Listener.Protocol, p.Listener.Port)
	if l != nil && l.Protocol != p.Listener.Protocol {
		d.dropListener(*l, fmt.Sprintf("its protocol %s cannot be changed to %s", l.Protocol, p.Listener.Protocol))
		l = nil
	}
	if l == nil {
		d.octavia(plan.Change{
			ID: "listener " + key, Operation: plan.Create, Object: plan.Object{Kind: kindListener, Name: p.Listener.Name}, Reason: "the Service's port " + key + " has none",
			Fields: listenerFields(p.Listener), Spec: createListener{p.Listener, d.f},
		})
		l = &ListenerActual{Listener: p.Listener}
	} else {
		d.updateListener(key, p.Listener, *l)
	}
	pool := l.Pool
	if pool != nil && pool.Protocol != p.Pool.Protocol {
		d.dropPool(*pool, fmt.Sprintf("its protocol %s cannot be changed to %s", pool.Protocol, p.Pool.Protocol))
		pool = nil
	}
	if pool == nil {
		d.octavia(plan.Change{
			ID: "pool " + key, Operation: plan.Create, Object: plan.Object{Kind: kindPool, Name: p.Pool.Name}, Reason: "the listener of port " + key + " has none",
			Fields: []plan.Field{{Path: "protocol", To: p.Pool.Protocol}, {Path: "lb_algorithm", To: p.Pool.Method}}, Spec: createPool{l.ID, p.Pool},
		})
		pool = &PoolActual{Pool: p.Pool}
	} else {
		d.updatePool(key, p.Pool, *pool)
	}
	d.members(key, p, *pool)
	d.monitor(key, p, *pool)
}

func listenerFields(l Listener) []plan.Field {
	fields := []plan.Field{{Path: "protocol", To: l.Protocol}, {Path: "protocol_port", To: strconv.Itoa(l.Port)}}
	if len(l.CIDRs) > 0 {
		fields = append(fields, plan.Field{Path: "allowed_cidrs", To: strings.Join(l.CIDRs, ",")})
	}
	return fields
}

// updateListener changes the attributes that differ, all in one call.
func (d *differ) updateListener(key string, w Listener, l ListenerActual) {
	var fields []plan.Field
	step := updateListener{id: l.ID}
	differs := func(path, from, to string) bool {
		if from == to {
			return false
		}
		fields = append(fields, plan.Field{Path: path, From: from, To: to})
		return true
	}
	if missing := without(w.Tags, l.Tags); len(missing) > 0 {
		tags := append(slices.Clone(l.Tags), missing...)
		differs("tags", strings.Join(l.Tags, ","), strings.Join(tags, ","))
		step.tags = &tags
	}
	if differs("connection_limit", strconv.Itoa(l.ConnectionLimit), strconv.Itoa(w.ConnectionLimit)) {
		step.limit = &w.ConnectionLimit
	}
	if !maps.Equal(l.Headers, w.Headers) {
		differs("insert_headers", fmt.Sprint(l.Headers), fmt.Sprint(w.Headers))
		step.headers = &w.Headers
	}
	if differs("default_tls_container_ref", l.TLS, w.TLS) {
		step.tls = &w.TLS
	}
	if d.f.timeouts {
		for _, t := range []struct {
			path     string
			from, to int
			into     **int
		}{
			{"timeout_client_data", l.Timeouts.Client, w.Timeouts.Client, &step.client}, {"timeout_member_connect", l.Timeouts.Connect, w.Timeouts.Connect, &step.connect},
			{"timeout_member_data", l.Timeouts.Member, w.Timeouts.Member, &step.member}, {"timeout_tcp_inspect", l.Timeouts.Inspect, w.Timeouts.Inspect, &step.inspect},
		} {
			if differs(t.path, strconv.Itoa(t.from), strconv.Itoa(t.to)) {
				*t.into = &t.to
			}
		}
	}
	if d.f.cidrs && differs("allowed_cidrs", strings.Join(l.CIDRs, ","), strings.Join(w.CIDRs, ",")) {
		step.cidrs = &w.CIDRs
	}
	if len(fields) == 0 {
		return
	}
	d.octavia(plan.Change{
		ID: "update listener " + key, Operation: plan.Update, Object: plan.Object{Kind: kindListener, Name: l.Name, ID: l.ID}, Reason: "it differs from the Service", Fields: fields, Spec: step,
	})
}

func (d *differ) updatePool(key string, w Pool, p PoolActual) {
	var fields []plan.Field
	step := updatePool{id: p.ID}
	if w.Method != p.Method {
		fields = append(fields, plan.Field{Path: "lb_algorithm", From: p.Method, To: w.Method})
		step.method = w.Method
	}
	if w.Persistence != p.Persistence {
		fields = append(fields, plan.Field{Path: "session_persistence", From: p.Persistence, To: w.Persistence})
		step.persistence = &w.Persistence
	}
	if missing := without(w.Tags, p.Tags); len(missing) > 0 {
		tags := append(slices.Clone(p.Tags), missing...)
		fields = append(fields, plan.Field{Path: "tags", From: strings.Join(p.Tags, ","), To: strings.Join(tags, ",")})
		step.tags = &tags
	}
	if len(fields) == 0 {
		return
	}
	d.octavia(plan.Change{
		ID: "update pool " + key, Operation: plan.Update, Object: plan.Object{Kind: kindPool, Name: p.Name, ID: p.ID}, Reason: "it differs from the Service", Fields: fields, Spec: step,
	})
}

// same reports whether a member is as wanted. Names that others gave by another rule stay.
func (m MemberActual) same(w Member) bool {
	return m.Address == w.Address && m.Port == w.Port && m.MonitorPort == w.MonitorPort && (m.Name == w.Name || strings.HasPrefix(m.Name, "member_"))
}

// endpoint is what Octavia knows a member of a pool by.
type endpoint struct {
	address string
	port    int
}

func (m Member) endpoint() endpoint { return endpoint{m.Address, m.Port} }

func byEndpoint(members []MemberActual) map[endpoint]MemberActual {
	all := make(map[endpoint]MemberActual, len(members))
	for _, m := range members {
		all[m.endpoint()] = m
	}
	return all
}

// members sets the members of a pool in one call, unless they are as wanted. Without any Node at all they
// stay: that is more likely a mistake than a wish.
func (d *differ) members(key string, p Port, pool PoolActual) {
	if d.w.Nodes == 0 || len(p.Members) == 0 && len(pool.Members) == 0 {
		return
	}
	if d.w.Serial {
		d.membersOneByOne(key, p, pool)
		return
	}
	var fields []plan.Field
	have := byEndpoint(pool.Members)
	set := make([]MemberActual, 0, len(p.Members))
	for _, w := range p.Members {
		m, there := have[w.endpoint()]
		delete(have, w.endpoint())
		switch {
		case !there:
			m = MemberActual{Member: w, Weight: 1}
			fields = append(fields, plan.Field{Path: "members", To: memberText(w)})
		case !m.same(w):
			fields = append(fields, plan.Field{Path: "members", From: memberText(m.Member), To: memberText(w)})
			m.Member = w
		}
		m.Subnet = d.memberSubnet()
		set = append(set, m)
	}
	for _, m := range pool.Members {
		if _, surplus := have[m.endpoint()]; surplus {
			fields = append(fields, plan.Field{Path: "members", From: memberText(m.Member)})
		}
	}
	if len(fields) == 0 {
		return
	}
	d.octavia(plan.Change{
		ID: "members " + key, Operation: plan.Update, Object: plan.Object{Kind: kindMembers, Name: pool.Name, ID: pool.ID}, Reason: "they differ from the Nodes", Fields: fields, Spec: setMembers{pool.ID, set},
	})
}

func memberText(m Member) string {
	text := fmt.Sprintf("%s %s:%d", m.Name, m.Address, m.Port)
	if m.MonitorPort != 0 {
		text += fmt.Sprintf(" (checked at %d)", m.MonitorPort)
	}
	return text
}

// memberSubnet is the configured one, else the VIP's.
func (d *differ) memberSubnet() string {
	if d.w.MemberSubnet != "" {
		return d.w.MemberSubnet
	}
	if d.a.Balancer != nil && d.a.Balancer.SubnetID != "" {
		return d.a.Balancer.SubnetID
	}
	return d.a.Place.VIP
}

// membersOneByOne is for providers that cannot take a list: first the missing ones, then the surplus.
func (d *differ) membersOneByOne(key string, p Port, pool PoolActual) {
	have := byEndpoint(pool.Members)
	for _, w := range p.Members {
		_, there := have[w.endpoint()]
		delete(have, w.endpoint())
		if there {
			continue
		}
		w.Name, w.MonitorPort = serialMemberName(w.Name, w.Address, w.Port), 0
		d.octavia(plan.Change{
			ID: "member " + key + " " + w.Address, Operation: plan.Create, Object: plan.Object{Kind: "member", Name: w.Name}, Reason: "its Node has none",
			Fields: []plan.Field{{Path: "address", To: memberText(w)}}, Spec: createMember{pool.ID, w},
		})
	}
	for _, m := range pool.Members {
		if _, surplus := have[m.endpoint()]; surplus {
			d.octavia(plan.Change{
				ID: "delete member " + m.ID, Operation: plan.Delete, Object: plan.Object{Kind: "member", Name: m.Name, ID: m.ID}, Reason: "no Node has it", Spec: deletePart{"pools/" + pool.ID + "/members", m.ID},
			})
		}
	}
}

// monitor makes, changes or deletes the health monitor of a pool.
func (d *differ) monitor(key string, p Port, pool PoolActual) {
	w, m := p.Monitor, pool.Monitor
	remove := func(reason string) {
		d.octavia(plan.Change{ID: "delete monitor " + key, Operation: plan.Delete, Object: plan.Object{Kind: kindMonitor, Name: m.Name, ID: m.ID}, Reason: reason, Spec: deletePart{"healthmonitors", m.ID}})
	}
	switch {
	case w == nil && m == nil:
		return
	case w == nil:
		remove("the Service asks for none")
		return
	case m != nil && m.Type != w.Type:
		remove(fmt.Sprintf("its type %s cannot be changed to %s", m.Type, w.Type))
		m = nil
	}
	if m == nil {
		d.octavia(plan.Change{
			ID: "monitor " + key, Operation: plan.Create, Object: plan.Object{Kind: kindMonitor, Name: w.Name}, Reason: "the pool of port " + key + " has none",
			Fields: []plan.Field{{Path: "type", To: w.Type}}, Spec: createMonitor{pool.ID, *w},
		})
		return
	}
	d.updateMonitor(key, *w, *m)
}

func (d *differ) updateMonitor(key string, w Monitor, m MonitorActual) {
	var fields []plan.Field
	step := updateMonitor{id: m.ID}
	if m.Name != w.Name && !strings.HasPrefix(m.Name, "monitor_"+d.a.Legacy+"_") {
		fields = append(fields, plan.Field{Path: "name", From: m.Name, To: w.Name})
		step.name = &w.Name
	}
	for _, n := range []struct {
		path     string
		from, to int
		into     *int
	}{
		{"delay", m.Delay, w.Delay, &step.delay}, {"timeout", m.Timeout, w.Timeout, &step.timeout},
		{"max_retries", m.Retries, w.Retries, &step.retries}, {"max_retries_down", m.Failures, w.Failures, &step.failures},
	} {
		if n.from != n.to {
			fields = append(fields, plan.Field{Path: n.path, From: strconv.Itoa(n.from), To: strconv.Itoa(n.to)})
			*n.into = n.to
		}
	}
	if len(fields) == 0 {
		return
	}
	d.octavia(plan.Change{
		ID: "update monitor " + key, Operation: plan.Update, Object: plan.Object{Kind: kindMonitor, Name: m.Name, ID: m.ID}, Reason: "it differs from the Service", Fields: fields, Spec: step,
	})
}
