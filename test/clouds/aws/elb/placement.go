// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

// subnetMapping is a subnet that a load balancer is asked to be in.
type subnetMapping struct {
	SubnetID     string  `query:"SubnetId"`
	AllocationID *string `query:"AllocationId"`
	PrivateIPv4  *string `query:"PrivateIPv4Address"`
}

func mappings(subnetIDs []string) []subnetMapping {
	out := make([]subnetMapping, len(subnetIDs))
	for i, id := range subnetIDs {
		out[i] = subnetMapping{SubnetID: id}
	}
	return out
}

// placement says what kind of load balancer comes into subnets.
type placement struct {
	classic        bool
	internetFacing bool
	ipv6           bool
	securityGroups []string
	description    string // of the network interfaces
}

// minFree is how many free addresses a subnet must have before a load balancer may come into it.
const minFree = 8

// subnets resolves mappings, of which those in have are in place already.
func (s *Service) subnets(p placement, want []subnetMapping, have []Attachment) ([]Subnet, error) {
	var out []Subnet
	zones := map[string]bool{}
	for _, m := range want {
		sn, ok := s.opts.Network.Subnet(m.SubnetID)
		if !ok {
			return nil, wire.Errorf("SubnetNotFound", "The subnet ID '%s' does not exist", m.SubnetID)
		}
		if len(out) > 0 && sn.VPCID != out[0].VPCID {
			return nil, wire.Errorf("InvalidSubnet", "All subnets must belong to the same VPC: '%s'", out[0].VPCID)
		}
		if zones[sn.Zone] {
			return nil, sameZone(p.classic)
		}
		zones[sn.Zone] = true
		if p.internetFacing && !sn.VPCHasGateway {
			return nil, wire.Errorf("InvalidSubnet", "VPC %s has no internet gateway", sn.VPCID)
		}
		if p.ipv6 && len(sn.IPv6) == 0 {
			return nil, wire.Errorf("InvalidConfigurationRequest", "You must specify subnets with an associated IPv6 CIDR block.")
		}
		if !attachedTo(have, sn.ID) {
			if sn.FreeAddresses < minFree {
				return nil, wire.Errorf("InvalidSubnet", "Not enough IP space available in %s. ELB requires at least %d free IP addresses in each subnet.", sn.ID, minFree)
			}
			if err := s.checkMapping(p, m, sn); err != nil {
				return nil, err
			}
		}
		out = append(out, sn)
	}
	return out, nil
}

func sameZone(classic bool) error {
	if classic {
		return configuration(true, "ELB cannot be attached to multiple subnets in the same AZ.")
	}
	return wire.Errorf("InvalidConfigurationRequest", "A load balancer cannot be attached to multiple subnets in the same Availability Zone")
}

func attachedTo(have []Attachment, subnetID string) bool {
	return slices.ContainsFunc(have, func(a Attachment) bool { return a.SubnetID == subnetID })
}

// checkMapping checks the addresses that were asked for.
func (s *Service) checkMapping(p placement, m subnetMapping, sn Subnet) error {
	if m.AllocationID != nil {
		a, ok := s.opts.Network.Address(*m.AllocationID)
		switch {
		case !p.internetFacing:
			return wire.Errorf("InvalidConfigurationRequest", "Elastic IP addresses are not supported for load balancers with scheme 'internal'")
		case !ok:
			return wire.Errorf("AllocationIdNotFound", "The allocation IDs '%s' do not exist", *m.AllocationID)
		case a.Associated:
			return wire.Errorf("ResourceInUse", "The allocation IDs are not available for use")
		}
	}
	if m.PrivateIPv4 != nil {
		ip, err := netip.ParseAddr(*m.PrivateIPv4)
		switch {
		case p.internetFacing:
			return wire.Errorf("InvalidConfigurationRequest", "Private IPv4 addresses are not supported for load balancers with scheme 'internet-facing'")
		case err != nil || !ip.Is4():
			return invalid("The private IPv4 address '%s' is not valid", *m.PrivateIPv4)
		case !sn.IPv4.Contains(ip):
			return wire.Errorf("InvalidConfigurationRequest", "The private IPv4 address '%s' is not in the CIDR block of subnet '%s'", ip, sn.ID)
		}
	}
	return nil
}

