// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/test/convergence"
)

// variant is a Service whose load balancer goes through a test, with the configuration that it needs.
type variant struct {
	edits  []func(*v1.Service)
	config string
}

func of(edits ...func(*v1.Service)) variant { return variant{edits: edits} }

func (v variant) with(config string) variant {
	v.config = config
	return v
}

func affinity(s *v1.Service) { s.Spec.SessionAffinity = v1.ServiceAffinityClientIP }

// variants are the shapes of load balancers that users have.
func variants() map[string]variant {
	two := ports(tcp(80, 30080), tcp(443, 30443))
	groups := "manage-security-groups=true"
	return map[string]variant{
		"plain":                   of(),
		"internal":                of(internal),
		"two ports":               of(two),
		"mixed protocols":         of(ports(tcp(53, 30053), udp(53, 30053), port(v1.ProtocolSCTP, 9999, 30999))),
		"source ranges":           of(ranges("10.0.0.0/8", "192.168.32.1/24")),
		"monitors":                of(two, annotate("enable-health-monitor", "true", "health-monitor-delay", "7", "health-monitor-max-retries-down", "5")),
		"monitors of UDP":         of(ports(udp(53, 30053)), annotate("health-monitor-delay", "1")).with("create-monitor=true"),
		"local":                   of(local(32100), two).with("create-monitor=true"),
		"affinity and limits":     of(affinity, annotate("connection-limit", "100", "timeout-client-data", "60000", "lb-method", "LEAST_CONNECTIONS")),
		"proxy protocol":          of(annotate("proxy-protocol", "true"), ports(tcp(80, 30080), udp(53, 30053))),
		"proxy protocol 2":        of(annotate("proxy-protocol", "v2")),
		"x-forwarded-for":         of(annotate("x-forwarded-for", "true"), two),
		"tags":                    of(annotate("load-balancer-tags", "a,b", "listener-tags", "c", "pool-tags", "d")),
		"security groups":         of(two, local(32100)).with(groups),
		"security groups of ovn":  of(ranges("10.0.0.0/8", "172.16.0.0/12")).with(groups + "\nlb-provider=ovn"),
		"ovn":                     of(ports(tcp(80, 30080), udp(53, 30053))).with("lb-provider=ovn"),
		"serial":                  of(two).with("provider-requires-serial-api-calls=true\ncreate-monitor=true"),
		"children before parents": of(two).with("cascade-delete=false\ncreate-monitor=true"),
		"kept floating IP":        of(annotate("keep-floatingip", "true")),
		"host name":               of(annotate("hostname", "web.example.com")),
		"selected nodes":          of(annotate("node-selector", "zone=zone-b")),
	}
}

// TestLife makes each variant, finds nothing to do afterwards, also as a new process, serves it on more
// nodes, and leaves nothing when it goes.
func TestLife(t *testing.T) {
	for name, v := range variants() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, worldOptions{nodes: 2, config: v.config})
			before := w.state()
			s := service("web", v.edits...)
			report := w.settle(s)
			if report.Status == nil || len(report.Status.Ingress) == 0 {
				t.Fatalf("no status: %+v", report)
			}
			if report.Problem != "" && !strings.Contains(report.Problem, "externalTrafficPolicy is Local") {
				t.Errorf("problem: %s", report.Problem)
			}
			w.nothingToDo(s, "at once")
			w.start()
			w.nothingToDo(s, "after a restart")
			w.addNodes(1)
			w.settle(s)
			w.start()
			w.nothingToDo(s, "after another node")
			w.nodes = w.nodes[1:]
			w.settle(s)
			w.nothingToDo(s, "after a node less")
			if v.config == "" {
				want := 2
				if name == "selected nodes" {
					want = 1
				}
				for _, p := range w.cloud.State().Octavia.Pools {
					n := 0
					for _, m := range w.cloud.State().Octavia.Members {
						if m.PoolID == p.ID {
							n++
						}
					}
					if n != want {
						t.Errorf("pool %s has %d members, want %d", p.Name, n, want)
					}
				}
			}
			w.removeAll(s)
			if left := w.withoutNodes(w.state()); left != w.withoutNodes(before) && name != "kept floating IP" {
				t.Errorf("left behind:%s", convergence.Differences(left, before))
			}
		})
	}
}

// withoutNodes leaves out the ports of nodes that have come since.
func (w *world) withoutNodes(state string) string {
	var kept []string
	for _, l := range strings.Split(state, "\n") {
		if !strings.HasPrefix(l, "port ") || !strings.Contains(l, "compute:") || strings.Contains(l, "lb-sg-") {
			kept = append(kept, l)
		}
	}
	return strings.Join(kept, "\n")
}

func (w *world) nothingToDo(s *v1.Service, when string) {
	w.t.Helper()
	changes, _, _, err := w.plan(s)
	if err != nil {
		w.t.Fatalf("%s: %v", when, err)
	}
	for _, c := range changes {
		w.t.Errorf("%s: would %s %s because %s: %v", when, c.Operation, c.Object, c.Reason, c.Fields)
	}
}
