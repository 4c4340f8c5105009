// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"sigs.k8s.io/cloud-providers/test/cluster"
	"sigs.k8s.io/cloud-providers/test/system"
)

// TestCapabilitiesOff switches parts of the provider off.
func TestCapabilitiesOff(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	if err := e.AddMachines(e.ctx, []string{"zone-a"}, "n1"); err != nil {
		t.Fatal(err)
	}
	e.service("web")
	e.run("load balancers only", func(e *env) {
		m := e.manager("manager", often, "--capabilities=*=-,load-balancer=local")
		e.states(m, map[string]string{
			"cloud-node-controller":           "off: capability instances is switched off by --capabilities",
			"cloud-node-lifecycle-controller": "off: capability instances is switched off by --capabilities",
			"node-route-controller":           "off: capability routes is switched off by --capabilities",
			"service-lb-controller":           "running",
		})
		e.address("web")
		if n := e.node("n1"); n.Spec.ProviderID != "" {
			e.t.Errorf("the node was initialised: %s", n.Spec.ProviderID)
		}
		if err := m.Terminate(30 * time.Second); err != nil {
			e.t.Fatal(err)
		}
	})
	e.run("all but load balancers and routes", func(e *env) {
		m := e.manager("manager", often, "--capabilities=routes=-", "--capabilities=load-balancer=-")
		e.states(m, map[string]string{
			"cloud-node-controller":           "running",
			"cloud-node-lifecycle-controller": "running",
			"node-route-controller":           "off: capability routes is switched off by --capabilities",
			"service-lb-controller":           "off: capability load-balancer is switched off by --capabilities",
		})
		e.nodes("n2")
		e.service("second")
		e.resetCalls()
		e.always(3*time.Second, "no route, no load balancer", func() error {
			return errors.Join(e.nothingChanged(), count(0, e.state().Routes["main"]), count(1, e.state().LoadBalancers))
		})
		if s := e.getService("second"); len(s.Finalizers) > 0 {
			e.t.Errorf("finalizers %v", s.Finalizers)
		}
	})
}

// states waits until /statusz and the metric tell these states of the controllers.
func (e *env) states(m *system.Manager, want map[string]string) {
	e.t.Helper()
	admin, err := e.Cluster.RESTConfig(cluster.AdminUser, cluster.AdminGroup)
	if err != nil {
		e.t.Fatal(err)
	}
	e.eventually("the controllers have their states", func() error {
		status, err := m.GetAs(e.ctx, admin, "/statusz")
		if err != nil {
			return err
		}
		metrics, err := m.GetAs(e.ctx, admin, "/metrics")
		if err != nil {
			return err
		}
		for name, state := range want {
			if line := "  " + name + ": " + state + "\n"; !strings.Contains(status, line) {
				return fmt.Errorf("/statusz lacks %q:\n%s", line, status)
			}
			short, reason, _ := strings.Cut(state, ": ")
			if line := fmt.Sprintf("cloud_provider_controller_state{name=%q,reason=%q,state=%q} 1", name, reason, short); !strings.Contains(metrics, line) {
				return fmt.Errorf("/metrics lacks %s", line)
			}
		}
		return nil
	})
}

// provider is one of two clouds that machines of one cluster come from, with its manager.
type provider struct {
	name    string
	cloud   *system.Cloud
	manager *system.Manager
	args    []string
}

