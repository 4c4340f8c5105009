// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/aws/cluster"
)

var update = flag.Bool("update", false, "write the reference page")

var settings = Settings{Cluster: cluster.Identity{ID: "c1"}, SharedPort: 10256, SharedPath: "/healthz"}

func web(kind string, edits ...func(*v1.Service)) *v1.Service {
	s := named("default", "web", "12345678-1234-1234-1234-123456789abc")
	s.Annotations = map[string]string{}
	s.Spec = v1.ServiceSpec{Type: v1.ServiceTypeLoadBalancer, Ports: []v1.ServicePort{{Name: "http", Protocol: v1.ProtocolTCP, Port: 80, NodePort: 30080}}}
	if kind != "" {
		s.Annotations[Prefix+"type"] = kind
	}
	for _, e := range edits {
		e(s)
	}
	return s
}

func with(key, value string) func(*v1.Service) {
	return func(s *v1.Service) { s.Annotations[Prefix+key] = value }
}

func TestMistakes(t *testing.T) {
	port := func(p v1.ServicePort) func(*v1.Service) {
		return func(s *v1.Service) { s.Spec.Ports = append(s.Spec.Ports, p) }
	}
	tests := map[string]struct {
		service *v1.Service
		want    []string
	}{
		"load balancer IP":             {web("", func(s *v1.Service) { s.Spec.LoadBalancerIP = "1.2.3.4" }), []string{"LoadBalancerIP cannot be specified for AWS ELB"}},
		"affinity":                     {web("nlb", func(s *v1.Service) { s.Spec.SessionAffinity = v1.ServiceAffinityClientIP }), []string{"unsupported load balancer affinity", "ClientIP"}},
		"no ports":                     {web("", func(s *v1.Service) { s.Spec.Ports = nil }), []string{"no ports"}},
		"UDP on Classic":               {web("", func(s *v1.Service) { s.Spec.Ports[0].Protocol = v1.ProtocolUDP }), []string{"Protocol UDP not supported by LoadBalancer"}},
		"SCTP on NLB":                  {web("nlb", func(s *v1.Service) { s.Spec.Ports[0].Protocol = v1.ProtocolSCTP }), []string{"Protocol SCTP not supported by LoadBalancer"}},
		"mixed protocols":              {web("nlb", port(v1.ServicePort{Protocol: v1.ProtocolUDP, Port: 81, NodePort: 30081})), []string{"mixed protocol is not supported for LoadBalancer"}},
		"no node port":                 {web("", func(s *v1.Service) { s.Spec.Ports[0].NodePort = 0 }), []string{"no node port", "allocateLoadBalancerNodePorts"}},
		"source range":                 {web("", func(s *v1.Service) { s.Spec.LoadBalancerSourceRanges = []string{"10.0.0.1"} }), []string{"spec.loadBalancerSourceRanges", `"10.0.0.1"`}},
		"only IPv6 source ranges":      {web("", func(s *v1.Service) { s.Spec.LoadBalancerSourceRanges = []string{"2001:db8::/32"} }), []string{"IPv4"}},
		"extra groups on NLB":          {web("nlb", with("extra-security-groups", "")), []string{"extra-security-groups", "Classic"}},
		"group attributes on Classic":  {web("", with("target-group-attributes", "")), []string{"is only supported for NLB"}},
		"unknown group attribute":      {web("nlb", with("target-group-attributes", "stickiness.enabled=true")), []string{"stickiness.enabled"}},
		"value of a group attribute":   {web("nlb", with("target-group-attributes", "preserve_client_ip.enabled=yes")), []string{"preserve_client_ip.enabled=yes"}},
		"group attribute twice":        {web("nlb", with("target-group-attributes", "preserve_client_ip.enabled=true,preserve_client_ip.enabled=false")), []string{"twice"}},
		"client IP and UDP":            {web("nlb", with("target-group-attributes", "preserve_client_ip.enabled=false"), func(s *v1.Service) { s.Spec.Ports[0].Protocol = v1.ProtocolUDP }), []string{"UDP"}},
		"backend protocol":             {web("", with("ssl-cert", "arn:c"), with("backend-protocol", "bacon")), []string{"bacon"}},
		"proxy protocol":               {web("", with("proxy-protocol", "yes")), []string{"proxy-protocol", `"*"`}},
		"boolean":                      {web("nlb", with("cross-zone-load-balancing-enabled", "maybe")), []string{"maybe", `"true" or "false"`}},
		"health protocol":              {web("nlb", with("healthcheck-protocol", "udp")), []string{"healthcheck-protocol", "udp"}},
		"health port":                  {web("", with("healthcheck-port", "http")), []string{"healthcheck-port"}},
		"empty health number":          {web("", with("healthcheck-interval", "")), []string{"healthcheck-interval"}},
		"timeout over interval":        {web("", with("healthcheck-timeout", "20")), []string{"shorter than the interval"}},
		"empty subnets":                {web("", with("subnets", " ")), []string{"subnets"}},
		"allocations without subnets":  {web("nlb", with("subnets", "subnet-1,subnet-2"), with("eip-allocations", "eipalloc-1")), []string{"Must have same number of"}},
		"names of security groups":     {web("", with("security-groups", "default")), []string{"sg-"}},
		"log without bucket":           {web("nlb", with("access-log-enabled", "true")), []string{"access-log-s3-bucket-name"}},
		"private address, public NLB":  {web("nlb", with("private-ipv4-addresses", "10.0.0.1")), []string{"internal"}},
		"Elastic IP, internal NLB":     {web("nlb", with("internal", "true"), with("eip-allocations", "eipalloc-1")), []string{"eip-allocations"}},
		"several mistakes at one time": {web("", with("healthcheck-port", "x"), with("proxy-protocol", "x"), func(s *v1.Service) { s.Spec.LoadBalancerIP = "1.1.1.1" }), []string{"healthcheck-port", "proxy-protocol", "LoadBalancerIP"}},
	}
	for name, test := range tests {
		_, err := build(provider.LoadBalancerInput{Service: test.service, ClusterName: "kubernetes"}, settings)
		if !provider.IsUserError(err) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, want := range test.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not contain %q", name, err, want)
			}
		}
		var u *provider.UserError
		if errors.As(err, &u); len(test.want) == 1 && len(u.Problems) != 1 {
			t.Errorf("%s: %d problems: %q", name, len(u.Problems), u.Problems)
		}
	}
}

