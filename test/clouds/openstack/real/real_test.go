// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build openstackreal

package real_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/floatingips"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/real"
)

// eventually polls until a check has nothing to say.
func eventually(t *testing.T, limit time.Duration, check func() string) {
	t.Helper()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(limit); ; {
		said := check()
		if said == "" {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("after %v: %s", limit, said)
		case <-tick.C:
		}
	}
}

// TestBed proves what a Bed promises.
func TestBed(t *testing.T) {
	bed := real.Start(t)
	conf, err := os.ReadFile(bed.CloudConf)
	if err != nil || !strings.Contains(string(conf), bed.SubnetID) || len(bed.Servers) < 3 {
		t.Fatalf("%v: %+v\n%s", err, bed.Env, conf)
	}
	clients := bed.Clients()
	create := func() (string, error) {
		lb, err := loadbalancers.Create(t.Context(), clients.LoadBalancer, loadbalancers.CreateOpts{Name: "bed", VipSubnetID: bed.SubnetID}).Extract()
		if err != nil {
			return "", err
		}
		return lb.ID, nil
	}
	status := func(id string) string {
		lb, err := loadbalancers.Get(t.Context(), clients.LoadBalancer, id).Extract()
		if err != nil {
			return err.Error()
		}
		return lb.ProvisioningStatus
	}
	bed.StopWorker()
	id, err := create()
	if err != nil {
		t.Fatal(err)
	}
	if got := status(id); got != "PENDING_CREATE" {
		t.Errorf("without a worker the load balancer is %s", got)
	}
	bed.ContinueWorker()
	began := time.Now()
	eventually(t, 2*time.Minute, func() string { return strings.TrimPrefix(status(id), "ACTIVE") })
	t.Logf("ACTIVE after %v", time.Since(began))
	bed.SetLoadBalancerStatus(id, "ERROR")
	if got := status(id); got != "ERROR" {
		t.Errorf("it is %s, want ERROR", got)
	}
	bed.SetLoadBalancerQuota("load_balancer", 1)
	if _, err := create(); !gophercloud.ResponseCodeIs(err, 403) {
		t.Errorf("beyond the quota: %v", err)
	}
	bed.SetNetworkQuota("floatingip", 0)
	if err := floatingips.Create(t.Context(), clients.Network, floatingips.CreateOpts{FloatingNetworkID: bed.ExternalNetworkID}).Err; !gophercloud.ResponseCodeIs(err, 409) {
		t.Errorf("beyond the quota: %v", err)
	}
	bed.EndService("octavia")
	if _, err := create(); err == nil {
		t.Error("Octavia answers")
	}
	bed.RestartServices()
	if got := status(id); got != "ERROR" {
		t.Errorf("it is %s, want ERROR", got)
	}
	if out, err := bed.CLI("server", "list", "-f", "value", "-c", "Name"); err != nil || !strings.Contains(out, "node-0") {
		t.Errorf("%v: %s", err, out)
	}
}
