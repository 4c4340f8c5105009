// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	serializer "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/yaml"

	"sigs.k8s.io/cloud-providers/common/app"
	"sigs.k8s.io/cloud-providers/providers/openstack/config"
)

var update = flag.Bool("update", false, "write the manifests anew")

// roleName is upstream's, so that an installed role is changed in place.
const roleName = "system:cloud-controller-manager"

// roles are the objects for the identity of the process.
func roles(ownAccounts bool) []runtime.Object {
	return app.RBAC(Program().Controllers, app.RBACOptions{
		Name: roleName, Namespace: "kube-system", ServiceAccount: "cloud-controller-manager",
		Leases: []string{"cloud-controller-manager", "cloud-provider-extraction-migration"}, LeaseNamespace: "kube-system",
		ServiceAccountCredentials: ownAccounts,
	})
}

// TestRBAC keeps deploy/rbac.yaml what the controllers say that they need.
func TestRBAC(t *testing.T) {
	var out bytes.Buffer
	out.WriteString("# Written by `make generate` from the rules of the controllers; change those instead.\n")
	for _, o := range roles(false) {
		out.WriteString("---\n")
		out.WriteString(text(t, o))
	}
	compare(t, "../deploy/rbac.yaml", out.Bytes())
}

// TestRulesOfTheChart keeps the rules in the chart's roles the same.
func TestRulesOfTheChart(t *testing.T) {
	var out bytes.Buffer
	out.WriteString("{{/* Written by `make generate` from the rules of the controllers; change those instead. */}}\n")
	define := func(name, body string) {
		fmt.Fprintf(&out, "{{- define \"occm.%s\" -}}\n%s{{- end -}}\n", name, body)
	}
	clients := []string{}
	for _, o := range roles(true) {
		switch o := o.(type) {
		case *rbacv1.ClusterRole:
			if client, ok := strings.CutPrefix(o.Name, roleName+":"); ok {
				clients = append(clients, client)
				define("rules."+client, rules(t, o))
			} else {
				define("rules.process", rules(t, o))
			}
		case *rbacv1.Role:
			if o.Name == roleName+":service-accounts" {
				define("rules.credentials", rules(t, o))
			}
		}
	}
	for _, o := range roles(false) {
		if role, ok := o.(*rbacv1.ClusterRole); ok {
			define("rules.all", rules(t, role))
		}
	}
	list, err := json.Marshal(clients)
	if err != nil {
		t.Fatal(err)
	}
	define("clients", string(list)+"\n")
	compare(t, "../charts/openstack-cloud-controller-manager/templates/_rules.tpl", out.Bytes())
}

// TestNothingHistoricalIsPermitted: upstream's role has these, and nothing needs them.
func TestNothingHistoricalIsPermitted(t *testing.T) {
	for _, own := range []bool{false, true} {
		for _, o := range roles(own) {
			role, ok := o.(*rbacv1.ClusterRole)
			if !ok {
				continue
			}
			for _, r := range role.Rules {
				for _, resource := range r.Resources {
					if resource == "persistentvolumes" || resource == "endpoints" || resource == "secrets" || resource == "configmaps" {
						t.Errorf("%s permits %v of %s", role.Name, r.Verbs, resource)
					}
				}
				for _, verb := range r.Verbs {
					if verb == "*" {
						t.Errorf("%s permits everything with %v", role.Name, r.Resources)
					}
				}
			}
		}
	}
}

// TestTheExampleIsAFile reads the cloud-config of the example as the program does.
func TestTheExampleIsAFile(t *testing.T) {
	content, err := os.ReadFile("../deploy/cloud-config.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var secret corev1.Secret
	if err := yaml.Unmarshal(content, &secret); err != nil {
		t.Fatal(err)
	}
	c, err := config.Read("cloud.conf", strings.NewReader(secret.StringData["cloud.conf"]))
	if err != nil || len(c.Warnings) > 0 {
		t.Fatalf("%v %v", err, c)
	}
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
