// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"reflect"
	"strings"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"sigs.k8s.io/cloud-providers/common/provider"
)

// addresses reads "Internal 10.1.1.1, External 5.5.5.5, Hostname h".
func addresses(text string) []v1.NodeAddress {
	types := map[string]v1.NodeAddressType{"Internal": v1.NodeInternalIP, "External": v1.NodeExternalIP, "Hostname": v1.NodeHostName}
	var all []v1.NodeAddress
	for _, part := range strings.Split(text, ", ") {
		if kind, value, ok := strings.Cut(part, " "); ok {
			all = append(all, v1.NodeAddress{Type: types[kind], Address: value})
		}
	}
	return all
}

func tainted(provided string) *v1.Node {
	n := &v1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n1", Annotations: map[string]string{}}}
	if provided != "" {
		n.Annotations["alpha.kubernetes.io/provided-node-ip"] = provided
	}
	n.Spec.Taints = []v1.Taint{
		{Key: "a", Effect: v1.TaintEffectNoExecute},
		{Key: "node.cloudprovider.kubernetes.io/uninitialized", Value: "true", Effect: v1.TaintEffectNoSchedule},
		{Key: "b", Effect: v1.TaintEffectNoSchedule},
	}
	n.Status.Addresses = addresses("Hostname h")
	return n
}

func TestAddresses(t *testing.T) {
	for name, tc := range map[string]struct{ provided, cloud, want, err string }{
		"without an annotation the cloud's order stays":         {"", "Internal 10.1.1.1, External 5.5.5.5", "Internal 10.1.1.1, External 5.5.5.5, Hostname h", ""},
		"a hostname of the cloud wins over the kubelet's":       {"", "Internal 10.1.1.1, Hostname c", "Internal 10.1.1.1, Hostname c", ""},
		"duplicates are dropped":                                {"", "Internal 10.1.1.1, Internal 10.1.1.1", "Internal 10.1.1.1, Hostname h", ""},
		"an external node IP comes first":                       {"55.55.55.55", "Internal 10.1.1.1, External 55.55.55.55, Hostname h", "External 55.55.55.55, Internal 10.1.1.1, Hostname h", ""},
		"others of the matched type are dropped":                {"10.1.1.1", "Internal 10.1.1.1, Internal 10.2.2.2, Internal 10.3.3.3, External 55.55.55.55, Hostname h", "Internal 10.1.1.1, External 55.55.55.55, Hostname h", ""},
		"an IP of two types matches both":                       {"55.55.55.55", "Internal 44.44.44.44, External 44.44.44.44, Internal 55.55.55.55, External 55.55.55.55, Hostname h", "Internal 55.55.55.55, External 55.55.55.55, Hostname h", ""},
		"a dual-stack pair keeps its order":                     {"fc01:1234::5678,10.1.1.1", "Internal 10.1.1.1, External 55.55.55.55, Internal fc01:1234::5678, External 2001:db1::1, Hostname h", "Internal fc01:1234::5678, Internal 10.1.1.1, External 55.55.55.55, External 2001:db1::1, Hostname h", ""},
		"a pair of two types":                                   {"55.55.55.55,fc01:1234::5678", "Internal 10.1.1.1, External 55.55.55.55, Internal fc01:1234::5678, External 2001:db1::1, Hostname h", "External 55.55.55.55, Internal fc01:1234::5678, Hostname h", ""},
		"an IP of the pair that the cloud lacks is an error":    {"10.1.1.1,fc01:1234::5678", "Internal 10.1.1.1, Hostname h", "", "fc01:1234::5678"},
		"no addresses at all with an annotation is an error":    {"10.1.1.1", "", "", "the cloud knows no address"},
		"no addresses at all without an annotation change none": {"", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := addresses(tc.cloud)
			before := append([]v1.NodeAddress(nil), cloud...)
			got, err := wantedAddresses(tainted(tc.provided), cloud[:len(cloud):cap(cloud)])
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Fatalf("error %v, want one that names %q", err, tc.err)
				}
				return
			}
			if err != nil || !reflect.DeepEqual(got, addresses(tc.want)) {
				t.Errorf("got %v, %v; want %v", got, err, tc.want)
			}
			if !reflect.DeepEqual(cloud, before) {
				t.Errorf("the provider's slice became %v", cloud)
			}
		})
	}
}

