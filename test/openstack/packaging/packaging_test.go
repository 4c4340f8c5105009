// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package packaging gives what the OpenStack provider's chart and manifests consist of to a real
// kube-apiserver, and the program what they make.
package packaging

import (
	"encoding/json"
	"fmt"
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
	"k8s.io/client-go/kubernetes"

	"sigs.k8s.io/cloud-providers/providers/openstack/config"
	"sigs.k8s.io/cloud-providers/test/manifests"
)

const (
	deploy            = "../../../providers/openstack/deploy/"
	rendered          = "../../charts/testdata/openstack/" // kept current by the module test/charts
	upstreamChart     = "testdata/upstream-chart.yaml"
	upstreamManifests = "testdata/upstream-manifests.yaml"

	programName = "openstack-cloud-controller-manager"
	roleName    = "system:cloud-controller-manager"
)

// ours are the manifests for those who have no Helm.
func ours(t *testing.T) []manifests.Object {
	t.Helper()
	return slices.Concat(manifests.Read(t, deploy+"cloud-config.example.yaml"), manifests.Read(t, deploy+"rbac.yaml"), manifests.Read(t, deploy+programName+".yaml"))
}

func TestManifestsAreValid(t *testing.T) {
	a, client := manifests.Start(t)
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "leases"}} // of the case "everything"
	if _, err := client.CoreV1().Namespaces().Create(t.Context(), namespace, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, pattern := range []string{deploy + "*.yaml", rendered + "*/manifests.yaml", "testdata/*.yaml"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: nothing is there (%v)", pattern, err)
		}
		paths = append(paths, found...)
	}
	for _, path := range paths {
		t.Run(strings.ReplaceAll(strings.TrimLeft(path, "./"), "/", "-"), func(t *testing.T) {
			a := a.For(t)
			for _, o := range manifests.Read(t, path) {
				a.Apply(o, true)
			}
		})
	}
}

