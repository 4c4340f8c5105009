// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"sigs.k8s.io/cloud-providers/test/clouds/aws"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/elb"
	"sigs.k8s.io/cloud-providers/test/cluster"
	"sigs.k8s.io/cloud-providers/test/cluster/kubelets"
	"sigs.k8s.io/cloud-providers/test/managed"
)

const prefix = "service.beta.kubernetes.io/aws-load-balancer-"

// createService creates a Service with annotations of ours.
func (e *env) createService(name string, annotations ...string) *v1.Service {
	e.T.Helper()
	return e.Create(name, managed.Annotated(prefix, annotations...))
}

// remove deletes a Service and waits until it is gone. The network interfaces of its load balancer live on
// until the clock has moved.
func (e *env) remove(name string) {
	e.T.Helper()
	e.Remove(name, func() { e.cloud.Clock.Advance(5 * time.Second) })
}

// joined adds initialised nodes.
func (e *env) joined(n int) []ec2.Instance {
	e.T.Helper()
	list := e.instances(ec2.InstanceOptions{Count: n})
	for _, i := range list {
		e.Join(kubelets.Machine{Name: i.PrivateDNS, ProviderID: providerID(i)})
	}
	for _, i := range list {
		e.Initialised(i.PrivateDNS)
	}
	return list
}

// registered waits until both load balancers have some number of targets.
func (e *env) registered(n int) {
	e.T.Helper()
	e.Eventually(fmt.Sprintf("%d targets", n), func() error {
		state := e.cloud.State().ELB
		for _, lb := range state.ClassicLoadBalancers {
			if len(lb.Instances) != n {
				return fmt.Errorf("load balancer %s has %d", lb.Name, len(lb.Instances))
			}
		}
		for _, g := range state.TargetGroups {
			here := slices.DeleteFunc(slices.Clone(g.Targets), func(t elb.Target) bool { return t.GoneAt != nil })
			if len(here) != n {
				return fmt.Errorf("target group %s has %d", g.Name, len(here))
			}
		}
		return nil
	})
}

func (e *env) changes() []string {
	var all []string
	for _, c := range e.cloud.Calls.Mutating() {
		if c.Service != "imds" {
			all = append(all, c.Service+":"+c.Operation)
		}
	}
	return all
}

