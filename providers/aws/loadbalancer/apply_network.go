// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbv2types "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/providers/aws/client"
)

// createNetwork makes a network load balancer.
type createNetwork struct {
	wanted      Wanted
	subnets     []string
	groups      []groupRef
	addressType string
}

func (s createNetwork) make(ctx context.Context, e *executor, done *plan.Outputs) (string, error) {
	groups, err := resolveAll(s.groups, done)
	if err != nil {
		return "", err
	}
	w := s.wanted
	in := &elbv2.CreateLoadBalancerInput{
		Name: &w.Name, Type: elbv2types.LoadBalancerTypeEnumNetwork, SubnetMappings: mappings(s.subnets, w.Network.Allocations, w.Network.Addresses),
		SecurityGroups: groups, Tags: networkTags(w.Tags),
	}
	if w.Internal {
		in.Scheme = elbv2types.LoadBalancerSchemeEnumInternal
	}
	if s.addressType == "dualstack" {
		in.IpAddressType = elbv2types.IpAddressTypeDualstack
	}
	out, err := e.v2.CreateLoadBalancer(ctx, in)
	if err != nil {
		return "", err
	}
	if len(out.LoadBalancers) != 1 {
		return "", fmt.Errorf("AWS answered with %d load balancers", len(out.LoadBalancers))
	}
	n := networkActual(out.LoadBalancers[0])
	n.Tags, n.TagsKnown, n.Attributes = w.Tags, true, maps.Clone(newAttributes)
	e.set(func(a *Actual) { a.Network = n })
	return n.ARN, nil
}

func mappings(subnets, allocations, addresses []string) []elbv2types.SubnetMapping {
	all := make([]elbv2types.SubnetMapping, len(subnets))
	for i := range subnets {
		all[i].SubnetId = &subnets[i]
		if i < len(allocations) {
			all[i].AllocationId = &allocations[i]
		}
		if i < len(addresses) {
			all[i].PrivateIPv4Address = &addresses[i]
		}
	}
	return all
}

