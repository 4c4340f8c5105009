// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/cloud-providers/common/provider"
)

func TestLabelOf(t *testing.T) {
	for in, want := range map[string]string{
		"nova": "nova", "nova zone 1": "nova-zone-1", "  az/1 ": "az-1", "": "", "   ": "", "a__b..c": "a__b..c", "é": "",
		strings.Repeat("a", 62) + ".b": strings.Repeat("a", 62), strings.Repeat("x", 70): strings.Repeat("x", 63),
	} {
		if got := labelOf(in); got != want || !isLabel(got) {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestPatterns(t *testing.T) {
	for _, test := range []struct{ names, expressions []string }{
		{nil, nil},
		{[]string{"a.b"}, []string{`^a\.b$`}},
		{[]string{"a", "b", "c"}, []string{"^a$", "^b$", "^c$"}},
		{[]string{"node-1.x", "node-2.x", "node-3.x", "node-1y"}, []string{"^node-.{2,3}$"}},
		{[]string{"n.1", "n.2", "n.3", "n.4"}, []string{`^n\..{1,1}$`}},
		{[]string{"a", "b", "c", "d"}, []string{"^.{1,1}$"}},
		{[]string{"a1.x", "a.x", "a22.x", "aa.x"}, []string{`^a.{0,2}\.x$`}},
		{[]string{"aa", "aaa", "aaaa", "aaaaa"}, []string{"^aa.{0,3}$"}},
	} {
		var got []string
		asked := 0
		for _, p := range patterns(test.names) {
			got = append(got, p.expression)
			for _, name := range p.names {
				if asked++; !regexp.MustCompile(p.expression).MatchString(name) {
					t.Errorf("%q does not match %s", p.expression, name)
				}
			}
			if strings.Contains(p.expression, "|") {
				t.Errorf("%q has alternatives, which Nova does not know", p.expression)
			}
		}
		if !slices.Equal(got, test.expressions) || asked != len(test.names) {
			t.Errorf("%v: %q for %d of them", test.names, got, asked)
		}
	}
}

func TestWorthListing(t *testing.T) {
	for _, test := range []struct {
		what                 string
		calls, wanted, known int
		pages                int
	}{
		{"one server", 1, 1, 0, 0},
		{"one server of a small project", 1, 1, 20, 0},
		{"a few of a project of unknown size: one page tells", 3, 3, 0, 1},
		{"a few of a small project", 5, 5, 100, 2},
		{"a few of a large one", 5, 5, 900, 0},
		{"a cluster that is the project", 1000, 1000, 1000, 3},
		{"a large cluster that is the project", 5000, 5000, 0, 238},
		{"a cluster in a project that is much larger", 100, 100, 20000, 0},
		{"names that fit into one expression", 1, 200, 200, 0},
	} {
		if got := worthListing(test.calls, test.wanted, test.known); got != test.pages {
			t.Errorf("%s: %d pages, want %d", test.what, got, test.pages)
		}
	}
}

func ref(providerID, name string) provider.InstanceRef {
	return provider.InstanceRef{ProviderID: providerID, NodeName: name}
}

func foundWith(servers ...server) result {
	f := newFound()
	f.add(servers)
	return result{found: f}
}

func TestSettle(t *testing.T) {
	down := result{err: errors.New("nova is down")}
	absent := foundWith()
	absent.found.absent["a"] = true
	failing := foundWith()
	failing.found.failed["a"] = errors.New("500")
	one, two := []string{"R1"}, []string{"R1", "R2"}
	tests := []struct {
		name     string
		ref      provider.InstanceRef
		regional bool
		regions  []string
		results  []result
		want     string // the server and its region, or the state
	}{
		{"by ID", ref("openstack:///a", "n"), false, one, []result{foundWith(server{ID: "a"})}, "a R1"},
		{"by ID with the region", ref("openstack://R1/a", "n"), false, one, []result{foundWith(server{ID: "a"})}, "a R1"},
		{"by ID in the second region", ref("openstack://R2/a", "n"), false, two, []result{foundWith(), foundWith(server{ID: "a"})}, "a R2"},
		{"Nova says that there is none", ref("openstack:///a", "n"), false, one, []result{absent}, "not_found"},
		{"it is only missing in a list", ref("openstack:///a", "n"), false, one, []result{foundWith(server{ID: "b"})}, "unknown"},
		{"the question failed", ref("openstack:///a", "n"), false, one, []result{failing}, "unknown"},
		{"the region of the ID failed", ref("openstack://R2/a", "n"), false, two, []result{foundWith(server{ID: "a"}), down}, "unknown"},
		{"another region failed", ref("openstack://R1/a", "n"), false, two, []result{foundWith(server{ID: "a"}), down}, "a R1"},
		{"deleted, and still shown", ref("openstack:///a", "n"), false, one, []result{foundWith(server{ID: "a", Status: "SOFT_DELETED"})}, "not_found"},
		{"in a cell that cannot be reached", ref("openstack:///a", "n"), false, one, []result{foundWith(server{ID: "a", Status: "UNKNOWN"})}, "unknown"},
		{"another region's, alone", ref("openstack://R2/a", "n"), false, one, []result{foundWith()}, "unknown"},
		{"another region's, which has a manager of its own", ref("openstack://R2/a", "n"), true, one, []result{foundWith()}, "foreign"},
		{"another region's, beside several", ref("openstack://R3/a", "n"), false, two, []result{foundWith(), foundWith()}, "foreign"},
		{"another provider's", ref("aws:///z/i-1", "n"), false, one, []result{foundWith()}, "foreign"},
		{"no provider ID at all", ref("openstack://a", "n"), false, one, []result{foundWith()}, "unknown"},
		{"by name", ref("", "n"), false, one, []result{foundWith(server{ID: "a", Name: "n"})}, "a R1"},
		{"by name in another case", ref("", "n-1"), false, one, []result{foundWith(server{ID: "a", Name: "N-1"})}, "a R1"},
		{"the exact name counts more", ref("", "n"), false, one, []result{foundWith(server{ID: "a", Name: "N"}, server{ID: "b", Name: "n"})}, "b R1"},
		{"two of one name", ref("", "n"), false, one, []result{foundWith(server{ID: "a", Name: "n"}, server{ID: "b", Name: "n"})}, "unknown"},
		{"two of one name, one of them deleted", ref("", "n"), false, one, []result{foundWith(server{ID: "a", Name: "n", Status: "SOFT_DELETED"}, server{ID: "b", Name: "n"})}, "b R1"},
		{"two of one name in two regions", ref("", "n"), false, two, []result{foundWith(server{ID: "a", Name: "n"}), foundWith(server{ID: "b", Name: "n"})}, "unknown"},
		{"no name", ref("", "n"), false, one, []result{foundWith(server{ID: "a", Name: "m"})}, "not_found"},
		{"no name, with other managers around", ref("", "n"), true, one, []result{foundWith()}, "unknown"},
		{"no name in one region, no answer in the other", ref("", "n"), false, two, []result{foundWith(), down}, "unknown"},
		{"the name in one region, no answer in the other", ref("", "n"), false, two, []result{foundWith(server{ID: "a", Name: "n"}), down}, "a R1"},
		{"no name, and servers without a name", ref("", "n"), false, one, []result{foundWith(server{ID: "a", Status: "UNKNOWN"})}, "unknown"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := Options{Regional: test.regional}
			in, s, answer := o.settle(o.parse(test.ref, test.regions), test.results, test.regions)
			got := ""
			if answer != nil {
				got = answer.State.String()
				if (answer.State == provider.InstanceUnknown) != (answer.Err != nil) {
					t.Errorf("state %s with error %v", got, answer.Err)
				}
			} else {
				got = s.ID + " " + test.regions[in]
			}
			if got != test.want {
				t.Errorf("%s, want %s (%v)", got, test.want, answer)
			}
		})
	}
}

func TestPower(t *testing.T) {
	for status, want := range map[string]provider.PowerState{
		"SHUTOFF": provider.PowerStopped, "ACTIVE": provider.PowerRunning, "SHELVED_OFFLOADED": provider.PowerUnknown,
		"PAUSED": provider.PowerUnknown, "SUSPENDED": provider.PowerUnknown, "ERROR": provider.PowerUnknown, "BUILD": provider.PowerUnknown,
	} {
		if got := (&server{Status: status}).power(); got != want {
			t.Errorf("%s: %d, want %d", status, got, want)
		}
	}
}
