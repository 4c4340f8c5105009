// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/octavia"
	"sigs.k8s.io/cloud-providers/test/clouds/sim"
)

var update = flag.Bool("update", false, "write docs/calls.md of the provider")

const page = "../../../providers/openstack/docs/calls.md"

// budget is a row of the page: how many calls something costs, and how many it may.
type budget struct {
	what                  string
	reads, changes, polls int
	aim, upstream         string
}

// counted runs something and counts its calls. Looks at a load balancer while Octavia is at work on it are
// counted for themselves: they depend on how long that takes.
func (w *world) counted(do func()) budget {
	w.cloud.Calls.Reset()
	do()
	var b budget
	calls := w.cloud.Calls.All()
	for i, c := range calls {
		switch {
		case c.Mutating:
			b.changes++
		case i > 0 && b.changes > 0 && (c.Operation == "ShowLoadBalancer" || c.Operation == "ListLoadBalancers"):
			b.polls++
		default:
			b.reads++
		}
	}
	return b
}

// pass is one pass of the controller over many Services: one observation, then each for itself. It returns
// those that are not finished.
func (w *world) pass(services []*v1.Service, nodesOnly bool) []*v1.Service {
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
	var mu sync.Mutex
	var left []*v1.Service
	slots := make(chan struct{}, 8)
	for i, in := range inputs {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			again, err := w.passOne(in, found[i])
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				w.t.Error(err)
			}
			if again {
				left = append(left, in.Service)
			}
		})
	}
	group.Wait()
	return left
}

func (w *world) passOne(in provider.LoadBalancerInput, actual any) (again bool, err error) {
	wanted, err := w.lb.Build(in)
	if err != nil {
		return false, err
	}
	changes, err := w.lb.Diff(wanted, actual)
	if err != nil {
		return false, err
	}
	if len(changes) > 0 {
		hold(in.Service)
		if actual, err = w.lb.Apply(w.t.Context(), actual, provider.ServicePlan(in.Service, changes), plan.Options{}); err != nil {
			return false, err
		}
	}
	report := w.lb.Report(wanted, actual)
	if report.Status != nil {
		in.Service.Status.LoadBalancer = *report.Status
	}
	for key, value := range report.Annotations {
		in.Service.Annotations[key] = value
	}
	return report.RetryAfter > 0, nil
}

// bulk makes passes until all Services are finished.
func (w *world) bulk(services []*v1.Service, nodesOnly bool) {
	w.t.Helper()
	for range 100 {
		if services = w.pass(services, nodesOnly); len(services) == 0 {
			return
		}
		nodesOnly = false
		w.cloud.Clock.Advance(2 * time.Second)
	}
	w.t.Fatalf("%d Services do not get finished", len(services))
}

func many(n int, edits ...func(*v1.Service)) []*v1.Service {
	var all []*v1.Service
	for i := range n {
		all = append(all, service(fmt.Sprintf("s%d", i), edits...))
	}
	return all
}

// roomy is a cloud that has room for the largest rows, where each change takes a second.
func (w *world) roomy() {
	w.cloud.Octavia.SetTiming(octavia.Timing{Create: sim.Duration(time.Second), Update: sim.Duration(time.Second), Delete: sim.Duration(time.Second)})
	for _, resource := range []string{"floatingip", "security_group", "security_group_rule", "port"} {
		w.cloud.Neutron.SetQuota(w.cloud.Project.ID, resource, -1)
	}
}

