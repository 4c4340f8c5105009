// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package appparity holds common/app to the stock manager of k8s.io/cloud-provider, which it does not
// link: same flags, defaults, groups and feature gates. It also bounds what a binary links.
package appparity

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	cloudprovider "k8s.io/cloud-provider"
	stockapp "k8s.io/cloud-provider/app"
	stockconfig "k8s.io/cloud-provider/app/config"
	"k8s.io/cloud-provider/names"
	stockoptions "k8s.io/cloud-provider/options"
	cliflag "k8s.io/component-base/cli/flag"

	"sigs.k8s.io/cloud-providers/common/app"
)

// ourFlags is every flag that the stock manager does not have, and its group.
var ourFlags = map[string]string{
	"capabilities":                    "Extensions flags:",
	"config":                          "Extensions flags:",
	"dry-run":                         "Extensions flags:",
	"dry-run-output":                  "Extensions flags:",
	"node-initialization-concurrency": "Extensions flags:",
	"shutdown-timeout":                "Extensions flags:",
}

func stockCommand(t *testing.T) *cobra.Command {
	t.Helper()
	options, err := stockoptions.NewCloudControllerManagerOptions()
	if err != nil {
		t.Fatal(err)
	}
	never := func(*stockconfig.CompletedConfig) cloudprovider.Interface { panic("not reached") }
	return stockapp.NewCloudControllerManagerCommand(options, never, stockapp.DefaultInitFuncConstructors,
		names.CCMControllerAliases(), cliflag.NamedFlagSets{}, nil)
}

// ourCommand has controllers of the stock names.
func ourCommand() *cobra.Command {
	var controllers []app.Controller
	for name := range stockapp.DefaultInitFuncConstructors {
		controllers = append(controllers, app.Controller{Name: name})
	}
	return app.NewCommand(app.Program{
		Name: "cloud-controller-manager", ProviderName: "sample", NewCloud: newNothing, Controllers: controllers,
	})
}

// TestFlags compares every flag.
func TestFlags(t *testing.T) {
	stock, ours := describe(stockCommand(t)), describe(ourCommand())
	for _, name := range slices.Sorted(maps.Keys(stock)) {
		got, ok := ours[name]
		switch {
		case !ok:
			t.Errorf("--%s of the stock manager is missing", name)
		case got != stock[name]:
			t.Errorf("--%s differs:\n ours  %+v\n stock %+v", name, got, stock[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		if _, ok := stock[name]; ok {
			continue
		}
		group, listed := ourFlags[name]
		if !listed {
			t.Errorf("--%s is not a flag of the stock manager and not listed as one of ours", name)
		} else if ours[name].Group != group {
			t.Errorf("--%s is in the group %q, want %q", name, ours[name].Group, group)
		}
	}
	for name := range ourFlags {
		if _, ok := ours[name]; !ok {
			t.Errorf("--%s is listed as ours and does not exist", name)
		}
	}
}

// flagFacts is what must not differ. Usage texts may.
type flagFacts struct {
	Type, Default, NoOptDefault, Shorthand, Deprecated, Group string
	Hidden                                                    bool
}

func describe(cmd *cobra.Command) map[string]flagFacts {
	facts := map[string]flagFacts{}
	groups := usageGroups(cmd)
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		d := f.DefValue
		if f.Name == "feature-gates" { // compared one by one
			d = ""
		}
		facts[f.Name] = flagFacts{f.Value.Type(), d, f.NoOptDefVal, f.Shorthand, f.Deprecated, groups[f.Name], f.Hidden}
	})
	return facts
}

// usageGroups reads from --help under which heading each flag stands; hidden flags stand nowhere.
func usageGroups(cmd *cobra.Command) map[string]string {
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.HelpFunc()(cmd, nil)
	groups := map[string]string{}
	heading := ""
	for line := range strings.Lines(out.String()) {
		switch {
		case strings.HasSuffix(line, "flags:\n"):
			heading = strings.TrimSpace(line)
		case strings.Contains(line, "--"):
			_, rest, _ := strings.Cut(line, "--")
			if words := strings.FieldsFunc(rest, func(r rune) bool { return r == ' ' || r == '\n' || r == '[' }); len(words) > 0 && strings.HasPrefix(strings.TrimSpace(line), "-") {
				groups[words[0]] = heading
			}
		}
	}
	return groups
}

// TestFeatureGates compares the gates that --feature-gates lists, with stage and default.
func TestFeatureGates(t *testing.T) {
	stock, ours := gates(t, stockCommand(t)), gates(t, ourCommand())
	for _, line := range slices.Sorted(maps.Keys(stock)) {
		if !ours[line] {
			t.Errorf("gate of the stock manager is missing or differs: %s", line)
		}
	}
	for _, line := range slices.Sorted(maps.Keys(ours)) {
		if !stock[line] {
			t.Errorf("gate is not one of the stock manager's, or differs: %s", line)
		}
	}
}

func gates(t *testing.T, cmd *cobra.Command) map[string]bool {
	t.Helper()
	f := cmd.Flags().Lookup("feature-gates")
	if f == nil {
		t.Fatal("there is no --feature-gates")
	}
	lines := map[string]bool{}
	for line := range strings.Lines(f.Usage) {
		if strings.Contains(line, "=true|false") {
			lines[strings.TrimSpace(line)] = true
		}
	}
	if len(lines) < 40 {
		t.Fatalf("only %d gates: has the form of the help text changed?\n%s", len(lines), f.Usage)
	}
	return lines
}

// TestLockedGates sets each gate both ways: what the stock manager refuses, ours refuses.
func TestLockedGates(t *testing.T) {
	for line := range gates(t, stockCommand(t)) {
		name, _, _ := strings.Cut(line, "=")
		if strings.HasPrefix(name, "All") {
			continue
		}
		for _, value := range []bool{true, false} {
			set := fmt.Sprintf("%s=%v", name, value)
			ours := ourCommand().Flags().Set("feature-gates", set)
			if ours != nil && !strings.Contains(ours.Error(), "cannot set feature gate") {
				t.Errorf("%s: %v", set, ours)
			}
		}
	}
}
