// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build openstackreal

package clisession

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/real"
)

var update = flag.Bool("update", false, "write what the real services answer into the golden files")

// realCloud is the real OpenStack.
type realCloud struct {
	t   *testing.T
	bed *real.Bed
}

func (c realCloud) login() []string { return c.bed.Login(c.bed.Username, c.bed.Project) }

func (c realCloud) variables() map[string]string {
	all := map[string]string{
		"NETWORK": c.bed.NetworkID, "SUBNET": c.bed.SubnetID, "EXTERNAL": c.bed.ExternalNetworkID, "EXTERNAL_SUBNET": c.bed.ExternalSubnetID,
		"ROUTER": c.bed.RouterID, "GROUP": c.bed.SecurityGroupID, "IMAGE": c.bed.ImageID, "FLAVOR": c.bed.FlavorID, "PROJECT": c.bed.ProjectID,
		"CREDENTIAL": c.bed.ApplicationCredential.ID, "CREDENTIAL_SECRET": c.bed.ApplicationCredential.Secret, "PASSWORD": c.bed.Password,
	}
	for name, server := range c.bed.Servers {
		key := "NODE_" + strings.TrimPrefix(name, "node-")
		all[key], all[key+"_IP"] = server.ID, server.Addresses[0]
		pages, err := ports.List(c.bed.Clients().Network, ports.ListOpts{DeviceID: server.ID}).AllPages(c.t.Context())
		if err != nil {
			c.t.Fatal(err)
		}
		found, err := ports.ExtractPorts(pages)
		if err != nil || len(found) != 1 {
			c.t.Fatalf("ports of %s: %v, %v", name, found, err)
		}
		all[key+"_PORT"] = found[0].ID
	}
	return all
}

func (c realCloud) work(on bool) {
	if on {
		c.bed.ContinueWorker()
	} else {
		c.bed.StopWorker()
	}
}

func (c realCloud) quota(service, name string, limit int) error {
	if service == "network" {
		c.bed.SetNetworkQuota(name, limit)
	} else {
		c.bed.SetLoadBalancerQuota(name, limit)
	}
	return nil
}

// TestUpdatedAt proves what the provider relies on: a load balancer's updated_at tells of each change below it.
func TestUpdatedAt(t *testing.T) {
	bed := real.Start(t)
	c := realCloud{t, bed}
	s := &session{t: t, cloud: c, normal: &normalizer{variables: c.variables()}}
	s.start()
	do := func(method, path, body string) string {
		t.Helper()
		status, raw, err := s.call(method, "load-balancer", path, s.expand(body), nil)
		if err != nil || status >= 300 {
			t.Fatalf("%s %s: %d %s %v", method, path, status, raw, err)
		}
		return string(raw)
	}
	field := func(raw, path string) string {
		t.Helper()
		v, err := find(raw, path)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	began := time.Now()
	made := do("POST", "/v2.0/lbaas/loadbalancers", `{"loadbalancer":{"name":"updated","vip_subnet_id":"$SUBNET","listeners":[{"name":"tcp","protocol":"TCP","protocol_port":80,
		"default_pool":{"name":"tcp","protocol":"TCP","lb_algorithm":"ROUND_ROBIN","members":[{"address":"$NODE_0_IP","protocol_port":30080}],"healthmonitor":{"type":"TCP","delay":5,"timeout":3,"max_retries":1}}}]}}`)
	lb, pool := field(made, "loadbalancer.id"), field(made, "loadbalancer.listeners.0.default_pool_id")
	settle := func() {
		t.Helper()
		if err := s.poll("load-balancer", "/v2.0/lbaas/loadbalancers/"+lb, func(_ int, body string) bool { return !strings.Contains(body, "PENDING_") }); err != nil {
			t.Fatal(err)
		}
	}
	settle()
	t.Logf("a tree with two children is ACTIVE after %v", time.Since(began))
	updated := func() string { return field(do("GET", "/v2.0/lbaas/loadbalancers/"+lb, ""), "loadbalancer.updated_at") }
	monitor := field(do("GET", "/v2.0/lbaas/pools/"+pool, ""), "pool.healthmonitor_id")
	for _, change := range []struct{ what, path, body string }{
		{"listener", "listeners/" + field(made, "loadbalancer.listeners.0.id"), `{"listener":{"connection_limit":7}}`},
		{"pool", "pools/" + pool, `{"pool":{"lb_algorithm":"LEAST_CONNECTIONS"}}`},
		{"members", "pools/" + pool + "/members", `{"members":[{"address":"$NODE_0_IP","protocol_port":30080}]}`},
		{"monitor", "healthmonitors/" + monitor, `{"healthmonitor":{"delay":6}}`},
		{"load balancer", "loadbalancers/" + lb, `{"loadbalancer":{"description":"other"}}`},
	} {
		before := updated()
		// it has whole seconds
		if err := s.poll("identity", "/v3", func(int, string) bool { return time.Now().UTC().Format("2006-01-02T15:04:05") > before }); err != nil {
			t.Fatal(err)
		}
		bed.StopWorker()
		began := time.Now()
		do("PUT", "/v2.0/lbaas/"+change.path, change.body)
		begun := updated()
		bed.ContinueWorker()
		settle()
		if after := updated(); after <= before {
			t.Errorf("%s: updated_at is %s after a change, and was %s", change.what, after, before)
		}
		t.Logf("%s: ACTIVE after %v; updated_at has changed while PENDING_UPDATE: %v", change.what, time.Since(began), begun != before)
	}
}

// TestReal runs the sessions against the real services.
func TestReal(t *testing.T) {
	bed := real.Start(t)
	for _, name := range sessions(t) {
		t.Run(name, func(t *testing.T) {
			c := realCloud{t, bed}
			bed.Clean()
			c.work(false)
			defer c.work(true)
			got := run(t, c, name)
			if !*update {
				compare(t, name, got)
				return
			}
			var b bytes.Buffer
			e := json.NewEncoder(&b)
			e.SetEscapeHTML(false)
			e.SetIndent("", "  ")
			if err := e.Encode(got); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(golden(name), b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}
