// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package upstream

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbv2types "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	v1 "k8s.io/api/core/v1"
)

func (b *balancer) createNetwork(ctx context.Context) (string, error) {
	managed, groups := "", []string{}
	var err error
	if b.ManagedNLBGroups && !b.InTree {
		if groups = list(b.annotation("security-groups")); len(groups) == 0 {
			if managed, err = b.createGroup(ctx, b.networkGroupName(), "[k8s] Managed SecurityGroup for LoadBalancer"); err != nil {
				return "", err
			}
			groups = []string{managed}
		}
	}
	in := &elbv2.CreateLoadBalancerInput{Name: &b.name, Type: elbv2types.LoadBalancerTypeEnumNetwork, SubnetMappings: b.mappings(), SecurityGroups: groups, Tags: networkTags(b.tags())}
	if b.internal() {
		in.Scheme = elbv2types.LoadBalancerSchemeEnumInternal
	}
	out, err := b.ELBv2.CreateLoadBalancer(ctx, in)
	if err != nil {
		return "", fmt.Errorf("create load balancer: %w", err)
	}
	lb := out.LoadBalancers[0]
	for _, p := range b.service.Spec.Ports {
		if err := b.port(ctx, aws.ToString(lb.LoadBalancerArn), p); err != nil {
			return "", err
		}
	}
	if err := b.networkAttributes(ctx, aws.ToString(lb.LoadBalancerArn)); err != nil {
		return "", err
	}
	if managed != "" {
		if err := b.openGroup(ctx, managed); err != nil {
			return "", err
		}
	}
	return aws.ToString(lb.DNSName), b.openNodePorts(ctx)
}

// mappings go with addresses by position.
func (b *balancer) mappings() []elbv2types.SubnetMapping {
	var out []elbv2types.SubnetMapping
	allocations, addresses := list(b.annotation("eip-allocations")), list(b.annotation("private-ipv4-addresses"))
	for i, s := range b.subnets {
		m := elbv2types.SubnetMapping{SubnetId: s.SubnetId}
		if i < len(allocations) {
			m.AllocationId = &allocations[i]
		}
		if i < len(addresses) {
			m.PrivateIPv4Address = &addresses[i]
		}
		out = append(out, m)
	}
	return out
}

func networkTags(tags map[string]string) []elbv2types.Tag {
	var out []elbv2types.Tag
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, elbv2types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return out
}

// port makes the target group, its targets and the listener of one port.
func (b *balancer) port(ctx context.Context, arn string, p v1.ServicePort) error {
	listener, target := string(p.Protocol), string(p.Protocol)
	if p.Protocol == v1.ProtocolTCP && b.secure(p) {
		listener = "TLS"
		if b.annotation("backend-protocol") == "ssl" {
			target = "TLS"
		}
	}
	group, err := b.targetGroup(ctx, p, target)
	if err != nil {
		return err
	}
	in := &elbv2.CreateListenerInput{
		LoadBalancerArn: &arn, Port: aws.Int32(p.Port), Protocol: elbv2types.ProtocolEnum(listener),
		DefaultActions: []elbv2types.Action{{Type: elbv2types.ActionTypeEnumForward, TargetGroupArn: &group}},
	}
	if !b.InTree {
		in.Tags = networkTags(b.tags())
	}
	if listener == "TLS" {
		in.Certificates = []elbv2types.Certificate{{CertificateArn: aws.String(b.annotation("ssl-cert"))}}
		if policy := b.annotation("ssl-negotiation-policy"); policy != "" {
			in.SslPolicy = &policy
		}
	}
	if _, err := b.ELBv2.CreateListener(ctx, in); err != nil {
		return fmt.Errorf("create listener: %w", err)
	}
	return nil
}

