// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
)

// Most properties are checked on two control planes that run side by side, since starting one is
// what takes the time.
func TestTwoControlPlanes(t *testing.T) {
	skipWhenShort(t)
	dual := StartForTest(t, Options{DualStack: true, Audit: true})
	plain := StartForTest(t, Options{DisableNodeIPAM: true, NodeMonitorGracePeriod: 4 * time.Second})

	t.Run("are separate", func(t *testing.T) {
		create(t, dual, "only-in-dual")
		_, err := plain.AdminClient().CoreV1().Namespaces().Get(t.Context(), "only-in-dual", metav1.GetOptions{})
		if !apierrors.IsNotFound(err) {
			t.Errorf("looking in the other: got error %v, want not found", err)
		}
	})
	t.Run("report the version that they were built from", func(t *testing.T) {
		version, err := dual.AdminClient().Discovery().ServerVersion()
		if err != nil {
			t.Fatal(err)
		}
		if version.Major != "1" || version.Minor != "37" {
			t.Errorf("got %s (%s.%s), want 1.37", version.GitVersion, version.Major, version.Minor)
		}
	})
	t.Run("a named user may do what it is bound to and nothing else", func(t *testing.T) { testRBAC(t, dual) })
	t.Run("the audit log counts requests from a mark", func(t *testing.T) { testAudit(t, dual) })
	t.Run("nodes get CIDRs of both families", func(t *testing.T) { testNodeCIDRs(t, dual) })
	t.Run("without node IPAM a node gets no CIDR but becomes Unknown after its grace", func(t *testing.T) { testSilentNode(t, plain) })
	t.Run("Services get addresses of both families", func(t *testing.T) { testDualStackService(t, dual) })
	t.Run("the API server restarts on its port with its data", func(t *testing.T) { testRestart(t, plain) })
	t.Run("status names three running processes", func(t *testing.T) { testStatus(t, dual) })
}

func testRBAC(t *testing.T, c *Cluster) {
	const user = "system:cloud-controller-manager"
	config, err := c.RESTConfig(user)
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	list := func() error {
		_, err := client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
		return err
	}
	if err := list(); !apierrors.IsForbidden(err) {
		t.Fatalf("before the binding: got error %v, want forbidden", err)
	}
	rbac := c.AdminClient().RbacV1()
	_, err = rbac.ClusterRoles().Create(t.Context(), &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: "ccm"},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"list"}}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = rbac.ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "ccm"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "ccm"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the user may list nodes", func(context.Context) error { return list() })
	if _, err := client.CoreV1().Secrets("").List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("listing Secrets: got error %v, want forbidden", err)
	}
}

func testAudit(t *testing.T, c *Cluster) {
	const agent = "audited/1"
	config, err := c.RESTConfig("auditor")
	if err != nil {
		t.Fatal(err)
	}
	config.UserAgent = agent
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	get := func() { // of no node, so it fails
		_, _ = client.CoreV1().Nodes().Get(t.Context(), "some-node", metav1.GetOptions{})
	}
	get()
	mark, err := c.Audit().Mark()
	if err != nil {
		t.Fatal(err)
	}
	get()
	get()
	requests, err := c.Audit().Since(mark)
	if err != nil {
		t.Fatal(err)
	}
	want := RequestKind{UserAgent: agent, User: "auditor", Verb: "get", Resource: "nodes", Code: 403}
	got := requests.ByUser("auditor")
	if count := got.Count(); count[want] != 2 || len(count) != 1 || len(got.Forbidden()) != 2 {
		t.Errorf("got\n%swant 2 of %v", got, want)
	}
}

func testNodeCIDRs(t *testing.T, c *Cluster) {
	nodes := c.AdminClient().CoreV1().Nodes()
	createNode(t, c, "node-with-cidrs")
	eventually(t, "the node has two pod CIDRs", func(ctx context.Context) error {
		node, err := nodes.Get(ctx, "node-with-cidrs", metav1.GetOptions{})
		if err == nil && len(node.Spec.PodCIDRs) != 2 {
			err = fmt.Errorf("got %v", node.Spec.PodCIDRs)
		}
		return err
	})
}

