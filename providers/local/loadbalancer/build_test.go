// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/providers/local/config"
)

var update = flag.Bool("update", false, "write golden files and the reference page anew")

// service is a Service with one TCP port, changed by each of the functions.
func service(changes ...func(*v1.Service)) *v1.Service {
	s := &v1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web", UID: "11111111-2222-3333-4444-555555555555", Annotations: map[string]string{}},
		Spec: v1.ServiceSpec{
			Type:                  v1.ServiceTypeLoadBalancer,
			IPFamilies:            []v1.IPFamily{v1.IPv4Protocol},
			ExternalTrafficPolicy: v1.ServiceExternalTrafficPolicyCluster,
			Ports:                 []v1.ServicePort{{Port: 80, NodePort: 30080, Protocol: v1.ProtocolTCP}},
		},
	}
	for _, c := range changes {
		c(s)
	}
	return s
}

func annotated(name, value string) func(*v1.Service) {
	return func(s *v1.Service) { s.Annotations[name] = value }
}

func own(name, value string) func(*v1.Service) { return annotated(Prefix+name, value) }

func local(s *v1.Service) {
	s.Spec.ExternalTrafficPolicy, s.Spec.HealthCheckNodePort = v1.ServiceExternalTrafficPolicyLocal, 31000
}

func dualStack(s *v1.Service) { s.Spec.IPFamilies = []v1.IPFamily{v1.IPv4Protocol, v1.IPv6Protocol} }

func node(name string, internal ...string) *v1.Node {
	n := &v1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
	n.Status.Addresses = append(n.Status.Addresses, v1.NodeAddress{Type: v1.NodeHostName, Address: name}, v1.NodeAddress{Type: v1.NodeExternalIP, Address: "192.0.2.1"})
	for _, a := range internal {
		n.Status.Addresses = append(n.Status.Addresses, v1.NodeAddress{Type: v1.NodeInternalIP, Address: a})
	}
	return n
}

func mustBuild(t *testing.T, s *v1.Service, nodes ...*v1.Node) Wanted {
	t.Helper()
	w, err := build(provider.LoadBalancerInput{ClusterName: "c1", Service: s, Nodes: nodes}, config.Default().LoadBalancer)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestBuild(t *testing.T) {
	sec := func(n int) api.Duration { return api.Duration(time.Duration(n) * time.Second) }
	for _, c := range []struct {
		what    string
		service *v1.Service
		get     func(Wanted) any
		want    any
	}{
		{"the name is the stock one", service(), func(w Wanted) any { return w.Name }, "a1111111122223333444455555555555"},
		{"the owner is the Service", service(), func(w Wanted) any { return w.Owner },
			api.Owner{Cluster: "c1", Namespace: "default", Service: "web", UID: "11111111-2222-3333-4444-555555555555"}},
		{"each family has an address", service(dualStack), func(w Wanted) any { return w.Spec.Addressing },
			api.Addressing{Families: []api.Family{api.IPv4, api.IPv6}}},
		{"a pool by annotation", service(own("pool", "blue")), func(w Wanted) any { return w.Spec.Addressing.Pool }, "blue"},
		{"an address by spec", service(func(s *v1.Service) { s.Spec.LoadBalancerIP = "127.10.0.9" }), func(w Wanted) any { return w.Spec.Addressing.Requested }, []string{"127.10.0.9"}},
		{"the annotation goes before the spec", service(dualStack, own("addresses", "127.10.0.7,::1"), func(s *v1.Service) { s.Spec.LoadBalancerIP = "127.10.0.9" }),
			func(w Wanted) any { return w.Spec.Addressing.Requested }, []string{"127.10.0.7", "::1"}},
		{"TCP and UDP can be mixed", service(func(s *v1.Service) {
			s.Spec.Ports = append([]v1.ServicePort{{Port: 80, NodePort: 30081, Protocol: v1.ProtocolUDP}}, s.Spec.Ports...)
		}), func(w Wanted) any { return w.Spec.Listeners }, []api.Listener{{Protocol: api.TCP, Port: 80, MemberPort: 30080}, {Protocol: api.UDP, Port: 80, MemberPort: 30081}}},
		{"policy Cluster asks kube-proxy", service(), func(w Wanted) any { return *w.Spec.Settings.HealthCheck },
			api.HealthCheck{Protocol: "http", Port: 10256, Path: "/healthz", Interval: sec(2), Timeout: sec(1), HealthyThreshold: 1, UnhealthyThreshold: 2}},
		{"policy Local asks for endpoints, whatever annotations say", service(local, own("health-check-protocol", "none"), own("health-check-interval", "5s")),
			func(w Wanted) any { return *w.Spec.Settings.HealthCheck },
			api.HealthCheck{Protocol: "http", Port: 31000, Path: "/healthz", Interval: sec(5), Timeout: sec(1), HealthyThreshold: 1, UnhealthyThreshold: 2}},
		{"a TCP check asks the node port", service(own("health-check-protocol", "tcp")), func(w Wanted) any { return w.Spec.Settings.HealthCheck.Port }, 30080},
		{"a check can be switched off", service(own("health-check-protocol", "none")), func(w Wanted) any { return w.Spec.Settings.HealthCheck == nil }, true},
		{"no restriction", service(), func(w Wanted) any { return w.Spec.Settings.SourceRanges == nil }, true},
		{"everybody is no restriction", service(func(s *v1.Service) { s.Spec.LoadBalancerSourceRanges = []string{"0.0.0.0/0", "::/0"} }),
			func(w Wanted) any { return w.Spec.Settings.SourceRanges == nil }, true},
		{"source ranges are sorted", service(func(s *v1.Service) { s.Spec.LoadBalancerSourceRanges = []string{"10.2.0.0/16", " 10.1.0.0/16"} }),
			func(w Wanted) any { return w.Spec.Settings.SourceRanges }, []string{"10.1.0.0/16", "10.2.0.0/16"}},
		{"source ranges by the old annotation", service(annotated(v1.AnnotationLoadBalancerSourceRangesKey, "10.1.0.0/16")),
			func(w Wanted) any { return w.Spec.Settings.SourceRanges }, []string{"10.1.0.0/16"}},
		{"affinity has Kubernetes' default time", service(func(s *v1.Service) { s.Spec.SessionAffinity = v1.ServiceAffinityClientIP }),
			func(w Wanted) any { return w.Spec.Settings.Affinity }, sec(10800)},
		{"affinity has a time of its own", service(func(s *v1.Service) {
			seconds := int32(60)
			s.Spec.SessionAffinity, s.Spec.SessionAffinityConfig = v1.ServiceAffinityClientIP, &v1.SessionAffinityConfig{ClientIP: &v1.ClientIPConfig{TimeoutSeconds: &seconds}}
		}), func(w Wanted) any { return w.Spec.Settings.Affinity }, sec(60)},
		{"PROXY protocol", service(own("proxy-protocol", "v2")), func(w Wanted) any { return w.Spec.Settings.ProxyProtocol }, "v2"},
		{"times", service(own("idle-timeout", "5m"), own("drain-timeout", "1s"), own("udp-idle-timeout", "9s")),
			func(w Wanted) any {
				s := w.Spec.Settings
				return []api.Duration{s.IdleTimeout, s.DrainTimeout, s.UDPIdleTimeout}
			},
			[]api.Duration{sec(300), sec(1), sec(9)}},
		{"a slip in a name is a warning", service(own("proxi-protocol", "v2")), func(w Wanted) any { return len(w.Warnings) }, 1},
		{"nodes are members by internal address, with weights", service(own("weights", "n1=5,n9=2")), func(w Wanted) any { return w.Spec.Members },
			[]api.Member{{Name: "n1", Address: "10.0.0.1", Weight: 5}, {Name: "n2", Address: "10.0.0.2", Weight: 1}}},
	} {
		w := mustBuild(t, c.service, node("n2", "2001:db8::2", "10.0.0.2"), node("n1", "10.0.0.1"), node("n3"), node("n4", "2001:db8::4"))
		if got := c.get(w); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.what, got, c.want)
		}
	}
}

