// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"bytes"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/test/convergence"
)

// fixtures are the variants in which what upstream leaves has to be taken over: all of those that are tested
// otherwise, each alone, as internal and with security groups.
func fixtures() map[string]variant {
	all := map[string]variant{}
	for name, v := range variants() {
		if name == "selected nodes" { // of which there may be none
			continue
		}
		all[name] = v
		all[name+", internal"] = variant{edits: append(slices.Clone(v.edits), internal), config: v.config}
		if !strings.Contains(v.config, "manage-security-groups") {
			all[name+", security groups"] = variant{edits: v.edits, config: strings.TrimPrefix(v.config+"\nmanage-security-groups=true", "\n")}
		}
	}
	return all
}

// TestTakeOver: over what upstream has left nothing is planned, not even when many are read at once; what we
// make is what upstream would have made, so that it can take it back; and nothing is left when the Service
// goes.
func TestTakeOver(t *testing.T) {
	for name, v := range fixtures() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			theirs := newWorld(t, worldOptions{nodes: 2, config: v.config})
			empty := theirs.state()
			s := service("web", v.edits...)
			theirs.predecessor(false, v.config, s).ensure()
			left := theirs.state()
			theirs.cloud.Calls.Reset()
			theirs.nothingToDo(s, "first plan")
			annotations, status := maps.Clone(s.Annotations), s.Status.DeepCopy()
			report := theirs.settle(s)
			if !maps.Equal(annotations, s.Annotations) {
				t.Errorf("annotations %v have become %v", annotations, s.Annotations)
			}
			for i := range status.LoadBalancer.Ingress {
				if status.LoadBalancer.Ingress[i].IP != report.Status.Ingress[i].IP || status.LoadBalancer.Ingress[i].Hostname != report.Status.Ingress[i].Hostname {
					t.Errorf("status %+v has become %+v", status, report.Status)
				}
			}
			for _, c := range theirs.cloud.Calls.All() {
				if c.Mutating {
					t.Errorf("took over with %s %s", c.Operation, c.Body)
				}
			}
			ours := newWorld(t, worldOptions{nodes: 2, config: v.config})
			again := service("web", v.edits...)
			ours.settle(again)
			if made := ours.state(); made != left {
				t.Errorf("we make something else than upstream:%s", convergence.Differences(made, left))
			}
			if !slices.Equal(slices.Sorted(maps.Keys(again.Annotations)), slices.Sorted(maps.Keys(s.Annotations))) {
				t.Errorf("we leave annotations %v, upstream %v", again.Annotations, s.Annotations)
			}
			theirs.start()
			theirs.removeAll(s)
			if after := theirs.state(); after != empty && !strings.HasPrefix(name, "kept floating IP") {
				t.Errorf("left behind:%s", convergence.Differences(after, empty))
			}
		})
	}
}

// TestTakeOverMany reads many of upstream's load balancers at once, beside some of others.
func TestTakeOverMany(t *testing.T) {
	w := newWorld(t, worldOptions{nodes: 2, config: "create-monitor=true"})
	var inputs []provider.LoadBalancerInput
	for i := range 8 {
		s := service("web"+string(rune('a'+i)), ports(tcp(80, int32(30080+i)), udp(53, int32(31080+i))))
		w.predecessor(false, "create-monitor=true", s).ensure()
		inputs = append(inputs, w.input(s))
	}
	w.cloud.Calls.Reset()
	found, err := w.lb.Observe(t.Context(), inputs)
	if err != nil {
		t.Fatal(err)
	}
	for i, in := range inputs {
		wanted, err := w.lb.Build(in)
		if err != nil {
			t.Fatal(err)
		}
		if changes, err := w.lb.Diff(wanted, found[i]); err != nil || len(changes) > 0 {
			t.Errorf("%s: %v, %v", in.Service.Name, changes, err)
		}
	}
	if n := w.cloud.Calls.Counts()["octavia:ListLoadBalancers"] + w.cloud.Calls.Counts()["octavia:ShowLoadBalancer"]; n != 1 {
		t.Errorf("load balancers were read with %d calls", n)
	}
}

// TestTakeOverFromInTree: what the in-tree provider left is kept, gets our tags, and goes with its Service.
// What upstream's own program would change of it on its first pass is in testdata.
func TestTakeOverFromInTree(t *testing.T) {
	two := ports(tcp(80, 30080), tcp(443, 30443))
	for name, v := range map[string]variant{
		"plain":             of(),
		"internal":          of(internal),
		"two-ports":         of(two),
		"affinity":          of(affinity),
		"monitors":          of(two).with("create-monitor=true"),
		"security-groups":   of(two).with("manage-security-groups=true"),
		"internal-monitors": of(internal).with("create-monitor=true"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, worldOptions{nodes: 2, config: v.config})
			empty := w.state()
			s := service("web", v.edits...)
			w.predecessor(true, v.config, s).ensure()
			changes, _, _, err := w.plan(s)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name, s, changes)
			address := s.Status.LoadBalancer.Ingress[0].IP
			w.settle(s)
			if s.Status.LoadBalancer.Ingress[0].IP != address {
				t.Errorf("the address %s has become %+v", address, s.Status)
			}
			w.start()
			w.nothingToDo(s, "after a restart")
			w.removeAll(s)
			after := w.state()
			if _, is := s.Annotations[internalKey]; !is { // the floating IP cannot be known for ours: it stays, detached
				if f := w.floating(); len(f) != 1 || f[0].PortID != nil {
					t.Errorf("floating IPs %+v", f)
				}
				after = withoutLines(after, "floating IP")
			}
			if after != empty {
				t.Errorf("left behind:%s", convergence.Differences(after, empty))
			}
		})
	}
}

// withoutLines leaves out objects of a kind, and ports of floating IPs.
func withoutLines(state, kind string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(state, "\n"), func(l string) bool { return strings.HasPrefix(l, kind) || strings.Contains(l, "network:floatingip") }), "\n")
}

// golden compares a plan with a file, in which IDs are left out.
func golden(t *testing.T, name string, s *v1.Service, changes []plan.Change) {
	t.Helper()
	for i := range changes {
		changes[i].Object.ID = ""
	}
	var b bytes.Buffer
	if err := plan.Print(&b, []*plan.Plan{provider.ServicePlan(s, changes)}); err != nil {
		t.Fatal(err)
	}
	file := "testdata/in-tree-" + name + ".txt"
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("%s is not what is planned; run the test with -update:\n%s", file, b.String())
	}
}
