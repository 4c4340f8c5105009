// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package route

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	cloudprovider "k8s.io/cloud-provider"

	"sigs.k8s.io/cloud-providers/common/provider"
)

func node(name string, cidrs ...string) *v1.Node {
	return &v1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name)}, Spec: v1.NodeSpec{PodCIDRs: cidrs}}
}

func route(target, cidr string, owner provider.RouteOwner) provider.Route {
	return provider.Route{Owner: owner, Route: cloudprovider.Route{Name: "r-" + cidr, TargetNode: types.NodeName(target), DestinationCIDR: cidr}}
}

func TestDecide(t *testing.T) {
	cluster := []netip.Prefix{netip.MustParsePrefix("10.244.0.0/16"), netip.MustParsePrefix("fd00:244::/48")}
	const unmarked, ours, foreign = provider.RouteUnmarked, provider.RouteOurs, provider.RouteForeign
	for name, tc := range map[string]struct {
		nodes          []*v1.Node
		routes         []provider.Route
		create, delete []string
		conflict       string
		deleteFirst    bool
	}{
		"one route per CIDR is created": {
			nodes: []*v1.Node{node("a", "10.244.1.0/24", "fd00:244:0:1::/64")}, create: []string{"a 10.244.1.0/24", "a fd00:244:0:1::/64"}},
		"a route that is there is left alone, however its CIDR is written": {
			nodes: []*v1.Node{node("a", "fd00:244:0:1::/64")}, routes: []provider.Route{route("a", "fd00:244:0:1:0::/64", ours)}},
		"the same CIDR twice in a node is one route": {
			nodes: []*v1.Node{node("a", "10.244.1.0/24", "10.244.1.0/24")}, create: []string{"a 10.244.1.0/24"}},
		"the route of a node that is gone is deleted": {
			nodes: []*v1.Node{node("a", "10.244.1.0/24")}, routes: []provider.Route{route("a", "10.244.1.0/24", ours), route("b", "10.244.2.0/24", ours)}, delete: []string{"b 10.244.2.0/24"}},
		"a CIDR that moved to another node is replaced, deletion first": {
			nodes: []*v1.Node{node("a", "10.244.1.0/24")}, routes: []provider.Route{route("b", "10.244.1.0/24", ours)},
			create: []string{"a 10.244.1.0/24"}, delete: []string{"b 10.244.1.0/24"}, deleteFirst: true},
		"a route that is listed twice stays": {
			nodes: []*v1.Node{node("a", "10.244.1.0/24")}, routes: []provider.Route{route("a", "10.244.1.0/24", ours), route("a", "10.244.1.0/24", ours)}},
		"a blackhole is replaced": {
			nodes:  []*v1.Node{node("a", "10.244.1.0/24")},
			routes: []provider.Route{{Owner: ours, Route: cloudprovider.Route{TargetNode: "a", DestinationCIDR: "10.244.1.0/24", Blackhole: true}}},
			create: []string{"a 10.244.1.0/24"}, delete: []string{"a 10.244.1.0/24"}, deleteFirst: true},
		"a foreign route inside the cluster CIDR is never deleted": {
			nodes: []*v1.Node{node("a", "10.244.1.0/24")}, routes: []provider.Route{route("a", "10.244.1.0/24", ours), route("x", "10.244.9.0/24", foreign)}},
		"a foreign route in the way is reported": {
			nodes: []*v1.Node{node("a", "10.244.1.0/24")}, routes: []provider.Route{route("x", "10.244.1.0/24", foreign)}, conflict: "a"},
		"an unmarked route of the nodes' length is ours": {
			nodes: []*v1.Node{node("a", "10.244.1.0/24")}, routes: []provider.Route{route("a", "10.244.1.0/24", unmarked), route("gone", "10.244.7.0/24", unmarked)}, delete: []string{"gone 10.244.7.0/24"}},
		"an unmarked route of another length is not": {
			nodes: []*v1.Node{node("a", "10.244.1.0/24")}, routes: []provider.Route{route("a", "10.244.1.0/24", unmarked), route("x", "10.244.128.0/20", unmarked)}},
		"a route larger than the cluster CIDR is not": {
			nodes: []*v1.Node{node("a", "10.244.1.0/24")}, routes: []provider.Route{route("a", "10.244.1.0/24", ours), route("x", "10.0.0.0/8", ours)}},
		"a route outside is not": {
			nodes: []*v1.Node{node("a", "10.244.1.0/24")}, routes: []provider.Route{route("a", "10.244.1.0/24", ours), route("x", "192.168.0.0/24", ours)}},
	} {
		t.Run(name, func(t *testing.T) {
			d := decide(input{clusterCIDRs: cluster, nodes: tc.nodes, routes: tc.routes})
			var create, remove []string
			for _, r := range d.create {
				create = append(create, string(r.Route.TargetNode)+" "+r.Route.DestinationCIDR)
			}
			for _, r := range d.delete {
				remove = append(remove, string(r.TargetNode)+" "+r.DestinationCIDR)
			}
			if !slices.Equal(create, tc.create) || !slices.Equal(remove, tc.delete) || d.deleteFirst != tc.deleteFirst {
				t.Errorf("create %v, delete %v, deletions first %v", create, remove, d.deleteFirst)
			}
			if (d.conflicts[tc.conflict] != "") != (tc.conflict != "") || tc.conflict == "" && len(d.conflicts) > 0 {
				t.Errorf("conflicts %v", d.conflicts)
			}
		})
	}
}

