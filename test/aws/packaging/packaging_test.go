// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package packaging gives what the AWS provider's chart and manifests consist of to a real kube-apiserver.
package packaging

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
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
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"sigs.k8s.io/cloud-providers/test/cluster"
)

const (
	deploy   = "../../../providers/aws/deploy/"
	rendered = "../../charts/testdata/" // kept current by the module test/charts
	upstream = "testdata/upstream.yaml"

	daemonSet = "aws-cloud-controller-manager"
)

// object is one document of a manifest.
type object struct {
	kind, namespace, name string
	json                  []byte
}

func (o object) String() string { return o.kind + " " + o.namespace + "/" + o.name }

// kinds says where objects are, and which type they have.
var kinds = map[string]struct {
	collection string
	made       any
}{
	"ServiceAccount":     {"/api/v1/namespaces/%s/serviceaccounts", corev1.ServiceAccount{}},
	"ConfigMap":          {"/api/v1/namespaces/%s/configmaps", corev1.ConfigMap{}},
	"DaemonSet":          {"/apis/apps/v1/namespaces/%s/daemonsets", appsv1.DaemonSet{}},
	"Role":               {"/apis/rbac.authorization.k8s.io/v1/namespaces/%s/roles", rbacv1.Role{}},
	"RoleBinding":        {"/apis/rbac.authorization.k8s.io/v1/namespaces/%s/rolebindings", rbacv1.RoleBinding{}},
	"ClusterRole":        {"/apis/rbac.authorization.k8s.io/v1/clusterroles", rbacv1.ClusterRole{}},
	"ClusterRoleBinding": {"/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", rbacv1.ClusterRoleBinding{}},
}

func (o object) collection() string {
	path := kinds[o.kind].collection
	if strings.Contains(path, "%s") {
		path = fmt.Sprintf(path, o.namespace)
	}
	return path
}

func (o object) path() string { return o.collection() + "/" + o.name }

func read(t *testing.T, path string) []object {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []object
	documents := yaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(content)))
	defer documents.Close()
	buffer := make([]byte, len(content)+1)
	for {
		n, err := documents.Read(buffer)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		text, err := yaml.ToJSON(buffer[:n])
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		var meta metav1.PartialObjectMetadata
		if err := json.Unmarshal(text, &meta); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if meta.Kind == "" {
			continue // only a comment
		}
		o := object{kind: meta.Kind, namespace: meta.Namespace, name: meta.Name, json: text}
		if kinds[o.kind].made == nil {
			t.Fatalf("%s has a %s, which this test does not know", path, o.kind)
		}
		all = append(all, o)
	}
}

// api is the API server; what it warns of is a mistake.
type api struct {
	t      *testing.T
	client rest.Interface
}

func start(t *testing.T) (*api, kubernetes.Interface) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a control plane")
	}
	c := cluster.StartForTest(t, cluster.Options{})
	config, err := c.RESTConfig(cluster.AdminUser, cluster.AdminGroup)
	if err != nil {
		t.Fatal(err)
	}
	config.WarningHandler = rest.NoWarnings{} // each answer is looked at
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return &api{t, client.CoreV1().RESTClient()}, client
}

// do sends a request and returns the answer's object.
func (a *api) do(r *rest.Request, what string, o object) []byte {
	a.t.Helper()
	result := r.Param("fieldValidation", "Strict").Do(context.WithoutCancel(a.t.Context()))
	for _, w := range result.Warnings() {
		a.t.Errorf("%s %s: the API server warns: %s", what, o, w.Text)
	}
	raw, err := result.Raw()
	if err != nil {
		a.t.Errorf("%s %s: %v\n%s", what, o, err, raw)
	}
	return raw
}

// apply is kubectl apply --server-side.
func (a *api) apply(o object, dryRun bool) {
	a.t.Helper()
	r := a.client.Patch(types.ApplyYAMLPatchType).AbsPath(o.path()).Param("fieldManager", "kubectl").Param("force", "true").Body(o.json)
	if dryRun {
		r = r.Param("dryRun", metav1.DryRunAll)
	}
	a.do(r, "apply", o)
}

