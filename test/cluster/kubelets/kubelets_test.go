// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelets_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"sigs.k8s.io/cloud-providers/test/cluster"
	"sigs.k8s.io/cloud-providers/test/cluster/kubelets"
)

const (
	cloudTaint           = "node.cloudprovider.kubernetes.io/uninitialized"
	providedIPAnnotation = "alpha.kubernetes.io/provided-node-ip"
)

// fixture is a fleet on a control plane.
type fixture struct {
	client kubernetes.Interface
	fleet  *kubelets.Fleet
}

// start starts a control plane that finds silent nodes within seconds, and a fleet.
func start(t *testing.T, options kubelets.Options) fixture {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a control plane")
	}
	c := cluster.StartForTest(t, cluster.Options{NodeMonitorGracePeriod: 4 * time.Second})
	config, err := c.RESTConfig("kubelets", cluster.AdminGroup)
	if err != nil {
		t.Fatal(err)
	}
	options.RESTConfig = config
	options.LeasePeriod = time.Second
	fleet, err := kubelets.New(context.WithoutCancel(t.Context()), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := fleet.Stop(); err != nil {
			t.Error(err)
		}
	})
	return fixture{client: c.AdminClient(), fleet: fleet}
}

func (f fixture) add(t *testing.T, machines ...kubelets.Machine) {
	t.Helper()
	if err := f.fleet.Add(t.Context(), machines...); err != nil {
		t.Fatal(err)
	}
}

func (f fixture) node(t *testing.T, name string) *corev1.Node {
	t.Helper()
	node, err := f.client.CoreV1().Nodes().Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return node
}

func (f fixture) lease(t *testing.T, name string) *coordinationv1.Lease {
	t.Helper()
	lease, err := f.client.CoordinationV1().Leases(corev1.NamespaceNodeLease).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return lease
}

// awaitReady waits until the node's Ready condition has a status.
func (f fixture) awaitReady(t *testing.T, name string, want corev1.ConditionStatus) {
	t.Helper()
	eventually(t, fmt.Sprintf("the Ready condition of %s is %s", name, want), func() error {
		for _, c := range f.node(t, name).Status.Conditions {
			if c.Type == corev1.NodeReady && c.Status != want {
				return fmt.Errorf("it is %s (%s)", c.Status, c.Reason)
			}
		}
		return nil
	})
}

func TestKubelets(t *testing.T) {
	f := start(t, kubelets.Options{Reregister: true})
	t.Run("a node without node IP has a host name only", func(t *testing.T) { testPlainNode(t, f) })
	t.Run("node IPs become addresses and an annotation", func(t *testing.T) { testNodeIPs(t, f) })
	t.Run("an unspecified node IP is the interface's, without an annotation", func(t *testing.T) { testUnspecifiedNodeIP(t, f) })
	t.Run("an existing node keeps its provider ID, taints and addresses", func(t *testing.T) { testTakeOver(t, f) })
	t.Run("a node is ready, and not when told so", func(t *testing.T) { testReady(t, f) })
	t.Run("a silent node becomes Unknown and recovers", func(t *testing.T) { testSilence(t, f) })
	t.Run("a deleted node registers again while its machine runs", func(t *testing.T) { testReregistration(t, f) })
	t.Run("a machine that is gone leaves its node", func(t *testing.T) { testGone(t, f) })
}

func testPlainNode(t *testing.T, f fixture) {
	f.add(t, kubelets.Machine{Name: "plain", Labels: map[string]string{"pool": "a"}})
	node := f.node(t, "plain")
	if got := node.Status.Addresses; len(got) != 1 || got[0] != (corev1.NodeAddress{Type: corev1.NodeHostName, Address: "plain"}) {
		t.Errorf("addresses are %v, want the host name only", got)
	}
	if node.Spec.ProviderID != "" || node.Annotations[providedIPAnnotation] != "" {
		t.Errorf("provider ID %q and annotations %v, want neither", node.Spec.ProviderID, node.Annotations)
	}
	for label, want := range map[string]string{"pool": "a", corev1.LabelHostname: "plain", corev1.LabelOSStable: "linux"} {
		if got := node.Labels[label]; got != want {
			t.Errorf("label %s is %q, want %q", label, got, want)
		}
	}
	tainted := false
	for _, taint := range node.Spec.Taints {
		tainted = tainted || taint.MatchTaint(&corev1.Taint{Key: cloudTaint, Effect: corev1.TaintEffectNoSchedule}) && taint.Value == "true"
	}
	if !tainted {
		t.Errorf("taints are %v, want %s among them", node.Spec.Taints, cloudTaint)
	}
	lease := f.lease(t, "plain")
	if len(lease.OwnerReferences) != 1 || lease.OwnerReferences[0].UID != node.UID || *lease.Spec.LeaseDurationSeconds != 4 {
		t.Errorf("the lease is %+v, want it owned by the node and four periods long", lease)
	}
}

