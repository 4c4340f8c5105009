// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"sigs.k8s.io/cloud-providers/providers/local/api"
)

const finalizer = "service.kubernetes.io/load-balancer-cleanup"

// TestServices goes through the lives of Services with one manager over three nodes.
func TestServices(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.manager("manager")
	e.nodes("n1", "n2", "n3")

	e.run("create, change and delete", lifeOfAService)
	e.run("externalTrafficPolicy Local reaches only nodes with endpoints", localPolicy)
	e.run("source ranges", sourceRanges)
	e.run("session affinity", affinity)
	e.run("a loadBalancerClass is somebody else's", foreignClass)
	e.run("a status that somebody clears is repaired", statusRepaired)
	e.run("a finalizer that somebody takes away leaks nothing", finalizerTaken)
	e.run("nodes come, are excluded, and go", members)
}

func lifeOfAService(e *env) {
	e.pods("web", "n1", "n2", "n3")
	e.service("web")
	address := e.address("web")
	if s := e.getService("web"); !slices.Contains(s.Finalizers, finalizer) {
		e.t.Errorf("finalizers %v", s.Finalizers)
	}
	e.event("Service", "web", "EnsuringLoadBalancer")
	e.event("Service", "web", "EnsuredLoadBalancer")
	e.answersFrom(net.JoinHostPort(address, "8080"), "n1", "n2", "n3")

	e.update("web", func(s *v1.Service) { // another port, and UDP beside it
		s.Spec.Ports[0].Port = 8081
		s.Spec.Ports = append(s.Spec.Ports, v1.ServicePort{Name: "udp", Protocol: v1.ProtocolUDP, Port: 8081, TargetPort: intstr.FromString("udp")})
	})
	e.answersFrom(net.JoinHostPort(address, "8081"), "n1", "n2", "n3")
	e.eventually("the old port is closed", func() error {
		if _, err := request(e.ctx, "", net.JoinHostPort(address, "8080")); err == nil {
			return errors.New("it answers")
		}
		return nil
	})
	e.eventually("UDP answers", func() error { return askUDP(net.JoinHostPort(address, "8081")) })
	if got := e.address("web"); got != address {
		e.t.Errorf("the address changed from %s to %s", address, got)
	}

	e.update("web", func(s *v1.Service) { s.Spec.Type = v1.ServiceTypeClusterIP })
	e.eventually("without the type there is no load balancer, finalizer or status", func() error {
		s := e.getService("web")
		if e.balancer("web") != nil || slices.Contains(s.Finalizers, finalizer) || len(s.Status.LoadBalancer.Ingress) > 0 {
			return fmt.Errorf("balancer %v, finalizers %v, status %v", e.balancer("web") != nil, s.Finalizers, s.Status.LoadBalancer)
		}
		return nil
	})
	e.update("web", func(s *v1.Service) { s.Spec.Type = v1.ServiceTypeLoadBalancer })
	e.answersFrom(net.JoinHostPort(e.address("web"), "8081"), "n1", "n2", "n3")
	e.deleteService("web")
	e.gone("web")
	e.event("Service", "web", "DeletedLoadBalancer")
}

func localPolicy(e *env) {
	e.pods("local", "n1", "n3")
	e.service("local", func(s *v1.Service) { s.Spec.ExternalTrafficPolicy = v1.ServiceExternalTrafficPolicyLocal })
	to := net.JoinHostPort(e.address("local"), "8080")
	e.answersFrom(to, "n1", "n3")
	e.always(3*time.Second, "no request gets lost on the node without an endpoint", func() error {
		_, err := request(e.ctx, "", to)
		return err
	})
	e.deleteService("local")
	e.gone("local")
}

func sourceRanges(e *env) {
	e.pods("ranges", "n1")
	e.service("ranges", func(s *v1.Service) { s.Spec.LoadBalancerSourceRanges = []string{"127.77.0.0/16"} })
	to := net.JoinHostPort(e.address("ranges"), "8080")
	e.eventually("an allowed source is answered", func() error { _, err := request(e.ctx, "127.77.0.1", to); return err })
	if a, err := request(e.ctx, "127.78.0.1", to); err == nil {
		e.t.Errorf("a source outside the ranges was answered by %s", a.Node)
	}
	e.update("ranges", func(s *v1.Service) { s.Spec.LoadBalancerSourceRanges = []string{"127.78.0.0/16"} })
	e.eventually("the other source is answered", func() error { _, err := request(e.ctx, "127.78.0.1", to); return err })
	if _, err := request(e.ctx, "127.77.0.1", to); err == nil {
		e.t.Error("the first source is still answered")
	}
	e.deleteService("ranges")
	e.gone("ranges")
}

func affinity(e *env) {
	e.pods("sticky", "n1", "n2", "n3")
	e.service("sticky", func(s *v1.Service) {
		s.Spec.SessionAffinity = v1.ServiceAffinityClientIP
		s.Spec.ExternalTrafficPolicy = v1.ServiceExternalTrafficPolicyLocal // one pod a node: the node is the pod
	})
	to := net.JoinHostPort(e.address("sticky"), "8080")
	e.eventually("it answers", func() error { _, err := request(e.ctx, "", to); return err })
	first, err := request(e.ctx, "127.77.0.9", to)
	if err != nil {
		e.t.Fatal(err)
	}
	for range 20 {
		if a, err := request(e.ctx, "127.77.0.9", to); err != nil || a.Node != first.Node {
			e.t.Fatalf("one client was answered by %s and %s (%v)", first.Node, a.Node, err)
		}
	}
	e.deleteService("sticky")
	e.gone("sticky")
}

