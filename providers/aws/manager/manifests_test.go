// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"os"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	serializer "k8s.io/apimachinery/pkg/runtime/serializer/json"
	kubeletconfig "k8s.io/kubelet/config/v1"

	"sigs.k8s.io/cloud-providers/common/app"
	"sigs.k8s.io/cloud-providers/common/app/apptest"
)

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
	apptest.Manifest(t, "../deploy/rbac.yaml", roles(true))
}

// TestRulesOfTheChart keeps the rules in the chart's roles the same.
func TestRulesOfTheChart(t *testing.T) {
	apptest.Chart{
		Path: "../charts/aws-cloud-controller-manager/templates/_rules.tpl", Prefix: "cloud-controller-manager",
		Own: roles(true), Shared: roles(false), RoleName: roleName, Credentials: roleName + ":controller-credentials",
	}.Rules(t)
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