func testSilentNode(t *testing.T, c *Cluster) {
	nodes := c.AdminClient().CoreV1().Nodes()
	node := createNode(t, c, "silent")
	node.Status.Conditions = []corev1.NodeCondition{{
		Type: corev1.NodeReady, Status: corev1.ConditionTrue,
		LastHeartbeatTime: metav1.Now(), LastTransitionTime: metav1.Now(),
	}}
	if _, err := nodes.UpdateStatus(t.Context(), node, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the node is Unknown", func(ctx context.Context) error {
		node, err := nodes.Get(ctx, "silent", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if node.Spec.PodCIDR != "" {
			t.Fatalf("the node has pod CIDR %s", node.Spec.PodCIDR)
		}
		for _, c := range node.Status.Conditions {
			if c.Type == corev1.NodeReady && c.Status == corev1.ConditionUnknown {
				return nil
			}
		}
		return fmt.Errorf("conditions are %v", node.Status.Conditions)
	})
}

func testDualStackService(t *testing.T, c *Cluster) {
	create(t, c, "services")
	policy := corev1.IPFamilyPolicyRequireDualStack
	service, err := c.AdminClient().CoreV1().Services("services").Create(t.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "dual"},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeLoadBalancer, IPFamilyPolicy: &policy,
			Ports: []corev1.ServicePort{{Port: 80}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(service.Spec.ClusterIPs) != 2 {
		t.Errorf("got cluster IPs %v, want two", service.Spec.ClusterIPs)
	}
}

func testRestart(t *testing.T, c *Cluster) {
	create(t, c, "survivor")
	url := c.URL()
	if err := c.StopAPIServer(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.AdminClient().CoreV1().Namespaces().Get(t.Context(), "survivor", metav1.GetOptions{}); err == nil {
		t.Error("the API server answers while it is stopped")
	}
	if err := c.StartAPIServer(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c.URL() != url {
		t.Errorf("the address changed from %s to %s", url, c.URL())
	}
	if _, err := c.AdminClient().CoreV1().Namespaces().Get(t.Context(), "survivor", metav1.GetOptions{}); err != nil {
		t.Errorf("after the restart: %v", err)
	}
}

func testStatus(t *testing.T, c *Cluster) {
	status := c.Status()
	if len(status) != len(Components) {
		t.Fatalf("got %d components, want %d", len(status), len(Components))
	}
	for _, s := range status {
		if !s.Running || s.RSS == 0 {
			t.Errorf("%s: got running %t with %d bytes", s.Component, s.Running, s.RSS)
		}
	}
	if log := c.LogTail(ControllerManager, 5); strings.Count(log, "\n") != 5 {
		t.Errorf("the last 5 lines of a log are:\n%s", log)
	}
}

func TestContextEndStops(t *testing.T) {
	skipWhenShort(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c, err := Start(ctx, Options{Progress: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	eventually(t, "all processes have ended", func(context.Context) error {
		for _, s := range c.Status() {
			if s.Running {
				return fmt.Errorf("%s runs", s.Component)
			}
		}
		return nil
	})
	if err := c.Stop(); err != nil {
		t.Errorf("stopping after the context ended: %v", err)
	}
}

func TestStartFailsWithTheReason(t *testing.T) {
	skipWhenShort(t)
	c, err := Start(t.Context(), Options{ExtraAPIServerArgs: []string{"--no-such-flag"}})
	if err == nil {
		t.Fatal(errors.Join(errors.New("it started"), c.Stop()))
	}
	if !strings.Contains(err.Error(), "unknown flag: --no-such-flag") {
		t.Errorf("the error does not hold the end of the log: %v", err)
	}
}

func skipWhenShort(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a control plane")
	}
}

func create(t *testing.T, c *Cluster, namespace string) {
	t.Helper()
	_, err := c.AdminClient().CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

func createNode(t *testing.T, c *Cluster, name string) *corev1.Node {
	t.Helper()
	node, err := c.AdminClient().CoreV1().Nodes().Create(t.Context(), &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return node
}

// eventually polls until check returns nil.
func eventually(t *testing.T, what string, check func(context.Context) error) {
	t.Helper()
	var last error
	err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, 30*time.Second, true, func(ctx context.Context) (bool, error) {
		last = check(ctx)
		return last == nil, nil
	})
	if err != nil {
		t.Fatalf("%s: %v; last: %v", what, err, last)
	}
}