func TestARouteToOldAddressesIsReplaced(t *testing.T) {
	n := node("a", "10.244.1.0/24")
	n.Status.Addresses = []v1.NodeAddress{{Type: v1.NodeInternalIP, Address: "10.0.0.2"}, {Type: v1.NodeHostName, Address: "a"}}
	r := route("a", "10.244.1.0/24", provider.RouteOurs)
	r.EnableNodeAddresses = true
	r.TargetNodeAddresses = []v1.NodeAddress{n.Status.Addresses[1], n.Status.Addresses[0]}
	in := input{clusterCIDRs: []netip.Prefix{netip.MustParsePrefix("10.244.0.0/16")}, nodes: []*v1.Node{n}, routes: []provider.Route{r}}
	if d := decide(in); len(d.create)+len(d.delete) > 0 {
		t.Errorf("another order is no difference: %+v", d)
	}
	in.routes[0].TargetNodeAddresses = r.TargetNodeAddresses[:1]
	if d := decide(in); len(d.create) != 1 || len(d.delete) != 1 || !d.deleteFirst {
		t.Errorf("decision %+v", d)
	}
}

func TestSchedule(t *testing.T) {
	now := time.Unix(1000, 0)
	s := schedule{period: 10 * time.Second}
	in := func(at time.Time) time.Duration { return at.Sub(now) }
	var waits []time.Duration
	for range 5 {
		s.finished(now, false, nil)
		waits = append(waits, in(s.next()))
	}
	if want := []time.Duration{20 * time.Second, 40 * time.Second, time.Minute, time.Minute, time.Minute}; !slices.Equal(waits, want) {
		t.Errorf("quiet passes wait %v, want %v", waits, want)
	}
	if w := in(s.onChange(now)); w != 10*time.Second {
		t.Errorf("a change right after a pass waits %s, want 10s between lists", w)
	}
	now = now.Add(30 * time.Second)
	if w := in(s.onChange(now)); w != time.Second {
		t.Errorf("a change after quiet waits %s, want 1s", w)
	}
	waits = nil
	for range 8 {
		s.finished(now, true, errors.New("503"))
		waits = append(waits, in(s.next()))
	}
	if waits[0] != time.Second || waits[1] != 2*time.Second || waits[7] != time.Minute {
		t.Errorf("failures wait %v", waits)
	}
	s.finished(now, true, nil)
	if w := in(s.next()); w != 10*time.Second {
		t.Errorf("after a change that worked: %s", w)
	}
	s.strict = true
	s.finished(now, false, nil)
	if w := in(s.next()); w != 10*time.Second {
		t.Errorf("strict: %s", w)
	}
}
