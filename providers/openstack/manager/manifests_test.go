// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"os"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"

	"sigs.k8s.io/cloud-providers/common/app"
	"sigs.k8s.io/cloud-providers/common/app/apptest"
	"sigs.k8s.io/cloud-providers/providers/openstack/config"
)

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
	apptest.Manifest(t, "../deploy/rbac.yaml", roles(false))
}

// TestRulesOfTheChart keeps the rules in the chart's roles the same.
func TestRulesOfTheChart(t *testing.T) {
	apptest.Chart{
		Path: "../charts/openstack-cloud-controller-manager/templates/_rules.tpl", Prefix: "occm",
		Own: roles(true), Shared: roles(false), RoleName: roleName, Credentials: roleName + ":service-accounts",
	}.Rules(t)
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
