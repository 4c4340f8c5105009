// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb

import (
	"slices"
	"strings"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

// Types of policies.
const (
	sslNegotiationPolicy  = "SSLNegotiationPolicyType"
	proxyProtocolPolicy   = "ProxyProtocolPolicyType"
	appCookiePolicy       = "AppCookieStickinessPolicyType"
	lbCookiePolicy        = "LBCookieStickinessPolicyType"
	publicKeyPolicy       = "PublicKeyPolicyType"
	backendAuthentication = "BackendServerAuthenticationPolicyType"
)

const referenceAttribute = "Reference-Security-Policy"

func named(name string) func(Policy) bool { return func(p Policy) bool { return p.Name == name } }

// referencePolicy is a policy that stands for a predefined one of the same name.
func referencePolicy(name string) Policy {
	return Policy{Name: name, Type: sslNegotiationPolicy, Attributes: []Attribute{{referenceAttribute, name}}}
}

// policyAttribute is a PolicyAttribute as it comes, and a PolicyAttributeDescription as it goes.
type policyAttribute struct {
	Name  string `query:"AttributeName"  xml:"AttributeName"`
	Value string `query:"AttributeValue" xml:"AttributeValue"`
}

type createPolicyInput struct {
	LoadBalancer string            `query:"LoadBalancerName,required"`
	Name         string            `query:"PolicyName,required"`
	Type         string            `query:"PolicyTypeName,required"`
	Attributes   []policyAttribute `query:"PolicyAttributes"`
}

func (s *Service) createPolicy(in *createPolicyInput) (any, error) {
	lb, err := s.classicNamed(in.LoadBalancer)
	if err != nil {
		return nil, err
	}
	p := Policy{Name: in.Name, Type: in.Type}
	for _, a := range in.Attributes {
		p.Attributes = append(p.Attributes, Attribute{a.Name, a.Value})
	}
	if err := checkPolicy(p); err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(lb.Policies, named(p.Name)); i >= 0 {
		old := lb.Policies[i]
		if old.Type != p.Type || !slices.Equal(sortedAttributes(old.Attributes), sortedAttributes(p.Attributes)) {
			return nil, wire.Errorf("DuplicatePolicyName", "Policy Name %s already exists.", p.Name)
		}
		return nil, nil
	}
	if len(lb.Policies) >= s.quotas.ClassicPolicies {
		return nil, wire.Errorf("TooManyPolicies", "The maximum number of policies for load balancer %s has been reached", lb.Name)
	}
	lb.Policies = append(slices.Clone(lb.Policies), p)
	s.classic.Put(lb.Name, lb)
	return nil, nil
}

func sortedAttributes(list []Attribute) []Attribute {
	return slices.SortedFunc(slices.Values(list), func(a, b Attribute) int { return strings.Compare(a.Key+"="+a.Value, b.Key+"="+b.Value) })
}

func checkPolicy(p Policy) error {
	if p.Name == "" || strings.ContainsFunc(p.Name, func(r rune) bool { return !alphanumeric(r) && r != '-' }) {
		return invalid("Policy name '%s' must contain only alphanumeric characters or hyphens", p.Name)
	}
	i := slices.IndexFunc(policyTypes, func(t policyType) bool { return t.PolicyTypeName == p.Type })
	if i < 0 {
		return wire.Errorf("PolicyTypeNotFound", "Policy Type: %s not found.", p.Type)
	}
	given := map[string]int{}
	for _, a := range p.Attributes {
		if !policyTypes[i].knows(a.Key) {
			return configuration(true, "Policy Attribute: %s is not valid for policy type %s", a.Key, p.Type)
		}
		if _, ok := findSSLPolicy(classicSSLPolicies, a.Value); a.Key == referenceAttribute && !ok {
			return configuration(true, "%s: %s does not exist", referenceAttribute, a.Value)
		}
		given[a.Key]++
	}
	for _, a := range policyTypes[i].PolicyAttributeTypeDescriptions {
		if n := given[a.AttributeName]; n == 0 && strings.HasPrefix(a.Cardinality, "ONE") || n > 1 && !strings.Contains(a.Cardinality, "MORE") {
			return configuration(true, "Policy Attribute: %s of policy type %s must be given with cardinality %s", a.AttributeName, p.Type, a.Cardinality)
		}
	}
	return nil
}

type policyInput struct {
	LoadBalancer string `query:"LoadBalancerName,required"`
	Name         string `query:"PolicyName,required"`
}

// deletePolicy does nothing about a policy that does not exist.
func (s *Service) deletePolicy(in *policyInput) (any, error) {
	lb, err := s.classicNamed(in.LoadBalancer)
	if err != nil {
		return nil, err
	}
	used := func(names []string) bool { return slices.Contains(names, in.Name) }
	if slices.ContainsFunc(lb.Listeners, func(l ClassicListener) bool { return used(l.Policies) }) ||
		slices.ContainsFunc(lb.Backends, func(b Backend) bool { return used(b.Policies) }) {
		return nil, configuration(true, "You cannot delete policy %s because it is enabled for load balancer %s", in.Name, lb.Name)
	}
	lb.Policies = slices.DeleteFunc(slices.Clone(lb.Policies), named(in.Name))
	s.classic.Put(lb.Name, lb)
	return nil, nil
}

type setBackendPoliciesInput struct {
	LoadBalancer string   `query:"LoadBalancerName,required"`
	Port         int32    `query:"InstancePort,required"`
	Names        []string `query:"PolicyNames,required"`
}

// setBackendPolicies replaces the policies of an instance port; an empty list removes them, also from a
// port that no listener uses any more.
func (s *Service) setBackendPolicies(in *setBackendPoliciesInput) (any, error) {
	lb, err := s.classicNamed(in.LoadBalancer)
	if err != nil {
		return nil, err
	}
	if err := lb.checkPolicies(in.Names, proxyProtocolPolicy, backendAuthentication, publicKeyPolicy); err != nil {
		return nil, err
	}
	serves := slices.ContainsFunc(lb.Listeners, func(l ClassicListener) bool { return l.InstancePort == in.Port })
	if len(in.Names) > 0 && !serves {
		return nil, configuration(true, "No listener of load balancer %s uses instance port %d", lb.Name, in.Port)
	}
	i, there := slices.BinarySearchFunc(lb.Backends, in.Port, func(b Backend, port int32) int { return int(b.Port - port) })
	lb.Backends = slices.Clone(lb.Backends)
	switch b := (Backend{in.Port, unique(in.Names)}); {
	case len(in.Names) == 0 && there:
		lb.Backends = slices.Delete(lb.Backends, i, i+1)
	case len(in.Names) > 0 && there:
		lb.Backends[i] = b
	case len(in.Names) > 0:
		lb.Backends = slices.Insert(lb.Backends, i, b)
	}
	s.classic.Put(lb.Name, lb)
	return nil, nil
}

type setListenerPoliciesInput struct {
	LoadBalancer string   `query:"LoadBalancerName,required"`
	Port         int32    `query:"LoadBalancerPort,required"`
	Names        []string `query:"PolicyNames,required"`
}

func (s *Service) setListenerPolicies(in *setListenerPoliciesInput) (any, error) {
	lb, err := s.classicNamed(in.LoadBalancer)
	if err != nil {
		return nil, err
	}
	l, err := lb.changeListener(in.Port)
	if err != nil {
		return nil, err
	}
	allowed := []string{}
	if withoutTLS(l.Protocol) != l.Protocol {
		allowed = append(allowed, sslNegotiationPolicy)
	}
	if withoutTLS(l.Protocol) == "HTTP" {
		allowed = append(allowed, appCookiePolicy, lbCookiePolicy)
	}
	if err := lb.checkPolicies(in.Names, allowed...); err != nil {
		return nil, err
	}
	l.Policies = unique(in.Names)
	s.classic.Put(lb.Name, lb)
	return nil, nil
}

// checkPolicies checks that policies exist and are of one of the types.
func (lb *ClassicLoadBalancer) checkPolicies(names []string, types ...string) error {
	for _, name := range names {
		i := slices.IndexFunc(lb.Policies, named(name))
		if i < 0 {
			return wire.Errorf("PolicyNotFound", "There is no policy with name %s for load balancer %s", name, lb.Name)
		}
		if !slices.Contains(types, lb.Policies[i].Type) {
			return configuration(true, "Policy %s of type %s cannot be enabled here", name, lb.Policies[i].Type)
		}
	}
	return nil
}
