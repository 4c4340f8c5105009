// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package octavia_test

import (
	"slices"
	"testing"

	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/apiversions"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/listeners"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/monitors"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/pools"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/octavia"
)

func TestTree(t *testing.T) {
	f := start(t, octavia.Options{})
	made := f.create("web", 80, 443)
	if made.ProvisioningStatus != octavia.PendingCreate || len(made.Listeners) != 2 || made.Listeners[0].ProtocolPort != 80 || len(made.Pools) != 2 {
		t.Errorf("created %+v", made)
	}
	if port, ok := f.cloud.Neutron.Port(made.VipPortID); !ok || port.ProjectID != f.cloud.Project.ID || port.FixedIPs[0].IPAddress != made.VipAddress {
		t.Errorf("VIP port %+v", port)
	}
	f.settle()
	if lb := f.lb(made.ID); lb.ProvisioningStatus != octavia.Active || len(lb.Listeners) != 2 || lb.Listeners[0].ProtocolPort != 0 || lb.UpdatedAt.IsZero() {
		t.Errorf("later %+v", lb)
	}
	tree, err := loadbalancers.GetStatuses(t.Context(), f.client, made.ID).Extract()
	if err != nil || len(tree.Loadbalancer.Listeners) != 2 || len(tree.Loadbalancer.Listeners[0].Pools[0].Members) != 1 {
		t.Errorf("status tree %+v, %v", tree, err)
	}
	pages, err := listeners.List(f.client, listeners.ListOpts{LoadbalancerID: made.ID, ProtocolPort: 443}).AllPages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all, err := listeners.ExtractListeners(pages)
	if err != nil || len(all) != 1 || !slices.Equal(all[0].AllowedCIDRs, []string{"192.168.32.0/24"}) || all[0].TimeoutClientData != 50000 || all[0].ConnLimit != -1 {
		t.Errorf("listeners %+v, %v", all, err)
	}
}

func TestBusyIsImmutable(t *testing.T) {
	f := start(t, octavia.Options{})
	lb := f.create("web", 80)
	name := "new"
	changes := map[string]func() error{
		"Invalid state PENDING": func() error {
			return loadbalancers.Update(t.Context(), f.client, lb.ID, loadbalancers.UpdateOpts{Name: &name}).Err
		},
		"Invalid state": func() error { return loadbalancers.Delete(t.Context(), f.client, lb.ID, nil).ExtractErr() },
		"Load Balancer " + lb.ID + " is immutable": func() error {
			return listeners.Create(t.Context(), f.client, listeners.CreateOpts{Protocol: "UDP", ProtocolPort: 53, LoadbalancerID: lb.ID}).Err
		},
		"Pool " + lb.Pools[0].ID + " is immutable": func() error {
			return pools.BatchUpdateMembers(t.Context(), f.client, lb.Pools[0].ID, noMembers()).ExtractErr()
		},
	}
	for text, change := range changes {
		f.refused(change(), 409, text)
	}
	f.settle()
	for range 2 {
		err := listeners.Update(t.Context(), f.client, lb.Listeners[0].ID, listeners.UpdateOpts{Name: &name}).Err
		if f.lb(lb.ID).ProvisioningStatus != octavia.PendingUpdate {
			t.Error("a child's change does not lock the load balancer")
		}
		if err != nil {
			f.refused(err, 409, "is immutable")
		}
	}
	f.settle()
	f.cloud.Octavia.FailNext(1)
	if err := loadbalancers.Update(t.Context(), f.client, lb.ID, loadbalancers.UpdateOpts{Name: &name}).Err; err != nil {
		t.Fatal(err)
	}
	f.settle()
	if got := f.lb(lb.ID).ProvisioningStatus; got != octavia.Failed {
		t.Errorf("got %s", got)
	}
	f.refused(listeners.Update(t.Context(), f.client, lb.Listeners[0].ID, listeners.UpdateOpts{Name: &name}).Err, 409, "is immutable")
	f.refused(loadbalancers.Failover(t.Context(), f.client, lb.ID).ExtractErr(), 403, "Policy does not allow")
	f.refused(loadbalancers.Delete(t.Context(), f.client, lb.ID, nil).ExtractErr(), 400, "it has children")
	if err := loadbalancers.Delete(t.Context(), f.client, lb.ID, loadbalancers.DeleteOpts{Cascade: true}).ExtractErr(); err != nil {
		t.Fatal(err)
	}
	if got := f.lb(lb.ID).ProvisioningStatus; got != octavia.PendingDelete {
		t.Errorf("got %s", got)
	}
	f.settle()
	f.refused(loadbalancers.Get(t.Context(), f.client, lb.ID).Err, 404, "not found")
	if _, ok := f.cloud.Neutron.Port(lb.VipPortID); ok {
		t.Error("the VIP port is left")
	}
	if state := f.cloud.Octavia.State(); len(state.Listeners)+len(state.Pools)+len(state.Members)+len(state.Monitors) > 0 {
		t.Errorf("left over: %+v", state)
	}
}

// noMembers are no members at all.
func noMembers() []pools.BatchUpdateMemberOpts { return []pools.BatchUpdateMemberOpts{} }

