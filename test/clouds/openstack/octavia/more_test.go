// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package octavia_test

import (
	"bytes"
	"testing"

	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/listeners"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/monitors"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/pools"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/octavia"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/openstacktest"
)

// Each change waits for the one before.
func TestChildByChild(t *testing.T) {
	f := start(t, octavia.Options{})
	lb := f.create("web")
	f.settle()
	l, err := listeners.Create(t.Context(), f.client, listeners.CreateOpts{LoadbalancerID: lb.ID, Protocol: "TCP", ProtocolPort: 80}).Extract()
	if err != nil {
		t.Fatal(err)
	}
	f.settle()
	p, err := pools.Create(t.Context(), f.client, pools.CreateOpts{ListenerID: l.ID, Protocol: "TCP", LBMethod: "ROUND_ROBIN"}).Extract()
	if err != nil {
		t.Fatal(err)
	}
	f.settle()
	f.refused(pools.Create(t.Context(), f.client, pools.CreateOpts{ListenerID: l.ID, Protocol: "TCP", LBMethod: "ROUND_ROBIN"}).Err, 409, "already has a default pool")
	f.refused(pools.Create(t.Context(), f.client, pools.CreateOpts{ListenerID: l.ID, Protocol: "UDP", LBMethod: "ROUND_ROBIN"}).Err, 400, "is invalid while")
	m, err := monitors.Create(t.Context(), f.client, monitors.CreateOpts{PoolID: p.ID, Type: "HTTP", Delay: 5, Timeout: 3, MaxRetries: 1}).Extract()
	if err != nil || m.URLPath != "/" {
		t.Fatalf("got %+v, %v", m, err)
	}
	f.settle()
	method := pools.LBMethodSourceIp
	if p, err = pools.Update(t.Context(), f.client, p.ID, pools.UpdateOpts{LBMethod: method}).Extract(); err != nil || p.LBMethod != string(method) {
		t.Errorf("got %+v, %v", p, err)
	}
	f.settle()
	if err := listeners.Delete(t.Context(), f.client, l.ID).ExtractErr(); err != nil {
		t.Error(err)
	}
	f.settle()
	if p, err = pools.Get(t.Context(), f.client, p.ID).Extract(); err != nil || len(p.Listeners) != 0 || p.ProvisioningStatus != octavia.Active {
		t.Errorf("the pool does not outlive its listener: %+v, %v", p, err)
	}
	if err := pools.Delete(t.Context(), f.client, p.ID).ExtractErr(); err != nil {
		t.Error(err)
	}
	f.settle()
	f.refused(monitors.Get(t.Context(), f.client, m.ID).Err, 404, "not found")
	if got := f.lb(lb.ID); len(got.Listeners)+len(got.Pools) != 0 {
		t.Errorf("left %+v", got)
	}
	if err := loadbalancers.Delete(t.Context(), f.client, lb.ID, nil).ExtractErr(); err != nil {
		t.Error(err)
	}
}

func TestAddresses(t *testing.T) {
	f := start(t, octavia.Options{})
	create := func(o loadbalancers.CreateOpts) (*loadbalancers.LoadBalancer, error) {
		return loadbalancers.Create(t.Context(), f.client, o).Extract()
	}
	lb, err := create(loadbalancers.CreateOpts{VipNetworkID: f.cluster.Network.ID, VipAddress: "10.0.7.7"})
	if err != nil || lb.VipSubnetID != f.cluster.Subnets[0].ID || lb.VipAddress != "10.0.7.7" {
		t.Errorf("got %+v, %v", lb, err)
	}
	_, err = create(loadbalancers.CreateOpts{VipSubnetID: f.cluster.Subnets[0].ID, VipAddress: "192.0.2.1"})
	f.refused(err, 500, "is not a valid IP for the specified subnet")
	_, err = create(loadbalancers.CreateOpts{VipSubnetID: f.cluster.Subnets[0].ID, VipAddress: "10.0.7.7"})
	f.refused(err, 500, "already allocated")
	_, err = create(loadbalancers.CreateOpts{VipPortID: "none"})
	f.refused(err, 400, "not found")
	_, err = create(loadbalancers.CreateOpts{Name: "nowhere"})
	f.refused(err, 400, "must contain one of")
}

func TestOlderVersion(t *testing.T) {
	f := start(t, octavia.Options{Version: 4})
	_, err := loadbalancers.Create(t.Context(), f.client, loadbalancers.CreateOpts{VipSubnetID: f.cluster.Subnets[0].ID, Tags: []string{"a"}}).Extract()
	f.refused(err, 400, "Unknown attribute")
}

func TestStateKeepsWhatGoesOn(t *testing.T) {
	f := start(t, octavia.Options{})
	lb := f.create("web", 80)
	var file bytes.Buffer
	if err := f.cloud.DumpJSON(&file); err != nil {
		t.Fatal(err)
	}
	other := openstacktest.Start(t, openstack.Options{})
	other.Clock.Stop()
	other.Clock.Set(f.cloud.Clock.Now())
	if err := other.LoadJSON(&file); err != nil {
		t.Fatal(err)
	}
	status := func() string { return other.Octavia.LoadBalancers()[0].ProvisioningStatus }
	if status() != octavia.PendingCreate {
		t.Errorf("loaded %s", status())
	}
	other.Clock.Advance(takes)
	if status() != octavia.Active {
		t.Errorf("%s does not get active", lb.ID)
	}
}
