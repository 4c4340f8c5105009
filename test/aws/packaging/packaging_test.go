// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package packaging gives what the AWS provider's chart and manifests consist of to a real kube-apiserver.
package packaging

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"sigs.k8s.io/cloud-providers/test/manifests"
)

const (
	deploy   = "../../../providers/aws/deploy/"
	rendered = "../../charts/testdata/" // kept current by the module test/charts
	upstream = "testdata/upstream.yaml"

	daemonSet = "aws-cloud-controller-manager"
)

func TestManifestsAreValid(t *testing.T) {
	a, client := manifests.Start(t)
	for _, name := range []string{"cloud", "leases"} { // those of the case "everything"
		if _, err := client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	var paths []string
	for _, pattern := range []string{deploy + "*.yaml", rendered + "*/manifests.yaml", upstream} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: nothing is there (%v)", pattern, err)
		}
		paths = append(paths, found...)
	}
	for _, path := range paths {
		t.Run(strings.ReplaceAll(strings.TrimPrefix(path, "../../"), "/", "-"), func(t *testing.T) {
			a := a.For(t)
			for _, o := range manifests.Read(t, path) {
				a.Apply(o, true)
			}
		})
	}
	t.Run("what is wrong is noticed", func(t *testing.T) {
		o := manifests.Read(t, deploy+"aws-cloud-controller-manager.yaml")[0]
		o.JSON = bytes.Replace(o.JSON, []byte(`"metadata":{`), []byte(`"metadata":{"label":{},`), 1)
		err := a.Client.Patch(types.ApplyYAMLPatchType).AbsPath(o.Path()).Param("fieldManager", "kubectl").Param("fieldValidation", "Strict").Body(o.JSON).Do(t.Context()).Error()
		if err == nil || !strings.Contains(err.Error(), "label") {
			t.Errorf("an unknown field is answered with %v", err)
		}
	})
}

// TestUpgradeFromUpstream installs what upstream's chart makes, and then ours over it, in each way in which
// users do that. The DaemonSet has to stay the same object.
func TestUpgradeFromUpstream(t *testing.T) {
	a, client := manifests.Start(t)
	theirs := manifests.Read(t, upstream)
	current := func(t *testing.T) *appsv1.DaemonSet {
		t.Helper()
		d, err := client.AppsV1().DaemonSets(metav1.NamespaceSystem).Get(t.Context(), daemonSet, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []struct {
		name    string
		ours    []manifests.Object
		upgrade func(a *manifests.API, ours []manifests.Object)
	}{
		{"helm upgrade, upstream's values", manifests.Read(t, rendered+"upstream/manifests.yaml"), func(a *manifests.API, ours []manifests.Object) { a.HelmUpgrade(theirs, ours) }},
		{"helm upgrade, pinned image", manifests.Read(t, rendered+"pinned/manifests.yaml"), func(a *manifests.API, ours []manifests.Object) { a.HelmUpgrade(theirs, ours) }},
		{"helm upgrade, default values", manifests.Read(t, rendered+"defaults/manifests.yaml"), func(a *manifests.API, ours []manifests.Object) { a.HelmUpgrade(theirs, ours) }},
		{"kubectl apply --server-side", slices.Concat(manifests.Read(t, deploy+"rbac.yaml"), manifests.Read(t, deploy+"aws-cloud-controller-manager.yaml")), func(a *manifests.API, ours []manifests.Object) {
			for _, o := range ours {
				a.Apply(o, false)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := a.For(t)
			a.HelmUpgrade(nil, theirs) // an installation
			before := current(t)
			c.upgrade(a, c.ours)
			after := current(t)
			if before.UID != after.UID || before.Generation == after.Generation {
				t.Errorf("the DaemonSet was not changed in place: generation %d of %s, then %d of %s", before.Generation, before.UID, after.Generation, after.UID)
			}
			var want appsv1.DaemonSet
			for _, o := range c.ours {
				if o.Kind == "DaemonSet" {
					if err := json.Unmarshal(o.JSON, &want); err != nil {
						t.Fatal(err)
					}
				}
			}
			have, wanted := after.Spec.Template.Spec, want.Spec.Template.Spec
			if len(have.Containers) != 1 || have.Containers[0].Image != wanted.Containers[0].Image ||
				!slices.Equal(have.Containers[0].Args, wanted.Containers[0].Args) ||
				!reflect.DeepEqual(have.Containers[0].SecurityContext, wanted.Containers[0].SecurityContext) {
				t.Errorf("the container is not ours: %+v", have.Containers)
			}
			if have.HostNetwork != wanted.HostNetwork || !reflect.DeepEqual(have.NodeSelector, wanted.NodeSelector) {
				t.Errorf("the pods are not ours: %+v", have)
			}
			a.HelmUpgrade(c.ours, nil) // an uninstallation, which leaves nothing of ours
			if _, err := client.AppsV1().DaemonSets(metav1.NamespaceSystem).Get(t.Context(), daemonSet, metav1.GetOptions{}); err == nil {
				t.Error("the DaemonSet is still there")
			}
		})
	}
}

// TestRollback goes to this chart and back, as helm rollback does.
func TestRollback(t *testing.T) {
	a, client := manifests.Start(t)
	theirs, ours := manifests.Read(t, upstream), manifests.Read(t, rendered+"upstream/manifests.yaml")
	a.HelmUpgrade(nil, theirs)
	a.HelmUpgrade(theirs, ours)
	a.HelmUpgrade(ours, theirs)
	d, err := client.AppsV1().DaemonSets(metav1.NamespaceSystem).Get(t.Context(), daemonSet, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	container := d.Spec.Template.Spec.Containers[0]
	if strings.Join(container.Args, " ") != "--v=2 --cloud-provider=aws" || container.LivenessProbe != nil {
		t.Errorf("the container is not upstream's again: %+v", container)
	}
	role, err := client.RbacV1().ClusterRoles().Get(t.Context(), "system:cloud-controller-manager", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(role.Rules, func(r rbacv1.PolicyRule) bool { return slices.Contains(r.Resources, "persistentvolumes") }) {
		t.Errorf("the role is not upstream's again: %+v", role.Rules)
	}
}
