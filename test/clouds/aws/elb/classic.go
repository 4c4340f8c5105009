// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb

import (
	"slices"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

// Classic returns the operations of API version 2012-06-01.
func (s *Service) Classic() map[string]wire.Operation {
	return map[string]wire.Operation{
		"CreateLoadBalancer":                      operation(s, (*Service).createClassic),
		"DeleteLoadBalancer":                      operation(s, (*Service).deleteClassic),
		"DescribeLoadBalancers":                   operation(s, (*Service).describeClassic),
		"DescribeLoadBalancerAttributes":          operation(s, (*Service).describeClassicAttributes),
		"ModifyLoadBalancerAttributes":            operation(s, (*Service).modifyClassicAttributes),
		"AddTags":                                 operation(s, (*Service).addClassicTags),
		"RemoveTags":                              operation(s, (*Service).removeClassicTags),
		"DescribeTags":                            operation(s, (*Service).describeClassicTags),
		"CreateLoadBalancerListeners":             operation(s, (*Service).createClassicListeners),
		"DeleteLoadBalancerListeners":             operation(s, (*Service).deleteClassicListeners),
		"SetLoadBalancerListenerSSLCertificate":   operation(s, (*Service).setClassicCertificate),
		"RegisterInstancesWithLoadBalancer":       operation(s, (*Service).registerInstances),
		"DeregisterInstancesFromLoadBalancer":     operation(s, (*Service).deregisterInstances),
		"DescribeInstanceHealth":                  operation(s, (*Service).describeInstanceHealth),
		"ConfigureHealthCheck":                    operation(s, (*Service).configureHealthCheck),
		"ApplySecurityGroupsToLoadBalancer":       operation(s, (*Service).applyClassicSecurityGroups),
		"AttachLoadBalancerToSubnets":             operation(s, (*Service).attachClassicSubnets),
		"DetachLoadBalancerFromSubnets":           operation(s, (*Service).detachClassicSubnets),
		"CreateLoadBalancerPolicy":                operation(s, (*Service).createPolicy),
		"DeleteLoadBalancerPolicy":                operation(s, (*Service).deletePolicy),
		"DescribeLoadBalancerPolicies":            operation(s, (*Service).describePolicies),
		"DescribeLoadBalancerPolicyTypes":         operation(s, (*Service).describePolicyTypes),
		"SetLoadBalancerPoliciesForBackendServer": operation(s, (*Service).setBackendPolicies),
		"SetLoadBalancerPoliciesOfListener":       operation(s, (*Service).setListenerPolicies),
		"DescribeAccountLimits":                   operation(s, (*Service).describeClassicLimits),
	}
}

// classicNamed returns a copy of a load balancer to change.
func (s *Service) classicNamed(name string) (*ClassicLoadBalancer, error) {
	return copyOf(s.classic.Get(name), name)
}

// classicSeen returns a load balancer as readers see it.
func (s *Service) classicSeen(name string) (*ClassicLoadBalancer, error) {
	return copyOf(s.classic.Seen(name), name)
}

func copyOf(lb *ClassicLoadBalancer, name string) (*ClassicLoadBalancer, error) {
	if lb == nil {
		return nil, wire.Errorf("LoadBalancerNotFound", "There is no ACTIVE Load Balancer named '%s'", name)
	}
	c := *lb
	return &c, nil
}

type createClassicInput struct {
	Name           string          `query:"LoadBalancerName,required"`
	Listeners      []listenerInput `query:"Listeners,required"`
	Zones          []string        `query:"AvailabilityZones"`
	Subnets        []string        `query:"Subnets"`
	SecurityGroups []string        `query:"SecurityGroups"`
	Scheme         *string         `query:"Scheme"`
	Tags           []tag           `query:"Tags"`
}

type createClassicOutput struct {
	DNSName string
}

func (s *Service) createClassic(in *createClassicInput) (any, error) {
	lb, subnets, err := s.planClassic(in)
	if err != nil {
		return nil, err
	}
	if old := s.classic.Get(lb.Name); old != nil {
		if !sameClassic(old, lb, in.Subnets) {
			return nil, wire.Errorf("DuplicateLoadBalancerName", "Load Balancer named '%s' already exists and it is configured with different parameters.", lb.Name)
		}
		return &createClassicOutput{DNSName: old.DNSName}, nil
	}
	if s.classic.Len() >= s.quotas.ClassicLoadBalancers {
		return nil, wire.Errorf("TooManyLoadBalancers", "Exceeded quota of account %s", s.opts.Account)
	}
	if lb.Attachments, err = s.attach(lb.placement(), mappings(in.Subnets), subnets); err != nil {
		return nil, err
	}
	lb.CreatedAt = s.Now()
	lb.DNSName = lb.Name + "-" + digits(s.newID("classic", lb.Name)) + "." + s.opts.Region + ".elb." + s.opts.DNSSuffix
	if lb.Scheme == "internal" {
		lb.DNSName = "internal-" + lb.DNSName
	}
	s.classic.Put(lb.Name, lb)
	return &createClassicOutput{DNSName: lb.DNSName}, nil
}

// planClassic returns the load balancer that a request asks for, without what creation gives it.
func (s *Service) planClassic(in *createClassicInput) (*ClassicLoadBalancer, []Subnet, error) {
	lb := &ClassicLoadBalancer{Name: in.Name, Attributes: defaultClassicAttributes}
	if err := first(checkName("The load balancer name", in.Name), checkClassicPlace(in)); err != nil {
		return nil, nil, err
	}
	var err error
	if lb.Scheme, err = checkScheme(true, in.Scheme); err != nil {
		return nil, nil, err
	}
	if err := s.addListeners(lb, in.Listeners); err != nil {
		return nil, nil, err
	}
	lb.HealthCheck = defaultHealthCheck(in.Listeners[0])
	if lb.Tags, err = s.addTags(nil, in.Tags); err != nil {
		return nil, nil, err
	}
	have := []Attachment(nil)
	if old := s.classic.Get(in.Name); old != nil {
		have = old.Attachments
	}
	subnets, err := s.subnets(lb.placement(), mappings(in.Subnets), have)
	if err != nil {
		return nil, nil, err
	}
	lb.VPCID = subnets[0].VPCID
	if len(in.SecurityGroups) == 0 {
		sg, _ := s.opts.Network.DefaultSecurityGroup(lb.VPCID)
		in.SecurityGroups = []string{sg.ID}
	}
	lb.SecurityGroups, err = s.securityGroups(true, in.SecurityGroups, lb.VPCID)
	return lb, subnets, err
}

func checkClassicPlace(in *createClassicInput) error {
	switch {
	case len(in.Listeners) == 0:
		return invalid("At least one listener must be specified")
	case len(in.Subnets) > 0 && len(in.Zones) > 0:
		return invalid("Only one of SubnetIds or AvailabilityZones may be specified")
	case len(in.Subnets) == 0 && len(in.Zones) == 0:
		return invalid("Either AvailabilityZones or SubnetIds must be specified")
	case len(in.Subnets) == 0:
		return invalid("Subnets must be specified: the default subnets of Availability Zones are not simulated")
	}
	return nil
}

func (lb *ClassicLoadBalancer) placement() placement {
	return placement{
		classic: true, internetFacing: lb.Scheme == "internet-facing",
		securityGroups: lb.SecurityGroups, description: "ELB " + lb.Name,
	}
}

// sameClassic says whether creating lb in subnets would give what there is.
func sameClassic(old, lb *ClassicLoadBalancer, subnets []string) bool {
	return old.Scheme == lb.Scheme && sameSet(old.SecurityGroups, lb.SecurityGroups) &&
		sameSet(attachmentSubnets(old.Attachments), subnets) && sameTags(old.Tags, lb.Tags) &&
		slices.EqualFunc(old.Listeners, lb.Listeners, sameListener)
}

type classicNameInput struct {
	Name string `query:"LoadBalancerName,required"`
}

func (s *Service) deleteClassic(in *classicNameInput) (any, error) {
	if lb := s.classic.Get(in.Name); lb != nil {
		s.classic.Delete(in.Name)
		s.detach(lb.Attachments, false)
	}
	return nil, nil
}

type describeClassicInput struct {
	Names    []string `query:"LoadBalancerNames"`
	Marker   *string  `query:"Marker"`
	PageSize *int32   `query:"PageSize"`
}

type describeClassicOutput struct {
	LoadBalancerDescriptions wire.Members[classicOut]
	NextMarker               string `xml:",omitempty"`
}

func (s *Service) describeClassic(in *describeClassicInput) (any, error) {
	out := &describeClassicOutput{}
	if len(in.Names) == 0 {
		found, next, err := page(s.classic, paging{in.Marker, in.PageSize}, everything)
		if err != nil {
			return nil, err
		}
		for _, lb := range found {
			out.LoadBalancerDescriptions = append(out.LoadBalancerDescriptions, s.classicOut(lb))
		}
		out.NextMarker = next
		return out, nil
	}
	for _, name := range unique(in.Names) {
		lb, err := s.classicSeen(name)
		if err != nil {
			return nil, err
		}
		out.LoadBalancerDescriptions = append(out.LoadBalancerDescriptions, s.classicOut(lb))
	}
	return out, nil
}
