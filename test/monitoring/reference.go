// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package monitoring makes the reference page of metrics from the code, and checks dashboard and alert
// rules against it.
package monitoring

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Metric is one metric that our code declares.
type Metric struct {
	Name, Type, Help string
	Labels           []string
}

// Metrics finds all declarations of component-base metrics below a directory, sorted by name.
func Metrics(dir string) ([]Metric, error) {
	var all []Metric
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return fmt.Errorf("parse %s: %w", path, err)
		}
		all = append(all, inFile(file)...)
		return nil
	})
	slices.SortFunc(all, func(a, b Metric) int { return cmp.Compare(a.Name, b.Name) })
	return all, err
}

// inFile finds calls like metrics.NewCounterVec(&metrics.CounterOpts{…}, []string{…}). Constants for the
// parts of names are those of the same file.
func inFile(file *ast.File) []Metric {
	constants := stringConstants(file)
	var found []Metric
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		kind, ok := constructor(call.Fun)
		if !ok {
			return true
		}
		address, ok := call.Args[0].(*ast.UnaryExpr)
		if !ok {
			return true
		}
		options, ok := address.X.(*ast.CompositeLit)
		if !ok {
			return true
		}
		fields := map[string]string{}
		for _, e := range options.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				fields[fmt.Sprint(kv.Key)] = text(kv.Value, constants)
			}
		}
		m := Metric{Name: joined(fields["Namespace"], fields["Subsystem"], fields["Name"]), Type: kind, Help: fields["Help"]}
		if len(call.Args) > 1 {
			if list, ok := call.Args[1].(*ast.CompositeLit); ok {
				for _, e := range list.Elts {
					m.Labels = append(m.Labels, text(e, constants))
				}
			}
		}
		found = append(found, m)
		return true
	})
	return found
}

func constructor(fun ast.Expr) (string, bool) {
	selector, ok := fun.(*ast.SelectorExpr)
	if !ok {
		return "", false
	}
	if x, ok := selector.X.(*ast.Ident); !ok || x.Name != "metrics" {
		return "", false
	}
	kind, ok := strings.CutPrefix(strings.TrimSuffix(selector.Sel.Name, "Vec"), "New")
	return strings.ToLower(kind), ok
}

func stringConstants(file *ast.File) map[string]string {
	constants := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for i, name := range spec.Names {
			if i < len(spec.Values) {
				if s := text(spec.Values[i], nil); s != "" {
					constants[name.Name] = s
				}
			}
		}
		return true
	})
	return constants
}

func text(e ast.Expr, constants map[string]string) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if s, err := strconv.Unquote(e.Value); err == nil {
			return s
		}
	case *ast.Ident:
		return constants[e.Name]
	case *ast.BinaryExpr:
		return text(e.X, constants) + text(e.Y, constants)
	}
	return ""
}

func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "_")
}

// Page is the reference page.
func Page(all []Metric) string {
	var b strings.Builder
	b.WriteString("# Metrics\n\n<!-- Written by `make generate`; change the declarations in common/ instead. -->\n\n" +
		"The metrics that the shared code declares, on `/metrics`. Beside them are those of client-go (`rest_client_*`,\n" +
		"`workqueue_*`, `leader_election_*`), component-base (`kubernetes_build_info`, `running_managed_controllers`; on\n" +
		"`/metrics/slis` `kubernetes_healthcheck*`), Go and the process.\n\n" +
		"| metric | type | labels | meaning |\n| --- | --- | --- | --- |\n")
	for _, m := range all {
		labels := ""
		if len(m.Labels) > 0 {
			labels = "`" + strings.Join(m.Labels, "`, `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.Name, m.Type, labels, m.Help)
	}
	return b.String()
}
