// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write golden files and the charts' READMEs anew")

type object = map[string]any

// suite is a chart with its golden files.
type suite struct {
	dir      string
	testdata string // one directory for each case
	deploy   string // the manifests for those who have no Helm
}

var suites = map[string]suite{"aws": aws, "openstack": openstack}

// each runs a test for each chart.
func each(t *testing.T, test func(t *testing.T, s suite)) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(suites)) {
		t.Run(name, func(t *testing.T) { test(t, suites[name]) })
	}
}

func (s suite) load(t *testing.T) *chart.Chart {
	t.Helper()
	c, err := Load(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (s suite) render(t *testing.T, text string) Rendered {
	t.Helper()
	r, err := Render(s.load(t), values(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (s suite) objects(t *testing.T, text string) map[string]object {
	t.Helper()
	return objects(t, s.render(t, text).Manifests)
}

// refused renders values, and returns what is said against them.
func (s suite) refused(t *testing.T, text string) error {
	t.Helper()
	_, err := Render(s.load(t), values(t, text))
	return err
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func values(t *testing.T, text string) map[string]any {
	t.Helper()
	v := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// objects parses manifests, and refuses keys that are there twice.
func objects(t *testing.T, manifests string) map[string]object {
	t.Helper()
	all := map[string]object{}
	for _, text := range strings.Split("\n"+manifests, "\n---") {
		o := object{}
		if err := yaml.UnmarshalStrict([]byte(text), &o); err != nil {
			t.Fatalf("%v in:\n%s", err, text)
		}
		if len(o) == 0 {
			continue
		}
		name := fmt.Sprint(o["kind"], " ", at(o, "metadata", "namespace"), "/", at(o, "metadata", "name"))
		if all[name] != nil {
			t.Errorf("%s is there twice", name)
		}
		all[name] = o
	}
	return all
}

// at returns what is at a path of keys and, as "0", the first of a list; nil if nothing is.
func at(o any, path ...string) any {
	for _, key := range path {
		switch v := o.(type) {
		case map[string]any:
			o = v[key]
		case []any:
			if len(v) == 0 {
				return nil
			}
			o = v[0]
		default:
			return nil
		}
	}
	return o
}

func golden(t *testing.T, path, have string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(have), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := string(read(t, path)); want != have {
		t.Errorf("%s differs (run make generate and read the difference); now it is:\n%s", path, have)
	}
}

func TestRenderedManifests(t *testing.T) {
	each(t, func(t *testing.T, s suite) {
		cases, err := filepath.Glob(s.testdata + "/*/values.yaml")
		if err != nil || len(cases) == 0 {
			t.Fatal("no cases", err)
		}
		for _, file := range cases {
			dir := filepath.Dir(file)
			t.Run(filepath.Base(dir), func(t *testing.T) {
				r := s.render(t, string(read(t, file)))
				objects(t, r.Manifests)
				golden(t, filepath.Join(dir, "manifests.yaml"), r.Manifests)
				golden(t, filepath.Join(dir, "notes.txt"), r.Notes)
			})
		}
	})
}

// TestTheCaseEverythingIsComplete keeps a case for each value of the charts.
func TestTheCaseEverythingIsComplete(t *testing.T) {
	each(t, func(t *testing.T, s suite) {
		have := values(t, string(read(t, s.testdata+"/everything/values.yaml")))
		documented, err := Values(read(t, s.dir+"/values.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range documented {
			if at(have, strings.Split(v.Name, ".")...) == nil {
				t.Errorf("%s/everything/values.yaml lacks %s", s.testdata, v.Name)
			}
		}
	})
}

// permissions compares the roles that a chart makes with deploy/rbac.yaml, which is made from what the
// controllers say that they need.
func (s suite) permissions(t *testing.T, text string) {
	t.Helper()
	deploy := objects(t, string(read(t, s.deploy+"rbac.yaml")))
	chart := s.objects(t, text)
	for name, o := range chart {
		if at(o, "apiVersion") != "rbac.authorization.k8s.io/v1" {
			continue
		}
		d := deploy[name]
		if d == nil {
			t.Errorf("the chart has %s, deploy/rbac.yaml has not", name)
			continue
		}
		for _, key := range []string{"rules", "roleRef", "subjects"} {
			if !reflect.DeepEqual(o[key], d[key]) {
				t.Errorf("%s of %s: the chart has %v, deploy/rbac.yaml %v", key, name, o[key], d[key])
			}
		}
	}
	for name := range deploy {
		if chart[name] == nil {
			t.Errorf("deploy/rbac.yaml has %s, the chart has not", name)
		}
	}
}

func TestTheChartsHaveNoLint(t *testing.T) {
	each(t, func(t *testing.T, s suite) {
		linter := lint.All(s.dir, nil, "kube-system", true)
		for _, m := range linter.Messages {
			if m.Severity >= support.WarningSev {
				t.Error(m)
			}
		}
	})
}

// TestTheREADMEsHaveEachValue keeps the tables in the charts' READMEs those of values.yaml.
func TestTheREADMEsHaveEachValue(t *testing.T) {
	each(t, func(t *testing.T, s suite) {
		documented, err := Values(read(t, s.dir+"/values.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		const begin, end = "<!-- values: written by `make generate` from values.yaml -->\n", "<!-- end of values -->"
		page := read(t, s.dir+"/README.md")
		before, rest, ok := bytes.Cut(page, []byte(begin))
		_, after, ok2 := bytes.Cut(rest, []byte(end))
		if !ok || !ok2 {
			t.Fatal("the README has no place for values")
		}
		golden(t, s.dir+"/README.md", string(before)+begin+Table(documented)+end+string(after))
	})
}

// TestTheSchemasKnowEachValue keeps values.schema.json complete.
func TestTheSchemasKnowEachValue(t *testing.T) {
	each(t, func(t *testing.T, s suite) {
		var schema struct {
			Properties map[string]any
		}
		if err := yaml.Unmarshal(read(t, s.dir+"/values.schema.json"), &schema); err != nil {
			t.Fatal(err)
		}
		known := slices.Sorted(maps.Keys(schema.Properties))
		have := slices.Sorted(maps.Keys(values(t, string(read(t, s.dir+"/values.yaml")))))
		if !slices.Equal(known, have) {
			t.Errorf("the schema has %v, values.yaml has %v", known, have)
		}
	})
}