func (b *balancer) targetGroup(ctx context.Context, p v1.ServicePort, protocol string) (string, error) {
	h := b.health()
	in := &elbv2.CreateTargetGroupInput{
		Name: aws.String(b.targetGroupName(p, protocol, h)), VpcId: &b.VPC, Port: aws.Int32(p.NodePort), Protocol: elbv2types.ProtocolEnum(protocol),
		TargetType: elbv2types.TargetTypeEnumInstance, HealthCheckIntervalSeconds: &h.interval, HealthCheckPort: &h.port,
		HealthCheckProtocol: elbv2types.ProtocolEnum(h.protocol), HealthyThresholdCount: &h.healthy, UnhealthyThresholdCount: &h.unhealthy,
	}
	if h.protocol != "TCP" {
		in.HealthCheckPath = &h.path
	}
	if !b.InTree {
		in.Tags = networkTags(b.tags())
	}
	out, err := b.ELBv2.CreateTargetGroup(ctx, in)
	if err != nil {
		return "", fmt.Errorf("create target group: %w", err)
	}
	arn := aws.ToString(out.TargetGroups[0].TargetGroupArn)
	if b.InTree { // its target groups have the tags of security groups, from a call of their own
		if _, err := b.ELBv2.AddTags(ctx, &elbv2.AddTagsInput{ResourceArns: []string{arn}, Tags: networkTags(b.groupTags())}); err != nil {
			return "", fmt.Errorf("tag target group: %w", err)
		}
	}
	for ids := range slices.Chunk(instanceIDs(b.instances), 100) {
		register := &elbv2.RegisterTargetsInput{TargetGroupArn: &arn}
		for _, id := range ids {
			register.Targets = append(register.Targets, elbv2types.TargetDescription{Id: aws.String(id), Port: aws.Int32(p.NodePort)})
		}
		if _, err := b.ELBv2.RegisterTargets(ctx, register); err != nil {
			return "", fmt.Errorf("register targets: %w", err)
		}
	}
	return arn, b.groupAttributes(ctx, arn)
}

// groupAttributes sets the annotated attributes that differ.
func (b *balancer) groupAttributes(ctx context.Context, arn string) error {
	wanted := keyValues(b.annotation("target-group-attributes"))
	if len(wanted) == 0 || b.InTree {
		return nil
	}
	now, err := b.ELBv2.DescribeTargetGroupAttributes(ctx, &elbv2.DescribeTargetGroupAttributesInput{TargetGroupArn: &arn})
	if err != nil {
		return fmt.Errorf("describe attributes of target group: %w", err)
	}
	var changed []elbv2types.TargetGroupAttribute
	for _, a := range now.Attributes {
		if want, ok := wanted[aws.ToString(a.Key)]; ok && want != aws.ToString(a.Value) {
			changed = append(changed, elbv2types.TargetGroupAttribute{Key: a.Key, Value: &want})
		}
	}
	if len(changed) == 0 {
		return nil
	}
	if _, err := b.ELBv2.ModifyTargetGroupAttributes(ctx, &elbv2.ModifyTargetGroupAttributesInput{TargetGroupArn: &arn, Attributes: changed}); err != nil {
		return fmt.Errorf("modify attributes of target group: %w", err)
	}
	return nil
}

// networkAttributes sends those that differ; bucket and prefix only while logs are on.
func (b *balancer) networkAttributes(ctx context.Context, arn string) error {
	logs := isTrue(b.annotation("access-log-enabled"))
	wanted := map[string]string{
		"load_balancing.cross_zone.enabled": strconv.FormatBool(isTrue(b.annotation("cross-zone-load-balancing-enabled"))),
		"access_logs.s3.enabled":            strconv.FormatBool(logs),
	}
	if logs {
		wanted["access_logs.s3.bucket"] = b.annotation("access-log-s3-bucket-name")
		wanted["access_logs.s3.prefix"] = b.annotation("access-log-s3-bucket-prefix")
	}
	now, err := b.ELBv2.DescribeLoadBalancerAttributes(ctx, &elbv2.DescribeLoadBalancerAttributesInput{LoadBalancerArn: &arn})
	if err != nil {
		return fmt.Errorf("describe attributes: %w", err)
	}
	var changed []elbv2types.LoadBalancerAttribute
	for _, a := range now.Attributes {
		if want, ok := wanted[aws.ToString(a.Key)]; ok && want != aws.ToString(a.Value) {
			changed = append(changed, elbv2types.LoadBalancerAttribute{Key: a.Key, Value: &want})
		}
	}
	if len(changed) == 0 {
		return nil
	}
	if _, err := b.ELBv2.ModifyLoadBalancerAttributes(ctx, &elbv2.ModifyLoadBalancerAttributesInput{LoadBalancerArn: &arn, Attributes: changed}); err != nil {
		return fmt.Errorf("modify attributes: %w", err)
	}
	return nil
}
