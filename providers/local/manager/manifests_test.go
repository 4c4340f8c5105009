// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"sigs.k8s.io/yaml"

	"sigs.k8s.io/cloud-providers/common/app"
)

var update = flag.Bool("update", false, "write the manifests anew")

// TestRBAC keeps deploy/rbac.yaml what the controllers say that they need.
func TestRBAC(t *testing.T) {
	var out bytes.Buffer
	out.WriteString("# Written by `make generate` from the rules of the controllers; change those instead.\n")
	objects := app.RBAC(Program().Controllers, app.RBACOptions{
		Name: "cloud-controller-manager", Namespace: "kube-system", ServiceAccount: "cloud-controller-manager",
		Leases: []string{"cloud-controller-manager"}, LeaseNamespace: "kube-system",
	})
	for _, o := range objects {
		text, err := yaml.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString("---\n")
		out.Write(text)
	}
	const path = "../deploy/rbac.yaml"
	if *update {
		if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, out.Bytes()) {
		t.Errorf("%s is not what the controllers need; run make generate", path)
	}
}
