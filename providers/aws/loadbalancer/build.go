// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/common/annotations"
	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/aws/cluster"
	"sigs.k8s.io/cloud-providers/providers/aws/ids"
	"sigs.k8s.io/cloud-providers/providers/aws/securitygroup"
)

// Settings are what the cloud-config says of load balancers.
type Settings struct {
	Cluster cluster.Identity
	// LeaveNodeGroups: rules of nodes' security groups are the operator's.
	LeaveNodeGroups bool
	// ClassicGroup is the security group of all Classic load balancers, if not empty.
	ClassicGroup string
	// ManageNetworkGroups: network load balancers get security groups.
	ManageNetworkGroups bool
	// Shared health checks go to kube-proxy's port.
	Shared     bool
	SharedPort int32
	SharedPath string
}

// builder makes Wanted of one Service and collects the mistakes.
type builder struct {
	Settings
	in       provider.LoadBalancerInput
	service  *v1.Service
	values   annotations.Values
	wanted   Wanted
	problems []string
}

func (b *builder) problem(format string, args ...any) {
	b.problems = append(b.problems, fmt.Sprintf(format, args...))
}

func (b *builder) warn(format string, args ...any) {
	b.wanted.Warnings = append(b.wanted.Warnings, fmt.Sprintf(format, args...))
}

// kindOf tells which kind a Service asks for.
func kindOf(service *v1.Service) Kind {
	if service.Annotations[typeAnnotation.Key()] == "nlb" {
		return Network
	}
	return Classic
}

// elsewhere reports whether another controller serves the Service.
func elsewhere(service *v1.Service) bool {
	t := service.Annotations[typeAnnotation.Key()]
	return t == "external" || t == "nlb-ip"
}

// build makes what a Service asks for, or says all that is wrong with it.
func build(in provider.LoadBalancerInput, s Settings) (Wanted, error) {
	wanted, err := builtAnyway(in, s)
	if err != nil {
		return Wanted{}, err
	}
	return wanted, nil
}

// builtAnyway returns beside the error what can be made out of the rest.
func builtAnyway(in provider.LoadBalancerInput, s Settings) (Wanted, error) {
	b := &builder{Settings: s, in: in, service: in.Service}
	var mistakes *provider.UserError
	values, err := Set.Read(b.service.Annotations)
	if errors.As(err, &mistakes) {
		b.problems = append(b.problems, mistakes.Problems...)
	} else if err != nil {
		return Wanted{}, err
	}
	b.values = values
	b.wanted = Wanted{
		Kind: kindOf(b.service), Name: name(b.service), UID: string(b.service.UID),
		Service: b.service.Namespace + "/" + b.service.Name, Warnings: values.Warnings,
		Internal: internal.Get(values), Subnets: subnetItems.Get(values), UserTags: resourceTags.Get(values),
	}
	b.common()
	ports := b.ports()
	b.ranges()
	b.tags()
	b.targets()
	if b.wanted.Kind == Network {
		b.network(ports)
	} else {
		b.classic(ports)
	}
	if len(b.problems) > 0 {
		return b.wanted, &provider.UserError{Problems: b.problems}
	}
	return b.wanted, nil
}

// common checks what both kinds refuse.
func (b *builder) common() {
	spec := b.service.Spec
	if spec.LoadBalancerIP != "" {
		b.problem("LoadBalancerIP cannot be specified for AWS ELB: remove spec.loadBalancerIP %q; network load balancers take addresses from annotation %s", spec.LoadBalancerIP, eipAllocations.Key())
	}
	if spec.SessionAffinity != "" && spec.SessionAffinity != v1.ServiceAffinityNone {
		b.problem("unsupported load balancer affinity: spec.sessionAffinity is %q, and only None is possible", spec.SessionAffinity)
	}
	if ingress := b.service.Status.LoadBalancer.Ingress; len(ingress) > 0 {
		b.wanted.Hostname = ingress[0].Hostname
	}
}

// ports returns the Service's ports that can be served.
func (b *builder) ports() []v1.ServicePort {
	if len(b.service.Spec.Ports) == 0 {
		b.problem("the Service has no ports; add one to spec.ports")
		return nil
	}
	protocols := map[v1.Protocol]bool{}
	var ports []v1.ServicePort
	for _, p := range b.service.Spec.Ports {
		protocol := p.Protocol
		if protocol == "" {
			protocol = v1.ProtocolTCP
		}
		p.Protocol = protocol
		protocols[protocol] = true
		carried := protocol == v1.ProtocolTCP || protocol == v1.ProtocolUDP && b.wanted.Kind == Network
		switch {
		case !carried:
			b.problem("Protocol %s not supported by LoadBalancer: port %d of a %s; use %s", protocol, p.Port, b.wanted.Kind, carries(b.wanted.Kind))
			continue
		case p.NodePort == 0:
			b.problem("port %d has no node port, and load balancers send traffic to node ports; set spec.allocateLoadBalancerNodePorts to true", p.Port)
			continue
		}
		ports = append(ports, p)
	}
	allowed := b.wanted.Kind == Network && mixedProtocols.Get(b.values)
	if len(protocols) > 1 && !allowed {
		b.problem("mixed protocol is not supported for LoadBalancer: the ports have different protocols; use one, or a network load balancer with annotation %s=true", mixedProtocols.Key())
	}
	return ports
}

