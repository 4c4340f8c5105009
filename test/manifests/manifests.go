// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package manifests gives the objects of manifests and of charts to a real kube-apiserver, as kubectl and Helm
// do it.
package manifests

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
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

// Object is one document of a manifest.
type Object struct {
	Kind, Namespace, Name string
	JSON                  []byte
}

func (o Object) String() string { return o.Kind + " " + o.Namespace + "/" + o.Name }

// kinds says where objects are, and which type they have.
var kinds = map[string]struct {
	collection string
	made       any
}{
	"ServiceAccount":     {"/api/v1/namespaces/%s/serviceaccounts", corev1.ServiceAccount{}},
	"Secret":             {"/api/v1/namespaces/%s/secrets", corev1.Secret{}},
	"Service":            {"/api/v1/namespaces/%s/services", corev1.Service{}},
	"Deployment":         {"/apis/apps/v1/namespaces/%s/deployments", appsv1.Deployment{}},
	"ConfigMap":          {"/api/v1/namespaces/%s/configmaps", corev1.ConfigMap{}},
	"DaemonSet":          {"/apis/apps/v1/namespaces/%s/daemonsets", appsv1.DaemonSet{}},
	"Role":               {"/apis/rbac.authorization.k8s.io/v1/namespaces/%s/roles", rbacv1.Role{}},
	"RoleBinding":        {"/apis/rbac.authorization.k8s.io/v1/namespaces/%s/rolebindings", rbacv1.RoleBinding{}},
	"ClusterRole":        {"/apis/rbac.authorization.k8s.io/v1/clusterroles", rbacv1.ClusterRole{}},
	"ClusterRoleBinding": {"/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", rbacv1.ClusterRoleBinding{}},
}

func (o Object) collection() string {
	path := kinds[o.Kind].collection
	if strings.Contains(path, "%s") {
		path = fmt.Sprintf(path, o.Namespace)
	}
	return path
}

// Path is where the API server has the object.
func (o Object) Path() string { return o.collection() + "/" + o.Name }

// Read reads a file of manifests. Those of the Prometheus Operator are left out: a plain API server has no such kinds.
func Read(t *testing.T, path string) []Object {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []Object
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
		if strings.HasPrefix(meta.APIVersion, "monitoring.coreos.com/") {
			continue
		}
		o := Object{Kind: meta.Kind, Namespace: meta.Namespace, Name: meta.Name, JSON: text}
		if kinds[o.Kind].made == nil {
			t.Fatalf("%s has a %s, which this test does not know", path, o.Kind)
		}
		all = append(all, o)
	}
}

// API is an API server; what it warns of is a mistake.
type API struct {
	t      *testing.T
	Client rest.Interface
}

// For is the same API server for a test in the test.
func (a *API) For(t *testing.T) *API { return &API{t, a.Client} }

// Start starts a control plane.
func Start(t *testing.T) (*API, kubernetes.Interface) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a control plane")
	}
	return Connect(t, cluster.StartForTest(t, cluster.Options{}))
}

// Connect is the API server of a control plane.
func Connect(t *testing.T, c *cluster.Cluster) (*API, kubernetes.Interface) {
	t.Helper()
	config, err := c.RESTConfig(cluster.AdminUser, cluster.AdminGroup)
	if err != nil {
		t.Fatal(err)
	}
	config.WarningHandler = rest.NoWarnings{} // each answer is looked at
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return &API{t, client.CoreV1().RESTClient()}, client
}

// do sends a request and returns the answer's object.
func (a *API) do(r *rest.Request, what string, o Object) []byte {
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

// Apply is kubectl apply --server-side.
func (a *API) Apply(o Object, dryRun bool) {
	a.t.Helper()
	r := a.Client.Patch(types.ApplyYAMLPatchType).AbsPath(o.Path()).Param("fieldManager", "kubectl").Param("force", "true").Body(o.JSON)
	if dryRun {
		r = r.Param("dryRun", metav1.DryRunAll)
	}
	a.do(r, "apply", o)
}

// HelmUpgrade does what Helm 3 does from one release's manifests to the next's: a three-way merge for what is
// in both, and creation and deletion of the rest.
func (a *API) HelmUpgrade(before, after []Object) {
	a.t.Helper()
	for _, o := range after {
		i := slices.IndexFunc(before, func(b Object) bool { return b.Path() == o.Path() })
		if i < 0 {
			a.do(a.Client.Post().AbsPath(o.collection()).Body(o.JSON).SetHeader("Content-Type", "application/json"), "create", o)
			continue
		}
		live := a.do(a.Client.Get().AbsPath(o.Path()), "get", o)
		schema, err := strategicpatch.NewPatchMetaFromStruct(kinds[o.Kind].made)
		if err != nil {
			a.t.Fatal(err)
		}
		patch, err := strategicpatch.CreateThreeWayMergePatch(before[i].JSON, o.JSON, live, schema, true)
		if err != nil {
			a.t.Fatalf("%s: %v", o, err)
		}
		a.do(a.Client.Patch(types.StrategicMergePatchType).AbsPath(o.Path()).Body(patch), "upgrade", o)
	}
	for _, o := range before {
		if !slices.ContainsFunc(after, func(n Object) bool { return n.Path() == o.Path() }) {
			a.do(a.Client.Delete().AbsPath(o.Path()), "delete", o)
		}
	}
}
