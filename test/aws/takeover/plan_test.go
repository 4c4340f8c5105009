// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package takeover

import "testing"

// TestFirstPlan has our provider look at what upstream left. It wants to change nothing, whether it looks at
// all Services together, as at its start, or at each; or just what is wrong there.
func TestFirstPlan(t *testing.T) {
	eachFixture(t, func(t *testing.T, name string, f fixture) {
		l := load(t, name)
		together := newOurs(t, l.cloud, l.Config, l.Nodes, l.Services...).plans(l.Services...)
		text := printed(t, together)
		switch {
		case f.why != "":
			if empty(together) {
				t.Errorf("nothing to do, although %s", f.why)
			}
			golden(t, path(name, ".plan"), "# "+f.why+"\n"+text)
		case !empty(together):
			t.Errorf("the first plan is not empty:\n%s", text)
		}
		alone := newOurs(t, l.cloud, l.Config, l.Nodes, l.Services...)
		var each []string
		for _, s := range l.Services {
			each = append(each, printed(t, alone.plans(s)))
		}
		if len(each) == 1 && each[0] != text {
			t.Errorf("alone, the plan is another one:%s", differences(each[0], text))
		}
		for _, p := range each {
			if f.why == "" && p != "Nothing to do: 1 objects are as wanted.\n" {
				t.Errorf("alone, the first plan is not empty:\n%s", p)
			}
		}
	})
}

// TestPlanIsCarriedOut makes the changes of the first plan, after which nothing is left to do.
func TestPlanIsCarriedOut(t *testing.T) {
	eachFixture(t, func(t *testing.T, name string, f fixture) {
		if f.why == "" {
			t.Skip("nothing to do")
		}
		l := load(t, name)
		o := newOurs(t, l.cloud, l.Config, l.Nodes, l.Services...)
		for _, s := range l.Services {
			o.settle(s, false)
		}
		o.start()
		if p := o.plans(l.Services...); !empty(p) {
			t.Errorf("a new process wants more:\n%s", printed(t, p))
		}
	})
}

// TestHostnameStays has our provider publish what upstream published.
func TestHostnameStays(t *testing.T) {
	eachFixture(t, func(t *testing.T, name string, _ fixture) {
		l := load(t, name)
		o := newOurs(t, l.cloud, l.Config, l.Nodes, l.Services...)
		for _, s := range l.Services {
			before := s.Status.LoadBalancer.Ingress[0]
			if _, err := o.ensure(s, false); err != nil {
				t.Fatal(err)
			}
			if after := s.Status.LoadBalancer.Ingress; len(after) != 1 || after[0].Hostname != before.Hostname || after[0].IP != "" {
				t.Errorf("%s: %+v after %+v", s.Name, after, before)
			}
		}
	})
}
