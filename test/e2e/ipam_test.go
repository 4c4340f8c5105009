// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"sigs.k8s.io/cloud-providers/test/system"
)

// TestNodeIPAM lets our manager allocate node CIDRs, kills it in between, and looks for CIDRs handed out
// twice.
func TestNodeIPAM(t *testing.T) {
	t.Parallel()
	e := newEnv(t, func(o *system.Options) { o.Cluster.DisableNodeIPAM = true })
	args := []string{"--controllers=*,node-ipam-controller", "--allocate-node-cidrs", "--leader-elect=false",
		"--cluster-cidr=10.96.0.0/20", "--node-cidr-mask-size=24", "--service-cluster-ip-range=10.96.0.0/24"}
	m := e.manager("manager", args...)
	var names []string
	for i := range 6 {
		names = append(names, fmt.Sprint("n", i))
	}
	e.nodes(names[:4]...)
	e.distinctCIDRs(names[:4]...)
	if err := m.Kill(); err != nil {
		t.Fatal(err)
	}
	// While nobody allocates, a node gets a CIDR by hand, and another one goes.
	e.Fleet.Forget("n0")
	if err := e.Client.CoreV1().Nodes().Delete(e.ctx, "n0", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := e.AddMachines(e.ctx, []string{"zone-a"}, names[4]); err != nil {
		t.Fatal(err)
	}
	patch := `{"spec":{"podCIDR":"10.96.5.0/24","podCIDRs":["10.96.5.0/24"]}}`
	if _, err := e.Client.CoreV1().Nodes().Patch(e.ctx, names[4], types.MergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	e.manager("manager", args...)
	e.nodes(names[5])
	e.distinctCIDRs(names[1:]...)
}

// distinctCIDRs waits until the nodes have CIDRs, and checks that no two overlap, nor any the Services.
func (e *env) distinctCIDRs(names ...string) {
	e.t.Helper()
	taken := map[string]netip.Prefix{"the Services": netip.MustParsePrefix("10.96.0.0/24")}
	for _, name := range names {
		var mine netip.Prefix
		e.eventually("node "+name+" has a CIDR", func() (err error) {
			if n := e.node(name); n.Spec.PodCIDR == "" {
				return errors.New("it has none")
			} else if mine, err = netip.ParsePrefix(n.Spec.PodCIDR); err != nil {
				return err
			}
			return nil
		})
		for other, theirs := range taken {
			if mine.Overlaps(theirs) {
				e.t.Errorf("node %s has %s, and %s have %s", name, mine, other, theirs)
			}
		}
		taken[name] = mine
	}
}
