// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb

import (
	"regexp"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

// V2 returns the operations of API version 2015-12-01.
func (s *Service) V2() map[string]wire.Operation {
	return map[string]wire.Operation{
		"CreateLoadBalancer":             operation(s, (*Service).createBalancer),
		"DeleteLoadBalancer":             operation(s, (*Service).deleteBalancer),
		"DescribeLoadBalancers":          operation(s, (*Service).describeBalancers),
		"DescribeLoadBalancerAttributes": operation(s, (*Service).describeBalancerAttributes),
		"ModifyLoadBalancerAttributes":   operation(s, (*Service).modifyBalancerAttributes),
		"SetSecurityGroups":              operation(s, (*Service).setSecurityGroups),
		"SetSubnets":                     operation(s, (*Service).setSubnets),
		"SetIpAddressType":               operation(s, (*Service).setIPAddressType),
		"CreateTargetGroup":              operation(s, (*Service).createTargetGroup),
		"ModifyTargetGroup":              operation(s, (*Service).modifyTargetGroup),
		"DeleteTargetGroup":              operation(s, (*Service).deleteTargetGroup),
		"DescribeTargetGroups":           operation(s, (*Service).describeTargetGroups),
		"DescribeTargetGroupAttributes":  operation(s, (*Service).describeTargetGroupAttributes),
		"ModifyTargetGroupAttributes":    operation(s, (*Service).modifyTargetGroupAttributes),
		"RegisterTargets":                operation(s, (*Service).registerTargets),
		"DeregisterTargets":              operation(s, (*Service).deregisterTargets),
		"DescribeTargetHealth":           operation(s, (*Service).describeTargetHealth),
		"CreateListener":                 operation(s, (*Service).createListener),
		"ModifyListener":                 operation(s, (*Service).modifyListener),
		"DeleteListener":                 operation(s, (*Service).deleteListener),
		"DescribeListeners":              operation(s, (*Service).describeListeners),
		"DescribeListenerAttributes":     operation(s, (*Service).describeListenerAttributes),
		"ModifyListenerAttributes":       operation(s, (*Service).modifyListenerAttributes),
		"DescribeListenerCertificates":   operation(s, (*Service).describeListenerCertificates),
		"AddTags":                        operation(s, (*Service).addResourceTags),
		"RemoveTags":                     operation(s, (*Service).removeResourceTags),
		"DescribeTags":                   operation(s, (*Service).describeResourceTags),
		"DescribeSSLPolicies":            operation(s, (*Service).describeSSLPolicies),
		"DescribeAccountLimits":          operation(s, (*Service).describeLimits),
	}
}

// The forms of ARNs.
var (
	balancerARN = regexp.MustCompile(`^arn:[a-z-]+:elasticloadbalancing:[a-z0-9-]+:\d{12}:loadbalancer/(app|net|gwy)/[a-zA-Z0-9-]+/[0-9a-f]{16}$`)
	groupARN    = regexp.MustCompile(`^arn:[a-z-]+:elasticloadbalancing:[a-z0-9-]+:\d{12}:targetgroup/[a-zA-Z0-9-]+/[0-9a-f]{16}$`)
	listenerARN = regexp.MustCompile(`^arn:[a-z-]+:elasticloadbalancing:[a-z0-9-]+:\d{12}:listener/(app|net|gwy)/[a-zA-Z0-9-]+/[0-9a-f]{16}/[0-9a-f]{16}$`)
)

// found returns a copy of what is looked up, or says that its ARN is malformed or unknown.
func found[T any](v *T, arn string, form *regexp.Regexp, kind, code, unknown string) (*T, error) {
	switch {
	case v != nil:
		c := *v
		return &c, nil
	case !form.MatchString(arn):
		return nil, invalid("'%s' is not a valid %s ARN", arn, kind)
	}
	return nil, wire.Errorf(code, "%s", unknown)
}

func (s *Service) balancer(arn string) (*LoadBalancer, error) {
	return foundBalancer(s.balancers.Get(arn), arn)
}

func foundBalancer(lb *LoadBalancer, arn string) (*LoadBalancer, error) {
	return found(lb, arn, balancerARN, "load balancer", "LoadBalancerNotFound", "Load balancer '"+arn+"' not found")
}

func (s *Service) group(arn string) (*TargetGroup, error) { return foundGroup(s.groups.Get(arn), arn) }

func foundGroup(tg *TargetGroup, arn string) (*TargetGroup, error) {
	return found(tg, arn, groupARN, "target group", "TargetGroupNotFound", "One or more target groups not found")
}

func (s *Service) v2Listener(arn string) (*Listener, error) {
	return foundListener(s.listeners.Get(arn), arn)
}

func foundListener(l *Listener, arn string) (*Listener, error) {
	return found(l, arn, listenerARN, "listener", "ListenerNotFound", "One or more listeners not found")
}

func (s *Service) describeLimits(*struct{}) (any, error) {
	q := s.quotas
	return &limitsOutput{Limits: wire.Members[limitOut]{
		{"target-groups", q.TargetGroups},
		{"targets-per-target-group", q.TargetsPerGroup},
		{"application-load-balancers", q.ApplicationLoadBalancers},
		{"listeners-per-application-load-balancer", 50},
		{"network-load-balancers", q.NetworkLoadBalancers},
		{"listeners-per-network-load-balancer", q.Listeners},
		{"targets-per-network-load-balancer", q.Targets},
		{"targets-per-availability-zone-per-network-load-balancer", q.TargetsPerZone},
		{"certificates-per-network-load-balancer", 25},
		{"target-groups-per-action-on-network-load-balancer", 1},
	}}, nil
}
