// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb

import (
	"slices"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

type policyType struct {
	PolicyTypeName                  string
	Description                     string
	PolicyAttributeTypeDescriptions wire.Members[policyAttributeType]
}

type policyAttributeType struct {
	AttributeName string
	AttributeType string
	Description   string `xml:",omitempty"`
	DefaultValue  string `xml:",omitempty"`
	Cardinality   string
}

func (t policyType) knows(attribute string) bool {
	return slices.ContainsFunc(t.PolicyAttributeTypeDescriptions, func(a policyAttributeType) bool { return a.AttributeName == attribute })
}

// policyTypes are the types of policies that there are.
var policyTypes = []policyType{
	{
		PolicyTypeName: sslNegotiationPolicy,
		Description:    "Listener policy that defines the ciphers and protocols that will be accepted by the load balancer. This policy can be associated only with HTTPS/SSL listeners.",
		PolicyAttributeTypeDescriptions: slices.Concat(
			booleans("Protocol-SSLv3", "Protocol-TLSv1", "Protocol-TLSv1.1", "Protocol-TLSv1.2", "Server-Defined-Cipher-Order"),
			[]policyAttributeType{{AttributeName: referenceAttribute, AttributeType: "String", Cardinality: "ZERO_OR_ONE"}},
			booleans(compatible...), booleans(tripleDES...),
		),
	},
	{
		PolicyTypeName:                  proxyProtocolPolicy,
		Description:                     "Policy that controls whether to include the IP address and port of the originating request for TCP messages. This policy operates on TCP/SSL listeners only",
		PolicyAttributeTypeDescriptions: wire.Members[policyAttributeType]{{AttributeName: "ProxyProtocol", AttributeType: "Boolean", Cardinality: "ONE"}},
	},
	{
		PolicyTypeName:                  appCookiePolicy,
		Description:                     "Stickiness policy with session lifetimes controlled by the lifetime of the application-generated cookie. This policy can be associated only with HTTP/HTTPS listeners.",
		PolicyAttributeTypeDescriptions: wire.Members[policyAttributeType]{{AttributeName: "CookieName", AttributeType: "String", Cardinality: "ONE"}},
	},
	{
		PolicyTypeName:                  lbCookiePolicy,
		Description:                     "Stickiness policy with session lifetimes controlled by the browser (user-agent) or a specified expiration period. This policy can be associated only with HTTP/HTTPS listeners.",
		PolicyAttributeTypeDescriptions: wire.Members[policyAttributeType]{{AttributeName: "CookieExpirationPeriod", AttributeType: "Long", Cardinality: "ZERO_OR_ONE"}},
	},
	{
		PolicyTypeName:                  backendAuthentication,
		Description:                     "Policy that controls authentication to back-end server(s) and contains one or more policies, such as an instance of a PublicKeyPolicyType. This policy can be associated only with back-end servers that are using HTTPS/SSL.",
		PolicyAttributeTypeDescriptions: wire.Members[policyAttributeType]{{AttributeName: "PublicKeyPolicyName", AttributeType: "PolicyName", Cardinality: "ONE_OR_MORE"}},
	},
	{
		PolicyTypeName:                  publicKeyPolicy,
		Description:                     "Policy containing a list of public keys to accept when authenticating the back-end server(s). This policy cannot be applied directly to back-end servers or listeners but must be part of a BackendServerAuthenticationPolicyType.",
		PolicyAttributeTypeDescriptions: wire.Members[policyAttributeType]{{AttributeName: "PublicKey", AttributeType: "String", Cardinality: "ONE"}},
	},
}

func booleans(names ...string) []policyAttributeType {
	out := make([]policyAttributeType, len(names))
	for i, n := range names {
		out[i] = policyAttributeType{AttributeName: n, AttributeType: "Boolean", Cardinality: "ZERO_OR_ONE"}
	}
	return out
}

type describePolicyTypesInput struct {
	Names []string `query:"PolicyTypeNames"`
}

type describePolicyTypesOutput struct {
	PolicyTypeDescriptions wire.Members[policyType]
}

func (s *Service) describePolicyTypes(in *describePolicyTypesInput) (any, error) {
	if len(in.Names) == 0 {
		return &describePolicyTypesOutput{policyTypes}, nil
	}
	out := &describePolicyTypesOutput{}
	for _, name := range unique(in.Names) {
		i := slices.IndexFunc(policyTypes, func(t policyType) bool { return t.PolicyTypeName == name })
		if i < 0 {
			return nil, wire.Errorf("PolicyTypeNotFound", "Policy Type: %s not found.", name)
		}
		out.PolicyTypeDescriptions = append(out.PolicyTypeDescriptions, policyTypes[i])
	}
	return out, nil
}

type describePoliciesInput struct {
	LoadBalancer *string  `query:"LoadBalancerName"`
	Names        []string `query:"PolicyNames"`
}

type policyDescription struct {
	PolicyName                  string
	PolicyTypeName              string
	PolicyAttributeDescriptions wire.Members[policyAttribute]
}

type describePoliciesOutput struct {
	PolicyDescriptions wire.Members[policyDescription]
}

// describePolicies answers with the predefined policies if no load balancer is named.
func (s *Service) describePolicies(in *describePoliciesInput) (any, error) {
	policies, of := []Policy(nil), ""
	if in.LoadBalancer != nil && *in.LoadBalancer != "" {
		lb, err := s.classicSeen(*in.LoadBalancer)
		if err != nil {
			return nil, err
		}
		policies, of = lb.Policies, " for load balancer "+lb.Name
	} else {
		for _, p := range classicSSLPolicies {
			policies = append(policies, referencePolicy(p.name))
		}
	}
	out := &describePoliciesOutput{}
	if len(in.Names) == 0 {
		for _, p := range policies {
			out.PolicyDescriptions = append(out.PolicyDescriptions, p.describe())
		}
		return out, nil
	}
	for _, name := range unique(in.Names) {
		i := slices.IndexFunc(policies, named(name))
		if i < 0 {
			return nil, wire.Errorf("PolicyNotFound", "There is no policy with name %s%s", name, of)
		}
		out.PolicyDescriptions = append(out.PolicyDescriptions, policies[i].describe())
	}
	return out, nil
}

// describe spells out what a reference to a predefined policy means, as AWS does.
func (p Policy) describe() policyDescription {
	out := policyDescription{PolicyName: p.Name, PolicyTypeName: p.Type}
	for _, a := range p.Attributes {
		out.PolicyAttributeDescriptions = append(out.PolicyAttributeDescriptions, policyAttribute{a.Key, a.Value})
		predefined, ok := findSSLPolicy(classicSSLPolicies, a.Value)
		if a.Key != referenceAttribute || !ok {
			continue
		}
		on := []string{"Server-Defined-Cipher-Order"}
		for _, protocol := range predefined.protocols {
			on = append(on, "Protocol-"+protocol)
		}
		on = append(on, predefined.ciphers...)
		for _, t := range policyTypes[0].PolicyAttributeTypeDescriptions {
			if t.AttributeName == referenceAttribute {
				continue
			}
			value := "false"
			if slices.Contains(on, t.AttributeName) {
				value = "true"
			}
			out.PolicyAttributeDescriptions = append(out.PolicyAttributeDescriptions, policyAttribute{t.AttributeName, value})
		}
	}
	return out
}
