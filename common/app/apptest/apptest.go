// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package apptest is for the tests of managers that keep manifests and charts what the controllers need. With
// -update they are written anew.
package apptest

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	serializer "k8s.io/apimachinery/pkg/runtime/serializer/json"
)

var update = flag.Bool("update", false, "write the manifests anew")

// Manifest compares a file with objects.
func Manifest(t *testing.T, path string, objects []runtime.Object) {
	t.Helper()
	var out bytes.Buffer
	out.WriteString("# Written by `make generate` from the rules of the controllers; change those instead.\n")
	for _, o := range objects {
		out.WriteString("---\n")
		out.WriteString(text(t, o))
	}
	compare(t, path, out.Bytes())
}

// Chart says what the rules of a chart are made of.
type Chart struct {
	// Path is the file's, Prefix begins the names of what it defines.
	Path, Prefix string
	// Own are the objects of a process whose controllers have accounts of their own, Shared those of one
	// account for all.
	Own, Shared []runtime.Object
	// RoleName is the process's, Credentials the one by which it gets the accounts' tokens.
	RoleName, Credentials string
}

// Rules compares the file with the rules.
func (c Chart) Rules(t *testing.T) {
	t.Helper()
	var out bytes.Buffer
	out.WriteString("{{/* Written by `make generate` from the rules of the controllers; change those instead. */}}\n")
	define := func(name, body string) {
		fmt.Fprintf(&out, "{{- define \"%s.%s\" -}}\n%s{{- end -}}\n", c.Prefix, name, body)
	}
	var clients []string
	for _, o := range c.Own {
		switch o := o.(type) {
		case *rbacv1.ClusterRole:
			if client, ok := strings.CutPrefix(o.Name, c.RoleName+":"); ok {
				clients = append(clients, client)
				define("rules."+client, rules(t, o))
			} else {
				define("rules.process", rules(t, o))
			}
		case *rbacv1.Role:
			if o.Name == c.Credentials {
				define("rules.credentials", rules(t, o))
			}
		}
	}
	for _, o := range c.Shared {
		if role, ok := o.(*rbacv1.ClusterRole); ok {
			define("rules.all", rules(t, role))
		}
	}
	list, err := json.Marshal(clients)
	if err != nil {
		t.Fatal(err)
	}
	define("clients", string(list)+"\n")
	compare(t, c.Path, out.Bytes())
}

func text(t *testing.T, o runtime.Object) string {
	t.Helper()
	var out bytes.Buffer
	yaml := serializer.NewSerializerWithOptions(serializer.DefaultMetaFactory, nil, nil, serializer.SerializerOptions{Yaml: true})
	if err := yaml.Encode(o, &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// rules is the text below a role's "rules:", which comes last.
func rules(t *testing.T, role runtime.Object) string {
	t.Helper()
	_, list, ok := strings.Cut(text(t, role), "\nrules:\n")
	if !ok {
		t.Fatal("the role has no rules")
	}
	return list
}

func compare(t *testing.T, path string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Errorf("%s is not what the controllers need; run make generate", path)
	}
}
