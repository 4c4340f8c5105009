// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"strings"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/providers/aws/loadbalancer"
	"sigs.k8s.io/cloud-providers/test/clouds/aws"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/elb"
	"sigs.k8s.io/cloud-providers/test/convergence"
)

// variant is a Service whose load balancer goes through a test, with the configuration that it needs.
type variant struct {
	service  func(name string) *v1.Service
	settings loadbalancer.Settings
}

func of(kind string, edits ...func(*v1.Service)) func(string) *v1.Service {
	return func(name string) *v1.Service { return service(name, kind, edits...) }
}

// variants are the shapes of load balancers that users have.
func variants() map[string]variant {
	shared := loadbalancer.Settings{Shared: true}
	managed := loadbalancer.Settings{ManageNetworkGroups: true}
	return map[string]variant{
		"classic":                  {of(""), loadbalancer.Settings{}},
		"classic internal":         {of("", annotate("internal", "true"), ranges("10.0.0.0/8", "192.168.0.0/16")), loadbalancer.Settings{}},
		"classic TLS":              {of("", annotate("ssl-cert", certificate, "ssl-ports", "https", "ssl-negotiation-policy", "ELBSecurityPolicy-TLS-1-2-2017-01", "backend-protocol", "http"), ports(v1.ServicePort{Name: "https", Protocol: "TCP", Port: 443, NodePort: 30443}, tcp(80, 30080))), loadbalancer.Settings{}},
		"classic proxy protocol":   {of("", annotate("proxy-protocol", "*"), ports(tcp(80, 30080), tcp(81, 30081))), loadbalancer.Settings{}},
		"classic local":            {of("", local(32100)), loadbalancer.Settings{}},
		"classic attributes":       {of("", annotate("access-log-enabled", "true", "access-log-s3-bucket-name", "logs", "access-log-s3-bucket-prefix", "a/b", "access-log-emit-interval", "5", "connection-draining-enabled", "true", "connection-draining-timeout", "60", "connection-idle-timeout", "120", "cross-zone-load-balancing-enabled", "true", "additional-resource-tags", "team=a,env=prod")), loadbalancer.Settings{}},
		"classic shared probes":    {of(""), shared},
		"nlb":                      {of("nlb"), loadbalancer.Settings{}},
		"nlb internal":             {of("nlb", annotate("internal", "true"), ranges("10.0.0.0/8")), loadbalancer.Settings{}},
		"nlb TLS":                  {of("nlb", annotate("ssl-cert", certificate, "ssl-ports", "443", "backend-protocol", "ssl"), ports(tcp(443, 30443), tcp(80, 30080))), loadbalancer.Settings{}},
		"nlb TLS with policy":      {of("nlb", annotate("ssl-cert", certificate, "ssl-negotiation-policy", "ELBSecurityPolicy-TLS13-1-2-2021-06")), loadbalancer.Settings{}},
		"nlb UDP":                  {of("nlb", ports(udp(53, 30053))), loadbalancer.Settings{}},
		"nlb local":                {of("nlb", local(32100), ports(tcp(80, 30080), tcp(81, 30081))), loadbalancer.Settings{}},
		"nlb health":               {of("nlb", annotate("healthcheck-protocol", "http", "healthcheck-path", "/ok", "healthcheck-port", "8080", "healthcheck-interval", "10", "healthcheck-healthy-threshold", "4", "healthcheck-unhealthy-threshold", "5")), loadbalancer.Settings{}},
		"nlb attributes":           {of("nlb", annotate("target-group-attributes", "preserve_client_ip.enabled=false,proxy_protocol_v2.enabled=true", "cross-zone-load-balancing-enabled", "true", "access-log-enabled", "true", "access-log-s3-bucket-name", "logs", "additional-resource-tags", "team=a")), loadbalancer.Settings{}},
		"nlb shared probes":        {of("nlb", ranges("10.0.0.0/8")), shared},
		"nlb managed groups":       {of("nlb", ports(tcp(80, 30080), tcp(443, 30443))), managed},
		"nlb managed groups, TLS":  {of("nlb", annotate("ssl-cert", certificate)), managed},
		"nlb mixed protocols":      {of("nlb", func(s *v1.Service) { s.Annotations[loadbalancer.OwnPrefix+"mixed-protocols"] = "true" }, ports(tcp(53, 30053), udp(53, 30053), tcp(853, 30853))), loadbalancer.Settings{}},
		"nlb several ports, Local": {of("nlb", local(32100), ranges("10.0.0.0/8", "172.16.0.0/12"), ports(tcp(80, 30080), tcp(443, 30443), tcp(8080, 30081))), loadbalancer.Settings{}},
	}
}

