// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb

import (
	"slices"
	"strings"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

// groupOut is a TargetGroup.
type groupOut struct {
	TargetGroupArn             string
	TargetGroupName            string
	Protocol                   string
	Port                       int32
	VpcId                      string
	HealthCheckProtocol        string
	HealthCheckPort            string
	HealthCheckEnabled         bool
	HealthCheckIntervalSeconds int32
	HealthCheckTimeoutSeconds  int32
	HealthyThresholdCount      int32
	UnhealthyThresholdCount    int32
	HealthCheckPath            string   `xml:",omitempty"`
	Matcher                    *matcher `xml:",omitempty"`
	LoadBalancerArns           wire.Members[string]
	TargetType                 string
	ProtocolVersion            string `xml:",omitempty"`
	IpAddressType              string
}

type groupsOutput struct {
	TargetGroups wire.Members[groupOut]
	NextMarker   string `xml:",omitempty"`
}

// groupOut describes a target group; usedBy says which load balancers use which group.
func (s *Service) groupOut(tg *TargetGroup, usedBy map[string][]string) groupOut {
	hc := tg.HealthCheck
	out := groupOut{
		TargetGroupArn:             tg.ARN,
		TargetGroupName:            tg.Name,
		Protocol:                   tg.Protocol,
		Port:                       tg.Port,
		VpcId:                      tg.VPCID,
		HealthCheckProtocol:        hc.Protocol,
		HealthCheckPort:            hc.Port,
		HealthCheckEnabled:         true,
		HealthCheckIntervalSeconds: hc.Interval,
		HealthCheckTimeoutSeconds:  hc.Timeout,
		HealthyThresholdCount:      hc.HealthyThreshold,
		UnhealthyThresholdCount:    hc.UnhealthyThreshold,
		HealthCheckPath:            hc.Path,
		LoadBalancerArns:           usedBy[tg.ARN],
		TargetType:                 tg.TargetType,
		IpAddressType:              tg.IPAddressType,
	}
	if hc.Matcher != "" {
		out.Matcher = &matcher{&hc.Matcher}
	}
	if tg.Protocol == "HTTP" || tg.Protocol == "HTTPS" {
		out.ProtocolVersion = "HTTP1"
	}
	return out
}

// usedBy returns for each target group the load balancers that readers see using it.
func (s *Service) usedBy() map[string][]string {
	out := map[string][]string{}
	for item := range s.listeners.AllSeen(0) {
		l := item.Value
		if tg := l.Action.TargetGroupARN; !slices.Contains(out[tg], l.LoadBalancerARN) {
			out[tg] = append(out[tg], l.LoadBalancerARN)
		}
	}
	return out
}

type describeGroupsInput struct {
	BalancerARN *string  `query:"LoadBalancerArn"`
	ARNs        []string `query:"TargetGroupArns"`
	Names       []string `query:"Names"`
	Marker      *string  `query:"Marker"`
	PageSize    *int32   `query:"PageSize"`
}

func (s *Service) describeTargetGroups(in *describeGroupsInput) (any, error) {
	usedBy := s.usedBy()
	found, next, err := s.findGroups(in, usedBy)
	if err != nil {
		return nil, err
	}
	out := &groupsOutput{NextMarker: next}
	for _, tg := range found {
		out.TargetGroups = append(out.TargetGroups, s.groupOut(tg, usedBy))
	}
	return out, nil
}

func (s *Service) findGroups(in *describeGroupsInput, usedBy map[string][]string) ([]*TargetGroup, string, error) {
	given := 0
	for _, b := range []bool{in.BalancerARN != nil, len(in.ARNs) > 0, len(in.Names) > 0} {
		if b {
			given++
		}
	}
	switch {
	case given > 1:
		return nil, "", invalid("Target group names, target group ARNs, and a load balancer ARN cannot be specified at the same time")
	case len(in.ARNs) > maxDescribed || len(in.Names) > maxDescribed:
		return nil, "", invalid("Cannot have more than %d resources described", maxDescribed)
	case in.BalancerARN != nil:
		if _, err := foundBalancer(s.balancers.Seen(*in.BalancerARN), *in.BalancerARN); err != nil {
			return nil, "", err
		}
		return page(s.groups, paging{in.Marker, in.PageSize}, func(tg *TargetGroup) bool { return slices.Contains(usedBy[tg.ARN], *in.BalancerARN) })
	case len(in.ARNs) > 0:
		out, err := s.groupsByARN(in.ARNs)
		return out, "", err
	case len(in.Names) > 0:
		out, err := s.groupsNamed(in.Names)
		return out, "", err
	}
	return page(s.groups, paging{in.Marker, in.PageSize}, everything)
}

func (s *Service) groupsByARN(arns []string) ([]*TargetGroup, error) {
	var out []*TargetGroup
	for _, arn := range unique(arns) {
		tg, err := foundGroup(s.groups.Seen(arn), arn)
		if err != nil {
			return nil, err
		}
		out = append(out, tg)
	}
	return out, nil
}

func (s *Service) groupsNamed(names []string) ([]*TargetGroup, error) {
	names = unique(names)
	var out []*TargetGroup
	for item := range s.groups.AllSeen(0) {
		if slices.Contains(names, item.Value.Name) {
			out = append(out, item.Value)
		}
	}
	if len(out) < len(names) {
		return nil, wire.Errorf("TargetGroupNotFound", "One or more target groups not found")
	}
	return out, nil
}

func join(list []string) string { return strings.Join(list, ", ") }
