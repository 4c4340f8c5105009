// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/listeners"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/monitors"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/pools"
	"k8s.io/apimachinery/pkg/types"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/openstack/client"
)

// createBalancer makes a load balancer, with all its parts in one call where that is possible.
type createBalancer struct {
	w     Wanted
	place Place
	f     features
}

func (s createBalancer) do(ctx context.Context, e *executor) error {
	body, err := s.options().ToLoadBalancerCreateMap()
	if err != nil {
		return err
	}
	var answer struct {
		Balancer json.RawMessage `json:"loadbalancer"`
	}
	_, err = e.octavia.Post(ctx, e.octavia.ServiceURL("lbaas", "loadbalancers"), body, &answer, nil) //nolint:bodyclose // gophercloud closes what it has decoded
	if ip := s.w.VIP.Address; err != nil && ip != "" && strings.Contains(err.Error(), ip) && client.Status(err) >= http.StatusBadRequest {
		// An address that is taken, or outside of the subnet, is an internal error of Octavia.
		return &provider.UserError{Cause: err, Problems: []string{fmt.Sprintf("spec.loadBalancerIP: Octavia cannot use %s: %v; ask for a free address of the subnet", ip, client.Explain("load balancer", err))}}
	}
	if err != nil {
		return err
	}
	var lb loadbalancers.LoadBalancer
	var below tree
	if err := errors.Join(json.Unmarshal(answer.Balancer, &lb), json.Unmarshal(answer.Balancer, &below)); err != nil {
		return fmt.Errorf("the answer to the creation of a load balancer: %w", err)
	}
	e.set(func(a *Actual) {
		a.Balancer = withParts(&lb)
		below.addMembers(a.Balancer)
		a.Partial = !s.complete(a.Balancer)
		a.begin(a.Balancer.Status)
	})
	return nil
}

// complete reports whether the answer to the creation has all parts. Where it has not they are read.
func (s createBalancer) complete(b *Balancer) bool {
	if s.w.Serial {
		return true
	}
	for _, p := range s.w.Ports {
		l := b.listener(p.Listener.Protocol, p.Listener.Port)
		if l == nil || l.Pool == nil || len(l.Pool.Members) != len(p.Members) || (l.Pool.Monitor == nil) != (p.Monitor == nil) {
			return false
		}
	}
	return true
}

func (s createBalancer) options() loadbalancers.CreateOpts {
	w, vip := s.w, s.w.VIP
	o := loadbalancers.CreateOpts{
		Name: w.Name, Description: w.Description, Provider: w.Provider, Tags: w.Tags, FlavorID: w.Flavor, AvailabilityZone: w.Zone, VipAddress: vip.Address,
	}
	if vip.Port != "" {
		o.VipPortID, o.VipAddress = vip.Port, ""
	} else {
		o.VipNetworkID, o.VipSubnetID = vip.Network, cmp.Or(vip.Subnet, s.place.VIP)
	}
	if s.place.Second != "" && vip.Both {
		o.AdditionalVips = []loadbalancers.AdditionalVip{{SubnetID: s.place.Second}}
	}
	if w.Serial {
		return o
	}
	subnet := cmp.Or(w.MemberSubnet, s.place.VIP)
	for _, p := range w.Ports {
		l := listenerOptions(p.Listener, s.f)
		pool := poolOptions(p.Pool)
		for _, m := range p.Members {
			pool.Members = append(pool.Members, memberOptions(m, subnet))
		}
		if p.Monitor != nil {
			pool.Monitor = monitorOptions(*p.Monitor)
		}
		if up := true; len(p.Members) == 0 {
			pool.AdminStateUp = &up // with three fields Octavia would take it for the name of a pool that is elsewhere
		}
		l.DefaultPool = &pool
		o.Listeners = append(o.Listeners, l)
	}
	return o
}

func listenerOptions(l Listener, f features) listeners.CreateOpts {
	o := listeners.CreateOpts{
		Name: l.Name, Protocol: listeners.Protocol(l.Protocol), ProtocolPort: l.Port, ConnLimit: &l.ConnectionLimit, DefaultTlsContainerRef: l.TLS,
		AllowedCIDRs: l.CIDRs, Tags: l.Tags,
	}
	if len(l.Headers) > 0 {
		o.InsertHeaders = l.Headers
	}
	if f.timeouts {
		t := l.Timeouts
		o.TimeoutClientData, o.TimeoutMemberConnect, o.TimeoutMemberData, o.TimeoutTCPInspect = &t.Client, &t.Connect, &t.Member, &t.Inspect
	}
	return o
}

func poolOptions(p Pool) pools.CreateOpts {
	o := pools.CreateOpts{Name: p.Name, Protocol: pools.Protocol(p.Protocol), LBMethod: pools.LBMethod(p.Method), Tags: p.Tags}
	if p.Persistence != "" {
		o.Persistence = &pools.SessionPersistence{Type: p.Persistence}
	}
	return o
}

func memberOptions(m Member, subnet string) pools.CreateMemberOpts {
	o := pools.CreateMemberOpts{Name: m.Name, Address: m.Address, ProtocolPort: m.Port, SubnetID: subnet}
	if m.MonitorPort != 0 {
		o.MonitorPort = &m.MonitorPort
	}
	return o
}

func monitorOptions(m Monitor) monitors.CreateOpts {
	o := monitors.CreateOpts{Name: m.Name, Type: m.Type, Delay: m.Delay, Timeout: m.Timeout, MaxRetries: m.Retries, MaxRetriesDown: m.Failures}
	if m.Type == httpProtocol {
		o.URLPath, o.HTTPMethod, o.ExpectedCodes = healthPath, healthMethod, healthCodes
	}
	return o
}

// deleteBalancer deletes a load balancer; failed counts it as one that could not be made.
type deleteBalancer struct {
	id              string
	cascade, failed bool
}

func (s deleteBalancer) do(ctx context.Context, e *executor) error {
	err := loadbalancers.Delete(ctx, e.octavia, s.id, loadbalancers.DeleteOpts{Cascade: s.cascade}).ExtractErr()
	if err != nil && !client.NotFound(err) {
		return err
	}
	if s.failed {
		e.memory.edit(types.UID(e.actual.UID), func(r *remembered) {
			r.failures++
			r.failedAt = e.clock.Now()
		})
	}
	e.set(func(a *Actual) {
		if err != nil {
			a.Balancer = nil
			return
		}
		a.begin(pendingDelete)
	})
	return nil
}

// updateBalancer changes name and tags of a load balancer; an empty name stays.
type updateBalancer struct {
	id, name string
	tags     []string
}

func (s updateBalancer) do(ctx context.Context, e *executor) error {
	tags := append([]string{}, s.tags...)
	o := loadbalancers.UpdateOpts{Tags: &tags}
	if s.name != "" {
		o.Name = &s.name
	}
	lb, err := loadbalancers.Update(ctx, e.octavia, s.id, o).Extract()
	if err != nil {
		return err
	}
	e.set(func(a *Actual) {
		a.Balancer.Name, a.Balancer.Tags = lb.Name, tags
		if s.name != "" {
			a.Renamed = true
		}
		a.begin(lb.ProvisioningStatus)
	})
	return nil
}
