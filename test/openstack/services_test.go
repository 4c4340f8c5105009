// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package openstack

import (
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/octavia"
	"sigs.k8s.io/cloud-providers/test/clouds/sim"
	"sigs.k8s.io/cloud-providers/test/cluster"
	"sigs.k8s.io/cloud-providers/test/managed"
)

const prefix = "loadbalancer.openstack.org/"

// balanced creates a Service of type LoadBalancer.
func (e *env) balanced(name string, edits ...func(*v1.Service)) {
	e.T.Helper()
	e.Create(name, edits...)
}

func annotated(pairs ...string) func(*v1.Service) { return managed.Annotated(prefix, pairs...) }

// remove deletes a Service and waits until it is gone.
func (e *env) remove(name string) {
	e.T.Helper()
	e.Remove(name, func() {})
}

// poolSizes waits until each pool has a number of members.
func (e *env) poolSizes(n int) {
	e.T.Helper()
	e.Eventually(fmt.Sprintf("%d members in each pool", n), func() error {
		count := map[string]int{}
		state := e.cloud.State().Octavia
		for _, m := range state.Members {
			count[m.PoolID]++
		}
		for _, p := range state.Pools {
			if count[p.ID] != n {
				return fmt.Errorf("pool %s has %d", p.Name, count[p.ID])
			}
		}
		return nil
	})
}

