// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package nodeipam

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	cpconfig "k8s.io/cloud-provider/config"
)

func node(name, uid string, cidrs ...string) *v1.Node {
	return &v1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(uid)}, Spec: v1.NodeSpec{PodCIDRs: cidrs}}
}

func allocatorOf(t testing.TB, o Options, ranges string) *allocator {
	t.Helper()
	c := &cpconfig.CloudControllerManagerConfiguration{}
	c.KubeCloudShared.ClusterCIDR = ranges
	all, err := pools(c, o)
	if err != nil {
		t.Fatal(err)
	}
	return newAllocator(all)
}

func texts(all []netip.Prefix) string {
	var out []string
	for _, p := range all {
		out = append(out, p.String())
	}
	return strings.Join(out, ",")
}

func TestANodeGetsABlockOfEachFamily(t *testing.T) {
	a := allocatorOf(t, Options{}, "10.244.0.0/16,fd00:244::/48")
	got, err := a.assign(node("a", "1"))
	if err != nil || texts(got) != "10.244.0.0/24,fd00:244::/64" {
		t.Errorf("%s, %v", texts(got), err)
	}
	again, _ := a.assign(node("a", "1"))
	if !slices.Equal(got, again) {
		t.Errorf("asked again, it got %s: a lost answer must not cost a second block", texts(again))
	}
}

func TestBothFamiliesOrNone(t *testing.T) {
	a := allocatorOf(t, Options{MaskSizeIPv4: 24, MaskSizeIPv6: 48}, "10.244.0.0/16,fd00:244::/48")
	if _, err := a.assign(node("a", "1")); err != nil {
		t.Fatal(err)
	}
	for i := range 300 {
		if _, err := a.assign(node(fmt.Sprint("n", i), "1")); !errors.Is(err, errExhausted) {
			t.Fatalf("error %v, want an exhausted pool", err)
		}
	}
	if used := a.pools[0].Used(); used != 1 {
		t.Errorf("%d IPv4 blocks are used, want 1: failures leak none", used)
	}
	a.forget("a")
	if _, err := a.assign(node("b", "1")); err != nil {
		t.Errorf("after a node left: %v", err)
	}
}

func TestStateIsRestoredFromNodes(t *testing.T) {
	a := allocatorOf(t, Options{}, "10.244.0.0/22")
	for _, n := range []*v1.Node{node("a", "1", "10.244.0.0/24"), node("b", "1", "10.244.2.0/24")} {
		if _, problems := a.learn(n); len(problems) > 0 {
			t.Errorf("problems %v", problems)
		}
	}
	got, _ := a.assign(node("c", "1"))
	more, _ := a.assign(node("d", "1"))
	if texts(got) != "10.244.1.0/24" || texts(more) != "10.244.3.0/24" {
		t.Errorf("got %s and %s, which is not what was free", texts(got), texts(more))
	}
}

func TestWrongCIDRsOfNodes(t *testing.T) {
	a := allocatorOf(t, Options{}, "10.244.0.0/23")
	if _, problems := a.learn(node("out", "1", "192.168.0.0/24")); len(problems) != 1 {
		t.Errorf("problems %v, want one of a CIDR outside", problems)
	}
	a.learn(node("a", "1", "10.244.0.0/24"))
	if _, problems := a.learn(node("twin", "1", "10.244.0.0/24")); len(problems) != 1 || !strings.Contains(problems[0].Error(), "also that of a") {
		t.Errorf("problems %v, want one of a shared CIDR", problems)
	}
	a.forget("twin")
	got, err := a.assign(node("c", "1"))
	if err != nil || texts(got) != "10.244.1.0/24" {
		t.Errorf("%s, %v: what a still has was freed with its twin", texts(got), err)
	}
}

func TestARecreatedNodeStartsAnew(t *testing.T) {
	a := allocatorOf(t, Options{}, "10.244.0.0/23")
	first, _ := a.assign(node("a", "1"))
	if _, err := a.assign(node("a", "2")); err != nil || a.pools[0].Used() != 1 {
		t.Errorf("%v, %d blocks used after %s was freed, want 1", err, a.pools[0].Used(), texts(first))
	}
	if news, _ := a.learn(node("a", "2", "10.244.0.0/24")); !news {
		t.Error("a CIDR that we did not hand out is news")
	}
	if a.pools[0].Used() != 1 {
		t.Errorf("%d blocks used: the one that we meant to give is not freed", a.pools[0].Used())
	}
}

func TestFlags(t *testing.T) {
	for name, tc := range map[string]struct {
		ranges string
		o      Options
		want   string // first blocks, or an error
	}{
		"defaults":                      {"10.0.0.0/16", Options{}, "10.0.0.0/24"},
		"own mask":                      {"10.0.0.0/16", Options{MaskSize: 25}, "10.0.0.0/25"},
		"mask of the family":            {"fd00::/48", Options{MaskSizeIPv6: 60}, "fd00::/60"},
		"services are left out":         {"10.0.0.0/16", Options{ServiceRanges: "10.0.0.0/23"}, "10.0.2.0/24"},
		"mask with dual stack":          {"10.0.0.0/16,fd00::/48", Options{MaskSize: 25}, "error"},
		"mask of a family that is none": {"10.0.0.0/16", Options{MaskSizeIPv6: 64}, "error"},
		"IPv6 too deep":                 {"fd00::/32", Options{}, "error"},
		"no CIDR":                       {"", Options{}, "error"},
	} {
		t.Run(name, func(t *testing.T) {
			c := &cpconfig.CloudControllerManagerConfiguration{}
			c.KubeCloudShared.ClusterCIDR = tc.ranges
			all, err := pools(c, tc.o)
			if tc.want == "error" {
				if err == nil {
					t.Error("no error")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := newAllocator(all).assign(node("a", "1"))
			if err != nil || texts(got) != tc.want {
				t.Errorf("%s, %v; want %s", texts(got), err, tc.want)
			}
		})
	}
}

// BenchmarkRestoreAndAllocate restores 15,000 nodes and allocates for 15,000 more. Its time per node does
// not grow with their number.
func BenchmarkRestoreAndAllocate(b *testing.B) {
	for _, n := range []int{1500, 15000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for range b.N {
				a := allocatorOf(b, Options{MaskSize: 24}, "10.0.0.0/8")
				for i := range n {
					a.learn(node(fmt.Sprint("old", i), "1", fmt.Sprintf("10.%d.%d.0/24", i/256, i%256)))
				}
				for i := range n {
					if _, err := a.assign(node(fmt.Sprint("new", i), "1")); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*2*n), "ns/node")
		})
	}
}
