// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb

import (
	"slices"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

type applySecurityGroupsInput struct {
	Name           string   `query:"LoadBalancerName,required"`
	SecurityGroups []string `query:"SecurityGroups,required"`
}

type securityGroupsOutput struct {
	SecurityGroups wire.Members[string]
}

func (s *Service) applyClassicSecurityGroups(in *applySecurityGroupsInput) (any, error) {
	lb, err := s.classicNamed(in.Name)
	if err != nil {
		return nil, err
	}
	if len(in.SecurityGroups) == 0 {
		return nil, configuration(true, "A load balancer in a VPC must have at least one security group.")
	}
	if lb.SecurityGroups, err = s.securityGroups(true, in.SecurityGroups, lb.VPCID); err != nil {
		return nil, err
	}
	for _, a := range lb.Attachments {
		s.opts.Network.SetInterfaceSecurityGroups(a.InterfaceID, lb.SecurityGroups)
	}
	s.classic.Put(lb.Name, lb)
	return &securityGroupsOutput{lb.SecurityGroups}, nil
}

type classicSubnetsInput struct {
	Name    string   `query:"LoadBalancerName,required"`
	Subnets []string `query:"Subnets,required"`
}

type subnetsOutput struct {
	Subnets wire.Members[string]
}

func (s *Service) attachClassicSubnets(in *classicSubnetsInput) (any, error) {
	lb, err := s.classicNamed(in.Name)
	if err != nil {
		return nil, err
	}
	all := unique(append(attachmentSubnets(lb.Attachments), in.Subnets...))
	subnets, err := s.subnets(lb.placement(), mappings(all), lb.Attachments)
	if err != nil {
		return nil, err
	}
	n := len(lb.Attachments)
	added, err := s.attach(lb.placement(), mappings(all[n:]), subnets[n:])
	if err != nil {
		return nil, err
	}
	lb.Attachments = slices.Concat(lb.Attachments, added)
	s.classic.Put(lb.Name, lb)
	return &subnetsOutput{attachmentSubnets(lb.Attachments)}, nil
}

// detachClassicSubnets ignores subnets in which the load balancer is not.
func (s *Service) detachClassicSubnets(in *classicSubnetsInput) (any, error) {
	lb, err := s.classicNamed(in.Name)
	if err != nil {
		return nil, err
	}
	var stay, leave []Attachment
	for _, a := range lb.Attachments {
		if slices.Contains(in.Subnets, a.SubnetID) {
			leave = append(leave, a)
		} else {
			stay = append(stay, a)
		}
	}
	if len(stay) == 0 {
		return nil, configuration(true, "Requested configuration change for LoadBalancer \"%s\" is invalid because you attempted to detach all the subnets for this LoadBalancer and a LoadBalancer cannot be attached to zero subnets in VPC.", lb.Name)
	}
	s.detach(leave, false)
	lb.Attachments = stay
	s.classic.Put(lb.Name, lb)
	return &subnetsOutput{attachmentSubnets(stay)}, nil
}

type addClassicTagsInput struct {
	Names []string `query:"LoadBalancerNames,required"`
	Tags  []tag    `query:"Tags,required"`
}

func (s *Service) addClassicTags(in *addClassicTagsInput) (any, error) {
	return s.changeClassicTags(in.Names, func(old []Tag) ([]Tag, error) { return s.addTags(old, in.Tags) })
}

type removeClassicTagsInput struct {
	Names []string `query:"LoadBalancerNames,required"`
	Tags  []tag    `query:"Tags,required"`
}

func (s *Service) removeClassicTags(in *removeClassicTagsInput) (any, error) {
	keys := make([]string, len(in.Tags))
	for i, t := range in.Tags {
		keys[i] = t.Key
	}
	return s.changeClassicTags(in.Names, func(old []Tag) ([]Tag, error) { return removeTags(old, keys), nil })
}

func (s *Service) changeClassicTags(names []string, change func([]Tag) ([]Tag, error)) (any, error) {
	if len(names) != 1 {
		return nil, invalid("Exactly one load balancer name must be specified, but %d were", len(names))
	}
	lb, err := s.classicNamed(names[0])
	if err != nil {
		return nil, err
	}
	if lb.Tags, err = change(lb.Tags); err != nil {
		return nil, err
	}
	s.classic.Put(lb.Name, lb)
	return nil, nil
}

type describeClassicTagsInput struct {
	Names []string `query:"LoadBalancerNames,required"`
}

type classicTagDescription struct {
	LoadBalancerName string
	Tags             wire.Members[tag]
}

type describeClassicTagsOutput struct {
	TagDescriptions wire.Members[classicTagDescription]
}

// maxDescribed is how many names or ARNs a call may have.
const maxDescribed = 20

func (s *Service) describeClassicTags(in *describeClassicTagsInput) (any, error) {
	if len(in.Names) == 0 {
		return nil, invalid("At least one load balancer name must be specified")
	}
	if len(in.Names) > maxDescribed {
		return nil, invalid("Cannot have more than %d resources described", maxDescribed)
	}
	out := &describeClassicTagsOutput{}
	for _, name := range in.Names {
		lb, err := s.classicSeen(name)
		if err != nil {
			return nil, err
		}
		out.TagDescriptions = append(out.TagDescriptions, classicTagDescription{name, fromTags(lb.Tags)})
	}
	return out, nil
}