// TestServices has the program make, share, change, hand over and delete load balancers.
func TestServices(t *testing.T) {
	e := newEnv(t, openstack.Options{}, openstack.ClusterOptions{Nodes: 2}, cluster.Options{})
	fast := sim.Duration(300 * time.Millisecond)
	e.cloud.Octavia.SetTiming(octavia.Timing{Create: fast, Update: fast, Delete: fast})
	config := e.user("secret") + "[LoadBalancer]\nsubnet-id = " + e.servers.Subnets[0].ID + "\nfloating-network-id = " + e.servers.External.ID + "\nmanage-security-groups = true\n"
	e.joinAll(e.servers.Servers)
	manager := e.manager(config, "--node-change-window=1s")
	for _, s := range e.servers.Servers {
		e.Initialised(s.Name)
	}
	groups := len(e.cloud.State().Neutron.SecurityGroups)

	t.Run("one is made, and says so once", func(t *testing.T) {
		e.balanced("web")
		s := e.Served("web")
		lb, ip := e.cloud.Octavia.LoadBalancers()[0], e.cloud.State().Neutron.FloatingIPs[0]
		if s.Status.LoadBalancer.Ingress[0].IP != ip.FloatingIPAddress || s.Annotations[prefix+"load-balancer-id"] != lb.ID || s.Annotations[prefix+"load-balancer-address"] != ip.FloatingIPAddress || !slices.Contains(s.Finalizers, managed.Finalizer) {
			t.Errorf("published %+v %v %v", s.Status, s.Annotations, s.Finalizers)
		}
		e.Event("web", "EnsuredLoadBalancer", "Ensured load balancer")
		if ensuring, ensured := e.Messages("web", "EnsuringLoadBalancer"), e.Messages("web", "EnsuredLoadBalancer"); len(ensuring) != 1 || len(ensured) != 1 {
			t.Errorf("%d times ensuring, %d times ensured", len(ensuring), len(ensured))
		}
	})
	t.Run("its own annotations cost no call", func(t *testing.T) {
		e.cloud.Calls.Reset()
		e.balanced("inside", func(s *v1.Service) {
			s.Annotations["service.beta.kubernetes.io/openstack-internal-load-balancer"] = "true"
		})
		e.Served("inside")
		id := e.Service("web").Annotations[prefix+"load-balancer-id"]
		for _, c := range e.cloud.Calls.All() {
			if strings.Contains(c.Path, id) {
				t.Errorf("%s %s", c.Method, c.Path)
			}
		}
	})
	t.Run("another shares it", func(t *testing.T) {
		e.balanced("guest", annotated("load-balancer-id", e.Service("web").Annotations[prefix+"load-balancer-id"]), func(s *v1.Service) { s.Spec.Ports[0].Port = 81 })
		if got, want := e.Served("guest").Status.LoadBalancer.Ingress[0].IP, e.Service("web").Status.LoadBalancer.Ingress[0].IP; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		e.balanced("late", annotated("load-balancer-id", e.Service("web").Annotations[prefix+"load-balancer-id"]))
		e.Event("late", "SyncLoadBalancerFailed", "port 80/TCP is taken", "max-shared-lb is 2")
		e.remove("late")
	})
	t.Run("mistakes are told together", func(t *testing.T) {
		e.balanced("wrong", annotated("class", "gold", "floating-subnet", "[a"))
		e.Event("wrong", "SyncLoadBalancerFailed", `there is no class "gold"`, `is not a pattern`)
		e.Edit("wrong", func(s *v1.Service) { s.Annotations = map[string]string{prefix + "enable-health-monitor": "yes"} })
		e.Served("wrong")
		e.Event("wrong", "LoadBalancerDegraded", "enable-health-monitor", `"yes"`)
		e.remove("wrong")
	})
	t.Run("a node joins and leaves", func(t *testing.T) {
		added := e.add(1)
		e.joinAll(added)
		e.Initialised(added[0].Name)
		e.poolSizes(3)
		e.Event("web", "UpdatedLoadBalancer", "Updated load balancer with new hosts")
		if err := e.Client.CoreV1().Nodes().Delete(e.Ctx, added[0].Name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		e.poolSizes(2)
	})
	t.Run("a new process changes nothing", func(t *testing.T) {
		if err := manager.Kill(); err != nil {
			t.Fatal(err)
		}
		e.cloud.Octavia.Settle()
		e.cloud.Calls.Reset()
		spec := e.spec(config, "--dry-run")
		out, err := exec.CommandContext(t.Context(), spec.Path, spec.Args...).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "Nothing to do") {
			t.Errorf("dry run: %v\n%s", err, out)
		}
		e.manager(config, "--node-change-window=1s")
		e.Edit("inside", func(s *v1.Service) { s.Spec.Ports[0].Port = 8080 }) // shows that it leads
		e.Eventually("the internal load balancer listens on 8080", func() error {
			if !slices.ContainsFunc(e.cloud.State().Octavia.Listeners, func(l octavia.Listener) bool { return l.ProtocolPort == 8080 }) {
				return errors.New("not yet")
			}
			return nil
		})
		for _, c := range e.cloud.Calls.Mutating() {
			if c.Service != "keystone" && strings.Contains(c.Path, e.Service("web").Annotations[prefix+"load-balancer-id"]) {
				t.Errorf("a new process changed %s %s %s", c.Operation, c.Path, c.Body)
			}
		}
	})
	t.Run("it goes with the type, and comes back", func(t *testing.T) {
		e.Edit("inside", func(s *v1.Service) { s.Spec.Type = v1.ServiceTypeClusterIP })
		e.Eventually("nothing is published", func() error {
			s := e.Service("inside")
			if len(s.Finalizers) > 0 || len(s.Status.LoadBalancer.Ingress) > 0 || s.Annotations[prefix+"load-balancer-id"] != "" || s.Annotations[prefix+"load-balancer-address"] != "" {
				return fmt.Errorf("%v %+v %v", s.Finalizers, s.Status, s.Annotations)
			}
			return nil
		})
		e.Edit("inside", func(s *v1.Service) { s.Spec.Type = v1.ServiceTypeLoadBalancer })
		e.Served("inside")
	})
	t.Run("nothing is left", func(t *testing.T) {
		for _, name := range []string{"web", "guest", "inside"} {
			e.remove(name)
		}
		state := e.cloud.State()
		if n := len(state.Octavia.LoadBalancers) + len(state.Neutron.FloatingIPs) + len(state.Neutron.SecurityGroups) - groups; n != 0 {
			t.Errorf("%d load balancers, %d floating IPs, %d security groups (of %d)", len(state.Octavia.LoadBalancers), len(state.Neutron.FloatingIPs), len(state.Neutron.SecurityGroups), groups)
		}
		if failures := e.Messages("web", "SyncLoadBalancerFailed"); len(failures) > 0 {
			t.Errorf("failures were told: %q", failures)
		}
	})
}
