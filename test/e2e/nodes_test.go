// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"sigs.k8s.io/cloud-providers/providers/local/api"
)

// TestNodeInitialisation follows every version of the Nodes: none is ever without taint and without its
// addresses, provider ID and labels.
func TestNodeInitialisation(t *testing.T) {
	t.Parallel()
	e := newEnv(t, audited)
	m1, k1 := e.Machine("plain", "zone-a")
	m2, k2 := e.Machine("given-ip", "zone-b")
	m2.Addresses = append([]api.MachineAddress{
		{Type: api.InternalIP, Address: "192.0.2.1"}, {Type: api.ExternalIP, Address: "198.51.100.7"}}, m2.Addresses...)
	k2.NodeIPs = append(k2.NodeIPs, k2.Address)
	m2.Labels = map[string]string{"rack": "r1", "x.k8s.io/not": "allowed"}
	if _, err := e.Cloud.Admin().CreateMachines(e.ctx, m1, m2); err != nil {
		t.Fatal(err)
	}
	watch, err := e.Client.CoreV1().Nodes().Watch(e.ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Stop()
	if err := e.Fleet.Add(e.ctx, k1, k2); err != nil {
		t.Fatal(err)
	}
	mark, err := e.Cluster.Audit().Mark()
	if err != nil {
		t.Fatal(err)
	}
	e.manager("manager")

	done := map[string]*v1.Node{}
	timeout := time.After(time.Minute)
	for len(done) < 2 {
		select {
		case ev := <-watch.ResultChan():
			n, ok := ev.Object.(*v1.Node)
			if !ok || hasTaint(n, "node.cloudprovider.kubernetes.io/uninitialized") {
				continue
			}
			if n.Spec.ProviderID == "" || n.Labels[v1.LabelTopologyZone] == "" || !slices.ContainsFunc(n.Status.Addresses, func(a v1.NodeAddress) bool { return a.Type == v1.NodeInternalIP }) {
				t.Fatalf("node %s lost its taint before it was complete: provider ID %q, labels %v, addresses %v", n.Name, n.Spec.ProviderID, n.Labels, n.Status.Addresses)
			}
			done[n.Name] = n
		case <-timeout:
			t.Fatalf("initialised after a minute: %d of 2", len(done))
		}
	}
	plain, given := done["plain"], done["given-ip"]
	if want := "local://local/id-plain"; plain.Spec.ProviderID != want {
		t.Errorf("provider ID %q, want %q", plain.Spec.ProviderID, want)
	}
	for key, want := range map[string]string{
		"topology.kubernetes.io/zone": "zone-a", "failure-domain.beta.kubernetes.io/zone": "zone-a",
		"topology.kubernetes.io/region": "local", "failure-domain.beta.kubernetes.io/region": "local",
		"node.kubernetes.io/instance-type": "small", "beta.kubernetes.io/instance-type": "small",
	} {
		if plain.Labels[key] != want {
			t.Errorf("label %s is %q, want %q", key, plain.Labels[key], want)
		}
	}
	if got, want := addressList(plain), "InternalIP "+k1.Address.String()+", Hostname plain"; got != want {
		t.Errorf("addresses %q, want %q", got, want)
	}
	if got, want := addressList(given), "InternalIP "+k2.Address.String()+", ExternalIP 198.51.100.7, Hostname given-ip"; got != want {
		t.Errorf("addresses %q, want %q: the node's own IP first, others of its type dropped", got, want)
	}
	if given.Labels["rack"] != "r1" || given.Labels["x.k8s.io/not"] != "" {
		t.Errorf("additional labels %v", given.Labels)
	}

	requests, err := e.Cluster.Audit().Since(mark)
	if err != nil {
		t.Fatal(err)
	}
	byManager := requests.ByUserAgent("local-cloud-controller-manager/")
	if forbidden := byManager.Forbidden(); len(forbidden) > 0 {
		t.Errorf("the rules that the controllers state are not enough:\n%s", forbidden)
	}
}

func addressList(n *v1.Node) string {
	var parts []string
	for _, a := range n.Status.Addresses {
		parts = append(parts, string(a.Type)+" "+a.Address)
	}
	return strings.Join(parts, ", ")
}

// TestNodesFollowTheirMachines goes through a machine's life after initialisation.
func TestNodesFollowTheirMachines(t *testing.T) {
	t.Parallel()
	e := newEnv(t, quickNotReady)
	e.manager("manager")
	e.nodes("n1", "n2", "n3")
	admin := e.Cloud.Admin()

	e.run("addresses", func(e *env) {
		m := e.machine("n1")
		m.Addresses = append(m.Addresses, api.MachineAddress{Type: api.ExternalIP, Address: "203.0.113.9"}, api.MachineAddress{Type: api.InternalIP, Address: "192.0.2.77"})
		if _, err := admin.UpdateMachine(e.ctx, m); err != nil {
			e.t.Fatal(err)
		}
		want := fmt.Sprintf("InternalIP %s, ExternalIP 203.0.113.9, InternalIP 192.0.2.77, Hostname n1", m.Addresses[0].Address)
		e.eventually("the node has the new addresses", func() error {
			if got := addressList(e.node("n1")); got != want {
				return fmt.Errorf("it has %s", got)
			}
			return nil
		})
	})

	e.run("stopped and started", func(e *env) {
		const shutdown = "node.cloudprovider.kubernetes.io/shutdown"
		m := e.machine("n2")
		m.State = api.MachineStopped
		if _, err := admin.UpdateMachine(e.ctx, m); err != nil {
			e.t.Fatal(err)
		}
		e.always(3*time.Second, "a Ready node is not tainted whatever the cloud says", func() error {
			if hasTaint(e.node("n2"), shutdown) {
				return errors.New("it has the taint")
			}
			return nil
		})
		if err := e.Fleet.StopHeartbeat("n2"); err != nil {
			e.t.Fatal(err)
		}
		e.eventually("the stopped machine's node is tainted", func() error {
			if !hasTaint(e.node("n2"), shutdown) {
				return errors.New("it has no taint")
			}
			return nil
		})
		m.State = api.MachineRunning
		if _, err := admin.UpdateMachine(e.ctx, m); err != nil {
			e.t.Fatal(err)
		}
		if err := e.Fleet.ResumeHeartbeat(e.ctx, "n2"); err != nil {
			e.t.Fatal(err)
		}
		e.eventually("the running node's taint is gone", func() error {
			if hasTaint(e.node("n2"), shutdown) {
				return errors.New("it has the taint")
			}
			return nil
		})
	})

	e.run("gone", func(e *env) {
		if err := admin.DeleteMachine(e.ctx, e.machine("n3").ID); err != nil {
			e.t.Fatal(err)
		}
		e.always(8*time.Second, "a node is not deleted while its kubelet is Ready", func() error {
			_, err := e.Client.CoreV1().Nodes().Get(e.ctx, "n3", metav1.GetOptions{})
			return err
		})
		e.Fleet.Forget("n3")
		e.eventually("the node is deleted", func() error {
			if _, err := e.Client.CoreV1().Nodes().Get(e.ctx, "n3", metav1.GetOptions{}); err == nil {
				return errors.New("it is still there")
			}
			return nil
		})
		e.event("Node", "n3", "DeletingNode")
	})
}
