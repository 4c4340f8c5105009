// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package ec2

import (
	"slices"
	"strings"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

type subnetItem struct {
	ID              string                      `xml:"subnetId"`
	ARN             string                      `xml:"subnetArn"`
	State           string                      `xml:"state"`
	OwnerID         string                      `xml:"ownerId"`
	VPCID           string                      `xml:"vpcId"`
	CIDR            string                      `xml:"cidrBlock"`
	IPv6            wire.Items[ipv6Association] `xml:"ipv6CidrBlockAssociationSet"`
	Free            int                         `xml:"availableIpAddressCount"`
	Zone            string                      `xml:"availabilityZone"`
	ZoneID          string                      `xml:"availabilityZoneId"`
	DefaultForZone  bool                        `xml:"defaultForAz"`
	PublicAddresses bool                        `xml:"mapPublicIpOnLaunch"`
	CustomerOwned   bool                        `xml:"mapCustomerOwnedIpOnLaunch"`
	IPv6OnCreation  bool                        `xml:"assignIpv6AddressOnCreation"`
	IPv6Native      bool                        `xml:"ipv6Native"`
	DNS64           bool                        `xml:"enableDns64"`
	OutpostARN      string                      `xml:"outpostArn,omitempty"`
	Names           dnsOptions                  `xml:"privateDnsNameOptionsOnLaunch"`
	Tags            wire.Items[tagItem]         `xml:"tagSet,omitempty"`
}

type ipv6Association struct {
	CIDR          string    `xml:"ipv6CidrBlock"`
	AssociationID string    `xml:"associationId"`
	State         cidrState `xml:"ipv6CidrBlockState"`
}

type dnsOptions struct {
	HostnameType string `xml:"hostnameType"`
	A            bool   `xml:"enableResourceNameDnsARecord"`
	AAAA         bool   `xml:"enableResourceNameDnsAAAARecord"`
}

func newDNSOptions(resourceNames bool) dnsOptions {
	if resourceNames {
		return dnsOptions{HostnameType: "resource-name", A: true}
	}
	return dnsOptions{HostnameType: "ip-name"}
}

func (s *Service) subnetItem(v *Subnet) subnetItem {
	out := subnetItem{
		ID: v.ID, ARN: s.arn("subnet", v.ID), State: "available", OwnerID: s.opts.Account, VPCID: v.VPCID,
		CIDR: v.CIDR, Free: s.pools[v.ID].free(), Zone: v.Zone, ZoneID: s.zoneID(v.Zone),
		DefaultForZone: v.DefaultForZone, PublicAddresses: v.PublicAddresses, OutpostARN: v.OutpostARN,
		Names: newDNSOptions(v.ResourceNames), Tags: v.Tags.sorted(),
	}
	if v.IPv6CIDR != "" {
		out.IPv6 = wire.Items[ipv6Association]{{v.IPv6CIDR, associationID("subnet-cidr-assoc", v.ID), associated}}
	}
	return out
}

type describeSubnetsInput struct {
	IDs []string `query:"SubnetId"`
	page
}

type describeSubnetsOutput struct {
	Subnets wire.Items[subnetItem] `xml:"subnetSet"`
	Next    string                 `xml:"nextToken,omitempty"`
}

func (s *Service) describeSubnets(in *describeSubnetsInput) (any, error) {
	found, next, err := s.subnets.describe(in.IDs, in.page, limits{min: 5, max: 1000, ids: true})
	if err != nil {
		return nil, err
	}
	out := describeSubnetsOutput{Next: next}
	for _, v := range found {
		out.Subnets = append(out.Subnets, s.subnetItem(v))
	}
	return out, nil
}

type createSubnetInput struct {
	VPCID  string             `query:"VpcId,required"`
	CIDR   string             `query:"CidrBlock,required"`
	IPv6   string             `query:"Ipv6CidrBlock"`
	Zone   string             `query:"AvailabilityZone"`
	ZoneID string             `query:"AvailabilityZoneId"`
	Tags   []tagSpecification `query:"TagSpecification"`
}

type createSubnetOutput struct {
	Subnet subnetItem `xml:"subnet"`
}

func (s *Service) createSubnet(in *createSubnetInput) (any, error) {
	vpc, err := s.vpcs.one(in.VPCID)
	if err != nil {
		return nil, err
	}
	zone, err := s.pickZone(in.Zone, in.ZoneID)
	if err != nil {
		return nil, err
	}
	cidr, err := s.subnetCIDR(vpc, in.CIDR)
	if err != nil {
		return nil, err
	}
	if in.IPv6 != "" {
		if err := s.checkSubnetIPv6(vpc, in.IPv6); err != nil {
			return nil, err
		}
	}
	tags, err := s.tagsFor(in.Tags, "subnet")
	if err != nil {
		return nil, err
	}
	v := s.addSubnet(Subnet{VPCID: vpc.ID, Zone: zone.Name, CIDR: cidr, IPv6CIDR: in.IPv6, Tags: tags["subnet"]})
	return createSubnetOutput{s.subnetItem(v)}, nil
}

func (s *Service) addSubnet(v Subnet) *Subnet {
	v.ID = s.newID("subnet")
	s.pools[v.ID] = newPool(v.CIDR)
	s.subnets.Put(v.ID, &v)
	return &v
}

// pickZone returns the zone that a call names, or the first one.
func (s *Service) pickZone(name, id string) (Zone, error) {
	if name == "" && id == "" {
		return s.opts.Zones[0], nil
	}
	for _, z := range s.opts.Zones {
		if z.Name == name || z.ID == id {
			return z, nil
		}
	}
	names := make([]string, len(s.opts.Zones))
	for i, z := range s.opts.Zones {
		names[i] = z.Name
	}
	return Zone{}, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: %s.",
		name+id, strings.Join(names, ", "))
}

