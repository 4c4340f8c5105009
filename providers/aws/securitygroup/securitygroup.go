// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package securitygroup has the rules of security groups as values that can be compared. EC2 groups the
// sources of one protocol and port range in one permission; a Rule has one source.
package securitygroup

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// All is the protocol of a rule for all of them.
const All = "-1"

// Key is what EC2 knows a rule by. Two rules with one key cannot be in a group, whatever they are described as.
type Key struct {
	Protocol string
	// From and To are ports, or type and code of ICMP; 0 for All.
	From, To int32
	// One of these is set.
	CIDR, Group, PrefixList string
}

// Rule allows one source to send to some ports.
type Rule struct {
	Key
	Description string
}

func (k Key) String() string {
	source := k.CIDR + k.PrefixList + k.Group
	if k.Protocol == All {
		return "all traffic from " + source
	}
	if k.From == k.To {
		return fmt.Sprintf("%s %d from %s", k.Protocol, k.From, source)
	}
	return fmt.Sprintf("%s %d-%d from %s", k.Protocol, k.From, k.To, source)
}

// IPv6 reports whether the source is a network of IPv6 addresses.
func (k Key) IPv6() bool {
	p, err := netip.ParsePrefix(k.CIDR)
	return err == nil && p.Addr().Is6()
}

// Ports is the protocol and ports without the source.
func (k Key) Ports() Key { return Key{Protocol: k.Protocol, From: k.From, To: k.To} }

// Group is a security group.
type Group struct {
	ID, Name, Description, VPC string
	Tags                       map[string]string
	Ingress                    []Rule
}

// Rule returns the ingress rule with a key.
func (g *Group) Rule(k Key) (Rule, bool) {
	for _, r := range g.Ingress {
		if r.Key == k {
			return r, true
		}
	}
	return Rule{}, false
}

// FromEC2 reads a group of the SDK.
func FromEC2(in ec2types.SecurityGroup) Group {
	g := Group{
		ID: aws.ToString(in.GroupId), Name: aws.ToString(in.GroupName), Description: aws.ToString(in.Description),
		VPC: aws.ToString(in.VpcId), Tags: map[string]string{},
	}
	for _, t := range in.Tags {
		g.Tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	for _, p := range in.IpPermissions {
		g.Ingress = append(g.Ingress, rules(p)...)
	}
	return g
}

func rules(p ec2types.IpPermission) []Rule {
	ports := Key{Protocol: aws.ToString(p.IpProtocol)}
	if ports.Protocol != All {
		ports.From, ports.To = aws.ToInt32(p.FromPort), aws.ToInt32(p.ToPort)
	}
	var all []Rule
	add := func(description *string, set func(*Key)) {
		r := Rule{Key: ports, Description: aws.ToString(description)}
		set(&r.Key)
		all = append(all, r)
	}
	for _, r := range p.IpRanges {
		add(r.Description, func(k *Key) { k.CIDR = aws.ToString(r.CidrIp) })
	}
	for _, r := range p.Ipv6Ranges {
		add(r.Description, func(k *Key) { k.CIDR = aws.ToString(r.CidrIpv6) })
	}
	for _, r := range p.UserIdGroupPairs {
		add(r.Description, func(k *Key) { k.Group = aws.ToString(r.GroupId) })
	}
	for _, r := range p.PrefixListIds {
		add(r.Description, func(k *Key) { k.PrefixList = aws.ToString(r.PrefixListId) })
	}
	return all
}

// ToEC2 writes rules as permissions: one for each protocol and port range, in an order that does not change.
func ToEC2(rules []Rule) []ec2types.IpPermission {
	index := map[Key]int{}
	var all []ec2types.IpPermission
	for _, r := range Sorted(rules) {
		n, ok := index[r.Ports()]
		if !ok {
			n = len(all)
			index[r.Ports()] = n
			p := ec2types.IpPermission{IpProtocol: aws.String(r.Protocol)}
			if r.Protocol != All {
				p.FromPort, p.ToPort = aws.Int32(r.From), aws.Int32(r.To)
			}
			all = append(all, p)
		}
		addSource(&all[n], r)
	}
	return all
}

func addSource(p *ec2types.IpPermission, r Rule) {
	var description *string
	if r.Description != "" {
		description = aws.String(r.Description)
	}
	switch {
	case r.Group != "":
		p.UserIdGroupPairs = append(p.UserIdGroupPairs, ec2types.UserIdGroupPair{GroupId: aws.String(r.Group), Description: description})
	case r.PrefixList != "":
		p.PrefixListIds = append(p.PrefixListIds, ec2types.PrefixListId{PrefixListId: aws.String(r.PrefixList), Description: description})
	case r.IPv6():
		p.Ipv6Ranges = append(p.Ipv6Ranges, ec2types.Ipv6Range{CidrIpv6: aws.String(r.CIDR), Description: description})
	default:
		p.IpRanges = append(p.IpRanges, ec2types.IpRange{CidrIp: aws.String(r.CIDR), Description: description})
	}
}

// Sorted returns rules in the order in which people read them.
func Sorted(rules []Rule) []Rule {
	return slices.SortedFunc(slices.Values(rules), func(a, b Rule) int {
		return cmp.Or(cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To),
			cmp.Compare(a.CIDR, b.CIDR), cmp.Compare(a.Group, b.Group), cmp.Compare(a.PrefixList, b.PrefixList))
	})
}

// Keys returns the keys of rules, for set arithmetic.
func Keys(rules []Rule) map[Key]Rule {
	keys := make(map[Key]Rule, len(rules))
	for _, r := range rules {
		keys[r.Key] = r
	}
	return keys
}

// Without returns the rules whose keys are not in the other set, each once.
func Without(rules []Rule, others map[Key]Rule) []Rule {
	seen := map[Key]bool{}
	var left []Rule
	for _, r := range rules {
		if _, ok := others[r.Key]; !ok && !seen[r.Key] {
			seen[r.Key] = true
			left = append(left, r)
		}
	}
	return left
}

// Exact returns what makes a group's ingress just the wanted rules. Sources that the wanted rules cannot
// have, prefix lists and, unless some wanted rule has them, IPv6 networks, are an operator's addition and
// stay where their ports are wanted anyway.
func Exact(wanted []Rule, actual []Rule) (add, remove []Rule) {
	have, want := Keys(actual), Keys(wanted)
	ports, v6 := map[Key]bool{}, false
	for _, r := range wanted {
		ports[r.Ports()] = true
		v6 = v6 || r.IPv6()
	}
	add = Without(wanted, have)
	for _, r := range Without(actual, want) {
		if ports[r.Ports()] && (r.PrefixList != "" || r.IPv6() && !v6) {
			continue
		}
		remove = append(remove, r)
	}
	return Sorted(add), Sorted(remove)
}