// TestTwoProviders lets two managers, each with a lease and a cloud of its own, share a cluster.
func TestTwoProviders(t *testing.T) {
	t.Parallel()
	e := newEnv(t, quickNotReady)
	second, err := system.StartCloud(e.ctx, e.Group, e.Programs.Cloud, system.CloudOptions{Dir: filepath.Join(e.Dir, "cloud-b")})
	if err != nil {
		t.Fatal(err)
	}
	a := &provider{name: "a", cloud: e.Cloud, args: []string{"--leader-elect-resource-name=ccm-a", "--capabilities=routes=-"}}
	b := &provider{name: "b", cloud: second, args: []string{"--leader-elect-resource-name=ccm-b", "--capabilities=*=-,instances=local"}}

	e.start(a)
	e.join(a, "a1", "a2")
	e.join(b, "b1", "b2")
	e.initialised(a, "a1", "a2")
	e.always(3*time.Second, "b's nodes wait for b", func() error {
		return errors.Join(e.waits("b1"), e.waits("b2"))
	})
	e.start(b)
	e.initialised(b, "b1", "b2")
	for _, lease := range []string{"ccm-a", "ccm-b"} {
		if _, err := e.Client.CoordinationV1().Leases(metav1.NamespaceSystem).Get(e.ctx, lease, metav1.GetOptions{}); err != nil {
			t.Error(err)
		}
	}

	// Load balancers come from a alone, and reach b's nodes by their addresses.
	e.pods("web", "a1", "b1")
	e.service("web")
	e.answersFrom(net.JoinHostPort(e.address("web"), "8080"), "a1", "b1")
	if state, err := second.Admin().State(e.ctx); err != nil || len(state.LoadBalancers) > 0 {
		t.Errorf("b has the load balancers %+v, %v", state.LoadBalancers, err)
	}

	// A machine that vanishes is deleted by its own manager only, whichever that is.
	for _, tc := range []struct {
		owner, other *provider
		node         string
	}{{b, a, "b2"}, {a, b, "a2"}} {
		e.run(tc.node+" vanishes", func(e *env) {
			if err := tc.owner.manager.Terminate(30 * time.Second); err != nil {
				e.t.Fatal(err)
			}
			if err := tc.owner.cloud.Admin().DeleteMachine(e.ctx, "id-"+tc.node); err != nil {
				e.t.Fatal(err)
			}
			e.Fleet.Forget(tc.node)
			e.eventually("the node is not ready", func() error { return e.notReady(tc.node) })
			// Its own manager would need two answers 5 s apart.
			e.always(8*time.Second, tc.other.name+" leaves the node alone", func() error {
				n, err := e.Client.CoreV1().Nodes().Get(e.ctx, tc.node, metav1.GetOptions{})
				if err == nil && hasTaint(n, "node.cloudprovider.kubernetes.io/shutdown") {
					err = errors.New("it is tainted")
				}
				return err
			})
			e.start(tc.owner)
			e.eventually(tc.owner.name+" deletes the node", func() error {
				if _, err := e.Client.CoreV1().Nodes().Get(e.ctx, tc.node, metav1.GetOptions{}); err == nil {
					return errors.New("it is still there")
				}
				return nil
			})
		})
	}
	e.hasMembers("web", "a1", "b1")
}

func (e *env) start(p *provider) {
	e.t.Helper()
	p.manager = e.managerWith("manager-"+p.name, fmt.Sprintf("endpoint: %s\nregion: %s\n", p.cloud.URL, p.name), p.args...)
}

// join creates machines in a provider's cloud and region, and starts their kubelets.
func (e *env) join(p *provider, names ...string) {
	e.t.Helper()
	for _, name := range names {
		machine, kubelet := e.Machine(name, p.name+"-zone")
		machine.Region = p.name
		if _, err := p.cloud.Admin().CreateMachines(e.ctx, machine); err != nil {
			e.t.Fatal(err)
		}
		if err := e.Fleet.Add(e.ctx, kubelet); err != nil {
			e.t.Fatal(err)
		}
	}
}

func (e *env) initialised(by *provider, names ...string) {
	e.t.Helper()
	for _, name := range names {
		want := fmt.Sprintf("local://%s/id-%s", by.name, name)
		e.eventually("node "+name+" is initialised", func() error {
			if n := e.node(name); n.Spec.ProviderID != want || e.waits(name) == nil {
				return fmt.Errorf("provider ID %q, taints %v", n.Spec.ProviderID, n.Spec.Taints)
			}
			return nil
		})
	}
}

// waits returns nil if a node waits for its initialisation.
func (e *env) waits(name string) error {
	if n := e.node(name); n.Spec.ProviderID != "" || !hasTaint(n, "node.cloudprovider.kubernetes.io/uninitialized") {
		return fmt.Errorf("node %s has provider ID %q and taints %v", name, n.Spec.ProviderID, n.Spec.Taints)
	}
	return nil
}

func (e *env) notReady(name string) error {
	for _, c := range e.node(name).Status.Conditions {
		if c.Type == "Ready" && c.Status == "True" {
			return errors.New("it is")
		}
	}
	return nil
}
