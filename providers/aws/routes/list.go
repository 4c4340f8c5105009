// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package routes

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"k8s.io/apimachinery/pkg/types"
	cloudprovider "k8s.io/cloud-provider"

	"sigs.k8s.io/cloud-providers/common/provider"
)

// list makes the contract's routes of tables. A route to an instance that is no Node is reported without a
// target: inside the cluster's network it leads to a Node that has gone, and elsewhere nobody minds it.
func list(tables []ec2types.RouteTable, names map[string]string, clusterName string) []provider.Route {
	found := map[string]provider.Route{}
	count := map[string]int{}
	for _, table := range tables {
		for _, route := range table.Routes {
			cidr := cidrOf(route)
			blackhole := route.State == ec2types.RouteStateBlackhole
			instance := aws.ToString(route.InstanceId)
			if cidr == "" || !blackhole && instance == "" {
				continue
			}
			out := provider.Route{Route: cloudprovider.Route{Name: clusterName + "-" + cidr, DestinationCIDR: cidr, Blackhole: blackhole}}
			if !blackhole {
				out.TargetNode = types.NodeName(names[instance])
			}
			before, twice := found[cidr]
			if twice && before.TargetNode == out.TargetNode && !before.Blackhole && !blackhole {
				count[cidr]++
				continue
			}
			count[cidr]++
			if twice { // the tables disagree: it is to be made anew in all of them
				out.TargetNode, out.Blackhole = "", before.Blackhole || blackhole
			}
			found[cidr] = out
		}
	}
	var all []provider.Route
	for _, cidr := range slices.Sorted(maps.Keys(found)) {
		r := found[cidr]
		if count[cidr] < len(tables) && !r.Blackhole && r.TargetNode != "" {
			continue // missing in some table
		}
		all = append(all, r)
	}
	return all
}