// subnetCIDR checks that a block lies in the VPC and overlaps with no other subnet.
func (s *Service) subnetCIDR(vpc *VPC, cidr string) (string, error) {
	block, err := parseIPv4(cidr, "cidrBlock")
	if err != nil {
		return "", err
	}
	whole, err := parseIPv4(vpc.CIDR, "cidrBlock")
	if err != nil {
		return "", err
	}
	if block.Bits() < 16 || block.Bits() > 28 || block.Bits() < whole.Bits() || !whole.Contains(block.Addr()) {
		return "", wire.Errorf("InvalidSubnet.Range", "The CIDR '%s' is invalid.", cidr)
	}
	for _, other := range s.subnets.All() {
		if other.VPCID == vpc.ID && s.pools[other.ID].prefix.Overlaps(block) {
			return "", wire.Errorf("InvalidSubnet.Conflict", "The CIDR '%s' conflicts with another subnet", cidr)
		}
	}
	return block.String(), nil
}

func (s *Service) checkSubnetIPv6(vpc *VPC, cidr string) error {
	block, err := parseIPv6(cidr, "ipv6CidrBlock")
	if err != nil {
		return err
	}
	if vpc.IPv6CIDR == "" {
		return wire.Errorf("InvalidSubnet.Range", "The IPv6 CIDR '%s' is invalid.", cidr)
	}
	whole, err := parseIPv6(vpc.IPv6CIDR, "ipv6CidrBlock")
	if err != nil || block.Bits() != 64 || !whole.Contains(block.Addr()) {
		return wire.Errorf("InvalidSubnet.Range", "The IPv6 CIDR '%s' is invalid.", cidr)
	}
	for _, other := range s.subnets.All() {
		if other.IPv6CIDR == block.String() {
			return wire.Errorf("InvalidSubnet.Conflict", "The IPv6 CIDR '%s' conflicts with another subnet", cidr)
		}
	}
	return nil
}

// defaultSubnet is where instances go that do not say where: the default VPC's, in a zone if one is named.
func (s *Service) defaultSubnet(zone string) (*Subnet, error) {
	vpc, err := s.defaultVPC()
	if err != nil {
		return nil, err
	}
	for _, v := range s.subnets.All() {
		if v.VPCID == vpc.ID && v.DefaultForZone && (zone == "" || v.Zone == zone) {
			return v, nil
		}
	}
	return nil, wire.Errorf("MissingInput", "No subnets found for the default VPC '%s'. Please specify a subnet.", vpc.ID)
}

func (s *Service) defaultVPC() (*VPC, error) {
	for _, v := range s.vpcs.All() {
		if v.Default {
			return v, nil
		}
	}
	return nil, wire.Errorf("VPCIdNotSpecified", "No default VPC for this user")
}

// table returns the route table that holds for a subnet: its own, or its VPC's main one.
func (s *Service) table(sub *Subnet) *RouteTable {
	var main *RouteTable
	for _, t := range s.tables.All() {
		if t.VPCID != sub.VPCID {
			continue
		}
		if slices.ContainsFunc(t.Associations, func(a Association) bool { return a.SubnetID == sub.ID }) {
			return t
		}
		if slices.ContainsFunc(t.Associations, func(a Association) bool { return a.Main }) {
			main = t
		}
	}
	return main
}
