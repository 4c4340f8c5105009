// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"context"
	"net/http"
	"slices"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/listeners"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/monitors"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/pools"
)

// createListener makes a listener of a load balancer.
type createListener struct {
	l Listener
	f features
}

func (s createListener) do(ctx context.Context, e *executor) error {
	o := listenerOptions(s.l, s.f)
	o.LoadbalancerID = e.actual.Balancer.ID
	l, err := listeners.Create(ctx, e.octavia, o).Extract()
	if err != nil {
		return err
	}
	e.changed(func(b *Balancer) { b.Listeners = append(b.Listeners, listenerOf(l)) })
	return nil
}

// changed notes what a change has made of the load balancer, which is busy now.
func (e *executor) changed(edit func(*Balancer)) {
	e.set(func(a *Actual) {
		edit(a.Balancer)
		a.begin(pendingUpdate)
	})
}

// updateListener changes what differs; what is nil stays.
type updateListener struct {
	id                                      string
	name, tls                               *string
	tags, cidrs                             *[]string
	limit, client, connect, member, inspect *int
	headers                                 *map[string]string
}

func (s updateListener) do(ctx context.Context, e *executor) error {
	l, err := listeners.Update(ctx, e.octavia, s.id, listeners.UpdateOpts{
		Name: s.name, DefaultTlsContainerRef: s.tls, Tags: s.tags, AllowedCIDRs: s.cidrs, ConnLimit: s.limit, InsertHeaders: s.headers,
		TimeoutClientData: s.client, TimeoutMemberConnect: s.connect, TimeoutMemberData: s.member, TimeoutTCPInspect: s.inspect,
	}).Extract()
	if err != nil {
		return err
	}
	e.changed(func(b *Balancer) {
		for i := range b.Listeners {
			if b.Listeners[i].ID == s.id {
				pool := b.Listeners[i].Pool
				b.Listeners[i] = listenerOf(l)
				b.Listeners[i].Pool = pool
			}
		}
	})
	return nil
}

type createPool struct {
	listener string
	p        Pool
}

func (s createPool) do(ctx context.Context, e *executor) error {
	if s.listener == "" {
		return missing("the listener of pool " + s.p.Name)
	}
	o := poolOptions(s.p)
	o.ListenerID = s.listener
	p, err := pools.Create(ctx, e.octavia, o).Extract()
	if err != nil {
		return err
	}
	e.changed(func(b *Balancer) {
		for i := range b.Listeners {
			if b.Listeners[i].ID == s.listener {
				made := poolOf(p)
				b.Listeners[i].Pool = &made
			}
		}
	})
	return nil
}

// updatePool changes what differs. An algorithm that Octavia refuses is the user's mistake, which stands in
// the way of nothing.
type updatePool struct {
	id, method  string
	name        *string
	persistence *string
	tags        *[]string
}

func (s updatePool) do(ctx context.Context, e *executor) error {
	o := pools.UpdateOpts{Name: s.name, LBMethod: pools.LBMethod(s.method), Tags: s.tags}
	if s.persistence != nil {
		o.Persistence = &pools.SessionPersistence{Type: *s.persistence}
	}
	p, err := pools.Update(ctx, e.octavia, s.id, o).Extract()
	if err != nil {
		return err
	}
	e.changed(func(b *Balancer) {
		b.editPool(s.id, func(have *PoolActual) { have.Pool = poolOf(p).Pool })
	})
	return nil
}

// eachPool gives those pools that listeners have.
func (b *Balancer) eachPool(edit func(*PoolActual)) {
	for i := range b.Listeners {
		if p := b.Listeners[i].Pool; p != nil {
			edit(p)
		}
	}
}

// editPool changes what is known of a pool.
func (b *Balancer) editPool(id string, edit func(*PoolActual)) {
	b.eachPool(func(p *PoolActual) {
		if p.ID == id {
			edit(p)
		}
	})
}

// setMembers sets all members of a pool in one call.
type setMembers struct {
	pool    string
	members []MemberActual
}