// helmUpgrade does what Helm 3 does from one release's manifests to the next's: a three-way merge for what is
// in both, and creation and deletion of the rest.
func (a *api) helmUpgrade(before, after []object) {
	a.t.Helper()
	for _, o := range after {
		i := slices.IndexFunc(before, func(b object) bool { return b.path() == o.path() })
		if i < 0 {
			a.do(a.client.Post().AbsPath(o.collection()).Body(o.json).SetHeader("Content-Type", "application/json"), "create", o)
			continue
		}
		live := a.do(a.client.Get().AbsPath(o.path()), "get", o)
		schema, err := strategicpatch.NewPatchMetaFromStruct(kinds[o.kind].made)
		if err != nil {
			a.t.Fatal(err)
		}
		patch, err := strategicpatch.CreateThreeWayMergePatch(before[i].json, o.json, live, schema, true)
		if err != nil {
			a.t.Fatalf("%s: %v", o, err)
		}
		a.do(a.client.Patch(types.StrategicMergePatchType).AbsPath(o.path()).Body(patch), "upgrade", o)
	}
	for _, o := range before {
		if !slices.ContainsFunc(after, func(n object) bool { return n.path() == o.path() }) {
			a.do(a.client.Delete().AbsPath(o.path()), "delete", o)
		}
	}
}

func TestManifestsAreValid(t *testing.T) {
	a, client := start(t)
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
			a := &api{t, a.client}
			for _, o := range read(t, path) {
				a.apply(o, true)
			}
		})
	}
	t.Run("what is wrong is noticed", func(t *testing.T) {
		o := read(t, deploy+"aws-cloud-controller-manager.yaml")[0]
		o.json = bytes.Replace(o.json, []byte(`"metadata":{`), []byte(`"metadata":{"label":{},`), 1)
		err := a.client.Patch(types.ApplyYAMLPatchType).AbsPath(o.path()).Param("fieldManager", "kubectl").Param("fieldValidation", "Strict").Body(o.json).Do(t.Context()).Error()
		if err == nil || !strings.Contains(err.Error(), "label") {
			t.Errorf("an unknown field is answered with %v", err)
		}
	})
}

// TestUpgradeFromUpstream installs what upstream's chart makes, and then ours over it, in each way in which
// users do that. The DaemonSet has to stay the same object.
func TestUpgradeFromUpstream(t *testing.T) {
	a, client := start(t)
	theirs := read(t, upstream)
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
		ours    []object
		upgrade func(a *api, ours []object)
	}{
		{"helm upgrade, upstream's values", read(t, rendered+"upstream/manifests.yaml"), func(a *api, ours []object) { a.helmUpgrade(theirs, ours) }},
		{"helm upgrade, pinned image", read(t, rendered+"pinned/manifests.yaml"), func(a *api, ours []object) { a.helmUpgrade(theirs, ours) }},
		{"helm upgrade, default values", read(t, rendered+"defaults/manifests.yaml"), func(a *api, ours []object) { a.helmUpgrade(theirs, ours) }},
		{"kubectl apply --server-side", slices.Concat(read(t, deploy+"rbac.yaml"), read(t, deploy+"aws-cloud-controller-manager.yaml")), func(a *api, ours []object) {
			for _, o := range ours {
				a.apply(o, false)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := &api{t, a.client}
			a.helmUpgrade(nil, theirs) // an installation
			before := current(t)
			c.upgrade(a, c.ours)
			after := current(t)
			if before.UID != after.UID || before.Generation == after.Generation {
				t.Errorf("the DaemonSet was not changed in place: generation %d of %s, then %d of %s", before.Generation, before.UID, after.Generation, after.UID)
			}
			var want appsv1.DaemonSet
			for _, o := range c.ours {
				if o.kind == "DaemonSet" {
					if err := json.Unmarshal(o.json, &want); err != nil {
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
			a.helmUpgrade(c.ours, nil) // an uninstallation, which leaves nothing of ours
			if _, err := client.AppsV1().DaemonSets(metav1.NamespaceSystem).Get(t.Context(), daemonSet, metav1.GetOptions{}); err == nil {
				t.Error("the DaemonSet is still there")
			}
		})
	}
}

// TestRollback goes to this chart and back, as helm rollback does.
func TestRollback(t *testing.T) {
	a, client := start(t)
	theirs, ours := read(t, upstream), read(t, rendered+"upstream/manifests.yaml")
	a.helmUpgrade(nil, theirs)
	a.helmUpgrade(theirs, ours)
	a.helmUpgrade(ours, theirs)
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
