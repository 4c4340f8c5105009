// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package ec2

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

// permission is rules that share protocol and ports, as requests have them.
type permission struct {
	Protocol string           `query:"IpProtocol"`
	From     *int             `query:"FromPort"`
	To       *int             `query:"ToPort"`
	IPv4     []ipv4Range      `query:"IpRanges"`
	IPv6     []ipv6Range      `query:"Ipv6Ranges"`
	Groups   []groupPair      `query:"Groups"`
	Prefixes []prefixListPair `query:"PrefixListIds"`
}

type ipv4Range struct {
	CIDR        string `query:"CidrIp" xml:"cidrIp"`
	Description string `query:"Description" xml:"description,omitempty"`
}

type ipv6Range struct {
	CIDR        string `query:"CidrIpv6" xml:"cidrIpv6"`
	Description string `query:"Description" xml:"description,omitempty"`
}

type groupPair struct {
	ID          string `query:"GroupId" xml:"groupId"`
	Name        string `query:"GroupName" xml:"-"`
	Owner       string `query:"UserId" xml:"userId"`
	Description string `query:"Description" xml:"description,omitempty"`
}

type prefixListPair struct {
	ID          string `query:"PrefixListId" xml:"prefixListId"`
	Description string `query:"Description" xml:"description,omitempty"`
}

// permissionItem is a permission as answers have it.
type permissionItem struct {
	Protocol string                     `xml:"ipProtocol"`
	From     *int                       `xml:"fromPort"`
	To       *int                       `xml:"toPort"`
	Groups   wire.Items[groupPair]      `xml:"groups"`
	IPv4     wire.Items[ipv4Range]      `xml:"ipRanges"`
	IPv6     wire.Items[ipv6Range]      `xml:"ipv6Ranges"`
	Prefixes wire.Items[prefixListPair] `xml:"prefixListIds"`
}

// groupRules returns rules as permissions, one for each protocol and range of ports, in the order in
// which these came up.
func groupRules(rules []Rule) wire.Items[permissionItem] {
	var out wire.Items[permissionItem]
	index := map[string]int{}
	for _, r := range rules {
		key := r.Protocol + " " + number(r.From) + " " + number(r.To)
		i, ok := index[key]
		if !ok {
			i = len(out)
			index[key] = i
			out = append(out, permissionItem{Protocol: r.Protocol, From: r.From, To: r.To})
		}
		p := &out[i]
		switch {
		case r.IPv4 != "":
			p.IPv4 = append(p.IPv4, ipv4Range{r.IPv4, r.Description})
		case r.IPv6 != "":
			p.IPv6 = append(p.IPv6, ipv6Range{r.IPv6, r.Description})
		case r.GroupID != "":
			p.Groups = append(p.Groups, groupPair{ID: r.GroupID, Owner: r.GroupOwner, Description: r.Description})
		default:
			p.Prefixes = append(p.Prefixes, prefixListPair{r.PrefixListID, r.Description})
		}
	}
	return out
}

// identity is what makes a rule the same as another: everything but its description.
func (r Rule) identity() string {
	return strings.Join([]string{r.Protocol, number(r.From), number(r.To), r.IPv4, r.IPv6, r.GroupID, r.PrefixListID}, "|")
}

// String describes a rule as EC2's errors do.
func (r Rule) String() string {
	peer := r.IPv4 + r.IPv6 + r.GroupID + r.PrefixListID
	switch {
	case r.Protocol == "-1":
		return fmt.Sprintf("peer: %s, ALL, ALLOW", peer)
	case r.Protocol == "icmp" || r.Protocol == "icmpv6":
		return fmt.Sprintf("peer: %s, %s, type: %s, code: %s, ALLOW", peer, strings.ToUpper(r.Protocol), icmp(r.From), icmp(r.To))
	case r.From == nil:
		return fmt.Sprintf("peer: %s, protocol: %s, ALLOW", peer, r.Protocol)
	}
	return fmt.Sprintf("peer: %s, %s, from port: %s, to port: %s, ALLOW", peer, strings.ToUpper(r.Protocol), number(r.From), number(r.To))
}

func icmp(n *int) string {
	if n == nil || *n == -1 {
		return "ALL"
	}
	return strconv.Itoa(*n)
}