func testNodeIPs(t *testing.T, f fixture) {
	f.add(t, kubelets.Machine{Name: "dual", NodeIPs: []netip.Addr{netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("fd00::3")}})
	node := f.node(t, "dual")
	want := []corev1.NodeAddress{
		{Type: corev1.NodeInternalIP, Address: "10.1.2.3"},
		{Type: corev1.NodeInternalIP, Address: "fd00::3"},
		{Type: corev1.NodeHostName, Address: "dual"},
	}
	if got := node.Status.Addresses; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("addresses are %v, want %v", got, want)
	}
	if got := node.Annotations[providedIPAnnotation]; got != "10.1.2.3,fd00::3" {
		t.Errorf("the annotation is %q", got)
	}
}

func testUnspecifiedNodeIP(t *testing.T, f fixture) {
	address := firstAddress(t)
	f.add(t, kubelets.Machine{Name: "any", NodeIPs: []netip.Addr{netip.IPv4Unspecified()}, Address: address})
	node := f.node(t, "any")
	if got := node.Status.Addresses; len(got) != 2 || got[0].Address != address.String() {
		t.Errorf("addresses are %v, want %s first", got, address)
	}
	if got, ok := node.Annotations[providedIPAnnotation]; ok {
		t.Errorf("the annotation is %q, want none", got)
	}
}

func testTakeOver(t *testing.T, f fixture) {
	nodes := f.client.CoreV1().Nodes()
	old := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "old"}, Spec: corev1.NodeSpec{ProviderID: "cloud://old"}}
	old, err := nodes.Create(t.Context(), old, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	old.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeExternalIP, Address: "192.0.2.1"}}
	if _, err := nodes.UpdateStatus(t.Context(), old, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	f.add(t, kubelets.Machine{Name: "old", ProviderID: "cloud://new", Labels: map[string]string{"pool": "b"}})
	node := f.node(t, "old")
	if node.Spec.ProviderID != "cloud://old" || node.Labels["pool"] != "b" || node.Status.Addresses[0].Address != "192.0.2.1" {
		t.Errorf("got provider ID %q, labels %v, addresses %v; want the old ID and address with the new label", node.Spec.ProviderID, node.Labels, node.Status.Addresses)
	}
	for _, taint := range node.Spec.Taints {
		if taint.Key == cloudTaint {
			t.Error("the cloud's taint came back")
		}
	}
	f.awaitReady(t, "old", corev1.ConditionTrue)
}

func testReady(t *testing.T, f fixture) {
	f.add(t, kubelets.Machine{Name: "switched"})
	f.awaitReady(t, "switched", corev1.ConditionTrue)
	for _, want := range []corev1.ConditionStatus{corev1.ConditionFalse, corev1.ConditionTrue} {
		if err := f.fleet.SetReady(t.Context(), "switched", want == corev1.ConditionTrue); err != nil {
			t.Fatal(err)
		}
		f.awaitReady(t, "switched", want)
	}
}

func testSilence(t *testing.T, f fixture) {
	f.add(t, kubelets.Machine{Name: "silent"})
	if err := f.fleet.StopHeartbeat("silent"); err != nil {
		t.Fatal(err)
	}
	f.awaitReady(t, "silent", corev1.ConditionUnknown)
	if err := f.fleet.ResumeHeartbeat(t.Context(), "silent"); err != nil {
		t.Fatal(err)
	}
	f.awaitReady(t, "silent", corev1.ConditionTrue)
	f.awaitReady(t, "plain", corev1.ConditionTrue) // its heartbeat went on for longer than the grace period
}

func testReregistration(t *testing.T, f fixture) {
	f.add(t, kubelets.Machine{Name: "again"})
	first := f.node(t, "again").UID
	if err := f.client.CoreV1().Nodes().Delete(t.Context(), "again", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "there is a new node with a lease of its own", func() error {
		node, err := f.client.CoreV1().Nodes().Get(t.Context(), "again", metav1.GetOptions{})
		if err != nil {
			return err
		}
		lease, err := f.client.CoordinationV1().Leases(corev1.NamespaceNodeLease).Get(t.Context(), "again", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if owner := lease.OwnerReferences[0].UID; node.UID == first || owner != node.UID {
			return fmt.Errorf("the node is %s, was %s, and the lease is of %s", node.UID, first, owner)
		}
		return nil
	})
}

func testGone(t *testing.T, f fixture) {
	f.add(t, kubelets.Machine{Name: "burned"})
	before := f.fleet.Len()
	f.fleet.Forget("burned")
	if got := f.fleet.Len(); got != before-1 {
		t.Errorf("there are %d machines, want %d", got, before-1)
	}
	f.awaitReady(t, "burned", corev1.ConditionUnknown)
	if err := f.fleet.SetReady(t.Context(), "burned", true); err == nil {
		t.Error("a machine that is gone was made ready")
	}
}

// eventually polls until check returns nil.
func eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	var last error
	err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, 30*time.Second, true, func(context.Context) (bool, error) {
		last = check()
		return last == nil, nil
	})
	if err != nil {
		t.Fatalf("%s: %v; last: %v", what, err, last)
	}
}
