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

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	serializer "k8s.io/apimachinery/pkg/runtime/serializer/json"
	kubeletconfig "k8s.io/kubelet/config/v1"

	"sigs.k8s.io/cloud-providers/common/app"
)

var update = flag.Bool("update", false, "write the manifests anew")

// roleName is upstream's, so that an installed role is changed in place. The names of its migration lease and
// of its further objects are upstream's too.
const (
	roleName       = "system:cloud-controller-manager"
	migrationLease = "cloud-provider-extraction-migration"
)

// roles are the objects for the identity of the process, under upstream's names.
func roles(ownAccounts bool) []runtime.Object {
	objects := app.RBAC(Program().Controllers, app.RBACOptions{
		Name: roleName, Namespace: "kube-system", ServiceAccount: "cloud-controller-manager",
		Leases: []string{"cloud-controller-manager", migrationLease}, LeaseNamespace: "kube-system",
		ServiceAccountCredentials: ownAccounts,
	})
	names := map[string]string{
		roleName + ":authentication-reader": "cloud-controller-manager:apiserver-authentication-reader",
		roleName + ":service-accounts":      roleName + ":controller-credentials",
	}
	for _, o := range objects {
		switch o := o.(type) {
		case *rbacv1.Role:
			if name, ok := names[o.Name]; ok {
				o.Name = name
			}
		case *rbacv1.RoleBinding:
			if name, ok := names[o.Name]; ok {
				o.Name = name
			}
			if name, ok := names[o.RoleRef.Name]; ok {
				o.RoleRef.Name = name
			}
		}
	}
	return objects
}

// TestRBAC keeps deploy/rbac.yaml what the controllers say that they need.
func TestRBAC(t *testing.T) {
	var out bytes.Buffer
	out.WriteString("# Written by `make generate` from the rules of the controllers; change those instead.\n")
	for _, o := range roles(true) {
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
		fmt.Fprintf(&out, "{{- define \"cloud-controller-manager.%s\" -}}\n%s{{- end -}}\n", name, body)
	}
	var clients []string
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
			if o.Name == roleName+":controller-credentials" {
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
	compare(t, "../charts/aws-cloud-controller-manager/templates/_rules.tpl", out.Bytes())
}

// TestKubeletConfig reads the example as the kubelet does, with and without what is commented out.
func TestKubeletConfig(t *testing.T) {
	const path = "../deploy/kubelet/credential-provider-config.yaml"
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	scheme := runtime.NewScheme()
	if err := kubeletconfig.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	strict := serializer.NewSerializerWithOptions(serializer.DefaultMetaFactory, scheme, scheme, serializer.SerializerOptions{Yaml: true, Strict: true})
	decode := func(text string) *kubeletconfig.CredentialProvider {
		t.Helper()
		o, _, err := strict.Decode([]byte(text), nil, nil)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		config, ok := o.(*kubeletconfig.CredentialProviderConfig)
		if !ok || len(config.Providers) != 1 {
			t.Fatalf("%s is a %T without exactly one provider", path, o)
		}
		return &config.Providers[0]
	}
	p := decode(string(content))
	if p.Name != "ecr-credential-provider" || p.APIVersion != "credentialprovider.kubelet.k8s.io/v1" || len(p.MatchImages) == 0 || p.DefaultCacheDuration == nil || p.TokenAttributes != nil {
		t.Errorf("%s: %+v", path, p)
	}
	var all strings.Builder
	for _, line := range strings.Split(string(content), "\n") {
		if key, ok := strings.CutPrefix(line, "    # "); ok && (strings.HasPrefix(key, "tokenAttributes") || strings.HasPrefix(key, "  ")) {
			line = "    " + key
		}
		all.WriteString(line + "\n")
	}
	if a := decode(all.String()).TokenAttributes; a == nil || a.ServiceAccountTokenAudience == "" || a.CacheType == "" || a.RequireServiceAccount == nil || len(a.OptionalServiceAccountAnnotationKeys) != 1 {
		t.Errorf("%s: what is commented out is %+v", path, a)
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
