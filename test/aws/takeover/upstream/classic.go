// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package upstream

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"
	v1 "k8s.io/api/core/v1"
)

func (b *balancer) createClassic(ctx context.Context) (string, error) {
	groups, err := b.classicGroups(ctx)
	if err != nil {
		return "", err
	}
	in := &elb.CreateLoadBalancerInput{LoadBalancerName: &b.name, SecurityGroups: groups, Tags: classicTags(b.tags())}
	for _, s := range b.subnets {
		in.Subnets = append(in.Subnets, aws.ToString(s.SubnetId))
	}
	for _, p := range b.service.Spec.Ports {
		in.Listeners = append(in.Listeners, b.classicListener(p))
	}
	if b.internal() {
		in.Scheme = aws.String("internal")
	}
	out, err := b.ELB.CreateLoadBalancer(ctx, in)
	if err != nil {
		return "", fmt.Errorf("create load balancer: %w", err)
	}
	for _, step := range []func(context.Context, []elbtypes.Listener) error{b.proxyProtocol, b.classicAttributes, b.tlsPolicy, b.classicHealth} {
		if err := step(ctx, in.Listeners); err != nil {
			return "", err
		}
	}
	if err := b.openNodes(ctx, groups[0]); err != nil {
		return "", err
	}
	return aws.ToString(out.DNSName), b.register(ctx)
}

// classicGroups are those of the annotation, or the configured one, or one that is made; then the extra ones.
func (b *balancer) classicGroups(ctx context.Context) ([]string, error) {
	groups := list(b.annotation("security-groups"))
	if len(groups) == 0 && b.ElbSecurityGroup != "" {
		groups = []string{b.ElbSecurityGroup}
	}
	if len(groups) == 0 {
		description := fmt.Sprintf("Security group for Kubernetes ELB %s (%s/%s)", b.name, b.service.Namespace, b.service.Name)
		id, err := b.createGroup(ctx, "k8s-elb-"+b.name, description)
		if err != nil {
			return nil, err
		}
		if err := b.openGroup(ctx, id); err != nil {
			return nil, err
		}
		groups = []string{id}
	}
	return append(groups, list(b.annotation("extra-security-groups"))...), nil
}

func classicTags(tags map[string]string) []elbtypes.Tag {
	var out []elbtypes.Tag
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, elbtypes.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return out
}

// classicListener sends protocols in lower case.
func (b *balancer) classicListener(p v1.ServicePort) elbtypes.Listener {
	front, back := "tcp", "tcp"
	backend := b.annotation("backend-protocol")
	l := elbtypes.Listener{LoadBalancerPort: p.Port, InstancePort: &p.NodePort}
	if b.secure(p) {
		l.SSLCertificateId = aws.String(b.annotation("ssl-cert"))
		front, back = "ssl", cmp.Or(backend, "tcp")
		if backend == "http" || backend == "https" {
			front = "https"
		}
	} else if backend == "http" {
		front, back = "http", "http"
	}
	l.Protocol, l.InstanceProtocol = &front, &back
	return l
}

func (b *balancer) proxyProtocol(ctx context.Context, listeners []elbtypes.Listener) error {
	if b.annotation("proxy-protocol") != "*" {
		return nil
	}
	const policy = "k8s-proxyprotocol-enabled"
	if err := b.createPolicy(ctx, policy, "ProxyProtocolPolicyType", "ProxyProtocol", "true"); err != nil {
		return err
	}
	for _, l := range listeners {
		_, err := b.ELB.SetLoadBalancerPoliciesForBackendServer(ctx, &elb.SetLoadBalancerPoliciesForBackendServerInput{LoadBalancerName: &b.name, InstancePort: l.InstancePort, PolicyNames: []string{policy}})
		if err != nil {
			return fmt.Errorf("set policies of a backend: %w", err)
		}
	}
	return nil
}

func (b *balancer) createPolicy(ctx context.Context, name, kind, attribute, value string) error {
	_, err := b.ELB.CreateLoadBalancerPolicy(ctx, &elb.CreateLoadBalancerPolicyInput{
		LoadBalancerName: &b.name, PolicyName: &name, PolicyTypeName: &kind,
		PolicyAttributes: []elbtypes.PolicyAttribute{{AttributeName: &attribute, AttributeValue: &value}},
	})
	if err != nil {
		return fmt.Errorf("create policy: %w", err)
	}
	return nil
}