// split returns the rules of a permission, checked and in the form in which EC2 keeps them. They have no IDs.
func (s *Service) split(p permission, in *SecurityGroup) ([]Rule, error) {
	base := Rule{From: p.From, To: p.To}
	var err error
	if base.Protocol, err = protocol(p.Protocol); err != nil {
		return nil, err
	}
	if err := base.checkPorts(); err != nil {
		return nil, err
	}
	var out []Rule
	add := func(description string, set func(*Rule)) error {
		if !validText(description) {
			return wire.Errorf("InvalidParameterValue", "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9%s", descriptionCharacters)
		}
		r := base
		r.Description = description
		set(&r)
		out = append(out, r)
		return nil
	}
	for _, v := range p.IPv4 {
		cidr, err := ruleCIDR(v.CIDR, netip.Addr.Is4)
		if err != nil {
			return nil, err
		}
		if err := add(v.Description, func(r *Rule) { r.IPv4 = cidr }); err != nil {
			return nil, err
		}
	}
	for _, v := range p.IPv6 {
		cidr, err := ruleCIDR(v.CIDR, netip.Addr.Is6)
		if err != nil {
			return nil, err
		}
		if err := add(v.Description, func(r *Rule) { r.IPv6 = cidr }); err != nil {
			return nil, err
		}
	}
	for _, v := range p.Groups {
		peer, err := s.peer(v, in)
		if err != nil {
			return nil, err
		}
		if err := add(v.Description, func(r *Rule) { r.GroupID, r.GroupOwner = peer.ID, s.opts.Account }); err != nil {
			return nil, err
		}
	}
	for _, v := range p.Prefixes {
		if err := add(v.Description, func(r *Rule) { r.PrefixListID = v.ID }); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// peer finds the group that a rule lets through.
func (s *Service) peer(pair groupPair, in *SecurityGroup) (*SecurityGroup, error) {
	if pair.ID == "" {
		if g := s.groupNamed(pair.Name, in.VPCID); g != nil {
			return g, nil
		}
		return nil, wire.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist", pair.Name)
	}
	g, err := s.groups.one(pair.ID)
	if err != nil {
		return nil, err
	}
	if g.VPCID != in.VPCID {
		return nil, wire.Errorf("InvalidGroup.NotFound", "You have specified two resources that belong to different networks.")
	}
	return g, nil
}

// protocol returns the form in which EC2 keeps a protocol.
func protocol(name string) (string, error) {
	switch name {
	case "tcp", "udp", "icmp", "icmpv6", "-1":
		return name, nil
	case "TCP", "UDP", "ICMP", "ICMPV6":
		return strings.ToLower(name), nil
	case "all":
		return "-1", nil
	case "6":
		return "tcp", nil
	case "17":
		return "udp", nil
	case "1":
		return "icmp", nil
	case "58":
		return "icmpv6", nil
	case "":
		return "", wire.Errorf("MissingParameter", "The request must contain the parameter ipProtocol")
	}
	if n, err := strconv.Atoi(name); err == nil && n >= 0 && n <= 255 {
		return name, nil
	}
	return "", wire.Errorf("InvalidParameterValue", "Invalid value '%s' for IP protocol. Unknown protocol.", name)
}

// checkPorts checks the ports of a rule, and drops those of protocols that have none.
func (r *Rule) checkPorts() error {
	switch r.Protocol {
	case "tcp", "udp":
		return r.checkRange()
	case "icmp", "icmpv6":
		if r.From == nil && r.To == nil {
			all := -1
			r.From, r.To = &all, &all
		}
		if r.From == nil || r.To == nil {
			return wire.Errorf("InvalidParameterValue", "Invalid value 'Must specify both type and code for ICMP.' for portRange.")
		}
		if *r.From < -1 || *r.From > 255 || *r.To < -1 || *r.To > 255 {
			return wire.Errorf("InvalidParameterValue", "ICMP type (%d) or code (%d) is out of range", *r.From, *r.To)
		}
	default:
		r.From, r.To = nil, nil
	}
	return nil
}

func (r *Rule) checkRange() error {
	switch {
	case r.From == nil || r.To == nil:
		return wire.Errorf("InvalidParameterValue", "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.")
	case *r.From == -1 && *r.To == -1:
		first, last := 0, 65535
		r.From, r.To = &first, &last
	case *r.From < 0 || *r.From > 65535:
		return wire.Errorf("InvalidParameterValue", "TCP/UDP port (%d) out of range", *r.From)
	case *r.To < 0 || *r.To > 65535:
		return wire.Errorf("InvalidParameterValue", "TCP/UDP port (%d) out of range", *r.To)
	case *r.From > *r.To:
		return wire.Errorf("InvalidParameterValue", "Invalid TCP/UDP port range (%d:%d)", *r.From, *r.To)
	}
	return nil
}

// ruleCIDR returns a block in canonical form; a bare address is a block of one.
func ruleCIDR(s string, family func(netip.Addr) bool) (string, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		var a netip.Addr
		if a, err = netip.ParseAddr(s); err == nil {
			p = netip.PrefixFrom(a, a.BitLen())
		}
	}
	if err != nil || !family(p.Addr()) {
		return "", wire.Errorf("InvalidParameterValue", "CIDR block %s is malformed", s)
	}
	return p.Masked().String(), nil
}
