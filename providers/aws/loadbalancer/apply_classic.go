// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"

	"sigs.k8s.io/cloud-providers/common/plan"
)

// createClassic makes a Classic load balancer.
type createClassic struct {
	wanted  Wanted
	subnets []string
	groups  []groupRef
}

func (s createClassic) do(ctx context.Context, e *executor, done *plan.Outputs) error {
	groups, err := resolveAll(s.groups, done)
	if err != nil {
		return err
	}
	in := &elb.CreateLoadBalancerInput{
		LoadBalancerName: &s.wanted.Name, Subnets: s.subnets, SecurityGroups: groups,
		Listeners: sdkListeners(s.wanted.Classic.Listeners), Tags: classicTags(s.wanted.Tags),
	}
	if s.wanted.Internal {
		in.Scheme = aws.String("internal")
	}
	out, err := e.classic.CreateLoadBalancer(ctx, in)
	if err != nil {
		return err
	}
	c := &ClassicActual{DNSName: aws.ToString(out.DNSName), Internal: s.wanted.Internal, Subnets: s.subnets, Groups: groups,
		Tags: s.wanted.Tags, TagsKnown: true, Backends: map[int32][]string{}, Attributes: ClassicAttributes{IdleTimeout: defaultIdle}}
	for _, l := range s.wanted.Classic.Listeners {
		c.Listeners = append(c.Listeners, ClassicListenerActual{ClassicListener: l})
	}
	e.set(func(a *Actual) { a.Classic = c })
	return nil
}

func sdkListeners(listeners []ClassicListener) []elbtypes.Listener {
	var all []elbtypes.Listener
	for _, l := range listeners {
		in := elbtypes.Listener{LoadBalancerPort: l.Port, Protocol: aws.String(l.Protocol), InstancePort: aws.Int32(l.InstancePort), InstanceProtocol: aws.String(l.InstanceProtocol)}
		if l.Certificate != "" {
			in.SSLCertificateId = aws.String(l.Certificate)
		}
		all = append(all, in)
	}
	return all
}

