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
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"
)

const (
	elbPage = 400
	tagPage = 20
)

// findClassic fills in the Classic load balancers with some names.
func (l *LoadBalancers) findClassic(ctx context.Context, names []string, byName map[string]*question) error {
	if len(names) == 0 {
		return nil
	}
	in := &elb.DescribeLoadBalancersInput{PageSize: aws.Int32(elbPage)}
	if len(names) == 1 {
		in = &elb.DescribeLoadBalancersInput{LoadBalancerNames: names}
	}
	for {
		out, err := l.classic.DescribeLoadBalancers(ctx, in)
		var missing *elbtypes.AccessPointNotFoundException
		if errors.As(err, &missing) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("describe Classic load balancers: %w", err)
		}
		for _, d := range out.LoadBalancerDescriptions {
			if q := byName[aws.ToString(d.LoadBalancerName)]; q != nil && q.kinds[Classic] {
				q.actual.Classic = classicActual(d)
			}
		}
		if aws.ToString(out.NextMarker) == "" {
			return nil
		}
		in.Marker = out.NextMarker
	}
}

func classicActual(d elbtypes.LoadBalancerDescription) *ClassicActual {
	c := &ClassicActual{
		DNSName: aws.ToString(d.DNSName), Internal: aws.ToString(d.Scheme) == "internal",
		Subnets: d.Subnets, Groups: d.SecurityGroups, Instances: instanceIDs(d), Backends: map[int32][]string{},
	}
	for _, ld := range d.ListenerDescriptions {
		if ld.Listener == nil {
			continue
		}
		c.Listeners = append(c.Listeners, ClassicListenerActual{Policies: ld.PolicyNames, ClassicListener: ClassicListener{
			Port: ld.Listener.LoadBalancerPort, Protocol: strings.ToLower(aws.ToString(ld.Listener.Protocol)),
			InstancePort: aws.ToInt32(ld.Listener.InstancePort), InstanceProtocol: strings.ToLower(aws.ToString(ld.Listener.InstanceProtocol)),
			Certificate: aws.ToString(ld.Listener.SSLCertificateId),
		}})
	}
	for _, b := range d.BackendServerDescriptions {
		c.Backends[aws.ToInt32(b.InstancePort)] = b.PolicyNames
	}
	if p := d.Policies; p != nil {
		c.Policies = slices.Clone(p.OtherPolicies)
	}
	if h := d.HealthCheck; h != nil {
		c.Health = ClassicHealth{Target: aws.ToString(h.Target), Healthy: aws.ToInt32(h.HealthyThreshold), Unhealthy: aws.ToInt32(h.UnhealthyThreshold),
			Timeout: aws.ToInt32(h.Timeout), Interval: aws.ToInt32(h.Interval)}
	}
	return c
}

func instanceIDs(d elbtypes.LoadBalancerDescription) []string {
	ids := make([]string, 0, len(d.Instances))
	for _, i := range d.Instances {
		ids = append(ids, aws.ToString(i.InstanceId))
	}
	slices.Sort(ids)
	return ids
}

// readClassicTags reads the tags of at most 20 load balancers.
func (l *LoadBalancers) readClassicTags(ctx context.Context, names []string, balancers []*ClassicActual) error {
	out, err := l.classic.DescribeTags(ctx, &elb.DescribeTagsInput{LoadBalancerNames: names})
	if err != nil {
		return fmt.Errorf("read tags of Classic load balancers: %w", err)
	}
	for _, d := range out.TagDescriptions {
		n := slices.Index(names, aws.ToString(d.LoadBalancerName))
		if n < 0 {
			continue
		}
		tags := map[string]string{}
		for _, t := range d.Tags {
			tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
		balancers[n].Tags, balancers[n].TagsKnown = tags, true
	}
	return nil
}

// readClassic reads what the description of a load balancer does not have.
func (l *LoadBalancers) readClassic(ctx context.Context, a *Actual) error {
	out, err := l.classic.DescribeLoadBalancerAttributes(ctx, &elb.DescribeLoadBalancerAttributesInput{LoadBalancerName: &a.Name})
	if err != nil {
		return fmt.Errorf("describe the attributes of Classic load balancer %s: %w", a.Name, err)
	}
	a.Classic.Attributes = classicAttributes(out.LoadBalancerAttributes)
	return nil
}

func classicAttributes(in *elbtypes.LoadBalancerAttributes) ClassicAttributes {
	var a ClassicAttributes
	if in == nil {
		return a
	}
	if g := in.AccessLog; g != nil {
		a.LogEnabled, a.LogInterval = g.Enabled, aws.ToInt32(g.EmitInterval)
		a.LogBucket, a.LogPrefix = aws.ToString(g.S3BucketName), aws.ToString(g.S3BucketPrefix)
	}
	if d := in.ConnectionDraining; d != nil {
		a.DrainingEnabled, a.DrainingTimeout = d.Enabled, aws.ToInt32(d.Timeout)
	}
	if s := in.ConnectionSettings; s != nil {
		a.IdleTimeout = aws.ToInt32(s.IdleTimeout)
	}
	if z := in.CrossZoneLoadBalancing; z != nil {
		a.CrossZone = z.Enabled
	}
	return a
}

// readInstances reads the instances of a load balancer that is known otherwise.
func (l *LoadBalancers) readInstances(ctx context.Context, a *Actual) error {
	out, err := l.classic.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{LoadBalancerNames: []string{a.Name}})
	if err != nil {
		return fmt.Errorf("describe Classic load balancer %s: %w", a.Name, err)
	}
	if len(out.LoadBalancerDescriptions) == 1 {
		a.Classic.Instances = instanceIDs(out.LoadBalancerDescriptions[0])
	}
	return nil
}
