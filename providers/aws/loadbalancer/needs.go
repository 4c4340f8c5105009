// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"slices"

	v1 "k8s.io/api/core/v1"
	servicehelpers "k8s.io/cloud-provider/service/helpers"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/aws/securitygroup"
)

// Needs is what Services need of nodes' security groups. EC2 has one rule for one protocol, port and source,
// whatever its description: two network load balancers that need the same share it, and it must outlive
// the first of them.
type Needs []Need

// Need is what one network load balancer needs.
type Need struct {
	UID, LoadBalancer string
	Ranges            []string
	Rules             NodeRules
	// First is the first of the security groups that a Classic load balancer is given.
	First string
}

// needOf returns what a Service needs, whatever its Nodes are; false when it has no load balancer of ours.
func needOf(service *v1.Service, s Settings) (Need, bool) {
	// A Service with a class may be ours too: then it has our finalizer before it has a load balancer.
	ours := service.Spec.LoadBalancerClass == nil || servicehelpers.HasLBFinalizer(service)
	if service.Spec.Type != v1.ServiceTypeLoadBalancer || !ours || service.DeletionTimestamp != nil || elsewhere(service) {
		return Need{}, false
	}
	// What is wrong with a Service keeps its load balancer from being changed, not from serving.
	w, _ := builtAnyway(provider.LoadBalancerInput{Service: service}, s)
	n := Need{UID: w.UID, LoadBalancer: w.Name, Ranges: w.Ranges}
	if w.Network != nil {
		n.Rules = w.Network.Rules
	}
	if w.Classic != nil && len(w.Groups.Given) > 0 {
		n.First = w.Groups.Given[0]
	}
	return n, true
}

// split sorts rules of one load balancer into those that another needs too, with its description, and those
// that nobody needs.
func (n Needs) split(rules []securitygroup.Rule, but string) (keep, drop []securitygroup.Rule) {
	for _, r := range rules {
		if description, ok := n.heir(r, but); ok {
			keep = append(keep, securitygroup.Rule{Key: r.Key, Description: description})
		} else {
			drop = append(drop, r)
		}
	}
	return keep, drop
}

// heir returns the description that a rule gets when a load balancer other than one needs it too.
func (n Needs) heir(r securitygroup.Rule, but string) (string, bool) {
	for _, need := range n {
		if need.UID != but && need.clients(r.Key) {
			return clientDescription(need.LoadBalancer), true
		}
	}
	for _, need := range n {
		if need.UID != but && need.checks(r.Key) {
			return healthDescription(need.LoadBalancer), true
		}
	}
	return "", false
}

func (n Need) clients(k securitygroup.Key) bool {
	return !n.Rules.ViaSubnets && slices.Contains(n.Ranges, k.CIDR) && k.From == k.To && slices.Contains(n.Rules.Client, PortRange{k.Protocol, k.From})
}

// checks reports whether health checks, or the traffic of a load balancer that hides its clients, may need
// the rule. Which subnets the other one is in is not known here: its own next pass takes away what it does
// not need.
func (n Need) checks(k securitygroup.Key) bool {
	p := PortRange{k.Protocol, k.From}
	return k.From == k.To && k.CIDR != "" && (slices.Contains(n.Rules.Health, p) || n.Rules.ViaSubnets && slices.Contains(n.Rules.Client, p))
}

// discovers reports whether clients of a network load balancer other than one are in a network.
func (n Needs) discovers(cidr, but string) bool {
	return slices.ContainsFunc(n, func(need Need) bool {
		return need.UID != but && len(need.Rules.Client) > 0 && !need.Rules.ViaSubnets && slices.Contains(need.Ranges, cidr)
	})
}

// uses reports whether the traffic of another Service's Classic load balancer comes from the security group.
func (n Needs) uses(groupID, but string) bool {
	return slices.ContainsFunc(n, func(need Need) bool { return need.UID != but && need.First == groupID })
}
