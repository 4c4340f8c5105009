// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"testing"

	"sigs.k8s.io/cloud-providers/common/app"
	"sigs.k8s.io/cloud-providers/common/app/apptest"
)

// TestRBAC keeps deploy/rbac.yaml what the controllers say that they need.
func TestRBAC(t *testing.T) {
	apptest.Manifest(t, "../deploy/rbac.yaml", app.RBAC(Program().Controllers, app.RBACOptions{
		Name: "cloud-controller-manager", Namespace: "kube-system", ServiceAccount: "cloud-controller-manager",
		Leases: []string{"cloud-controller-manager"}, LeaseNamespace: "kube-system",
	}))
}
