// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package ec2

import (
	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

type addressItem struct {
	PublicIP      string              `xml:"publicIp"`
	AllocationID  string              `xml:"allocationId"`
	AssociationID string              `xml:"associationId,omitempty"`
	Domain        string              `xml:"domain"`
	InstanceID    string              `xml:"instanceId,omitempty"`
	InterfaceID   string              `xml:"networkInterfaceId,omitempty"`
	OwnerID       string              `xml:"networkInterfaceOwnerId,omitempty"`
	PrivateIP     string              `xml:"privateIpAddress,omitempty"`
	Pool          string              `xml:"publicIpv4Pool"`
	BorderGroup   string              `xml:"networkBorderGroup"`
	Tags          wire.Items[tagItem] `xml:"tagSet,omitempty"`
}

func (s *Service) addressItem(v *Address) addressItem {
	out := addressItem{
		PublicIP: v.PublicIP, AllocationID: v.AllocationID, AssociationID: v.AssociationID, Domain: "vpc",
		InterfaceID: v.InterfaceID, InstanceID: s.instanceOf(v.InterfaceID), PrivateIP: v.PrivateIP, Pool: "amazon",
		BorderGroup: s.opts.Region, Tags: v.Tags.sorted(),
	}
	if v.InterfaceID != "" {
		out.OwnerID = s.opts.Account
	}
	return out
}

// addressNamed finds an elastic IP address by itself.
func (s *Service) addressNamed(ip string) *Address {
	for _, v := range s.addresses.All() {
		if v.PublicIP == ip {
			return v
		}
	}
	return nil
}

type allocateInput struct {
	Tags []tagSpecification `query:"TagSpecification"`
}

func (s *Service) allocateAddress(in *allocateInput) (any, error) {
	tags, err := s.tagsFor(in.Tags, "elastic-ip")
	if err != nil {
		return nil, err
	}
	if s.addresses.Len() >= s.quotas.Addresses {
		return nil, wire.Errorf("AddressLimitExceeded", "The maximum number of addresses has been reached.")
	}
	item := s.addressItem(s.addAddress(tags["elastic-ip"]))
	item.Tags = nil // which this answer has not
	return item, nil
}

func (s *Service) addAddress(tags Tags) *Address {
	v := &Address{AllocationID: s.newID("eipalloc"), PublicIP: s.takePublic(), Tags: tags}
	s.addresses.Put(v.AllocationID, v)
	return v
}

type describeAddressesInput struct {
	IDs     []string `query:"AllocationId"`
	IPs     []string `query:"PublicIp"`
	Filters []filter `query:"Filter"`
}

type describeAddressesOutput struct {
	Addresses wire.Items[addressItem] `xml:"addressesSet"`
}

func (s *Service) describeAddresses(in *describeAddressesInput) (any, error) {
	for _, ip := range in.IPs {
		a := s.addressNamed(ip)
		if a == nil {
			return nil, wire.Errorf("InvalidAddress.NotFound", "Address '%s' not found.", ip)
		}
		in.IDs = append(in.IDs, a.AllocationID)
	}
	found, _, err := s.addresses.describe(in.IDs, page{Filters: in.Filters}, limits{})
	if err != nil {
		return nil, err
	}
	out := describeAddressesOutput{}
	for _, v := range found {
		out.Addresses = append(out.Addresses, s.addressItem(v))
	}
	return out, nil
}

type releaseInput struct {
	ID string `query:"AllocationId"`
	IP string `query:"PublicIp"`
}

func (s *Service) releaseAddress(in *releaseInput) (any, error) {
	if in.ID == "" {
		a := s.addressNamed(in.IP)
		if a == nil {
			return nil, wire.Errorf("InvalidAddress.NotFound", "Address '%s' not found.", in.IP)
		}
		in.ID = a.AllocationID
	}
	a, err := s.addresses.one(in.ID)
	if err != nil {
		return nil, err
	}
	if a.InterfaceID != "" {
		return nil, wire.Errorf("InvalidIPAddress.InUse", "Address %s is in use.", a.PublicIP)
	}
	s.addresses.Delete(in.ID)
	return done{true}, nil
}
