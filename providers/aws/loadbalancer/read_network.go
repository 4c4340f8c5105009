// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbv2types "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/providers/aws/client"
	"sigs.k8s.io/cloud-providers/providers/aws/cluster"
)

// findNetwork fills in the network load balancers with some names.
func (l *LoadBalancers) findNetwork(ctx context.Context, names []string, byName map[string]*question) error {
	if len(names) == 0 {
		return nil
	}
	in := &elbv2.DescribeLoadBalancersInput{PageSize: aws.Int32(elbPage)}
	if len(names) == 1 {
		in = &elbv2.DescribeLoadBalancersInput{Names: names}
	}
	for {
		out, err := l.v2.DescribeLoadBalancers(ctx, in)
		var missing *elbv2types.LoadBalancerNotFoundException
		if errors.As(err, &missing) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("describe network load balancers: %w", err)
		}
		for _, lb := range out.LoadBalancers {
			q := byName[aws.ToString(lb.LoadBalancerName)]
			switch {
			case q == nil || !q.kinds[Network]:
			case lb.Type != elbv2types.LoadBalancerTypeEnumNetwork:
				q.actual.OtherType = string(lb.Type)
			default:
				q.actual.Network = networkActual(lb)
			}
		}
		if aws.ToString(out.NextMarker) == "" {
			return nil
		}
		in.Marker = out.NextMarker
	}
}

func networkActual(lb elbv2types.LoadBalancer) *NetworkActual {
	n := &NetworkActual{
		ARN: aws.ToString(lb.LoadBalancerArn), DNSName: aws.ToString(lb.DNSName), VPC: aws.ToString(lb.VpcId),
		Internal: lb.Scheme == elbv2types.LoadBalancerSchemeEnumInternal, Groups: lb.SecurityGroups,
		AddressType: string(lb.IpAddressType),
	}
	if lb.State != nil {
		n.State, n.Reason = string(lb.State.Code), aws.ToString(lb.State.Reason)
	}
	for _, z := range lb.AvailabilityZones {
		n.Subnets = append(n.Subnets, aws.ToString(z.SubnetId))
	}
	return n
}

// readNetworkTags reads the tags of at most 20 load balancers.
func (l *LoadBalancers) readNetworkTags(ctx context.Context, balancers []*NetworkActual) error {
	var arns []string
	for _, b := range balancers {
		arns = append(arns, b.ARN)
	}
	tags, err := l.tagsOf(ctx, arns)
	if err != nil {
		return fmt.Errorf("read tags of network load balancers: %w", err)
	}
	for _, b := range balancers {
		b.Tags, b.TagsKnown = tags[b.ARN], tags[b.ARN] != nil
	}
	return nil
}

// tagsOf reads the tags of at most 20 resources of ELBv2.
func (l *LoadBalancers) tagsOf(ctx context.Context, arns []string) (map[string]map[string]string, error) {
	out, err := l.v2.DescribeTags(ctx, &elbv2.DescribeTagsInput{ResourceArns: arns})
	if err != nil {
		return nil, err
	}
	all := map[string]map[string]string{}
	for _, d := range out.TagDescriptions {
		tags := map[string]string{}
		for _, t := range d.Tags {
			tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
		all[aws.ToString(d.ResourceArn)] = tags
	}
	return all, nil
}

// readNetwork reads the listeners, target groups and attributes of a load balancer.
func (l *LoadBalancers) readNetwork(ctx context.Context, n *NetworkActual, service *v1.Service) error {
	attributes, err := l.v2.DescribeLoadBalancerAttributes(ctx, &elbv2.DescribeLoadBalancerAttributesInput{LoadBalancerArn: &n.ARN})
	if err != nil {
		return fmt.Errorf("describe attributes: %w", err)
	}
	n.Attributes = map[string]string{}
	for _, a := range attributes.Attributes {
		n.Attributes[aws.ToString(a.Key)] = aws.ToString(a.Value)
	}
	listeners := elbv2.NewDescribeListenersPaginator(l.v2, &elbv2.DescribeListenersInput{LoadBalancerArn: &n.ARN})
	for listeners.HasMorePages() {
		page, err := listeners.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("describe listeners: %w", err)
		}
		for _, in := range page.Listeners {
			n.Listeners = append(n.Listeners, listener(in))
		}
	}
	if service.Annotations[groupAttributes.Key()] != "" {
		if err := l.readGroupAttributes(ctx, n); err != nil {
			return err
		}
	}
	return l.readTargets(ctx, n)
}

func listener(in elbv2types.Listener) Listener {
	out := Listener{ARN: aws.ToString(in.ListenerArn), Port: aws.ToInt32(in.Port), Protocol: string(in.Protocol), Policy: aws.ToString(in.SslPolicy)}
	if len(in.Certificates) > 0 {
		out.Certificate = aws.ToString(in.Certificates[0].CertificateArn)
	}
	for _, a := range in.DefaultActions {
		if a.Type == elbv2types.ActionTypeEnumForward {
			out.TargetGroup = aws.ToString(a.TargetGroupArn)
			if f := a.ForwardConfig; out.TargetGroup == "" && f != nil && len(f.TargetGroups) > 0 {
				out.TargetGroup = aws.ToString(f.TargetGroups[0].TargetGroupArn)
			}
		}
	}
	return out
}