// TestLife makes each variant, finds nothing to do afterwards, also as a new process, serves it on more
// nodes and on fewer, and leaves nothing behind.
func TestLife(t *testing.T) {
	for name, v := range variants() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, worldOptions{nodes: 3, settings: v.settings, cloud: aws.Options{ELBTiming: elb.Timing{Linger: 25 * time.Second}}})
			before := w.state()
			s := v.service("web")
			report, changes, err := w.ensure(s)
			if err != nil || len(changes) == 0 {
				t.Fatalf("created with %d changes: %v", len(changes), err)
			}
			hostname := ""
			if report.Status != nil {
				hostname = report.Status.Ingress[0].Hostname
			}
			if !strings.HasSuffix(hostname, ".amazonaws.com") {
				t.Fatalf("hostname %q", hostname)
			}
			s.Status.LoadBalancer = *report.Status
			unchanged(t, w, s, "after creation")
			w.start()
			unchanged(t, w, s, "after a restart")
			w.addNodes(2)
			if _, changes, err := w.ensure(s); err != nil || len(changes) == 0 {
				t.Fatalf("new nodes: %d changes, %v", len(changes), err)
			}
			unchanged(t, w, s, "with new nodes")
			w.nodes = w.nodes[2:]
			if _, changes, err := w.ensure(s); err != nil || len(changes) == 0 {
				t.Fatalf("fewer nodes: %d changes, %v", len(changes), err)
			}
			w.start()
			unchanged(t, w, s, "with fewer nodes")
			w.removeAll(s)
			if after := w.state(); after != before {
				t.Errorf("left behind:%s", convergence.Differences(after, before))
			}
		})
	}
}

func unchanged(t *testing.T, w *world, s *v1.Service, when string) {
	t.Helper()
	changes, _, _, err := w.plan(s)
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	for _, c := range changes {
		t.Errorf("%s: would %s %s because %s: %v", when, c.Operation, c.Object, c.Reason, c.Fields)
	}
	if t.Failed() {
		t.FailNow()
	}
}

// TestStoppedInstances leaves instances out that do not run, and takes them back when they do; nobody else
// waits for them.
func TestStoppedInstances(t *testing.T) {
	for _, kind := range []string{"", "nlb"} {
		w := newWorld(t, worldOptions{nodes: 3})
		set := func(state string) {
			if err := w.cloud.EC2.ChangeInstance(w.nodes[0].Name, func(i *ec2.Instance) { i.State = state }); err != nil {
				t.Fatal(err)
			}
		}
		set("stopped")
		s := service("web", kind)
		report, _, err := w.ensure(s)
		if err != nil || report.RecheckAfter == 0 {
			t.Fatalf("%q: %+v, %v", kind, report, err)
		}
		if n := w.targets(); n != 2 {
			t.Errorf("%q: %d targets while one instance is stopped", kind, n)
		}
		set("running")
		w.start() // as if the time had passed after which it is looked at again
		if report := w.settle(s); report.RecheckAfter != 0 || w.targets() != 3 {
			t.Errorf("%q: %d targets when all run, %+v", kind, w.targets(), report)
		}
	}
}

// targets counts those of all load balancers.
func (w *world) targets() int {
	state := w.cloud.State().ELB
	n := 0
	for _, lb := range state.ClassicLoadBalancers {
		n += len(lb.Instances)
	}
	for _, g := range state.TargetGroups {
		n += len(g.Targets)
	}
	return n
}