func TestKeyValues(t *testing.T) {
	got, _ := keyValues("K=V K1=V2,Key1====, =x, , 234,")
	if want := map[string]string{"K": "V K1", "Key1": "", "234": ""}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}

func TestClassicListeners(t *testing.T) {
	tests := []struct{ cert, backend, want string }{
		{"", "", "80/tcp to 30080/tcp"},
		{"", "tcp", "80/tcp to 30080/tcp"},
		{"", "ssl", "80/tcp to 30080/tcp"},
		{"", "https", "80/tcp to 30080/tcp"},
		{"", "http", "80/http to 30080/http"},
		{"c", "", "80/ssl to 30080/tcp with c"},
		{"c", "tcp", "80/ssl to 30080/tcp with c"},
		{"c", "ssl", "80/ssl to 30080/ssl with c"},
		{"c", "http", "80/https to 30080/http with c"},
		{"c", "https", "80/https to 30080/https with c"},
	}
	for _, test := range tests {
		w, err := build(provider.LoadBalancerInput{Service: web("", with("ssl-cert", test.cert), with("backend-protocol", test.backend))}, settings)
		if err != nil || w.Classic.Listeners[0].String() != test.want {
			t.Errorf("certificate %q, backend %q: %v, %v", test.cert, test.backend, w.Classic, err)
		}
	}
}

