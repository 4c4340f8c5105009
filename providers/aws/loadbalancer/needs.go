// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"slices"

	v1 "k8s.io/api/core/v1"

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
func needOf(service *v1.Service, clusterName string, s Settings) (Need, bool) {
	if service.Spec.Type != v1.ServiceTypeLoadBalancer || service.Spec.LoadBalancerClass != nil || service.DeletionTimestamp != nil || elsewhere(service) {
		return Need{}, false
	}
	// What is wrong with a Service keeps its load balancer from being changed, not from serving.
	w, _ := builtAnyway(provider.LoadBalancerInput{ClusterName: clusterName, Service: service}, s)
	n := Need{UID: w.UID, LoadBalancer: w.Name, Ranges: w.Ranges}
	if w.Network != nil {
		n.Rules = w.Network.Rules
	}
	if w.Classic != nil && len(w.Groups.Given) > 0 {
		n.First = w.Groups.Given[0]
	}
	return n, true
}

// heir returns the description that a rule gets when another load balancer needs it too.
func (n Needs) heir(r securitygroup.Rule) (string, bool) {
	for _, need := range n {
		if need.clients(r.Key) {
			return clientDescription(need.LoadBalancer), true
		}
	}
	for _, need := range n {
		if need.checks(r.Key) {
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

// uses reports whether the traffic of another Service's Classic load balancer comes from the security group.
func (n Needs) uses(groupID string) bool {
	return slices.ContainsFunc(n, func(need Need) bool { return need.First == groupID })
}
