// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package openstack

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/neutron"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/nova"
	"sigs.k8s.io/cloud-providers/test/clouds/sim"
	"sigs.k8s.io/cloud-providers/test/cluster"
	"sigs.k8s.io/cloud-providers/test/cluster/kubelets"
	"sigs.k8s.io/cloud-providers/test/managed"
)

// quick are flags of a manager that reacts within seconds where the defaults take minutes.
var quick = []string{"--node-monitor-period=500ms", "--node-deletion-min-age=0s", "--node-status-update-frequency=2s"}

func providerID(s nova.Server) string { return "openstack:///" + s.ID }

// TestNodes follows Nodes from their registration to the end of their servers.
func TestNodes(t *testing.T) {
	e := newEnv(t, openstack.Options{}, openstack.ClusterOptions{Nodes: 5, CIDRv6: "fd00:1::/64"}, cluster.Options{NodeMonitorGracePeriod: 5 * time.Second})
	byName, byID, stopped, floating, twin := e.servers.Servers[0], e.servers.Servers[1], e.servers.Servers[2], e.servers.Servers[3], e.servers.Servers[4]
	port := e.cloud.Neutron.PortsOf(floating.ID)[floating.ID][0]
	fip, err := e.cloud.Neutron.AddFloatingIP(neutron.FloatingIP{
		Common: neutron.Common{ProjectID: e.cloud.Project.ID}, FloatingNetworkID: e.servers.External.ID, PortID: &port.ID,
	})
	if err != nil {
		t.Fatal(err)
	}
	e.cloud.Nova.AddServer(nova.Server{Name: twin.Name, ProjectID: e.cloud.Project.ID, FlavorID: e.servers.Flavor.ID})
	e.manager(e.user("secret"), append([]string{"--user-agent=a/b", "--user-agent=site c/d"}, quick...)...)
	e.Join(
		kubelets.Machine{Name: byName.Name},
		kubelets.Machine{Name: "by-id", ProviderID: providerID(byID)},
		kubelets.Machine{Name: stopped.Name},
		kubelets.Machine{Name: floating.Name},
		kubelets.Machine{Name: twin.Name}, // two servers of one name
		kubelets.Machine{Name: "elsewhere", ProviderID: "openstack://RegionTwo/" + byID.ID},
		kubelets.Machine{Name: "others", ProviderID: "other:///zone/i-0123456789abcdef0"},
	)
	t.Run("initialisation", func(t *testing.T) {
		for name, s := range map[string]nova.Server{byName.Name: byName, "by-id": byID, floating.Name: floating} {
			e.checkNode(t, e.Initialised(name), s)
		}
		if got := managed.Addresses(e.Node(floating.Name)); !strings.Contains(got, "ExternalIP "+fip.FloatingIPAddress) {
			t.Errorf("addresses of a server with a floating IP: %s", got)
		}
	})
	t.Run("who asks", func(t *testing.T) {
		for _, call := range e.cloud.Calls.All() {
			if !strings.HasPrefix(call.UserAgent, "site c/d a/b openstack-cloud-controller-manager/") || !strings.Contains(call.UserAgent, " gophercloud/") {
				t.Fatalf("%s has the User-Agent %q", call.Operation, call.UserAgent)
			}
		}
	})
	t.Run("a new address", func(t *testing.T) {
		extra, err := e.cloud.Neutron.AddPort(neutron.Port{
			Common: neutron.Common{ProjectID: e.cloud.Project.ID}, NetworkID: e.servers.Network.ID, DeviceID: byName.ID, DeviceOwner: "compute:" + byName.Zone,
		})
		if err != nil {
			t.Fatal(err)
		}
		e.Eventually("the address of a new port", func() error {
			if got := managed.Addresses(e.Node(byName.Name)); !strings.Contains(got, "InternalIP "+extra.FixedIPs[0].IPAddress) {
				return errors.New(got)
			}
			return nil
		})
		if got := managed.Addresses(e.Node(byName.Name)); !strings.HasPrefix(got, "InternalIP "+e.servers.Address(byName.ID)) {
			t.Errorf("the first address changed: %s", got)
		}
	})
	t.Run("a stopped server taints its node", func(t *testing.T) {
		e.Initialised(stopped.Name)
		e.change(t, stopped.ID, "SHUTOFF")
		if err := e.Fleet.StopHeartbeat(stopped.Name); err != nil {
			t.Fatal(err)
		}
		e.Eventually("the shutdown taint", func() error {
			if !managed.HasTaint(e.Node(stopped.Name), managed.StopTaint) {
				return errors.New("it is not there")
			}
			return nil
		})
		e.change(t, stopped.ID, "ACTIVE")
		if err := e.Fleet.ResumeHeartbeat(e.Ctx, stopped.Name); err != nil {
			t.Fatal(err)
		}
		e.Eventually("the end of the shutdown taint", func() error {
			if managed.HasTaint(e.Node(stopped.Name), managed.StopTaint) {
				return errors.New("it is still there")
			}
			return nil
		})
	})
	t.Run("a deleted server's node is deleted", func(t *testing.T) {
		e.cloud.Nova.RemoveServer(byID.ID)
		e.Fleet.Forget("by-id")
		e.deleted("by-id")
	})
	t.Run("nodes that are not ours, or not known, are left alone", func(t *testing.T) {
		for _, name := range []string{"elsewhere", "others", twin.Name} {
			if n := e.Node(name); !managed.HasTaint(n, managed.InitTaint) {
				t.Errorf("node %s has been initialised", name)
			}
		}
	})
	t.Run("logs hold no secrets", func(t *testing.T) {
		if strings.Contains(e.Log(100<<20), "secret") {
			t.Error("the password is in the log")
		}
	})
}

