// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package subnets chooses the subnets of load balancers. It decides on what it is given and reads nothing.
package subnets

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/aws/cluster"
)

// The tags by which an operator chooses subnets; their values do not matter.
const (
	InternalRole = "kubernetes.io/role/internal-elb"
	PublicRole   = "kubernetes.io/role/elb"
)

// enoughFree is the number of free addresses that a load balancer wants of a subnet.
const enoughFree = 8

// Subnet is a subnet with what is asked of it.
type Subnet struct {
	ID, Name, VPC, Zone, CIDR string
	IPv6CIDRs                 []string
	Free                      int32
	Outpost                   bool
	Tags                      map[string]string
}

// FromEC2 reads a subnet of the SDK.
func FromEC2(in ec2types.Subnet) Subnet {
	s := Subnet{
		ID: aws.ToString(in.SubnetId), VPC: aws.ToString(in.VpcId), Zone: aws.ToString(in.AvailabilityZone),
		CIDR: aws.ToString(in.CidrBlock), Free: aws.ToInt32(in.AvailableIpAddressCount),
		Outpost: aws.ToString(in.OutpostArn) != "", Tags: map[string]string{},
	}
	for _, t := range in.Tags {
		s.Tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	s.Name = s.Tags["Name"]
	for _, a := range in.Ipv6CidrBlockAssociationSet {
		if state := a.Ipv6CidrBlockState; state == nil || state.State == ec2types.SubnetCidrBlockStateCodeAssociated || state.State == "" {
			s.IPv6CIDRs = append(s.IPv6CIDRs, aws.ToString(a.Ipv6CidrBlock))
		}
	}
	return s
}

// Network is the part of a VPC in which load balancers are placed.
type Network struct {
	VPC     string
	Subnets []Subnet
	// Public has, by subnet ID, whether the subnet's routes lead to an internet gateway; no entry when no
	// route table is the subnet's.
	Public map[string]bool
	// ZoneTypes has the types of zones that are known.
	ZoneTypes map[string]string
	// Own is the subnet that is taken when no other can be: the control plane's, or the configured one.
	Own string
}

// Routes tells for each subnet whether it is public. A subnet without a table of its own uses the VPC's
// main one; one without either is left out.
func Routes(vpc string, all []Subnet, tables []ec2types.RouteTable) map[string]bool {
	explicit := map[string]bool{}
	var main *bool
	for _, t := range tables {
		public := slices.ContainsFunc(t.Routes, func(r ec2types.Route) bool { return strings.HasPrefix(aws.ToString(r.GatewayId), "igw") })
		for _, a := range t.Associations {
			switch {
			case aws.ToString(a.SubnetId) != "":
				explicit[aws.ToString(a.SubnetId)] = public
			case aws.ToBool(a.Main) && aws.ToString(t.VpcId) == vpc:
				main = &public
			}
		}
	}
	found := map[string]bool{}
	for _, s := range all {
		if public, ok := explicit[s.ID]; ok {
			found[s.ID] = public
		} else if main != nil {
			found[s.ID] = *main
		}
	}
	return found
}

// Wish says what a load balancer wants of its subnets.
type Wish struct {
	Internal bool
	// IPv6: subnets that have IPv6 networks come first.
	IPv6 bool
	// Attached are the subnets that it has; they win over others that suit as well.
	Attached []string
}

// Discover chooses one subnet of each availability zone, in the order of the zones' names.
func (n Network) Discover(id cluster.Identity, w Wish) ([]Subnet, error) {
	candidates, dropped := n.candidates(id, w)
	best := map[string]Subnet{}
	for _, s := range candidates {
		if b, ok := best[s.Zone]; !ok || better(id, w, s, b) {
			best[s.Zone] = s
		}
	}
	var chosen []Subnet
	for _, zone := range slices.Sorted(maps.Keys(best)) {
		if t := n.ZoneTypes[zone]; t != "" && t != "availability-zone" {
			dropped["in zones of another type than availability-zone"]++
			continue
		}
		chosen = append(chosen, best[zone])
	}
	if len(chosen) == 0 {
		return nil, n.none(id, w, dropped)
	}
	return chosen, nil
}

// candidates leaves out what never suits, and counts why.
func (n Network) candidates(id cluster.Identity, w Wish) ([]Subnet, map[string]int) {
	dropped := map[string]int{}
	var all []Subnet
	for _, s := range n.Subnets {
		if id.Foreign(s.Tags) {
			dropped["tagged for other clusters"]++
			continue
		}
		all = append(all, s)
	}
	if len(all) == 0 {
		for _, s := range n.Subnets {
			if s.ID == n.Own {
				all = append(all, s)
			}
		}
	}
	var suitable []Subnet
	for _, s := range all {
		public, known := n.Public[s.ID]
		switch {
		case s.Outpost && !slices.Contains(w.Attached, s.ID):
			dropped["on Outposts"]++
		case !w.Internal && !known:
			dropped["without a route table"]++
		case !w.Internal && !public:
			dropped["private, without a route to an internet gateway"]++
		default:
			suitable = append(suitable, s)
		}
	}
	return suitable, dropped
}

func (n Network) none(id cluster.Identity, w Wish, dropped map[string]int) error {
	var why []string
	for _, reason := range slices.Sorted(maps.Keys(dropped)) {
		why = append(why, fmt.Sprintf("%d %s", dropped[reason], reason))
	}
	role, kind := PublicRole, "internet-facing"
	if w.Internal {
		role, kind = InternalRole, "internal"
	}
	detail := ""
	if len(why) > 0 {
		detail = " (" + strings.Join(why, ", ") + ")"
	}
	return provider.UserErrorf("could not find any suitable subnets for creating the ELB: none of the %d subnets of VPC %s serves an %s load balancer%s; tag one subnet of each availability zone with %s=shared and %s=1, or name subnets with annotation %s",
		len(n.Subnets), n.VPC, kind, detail, id.Tag(), role, "service.beta.kubernetes.io/aws-load-balancer-subnets")
}

// better reports whether a is to be taken rather than b, which is in the same zone.
func better(id cluster.Identity, w Wish, a, b Subnet) bool {
	role := PublicRole
	if w.Internal {
		role = InternalRole
	}
	has := func(s Subnet, key string) int {
		if _, ok := s.Tags[key]; ok {
			return 1
		}
		return 0
	}
	number := func(yes bool) int {
		if yes {
			return 1
		}
		return 0
	}
	attached := func(s Subnet) int { return number(slices.Contains(w.Attached, s.ID)) }
	return cmp.Or(
		has(a, role)-has(b, role),
		number(id.Belongs(a.Tags))-number(id.Belongs(b.Tags)),
		attached(a)-attached(b),
		number(w.IPv6 && len(a.IPv6CIDRs) > 0)-number(w.IPv6 && len(b.IPv6CIDRs) > 0),
		number(a.Free >= enoughFree)-number(b.Free >= enoughFree),
		cmp.Compare(b.ID, a.ID),
	) > 0
}

// Named returns the subnets that a Service names by ID or by the tag Name, in its order.
func (n Network) Named(items []string) ([]Subnet, error) {
	var chosen []Subnet
	var problems []string
	for _, item := range items {
		var found []Subnet
		for _, s := range n.Subnets {
			if s.ID == item || !strings.HasPrefix(item, "subnet-") && s.Name == item {
				found = append(found, s)
			}
		}
		switch len(found) {
		case 0:
			problems = append(problems, fmt.Sprintf("no subnet of VPC %s has the ID or the tag Name %q", n.VPC, item))
		case 1:
			chosen = append(chosen, found[0])
		default:
			problems = append(problems, fmt.Sprintf("%d subnets of VPC %s have the tag Name %q; use their IDs", len(found), n.VPC, item))
		}
	}
	zones := map[string]string{}
	for _, s := range chosen {
		if other, twice := zones[s.Zone]; twice {
			problems = append(problems, fmt.Sprintf("subnets %s and %s are both in zone %s; name one subnet for each zone", other, s.ID, s.Zone))
		}
		zones[s.Zone] = s.ID
	}
	if len(problems) > 0 {
		for i, p := range problems {
			problems[i] = "annotation service.beta.kubernetes.io/aws-load-balancer-subnets: " + p
		}
		return nil, &provider.UserError{Problems: problems}
	}
	return chosen, nil
}

// ByID returns the subnets with some IDs, as far as they are known.
func (n Network) ByID(ids []string) []Subnet {
	var found []Subnet
	for _, s := range n.Subnets {
		if slices.Contains(ids, s.ID) {
			found = append(found, s)
		}
	}
	return found
}