func classicTags(tags map[string]string) []elbtypes.Tag {
	var all []elbtypes.Tag
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		all = append(all, elbtypes.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return all
}

// moveClassic attaches a subnet, or detaches one.
type moveClassic struct {
	subnet string
	attach bool
}

func (s moveClassic) do(ctx context.Context, e *executor, _ *plan.Outputs) error {
	var err error
	if s.attach {
		_, err = e.classic.AttachLoadBalancerToSubnets(ctx, &elb.AttachLoadBalancerToSubnetsInput{LoadBalancerName: &e.actual.Name, Subnets: []string{s.subnet}})
	} else {
		_, err = e.classic.DetachLoadBalancerFromSubnets(ctx, &elb.DetachLoadBalancerFromSubnetsInput{LoadBalancerName: &e.actual.Name, Subnets: []string{s.subnet}})
	}
	if err == nil {
		e.set(func(a *Actual) {
			a.Classic.Subnets = difference(a.Classic.Subnets, []string{s.subnet})
			if s.attach {
				a.Classic.Subnets = append(a.Classic.Subnets, s.subnet)
			}
		})
	}
	return err
}

// setClassicGroups replaces the security groups.
type setClassicGroups struct{ groups []groupRef }

func (s setClassicGroups) do(ctx context.Context, e *executor, done *plan.Outputs) error {
	ids, err := resolveAll(s.groups, done)
	if err != nil {
		return err
	}
	_, err = e.classic.ApplySecurityGroupsToLoadBalancer(ctx, &elb.ApplySecurityGroupsToLoadBalancerInput{LoadBalancerName: &e.actual.Name, SecurityGroups: ids})
	if err == nil {
		e.set(func(a *Actual) { a.Classic.Groups = ids })
	}
	return err
}

// deleteListeners and createListeners change the listeners.
type deleteListeners struct{ listeners []ClassicListener }

func (s deleteListeners) do(ctx context.Context, e *executor, _ *plan.Outputs) error {
	var ports []int32
	for _, l := range s.listeners {
		ports = append(ports, l.Port)
	}
	_, err := e.classic.DeleteLoadBalancerListeners(ctx, &elb.DeleteLoadBalancerListenersInput{LoadBalancerName: &e.actual.Name, LoadBalancerPorts: ports})
	if err == nil {
		e.set(func(a *Actual) {
			a.Classic.Listeners = slices.DeleteFunc(a.Classic.Listeners, func(l ClassicListenerActual) bool { return slices.Contains(ports, l.Port) })
		})
	}
	return err
}

type createListeners struct{ listeners []ClassicListener }

func (s createListeners) do(ctx context.Context, e *executor, _ *plan.Outputs) error {
	_, err := e.classic.CreateLoadBalancerListeners(ctx, &elb.CreateLoadBalancerListenersInput{LoadBalancerName: &e.actual.Name, Listeners: sdkListeners(s.listeners)})
	if err == nil {
		e.set(func(a *Actual) {
			for _, l := range s.listeners {
				a.Classic.Listeners = append(a.Classic.Listeners, ClassicListenerActual{ClassicListener: l})
			}
		})
	}
	return err
}

// tagClassic sets and removes tags.
type tagClassic struct {
	set    map[string]string
	remove []string
}

func (s tagClassic) do(ctx context.Context, e *executor, _ *plan.Outputs) error {
	names := []string{e.actual.Name}
	if len(s.set) > 0 {
		if _, err := e.classic.AddTags(ctx, &elb.AddTagsInput{LoadBalancerNames: names, Tags: classicTags(s.set)}); err != nil {
			return err
		}
	}
	if len(s.remove) > 0 {
		var keys []elbtypes.TagKeyOnly
		for _, key := range s.remove {
			keys = append(keys, elbtypes.TagKeyOnly{Key: aws.String(key)})
		}
		if _, err := e.classic.RemoveTags(ctx, &elb.RemoveTagsInput{LoadBalancerNames: names, Tags: keys}); err != nil {
			return e.optional(err)
		}
	}
	e.set(func(a *Actual) { a.Classic.Tags = edited(a.Classic.Tags, s.set, s.remove) })
	return nil
}

func edited(tags, set map[string]string, remove []string) map[string]string {
	tags = maps.Clone(tags)
	if tags == nil {
		tags = map[string]string{}
	}
	maps.Copy(tags, set)
	for _, key := range remove {
		delete(tags, key)
	}
	return tags
}

// createPolicy makes a policy with one attribute. One that is there already is the same: its name says what
// it is.
type createPolicy struct{ name, kind, attribute, value string }

func (s createPolicy) do(ctx context.Context, e *executor, _ *plan.Outputs) error {
	_, err := e.classic.CreateLoadBalancerPolicy(ctx, &elb.CreateLoadBalancerPolicyInput{
		LoadBalancerName: &e.actual.Name, PolicyName: &s.name, PolicyTypeName: &s.kind,
		PolicyAttributes: []elbtypes.PolicyAttribute{{AttributeName: &s.attribute, AttributeValue: &s.value}},
	})
	var duplicate *elbtypes.DuplicatePolicyNameException
	if err != nil && !errors.As(err, &duplicate) {
		return err
	}
	e.set(func(a *Actual) { a.Classic.Policies = append(slices.Clone(a.Classic.Policies), s.name) })
	return nil
}

// setBackendPolicies sets the policies of an instance port; none clears them.
type setBackendPolicies struct {
	port     int32
	policies []string
}

func (s setBackendPolicies) do(ctx context.Context, e *executor, _ *plan.Outputs) error {
	policies := s.policies
	if policies == nil {
		policies = []string{} // sent as an empty list, which clears; nil would not be sent
	}
	_, err := e.classic.SetLoadBalancerPoliciesForBackendServer(ctx, &elb.SetLoadBalancerPoliciesForBackendServerInput{LoadBalancerName: &e.actual.Name, InstancePort: &s.port, PolicyNames: policies})
	if err == nil {
		e.set(func(a *Actual) { a.Classic.Backends[s.port] = policies })
	}
	return err
}

// setListenerPolicy sets the TLS policy of a listener.
type setListenerPolicy struct {
	port   int32
	policy string
}

func (s setListenerPolicy) do(ctx context.Context, e *executor, _ *plan.Outputs) error {
	_, err := e.classic.SetLoadBalancerPoliciesOfListener(ctx, &elb.SetLoadBalancerPoliciesOfListenerInput{LoadBalancerName: &e.actual.Name, LoadBalancerPort: s.port, PolicyNames: []string{s.policy}})
	if err == nil {
		e.set(func(a *Actual) {
			for i := range a.Classic.Listeners {
				if a.Classic.Listeners[i].Port == s.port {
					a.Classic.Listeners[i].Policies = []string{s.policy}
				}
			}
		})
	}
	return err
}

// modifyClassic sets the attributes.
type modifyClassic struct{ attributes ClassicAttributes }

func (s modifyClassic) do(ctx context.Context, e *executor, _ *plan.Outputs) error {
	w := s.attributes
	in := &elbtypes.LoadBalancerAttributes{
		AccessLog:              &elbtypes.AccessLog{Enabled: w.LogEnabled, S3BucketName: text(w.LogBucket), S3BucketPrefix: text(w.LogPrefix), EmitInterval: some32(w.LogInterval)},
		ConnectionDraining:     &elbtypes.ConnectionDraining{Enabled: w.DrainingEnabled, Timeout: some32(w.DrainingTimeout)},
		ConnectionSettings:     &elbtypes.ConnectionSettings{IdleTimeout: aws.Int32(w.IdleTimeout)},
		CrossZoneLoadBalancing: &elbtypes.CrossZoneLoadBalancing{Enabled: w.CrossZone},
	}
	_, err := e.classic.ModifyLoadBalancerAttributes(ctx, &elb.ModifyLoadBalancerAttributesInput{LoadBalancerName: &e.actual.Name, LoadBalancerAttributes: in})
	if err == nil {
		e.set(func(a *Actual) { a.Classic.Attributes = w })
	}
	return err
}

// text and some32 leave out what is not set.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func some32(n int32) *int32 {
	if n == 0 {
		return nil
	}
	return &n
}

