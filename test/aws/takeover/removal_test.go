// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package takeover

import (
	"slices"
	"strings"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/elb"
)

// TestRemovalLeavesWhatWasThereBefore deletes all Services, in both orders, right after the swap and after a
// first sync, or turned into something else. What is left is the state before upstream began: nothing of a load balancer's, all of the
// operator's.
func TestRemovalLeavesWhatWasThereBefore(t *testing.T) {
	eachFixture(t, func(t *testing.T, name string, f fixture) {
		if f.kept {
			t.Skip("has a test of its own")
		}
		want := whole(t, made(t, f).before)
		for _, way := range []struct {
			name                                 string
			synced, backward, withoutAnnotations bool
		}{
			{name: "at once"}, {name: "after a sync", synced: true}, {name: "backwards", backward: true}, {name: "backwards after a sync", synced: true, backward: true},
			{name: "as ClusterIP without annotations", withoutAnnotations: true},
		} {
			l := load(t, name)
			if way.backward {
				slices.Reverse(l.Services)
			}
			o := newOurs(t, l.cloud, l.Config, l.Nodes, l.Services...)
			for _, s := range l.Services {
				if way.synced {
					o.settle(s, false)
				}
				if way.withoutAnnotations { // 15.4: the kind is not trusted
					s.Spec.Type, s.Annotations = v1.ServiceTypeClusterIP, nil
				}
			}
			for _, s := range l.Services {
				if err := o.removeAll(s); err != nil {
					t.Fatalf("%s: %v", way.name, err)
				}
			}
			if got := whole(t, l.cloud.State()); got != want {
				t.Errorf("%s:%s", way.name, differences(got, want))
			}
		}
	})
}

// TestRemovalOfOneOfSeveral deletes one Service. What is left is what upstream makes for the others alone,
// who then find nothing to repair.
func TestRemovalOfOneOfSeveral(t *testing.T) {
	eachFixture(t, func(t *testing.T, name string, f fixture) {
		if len(f.services) < 2 {
			t.Skip("there is only one")
		}
		for i := range f.services {
			l := load(t, name)
			o := newOurs(t, l.cloud, l.Config, l.Nodes, l.Services...)
			gone := l.Services[i]
			if err := o.removeAll(gone); err != nil {
				t.Fatal(err)
			}
			others := slices.Delete(slices.Clone(l.Services), i, i+1)
			if p := o.plans(others...); !empty(p) {
				t.Errorf("without %s others have to be repaired:\n%s", gone.Name, printed(t, p))
			}
			f := f
			f.services = slices.Delete(slices.Clone(f.services), i, i+1)
			if got, want := fields(t, l.cloud.State()), fields(t, made(t, f).cloud.State()); got != want {
				t.Errorf("without %s:%s", gone.Name, differences(got, want))
			}
		}
	})
}

// TestDeathWhileRemoving lets the process die at each change of a deletion, before it and after it.
func TestDeathWhileRemoving(t *testing.T) {
	all := fixtures()
	for _, name := range []string{
		"classic-plain", "classic-tls", "classic-extra-groups", "classic-elb-security-group", "classic-untagged-node-group", "nlb-local-ranges", "nlb-several-zones", "nlb-managed",
		"nlb-untagged-node-group", "nlb-elastic-addresses", "nlb-shared-health-rules", "nlb-and-classic", "intree-classic-plain", "intree-nlb-ranges", "intree-nlb-bare-target-groups",
	} {
		t.Run(name, func(t *testing.T) {
			want := whole(t, made(t, all[name]).before)
			for cutAt := 1; ; cutAt++ {
				deaths := 0
				for _, after := range []bool{false, true} {
					l := load(t, name)
					l.cloud.ELB.SetTiming(elb.Timing{Linger: 15 * time.Second})
					o := newOurs(t, l.cloud, l.Config, l.Nodes, l.Services...)
					for _, s := range l.Services {
						o.wire.cutAt, o.wire.after = cutAt, after
						if err := o.removeAll(s); err != nil {
							t.Fatalf("died at change %d (after it: %t): %v", cutAt, after, err)
						}
					}
					deaths += o.deaths
					l.cloud.Clock.Advance(time.Minute)
					if got := whole(t, l.cloud.State()); got != want {
						t.Fatalf("died at change %d (after it: %t):%s", cutAt, after, differences(got, want))
					}
				}
				if deaths == 0 {
					return
				}
			}
		})
	}
}

// TestOperatorsRuleKeepsTheGroup: an operator's rule that names a group of ours is not ours to delete (13.6),
// and as long as it is there AWS keeps the group. The user is told which rule it is.
func TestOperatorsRuleKeepsTheGroup(t *testing.T) {
	l := load(t, "changed-classic-manual-node-rule")
	o := newOurs(t, l.cloud, l.Config, l.Nodes, l.Services...)
	s := l.Services[0]
	err := o.removeAll(s)
	if !provider.IsUserError(err) || !strings.Contains(err.Error(), "nodes-vpc-") {
		t.Errorf("%v", err)
	}
	g := &ground{t: t, cloud: l.cloud}
	g.revoke(g.groupID("nodes-vpc-"), fromGroup("tcp", 443, g.groupID("k8s-elb-")))
	o.start() // which forgets what it read of security groups
	if err := o.removeAll(s); err != nil {
		t.Fatal(err)
	}
	if got, want := whole(t, l.cloud.State()), whole(t, made(t, fixtures()["classic-plain"]).before); got != want {
		t.Errorf("left behind:%s", differences(got, want))
	}
}

// TestGroupWithoutTagStays: a security group without the cluster's tag is not deleted (13.6), but our rule in
// the nodes' group is.
func TestGroupWithoutTagStays(t *testing.T) {
	l := load(t, "intree-classic-untagged-group")
	o := newOurs(t, l.cloud, l.Config, l.Nodes, l.Services...)
	if err := o.removeAll(l.Services[0]); err != nil {
		t.Fatal(err)
	}
	want := whole(t, made(t, fixtures()["intree-classic-plain"]).before)
	for _, line := range strings.Split(differences(whole(t, l.cloud.State()), want), "\n") {
		if strings.Contains(line, "groupID") {
			t.Errorf("a rule of the nodes' group stayed: %s", line)
		}
	}
}

// TestBrokenServiceKeepsItsRules: two Services share rules for health checks, one of them was edited so that it
// cannot be built, and the other is deleted. The rules stay (13.4): the load balancer of the broken Service
// serves on.
func TestBrokenServiceKeepsItsRules(t *testing.T) {
	l := load(t, "nlb-shared-health-rules")
	first, second := l.Services[0], l.Services[1]
	second.Annotations[prefix+"healthcheck-interval"] = "soon"
	o := newOurs(t, l.cloud, l.Config, l.Nodes, first, second)
	if err := o.removeAll(first); err != nil {
		t.Fatal(err)
	}
	rules := 0
	for _, line := range strings.Split(fields(t, l.cloud.State()), "\n") {
		if strings.Contains(line, `"from":10256`) {
			rules++
		}
	}
	if rules != 2 {
		t.Errorf("%d of 2 rules for health checks are left, and targets of %s become unhealthy", rules, second.Name)
	}
}
