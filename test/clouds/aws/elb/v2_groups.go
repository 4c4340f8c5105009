// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb

import (
	"slices"
	"strconv"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

type matcher struct {
	HTTPCode *string `query:"HttpCode" xml:"HttpCode"`
}

// healthCheckInput are the parameters of a health check, which are the same for creation and change.
type healthCheckInput struct {
	Enabled            *bool
	Protocol           *string
	Port               *string
	Path               *string
	Interval           *int32
	Timeout            *int32
	HealthyThreshold   *int32
	UnhealthyThreshold *int32
	Matcher            *matcher
}

type createGroupInput struct {
	Name               string   `query:"Name,required"`
	Protocol           *string  `query:"Protocol"`
	Port               *int32   `query:"Port"`
	VPCID              *string  `query:"VpcId"`
	TargetType         *string  `query:"TargetType"`
	IPAddressType      *string  `query:"IpAddressType"`
	Enabled            *bool    `query:"HealthCheckEnabled"`
	HealthProtocol     *string  `query:"HealthCheckProtocol"`
	HealthPort         *string  `query:"HealthCheckPort"`
	HealthPath         *string  `query:"HealthCheckPath"`
	Interval           *int32   `query:"HealthCheckIntervalSeconds"`
	Timeout            *int32   `query:"HealthCheckTimeoutSeconds"`
	HealthyThreshold   *int32   `query:"HealthyThresholdCount"`
	UnhealthyThreshold *int32   `query:"UnhealthyThresholdCount"`
	Matcher            *matcher `query:"Matcher"`
	Tags               []tag    `query:"Tags"`
}

func (s *Service) createTargetGroup(in *createGroupInput) (any, error) {
	tg, err := s.planGroup(in)
	if err != nil {
		return nil, err
	}
	if old := s.groups.Get(s.groupNames[tg.Name]); old != nil {
		if !sameGroup(old, tg) {
			return nil, wire.Errorf("DuplicateTargetGroupName", "A target group with the same name '%s' exists, but with different settings", tg.Name)
		}
		return &groupsOutput{TargetGroups: wire.Members[groupOut]{s.groupOut(old, s.usedBy())}}, nil
	}
	if s.groups.Len() >= s.quotas.TargetGroups {
		return nil, wire.Errorf("TooManyTargetGroups", "The maximum number of target groups has been reached")
	}
	tg.ARN = s.arn("targetgroup/" + tg.Name + "/" + s.newID("targetgroup", tg.Name))
	s.groups.Put(tg.ARN, tg)
	s.groupNames[tg.Name] = tg.ARN
	return &groupsOutput{TargetGroups: wire.Members[groupOut]{s.groupOut(tg, nil)}}, nil
}

// planGroup returns the target group that a request asks for, without its ARN.
func (s *Service) planGroup(in *createGroupInput) (*TargetGroup, error) {
	tg := &TargetGroup{Name: in.Name, TargetType: "instance", IPAddressType: ipv4, Protocol: value(in.Protocol), Port: value(in.Port), VPCID: value(in.VPCID)}
	if in.TargetType != nil {
		tg.TargetType = *in.TargetType
	}
	if in.IPAddressType != nil {
		tg.IPAddressType = *in.IPAddressType
	}
	if err := checkName("Target group name", in.Name); err != nil {
		return nil, err
	}
	if err := oneOf("targetType", tg.TargetType, "instance", "ip", "lambda", "alb"); err != nil {
		return nil, err
	}
	switch {
	case tg.TargetType != "instance" && tg.TargetType != "ip":
		return nil, invalid("Target groups with the target type '%s' are not simulated", tg.TargetType)
	case in.Protocol == nil:
		return nil, invalid("A protocol must be specified")
	case in.Port == nil:
		return nil, invalid("A port must be specified")
	case tg.VPCID == "":
		return nil, invalid("A VPC ID must be specified")
	case s.unknownVPC(tg.VPCID):
		return nil, invalid("The VPC ID '%s' is not found", tg.VPCID)
	}
	err := first(
		oneOf("protocol", tg.Protocol, "HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP"),
		within("port", tg.Port, 1, 65535),
		oneOf("ipAddressType", tg.IPAddressType, ipv4, ipv6),
	)
	if err != nil {
		return nil, err
	}
	tg.Attributes = defaultGroupAttributes(tg.Protocol, tg.TargetType)
	if tg.Tags, err = s.addTags(nil, in.Tags); err != nil {
		return nil, err
	}
	return tg, tg.setHealthCheck(healthCheckInput{
		in.Enabled, in.HealthProtocol, in.HealthPort, in.HealthPath, in.Interval, in.Timeout, in.HealthyThreshold, in.UnhealthyThreshold, in.Matcher,
	})
}

// unknownVPC says that there is no such VPC: every VPC has a default security group, which
// cannot be deleted.
func (s *Service) unknownVPC(vpcID string) bool {
	_, ok := s.opts.Network.DefaultSecurityGroup(vpcID)
	return !ok
}

// sameGroup says whether creating tg would give what there is.
func sameGroup(old, tg *TargetGroup) bool {
	return old.Protocol == tg.Protocol && old.Port == tg.Port && old.VPCID == tg.VPCID && old.TargetType == tg.TargetType &&
		old.IPAddressType == tg.IPAddressType && old.HealthCheck == tg.HealthCheck && sameTags(old.Tags, tg.Tags)
}

// setHealthCheck applies what a request says about the health check; what it does not say stays, or
// becomes the default if the protocol changes or is new.
func (tg *TargetGroup) setHealthCheck(in healthCheckInput) error {
	hc := tg.HealthCheck
	if hc.Protocol == "" {
		hc = GroupHealthCheck{Protocol: "TCP", Port: "traffic-port", Interval: 30, HealthyThreshold: 5, UnhealthyThreshold: 2}
		if tg.Protocol == "HTTP" || tg.Protocol == "HTTPS" {
			hc.Protocol = tg.Protocol
		}
	}
	if in.Enabled != nil && !*in.Enabled {
		return wire.Errorf("InvalidConfigurationRequest", "Health check enabled must be true for target groups with target type '%s'", tg.TargetType)
	}
	override(&hc.Protocol, in.Protocol)
	override(&hc.Port, in.Port)
	override(&hc.Interval, in.Interval)
	override(&hc.HealthyThreshold, in.HealthyThreshold)
	override(&hc.UnhealthyThreshold, in.UnhealthyThreshold)
	if hc.Protocol != tg.HealthCheck.Protocol {
		hc.setDefaults(tg.Protocol)
	}
	override(&hc.Timeout, in.Timeout)
	if err := hc.setHTTP(in.Path, in.Matcher); err != nil {
		return err
	}
	if err := tg.checkHealthCheck(hc); err != nil {
		return err
	}
	tg.HealthCheck = hc
	return nil
}

// setDefaults sets what depends on the protocol.
func (hc *GroupHealthCheck) setDefaults(groupProtocol string) {
	hc.Path, hc.Matcher, hc.Timeout = "", "", 10
	if hc.Protocol == "HTTP" {
		hc.Timeout = 6
	}
	if hc.Protocol == "TCP" {
		return
	}
	hc.Path, hc.Matcher = "/", "200-399"
	if groupProtocol == "HTTP" || groupProtocol == "HTTPS" {
		hc.Matcher, hc.Timeout = "200", 5
	}
}

func override[T any](v *T, in *T) {
	if in != nil {
		*v = *in
	}
}

func (hc *GroupHealthCheck) setHTTP(path *string, m *matcher) error {
	if hc.Protocol == "TCP" {
		switch {
		case value(path) != "":
			return wire.Errorf("InvalidConfigurationRequest", "Health check paths are not supported for TCP health checks")
		case m != nil && value(m.HTTPCode) != "":
			return wire.Errorf("InvalidConfigurationRequest", "Health check matchers are not supported for TCP health checks")
		}
		return nil
	}
	if path != nil {
		if *path == "" || (*path)[0] != '/' || len(*path) > 1024 {
			return invalid("Health check path '%s' must begin with a '/' character, and can only contain printable ASCII characters, without spaces", *path)
		}
		hc.Path = *path
	}
	if m != nil && m.HTTPCode != nil {
		hc.Matcher = *m.HTTPCode
	}
	return nil
}

func (tg *TargetGroup) checkHealthCheck(hc GroupHealthCheck) error {
	protocols := []string{"TCP", "HTTP", "HTTPS"}
	if tg.Protocol == "HTTP" || tg.Protocol == "HTTPS" {
		protocols = protocols[1:]
	}
	if !slices.Contains(protocols, hc.Protocol) {
		return invalid("Health check protocol '%s' must be one of '%s'", hc.Protocol, join(protocols))
	}
	if n, err := strconv.Atoi(hc.Port); hc.Port != "traffic-port" && (err != nil || n < 1 || n > 65535) {
		return invalid("Health check port '%s' must be 'traffic-port' or in the range 1-65535", hc.Port)
	}
	err := first(
		between("interval", hc.Interval, 5, 300),
		between("timeout", hc.Timeout, 2, 120),
		between("healthy threshold count", hc.HealthyThreshold, 2, 10),
		between("unhealthy threshold count", hc.UnhealthyThreshold, 2, 10),
	)
	if err != nil {
		return err
	}
	if hc.Timeout > hc.Interval {
		return invalid("Health check timeout '%d' must be smaller than or equal to the interval '%d'", hc.Timeout, hc.Interval)
	}
	return nil
}

func between(what string, n, low, high int32) error {
	if n < low || n > high {
		return invalid("Health check %s '%d' must be between '%d' and '%d' inclusive", what, n, low, high)
	}
	return nil
}

type groupInput struct {
	ARN string `query:"TargetGroupArn,required"`
}

// deleteTargetGroup does nothing about one that does not exist.
func (s *Service) deleteTargetGroup(in *groupInput) (any, error) {
	tg := s.groups.Get(in.ARN)
	if tg == nil {
		if !groupARN.MatchString(in.ARN) {
			return nil, invalid("'%s' is not a valid target group ARN", in.ARN)
		}
		return nil, nil
	}
	if s.balancerOf(in.ARN) != nil {
		return nil, wire.Errorf("ResourceInUse", "Target group '%s' is currently in use by a listener or a rule", in.ARN)
	}
	s.groups.Delete(in.ARN)
	delete(s.groupNames, tg.Name)
	return nil, nil
}

type modifyGroupInput struct {
	ARN                string   `query:"TargetGroupArn,required"`
	Enabled            *bool    `query:"HealthCheckEnabled"`
	HealthProtocol     *string  `query:"HealthCheckProtocol"`
	HealthPort         *string  `query:"HealthCheckPort"`
	HealthPath         *string  `query:"HealthCheckPath"`
	Interval           *int32   `query:"HealthCheckIntervalSeconds"`
	Timeout            *int32   `query:"HealthCheckTimeoutSeconds"`
	HealthyThreshold   *int32   `query:"HealthyThresholdCount"`
	UnhealthyThreshold *int32   `query:"UnhealthyThresholdCount"`
	Matcher            *matcher `query:"Matcher"`
}

func (s *Service) modifyTargetGroup(in *modifyGroupInput) (any, error) {
	tg, err := s.group(in.ARN)
	if err != nil {
		return nil, err
	}
	err = tg.setHealthCheck(healthCheckInput{
		in.Enabled, in.HealthProtocol, in.HealthPort, in.HealthPath, in.Interval, in.Timeout, in.HealthyThreshold, in.UnhealthyThreshold, in.Matcher,
	})
	if err != nil {
		return nil, err
	}
	s.groups.Put(tg.ARN, tg)
	return &groupsOutput{TargetGroups: wire.Members[groupOut]{s.groupOut(tg, s.usedBy())}}, nil
}