// checkNode compares a Node with its server.
func (e *env) checkNode(t *testing.T, n *v1.Node, s nova.Server) {
	t.Helper()
	if n.Spec.ProviderID != providerID(s) {
		t.Errorf("node %s has the provider ID %q, want %q", n.Name, n.Spec.ProviderID, providerID(s))
	}
	for label, want := range map[string]string{
		v1.LabelInstanceTypeStable: e.servers.Flavor.Name, v1.LabelTopologyZone: s.Zone, v1.LabelTopologyRegion: e.cloud.Region(),
	} {
		if n.Labels[label] != want {
			t.Errorf("node %s has the label %s=%q, want %q", n.Name, label, n.Labels[label], want)
		}
	}
	if n.Labels["topology.openstack.org/host-id"] == "" {
		t.Errorf("node %s has no host label", n.Name)
	}
	var want []string
	for _, p := range e.cloud.Neutron.PortsOf(s.ID)[s.ID] {
		for _, ip := range p.FixedIPs {
			want = append(want, "InternalIP "+ip.IPAddress)
		}
	}
	if got := managed.Addresses(n); !strings.HasPrefix(got, strings.Join(want, ", ")) || len(want) != 2 {
		t.Errorf("node %s has the addresses\n%s, want first\n%s", n.Name, got, strings.Join(want, ", "))
	}
}

// change puts a server into a state.
func (e *env) change(t *testing.T, id, status string) {
	t.Helper()
	if err := e.cloud.Nova.ChangeServer(id, func(s *nova.Server) { s.Status = status }); err != nil {
		t.Fatal(err)
	}
}

// TestAnOutageOfNovaDeletesNothing: the Nodes are not Ready, and Nova answers with errors or not at all.
func TestAnOutageOfNovaDeletesNothing(t *testing.T) {
	e := newEnv(t, openstack.Options{}, openstack.ClusterOptions{Nodes: 4}, cluster.Options{NodeMonitorGracePeriod: 3 * time.Second})
	e.manager(e.user("secret"), append(quick, "--node-deletion-min-not-ready=0s")...)
	e.joinAll(e.servers.Servers)
	for _, s := range e.servers.Servers {
		e.Initialised(s.Name)
	}
	for name, fault := range map[string]sim.Fault{
		"errors":             {Service: "nova", Status: 503},
		"dropped":            {Service: "nova", Kind: sim.Drop},
		"denied":             {Service: "nova", Status: 403},
		"too many calls":     {Service: "nova", Status: 429},
		"errors of Neutron":  {Service: "neutron", Status: 500},
		"errors of Keystone": {Service: "keystone", Status: 503},
	} {
		t.Run(name, func(t *testing.T) {
			if err := e.cloud.Faults.Add(fault); err != nil {
				t.Fatal(err)
			}
			defer e.cloud.Faults.Clear()
			if fault.Service == "keystone" {
				e.cloud.Keystone.RevokeTokens()
			}
			for _, s := range e.servers.Servers {
				if err := e.Fleet.StopHeartbeat(s.Name); err != nil {
					t.Fatal(err)
				}
			}
			e.Eventually("several passes", func() error {
				if e.calls(fault.Service) < 5 {
					return errors.New("not yet")
				}
				return nil
			})
			for _, s := range e.servers.Servers {
				e.Node(s.Name)
				if err := e.Fleet.ResumeHeartbeat(e.Ctx, s.Name); err != nil {
					t.Fatal(err)
				}
			}
			e.cloud.Calls.Reset()
		})
	}
	for _, s := range e.servers.Servers {
		if got := managed.Addresses(e.Node(s.Name)); !strings.Contains(got, e.servers.Address(s.ID)) {
			t.Errorf("node %s has the addresses %s", s.Name, got)
		}
	}
}

// TestTwoHundredNodes counts what a cluster costs that is there when the manager starts, with 50 ms for each
// call and default flags. The time is logged alone: it depends on what else the machine does.
func TestTwoHundredNodes(t *testing.T) {
	const nodes = 200
	e := newEnv(t, openstack.Options{Latency: 50 * time.Millisecond}, openstack.ClusterOptions{Nodes: nodes}, cluster.Options{DisableNodeIPAM: true})
	e.joinAll(e.servers.Servers)
	e.cloud.Calls.Reset()
	start := time.Now()
	e.manager(e.user("secret"))
	took := e.AllInitialised(start)
	counts := e.cloud.Calls.Counts()
	total := 0
	for _, n := range counts {
		total += n
	}
	t.Logf("%d nodes initialised %.1f s after the start of the process, with %d calls: %v", nodes, took.Seconds(), total, counts)
	if total > 6 {
		t.Errorf("%d calls: %v", total, counts)
	}
	for _, s := range e.servers.Servers[:10] {
		if got, want := managed.Addresses(e.Node(s.Name)), fmt.Sprintf("InternalIP %s", e.servers.Address(s.ID)); !strings.HasPrefix(got, want) {
			t.Errorf("node %s has the addresses %s", s.Name, got)
		}
	}
}