func foreignClass(e *env) {
	class := "example.com/other"
	e.service("classy", func(s *v1.Service) {
		s.Spec.LoadBalancerClass = &class
		s.Finalizers = []string{finalizer} // the other controller uses the same one
	})
	e.always(3*time.Second, "it is left alone", func() error {
		if s := e.getService("classy"); e.balancer("classy") != nil || len(s.Status.LoadBalancer.Ingress) > 0 {
			return errors.New("it has a load balancer")
		}
		return nil
	})
	e.deleteService("classy")
	e.always(3*time.Second, "its finalizer stays", func() error {
		_, err := e.Client.CoreV1().Services(metav1.NamespaceDefault).Get(e.ctx, "classy", metav1.GetOptions{})
		return err
	})
	e.patchFinalizers("classy", "[]")
	e.gone("classy")
}

func (e *env) patchFinalizers(name, list string) {
	e.t.Helper()
	if _, err := e.Client.CoreV1().Services(metav1.NamespaceDefault).Patch(e.ctx, name, types.MergePatchType,
		[]byte(`{"metadata":{"finalizers":`+list+`}}`), metav1.PatchOptions{}); err != nil {
		e.t.Fatal(err)
	}
}

func statusRepaired(e *env) {
	e.service("status")
	address := e.address("status")
	s := e.getService("status")
	s.Status.LoadBalancer = v1.LoadBalancerStatus{}
	if _, err := e.Client.CoreV1().Services(s.Namespace).UpdateStatus(e.ctx, s, metav1.UpdateOptions{}); err != nil {
		e.t.Fatal(err)
	}
	if got := e.address("status"); got != address {
		e.t.Errorf("address %s, want %s", got, address)
	}
	e.deleteService("status")
	e.gone("status")
}

func finalizerTaken(e *env) {
	e.service("taken")
	e.address("taken")
	e.patchFinalizers("taken", "[]")
	e.deleteService("taken")
	e.eventually("its load balancer goes although it had no finalizer", func() error {
		if e.balancer("taken") != nil {
			return errors.New("it is still there")
		}
		return nil
	})
}

func members(e *env) {
	e.service("members")
	e.address("members")
	e.hasMembers("members", "n1", "n2", "n3")
	e.nodes("n4")
	e.hasMembers("members", "n1", "n2", "n3", "n4")
	label := func(value string) {
		patch := `{"metadata":{"labels":{"node.kubernetes.io/exclude-from-external-load-balancers":` + value + `}}}`
		if _, err := e.Client.CoreV1().Nodes().Patch(e.ctx, "n4", types.MergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
			e.t.Fatal(err)
		}
	}
	label(`""`)
	e.hasMembers("members", "n1", "n2", "n3")
	label(`"false"`)
	e.hasMembers("members", "n1", "n2", "n3", "n4")
	e.Fleet.Forget("n4")
	if err := e.Client.CoreV1().Nodes().Delete(e.ctx, "n4", metav1.DeleteOptions{}); err != nil {
		e.t.Fatal(err)
	}
	e.hasMembers("members", "n1", "n2", "n3")
	e.event("Service", "members", "UpdatedLoadBalancer")
	e.deleteService("members")
	e.gone("members")
}

// TestDualStack gives a Service an address of each family.
func TestDualStack(t *testing.T) {
	t.Parallel()
	e := newEnv(t, dualStack)
	e.manager("manager", "--cluster-cidr=10.244.0.0/16,fd00:244::/48")
	e.nodes("n1")
	e.pods("dual", "n1")
	port := int32(freeIPv6Port(t))
	policy := v1.IPFamilyPolicyRequireDualStack
	e.service("dual", func(s *v1.Service) {
		s.Spec.IPFamilyPolicy = &policy
		s.Spec.Ports[0].Port = port
	})
	e.address("dual")
	ingress := e.getService("dual").Status.LoadBalancer.Ingress
	if len(ingress) != 2 || ingress[0].IP == "" || ingress[1].IP != "::1" {
		t.Fatalf("ingress %+v, want an address of each family", ingress)
	}
	for _, i := range ingress {
		e.answersFrom(net.JoinHostPort(i.IP, fmt.Sprint(port)), "n1")
	}
	e.deleteService("dual")
	e.gone("dual")
}

func freeIPv6Port(t *testing.T) int {
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Fatalf("this machine has no IPv6 loopback address, which the test of dual-stack Services needs: %v", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// TestANodeThatJoinsDuringASlowChange is not forgotten: the pass that is under way has read the Nodes
// before it came.
func TestANodeThatJoinsDuringASlowChange(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.manager("manager", often)
	e.nodes("n1")
	e.faults(api.Fault{Operation: "CreateLoadBalancer", Count: 1, Action: api.FaultHoldAfter})
	e.service("slow")
	e.held(managerAgent)
	e.nodes("n2")
	e.always(3*time.Second, "the change is still under way when the nodes have settled", func() error {
		if len(e.getService("slow").Status.LoadBalancer.Ingress) > 0 {
			return errors.New("it has ended")
		}
		return nil
	})
	e.faults()
	e.hasMembers("slow", "n1", "n2")
}