// TestCallBudgets counts the calls of the life of load balancers against the aims, and keeps the page of
// them. Services have two ports.
func TestCallBudgets(t *testing.T) {
	var rows []budget
	check := func(w *world, what string, maxReads, maxChanges int, aim, upstream string, do func()) {
		t.Helper()
		b := w.counted(do)
		b.what, b.aim, b.upstream = what, aim, upstream
		rows = append(rows, b)
		if b.reads > maxReads || b.changes > maxChanges {
			t.Errorf("%s: %d reads and %d changes, and at most %d and %d are allowed: %v", what, b.reads, b.changes, maxReads, maxChanges, w.cloud.Calls.Counts())
		}
	}
	two := ports(tcp(80, 30080), tcp(443, 30443))
	for _, nodes := range []int{1, 100, 5000} {
		for _, groups := range []bool{false, true} {
			config, kind := "", ""
			if groups {
				config, kind = "manage-security-groups=true", ", security groups"
			}
			if nodes == 5000 && groups { // ports of nodes are read in chunks, and each has to get the group
				continue
			}
			o := worldOptions{nodes: nodes, config: config}
			o.cluster.CIDR = "10.0.0.0/16"
			w := newWorld(t, o)
			w.roomy()
			w.bulk([]*v1.Service{service("warm", internal)}, false) // discovery of versions and networks is the process's, once
			label := func(text string) string { return fmt.Sprintf("%d nodes%s: %s", nodes, kind, text) }
			chunks := (nodes + 99) / 100
			pages := 2 * ((nodes + 999) / 1000) // of two pools' members
			s := service("web", two)
			reads, changes := 1, 2
			if groups {
				reads, changes = 1+3+chunks, 2+2+2+nodes
			}
			check(w, label("create"), reads, changes, "4 and polls", map[bool]string{false: "7 and polls, then 9 for its own annotation", true: fmt.Sprintf("%d", 16+2*nodes)}[groups], func() { w.bulk([]*v1.Service{s}, false) })
			check(w, label("own annotations written"), 2+2*b2i(groups)+b2i(groups), 0, "1", "9", func() { w.bulk([]*v1.Service{s}, false) })
			w.addNodes(1)
			check(w, label("a node comes"), 1+b2i(groups), 2+b2i(groups), "1 + 1 per port", fmt.Sprintf("%d", 3+3*2+b2i(groups)*(3+nodes)), func() { w.bulk([]*v1.Service{s}, true) })
			w.nodes = w.nodes[:len(w.nodes)-1]
			check(w, label("a node leaves"), 1+b2i(groups), 2+b2i(groups), "1 + 1 per port", fmt.Sprintf("%d", 3+3*2+b2i(groups)*(3+nodes)), func() { w.bulk([]*v1.Service{s}, true) })
			w.start()
			check(w, label("restart"), 7+pages+b2i(groups)*(3+chunks), 0, "no change", "8", func() { w.bulk([]*v1.Service{s}, false) })
			check(w, label("delete"), 3+4*b2i(groups), 2+b2i(groups)*(1+nodes), "4 and polls", "7 and polls", func() { w.removeAll(s) })
		}
	}
	for _, n := range []int{20, 200} {
		w := newWorld(t, worldOptions{nodes: 100})
		w.roomy()
		w.bulk([]*v1.Service{service("warm", internal)}, false)
		all := many(n, two)
		label := func(text string) string { return fmt.Sprintf("%d Services, 100 nodes: %s", n, text) }
		check(w, label("create"), 10, 2*n, "4 each, and polls", fmt.Sprintf("%d", 16*n), func() { w.bulk(all, false) })
		w.start()
		check(w, label("restart"), 6+2*n+n, 0, "no change", fmt.Sprintf("%d", 8*n), func() { w.bulk(all, false) })
		w.addNodes(10)
		check(w, label("10 nodes come"), 7+n, 2*n, "1 + 1 per port, each", fmt.Sprintf("%d", 9*n), func() { w.bulk(all, true) })
	}
	keepPage(t, rows)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func keepPage(t *testing.T, rows []budget) {
	t.Helper()
	var b strings.Builder
	b.WriteString("<!-- Written by `cd test && go test ./openstack/loadbalancer -run TestCallBudgets -update`. -->\n\n# Calls of load balancers\n\n")
	b.WriteString("Counted on the simulated OpenStack, for external Services with two ports. \"Looks\" are at load balancers on which Octavia is at work: here each change takes one second. Upstream's figures are counted from its code (section 13 of the specification).\n\n")
	b.WriteString("| what | reads | changes | looks | aim | upstream, in all |\n| --- | ---: | ---: | ---: | --- | --- |\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %s | %s |\n", r.what, r.reads, r.changes, r.polls, r.aim, r.upstream)
	}
	text := b.String()
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