func networkTags(tags map[string]string) []elbv2types.Tag {
	var all []elbv2types.Tag
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		all = append(all, elbv2types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return all
}

// arn is the load balancer's.
func (e *executor) arn() (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.actual.Network == nil {
		return "", errors.New("the load balancer is not there")
	}
	return e.actual.Network.ARN, nil
}

// setNetworkGroups replaces the security groups.
type setNetworkGroups struct{ groups []groupRef }

func (s setNetworkGroups) do(ctx context.Context, e *executor, done *plan.Outputs) error {
	ids, err := resolveAll(s.groups, done)
	if err != nil {
		return err
	}
	arn, err := e.arn()
	if err != nil {
		return err
	}
	_, err = e.v2.SetSecurityGroups(ctx, &elbv2.SetSecurityGroupsInput{LoadBalancerArn: &arn, SecurityGroups: ids})
	if err == nil {
		e.set(func(a *Actual) { a.Network.Groups = ids })
	}
	return err
}

// setSubnets moves the load balancer.
type setSubnets struct{ subnets, allocations, addresses []string }

func (s setSubnets) do(ctx context.Context, e *executor, _ *plan.Outputs) error {
	arn, err := e.arn()
	if err != nil {
		return err
	}
	_, err = e.v2.SetSubnets(ctx, &elbv2.SetSubnetsInput{LoadBalancerArn: &arn, SubnetMappings: mappings(s.subnets, s.allocations, s.addresses)})
	if err == nil {
		e.set(func(a *Actual) { a.Network.Subnets = s.subnets })
	}
	return e.optional(err)
}

// setAddressType switches between IPv4 and both families.
type setAddressType struct{ addressType string }

func (s setAddressType) do(ctx context.Context, e *executor, _ *plan.Outputs) error {
	arn, err := e.arn()
	if err != nil {
		return err
	}
	_, err = e.v2.SetIpAddressType(ctx, &elbv2.SetIpAddressTypeInput{LoadBalancerArn: &arn, IpAddressType: elbv2types.IpAddressType(s.addressType)})
	if err == nil {
		e.set(func(a *Actual) { a.Network.AddressType = s.addressType })
	}
	return err
}

// tagNetwork sets and removes tags of the load balancer and what belongs to it.
type tagNetwork struct {
	arns   []string
	set    map[string]string
	remove []string
}

func (s tagNetwork) do(ctx context.Context, e *executor, _ *plan.Outputs) error {
	for arns := range slices.Chunk(s.arns, tagPage) {
		if len(s.set) > 0 {
			if _, err := e.v2.AddTags(ctx, &elbv2.AddTagsInput{ResourceArns: arns, Tags: networkTags(s.set)}); err != nil {
				return err
			}
		}
		if len(s.remove) > 0 {
			if _, err := e.v2.RemoveTags(ctx, &elbv2.RemoveTagsInput{ResourceArns: arns, TagKeys: s.remove}); err != nil {
				return e.optional(err)
			}
		}
	}
	e.set(func(a *Actual) { a.Network.Tags = edited(a.Network.Tags, s.set, s.remove) })
	return nil
}

// modifyNetwork sets attributes of the load balancer.
type modifyNetwork struct{ attributes map[string]string }

func (s modifyNetwork) do(ctx context.Context, e *executor, _ *plan.Outputs) error {
	arn, err := e.arn()
	if err != nil {
		return err
	}
	var attributes []elbv2types.LoadBalancerAttribute
	for _, key := range slices.Sorted(maps.Keys(s.attributes)) {
		attributes = append(attributes, elbv2types.LoadBalancerAttribute{Key: aws.String(key), Value: aws.String(s.attributes[key])})
	}
	_, err = e.v2.ModifyLoadBalancerAttributes(ctx, &elbv2.ModifyLoadBalancerAttributesInput{LoadBalancerArn: &arn, Attributes: attributes})
	if err == nil {
		e.set(func(a *Actual) { a.Network.Attributes = edited(a.Network.Attributes, s.attributes, nil) })
	}
	return err
}

// createTargetGroup makes a target group. One of the name with other settings is what an interrupted change
// left behind: it goes first.
type createTargetGroup struct {
	wanted TargetGroupWanted
	tags   map[string]string
}

func (s createTargetGroup) make(ctx context.Context, e *executor, _ *plan.Outputs) (string, error) {
	out, err := e.v2.CreateTargetGroup(ctx, s.input(e.vpc.ID()))
	var duplicate *elbv2types.DuplicateTargetGroupNameException
	if errors.As(err, &duplicate) {
		if err := s.clear(ctx, e, err); err != nil {
			return "", err
		}
		out, err = e.v2.CreateTargetGroup(ctx, s.input(e.vpc.ID()))
	}
	if err != nil {
		return "", err
	}
	if len(out.TargetGroups) != 1 {
		return "", fmt.Errorf("AWS answered with %d target groups", len(out.TargetGroups))
	}
	g := targetGroupOf(out.TargetGroups[0])
	g.Tags, g.TagsKnown, g.Attributes = s.tags, true, maps.Clone(newGroupAttributes)
	e.set(func(a *Actual) { a.Network.TargetGroups = append(a.Network.TargetGroups, g) })
	return g.ARN, nil
}

func (s createTargetGroup) input(vpcID string) *elbv2.CreateTargetGroupInput {
	h := s.wanted.Health
	return &elbv2.CreateTargetGroupInput{
		Name: &s.wanted.Name, Protocol: elbv2types.ProtocolEnum(s.wanted.Protocol), Port: &s.wanted.NodePort, VpcId: &vpcID,
		TargetType:          elbv2types.TargetTypeEnumInstance,
		HealthCheckProtocol: elbv2types.ProtocolEnum(h.Protocol), HealthCheckPort: &h.Port, HealthCheckPath: text(h.Path),
		HealthCheckIntervalSeconds: &h.Interval, HealthCheckTimeoutSeconds: some32(h.Timeout),
		HealthyThresholdCount: &h.Healthy, UnhealthyThresholdCount: &h.Unhealthy, Tags: networkTags(s.tags),
	}
}

// clear deletes the target group that has the name, if nobody uses it and it is ours.
func (s createTargetGroup) clear(ctx context.Context, e *executor, cause error) error {
	out, err := e.v2.DescribeTargetGroups(ctx, &elbv2.DescribeTargetGroupsInput{Names: []string{s.wanted.Name}})
	if err != nil {
		return err
	}
	for _, g := range out.TargetGroups {
		arn := aws.ToString(g.TargetGroupArn)
		tags, err := e.tagsOf(ctx, []string{arn})
		if err != nil && !client.Denied(err) {
			return err
		}
		if len(g.LoadBalancerArns) > 0 || err == nil && !e.settings.Cluster.Owned(tags[arn]) {
			return fmt.Errorf("target group %s exists with other settings and is in use, or not this cluster's: %w", s.wanted.Name, cause)
		}
		if _, err := e.v2.DeleteTargetGroup(ctx, &elbv2.DeleteTargetGroupInput{TargetGroupArn: &arn}); err != nil {
			return err
		}
	}
	return nil
}

// modifyTargetGroup changes the parts of a health check that AWS lets change.
type modifyTargetGroup struct {
	group  groupRef
	before Health
	health Health
}

func (s modifyTargetGroup) do(ctx context.Context, e *executor, done *plan.Outputs) error {
	arn, err := s.group.resolve(done)
	if err != nil {
		return err
	}
	h := s.health
	in := &elbv2.ModifyTargetGroupInput{TargetGroupArn: &arn, HealthCheckPort: &h.Port, HealthCheckPath: text(h.Path),
		HealthCheckTimeoutSeconds: some32(h.Timeout), HealthyThresholdCount: &h.Healthy, UnhealthyThresholdCount: &h.Unhealthy}
	if h.Protocol != s.before.Protocol {
		in.HealthCheckProtocol = elbv2types.ProtocolEnum(h.Protocol)
	}
	if h.Interval != s.before.Interval {
		in.HealthCheckIntervalSeconds = &h.Interval
	}
	_, err = e.v2.ModifyTargetGroup(ctx, in)
	if err == nil {
		e.editTargetGroup(arn, func(g *TargetGroup) {
			timeout := g.Health.Timeout
			if g.Health = h; h.Timeout == 0 {
				g.Health.Timeout = timeout
			}
		})
	}
	return err
}

func (e *executor) editTargetGroup(arn string, edit func(*TargetGroup)) {
	e.set(func(a *Actual) {
		if a.Network == nil {
			return
		}
		if g := a.Network.group(arn); g != nil {
			edit(g)
		}
	})
}

// modifyGroupAttributes sets attributes of a target group.
type modifyGroupAttributes struct {
	group      groupRef
	attributes map[string]string
}

func (s modifyGroupAttributes) do(ctx context.Context, e *executor, done *plan.Outputs) error {
	arn, err := s.group.resolve(done)
	if err != nil {
		return err
	}
	var attributes []elbv2types.TargetGroupAttribute
	for _, key := range slices.Sorted(maps.Keys(s.attributes)) {
		attributes = append(attributes, elbv2types.TargetGroupAttribute{Key: aws.String(key), Value: aws.String(s.attributes[key])})
	}
	_, err = e.v2.ModifyTargetGroupAttributes(ctx, &elbv2.ModifyTargetGroupAttributesInput{TargetGroupArn: &arn, Attributes: attributes})
	if err == nil {
		e.editTargetGroup(arn, func(g *TargetGroup) { g.Attributes = edited(g.Attributes, s.attributes, nil) })
	}
	return err
}

// targetChunk is the most targets of one call.
const targetChunk = 100

// registerTargets registers targets. One that AWS refuses, because it has stopped since, does not keep the
// others out.
type registerTargets struct {
	group   groupRef
	targets []Target
}

func (s registerTargets) do(ctx context.Context, e *executor, done *plan.Outputs) error {
	arn, err := s.group.resolve(done)
	if err != nil {
		return err
	}
	for chunk := range slices.Chunk(s.targets, targetChunk) {
		registered, err := e.registerChunk(ctx, arn, chunk)
		e.editTargetGroup(arn, func(g *TargetGroup) { g.Targets = append(slices.Clone(g.Targets), registered...) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *executor) registerChunk(ctx context.Context, arn string, targets []Target) ([]Target, error) {
	for len(targets) > 0 {
		_, err := e.v2.RegisterTargets(ctx, &elbv2.RegisterTargetsInput{TargetGroupArn: &arn, Targets: sdkTargets(targets)})
		if err == nil {
			return targets, nil
		}
		var invalid *elbv2types.InvalidTargetException
		if !errors.As(err, &invalid) {
			return nil, err
		}
		left := without(targetIDs(targets), err.Error())
		if len(left) == len(targets) {
			return nil, err
		}
		targets = slices.DeleteFunc(slices.Clone(targets), func(t Target) bool { return !slices.Contains(left, t.ID) })
	}
	return nil, nil
}

func sdkTargets(targets []Target) []elbv2types.TargetDescription {
	all := make([]elbv2types.TargetDescription, len(targets))
	for i := range targets {
		all[i] = elbv2types.TargetDescription{Id: &targets[i].ID, Port: &targets[i].Port}
	}
	return all
}

type deregisterTargets struct {
	group   groupRef
	targets []Target
}

func (s deregisterTargets) do(ctx context.Context, e *executor, done *plan.Outputs) error {
	arn, err := s.group.resolve(done)
	if err != nil {
		return err
	}
	for chunk := range slices.Chunk(s.targets, targetChunk) {
		_, err := e.v2.DeregisterTargets(ctx, &elbv2.DeregisterTargetsInput{TargetGroupArn: &arn, Targets: sdkTargets(chunk)})
		var invalid *elbv2types.InvalidTargetException
		if err != nil && !errors.As(err, &invalid) { // what AWS does not know is not registered
			return err
		}
		e.editTargetGroup(arn, func(g *TargetGroup) { g.Targets = missingTargets(g.Targets, chunk) })
	}
	return nil
}

// createListener opens a port.
type createListener struct {
	wanted ListenerWanted
	group  groupRef
	tags   map[string]string
}

func (s createListener) do(ctx context.Context, e *executor, done *plan.Outputs) error {
	group, err := s.group.resolve(done)
	if err != nil {
		return err
	}
	arn, err := e.arn()
	if err != nil {
		return err
	}
	w := s.wanted
	in := &elbv2.CreateListenerInput{LoadBalancerArn: &arn, Port: &w.Port, Protocol: elbv2types.ProtocolEnum(w.Protocol), DefaultActions: forward(group), Tags: networkTags(s.tags)}
	if w.Protocol == "TLS" {
		in.Certificates, in.SslPolicy = certificates(w), text(w.Policy)
	}
	out, err := e.v2.CreateListener(ctx, in)
	if err != nil {
		return err
	}
	for _, l := range out.Listeners {
		made := listener(l)
		e.set(func(a *Actual) { a.Network.Listeners = append(a.Network.Listeners, made) })
	}
	return nil
}

func forward(group string) []elbv2types.Action {
	return []elbv2types.Action{{Type: elbv2types.ActionTypeEnumForward, TargetGroupArn: &group}}
}

func certificates(w ListenerWanted) []elbv2types.Certificate {
	return []elbv2types.Certificate{{CertificateArn: &w.Certificate}}
}

// modifyListener changes protocol, certificate and target group in one call, so that the port is never
// closed.
type modifyListener struct {
	listener Listener
	wanted   ListenerWanted
	group    groupRef
}

func (s modifyListener) do(ctx context.Context, e *executor, done *plan.Outputs) error {
	group, err := s.group.resolve(done)
	if err != nil {
		return err
	}
	w := s.wanted
	in := &elbv2.ModifyListenerInput{ListenerArn: &s.listener.ARN, Port: &w.Port, Protocol: elbv2types.ProtocolEnum(w.Protocol), DefaultActions: forward(group)}
	if w.Protocol == "TLS" {
		in.Certificates, in.SslPolicy = certificates(w), text(w.Policy)
	}
	out, err := e.v2.ModifyListener(ctx, in)
	if err != nil {
		return err
	}
	for _, l := range out.Listeners {
		now := listener(l)
		e.set(func(a *Actual) {
			for i := range a.Network.Listeners {
				if a.Network.Listeners[i].ARN == now.ARN {
					a.Network.Listeners[i] = now
				}
			}
		})
	}
	return nil
}

// deleteListener closes a port.
type deleteListener struct{ listener Listener }

func (s deleteListener) do(ctx context.Context, e *executor, _ *plan.Outputs) error {
	_, err := e.v2.DeleteListener(ctx, &elbv2.DeleteListenerInput{ListenerArn: &s.listener.ARN})
	var missing *elbv2types.ListenerNotFoundException
	if err != nil && !errors.As(err, &missing) {
		return err
	}
	e.set(func(a *Actual) {
		a.Network.Listeners = slices.DeleteFunc(a.Network.Listeners, func(l Listener) bool { return l.ARN == s.listener.ARN })
	})
	return nil
}

// deleteTargetGroup deletes a target group. AWS may take one for used for a moment after its listener has
// turned away: when nothing depends on it, that is for the next pass.
type deleteTargetGroup struct {
	group   TargetGroup
	mayWait bool
}

func (s deleteTargetGroup) do(ctx context.Context, e *executor, _ *plan.Outputs) error {
	_, err := e.v2.DeleteTargetGroup(ctx, &elbv2.DeleteTargetGroupInput{TargetGroupArn: &s.group.ARN})
	var missing *elbv2types.TargetGroupNotFoundException
	var used *elbv2types.ResourceInUseException
	switch {
	case errors.As(err, &missing):
	case errors.As(err, &used) && s.mayWait:
		e.set(func(a *Actual) { a.Unfinished = true })
		return nil
	case err != nil:
		return err
	}
	e.set(func(a *Actual) {
		if a.Network != nil {
			a.Network.TargetGroups = slices.DeleteFunc(a.Network.TargetGroups, func(g TargetGroup) bool { return g.ARN == s.group.ARN })
		}
		a.Loose = slices.DeleteFunc(a.Loose, func(g TargetGroup) bool { return g.ARN == s.group.ARN })
	})
	return nil
}

// deleteNetwork deletes the load balancer with its listeners; its target groups stay.
type deleteNetwork struct{ arn string }

func (s deleteNetwork) do(ctx context.Context, e *executor, _ *plan.Outputs) error {
	_, err := e.v2.DeleteLoadBalancer(ctx, &elbv2.DeleteLoadBalancerInput{LoadBalancerArn: &s.arn})
	var missing *elbv2types.LoadBalancerNotFoundException
	if err != nil && !errors.As(err, &missing) {
		return err
	}
	e.set(func(a *Actual) {
		if a.Network != nil { // until they are deleted too, its target groups are what is left
			a.Loose = append(a.Loose, a.Network.TargetGroups...)
			a.Network = nil
		}
	})
	return nil
}
