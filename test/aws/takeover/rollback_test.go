// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package takeover

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"
)

// TestRollingBack has our provider make the load balancers of each fixture. Field by field the result is what
// upstream makes, with its defects repaired, but for what is listed here: an upstream that comes back finds
// its own.
func TestRollingBack(t *testing.T) {
	ways := map[string]func(o *ours, s *v1.Service, nodes []*v1.Node){
		"created": func(o *ours, s *v1.Service, _ []*v1.Node) { o.settle(s, false) },
		"changed from an earlier form, with a node that came later": func(o *ours, s *v1.Service, nodes []*v1.Node) {
			o.nodes = nodes[:1]
			o.settle(earlier(s), false)
			o.nodes = nodes
			o.settle(earlier(s), true)
			o.settle(s, false)
		},
	}
	eachFixture(t, func(t *testing.T, name string, f fixture) {
		if f.since != nil {
			t.Skip("has a history of its own")
		}
		for way, run := range ways {
			g := newGround(t, f)
			o := newOurs(t, g.cloud, g.config, g.nodes)
			for _, s := range g.services {
				run(o, s, g.nodes)
			}
			got, want := without(fields(t, g.cloud.State()), fields(t, repaired(t, name, f).cloud.State()), additions(g, f))
			if d := differences(got, want); d != "" {
				t.Errorf("%s: an upstream that comes back finds something else:%s", way, d)
			}
			o.start()
			if p := o.plans(g.services...); !empty(p) {
				t.Errorf("%s: a new process wants more:\n%s", way, printed(t, p))
			}
		}
	})
}

// repaired is a fixture after our first plan, if that is not empty.
func repaired(t *testing.T, name string, f fixture) loaded {
	t.Helper()
	l := load(t, name)
	if f.why != "" {
		o := newOurs(t, l.cloud, l.Config, l.Nodes, l.Services...)
		for _, s := range l.Services {
			o.settle(s, false)
		}
	}
	return l
}

// earlier is a Service before the edit that made it what it is: another node port, other ranges, other
// attributes, and one port more.
func earlier(s *v1.Service) *v1.Service {
	s = s.DeepCopy()
	s.ResourceVersion = "0"
	first := &s.Spec.Ports[0]
	first.NodePort += 50
	s.Spec.Ports = append(s.Spec.Ports, v1.ServicePort{Name: "former", Protocol: first.Protocol, Port: 9999, NodePort: first.NodePort + 1})
	s.Spec.LoadBalancerSourceRanges = []string{"203.0.113.0/24"}
	s.Annotations[prefix+"connection-idle-timeout"] = "33"
	s.Annotations[prefix+"cross-zone-load-balancing-enabled"] = "true"
	return s
}

// additions are the lines that only our load balancers have ("+"), or only upstream's ("-").
func additions(g *ground, f fixture) []string {
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	state := g.cloud.State()
	for _, s := range g.services {
		owner := s.Namespace + "/" + s.Name
		for _, sg := range state.EC2.SecurityGroups {
			if sg.Name == "k8s-elb-"+lbName(s.Name) || strings.HasPrefix(sg.Name, "k8s-shopeu-"+s.Name+"-") {
				// 6.3: says for which Service the group was made
				add("+security group %s: tags kubernetes.io/service-name = %s", sg.Name, owner)
			}
		}
	}
	if !f.inTree {
		return lines
	}
	// 27: listeners had no tags, and target groups not the Service's
	for _, l := range state.ELB.Listeners {
		for key, value := range tagsOf(l.Tags) {
			add("+listener %d of <%s>: %s = %s", l.Port, state.ELB.LoadBalancers[0].Name, key, value)
		}
	}
	for _, tg := range state.ELB.TargetGroups {
		add("+target group %s: tag kubernetes.io/service-name = shop-eu/web", tg.Name)
	}
	return lines
}

// without leaves out the lines of additions, which have to be there.
func without(got, want string, additions []string) (string, string) {
	have, wanted := strings.Split(got, "\n"), strings.Split(want, "\n")
	for _, a := range additions {
		side := &have
		if a[0] == '-' {
			side = &wanted
		}
		if i := slices.Index(*side, a[1:]); i >= 0 {
			*side = slices.Delete(*side, i, i+1)
		} else {
			*side = append(*side, "missing: "+a)
		}
	}
	return strings.Join(have, "\n"), strings.Join(wanted, "\n")
}
