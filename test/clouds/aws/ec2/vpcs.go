// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package ec2

import (
	"net/netip"
	"slices"
	"strings"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

type vpcItem struct {
	VPCID         string                         `xml:"vpcId"`
	OwnerID       string                         `xml:"ownerId"`
	State         string                         `xml:"state"`
	CIDR          string                         `xml:"cidrBlock"`
	Associations  wire.Items[cidrAssociation]    `xml:"cidrBlockAssociationSet"`
	IPv6          wire.Items[ipv6VPCAssociation] `xml:"ipv6CidrBlockAssociationSet,omitempty"`
	DHCPOptionsID string                         `xml:"dhcpOptionsId"`
	Tags          wire.Items[tagItem]            `xml:"tagSet,omitempty"`
	Tenancy       string                         `xml:"instanceTenancy"`
	Default       bool                           `xml:"isDefault"`
}

type cidrState struct {
	State string `xml:"state"`
}

type cidrAssociation struct {
	CIDR          string    `xml:"cidrBlock"`
	AssociationID string    `xml:"associationId"`
	State         cidrState `xml:"cidrBlockState"`
}

type ipv6VPCAssociation struct {
	CIDR          string    `xml:"ipv6CidrBlock"`
	AssociationID string    `xml:"associationId"`
	State         cidrState `xml:"ipv6CidrBlockState"`
	BorderGroup   string    `xml:"networkBorderGroup"`
	Pool          string    `xml:"ipv6Pool"`
}

// associationID names what has no identity of its own here: it follows from what it belongs to.
func associationID(prefix, of string) string {
	_, digits, _ := strings.Cut(of, "-")
	return prefix + "-" + digits
}

var associated = cidrState{State: "associated"}

func (s *Service) vpcItem(v *VPC) vpcItem {
	out := vpcItem{
		VPCID: v.ID, OwnerID: s.opts.Account, State: "available", CIDR: v.CIDR,
		Associations:  wire.Items[cidrAssociation]{{v.CIDR, associationID("vpc-cidr-assoc", v.ID), associated}},
		DHCPOptionsID: "dopt-0123456789abcdef0", Tags: v.Tags.sorted(), Tenancy: "default", Default: v.Default,
	}
	if v.IPv6CIDR != "" {
		out.IPv6 = wire.Items[ipv6VPCAssociation]{{v.IPv6CIDR, associationID("vpc-cidr-assoc", v.ID), associated, s.opts.Region, "Amazon"}}
	}
	return out
}

type describeVPCsInput struct {
	IDs []string `query:"VpcId"`
	page
}

type describeVPCsOutput struct {
	VPCs wire.Items[vpcItem] `xml:"vpcSet"`
	Next string              `xml:"nextToken,omitempty"`
}

func (s *Service) describeVPCs(in *describeVPCsInput) (any, error) {
	found, next, err := s.vpcs.describe(in.IDs, in.page, limits{min: 5, max: 1000, ids: true})
	if err != nil {
		return nil, err
	}
	out := describeVPCsOutput{Next: next}
	for _, v := range found {
		out.VPCs = append(out.VPCs, s.vpcItem(v))
	}
	return out, nil
}

type createVPCInput struct {
	CIDR string             `query:"CidrBlock,required"`
	IPv6 bool               `query:"AmazonProvidedIpv6CidrBlock"`
	Tags []tagSpecification `query:"TagSpecification"`
}

type createVPCOutput struct {
	VPC vpcItem `xml:"vpc"`
}

func (s *Service) createVPC(in *createVPCInput) (any, error) {
	prefix, err := parseIPv4(in.CIDR, "cidrBlock")
	if err != nil {
		return nil, err
	}
	if prefix.Bits() < 16 || prefix.Bits() > 28 {
		return nil, wire.Errorf("InvalidVpc.Range", "The CIDR '%s' is invalid.", in.CIDR)
	}
	tags, err := s.tagsFor(in.Tags, "vpc")
	if err != nil {
		return nil, err
	}
	v := s.addVPC(VPC{CIDR: prefix.String(), Tags: tags["vpc"]}, in.IPv6)
	return createVPCOutput{s.vpcItem(v)}, nil
}

// addVPC adds what every VPC comes with: a main route table and a security group named default.
func (s *Service) addVPC(v VPC, ipv6 bool) *VPC {
	v.ID = s.newID("vpc")
	if ipv6 {
		v.IPv6CIDR = s.newIPv6Block()
	}
	s.vpcs.Put(v.ID, &v)
	table := &RouteTable{ID: s.newID("rtb"), VPCID: v.ID, Routes: localRoutes(&v)}
	table.Associations = []Association{{ID: s.newID("rtbassoc"), Main: true}}
	s.tables.Put(table.ID, table)
	s.addGroup(SecurityGroup{Name: "default", Description: "default VPC security group", VPCID: v.ID}, &v)
	return &v
}

// newIPv6Block returns a /56 of the block for documentation.
func (s *Service) newIPv6Block() string {
	b := netip.MustParseAddr("2001:db8::").As16()
	b[5], b[6] = byte(s.vpcs.Len()>>8), byte(s.vpcs.Len()+1)
	return netip.PrefixFrom(netip.AddrFrom16(b), 56).String()
}

func localRoutes(v *VPC) []Route {
	routes := []Route{{IPv4: v.CIDR, GatewayID: "local"}}
	if v.IPv6CIDR != "" {
		routes = append(routes, Route{IPv6: v.IPv6CIDR, GatewayID: "local"})
	}
	return routes
}

// parseIPv4 parses an IPv4 block and clears the bits after its prefix, as EC2 does.
func parseIPv4(s, parameter string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil || !p.Addr().Is4() {
		return netip.Prefix{}, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter %s is invalid. This is not a valid CIDR block.", s, parameter)
	}
	return p.Masked(), nil
}

func parseIPv6(s, parameter string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil || !p.Addr().Is6() || p.Addr().Is4In6() {
		return netip.Prefix{}, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter %s is invalid. This is not a valid IPv6 CIDR block.", s, parameter)
	}
	return p.Masked(), nil
}

type gatewayItem struct {
	ID          string                        `xml:"internetGatewayId"`
	OwnerID     string                        `xml:"ownerId"`
	Attachments wire.Items[gatewayAttachment] `xml:"attachmentSet"`
	Tags        wire.Items[tagItem]           `xml:"tagSet"`
}

type gatewayAttachment struct {
	VPCID string `xml:"vpcId"`
	State string `xml:"state"`
}

func (s *Service) gatewayItem(v *InternetGateway) gatewayItem {
	out := gatewayItem{ID: v.ID, OwnerID: s.opts.Account, Tags: v.Tags.sorted()}
	if v.VPCID != "" {
		out.Attachments = wire.Items[gatewayAttachment]{{v.VPCID, "available"}}
	}
	return out
}

type createGatewayInput struct {
	Tags []tagSpecification `query:"TagSpecification"`
}

type createGatewayOutput struct {
	Gateway gatewayItem `xml:"internetGateway"`
}

func (s *Service) createGateway(in *createGatewayInput) (any, error) {
	tags, err := s.tagsFor(in.Tags, "internet-gateway")
	if err != nil {
		return nil, err
	}
	v := &InternetGateway{ID: s.newID("igw"), Tags: tags["internet-gateway"]}
	s.gateways.Put(v.ID, v)
	return createGatewayOutput{s.gatewayItem(v)}, nil
}

type attachGatewayInput struct {
	ID    string `query:"InternetGatewayId,required"`
	VPCID string `query:"VpcId,required"`
}

func (s *Service) attachGateway(in *attachGatewayInput) (any, error) {
	v, err := s.gateways.one(in.ID)
	if err != nil {
		return nil, err
	}
	if _, err := s.vpcs.one(in.VPCID); err != nil {
		return nil, err
	}
	switch {
	case v.VPCID != "":
		return nil, wire.Errorf("Resource.AlreadyAssociated", "resource %s is already attached to network %s", v.ID, v.VPCID)
	case s.gatewayOf(in.VPCID) != nil:
		return nil, wire.Errorf("InvalidParameterValue", "Network %s already has an internet gateway attached", in.VPCID)
	}
	s.gateways.change(in.ID, func(v *InternetGateway) { v.VPCID = in.VPCID })
	return done{true}, nil
}

func (s *Service) gatewayOf(vpc string) *InternetGateway {
	for _, v := range s.gateways.All() {
		if v.VPCID == vpc {
			return v
		}
	}
	return nil
}

type describeGatewaysInput struct {
	IDs []string `query:"InternetGatewayId"`
	page
}

type describeGatewaysOutput struct {
	Gateways wire.Items[gatewayItem] `xml:"internetGatewaySet"`
	Next     string                  `xml:"nextToken,omitempty"`
}

func (s *Service) describeGateways(in *describeGatewaysInput) (any, error) {
	found, next, err := s.gateways.describe(in.IDs, in.page, limits{min: 5, max: 1000, ids: true})
	if err != nil {
		return nil, err
	}
	out := describeGatewaysOutput{Next: next}
	for _, v := range found {
		out.Gateways = append(out.Gateways, s.gatewayItem(v))
	}
	return out, nil
}

// zoneNamed returns a zone by name.
func (s *Service) zoneNamed(name string) (Zone, bool) {
	i := slices.IndexFunc(s.opts.Zones, func(z Zone) bool { return z.Name == name })
	if i < 0 {
		return Zone{}, false
	}
	return s.opts.Zones[i], true
}

func (s *Service) zoneID(name string) string {
	z, _ := s.zoneNamed(name)
	return z.ID
}