func targetGroupOf(in elbv2types.TargetGroup) TargetGroup {
	return TargetGroup{
		ARN: aws.ToString(in.TargetGroupArn), Name: aws.ToString(in.TargetGroupName), Protocol: string(in.Protocol),
		Port: aws.ToInt32(in.Port), Used: len(in.LoadBalancerArns) > 0,
		Health: Health{
			Protocol: string(in.HealthCheckProtocol), Port: aws.ToString(in.HealthCheckPort), Path: aws.ToString(in.HealthCheckPath),
			Interval: aws.ToInt32(in.HealthCheckIntervalSeconds), Timeout: aws.ToInt32(in.HealthCheckTimeoutSeconds),
			Healthy: aws.ToInt32(in.HealthyThresholdCount), Unhealthy: aws.ToInt32(in.UnhealthyThresholdCount),
		},
	}
}

func (l *LoadBalancers) readGroupAttributes(ctx context.Context, n *NetworkActual) error {
	for i := range n.TargetGroups {
		g := &n.TargetGroups[i]
		out, err := l.v2.DescribeTargetGroupAttributes(ctx, &elbv2.DescribeTargetGroupAttributesInput{TargetGroupArn: &g.ARN})
		if err != nil {
			return fmt.Errorf("describe attributes of target group %s: %w", g.Name, err)
		}
		g.Attributes = map[string]string{}
		for _, a := range out.Attributes {
			g.Attributes[aws.ToString(a.Key)] = aws.ToString(a.Value)
		}
	}
	return nil
}

// readTargets reads who is registered in each target group. Targets that are leaving are gone: one that is
// wanted again has to be registered again.
func (l *LoadBalancers) readTargets(ctx context.Context, n *NetworkActual) error {
	for i := range n.TargetGroups {
		g := &n.TargetGroups[i]
		out, err := l.v2.DescribeTargetHealth(ctx, &elbv2.DescribeTargetHealthInput{TargetGroupArn: &g.ARN})
		if err != nil {
			return fmt.Errorf("describe targets of %s: %w", g.Name, err)
		}
		g.Targets = nil
		for _, d := range out.TargetHealthDescriptions {
			if d.Target == nil || d.TargetHealth != nil && d.TargetHealth.Reason == elbv2types.TargetHealthReasonEnumDeregistrationInProgress {
				continue
			}
			g.Targets = append(g.Targets, Target{ID: aws.ToString(d.Target.Id), Port: aws.ToInt32(d.Target.Port)})
		}
	}
	return nil
}

// findTargetGroups reads all target groups once: those of the load balancers that were found, and loose ones
// that have a name of one of the Services. Those are what was left when a port was changed, or when the load
// balancer went first.
func (l *LoadBalancers) findTargetGroups(ctx context.Context, questions []*question) error {
	byARN, byPrefix := map[string]*question{}, map[string][]*question{}
	for _, q := range questions {
		if n := q.actual.Network; n != nil {
			byARN[n.ARN] = q
		}
		if q.actual.Network != nil || q.removing {
			prefix := groupPrefix(q.in.Service)
			byPrefix[prefix] = append(byPrefix[prefix], q)
		}
	}
	if len(byPrefix) == 0 {
		return nil
	}
	pages := elbv2.NewDescribeTargetGroupsPaginator(l.v2, &elbv2.DescribeTargetGroupsInput{PageSize: aws.Int32(elbPage)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if client.Denied(err) && len(byARN) == 0 {
			return nil // a cluster that only ever had Classic load balancers
		}
		if err != nil {
			return fmt.Errorf("describe target groups: %w", err)
		}
		for _, in := range page.TargetGroups {
			g := targetGroupOf(in)
			for _, arn := range in.LoadBalancerArns {
				if q := byARN[arn]; q != nil {
					q.actual.Network.TargetGroups = append(q.actual.Network.TargetGroups, g)
				}
			}
			if n := len(g.Name) - hashDigits; !g.Used && n > 0 {
				for _, q := range byPrefix[g.Name[:n]] {
					q.actual.Loose = append(q.actual.Loose, g)
				}
			}
		}
	}
	return l.proveLoose(ctx, questions)
}

// groupPrefix begins the names of a Service's target groups.
func groupPrefix(service *v1.Service) string {
	n := hashedName(service, strings.Repeat("0", hashDigits))
	return n[:len(n)-hashDigits]
}

// proveLoose keeps the loose target groups whose tags say that they are the Service's: short names are alike. The
// in-tree provider's have no such tag; their whole name has to do.
func (l *LoadBalancers) proveLoose(ctx context.Context, questions []*question) error {
	for _, q := range questions {
		var proven []TargetGroup
		names := possibleGroupNames(l.settings.Cluster.ID, q.in.Service)
		for chunk := range slices.Chunk(q.actual.Loose, tagPage) {
			var arns []string
			for _, g := range chunk {
				arns = append(arns, g.ARN)
			}
			tags, err := l.tagsOf(ctx, arns)
			var missing *elbv2types.TargetGroupNotFoundException
			if err != nil && !client.Denied(err) && !errors.As(err, &missing) {
				return fmt.Errorf("read tags of target groups: %w", err)
			}
			for _, g := range chunk {
				if client.Denied(err) { // the whole name has the cluster's ID in it, too
					if names[g.Name] {
						proven = append(proven, g)
					}
					continue
				}
				t := tags[g.ARN]
				service, tagged := t[cluster.ServiceTag]
				if l.settings.Cluster.Owned(t) && service == q.actual.Service || !tagged && !l.settings.Cluster.Foreign(t) && names[g.Name] {
					proven = append(proven, g)
				}
			}
		}
		q.actual.Loose = proven
	}
	return nil
}