func TestInitialise(t *testing.T) {
	node := tainted("")
	node.Labels = map[string]string{"there": "mine", v1.LabelTopologyZone: "old"}
	c, err := initialise(node, provider.Instance{
		ProviderID: "x://1", Type: "big", Zone: "z", Region: "r", Addresses: addresses("Internal 10.1.1.1"),
		Labels: map[string]string{"there": "cloud's", "new": "1", "x.k8s.io/y": "no", "kubernetes.io/y": "no", "xk8s.io/y": "yes"},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for k, v := range c.patch.Labels {
		got[k] = *v
	}
	want := map[string]string{
		"beta.kubernetes.io/instance-type": "big", "node.kubernetes.io/instance-type": "big",
		"failure-domain.beta.kubernetes.io/zone": "z", "topology.kubernetes.io/zone": "z",
		"failure-domain.beta.kubernetes.io/region": "r", "topology.kubernetes.io/region": "r",
		"new": "1", "xk8s.io/y": "yes",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("labels %v, want %v", got, want)
	}
	if c.patch.ProviderID != "x://1" || !c.setAddresses {
		t.Errorf("change %+v", c)
	}
	if len(c.patch.Taints) != 2 || c.patch.Taints[0].Key != "a" || c.patch.Taints[1].Key != "b" || !c.patch.SetTaints {
		t.Errorf("taints %v: the others must stay in order", c.patch.Taints)
	}
	node.Spec.ProviderID = "x://0"
	if c, _ = initialise(node, provider.Instance{ProviderID: "x://1"}); c.patch.ProviderID != "" {
		t.Error("a provider ID that is set is immutable")
	}
}

func TestSynchroniseAnEqualNodeNeedsNothing(t *testing.T) {
	node := tainted("")
	instance := provider.Instance{Type: "big", Zone: "z", Region: "r", Addresses: addresses("Internal 10.1.1.1, Internal fd00::1, Hostname h")}
	c, err := initialise(node, instance)
	if err != nil {
		t.Fatal(err)
	}
	node.Labels = map[string]string{}
	for k, v := range c.patch.Labels {
		node.Labels[k] = *v
	}
	node.Status.Addresses, node.Spec.Taints = c.addresses, c.patch.Taints
	if c := synchronise(node, instance, Options{SyncLabels: true, SyncTopology: true}); !c.empty() || len(c.warnings) > 0 {
		t.Errorf("change %+v: two addresses of one type are no difference", c)
	}
	instance.Addresses = addresses("Internal fd00::1, Internal 10.1.1.1, Hostname h")
	if c := synchronise(node, instance, Options{}); !c.setAddresses {
		t.Error("a change of order is a difference")
	}
}

func TestLabelsFollowTheCloud(t *testing.T) {
	node := tainted("")
	node.Spec.Taints = nil
	node.Labels = map[string]string{v1.LabelInstanceTypeStable: "small", v1.LabelTopologyZone: "a", "gone": "1", "user": "2", "kept": "3"}
	node.Annotations[managedLabels] = "gone,kept"
	instance := provider.Instance{Type: "big", Zone: "b", Labels: map[string]string{"kept": "4", "user": "cloud", "new": "5"}}

	c := synchronise(node, instance, Options{})
	if v := c.patch.Labels[v1.LabelInstanceTypeStable]; v == nil || *v != "big" {
		t.Error("the type follows a resize by default")
	}
	if _, ok := c.patch.Labels[v1.LabelTopologyZone]; ok || c.warnings["NodeTopologyChanged"] == "" {
		t.Errorf("the zone must stay, with a warning: %v, %v", c.patch.Labels, c.warnings)
	}
	if _, ok := c.patch.Labels["kept"]; ok {
		t.Error("additional labels stay unless asked for")
	}

	c = synchronise(node, instance, Options{SyncLabels: true, SyncTopology: true})
	if v := c.patch.Labels[v1.LabelTopologyZone]; v == nil || *v != "b" {
		t.Error("the zone follows when asked for")
	}
	if v, ok := c.patch.Labels["gone"]; !ok || v != nil {
		t.Error("a label of ours that vanished in the cloud is removed")
	}
	if v := c.patch.Labels["kept"]; v == nil || *v != "4" {
		t.Error("a label of ours follows")
	}
	if _, ok := c.patch.Labels["user"]; ok {
		t.Error("a user's label is never touched")
	}
	if v := c.patch.Annotations[managedLabels]; v == nil || *v != "kept,new" {
		t.Errorf("recorded %v", v)
	}
}

func TestOldLabelsAreMigrated(t *testing.T) {
	node := &v1.Node{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{
		"failure-domain.beta.kubernetes.io/zone": "z", "topology.kubernetes.io/zone": "other", "topology.kubernetes.io/region": "r"}}}
	p := migrateLabels(node)
	if len(p.Labels) != 1 || *p.Labels["topology.kubernetes.io/zone"] != "z" {
		t.Errorf("patch %v: only a current label beside an old one is set", p.Labels)
	}
	node.Labels["topology.kubernetes.io/zone"] = "z"
	if !migrateLabels(node).Empty() {
		t.Error("nothing to do when they agree")
	}
}

// TestBurst plays nodes that register evenly over a time, and counts look-ups.
func TestBurst(t *testing.T) {
	for _, tc := range []struct {
		name             string
		nodes            int
		over             time.Duration
		writesPerSecond  float64
		maxLookups       int
		maxAfterArrivals time.Duration
	}{
		{"5,000 nodes over 15 s, slower writes", 5000, 15 * time.Second, 220, 10, 10 * time.Second},
		{"5,000 nodes over 20 s, faster writes", 5000, 20 * time.Second, 400, 10, 4 * time.Second},
		{"1,000 nodes at once", 1000, 700 * time.Millisecond, 250, 3, 6 * time.Second},
		{"1,000 nodes over 9 s", 1000, 9 * time.Second, 120, 7, 6 * time.Second},
		{"100 nodes over 1.5 s", 100, 1500 * time.Millisecond, 150, 4, 2 * time.Second},
		{"one node", 1, 0, 250, 1, time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := pressure{batchSize: 1000, rate: startRate}
			start := time.Unix(0, 0)
			arrived, written, lookups := 0, 0.0, 0
			for now, step := start, 10*time.Millisecond; int(written+0.5) < tc.nodes; now = now.Add(step) {
				for arrived < tc.nodes && now.Sub(start) >= tc.over*time.Duration(arrived)/time.Duration(tc.nodes) {
					p.arrived(now)
					arrived++
				}
				if p.wait(now) == 0 {
					lookups++
					n := min(p.waiting, p.batchSize)
					p.looked(now, p.waiting-n)
					p.writing += n
				}
				if p.writing > 0 {
					before := int(written)
					written += min(tc.writesPerSecond*step.Seconds(), float64(p.writing))
					p.writing -= int(written) - before
					p.written(tc.writesPerSecond)
				}
				if late := now.Sub(start) - tc.over; late > tc.maxAfterArrivals {
					t.Fatalf("only %d of %d written %s after the last arrival", int(written), tc.nodes, late)
				}
			}
			if lookups > tc.maxLookups {
				t.Errorf("%d look-ups, want at most %d", lookups, tc.maxLookups)
			}
		})
	}
}