// classicAttributes are written in any case: what AWS answers never equals what is wanted.
func (b *balancer) classicAttributes(ctx context.Context, _ []elbtypes.Listener) error {
	text := func(key string) *string {
		if v := b.annotation(key); v != "" {
			return &v
		}
		return nil
	}
	_, err := b.ELB.ModifyLoadBalancerAttributes(ctx, &elb.ModifyLoadBalancerAttributesInput{LoadBalancerName: &b.name, LoadBalancerAttributes: &elbtypes.LoadBalancerAttributes{
		AccessLog: &elbtypes.AccessLog{Enabled: isTrue(b.annotation("access-log-enabled")), EmitInterval: b.number("access-log-emit-interval"),
			S3BucketName: text("access-log-s3-bucket-name"), S3BucketPrefix: text("access-log-s3-bucket-prefix")},
		ConnectionDraining:     &elbtypes.ConnectionDraining{Enabled: isTrue(b.annotation("connection-draining-enabled")), Timeout: b.number("connection-draining-timeout")},
		ConnectionSettings:     &elbtypes.ConnectionSettings{IdleTimeout: aws.Int32(b.numberOr("connection-idle-timeout", 60))},
		CrossZoneLoadBalancing: &elbtypes.CrossZoneLoadBalancing{Enabled: isTrue(b.annotation("cross-zone-load-balancing-enabled"))},
	}})
	if err != nil {
		return fmt.Errorf("modify attributes: %w", err)
	}
	return nil
}

func (b *balancer) tlsPolicy(ctx context.Context, listeners []elbtypes.Listener) error {
	reference := b.annotation("ssl-negotiation-policy")
	if reference == "" {
		return nil
	}
	policy := "k8s-SSLNegotiationPolicy-" + reference
	if err := b.createPolicy(ctx, policy, "SSLNegotiationPolicyType", "Reference-Security-Policy", reference); err != nil {
		return err
	}
	for _, l := range listeners {
		if front := aws.ToString(l.Protocol); front != "ssl" && front != "https" {
			continue
		}
		_, err := b.ELB.SetLoadBalancerPoliciesOfListener(ctx, &elb.SetLoadBalancerPoliciesOfListenerInput{LoadBalancerName: &b.name, LoadBalancerPort: l.LoadBalancerPort, PolicyNames: []string{policy}})
		if err != nil {
			return fmt.Errorf("set policies of a listener: %w", err)
		}
	}
	return nil
}

func (b *balancer) classicHealth(ctx context.Context, listeners []elbtypes.Listener) error {
	backend := strings.ToLower(b.annotation("backend-protocol"))
	protocol, port, path := "TCP", aws.ToInt32(listeners[0].InstancePort), ""
	switch {
	case b.local():
		protocol, port, path = "HTTP", b.service.Spec.HealthCheckNodePort, "/healthz"
		if b.annotation("healthcheck-port") == "traffic-port" {
			port = aws.ToInt32(listeners[0].InstancePort)
		}
	case b.SharedProbes:
		protocol, port, path = "HTTP", 10256, "/healthz"
	case backend == "ssl" || backend == "https":
		protocol = "SSL"
	}
	protocol = cmp.Or(b.annotation("healthcheck-protocol"), protocol)
	port = b.numberOr("healthcheck-port", port)
	target := fmt.Sprintf("%s:%d", protocol, port)
	if strings.HasPrefix(strings.ToUpper(protocol), "HTTP") {
		target += cmp.Or(b.annotation("healthcheck-path"), path, "/")
	}
	_, err := b.ELB.ConfigureHealthCheck(ctx, &elb.ConfigureHealthCheckInput{LoadBalancerName: &b.name, HealthCheck: &elbtypes.HealthCheck{
		Target:           &target,
		HealthyThreshold: aws.Int32(b.numberOr("healthcheck-healthy-threshold", 2)), UnhealthyThreshold: aws.Int32(b.numberOr("healthcheck-unhealthy-threshold", 6)),
		Timeout: aws.Int32(b.numberOr("healthcheck-timeout", 5)), Interval: aws.Int32(b.numberOr("healthcheck-interval", 10)),
	}})
	if err != nil {
		return fmt.Errorf("configure the health check: %w", err)
	}
	return nil
}

func (b *balancer) register(ctx context.Context) error {
	in := &elb.RegisterInstancesWithLoadBalancerInput{LoadBalancerName: &b.name}
	for _, id := range instanceIDs(b.instances) {
		in.Instances = append(in.Instances, elbtypes.Instance{InstanceId: aws.String(id)})
	}
	if len(in.Instances) == 0 {
		return nil
	}
	if _, err := b.ELB.RegisterInstancesWithLoadBalancer(ctx, in); err != nil {
		return fmt.Errorf("register instances: %w", err)
	}
	return nil
}
