// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"slices"
	"strings"
	"testing"

	cmconfig "k8s.io/controller-manager/config"
	migrationconfig "k8s.io/controller-manager/pkg/leadermigration/config"
)

var stockLike = []Controller{
	{Name: "cloud-node-controller", Aliases: []string{"cloud-node"}, ClientName: "node-controller"},
	{Name: "cloud-node-lifecycle-controller", Aliases: []string{"cloud-node-lifecycle"}, ClientName: "node-controller"},
	{Name: "node-route-controller", Aliases: []string{"route"}, ClientName: "route-controller"},
	{Name: "service-lb-controller", Aliases: []string{"service"}, ClientName: "service-controller"},
}

func TestEnabled(t *testing.T) {
	for _, c := range []struct {
		why     string
		entries string
		off     bool // disabled by default
		want    bool
	}{
		{"* is all that are on by default", "*", false, true},
		{"* is not what is off by default", "*", true, false},
		{"a name switches on what is off by default", "*,service-lb-controller", true, true},
		{"-name beats * wherever it stands", "-service-lb-controller,*", false, false},
		{"-name beats * wherever it stands", "*,-service-lb-controller", false, false},
		{"of name and -name the first wins", "service-lb-controller,-service-lb-controller", false, true},
		{"of -name and name the first wins", "-service-lb-controller,service-lb-controller", false, false},
		{"without * what is not named is off", "node-route-controller", false, false},
		{"nothing at all is off", "", false, false},
	} {
		if got := enabled("service-lb-controller", c.off, strings.Split(c.entries, ",")); got != c.want {
			t.Errorf("%s: --controllers=%s: got %v", c.why, c.entries, got)
		}
	}
}

func TestCanonical(t *testing.T) {
	got, errs := canonical(stockLike, []string{"*", "-route", "service", "cloud-node-controller"})
	want := []string{"*", "-node-route-controller", "service-lb-controller", "cloud-node-controller"}
	if len(errs) > 0 || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, errs, want)
	}
	_, errs = canonical(stockLike, []string{"-foo", "bar"})
	if len(errs) != 2 || !strings.Contains(errs[0].Error(), `"foo" is not in the list of known controllers`) {
		t.Errorf("unknown names: got %v", errs)
	}
}

func TestPlace(t *testing.T) {
	leaders := func(pairs ...string) cmconfig.LeaderMigrationConfiguration {
		var c cmconfig.LeaderMigrationConfiguration
		for i := 0; i < len(pairs); i += 2 {
			c.ControllerLeaders = append(c.ControllerLeaders, cmconfig.ControllerLeaderConfiguration{Name: pairs[i], Component: pairs[i+1]})
		}
		return c
	}
	for _, c := range []struct {
		why     string
		config  cmconfig.LeaderMigrationConfiguration
		want    map[string]placement
		problem string
	}{
		{why: "the default's historical names count", config: *migrationconfig.DefaultLeaderMigrationConfiguration(),
			want: map[string]placement{"cloud-node-controller": placedMain, "cloud-node-lifecycle-controller": placedMigration,
				"node-route-controller": placedMigration, "service-lb-controller": placedMigration}},
		{why: "canonical names and aliases", config: leaders("service-lb-controller", cloudComponent, "route", "kube-controller-manager"),
			want: map[string]placement{"cloud-node-controller": placedMain, "cloud-node-lifecycle-controller": placedMain,
				"node-route-controller": placedElsewhere, "service-lb-controller": placedMigration}},
		{why: "node-controller is both node controllers", config: leaders("node-controller", "*"),
			want: map[string]placement{"cloud-node-controller": placedMigration, "cloud-node-lifecycle-controller": placedMigration,
				"node-route-controller": placedMain, "service-lb-controller": placedMain}},
		{why: "a controller of another component is known", config: leaders("node-ipam-controller", "kube-controller-manager"),
			want: map[string]placement{"cloud-node-controller": placedMain, "cloud-node-lifecycle-controller": placedMain,
				"node-route-controller": placedMain, "service-lb-controller": placedMain}},
		{why: "unknown names are refused", config: leaders("servise-controller", "*"), problem: `"servise-controller" is not a controller`},
		{why: "contradictions are refused", config: leaders("service", cloudComponent, "service-controller", "kube-controller-manager"), problem: "gives service-lb-controller to"},
	} {
		t.Run(c.why, func(t *testing.T) {
			got, err := place(c.config, cloudComponent, stockLike)
			if c.problem != "" {
				if err == nil || !strings.Contains(err.Error(), c.problem) {
					t.Fatalf("got error %v, want %q", err, c.problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range c.want {
				if got[name] != want {
					t.Errorf("%s: got %s, want %s", name, got[name], want)
				}
			}
		})
	}
}