func carries(k Kind) string {
	if k == Network {
		return "TCP or UDP"
	}
	return "TCP, or a network load balancer"
}

// ranges finds who may connect.
func (b *builder) ranges() {
	ranges := sourceRanges.Get(b.values)
	if spec := b.service.Spec.LoadBalancerSourceRanges; len(spec) > 0 {
		var err error
		if ranges, err = annotations.Networks(spec); err != nil {
			b.problem("spec.loadBalancerSourceRanges: %v", err)
		}
	}
	if len(ranges) == 0 {
		ranges = []string{"0.0.0.0/0"}
	}
	b.wanted.Ranges = ranges
}

// dualStack reports whether the load balancer may get IPv6 addresses.
func (b *builder) dualStack() bool {
	t := addressType.Get(b.values)
	policy := b.service.Spec.IPFamilyPolicy
	return b.wanted.Kind == Network && (t == "dualstack" || t == "auto" && policy != nil && *policy != v1.IPFamilyPolicySingleStack)
}

// usableRanges leaves out IPv6 networks where the load balancer has no IPv6 address.
func (b *builder) usableRanges() {
	var kept []string
	for _, r := range b.wanted.Ranges {
		if p, err := netip.ParsePrefix(r); err == nil && p.Addr().Is6() && !b.dualStack() {
			b.warn("source range %s has no effect, since the load balancer has only IPv4 addresses", r)
			continue
		}
		kept = append(kept, r)
	}
	if len(kept) == 0 && len(b.wanted.Ranges) > 0 {
		b.problem("all source ranges are IPv6 networks, and the load balancer has only IPv4 addresses; add an IPv4 network")
	}
	if b.dualStack() && len(kept) == 1 && kept[0] == "0.0.0.0/0" && len(b.service.Spec.LoadBalancerSourceRanges) == 0 && len(sourceRanges.Get(b.values)) == 0 {
		kept = append(kept, "::/0")
	}
	b.wanted.Ranges = kept
}

func (b *builder) tags() {
	b.usableRanges()
	b.wanted.Tags = map[string]string{}
	maps.Copy(b.wanted.Tags, b.wanted.UserTags)
	b.wanted.Tags[cluster.ServiceTag] = b.wanted.Service
	maps.Copy(b.wanted.Tags, b.Cluster.Tags())
	for key := range b.wanted.UserTags {
		if strings.HasPrefix(key, "aws:") {
			b.problem("annotation %s: AWS keeps keys that begin with \"aws:\" for itself; rename %q", resourceTags.Key(), key)
		}
	}
	const most = 50
	if len(b.wanted.Tags) > most {
		b.problem("annotation %s: a resource has at most %d tags, and with the cluster's there would be %d", resourceTags.Key(), most, len(b.wanted.Tags))
	}
}

// targets finds the instances of the Nodes that the Service wants.
func (b *builder) targets() {
	labels := targetNodeLabels.Get(b.values)
	for _, node := range b.in.Nodes {
		if !hasLabels(node, labels) {
			continue
		}
		if id, ok := ids.Instance(node.Spec.ProviderID); ok {
			b.wanted.Targets = append(b.wanted.Targets, id)
		}
	}
	slices.Sort(b.wanted.Targets)
	b.wanted.Targets = slices.Compact(b.wanted.Targets)
}

func hasLabels(node *v1.Node, labels map[string]string) bool {
	for key, value := range labels {
		has, ok := node.Labels[key]
		if !ok || value != "" && has != value {
			return false
		}
	}
	return true
}

// managedRules are the rules of a security group that is made for the load balancer.
func (b *builder) managedRules(ports []v1.ServicePort) []securitygroup.Rule {
	var rules []securitygroup.Rule
	for _, cidr := range b.wanted.Ranges {
		for _, p := range ports {
			rules = append(rules, rule(strings.ToLower(string(p.Protocol)), p.Port, cidr, ""))
		}
		rules = append(rules, mtu(cidr, ""))
	}
	return securitygroup.Sorted(rules)
}

func rule(protocol string, port int32, cidr, description string) securitygroup.Rule {
	return securitygroup.Rule{Key: securitygroup.Key{Protocol: protocol, From: port, To: port, CIDR: cidr}, Description: description}
}

// mtu lets "fragmentation needed" (ICMP type 3 code 4; for IPv6 "packet too big", type 2) through.
func mtu(cidr, description string) securitygroup.Rule {
	k := securitygroup.Key{Protocol: "icmp", From: 3, To: 4, CIDR: cidr}
	if k.IPv6() {
		k.Protocol, k.From, k.To = "icmpv6", 2, 0
	}
	return securitygroup.Rule{Key: k, Description: description}
}

// managedTags are the tags of a security group: the cluster's win over the user's. The Service's tag is ours
// alone; upstream's groups do not have it.
func (b *builder) managedTags() map[string]string { return maps.Clone(b.wanted.Tags) }

// secured returns whether the certificate is for a port.
func (b *builder) secured(p v1.ServicePort) bool {
	if sslCert.Get(b.values) == "" {
		return false
	}
	ports := sslPorts.Get(b.values)
	return len(ports) == 0 || slices.ContainsFunc(ports, func(item string) bool {
		return item == "*" || item == fmt.Sprint(p.Port) || p.Name != "" && strings.EqualFold(item, p.Name)
	})
}