func TestBatchMembers(t *testing.T) {
	f := start(t, octavia.Options{})
	lb := f.create("web", 80)
	f.settle()
	pool, weight := lb.Pools[0].ID, 7
	batch := func(members ...pools.BatchUpdateMemberOpts) {
		t.Helper()
		if err := pools.BatchUpdateMembers(t.Context(), f.client, pool, append(noMembers(), members...)).ExtractErr(); err != nil {
			t.Fatal(err)
		}
	}
	read := func() []pools.Member {
		t.Helper()
		pages, err := pools.ListMembers(f.client, pool, nil).AllPages(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all, err := pools.ExtractMembers(pages)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	first := read()[0].ID
	batch(pools.BatchUpdateMemberOpts{Address: "10.0.0.2", ProtocolPort: 30000, Weight: &weight})
	f.settle()
	if all := read(); len(all) != 1 || all[0].ID != first || all[0].Weight != 7 {
		t.Errorf("got %+v", all)
	}
	batch(pools.BatchUpdateMemberOpts{Address: "10.0.0.2", ProtocolPort: 30000}, pools.BatchUpdateMemberOpts{Address: "10.0.0.3", ProtocolPort: 30000})
	f.settle()
	if all := read(); len(all) != 2 || all[0].Weight != 1 {
		t.Errorf("what is left out does not fall back: %+v", all)
	}
	batch()
	f.settle()
	if all := read(); len(all) != 0 {
		t.Errorf("left %+v", all)
	}
	batch()
	if got := f.lb(lb.ID).ProvisioningStatus; got != octavia.Active {
		t.Errorf("nothing on nothing: %s", got)
	}
}

func TestDuplicatesAndChecks(t *testing.T) {
	f := start(t, octavia.Options{})
	lb := f.create("web", 443)
	f.settle()
	listener := func(o listeners.CreateOpts) error {
		o.LoadbalancerID = lb.ID
		return listeners.Create(t.Context(), f.client, o).Err
	}
	f.refused(listener(listeners.CreateOpts{Protocol: "HTTP", ProtocolPort: 443}), 409, "already using")
	f.refused(listener(listeners.CreateOpts{Protocol: "TERMINATED_HTTPS", ProtocolPort: 444, DefaultTlsContainerRef: "x"}), 400, "Could not retrieve certificate")
	f.refused(listener(listeners.CreateOpts{Protocol: "TCP", ProtocolPort: 80, InsertHeaders: map[string]string{"X-Forwarded-For": "true"}}), 400, "insert-headers is not a valid option")
	f.refused(listener(listeners.CreateOpts{Protocol: "TCP", ProtocolPort: 80, AllowedCIDRs: []string{"::/0"}}), 400, "IP version incompatible")
	f.refused(monitors.Create(t.Context(), f.client, monitors.CreateOpts{PoolID: lb.Pools[0].ID, Type: "TCP", Delay: 5, Timeout: 3, MaxRetries: 1}).Err, 409, "already has")
	if err := listener(listeners.CreateOpts{Protocol: "UDP", ProtocolPort: 443}); err != nil {
		t.Error(err)
	}
	f.settle()
	none := []string{}
	v, err := listeners.Update(t.Context(), f.client, lb.Listeners[0].ID, listeners.UpdateOpts{AllowedCIDRs: &none}).Extract()
	if err != nil || v.AllowedCIDRs != nil {
		t.Errorf("emptied CIDRs are %v, want null; %v", v, err)
	}
	f.cloud.Octavia.SetQuotas("", octavia.Quotas{LoadBalancer: 1, Listener: -1, Pool: -1, Member: -1, HealthMonitor: -1})
	err = loadbalancers.Create(t.Context(), f.client, loadbalancers.CreateOpts{VipSubnetID: f.cluster.Subnets[0].ID}).Err
	f.refused(err, 403, "Quota has been met for resources: Load Balancer")
	err = loadbalancers.Create(t.Context(), f.client, loadbalancers.CreateOpts{VipSubnetID: f.cluster.Subnets[0].ID, Provider: "f5"}).Err
	f.refused(err, 400, "not enabled")
}

func TestOVN(t *testing.T) {
	f := start(t, octavia.Options{})
	create := func(method pools.LBMethod) error {
		return loadbalancers.Create(t.Context(), f.client, loadbalancers.CreateOpts{
			VipNetworkID: f.cluster.Network.ID, Provider: "ovn",
			Pools: []pools.CreateOpts{{Name: "p", Protocol: "TCP", LBMethod: method}},
		}).Err
	}
	f.refused(create(pools.LBMethodRoundRobin), 501, "does not support ROUND_ROBIN")
	if err := create("SOURCE_IP_PORT"); err != nil {
		t.Error(err)
	}
}

func TestFiltersAndPages(t *testing.T) {
	f := start(t, octavia.Options{PageSize: 2, Version: 26})
	for _, name := range []string{"one", "two", "three"} {
		f.create(name)
	}
	list := func(o loadbalancers.ListOpts) int {
		t.Helper()
		pages, err := loadbalancers.List(f.client, o).AllPages(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all, err := loadbalancers.ExtractLoadBalancers(pages)
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	for want, o := range map[int]loadbalancers.ListOpts{3: {}, 1: {Name: "two"}, 0: {Tags: []string{"a", "c"}}} {
		if got := list(o); got != want {
			t.Errorf("%+v: got %d, want %d", o, got, want)
		}
	}
	resp, err := f.client.Get(t.Context(), f.client.ServiceURL("lbaas", "loadbalancers")+"?colour=red", nil, nil)
	if err == nil {
		_ = resp.Body.Close()
	}
	f.refused(err, 400, "invalid")
	pages, err := apiversions.List(f.client).AllPages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if all, err := apiversions.ExtractAPIVersions(pages); err != nil || len(all) != 27 || all[26].ID != "v2.26" || all[26].Status != "CURRENT" {
		t.Errorf("versions %+v, %v", all, err)
	}
}
