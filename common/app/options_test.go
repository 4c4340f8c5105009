// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"
)

// TestConfigFile: what a flag says wins over the file, what neither says has its default.
func TestConfigFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	content := `apiVersion: cloudcontrollermanager.config.k8s.io/v1alpha1
kind: CloudControllerManagerConfiguration
Generic:
  Controllers: [service-lb-controller]
  ClientConnection: {qps: 50, burst: 60}
KubeCloudShared:
  ClusterName: from-file
ServiceController:
  ConcurrentServiceSyncs: 7
`
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	p := Program{Name: "x", ProviderName: "sample", Controllers: stockLike}
	o, err := newOptions(p)
	if err != nil {
		t.Fatal(err)
	}
	cmd := NewCommand(p)
	cmd.ResetFlags()
	for _, fs := range o.sets.FlagSets {
		cmd.Flags().AddFlagSet(fs)
	}
	if err := cmd.ParseFlags([]string{"--config=" + path, "--cluster-name=from-flag", "--controllers=*", "--controllers=-route"}); err != nil {
		t.Fatal(err)
	}
	if err := o.readConfigFile(cmd.Flags()); err != nil {
		t.Fatal(err)
	}
	c := o.config
	if c.KubeCloudShared.ClusterName != "from-flag" || !slices.Equal(c.Generic.Controllers, []string{"*", "-route"}) {
		t.Errorf("flags did not win: %q, %v", c.KubeCloudShared.ClusterName, c.Generic.Controllers)
	}
	if c.ServiceController.ConcurrentServiceSyncs != 7 || c.Generic.ClientConnection.QPS != 50 {
		t.Errorf("the file was not read: %+v", c)
	}
	if !c.KubeCloudShared.ConfigureCloudRoutes || c.NodeController.ConcurrentNodeSyncs != 1 || !c.Generic.Debugging.EnableProfiling {
		t.Errorf("defaults are missing: %+v", c)
	}
}

func TestBulkClientIsUnlimitedUnlessQPSWasGiven(t *testing.T) {
	for _, given := range []bool{false, true} {
		api := newFakeAPI(t)
		args := sampleArgs(t, api)
		if given {
			args = append(args, "--kube-api-qps=5")
		}
		p := sampleProgram(&nothing{})
		o, err := newOptions(p)
		if err != nil {
			t.Fatal(err)
		}
		cmd := NewCommand(p)
		cmd.ResetFlags()
		for _, fs := range o.sets.FlagSets {
			cmd.Flags().AddFlagSet(fs)
		}
		if err := cmd.ParseFlags(args); err != nil {
			t.Fatal(err)
		}
		s, err := complete(p, o)
		if err != nil {
			t.Fatal(err)
		}
		c, err := newClients(s)
		if err != nil {
			t.Fatal(err)
		}
		client, bulk, err := c.controller("worker")
		if err != nil {
			t.Fatal(err)
		}
		limited := func(k kubernetes.Interface) bool {
			limiter := k.CoreV1().RESTClient().GetRateLimiter()
			return limiter != nil && limiter.QPS() > 0
		}
		if !limited(client) || limited(bulk) != given {
			t.Errorf("--kube-api-qps given: %v; limited: client %v, bulk %v", given, limited(client), limited(bulk))
		}
		if c.bulkInFlight != 64 {
			t.Errorf("%d in flight", c.bulkInFlight)
		}
	}
}

func TestSelfCheckCountsWhatIsMissing(t *testing.T) {
	api := newFakeAPI(t)
	api.denied = []string{"patch nodes/status"}
	client, err := kubernetes.NewForConfig(&rest.Config{Host: api.URL})
	if err != nil {
		t.Fatal(err)
	}
	registerMetrics()
	selfCheck(context.Background(), Controller{Name: "worker", Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"nodes", "nodes/status"}, Verbs: []string{"get", "patch"}},
	}}, client)
	if api.reviewed != 4 {
		t.Errorf("%d reviews, want 4", api.reviewed)
	}
}

func TestRBAC(t *testing.T) {
	controllers := []Controller{
		{Name: "a", ClientName: "node-controller", Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"get", "patch"}}}},
		{Name: "b", ClientName: "service-controller", Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"services/status"}, Verbs: []string{"patch"}}}},
	}
	o := RBACOptions{Name: "ccm", Namespace: "kube-system", ServiceAccount: "ccm", Leases: []string{"cloud-controller-manager"}, LeaseNamespace: "kube-system"}
	text := render(t, controllers, o)
	for _, want := range []string{
		"  - nodes\n  verbs:\n  - get\n  - list\n  - patch\n  - watch\n",
		"  - services/status\n  verbs:\n  - patch\n",
		"  resourceNames:\n  - cloud-controller-manager\n",
		"name: system:auth-delegator", "name: extension-apiserver-authentication-reader",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("missing:\n%s\nin\n%s", want, text)
		}
	}
	if strings.Contains(text, "serviceaccounts") || strings.Contains(text, "'*'") || strings.Contains(text, "secrets") {
		t.Errorf("too much:\n%s", text)
	}
	o.ServiceAccountCredentials = true
	text = render(t, controllers, o)
	for _, want := range []string{"name: ccm:node-controller", "  - serviceaccounts/token\n", "  resourceNames:\n  - node-controller\n  - service-controller\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("missing:\n%s\nin\n%s", want, text)
		}
	}
}

func render(t *testing.T, controllers []Controller, o RBACOptions) string {
	t.Helper()
	var b strings.Builder
	for _, object := range RBAC(controllers, o) {
		text, err := yaml.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(text)
		b.WriteString("---\n")
	}
	return b.String()
}