// TestServices has the program make, change, hand over and delete load balancers of both kinds.
func TestServices(t *testing.T) {
	e := newEnv(t, aws.Options{ELBTiming: elb.Timing{Linger: 30 * time.Second}}, cluster.Options{})
	manager := e.manager("", quick...)
	nodes := e.joined(2)
	groups := len(e.cloud.State().EC2.SecurityGroups)

	t.Run("load balancers of both kinds", func(t *testing.T) {
		e.createService("classic")
		e.createService("nlb", "type", "nlb")
		classic, nlb := e.Served("classic"), e.Served("nlb")
		if got := classic.Status.LoadBalancer.Ingress[0].Hostname; !strings.HasSuffix(got, ".us-west-2.elb.amazonaws.com") {
			t.Errorf("classic: %s", got)
		}
		if got := nlb.Status.LoadBalancer.Ingress[0].Hostname; !strings.Contains(got, ".elb.us-west-2.amazonaws.com") {
			t.Errorf("nlb: %s", got)
		}
		if !slices.Contains(nlb.Finalizers, managed.Finalizer) || !slices.Contains(classic.Finalizers, managed.Finalizer) {
			t.Errorf("finalizers %v and %v", classic.Finalizers, nlb.Finalizers)
		}
		e.registered(2)
	})
	t.Run("mistakes are told together", func(t *testing.T) {
		e.createService("wrong", "type", "nlb", "healthcheck-port", "http", "cross-zone-load-balancing-enabled", "maybe")
		e.Event("wrong", "SyncLoadBalancerFailed", "healthcheck-port", `"http"`, "cross-zone-load-balancing-enabled", `"maybe"`)
		e.remove("wrong")
	})
	t.Run("the kind stays", func(t *testing.T) {
		e.Edit("classic", func(s *v1.Service) { s.Annotations = map[string]string{prefix + "type": "nlb"} })
		e.Event("classic", "SyncLoadBalancerFailed", "cannot update Load Balancer Type annotation")
		e.Edit("classic", func(s *v1.Service) { s.Annotations = nil })
	})
	t.Run("ports change", func(t *testing.T) {
		for _, name := range []string{"classic", "nlb"} {
			e.Edit(name, func(s *v1.Service) { s.Spec.Ports[0].Port = 8080 })
		}
		e.Eventually("listeners on 8080", func() error {
			state := e.cloud.State().ELB
			if len(state.Listeners) != 1 || state.Listeners[0].Port != 8080 || state.ClassicLoadBalancers[0].Listeners[0].Port != 8080 {
				return errors.New("not yet")
			}
			return nil
		})
	})
	t.Run("a node joins and leaves", func(t *testing.T) {
		added := e.joined(1)
		e.registered(3)
		if err := e.Client.CoreV1().Nodes().Delete(e.Ctx, added[0].PrivateDNS, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		e.registered(2)
	})
	t.Run("a new process changes nothing", func(t *testing.T) {
		if err := manager.Kill(); err != nil {
			t.Fatal(err)
		}
		e.cloud.Calls.Reset()
		out, err := e.run(t.Context(), "--dry-run")
		if err != nil || !strings.Contains(out, "Nothing to do") {
			t.Errorf("dry run: %v\n%s", err, out)
		}
		if got := e.changes(); len(got) > 0 {
			t.Errorf("the dry run changed AWS: %v", got)
		}
		e.manager("", quick...)
		e.joined(1) // shows that it leads
		e.registered(3)
		if got := slices.DeleteFunc(e.changes(), func(c string) bool {
			return c == "elb:RegisterInstancesWithLoadBalancer" || c == "elbv2:RegisterTargets"
		}); len(got) > 0 {
			t.Errorf("a new process changed AWS: %v", got)
		}
	})
	t.Run("a Service that another controller serves by now", func(t *testing.T) {
		e.createService("given-away", "type", "nlb")
		name := strings.ReplaceAll("a"+string(e.Served("given-away").UID), "-", "")[:32]
		e.Edit("given-away", func(s *v1.Service) { s.Annotations[prefix+"type"] = "external" })
		e.createService("later", "type", "nlb") // shows that the edit has been seen
		e.Served("later")
		exists := func() bool {
			return slices.ContainsFunc(e.cloud.State().ELB.LoadBalancers, func(lb *elb.LoadBalancer) bool { return lb.Name == name })
		}
		if !exists() || len(e.Service("given-away").Status.LoadBalancer.Ingress) == 0 {
			t.Error("its load balancer was taken away while it is in use")
		}
		e.remove("given-away")
		e.remove("later")
		if exists() {
			t.Error("its load balancer outlives it")
		}
	})
	t.Run("nothing is left", func(t *testing.T) {
		e.remove("classic")
		e.Edit("nlb", func(s *v1.Service) { s.Spec.Type = v1.ServiceTypeClusterIP })
		e.Eventually("the NLB goes with the Service's type", func() error {
			if n := len(e.cloud.State().ELB.LoadBalancers); n > 0 {
				return fmt.Errorf("%d are there", n)
			}
			return nil
		})
		e.Eventually("all is gone", func() error {
			e.cloud.Clock.Advance(5 * time.Second)
			state := e.cloud.State()
			if n := len(state.ELB.ClassicLoadBalancers) + len(state.ELB.TargetGroups); n > 0 {
				return fmt.Errorf("%d load balancers and target groups", n)
			}
			if n := len(state.EC2.SecurityGroups); n != groups {
				return fmt.Errorf("%d security groups, and there were %d", n, groups)
			}
			for _, g := range state.EC2.SecurityGroups {
				if g.ID == e.network.NodeGroup && len(g.Ingress) > 1 {
					return fmt.Errorf("rules of nodes: %+v", g.Ingress)
				}
			}
			if s := e.Service("nlb"); len(s.Finalizers) > 0 || len(s.Status.LoadBalancer.Ingress) > 0 {
				return fmt.Errorf("the Service keeps %v and %v", s.Finalizers, s.Status.LoadBalancer.Ingress)
			}
			return nil
		})
	})
	_ = nodes
}

// run runs the program to its end and returns what it printed.
func (e *env) run(ctx context.Context, args ...string) (string, error) {
	e.T.Helper()
	spec := e.spec("", args...)
	cmd := exec.CommandContext(ctx, spec.Path, spec.Args...)
	cmd.Env = append(cmd.Environ(), spec.Env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestRoutes has the program keep the routes to nodes' pods.
func TestRoutes(t *testing.T) {
	e := newEnv(t, aws.Options{}, cluster.Options{})
	e.manager("", append(slices.Clone(quick), "--configure-cloud-routes=true", "--cluster-cidr="+cluster.ClusterCIDRv4, "--cluster-name=c1")...)
	nodes := e.joined(3)
	routes := func() map[string]string {
		found := map[string]string{}
		for _, table := range e.cloud.State().EC2.RouteTables {
			if table.ID != e.network.PrivateTable {
				continue
			}
			for _, r := range table.Routes {
				if r.InstanceID != "" {
					found[r.IPv4] = r.InstanceID
				}
			}
		}
		return found
	}
	e.Eventually("each node has its route", func() error {
		found := routes()
		for _, i := range nodes {
			n := e.Node(i.PrivateDNS)
			if n.Spec.PodCIDR == "" || found[n.Spec.PodCIDR] != i.ID {
				return fmt.Errorf("node %s with %q: %v", n.Name, n.Spec.PodCIDR, found)
			}
		}
		return nil
	})
	for _, i := range nodes {
		if got, _ := e.cloud.EC2.InstanceByID(i.ID); got.SourceDestCheck {
			t.Errorf("instance %s checks sources and destinations", i.ID)
		}
	}
	if err := e.Client.CoreV1().Nodes().Delete(e.Ctx, nodes[0].PrivateDNS, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	e.Eventually("the route of a node that has gone goes", func() error {
		if found := routes(); len(found) != 2 {
			return fmt.Errorf("%v", found)
		}
		return nil
	})
}

// TestIPv6Prefixes gives Nodes the prefixes of their instances as pod CIDRs.
func TestIPv6Prefixes(t *testing.T) {
	e := newEnv(t, aws.Options{}, cluster.Options{DisableNodeIPAM: true, DualStack: true})
	e.manager("", append(slices.Clone(quick), "--controllers=*,node-ipam-controller", "--allocate-node-cidrs=true", "--cidr-allocator-type=CloudAllocator",
		"--cluster-cidr="+cluster.ClusterCIDRv6)...)
	with := e.instances(ec2.InstanceOptions{Count: 3, IPv6: true, IPv6Prefix: true})
	for _, i := range with {
		e.Join(kubelets.Machine{Name: i.PrivateDNS, ProviderID: providerID(i)})
	}
	for _, i := range with {
		var want string
		for _, eni := range e.cloud.EC2.InterfacesOf(i.ID) {
			for _, p := range eni.IPv6Prefixes {
				want = p
			}
		}
		e.Eventually("node "+i.PrivateDNS+" has its prefix", func() error {
			if got := e.Node(i.PrivateDNS).Spec.PodCIDRs; want == "" || !slices.Equal(got, []string{want}) {
				return fmt.Errorf("it has %v, and the instance %q", got, want)
			}
			return nil
		})
	}
}
