// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package monitoring

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

// others are metrics of the libraries that dashboard and rules may use.
var others = []string{"leader_election_master_status", "workqueue_depth"}

func known(t *testing.T) []string {
	t.Helper()
	all, err := Metrics("../../common")
	if err != nil {
		t.Fatal(err)
	}
	names := slices.Clone(others)
	for _, m := range all {
		names = append(names, m.Name)
		if m.Type == "histogram" {
			names = append(names, m.Name+"_bucket", m.Name+"_sum", m.Name+"_count")
		}
	}
	return names
}

// check parses an expression and looks its metrics up.
func check(t *testing.T, where, expr string, names []string) {
	t.Helper()
	parsed, err := parser.ParseExpr(expr)
	if err != nil {
		t.Errorf("%s: %v", where, err)
		return
	}
	parser.Inspect(parsed, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok && !slices.Contains(names, s.Name) {
			t.Errorf("%s: no code declares the metric %q", where, s.Name)
		}
		return nil
	})
}

func TestAlertsParseAndTheirMetricsExist(t *testing.T) {
	content, err := os.ReadFile("../../docs/monitoring/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	groups, errs := rulefmt.Parse(content, false, model.UTF8Validation)
	for _, err := range errs {
		t.Error(err)
	}
	names := known(t)
	for _, g := range groups.Groups {
		for _, r := range g.Rules {
			check(t, r.Alert, r.Expr, names)
			if r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
				t.Errorf("%s has no summary or description", r.Alert)
			}
		}
	}
}

func TestTheDashboardParsesAndItsMetricsExist(t *testing.T) {
	content, err := os.ReadFile("../../docs/monitoring/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(content, &dashboard); err != nil {
		t.Fatal(err)
	}
	if len(dashboard.Panels) == 0 {
		t.Fatal("no panels")
	}
	names := known(t)
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			check(t, p.Title, strings.ReplaceAll(target.Expr, "$__rate_interval", "5m"), names)
		}
	}
}

func TestTheReferencePageIsUpToDate(t *testing.T) {
	all, err := Metrics("../../common")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if m.Name == "" || m.Help == "" {
			t.Errorf("a metric without name or help: %+v", m)
		}
	}
	page, err := os.ReadFile("../../docs/monitoring/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(page) != Page(all) {
		t.Error("docs/monitoring/metrics.md is not up to date; run make generate")
	}
}