func workload(t *testing.T, client kubernetes.Interface) *appsv1.DaemonSet {
	t.Helper()
	d, err := client.AppsV1().DaemonSets(metav1.NamespaceSystem).Get(t.Context(), programName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestUpgradeFromUpstream installs what upstream has, and then ours over it, in each way in which users do
// that, and goes back. The DaemonSet has to stay the same object.
func TestUpgradeFromUpstream(t *testing.T) {
	a, client := manifests.Start(t)
	apply := func(a *manifests.API, _, after []manifests.Object) {
		for _, o := range after {
			a.Apply(o, false)
		}
	}
	helm := func(a *manifests.API, before, after []manifests.Object) { a.HelmUpgrade(before, after) }
	for _, c := range []struct {
		name     string
		theirs   string
		ours     []manifests.Object
		change   func(a *manifests.API, before, after []manifests.Object)
		leftover bool // of ours, after going back
	}{
		{"helm upgrade, upstream's values", upstreamChart, manifests.Read(t, rendered+"upstream/manifests.yaml"), helm, false},
		{"helm upgrade, pinned image", upstreamChart, manifests.Read(t, rendered+"pinned/manifests.yaml"), helm, false},
		{"helm upgrade, default values", upstreamChart, manifests.Read(t, rendered+"defaults/manifests.yaml"), helm, false},
		{"helm upgrade, clouds.yaml", upstreamChart, manifests.Read(t, rendered+"clouds/manifests.yaml"), helm, false},
		{"kubectl apply --server-side", upstreamManifests, ours(t), apply, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, theirs := a.For(t), manifests.Read(t, c.theirs)
			c.change(a, nil, theirs) // an installation
			before := workload(t, client)
			c.change(a, theirs, c.ours)
			after := workload(t, client)
			if before.UID != after.UID || before.Generation == after.Generation {
				t.Errorf("the DaemonSet was not changed in place: generation %d of %s, then %d of %s", before.Generation, before.UID, after.Generation, after.UID)
			}
			sameAs(t, after, c.ours)
			c.change(a, c.ours, theirs)
			back := workload(t, client)
			if back.UID != before.UID || back.Spec.Template.Spec.Containers[0].Command != nil {
				t.Errorf("going back did not change the DaemonSet in place: %+v", back.Spec.Template.Spec.Containers)
			}
			sameAs(t, back, theirs)
			role, err := client.RbacV1().ClusterRoles().Get(t.Context(), roleName, metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(fmt.Sprint(role.Rules), "persistentvolumes") {
				t.Errorf("the role is not upstream's again: %+v", role.Rules)
			}
			a.HelmUpgrade(theirs, nil) // an uninstallation
			roles, err := client.RbacV1().Roles(metav1.NamespaceSystem).List(t.Context(), metav1.ListOptions{})
			if err != nil {
				t.Fatal(err)
			}
			own := slices.ContainsFunc(roles.Items, func(r rbacv1.Role) bool { return r.Name == roleName+":leader-election" })
			if own != c.leftover {
				t.Errorf("a role of ours is left: %v", own)
			}
		})
	}
}

// sameAs compares the pods of a DaemonSet with those of a manifest.
func sameAs(t *testing.T, have *appsv1.DaemonSet, of []manifests.Object) {
	t.Helper()
	var wanted appsv1.DaemonSet
	for _, o := range of {
		if o.Kind == "DaemonSet" {
			if err := json.Unmarshal(o.JSON, &wanted); err != nil {
				t.Fatal(err)
			}
		}
	}
	h, w := have.Spec.Template.Spec, wanted.Spec.Template.Spec
	if len(h.Containers) != 1 {
		t.Fatalf("%d containers", len(h.Containers))
	}
	hc, wc := h.Containers[0], w.Containers[0]
	for _, c := range []struct {
		what       string
		have, want any
	}{
		{"image", hc.Image, wc.Image}, {"command", hc.Command, wc.Command}, {"arguments", hc.Args, wc.Args}, {"environment", hc.Env, wc.Env},
		{"mounts", len(hc.VolumeMounts), len(wc.VolumeMounts)}, {"volumes", len(h.Volumes), len(w.Volumes)}, {"security context", hc.SecurityContext, wc.SecurityContext},
		{"node selector", h.NodeSelector, w.NodeSelector}, {"affinity", h.Affinity, w.Affinity}, {"tolerations", h.Tolerations, w.Tolerations},
		{"network", h.HostNetwork, w.HostNetwork}, {"user", h.SecurityContext, w.SecurityContext}, {"probe", hc.LivenessProbe == nil, wc.LivenessProbe == nil},
	} {
		if !reflect.DeepEqual(c.have, c.want) {
			t.Errorf("%s: %+v, not %+v", c.what, c.have, c.want)
		}
	}
}

// secrets are the data of all Secrets in rendered manifests.
func secrets(t *testing.T, name string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, o := range manifests.Read(t, rendered+name+"/manifests.yaml") {
		if o.Kind != "Secret" {
			continue
		}
		var secret corev1.Secret
		if err := json.Unmarshal(o.JSON, &secret); err != nil {
			t.Fatal(err)
		}
		for key, text := range secret.Data {
			all[key] = string(text)
		}
	}
	return all
}

func readConfig(t *testing.T, text string) *config.Config {
	t.Helper()
	c, err := config.Read("cloud.conf", strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if len(c.Warnings) > 0 {
		t.Errorf("warnings: %q", c.Warnings)
	}
	return c
}

// TestTheChartsCloudConfigIsReadBack: what is in the values arrives in the program.
func TestTheChartsCloudConfigIsReadBack(t *testing.T) {
	t.Run("upstream", func(t *testing.T) {
		c := readConfig(t, secrets(t, "upstream")["cloud.conf"])
		if got, want := c.Auth.ApplicationCredentialSecret, `a"quoted\secret; # with all that is special`; got != want {
			t.Errorf("secret %q, not %q", got, want)
		}
		lb := c.LoadBalancer
		if !c.Networking.IPv6Disabled || len(c.Networking.PublicNames) != 1 || lb.Floating.NetworkID != "3b6a5f1c-9ccd-44b4-8ff6-9cdd0c0d94c9" || lb.Monitor.Delay != 60 || lb.Monitor.MaxRetries != 5 {
			t.Errorf("%+v", c)
		}
	})
	t.Run("clouds", func(t *testing.T) {
		all, path := secrets(t, "clouds"), filepath.Join(t.TempDir(), "clouds.yaml")
		if err := os.WriteFile(path, []byte(all["clouds.yaml"]), 0o600); err != nil {
			t.Fatal(err)
		}
		c := readConfig(t, strings.Replace(all["cloud.conf"], "/etc/openstack/clouds.yaml", path, 1))
		if c.Auth.ApplicationCredentialSecret != "a#secret" || len(c.Regions) != 1 || c.Regions[0] != "RegionOne" || !slices.Equal(c.Networking.PublicNames, []string{"internet", "ext-net"}) {
			t.Errorf("%+v", c)
		}
		classes := c.LoadBalancer.Classes
		if len(classes) != 2 || classes["internal"].Placement.SubnetID != "0d5c0d0e-3b0f-4f0c-8d55-d1f5fe9ac6e7" || classes[`with "quotes" and \`].Floating.SubnetTags != "&gold,public" {
			t.Errorf("classes %+v", classes)
		}
	})
	t.Run("second", func(t *testing.T) {
		c, err := config.Read("cloud.conf", strings.NewReader(secrets(t, "second")["cloud.conf"]+"\n[Global]\napplication-credential-id = a\napplication-credential-secret = b\n"))
		if err != nil || len(c.Regions) != 1 || c.Regions[0] != "west" {
			t.Errorf("%v %+v", err, c)
		}
	})
}
