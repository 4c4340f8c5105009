// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package subnets

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/aws/cluster"
)

var ours = cluster.Identity{ID: "c1"}

func subnet(id, zone string, free int32, tags ...string) Subnet {
	s := Subnet{ID: id, Name: "name-" + id, VPC: "vpc-1", Zone: zone, Free: free, Tags: map[string]string{}}
	for _, tag := range tags {
		s.Tags[tag] = ""
	}
	return s
}

func network(public map[string]bool, all ...Subnet) Network {
	n := Network{VPC: "vpc-1", Subnets: all, Public: map[string]bool{}, ZoneTypes: map[string]string{"a": "availability-zone", "lax": "local-zone"}, Own: "subnet-own"}
	for _, s := range all {
		isPublic, known := public[s.ID]
		n.Public[s.ID] = isPublic || !known
	}
	return n
}

func TestDiscover(t *testing.T) {
	const mine, foreign = "kubernetes.io/cluster/c1", "kubernetes.io/cluster/other"
	private := map[string]bool{"subnet-1": false}
	tests := map[string]struct {
		network Network
		wish    Wish
		want    string
	}{
		"one of each zone, in the order of zones": {network(nil, subnet("subnet-2", "b", 9), subnet("subnet-1", "a", 9), subnet("subnet-3", "a", 9)), Wish{}, "subnet-1 subnet-2"},
		"the role's tag wins":                     {network(nil, subnet("subnet-1", "a", 9, mine), subnet("subnet-2", "a", 9, PublicRole)), Wish{}, "subnet-2"},
		"then the cluster's tag":                  {network(nil, subnet("subnet-1", "a", 9), subnet("subnet-2", "a", 9, mine)), Wish{}, "subnet-2"},
		"then room":                               {network(nil, subnet("subnet-1", "a", 2), subnet("subnet-2", "a", 9)), Wish{}, "subnet-2"},
		"an attached one without room stays":      {network(nil, subnet("subnet-1", "a", 2), subnet("subnet-2", "a", 9)), Wish{Attached: []string{"subnet-1"}}, "subnet-1"},
		"other clusters' are left out":            {network(nil, subnet("subnet-1", "a", 9, foreign), subnet("subnet-2", "b", 9)), Wish{}, "subnet-2"},
		"shared with another cluster is ours too": {network(nil, subnet("subnet-1", "a", 9, foreign, mine)), Wish{}, "subnet-1"},
		"private ones do not face the internet":   {network(private, subnet("subnet-1", "a", 9), subnet("subnet-2", "b", 9)), Wish{}, "subnet-2"},
		"internal takes private ones":             {network(private, subnet("subnet-1", "a", 9), subnet("subnet-2", "b", 9)), Wish{Internal: true}, "subnet-1 subnet-2"},
		"the internal role's tag":                 {network(nil, subnet("subnet-1", "a", 9, PublicRole), subnet("subnet-2", "a", 9, InternalRole)), Wish{Internal: true}, "subnet-2"},
		"no local zones":                          {network(nil, subnet("subnet-1", "a", 9), subnet("subnet-2", "lax", 9)), Wish{}, "subnet-1"},
		"the own one when all are foreign":        {network(nil, subnet("subnet-1", "a", 9, foreign), subnet("subnet-own", "b", 9, foreign)), Wish{}, "subnet-own"},
	}
	for name, test := range tests {
		chosen, err := test.network.Discover(ours, test.wish)
		var got []string
		for _, s := range chosen {
			got = append(got, s.ID)
		}
		if err != nil || strings.Join(got, " ") != test.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestNoSubnetSaysWhy(t *testing.T) {
	n := network(map[string]bool{"subnet-1": false}, subnet("subnet-1", "a", 9), subnet("subnet-2", "lax", 9))
	_, err := n.Discover(ours, Wish{})
	for _, want := range []string{"could not find any suitable subnets for creating the ELB", "1 private", "1 in zones of another type", "kubernetes.io/role/elb", "kubernetes.io/cluster/c1"} {
		if !provider.IsUserError(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

func TestNamed(t *testing.T) {
	n := network(nil, subnet("subnet-1", "a", 9), subnet("subnet-2", "b", 9), subnet("subnet-3", "b", 9))
	if got, err := n.Named([]string{"name-subnet-2", "subnet-1"}); err != nil || len(got) != 2 || got[0].ID != "subnet-2" {
		t.Errorf("%v, %v", got, err)
	}
	for _, items := range [][]string{{"subnet-9"}, {"nobody"}, {"subnet-2", "subnet-3"}} {
		if got, err := n.Named(items); !provider.IsUserError(err) {
			t.Errorf("%v: %v, %v", items, got, err)
		}
	}
}

func TestRoutes(t *testing.T) {
	table := func(gateway string, main bool, subnetIDs ...string) ec2types.RouteTable {
		rt := ec2types.RouteTable{VpcId: aws.String("vpc-1"), Routes: []ec2types.Route{{GatewayId: aws.String("local")}, {GatewayId: aws.String(gateway)}}}
		if main {
			rt.Associations = append(rt.Associations, ec2types.RouteTableAssociation{Main: aws.Bool(true)})
		}
		for _, id := range subnetIDs {
			rt.Associations = append(rt.Associations, ec2types.RouteTableAssociation{SubnetId: aws.String(id)})
		}
		return rt
	}
	all := []Subnet{subnet("subnet-1", "a", 9), subnet("subnet-2", "b", 9)}
	got := Routes("vpc-1", all, []ec2types.RouteTable{table("igw-1", false, "subnet-1"), table("nat-1", true)})
	if fmt.Sprint(got) != "map[subnet-1:true subnet-2:false]" {
		t.Errorf("%v", got)
	}
	if got := Routes("vpc-1", all, nil); len(got) != 0 {
		t.Errorf("%v", got)
	}
}
