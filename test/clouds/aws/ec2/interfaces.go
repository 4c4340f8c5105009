// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package ec2

import (
	"fmt"
	"slices"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

func (n *NetworkInterface) status() string {
	if n.Attachment == nil {
		return "available"
	}
	return "in-use"
}

// PrivateIPs are the private IPv4 addresses, the primary one first.
func (n *NetworkInterface) PrivateIPs() []string {
	out := make([]string, len(n.Addresses))
	for i, a := range n.Addresses {
		out[i] = a.Private
	}
	return out
}

func (n *NetworkInterface) publicIP() string {
	if len(n.Addresses) == 0 {
		return ""
	}
	return n.Addresses[0].Public
}

// MAC follows from the ID; 02 says that it is locally administered.
func (n *NetworkInterface) MAC() string {
	d := n.ID[len(n.ID)-10:]
	return fmt.Sprintf("02:%s:%s:%s:%s:%s", d[:2], d[2:4], d[4:6], d[6:8], d[8:])
}

// instanceOf returns the instance that has an interface, or nothing.
func (s *Service) instanceOf(networkInterface string) string {
	if ni := s.interfaces.Get(networkInterface); ni != nil && ni.Attachment != nil {
		return ni.Attachment.InstanceID
	}
	return ""
}

func (s *Service) attachmentOwner(a *Attachment) string {
	if a.OwnerID != "" {
		return a.OwnerID
	}
	return s.opts.Account
}

// instanceInterface makes, but does not put, an interface of a new instance.
func (s *Service) instanceInterface(instance string, p interfacePlan, mayBePublic bool) (*NetworkInterface, error) {
	ni := &NetworkInterface{
		ID: s.newID("eni"), SubnetID: p.subnet.ID, VPCID: p.subnet.VPCID, Zone: p.subnet.Zone, Type: "interface",
		Groups: p.Groups, SourceDestCheck: true,
		Attachment: &Attachment{ID: s.newID("eni-attach"), InstanceID: instance, DeviceIndex: p.DeviceIndex, NetworkCard: p.NetworkCard, Time: s.Now().UTC()},
	}
	for n := range 1 + p.Secondary {
		wanted := ""
		if n == 0 {
			wanted = p.PrivateIP
		}
		address, err := s.takeIPv4(p.subnet, wanted)
		if err != nil {
			s.giveBack(p.subnet.ID, ni.Addresses)
			return nil, err
		}
		ni.Addresses = append(ni.Addresses, InterfaceIPv4{Private: address})
	}
	ni.PrivateDNS = s.privateName(ni.Addresses[0].Private)
	if p.Public != nil && *p.Public || p.Public == nil && p.subnet.PublicAddresses && mayBePublic {
		ni.Addresses[0].Public = s.takePublic()
	}
	for range p.IPv6Count {
		ni.IPv6 = append(ni.IPv6, s.takeIPv6(p.subnet))
	}
	for range p.IPv6Prefix {
		ni.IPv6Prefixes = append(ni.IPv6Prefixes, s.takeIPv6Prefix(p.subnet))
	}
	return ni, nil
}

// removeInterface deletes an interface, and frees all that it has.
func (s *Service) removeInterface(id string) {
	ni := s.interfaces.Get(id)
	if ni == nil {
		return
	}
	for _, a := range ni.Addresses {
		if a.AllocationID != "" {
			s.addresses.change(a.AllocationID, func(v *Address) { v.InterfaceID, v.AssociationID, v.PrivateIP = "", "", "" })
		}
	}
	s.giveBack(ni.SubnetID, ni.Addresses)
	s.interfaces.Delete(id)
}

type interfaceItem struct {
	instanceInterfaceItem
	Zone             string              `xml:"availabilityZone"`
	RequesterID      string              `xml:"requesterId,omitempty"`
	RequesterManaged bool                `xml:"requesterManaged"`
	Tags             wire.Items[tagItem] `xml:"tagSet"`
}

// instanceInterfaceItem is what both DescribeInstances and DescribeNetworkInterfaces say.
type instanceInterfaceItem struct {
	ID              string                     `xml:"networkInterfaceId"`
	SubnetID        string                     `xml:"subnetId"`
	VPCID           string                     `xml:"vpcId"`
	Description     string                     `xml:"description"`
	OwnerID         string                     `xml:"ownerId"`
	Status          string                     `xml:"status"`
	MAC             string                     `xml:"macAddress"`
	PrivateIP       string                     `xml:"privateIpAddress"`
	PrivateDNS      string                     `xml:"privateDnsName,omitempty"`
	SourceDestCheck bool                       `xml:"sourceDestCheck"`
	Groups          wire.Items[groupRef]       `xml:"groupSet"`
	Attachment      *attachmentItem            `xml:"attachment"`
	Association     *associationRef            `xml:"association"`
	Addresses       wire.Items[privateIPItem]  `xml:"privateIpAddressesSet"`
	IPv6            wire.Items[ipv6Item]       `xml:"ipv6AddressesSet"`
	IPv4Prefixes    wire.Items[ipv4PrefixItem] `xml:"ipv4PrefixSet,omitempty"`
	IPv6Prefixes    wire.Items[ipv6PrefixItem] `xml:"ipv6PrefixSet,omitempty"`
	Type            string                     `xml:"interfaceType"`
}

type attachmentItem struct {
	ID                  string `xml:"attachmentId"`
	InstanceID          string `xml:"instanceId,omitempty"`
	InstanceOwnerID     string `xml:"instanceOwnerId,omitempty"`
	DeviceIndex         int    `xml:"deviceIndex"`
	NetworkCard         int    `xml:"networkCardIndex"`
	Status              string `xml:"status"`
	Time                string `xml:"attachTime"`
	DeleteOnTermination bool   `xml:"deleteOnTermination"`
}

type associationRef struct {
	PublicIP      string `xml:"publicIp"`
	PublicDNS     string `xml:"publicDnsName"`
	OwnerID       string `xml:"ipOwnerId"`
	AllocationID  string `xml:"allocationId,omitempty"`
	AssociationID string `xml:"associationId,omitempty"`
}

type privateIPItem struct {
	Private     string          `xml:"privateIpAddress"`
	DNS         string          `xml:"privateDnsName,omitempty"`
	Primary     bool            `xml:"primary"`
	Association *associationRef `xml:"association"`
}

type ipv6Item struct {
	Address string `xml:"ipv6Address"`
	Primary bool   `xml:"isPrimaryIpv6"`
}

type ipv4PrefixItem struct {
	Prefix string `xml:"ipv4Prefix"`
}

type ipv6PrefixItem struct {
	Prefix string `xml:"ipv6Prefix"`
}

// instanceInterfaceItem leaves out of the attachment which instance it is, and IDs of the association, as
// EC2 does inside an instance.
func (s *Service) instanceInterfaceItem(v *NetworkInterface) instanceInterfaceItem {
	out := s.networkItem(v)
	if a := out.Attachment; a != nil {
		a.InstanceID, a.InstanceOwnerID = "", ""
	}
	forget := func(a *associationRef) {
		if a != nil {
			a.AllocationID, a.AssociationID = "", ""
		}
	}
	forget(out.Association)
	for i := range out.Addresses {
		forget(out.Addresses[i].Association)
	}
	return out
}

func (s *Service) networkItem(v *NetworkInterface) instanceInterfaceItem {
	out := instanceInterfaceItem{
		ID: v.ID, SubnetID: v.SubnetID, VPCID: v.VPCID, Description: v.Description, OwnerID: s.opts.Account,
		Status: v.status(), MAC: v.MAC(), PrivateDNS: v.PrivateDNS, SourceDestCheck: v.SourceDestCheck,
		Groups: s.groupRefs(v.Groups), Type: v.Type,
	}
	for i, a := range v.Addresses {
		item := privateIPItem{Private: a.Private, Primary: i == 0, Association: s.associationRef(v, a)}
		if v.PrivateDNS != "" {
			item.DNS = s.privateName(a.Private)
		}
		if i == 0 {
			out.PrivateIP, out.Association, item.DNS = a.Private, s.associationRef(v, a), v.PrivateDNS
		}
		out.Addresses = append(out.Addresses, item)
	}
	for _, a := range v.IPv6 {
		out.IPv6 = append(out.IPv6, ipv6Item{Address: a})
	}
	for _, p := range v.IPv4Prefixes {
		out.IPv4Prefixes = append(out.IPv4Prefixes, ipv4PrefixItem{p})
	}
	for _, p := range v.IPv6Prefixes {
		out.IPv6Prefixes = append(out.IPv6Prefixes, ipv6PrefixItem{p})
	}
	if a := v.Attachment; a != nil {
		out.Attachment = &attachmentItem{
			ID: a.ID, InstanceID: a.InstanceID, InstanceOwnerID: s.attachmentOwner(a), DeviceIndex: a.DeviceIndex,
			NetworkCard: a.NetworkCard, Status: "attached", Time: wire.Timestamp(a.Time), DeleteOnTermination: a.InstanceID != "",
		}
	}
	return out
}

// associationRef is a public address; AWS's own belong to "amazon", or to the service that has them.
func (s *Service) associationRef(v *NetworkInterface, a InterfaceIPv4) *associationRef {
	if a.Public == "" {
		return nil
	}
	out := &associationRef{PublicIP: a.Public, PublicDNS: s.publicName(a.Public), OwnerID: "amazon",
		AllocationID: a.AllocationID, AssociationID: a.AssociationID}
	switch {
	case a.AllocationID != "":
		out.OwnerID = s.opts.Account
	case v.RequesterID != "":
		out.OwnerID = v.RequesterID
	}
	return out
}

type describeInterfacesInput struct {
	IDs []string `query:"NetworkInterfaceId"`
	page
}

type describeInterfacesOutput struct {
	Interfaces wire.Items[interfaceItem] `xml:"networkInterfaceSet"`
	Next       string                    `xml:"nextToken,omitempty"`
}

func (s *Service) describeInterfaces(in *describeInterfacesInput) (any, error) {
	found, next, err := s.interfaces.describe(in.IDs, in.page, limits{min: 5, max: 1000, list: "networkInterfaceIds"})
	if err != nil {
		return nil, err
	}
	out := describeInterfacesOutput{Next: next}
	for _, v := range found {
		out.Interfaces = append(out.Interfaces, interfaceItem{s.networkItem(v), v.Zone, v.RequesterID, v.RequesterID != "", v.Tags.sorted()})
	}
	return out, nil
}

type modifyInterfaceInput struct {
	ID              string       `query:"NetworkInterfaceId,required"`
	SourceDestCheck *boolValue   `query:"SourceDestCheck"`
	Description     *stringValue `query:"Description"`
	Groups          []string     `query:"SecurityGroupId"`
}

func (s *Service) modifyInterface(in *modifyInterfaceInput) (any, error) {
	ni, err := s.interfaces.one(in.ID)
	if err != nil {
		return nil, err
	}
	if ni.RequesterID != "" {
		return nil, wire.Errorf("AuthFailure", "You do not have permission to access the specified resource.")
	}
	if in.Groups != nil {
		if err := s.checkInterfaceGroups(in.Groups, ni.VPCID); err != nil {
			return nil, err
		}
	}
	if in.SourceDestCheck == nil && in.Description == nil && in.Groups == nil {
		return nil, wire.Errorf("InvalidParameterCombination", "No attributes specified.")
	}
	s.interfaces.change(in.ID, func(v *NetworkInterface) {
		if in.Groups != nil {
			v.Groups = unique(in.Groups)
		}
		if in.Description != nil {
			v.Description = in.Description.Value
		}
	})
	if in.SourceDestCheck != nil {
		s.setSourceDestCheck(in.ID, in.SourceDestCheck.Value)
	}
	return done{true}, nil
}

type assignIPv6Input struct {
	ID          string   `query:"NetworkInterfaceId,required"`
	Count       int      `query:"Ipv6AddressCount"`
	PrefixCount int      `query:"Ipv6PrefixCount"`
	Addresses   []string `query:"Ipv6Addresses"`
}

type assignIPv6Output struct {
	ID        string             `xml:"networkInterfaceId"`
	Addresses wire.Items[string] `xml:"assignedIpv6Addresses"`
	Prefixes  wire.Items[string] `xml:"assignedIpv6PrefixSet"`
}

func (s *Service) assignIPv6(in *assignIPv6Input) (any, error) {
	ni, err := s.interfaces.one(in.ID)
	if err != nil {
		return nil, err
	}
	sub := s.subnets.Get(ni.SubnetID)
	if sub.IPv6CIDR == "" {
		return nil, wire.Errorf("InvalidParameterValue", "The subnet '%s' does not have an IPv6 CIDR block", sub.ID)
	}
	out := assignIPv6Output{ID: in.ID, Addresses: in.Addresses}
	for range in.Count {
		out.Addresses = append(out.Addresses, s.takeIPv6(sub))
	}
	for range in.PrefixCount {
		out.Prefixes = append(out.Prefixes, s.takeIPv6Prefix(sub))
	}
	s.interfaces.change(in.ID, func(v *NetworkInterface) {
		v.IPv6 = append(slices.Clip(v.IPv6), out.Addresses...)
		v.IPv6Prefixes = append(slices.Clip(v.IPv6Prefixes), out.Prefixes...)
	})
	return out, nil
}