func TestBuildReportsAllMistakes(t *testing.T) {
	s := service(own("proxy-protocol", "v3"), own("idle-timeout", "soon"), own("addresses", "127.10.0.1,127.10.0.2,::1"),
		annotated(v1.AnnotationLoadBalancerSourceRangesKey, "everybody"), func(s *v1.Service) {
			s.Spec.Ports = []v1.ServicePort{{Port: 80, Protocol: v1.ProtocolTCP}, {Port: 81, NodePort: 30081, Protocol: v1.ProtocolSCTP}}
		})
	_, err := build(provider.LoadBalancerInput{ClusterName: "c1", Service: s}, config.Default().LoadBalancer)
	var user *provider.UserError
	if !errors.As(err, &user) {
		t.Fatalf("err = %v", err)
	}
	golden(t, "mistakes.txt", strings.Join(user.Problems, "\n")+"\n")
}

// TestPlans shows the plan from one Service to the next, as people see it.
func TestPlans(t *testing.T) {
	nodes := []*v1.Node{node("n1", "10.0.0.1"), node("n2", "10.0.0.2")}
	there := func(s *v1.Service) Actual {
		w := mustBuild(t, s, nodes...)
		return Actual{Balancer: &api.LoadBalancer{Name: w.Name, Owner: w.Owner, Spec: w.Spec, Revision: 7}}
	}
	foreign := there(service())
	foreign.Balancer.Owner.Cluster, foreign.Foreign = "c2", true
	for _, c := range []struct {
		name   string
		wanted Wanted
		actual Actual
	}{
		{"create", mustBuild(t, service(), nodes...), Actual{}},
		{"nothing", mustBuild(t, service(), nodes...), there(service())},
		{"node-added", mustBuild(t, service(), append(nodes, node("n3", "10.0.0.3"))...), there(service())},
		{"no-nodes", mustBuild(t, service()), there(service())},
		{"everything", mustBuild(t, service(local, dualStack, own("proxy-protocol", "v1"), own("weights", "n2=0"), func(s *v1.Service) {
			s.Spec.Ports[0].NodePort = 30099
			s.Spec.Ports = append(s.Spec.Ports, v1.ServicePort{Port: 443, NodePort: 30443})
			s.Spec.LoadBalancerSourceRanges = []string{"10.0.0.0/8"}
		}), nodes...), there(service())},
		{"foreign", mustBuild(t, service(), nodes...), foreign},
	} {
		p := provider.ServicePlan(service(), diff(c.wanted, c.actual))
		if err := p.Validate(); err != nil {
			t.Error(err)
		}
		var out bytes.Buffer
		if err := plan.Print(&out, []*plan.Plan{p}); err != nil {
			t.Fatal(err)
		}
		golden(t, c.name+".plan", out.String())
	}
	if changes := removal(foreign); len(changes) != 0 {
		t.Errorf("a foreign load balancer would be removed: %v", changes)
	}
}

func TestAnnotationsPageIsCurrent(t *testing.T) {
	compare(t, filepath.Join("..", "docs", "annotations.md"), AnnotationsPage())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	compare(t, filepath.Join("testdata", name), got)
}

func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("differs from %s; if that is meant, run go test -update. Got:\n%s", path, got)
	}
}