func TestHealthChecks(t *testing.T) {
	local := func(s *v1.Service) {
		s.Spec.ExternalTrafficPolicy, s.Spec.HealthCheckNodePort = v1.ServiceExternalTrafficPolicyLocal, 32100
	}
	shared := settings
	shared.Shared = true
	tests := map[string]struct {
		service  *v1.Service
		settings Settings
		want     string
	}{
		"classic":                        {web(""), settings, "TCP:30080 2/6 5/10"},
		"classic, TLS to backends":       {web("", with("backend-protocol", "HTTPS")), settings, "SSL:30080 2/6 5/10"},
		"classic, Local":                 {web("", local), settings, "HTTP:32100/healthz 2/6 5/10"},
		"classic, Local to traffic port": {web("", local, with("healthcheck-port", "traffic-port")), settings, "HTTP:30080/healthz 2/6 5/10"},
		"classic, shared":                {web(""), shared, "HTTP:10256/healthz 2/6 5/10"},
		"classic, shared, overridden":    {web("", with("healthcheck-port", "8080"), with("healthcheck-protocol", "http"), with("healthcheck-path", "/x")), shared, "HTTP:8080/x 2/6 5/10"},
		"classic, HTTP without path":     {web("", with("healthcheck-protocol", "http")), settings, "HTTP:30080/ 2/6 5/10"},
		"nlb":                            {web("nlb"), settings, "TCP traffic-port  3/3 0/30"},
		"nlb, Local":                     {web("nlb", local), settings, "HTTP 32100 /healthz 2/2 0/10"},
		"nlb, Local, TCP":                {web("nlb", local, with("healthcheck-protocol", "tcp")), settings, "TCP 32100  2/2 0/10"},
		"nlb, HTTP":                      {web("nlb", with("healthcheck-protocol", "http")), settings, "HTTP traffic-port / 3/3 0/30"},
		"nlb, shared over annotations":   {web("nlb", with("healthcheck-port", "8080"), with("healthcheck-timeout", "5")), shared, "HTTP 10256 /healthz 3/3 5/30"},
		"nlb, shared, but Local":         {web("nlb", local), shared, "HTTP 32100 /healthz 2/2 0/10"},
	}
	for name, test := range tests {
		w, err := build(provider.LoadBalancerInput{Service: test.service}, test.settings)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := ""
		if c := w.Classic; c != nil {
			got = fmt.Sprintf("%s %d/%d %d/%d", c.Health.Target, c.Health.Healthy, c.Health.Unhealthy, c.Health.Timeout, c.Health.Interval)
		} else {
			h := w.Network.Listeners[0].Group.Health
			got = fmt.Sprintf("%s %s %s %d/%d %d/%d", h.Protocol, h.Port, h.Path, h.Healthy, h.Unhealthy, h.Timeout, h.Interval)
		}
		if got != test.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestTargetsAreTheInstancesOfNodesWithTheLabels(t *testing.T) {
	node := func(id string, labels map[string]string) *v1.Node {
		return &v1.Node{ObjectMeta: metav1.ObjectMeta{Name: id, Labels: labels}, Spec: v1.NodeSpec{ProviderID: id}}
	}
	in := provider.LoadBalancerInput{
		Service: web("", with("target-node-labels", "role=web,zone")),
		Nodes: []*v1.Node{
			node("aws:///a/i-2", map[string]string{"role": "web", "zone": "a"}), node("aws:///a/i-1", map[string]string{"role": "web", "zone": ""}),
			node("aws:///a/i-3", map[string]string{"role": "db", "zone": "a"}), node("aws:///a/i-4", map[string]string{"role": "web"}),
			node("aws:///a/b/fargate-10.0.0.1", map[string]string{"role": "web", "zone": "a"}), node("gce://p/z/i-5", map[string]string{"role": "web", "zone": "a"}),
		},
	}
	w, err := build(in, settings)
	if err != nil || !slices.Equal(w.Targets, []string{"i-1", "i-2"}) {
		t.Errorf("%v, %v", w.Targets, err)
	}
}

// TestAnnotationsPage keeps the reference page what the declarations say.
func TestAnnotationsPage(t *testing.T) {
	const page = "../docs/annotations.md"
	got := Set.Markdown("Annotations of Services", "What the AWS provider reads on Services of type LoadBalancer. All mistakes of a Service are reported in one event.")
	if *update {
		if err := os.WriteFile(page, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what the code says; run go test ./loadbalancer -update", page)
	}
}

// FuzzBuild has annotations of all kinds either refused or understood.
func FuzzBuild(f *testing.F) {
	for _, key := range Set.Keys() {
		f.Add(key, "true", "nlb")
		f.Add(key, "a=b,c", "")
	}
	f.Fuzz(func(t *testing.T, key, value, kind string) {
		s := web(kind)
		s.Annotations[key] = value
		w, err := build(provider.LoadBalancerInput{Service: s}, settings)
		if err != nil && !provider.IsUserError(err) {
			t.Fatal(err)
		}
		if err == nil && (w.Classic == nil) == (w.Network == nil) {
			t.Fatalf("%+v", w)
		}
		if again, _ := build(provider.LoadBalancerInput{Service: s}, settings); !reflect.DeepEqual(w, again) {
			t.Fatal("the same Service is built differently")
		}
	})
}
