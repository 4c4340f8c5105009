// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb

import (
	"slices"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

type setSecurityGroupsInput struct {
	ARN            string   `query:"LoadBalancerArn,required"`
	SecurityGroups []string `query:"SecurityGroups,required"`
	Enforce        *string  `query:"EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"`
}

type setSecurityGroupsOutput struct {
	SecurityGroupIds                                     wire.Members[string]
	EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic string `xml:",omitempty"`
}

func (s *Service) setSecurityGroups(in *setSecurityGroupsInput) (any, error) {
	lb, err := s.balancer(in.ARN)
	if err != nil {
		return nil, err
	}
	if lb.Type == network && len(lb.SecurityGroups) == 0 {
		return nil, wire.Errorf("InvalidConfigurationRequest", "You cannot set security groups on a Network Load Balancer which was created without any security groups.")
	}
	if len(in.SecurityGroups) == 0 {
		return nil, wire.Errorf("InvalidConfigurationRequest", "You cannot remove all security groups from load balancer '%s'", in.ARN)
	}
	if in.Enforce != nil {
		if err := oneOf("enforceSecurityGroupInboundRulesOnPrivateLinkTraffic", *in.Enforce, on, off); err != nil {
			return nil, err
		}
		lb.EnforcePrivateLink = *in.Enforce
	}
	if lb.SecurityGroups, err = s.securityGroups(false, in.SecurityGroups, lb.VPCID); err != nil {
		return nil, err
	}
	for _, a := range lb.Attachments {
		s.opts.Network.SetInterfaceSecurityGroups(a.InterfaceID, lb.SecurityGroups)
	}
	s.balancers.Put(lb.ARN, lb)
	return &setSecurityGroupsOutput{lb.SecurityGroups, lb.EnforcePrivateLink}, nil
}

type setSubnetsInput struct {
	ARN             string          `query:"LoadBalancerArn,required"`
	Subnets         []string        `query:"Subnets"`
	SubnetMappings  []subnetMapping `query:"SubnetMappings"`
	IPAddressType   *string         `query:"IpAddressType"`
	SourceNATPrefix *string         `query:"EnablePrefixForIpv6SourceNat"`
}

type setSubnetsOutput struct {
	AvailabilityZones            wire.Members[zoneOut]
	IpAddressType                string
	EnablePrefixForIpv6SourceNat string `xml:",omitempty"`
}

// setSubnets replaces the subnets. Those that stay keep their addresses.
func (s *Service) setSubnets(in *setSubnetsInput) (any, error) {
	lb, err := s.balancer(in.ARN)
	if err != nil {
		return nil, err
	}
	want, err := choose(in.Subnets, in.SubnetMappings)
	if err != nil {
		return nil, err
	}
	if err := first(lb.setAddressing(in.IPAddressType, in.SourceNATPrefix), s.checkProtocols(lb)); err != nil {
		return nil, err
	}
	subnets, err := s.subnets(lb.placement(), want, lb.Attachments)
	if err != nil {
		return nil, err
	}
	if subnets[0].VPCID != lb.VPCID {
		return nil, wire.Errorf("InvalidSubnet", "All subnets must belong to the same VPC: '%s'", lb.VPCID)
	}
	if lb.Type == application && len(subnets) < 2 {
		return nil, invalid("At least two subnets in two different Availability Zones must be specified")
	}
	if err := s.replaceAttachments(lb, want, subnets); err != nil {
		return nil, err
	}
	s.balancers.Put(lb.ARN, lb)
	return &setSubnetsOutput{zonesOut(lb.Attachments), lb.IPAddressType, lb.SourceNATPrefix}, nil
}

// replaceAttachments brings lb, which is a copy to change, into subnets and out of others.
func (s *Service) replaceAttachments(lb *LoadBalancer, want []subnetMapping, subnets []Subnet) error {
	var stay, leave []Attachment
	for _, a := range lb.Attachments {
		if slices.ContainsFunc(want, func(m subnetMapping) bool { return m.SubnetID == a.SubnetID }) {
			stay = append(stay, a)
		} else {
			leave = append(leave, a)
		}
	}
	var newMappings []subnetMapping
	var newSubnets []Subnet
	for i, m := range want {
		if !attachedTo(stay, m.SubnetID) {
			newMappings, newSubnets = append(newMappings, m), append(newSubnets, subnets[i])
		}
	}
	added, err := s.attach(lb.placement(), newMappings, newSubnets)
	if err != nil {
		return err
	}
	s.detach(leave, false)
	lb.Attachments = slices.Concat(stay, added)
	return nil
}

type setIPAddressTypeInput struct {
	ARN           string `query:"LoadBalancerArn,required"`
	IPAddressType string `query:"IpAddressType,required"`
}

type setIPAddressTypeOutput struct {
	IpAddressType string
}

func (s *Service) setIPAddressType(in *setIPAddressTypeInput) (any, error) {
	lb, err := s.balancer(in.ARN)
	if err != nil {
		return nil, err
	}
	if err := first(lb.setAddressing(&in.IPAddressType, nil), s.checkProtocols(lb)); err != nil {
		return nil, err
	}
	if _, err := s.subnets(lb.placement(), mappings(attachmentSubnets(lb.Attachments)), lb.Attachments); err != nil {
		return nil, err
	}
	s.balancers.Put(lb.ARN, lb)
	return &setIPAddressTypeOutput{lb.IPAddressType}, nil
}

// checkProtocols checks that the listeners of lb go with its address type.
func (s *Service) checkProtocols(lb *LoadBalancer) error {
	for _, l := range s.listenersOf(lb.ARN) {
		if err := s.checkAddressing(lb, l); err != nil {
			return err
		}
	}
	return nil
}

// checkAddressing checks one listener of lb.
func (s *Service) checkAddressing(lb *LoadBalancer, l *Listener) error {
	if (l.Protocol == "UDP" || l.Protocol == "TCP_UDP") && lb.IPAddressType == dualstack && lb.SourceNATPrefix != on {
		return wire.Errorf("InvalidConfigurationRequest", "%s listeners are not supported on load balancers with the IP address type 'dualstack' unless prefixes for IPv6 source NAT are enabled", l.Protocol)
	}
	if tg := s.groups.Get(l.Action.TargetGroupARN); tg != nil && tg.IPAddressType == ipv6 && lb.IPAddressType == ipv4 {
		return wire.Errorf("InvalidConfigurationRequest", "Target groups with the IP address type 'ipv6' are not supported on load balancers with the IP address type 'ipv4'")
	}
	return nil
}
