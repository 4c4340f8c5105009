// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package boundaries

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// repository writes modules that need nothing from outside, and returns their root.
func repository(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	all := map[string]string{
		"common/go.mod":               "module sigs.k8s.io/cloud-providers/common\ngo 1.26\n",
		"common/c.go":                 "package common\n",
		"sdk/go.mod":                  "module github.com/gophercloud/gophercloud\ngo 1.26\n",
		"sdk/sdk.go":                  "package gophercloud\n",
		"providers/aws/go.mod":        module("aws"),
		"providers/aws/aws.go":        "package aws\nimport _ \"sigs.k8s.io/cloud-providers/common\"\n",
		"providers/aws/cmd/c/main.go": "package main\nimport _ \"sigs.k8s.io/cloud-providers/providers/aws\"\nfunc main() {}\n",
		"providers/openstack/go.mod":  module("openstack"),
		"providers/openstack/o.go":    "package openstack\nimport _ \"github.com/gophercloud/gophercloud\"\n",
	}
	for name, text := range files {
		all[name] = text
	}
	for name, text := range all {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func module(name string) string {
	other := map[string]string{"aws": "openstack", "openstack": "aws"}[name]
	return "module sigs.k8s.io/cloud-providers/providers/" + name + `
go 1.26
require (
	sigs.k8s.io/cloud-providers/common v0.0.0
	sigs.k8s.io/cloud-providers/providers/` + other + ` v0.0.0
	github.com/gophercloud/gophercloud v0.0.0
)
replace (
	sigs.k8s.io/cloud-providers/common => ../../common
	sigs.k8s.io/cloud-providers/providers/` + other + ` => ../` + other + `
	github.com/gophercloud/gophercloud => ../../sdk
)
`
}

func TestTheBoundariesAreSeenWhenCrossed(t *testing.T) {
	for name, tc := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"all is well": {nil, nil},
		"a provider imports another one": {
			map[string]string{"providers/aws/bad.go": "package aws\nimport _ \"sigs.k8s.io/cloud-providers/providers/openstack\"\n"},
			[]string{"a provider imports no other provider", "links no other cloud's SDK", "links no other provider"}},
		"a provider's test imports another one": {
			map[string]string{"providers/aws/bad_test.go": "package aws\nimport _ \"sigs.k8s.io/cloud-providers/providers/openstack\"\n"},
			[]string{"a provider imports no other provider"}},
		"common imports a cloud's SDK": {
			map[string]string{
				"common/go.mod": "module sigs.k8s.io/cloud-providers/common\ngo 1.26\nrequire github.com/gophercloud/gophercloud v0.0.0\nreplace github.com/gophercloud/gophercloud => ../sdk\n",
				"common/bad.go": "package common\nimport _ \"github.com/gophercloud/gophercloud\"\n"},
			[]string{"common imports no cloud's SDK, and this is openstack's", "links no other cloud's SDK"}},
		"a program links another cloud's SDK on its own": {
			map[string]string{"providers/aws/cmd/c/bad.go": "package main\nimport _ \"github.com/gophercloud/gophercloud\"\n"},
			[]string{"links no other cloud's SDK"}},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := Check(t.Context(), repository(t, tc.files))
			if err != nil {
				t.Fatal(err)
			}
			var text []string
			for _, v := range found {
				text = append(text, v.String())
			}
			for _, want := range tc.want {
				if !strings.Contains(strings.Join(text, "\n"), want) {
					t.Errorf("no violation %q in:\n%s", want, strings.Join(text, "\n"))
				}
			}
			if len(tc.want) == 0 && len(found) > 0 {
				t.Errorf("violations where there are none: %v", found)
			}
		})
	}
}

func TestThisRepositoryKeepsItsBoundaries(t *testing.T) {
	found, err := Check(t.Context(), "../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range found {
		t.Error(v)
	}
}
