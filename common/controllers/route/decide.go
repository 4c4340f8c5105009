// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package route

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	cloudprovider "k8s.io/cloud-provider"

	"sigs.k8s.io/cloud-providers/common/provider"
)

// input is everything that the wanted routes depend on.
type input struct {
	clusterCIDRs []netip.Prefix
	nodes        []*v1.Node
	routes       []provider.Route
}

// decision is what to do about routes: pure data.
type decision struct {
	create []provider.RouteCreate
	delete []provider.Route
	// deleteFirst: a route is replaced, and the cloud cannot hold both.
	deleteFirst bool
	// conflicts names Nodes whose CIDR is taken by a route that is not ours.
	conflicts map[string]string
	// has counts, by Node, wanted routes that are there already.
	has map[string]int
	// wants counts, by Node, wanted routes.
	wants map[string]int
}

// key identifies a route by what it does. Prefixes are compared parsed: fd00:0::/64 is fd00::/64.
type key struct {
	node   string
	prefix netip.Prefix
}

// decide compares the Nodes' CIDRs with the cloud's routes.
func decide(in input) decision {
	d := decision{conflicts: map[string]string{}, has: map[string]int{}, wants: map[string]int{}}
	wanted, byPrefix := wantedRoutes(in.nodes)
	byName := map[string]*v1.Node{}
	for _, n := range in.nodes {
		byName[n.Name] = n
	}
	for k := range wanted {
		d.wants[k.node]++
	}
	taken := map[netip.Prefix]string{}
	kept := map[key]bool{}
	for _, r := range in.routes {
		prefix, err := netip.ParsePrefix(r.DestinationCIDR)
		if err != nil {
			continue // a route that we cannot read is not ours
		}
		prefix = prefix.Masked()
		k := key{string(r.TargetNode), prefix}
		_, isWanted := wanted[k]
		good := !r.Blackhole && !outdated(r, byName[k.node])
		switch {
		case kept[k] && good: // the same route once more: deleting it might delete the good one
		case isWanted && good:
			d.has[k.node]++
			kept[k] = true
			delete(wanted, k)
		case !ours(r, prefix, in.clusterCIDRs, byPrefix):
			taken[prefix] = r.Name
		default:
			d.delete = append(d.delete, r)
			if isWanted || byPrefix[prefix] != "" {
				d.deleteFirst = true
			}
		}
	}
	for k, node := range wanted {
		if other, ok := taken[k.prefix]; ok {
			d.conflicts[k.node] = fmt.Sprintf("Could not create route for %s: route %q, which is not this cluster's, is in its way. Remove it, or give the node another CIDR.", k.prefix, other)
			continue
		}
		d.create = append(d.create, newRoute(node, k.prefix))
	}
	slices.SortFunc(d.create, func(a, b provider.RouteCreate) int {
		return cmp.Or(cmp.Compare(a.Route.TargetNode, b.Route.TargetNode), cmp.Compare(a.Route.DestinationCIDR, b.Route.DestinationCIDR))
	})
	return d
}

// wantedRoutes returns one route per Node and CIDR, and whose each CIDR is.
func wantedRoutes(nodes []*v1.Node) (map[key]*v1.Node, map[netip.Prefix]string) {
	wanted, byPrefix := map[key]*v1.Node{}, map[netip.Prefix]string{}
	for _, n := range nodes {
		for _, cidr := range n.Spec.PodCIDRs {
			prefix, err := netip.ParsePrefix(cidr)
			if err != nil {
				continue // the API server does not let such a CIDR in
			}
			prefix = prefix.Masked()
			wanted[key{n.Name, prefix}] = n
			byPrefix[prefix] = n.Name
		}
	}
	return wanted, byPrefix
}

func newRoute(node *v1.Node, prefix netip.Prefix) provider.RouteCreate {
	return provider.RouteCreate{
		NameHint: node.UID,
		Route: cloudprovider.Route{
			TargetNode: types.NodeName(node.Name), TargetNodeAddresses: node.Status.Addresses,
			DestinationCIDR: prefix.String(),
		},
	}
}

// outdated reports whether a route targets addresses that the Node no longer has.
func outdated(r provider.Route, node *v1.Node) bool {
	if !r.EnableNodeAddresses || node == nil {
		return false
	}
	set := func(addresses []v1.NodeAddress) map[v1.NodeAddress]bool {
		m := map[v1.NodeAddress]bool{}
		for _, a := range addresses {
			m[a] = true
		}
		return m
	}
	have, want := set(r.TargetNodeAddresses), set(node.Status.Addresses)
	if len(have) != len(want) {
		return true
	}
	for a := range want {
		if !have[a] {
			return true
		}
	}
	return false
}

// ours reports whether a route is this cluster's to delete: by the cloud's mark, or, where the cloud
// cannot mark, when it lies entirely inside a cluster CIDR and is as long as the Nodes' own CIDRs. Deleting what merely overlaps has cost users their own routes.
func ours(r provider.Route, prefix netip.Prefix, clusterCIDRs []netip.Prefix, byPrefix map[netip.Prefix]string) bool {
	inside := false
	for _, c := range clusterCIDRs {
		if c.Addr().Is4() == prefix.Addr().Is4() && c.Bits() <= prefix.Bits() && c.Contains(prefix.Addr()) {
			inside = true
		}
	}
	if !inside || r.Owner == provider.RouteForeign {
		return false
	}
	if r.Owner == provider.RouteOurs {
		return true
	}
	sameLength := len(byPrefix) == 0
	for p := range byPrefix {
		if p.Addr().Is4() == prefix.Addr().Is4() && p.Bits() == prefix.Bits() {
			sameLength = true
			break
		}
	}
	return sameLength // to a Node of the cluster, or to one that is missing
}
