// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"fmt"
	"slices"
	"strings"
)

// Capability is something a provider does for a cluster, switched on and off as a whole.
type Capability string

// The capabilities.
const (
	CapabilityInstances    Capability = "instances"
	CapabilityLoadBalancer Capability = "load-balancer"
	CapabilityRoutes       Capability = "routes"
	CapabilityNodeCIDRs    Capability = "node-cidrs"
)

// AllCapabilities lists every capability.
var AllCapabilities = []Capability{CapabilityInstances, CapabilityLoadBalancer, CapabilityRoutes, CapabilityNodeCIDRs}

// LoadBalancerFeatures says what a cloud's load balancers can do. Documentation and the conformance suite read it.
type LoadBalancerFeatures struct {
	IPFamilies                 []string `json:"ipFamilies,omitempty"`
	Protocols                  []string `json:"protocols,omitempty"`
	Internal                   bool     `json:"internal,omitempty"`
	SourceRanges               bool     `json:"sourceRanges,omitempty"`
	LoadBalancerIP             bool     `json:"loadBalancerIP,omitempty"`
	SessionAffinity            bool     `json:"sessionAffinity,omitempty"`
	ExternalTrafficPolicyLocal bool     `json:"externalTrafficPolicyLocal,omitempty"`
	MixedProtocols             bool     `json:"mixedProtocols,omitempty"`
	WithoutNodePorts           bool     `json:"withoutNodePorts,omitempty"`
	PreservesSourceIP          bool     `json:"preservesSourceIP,omitempty"`
	IPMode                     string   `json:"ipMode,omitempty"`
	// TargetsByAddress: Nodes of other providers can be targets, by their address.
	TargetsByAddress bool `json:"targetsByAddress,omitempty"`
}

// Capabilities is what a provider declares of itself.
type Capabilities struct {
	Offered      []Capability         `json:"offered"`
	LoadBalancer LoadBalancerFeatures `json:"loadBalancer,omitzero"`
}

// Selection switches capabilities on and off: the value of --capabilities.
type Selection map[Capability]bool

// On reports whether a capability is selected; what is not named is on.
func (s Selection) On(c Capability) bool {
	on, named := s[c]
	return !named || on
}

// ParseSelection reads --capabilities for the provider of that name. Each entry is "<capability>=-" to
// switch one off or "<capability>=<provider>" to take it from the provider; "*" stands for all that are
// not named.
func ParseSelection(providerName string, entries []string) (Selection, error) {
	s := Selection{}
	var rest *bool
	for _, e := range entries {
		name, value, ok := strings.Cut(e, "=")
		if !ok {
			return nil, fmt.Errorf("--capabilities: %q is not of the form <capability>=<provider> or <capability>=-", e)
		}
		if value != "-" && value != providerName {
			return nil, fmt.Errorf("--capabilities: %q asks for provider %q, and this program contains only %q", e, value, providerName)
		}
		on := value != "-"
		if name == "*" {
			rest = &on
			continue
		}
		if !slices.Contains(AllCapabilities, Capability(name)) {
			return nil, fmt.Errorf("--capabilities: %q is not a capability; known are %s", name, join(AllCapabilities))
		}
		if _, twice := s[Capability(name)]; twice {
			return nil, fmt.Errorf("--capabilities: %q is named twice", name)
		}
		s[Capability(name)] = on
	}
	if rest != nil {
		for _, c := range AllCapabilities {
			if _, named := s[c]; !named {
				s[c] = *rest
			}
		}
	}
	return s, nil
}

func join(all []Capability) string {
	var names []string
	for _, c := range all {
		names = append(names, string(c))
	}
	return strings.Join(names, ", ")
}