func (s setMembers) do(ctx context.Context, e *executor) error {
	if s.pool == "" {
		return missing("the pool of the members")
	}
	all := make([]member, len(s.members))
	for i := range s.members {
		m := &s.members[i]
		all[i] = member{Name: m.Name, Address: m.Address, ProtocolPort: m.Port, SubnetID: m.Subnet}
		if m.ID != "" { // what others have set stays
			up := !m.Down
			all[i].Weight, all[i].Backup, all[i].AdminStateUp = &m.Weight, &m.Backup, &up
		}
		if m.MonitorPort != 0 {
			all[i].MonitorPort = &m.MonitorPort
		}
	}
	_, err := e.octavia.Put(ctx, e.octavia.ServiceURL("lbaas", "pools", s.pool, "members"), map[string][]member{"members": all}, nil, //nolint:bodyclose // the answer has none
		&gophercloud.RequestOpts{OkCodes: []int{http.StatusAccepted}})
	if err != nil {
		return err
	}
	e.changed(func(b *Balancer) {
		b.editPool(s.pool, func(p *PoolActual) { p.Members = slices.Clone(s.members) })
	})
	return nil
}

type createMember struct {
	pool string
	m    Member
}

func (s createMember) do(ctx context.Context, e *executor) error {
	if s.pool == "" {
		return missing("the pool of member " + s.m.Name)
	}
	m, err := pools.CreateMember(ctx, e.octavia, s.pool, memberOptions(s.m, "")).Extract()
	if err != nil {
		return err
	}
	e.changed(func(b *Balancer) {
		b.editPool(s.pool, func(p *PoolActual) { p.Members = append(p.Members, memberOf(m)) })
	})
	return nil
}

type createMonitor struct {
	pool string
	m    Monitor
}

func (s createMonitor) do(ctx context.Context, e *executor) error {
	if s.pool == "" {
		return missing("the pool of monitor " + s.m.Name)
	}
	o := monitorOptions(s.m)
	o.PoolID = s.pool
	m, err := monitors.Create(ctx, e.octavia, o).Extract()
	if err != nil {
		return err
	}
	e.changed(func(b *Balancer) { b.editPool(s.pool, func(p *PoolActual) { p.Monitor = monitorOf(m) }) })
	return nil
}

// updateMonitor changes what differs; a number of 0 stays.
type updateMonitor struct {
	id                                string
	name                              *string
	delay, timeout, retries, failures int
}

func (s updateMonitor) do(ctx context.Context, e *executor) error {
	m, err := monitors.Update(ctx, e.octavia, s.id, monitors.UpdateOpts{
		Name: s.name, Delay: s.delay, Timeout: s.timeout, MaxRetries: s.retries, MaxRetriesDown: s.failures,
	}).Extract()
	if err != nil {
		return err
	}
	e.changed(func(b *Balancer) {
		b.eachPool(func(p *PoolActual) {
			if p.Monitor != nil && p.Monitor.ID == s.id {
				p.Monitor = monitorOf(m)
			}
		})
	})
	return nil
}

// deletePart deletes a listener, a pool, a monitor or a member. One that is gone is fine.
type deletePart struct{ collection, id string }

func (s deletePart) do(ctx context.Context, e *executor) error {
	if err := remove(ctx, e.octavia, "lbaas", s.collection, s.id); err != nil {
		return err
	}
	e.changed(func(b *Balancer) { b.forget(s.id) })
	return nil
}

// forget drops a part, whatever it is, with what is below it. A pool that its listener leaves is deleted before.
func (b *Balancer) forget(id string) {
	b.Listeners = slices.DeleteFunc(b.Listeners, func(l ListenerActual) bool { return l.ID == id })
	b.Loose = slices.DeleteFunc(b.Loose, func(p PoolActual) bool { return p.ID == id })
	for i := range b.Listeners {
		if p := b.Listeners[i].Pool; p != nil && p.ID == id {
			b.Listeners[i].Pool = nil
		}
	}
	b.eachPool(func(p *PoolActual) {
		p.Members = slices.DeleteFunc(p.Members, func(m MemberActual) bool { return m.ID == id })
		if p.Monitor != nil && p.Monitor.ID == id {
			p.Monitor = nil
		}
	})
}