// attach brings a load balancer into subnets. If it fails, nothing has changed.
func (s *Service) attach(p placement, want []subnetMapping, subnets []Subnet) ([]Attachment, error) {
	var out []Attachment
	for i, sn := range subnets {
		a := Attachment{SubnetID: sn.ID, Zone: sn.Zone}
		nic := Interface{
			SubnetID: sn.ID, SecurityGroups: p.securityGroups, Description: p.description, RequesterID: "amazon-elb",
			IPv6: p.ipv6, Public: p.internetFacing, Type: "network_load_balancer",
		}
		if p.classic {
			nic.Type = "interface"
		}
		if m := want[i]; m.AllocationID != nil {
			address, _ := s.opts.Network.Address(*m.AllocationID)
			a.AllocationID, a.PublicIP, nic.AllocationID = address.AllocationID, address.PublicIP, address.AllocationID
		}
		if m := want[i]; m.PrivateIPv4 != nil {
			a.PrivateIPv4, nic.PrivateIPv4 = *m.PrivateIPv4, *m.PrivateIPv4
		}
		id, err := s.opts.Network.CreateInterface(nic)
		if err != nil {
			s.detach(out, true)
			return nil, wire.Errorf("InvalidSubnet", "The subnet '%s' cannot be used: %v", sn.ID, err)
		}
		a.InterfaceID = id
		out = append(out, a)
	}
	return out, nil
}

// detach gives up places in subnets. Their network interfaces linger, unless they were never used.
func (s *Service) detach(list []Attachment, atOnce bool) {
	at := s.Now()
	if !atOnce {
		at = at.Add(s.timing.Linger)
	}
	for _, a := range list {
		s.opts.Network.DeleteInterface(a.InterfaceID, at)
	}
}

// securityGroups checks the groups of a load balancer in a VPC and removes repetitions.
func (s *Service) securityGroups(classic bool, ids []string, vpcID string) ([]string, error) {
	ids = unique(ids)
	if len(ids) > s.quotas.SecurityGroups {
		return nil, configuration(classic, "The maximum number of security groups per load balancer has been reached.")
	}
	for _, id := range ids {
		sg, ok := s.opts.Network.SecurityGroup(id)
		switch {
		case !strings.HasPrefix(id, "sg-") && classic:
			return nil, wire.Errorf("InvalidSecurityGroup", "Invalid id: \"%s\" (expecting \"sg-...\") (Service: AmazonEC2; Status Code: 400; Error Code: InvalidGroupId.Malformed)", id)
		case !strings.HasPrefix(id, "sg-"):
			return nil, invalid("Security group '%s' is not valid", id)
		case !ok:
			return nil, wire.Errorf("InvalidSecurityGroup", "The security group '%s' does not exist (Service: AmazonEC2; Status Code: 400; Error Code: InvalidGroup.NotFound)", id)
		case sg.VPCID != vpcID && classic:
			return nil, wire.Errorf("InvalidSecurityGroup", "One or more security groups are invalid.")
		case sg.VPCID != vpcID:
			return nil, wire.Errorf("InvalidConfigurationRequest", "One or more security groups are invalid")
		}
	}
	return ids, nil
}

// configuration is the refusal of a change that does not fit. The classic interface answers it with
// another status than everything else.
func configuration(classic bool, format string, args ...any) error {
	e := &wire.Error{Code: "InvalidConfigurationRequest", Message: fmt.Sprintf(format, args...)}
	if classic {
		e.Status = 409
	}
	return e
}

// checkScheme returns the scheme of a load balancer to create.
func checkScheme(classic bool, scheme *string) (string, error) {
	switch {
	case scheme == nil || *scheme == "internet-facing":
		return "internet-facing", nil
	case *scheme == "internal":
		return "internal", nil
	case classic:
		return "", wire.Errorf("InvalidScheme", "Invalid scheme: %s", *scheme)
	}
	return "", oneOf("scheme", *scheme, "internet-facing", "internal")
}

func attachmentSubnets(list []Attachment) []string {
	out := make([]string, len(list))
	for i, a := range list {
		out[i] = a.SubnetID
	}
	return out
}

func attachmentZones(list []Attachment) []string {
	out := make([]string, len(list))
	for i, a := range list {
		out[i] = a.Zone
	}
	return out
}