// configureHealth sets the health check.
type configureHealth struct{ health ClassicHealth }

func (s configureHealth) do(ctx context.Context, e *executor, _ *plan.Outputs) error {
	h := s.health
	_, err := e.classic.ConfigureHealthCheck(ctx, &elb.ConfigureHealthCheckInput{LoadBalancerName: &e.actual.Name, HealthCheck: &elbtypes.HealthCheck{
		Target: &h.Target, Interval: &h.Interval, Timeout: &h.Timeout, HealthyThreshold: &h.Healthy, UnhealthyThreshold: &h.Unhealthy,
	}})
	if err == nil {
		e.set(func(a *Actual) { a.Classic.Health = h })
	}
	return err
}

// registerInstances registers instances. One that AWS does not know any more does not keep the others out.
type registerInstances struct{ ids []string }

func (s registerInstances) do(ctx context.Context, e *executor, _ *plan.Outputs) error {
	ids := s.ids
	for len(ids) > 0 {
		_, err := e.classic.RegisterInstancesWithLoadBalancer(ctx, &elb.RegisterInstancesWithLoadBalancerInput{LoadBalancerName: &e.actual.Name, Instances: sdkInstances(ids)})
		var invalid *elbtypes.InvalidEndPointException
		if errors.As(err, &invalid) {
			if left := without(ids, err.Error()); len(left) < len(ids) {
				ids = left
				continue
			}
		}
		if err == nil {
			e.set(func(a *Actual) { a.Classic.Instances = append(slices.Clone(a.Classic.Instances), ids...) })
		}
		return err
	}
	return nil
}

// without leaves out the IDs that an error message names.
func without(ids []string, message string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return strings.Contains(message, id) })
}

func sdkInstances(ids []string) []elbtypes.Instance {
	all := make([]elbtypes.Instance, len(ids))
	for i := range ids {
		all[i] = elbtypes.Instance{InstanceId: &ids[i]}
	}
	return all
}

type deregisterInstances struct{ ids []string }

func (s deregisterInstances) do(ctx context.Context, e *executor, _ *plan.Outputs) error {
	_, err := e.classic.DeregisterInstancesFromLoadBalancer(ctx, &elb.DeregisterInstancesFromLoadBalancerInput{LoadBalancerName: &e.actual.Name, Instances: sdkInstances(s.ids)})
	var invalid *elbtypes.InvalidEndPointException
	if err != nil && !errors.As(err, &invalid) { // what AWS does not know is not registered
		return err
	}
	e.set(func(a *Actual) { a.Classic.Instances = difference(a.Classic.Instances, s.ids) })
	return nil
}

// deleteClassic deletes the load balancer; AWS takes one that is gone for success.
type deleteClassic struct{}

func (s deleteClassic) do(ctx context.Context, e *executor, _ *plan.Outputs) error {
	if _, err := e.classic.DeleteLoadBalancer(ctx, &elb.DeleteLoadBalancerInput{LoadBalancerName: &e.actual.Name}); err != nil {
		return fmt.Errorf("delete Classic load balancer %s: %w", e.actual.Name, err)
	}
	e.set(func(a *Actual) { a.Classic = nil })
	return nil
}
