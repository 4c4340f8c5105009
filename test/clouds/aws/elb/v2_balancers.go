// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb

import (
	"slices"
	"strings"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

// Types and address types of load balancers, and the two states of a switch.
const (
	application = "application"
	network     = "network"
	ipv4        = "ipv4"
	ipv6        = "ipv6"
	dualstack   = "dualstack"
	on          = "on"
	off         = "off"
)

type createBalancerInput struct {
	Name            string          `query:"Name,required"`
	Type            *string         `query:"Type"`
	Scheme          *string         `query:"Scheme"`
	Subnets         []string        `query:"Subnets"`
	SubnetMappings  []subnetMapping `query:"SubnetMappings"`
	SecurityGroups  []string        `query:"SecurityGroups"`
	IPAddressType   *string         `query:"IpAddressType"`
	SourceNATPrefix *string         `query:"EnablePrefixForIpv6SourceNat"`
	Tags            []tag           `query:"Tags"`
}

type balancersOutput struct {
	LoadBalancers wire.Members[balancerOut]
	NextMarker    string `xml:",omitempty"`
}

func (s *Service) createBalancer(in *createBalancerInput) (any, error) {
	lb, want, subnets, err := s.planBalancer(in)
	if err != nil {
		return nil, err
	}
	if old := s.balancers.Get(s.balancerNames[lb.Name]); old != nil {
		if !sameBalancer(old, lb, want) {
			return nil, wire.Errorf("DuplicateLoadBalancerName", "A load balancer with the same name '%s' exists, but with different settings", lb.Name)
		}
		return &balancersOutput{LoadBalancers: wire.Members[balancerOut]{s.balancerOut(old)}}, nil
	}
	if err := s.checkBalancerQuota(lb.Type); err != nil {
		return nil, err
	}
	id := s.newID(lb.Type, lb.Name)
	kind := map[string]string{application: "app", network: "net"}[lb.Type]
	lb.ARN = s.arn("loadbalancer/" + kind + "/" + lb.Name + "/" + id)
	if lb.Attachments, err = s.attach(lb.placement(), want, subnets); err != nil {
		return nil, err
	}
	lb.CreatedAt = s.Now()
	lb.DNSName = s.balancerDNS(lb, id)
	s.balancers.Put(lb.ARN, lb)
	s.balancerNames[lb.Name] = lb.ARN
	out := s.balancerOut(lb)
	out.State = stateOut{Code: provisioning} // however short it will be
	return &balancersOutput{LoadBalancers: wire.Members[balancerOut]{out}}, nil
}

func (s *Service) balancerDNS(lb *LoadBalancer, id string) string {
	if lb.Type == network {
		return lb.Name + "-" + id + ".elb." + s.opts.Region + "." + s.opts.DNSSuffix
	}
	name := lb.Name + "-" + digits(id) + "." + s.opts.Region + ".elb." + s.opts.DNSSuffix
	if lb.Scheme == "internal" {
		name = "internal-" + name
	}
	return name
}

func (s *Service) checkBalancerQuota(kind string) error {
	limit := s.quotas.NetworkLoadBalancers
	if kind == application {
		limit = s.quotas.ApplicationLoadBalancers
	}
	n := 0
	for _, lb := range s.balancers.All() {
		if lb.Type == kind {
			n++
		}
	}
	if n >= limit {
		return wire.Errorf("TooManyLoadBalancers", "The maximum number of load balancers has been reached")
	}
	return nil
}

// planBalancer returns the load balancer that a request asks for, without what creation gives it.
func (s *Service) planBalancer(in *createBalancerInput) (*LoadBalancer, []subnetMapping, []Subnet, error) {
	lb := &LoadBalancer{Name: in.Name, Type: application, IPAddressType: ipv4}
	if in.Type != nil {
		lb.Type = *in.Type
	}
	var err error
	if lb.Scheme, err = checkScheme(false, in.Scheme); err != nil {
		return nil, nil, nil, err
	}
	want, err := choose(in.Subnets, in.SubnetMappings)
	if err := first(err, checkBalancerName(in.Name), oneOf("type", lb.Type, application, network), lb.setAddressing(in.IPAddressType, in.SourceNATPrefix)); err != nil {
		return nil, nil, nil, err
	}
	if lb.Tags, err = s.addTags(nil, in.Tags); err != nil {
		return nil, nil, nil, err
	}
	have := []Attachment(nil)
	if old := s.balancers.Get(s.balancerNames[in.Name]); old != nil {
		have = old.Attachments
	}
	subnets, err := s.subnets(lb.placement(), want, have)
	if err != nil {
		return nil, nil, nil, err
	}
	if lb.Type == application && len(subnets) < 2 {
		return nil, nil, nil, invalid("At least two subnets in two different Availability Zones must be specified")
	}
	lb.VPCID = subnets[0].VPCID
	lb.Attributes = defaultBalancerAttributes(lb.Type, lb.Scheme)
	groups := in.SecurityGroups
	if len(groups) == 0 && lb.Type == application {
		sg, _ := s.opts.Network.DefaultSecurityGroup(lb.VPCID)
		groups = []string{sg.ID}
	}
	if lb.SecurityGroups, err = s.securityGroups(false, groups, lb.VPCID); err != nil {
		return nil, nil, nil, err
	}
	if len(lb.SecurityGroups) > 0 && lb.Type == network {
		lb.EnforcePrivateLink = on
	}
	return lb, want, subnets, nil
}

func checkBalancerName(name string) error {
	if strings.HasPrefix(name, "internal-") {
		return invalid("The load balancer name '%s' cannot begin with 'internal-'", name)
	}
	return checkName("The load balancer name", name)
}

// choose returns the mappings of a request, which has subnets in one of two forms.
func choose(subnets []string, maps []subnetMapping) ([]subnetMapping, error) {
	switch {
	case len(subnets) > 0 && len(maps) > 0:
		return nil, invalid("Only one of subnets or subnet mappings can be specified")
	case len(subnets) == 0 && len(maps) == 0:
		return nil, invalid("At least one subnet must be specified")
	case len(maps) > 0:
		return maps, nil
	}
	return mappings(subnets), nil
}

// setAddressing sets the address type and what depends on it; nil leaves it as it is.
func (lb *LoadBalancer) setAddressing(addressType, sourceNATPrefix *string) error {
	if addressType != nil {
		if err := oneOf("ipAddressType", *addressType, ipv4, dualstack, "dualstack-without-public-ipv4"); err != nil {
			return err
		}
		if *addressType != ipv4 && *addressType != dualstack {
			return wire.Errorf("InvalidConfigurationRequest", "IP address type '%s' is not supported for load balancers with type '%s'", *addressType, lb.Type)
		}
		lb.IPAddressType = *addressType
	}
	if lb.Type != network {
		return nil
	}
	if lb.SourceNATPrefix == "" {
		lb.SourceNATPrefix = off
	}
	if sourceNATPrefix != nil {
		if err := oneOf("enablePrefixForIpv6SourceNat", *sourceNATPrefix, on, off); err != nil {
			return err
		}
		lb.SourceNATPrefix = *sourceNATPrefix
	}
	if lb.SourceNATPrefix == on && lb.IPAddressType == ipv4 {
		return wire.Errorf("InvalidConfigurationRequest", "IPv6 prefixes for source NAT can only be enabled for load balancers with the IP address type 'dualstack'")
	}
	return nil
}

func (lb *LoadBalancer) placement() placement {
	return placement{
		internetFacing: lb.Scheme == "internet-facing", ipv6: lb.IPAddressType == dualstack,
		securityGroups: lb.SecurityGroups,
		description:    "ELB " + lb.ARN[strings.Index(lb.ARN, "/")+1:],
	}
}

// sameBalancer says whether creating lb in subnets would give what there is.
func sameBalancer(old, lb *LoadBalancer, want []subnetMapping) bool {
	if len(want) != len(old.Attachments) {
		return false
	}
	for _, m := range want {
		i := slices.IndexFunc(old.Attachments, func(a Attachment) bool { return a.SubnetID == m.SubnetID })
		if i < 0 || value(m.AllocationID) != old.Attachments[i].AllocationID || value(m.PrivateIPv4) != old.Attachments[i].PrivateIPv4 {
			return false
		}
	}
	return old.Type == lb.Type && old.Scheme == lb.Scheme && old.IPAddressType == lb.IPAddressType &&
		old.SourceNATPrefix == lb.SourceNATPrefix && sameSet(old.SecurityGroups, lb.SecurityGroups) && sameTags(old.Tags, lb.Tags)
}

// value returns what p points to, or nothing.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

type balancerInput struct {
	ARN string `query:"LoadBalancerArn,required"`
}

// deleteBalancer removes the listeners too, but not the target groups.
func (s *Service) deleteBalancer(in *balancerInput) (any, error) {
	lb := s.balancers.Get(in.ARN)
	if lb == nil {
		if !balancerARN.MatchString(in.ARN) {
			return nil, invalid("'%s' is not a valid load balancer ARN", in.ARN)
		}
		return nil, nil
	}
	if get(lb.Attributes, deletionProtection) == "true" {
		return nil, wire.Errorf("OperationNotPermitted", "Load balancer '%s' cannot be deleted because deletion protection is enabled", in.ARN)
	}
	for _, l := range s.listenersOf(in.ARN) {
		s.listeners.Delete(l.ARN)
	}
	s.balancers.Delete(in.ARN)
	delete(s.balancerNames, lb.Name)
	s.detach(lb.Attachments, false)
	return nil, nil
}
