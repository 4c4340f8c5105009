// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/test/cluster"
	"sigs.k8s.io/cloud-providers/test/system"
)

// tally is how often the manager called for what.
type tally map[string]int

// TestCounts counts the calls of a manager for 3 and for 100 nodes that join at once and a Service, from
// before they join until nothing is left to do. What is periodic is bounded by time, not by nodes.
func TestCounts(t *testing.T) {
	t.Parallel()
	columns := map[int]tally{}
	for _, n := range []int{3, 100} {
		t.Run(fmt.Sprint(n, " nodes"), func(t *testing.T) {
			columns[n] = countCalls(newEnv(t, audited), n)
			judgeCounts(t, n, columns[n])
		})
	}
	if t.Failed() {
		return
	}
	writeFigures(t, columns)
}

// countCalls lets n nodes join a cluster with an idle manager, creates a Service, and counts the calls.
func countCalls(e *env, n int) tally {
	e.t.Helper()
	// The defaults of periods, which are longer than this test: only what nodes and Service cause counts.
	m, err := e.StartManager(e.ctx, "manager", system.ManagerOptions{})
	if err != nil {
		e.t.Fatal(err)
	}
	e.states(m, map[string]string{"cloud-node-controller": "running", "node-route-controller": "running", "service-lb-controller": "running"})
	e.resetCalls()
	mark, err := e.Cluster.Audit().Mark()
	if err != nil {
		e.t.Fatal(err)
	}
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("node-%03d", i))
	}
	// "At once" for a machine of any speed: all have joined when the first look-up is answered.
	e.faults(api.Fault{Operation: "LookupMachines", Count: 1, Action: api.FaultHoldBefore})
	if err := e.AddMachines(e.ctx, []string{"zone-a", "zone-b"}, names...); err != nil {
		e.t.Fatal(err)
	}
	e.held(managerAgent)
	e.eventually("the nodes have settled otherwise", func() error {
		for _, name := range names {
			if n := e.node(name); n.Spec.PodCIDR == "" || len(n.Spec.Taints) > 1 {
				return fmt.Errorf("%s has taints %v", name, n.Spec.Taints)
			}
		}
		return nil
	})
	e.faults()
	e.service("web")
	e.address("web")
	e.hasMembers("web", names...)
	e.eventually("all nodes have routes", func() error { return count(n, e.state().Routes["main"]) })
	for _, name := range names {
		e.eventually(name+" is initialised and reachable", func() error {
			if e.waits(name) == nil {
				return errors.New("it waits")
			}
			return e.networkAvailable(name)
		})
	}
	before := total(e.tally(mark))
	quiet := time.Now()
	e.within(time.Minute, "two seconds pass without a call", func() error {
		if now := total(e.tally(mark)); now != before {
			before, quiet = now, time.Now()
		}
		if time.Since(quiet) < 2*time.Second {
			return errors.New("not yet")
		}
		return nil
	})
	return e.tally(mark)
}

func (e *env) networkAvailable(name string) error {
	for _, c := range e.node(name).Status.Conditions {
		if c.Type == "NetworkUnavailable" && c.Status == "False" {
			return nil
		}
	}
	return errors.New("its network is unavailable")
}

// tally counts the manager's calls since a mark, without the lease's and the renewals of watches.
func (e *env) tally(since cluster.AuditMark) tally {
	e.t.Helper()
	calls, err := e.Cloud.CallsByManager(e.ctx)
	if err != nil {
		e.t.Fatal(err)
	}
	all := tally{}
	for operation, n := range calls {
		all["cloud: "+operation] = n
	}
	requests, err := e.Cluster.Audit().Since(since)
	if err != nil {
		e.t.Fatal(err)
	}
	for _, r := range requests.ByUserAgent(managerAgent + "/") {
		if r.Verb == "watch" || r.Resource == "leases" || r.Resource == "" || r.Group == "authorization.k8s.io" {
			continue
		}
		object := r.Resource
		if r.Subresource != "" {
			object += "/" + r.Subresource
		}
		if r.Code >= 400 {
			object += fmt.Sprint(" refused with ", r.Code)
		}
		all["kube: "+r.Verb+" "+object]++
	}
	return all
}

func total(t tally) int {
	n := 0
	for _, c := range t {
		n += c
	}
	return n
}

// judgeCounts holds the calls to their budget.
func judgeCounts(t *testing.T, n int, got tally) {
	t.Helper()
	exactly := func(calls string, want int) {
		if got[calls] != want {
			t.Errorf("%s: %d, want %d", calls, got[calls], want)
		}
	}
	atMost := func(calls string, limit int) {
		if got[calls] > limit {
			t.Errorf("%s: %d, want at most %d", calls, got[calls], limit)
		}
	}
	exactly("kube: patch nodes", n)           // provider ID, labels and taint in one
	exactly("kube: patch nodes/status", 2*n)  // addresses; the route controller's NetworkUnavailable
	exactly("kube: patch services/status", 2) // the finalizer; the address
	exactly("cloud: CreateLoadBalancer", 1)
	atMost("cloud: LookupMachines", 2)
	atMost("cloud: LookupLoadBalancers", 3)
	atMost("cloud: UpdateLoadBalancer", 2) // nodes that became members after the load balancer was made
	atMost("cloud: CreateRoutes", 2)
	atMost("cloud: ListRoutes", 2)
	atMost("kube: create events", n+5) // one per node; the Service's
	// Others write to new nodes, too: a conflict costs a refused patch and a look.
	// Others write these Nodes meanwhile (kubelet, kube-controller-manager's taints and CIDRs), the more the
	// busier the machine is. Each such write costs one read at most, and none a second pass.
	atMost("kube: patch nodes refused with 409", n)
	exactly("kube: get nodes", got["kube: patch nodes refused with 409"])
	known := []string{"patch nodes", "patch nodes/status", "patch services/status", "create events", "patch events", "patch nodes refused with 409", "get nodes"}
	for calls, count := range got {
		if kind, ok := strings.CutPrefix(calls, "kube: "); ok && !slices.Contains(known, kind) {
			t.Errorf("%s: %d, want none", calls, count)
		}
	}
}

// writeFigures writes the table of docs/figures-calls.md with -update.
func writeFigures(t *testing.T, columns map[int]tally) {
	t.Helper()
	kinds := map[string]bool{}
	for _, c := range columns {
		for k := range c {
			kinds[k] = true
		}
	}
	var b strings.Builder
	b.WriteString(`# Calls for nodes that join

How often the local cloud controller manager calls its cloud and the API server when 3 or 100 nodes join
at once and a Service of type LoadBalancer is created. "At once" means that all have joined when the cloud
answers the first look-up. Renewals of the lease and of watches are left out. The test asserts the budgets;
some numbers depend on the order of arrival and differ by one or two from run to run. Written by

    cd test && go test ./e2e -run TestCounts -count=1 -update

| call | 3 nodes | 100 nodes |
|---|---:|---:|
`)
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		fmt.Fprintf(&b, "| %s | %d | %d |\n", k, columns[3][k], columns[100][k])
	}
	if !*update {
		t.Log("\n" + b.String())
		return
	}
	root, err := system.Root()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "docs", "figures-calls.md"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
