// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/test/clouds/aws"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/elb"
)

var update = flag.Bool("update", false, "write docs/calls.md of the provider")

const page = "../../../providers/aws/docs/calls.md"

// budget is a row of the page: how many calls something costs, and how many it may.
type budget struct {
	what           string
	services       int
	reads, changes int
	aim, upstream  string
}

// counted runs something and counts its calls.
func (w *world) counted(do func()) (reads, changes int) {
	w.cloud.Calls.Reset()
	do()
	for _, c := range w.cloud.Calls.All() {
		if c.Mutating {
			changes++
		} else {
			reads++
		}
	}
	return reads, changes
}

// bulk ensures many Services as the controller does: one observation, then each for itself.
func (w *world) bulk(services []*v1.Service, nodesOnly bool) {
	w.t.Helper()
	var inputs []provider.LoadBalancerInput
	for _, s := range services {
		in := w.input(s)
		in.NodesOnly = nodesOnly
		inputs = append(inputs, in)
	}
	found, err := w.lb.Observe(w.t.Context(), inputs)
	if err != nil {
		w.t.Fatal(err)
	}
	var group sync.WaitGroup
	slots := make(chan struct{}, 8)
	for i, in := range inputs {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			wanted, err := w.lb.Build(in)
			if err != nil {
				w.t.Error(err)
				return
			}
			changes, err := w.lb.Diff(wanted, found[i])
			if err != nil {
				w.t.Error(err)
				return
			}
			after := found[i]
			if len(changes) > 0 {
				if after, err = w.lb.Apply(w.t.Context(), found[i], provider.ServicePlan(in.Service, changes), plan.Options{}); err != nil {
					w.t.Error(err)
					return
				}
			}
			if report := w.lb.Report(wanted, after); report.Status != nil {
				in.Service.Status.LoadBalancer = *report.Status
			}
		})
	}
	group.Wait()
}

// limits of a cloud that has room for the largest rows.
func roomy() aws.Options {
	return aws.Options{
		EC2Quotas: ec2.Quotas{RulesPerSecurityGroup: 1000},
		ELBQuotas: elb.Quotas{Targets: 50000, TargetsPerZone: 50000, TargetsPerGroup: 50000, ClassicInstances: 50000},
	}
}

func many(kind string, n int) []*v1.Service {
	var all []*v1.Service
	for i := range n {
		all = append(all, service(fmt.Sprintf("s%d", i), kind, ports(tcp(80, int32(30000+i)))))
	}
	return all
}

// TestCallBudgets counts the calls of the life of load balancers against the aims, and keeps the page of
// them. One Service has one port; there is one security group of nodes.
func TestCallBudgets(t *testing.T) {
	var rows []budget
	check := func(what string, services, maxReads, maxChanges int, aim, upstream string, w *world, do func()) {
		t.Helper()
		reads, changes := w.counted(do)
		rows = append(rows, budget{what, services, reads, changes, aim, upstream})
		if reads > maxReads || changes > maxChanges {
			t.Errorf("%s: %d reads and %d changes, and at most %d and %d are allowed: %v", what, reads, changes, maxReads, maxChanges, w.cloud.Calls.Counts())
		}
	}
	for _, kind := range []string{"", "nlb"} {
		named := "Classic"
		if kind == "nlb" {
			named = "NLB"
		}
		for _, nodes := range []int{1, 100, 5000} {
			w := newWorld(t, worldOptions{nodes: nodes, cloud: roomy()})
			s := many(kind, 1)
			label := func(text string) string { return fmt.Sprintf("%s, %d nodes: %s", named, nodes, text) }
			machines := (nodes + 199) / 200 // the instances are read once for all controllers
			chunks := (nodes + 99) / 100
			if kind == "" {
				check(label("create"), 1, 6+machines, 6, "about 10", "about 19", w, func() { w.bulk(s, false) })
			} else {
				check(label("create"), 1, 6+machines, 5+chunks, "3P + 2 of ELBv2, about 5 of EC2", "16-17", w, func() { w.bulk(s, false) })
			}
			check(label("Service unchanged, read again"), 1, 4+3, 0, "0 changes, 3 + P reads, some shared", "10-12", w, func() { w.bulk(s, false) })
			added := w.addNodes(1)
			check(label("a node comes"), 1, 2, 1, "1-2", "6-13", w, func() { w.bulk(s, true) })
			w.nodes = slices.DeleteFunc(w.nodes, func(n *v1.Node) bool { return n == added[0] })
			check(label("a node leaves"), 1, 1, 1, "1-2", "6-13", w, func() { w.bulk(s, true) })
			w.start()
			check(label("restart"), 1, 10+(nodes+199)/200, 0, "0 changes", "10-12", w, func() { w.bulk(s, false) })
			check(label("delete"), 1, 4, 4, "about 5", "10 or more", w, func() {
				if err := w.remove(s[0]); err != nil {
					t.Error(err)
				}
			})
		}
		for _, n := range []int{20, 200} {
			w := newWorld(t, worldOptions{nodes: 100, cloud: roomy()})
			all := many(kind, n)
			label := func(text string) string { return fmt.Sprintf("%d %s, 100 nodes: %s", n, named, text) }
			perService := 6
			upstreamCreate, upstreamSync := 19*n, 11*n
			if kind == "nlb" {
				upstreamCreate, upstreamSync = 17*n, 11*n
			}
			check(label("create"), n, 8, perService*n, "", fmt.Sprint(upstreamCreate), w, func() { w.bulk(all, false) })
			w.start()
			restart := 8 + n + n/20 // what only one load balancer has, and tags
			if kind == "nlb" {
				restart = 8 + 3*n + n/20
			}
			check(label("restart"), n, restart, 0, "0 changes", fmt.Sprint(upstreamSync), w, func() { w.bulk(all, false) })
			w.addNodes(10)
			check(label("10 nodes come"), n, n+3, n, "2 per target group", fmt.Sprint(upstreamSync+2*n), w, func() { w.bulk(all, true) })
		}
	}
	text := callsPage(rows)
	if *update {
		if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != text {
		t.Errorf("%s is not what this test counts; run it with -update", page)
	}
}

func callsPage(rows []budget) string {
	var b strings.Builder
	b.WriteString("<!-- Written by `cd test && go test ./aws/loadbalancer -run TestCallBudgets -update`. -->\n\n# Calls of load balancers\n\n")
	b.WriteString("Counted on the simulated AWS, for Services with one port and nodes with one security group. Upstream's figures are counted from its code (v1.36).\n\n")
	b.WriteString("| what | reads | changes | aim | upstream, in all |\n| --- | ---: | ---: | --- | ---: |\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %d | %d | %s | %s |\n", r.what, r.reads, r.changes, r.aim, r.upstream)
	}
	return b.String()
}
