// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/elb"
)

type createGroup = func(*v2.CreateTargetGroupInput)

func TestTargetGroupDefaults(t *testing.T) {
	c := start(t, elb.Options{})
	tg := c.createGroup(t, "tcp")
	same(t, "ARN", *tg.TargetGroupArn, "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/tcp/69791d75b384e1a4")
	same(t, "TCP", line(tg.Protocol, *tg.Port, tg.TargetType, tg.IpAddressType, tg.HealthCheckProtocol, *tg.HealthCheckPort, *tg.HealthCheckIntervalSeconds,
		*tg.HealthCheckTimeoutSeconds, *tg.HealthyThresholdCount, *tg.UnhealthyThresholdCount, tg.HealthCheckPath == nil, tg.Matcher == nil), "TCP 30080 instance ipv4 TCP traffic-port 30 10 5 2 true true")
	tg = c.createGroup(t, "http", func(in *v2.CreateTargetGroupInput) { in.HealthCheckProtocol = "HTTP" })
	same(t, "HTTP health check", line(*tg.HealthCheckTimeoutSeconds, *tg.HealthCheckPath, *tg.Matcher.HttpCode), "6 / 200-399")
	tg = c.createGroup(t, "https", func(in *v2.CreateTargetGroupInput) { in.HealthCheckProtocol = "HTTPS" })
	same(t, "HTTPS health check", line(*tg.HealthCheckTimeoutSeconds, *tg.HealthCheckPath, *tg.Matcher.HttpCode), "10 / 200-399")

	groupAttributes := func(tg types.TargetGroup) map[string]string {
		out := map[string]string{}
		for _, a := range ok(c.v2.DescribeTargetGroupAttributes(t.Context(), &v2.DescribeTargetGroupAttributesInput{TargetGroupArn: tg.TargetGroupArn}))(t).Attributes {
			out[*a.Key] = *a.Value
		}
		return out
	}
	a := groupAttributes(tg)
	same(t, "attributes", line(a["deregistration_delay.timeout_seconds"], a["preserve_client_ip.enabled"], a["proxy_protocol_v2.enabled"], a["stickiness.enabled"], a["stickiness.type"]), "300 true false false source_ip")
	a = groupAttributes(c.createGroup(t, "ip", func(in *v2.CreateTargetGroupInput) { in.TargetType = "ip" }))
	same(t, "client IP preservation for addresses", a["preserve_client_ip.enabled"], "false")
	udp := c.createGroup(t, "udp", func(in *v2.CreateTargetGroupInput) { in.Protocol = "UDP" })
	same(t, "health check of UDP", udp.HealthCheckProtocol, types.ProtocolEnumTcp)
	modify := func(tg types.TargetGroup, key, value string) error {
		return refusal(c.v2.ModifyTargetGroupAttributes(t.Context(), &v2.ModifyTargetGroupAttributesInput{TargetGroupArn: tg.TargetGroupArn, Attributes: []types.TargetGroupAttribute{{Key: &key, Value: &value}}}))
	}
	refused[*types.InvalidConfigurationRequestException](t, modify(udp, "preserve_client_ip.enabled", "false"), "Client IP preservation")
	refusedCode(t, modify(tg, "deregistration_delay.timeout_seconds", "3601"), "ValidationError", "3601")
	refusedCode(t, modify(tg, "slow_start.duration_seconds", "30"), "ValidationError", "not recognized")
	if err := modify(tg, "preserve_client_ip.enabled", "false"); err != nil {
		t.Fatal(err)
	}
	same(t, "changed attribute", groupAttributes(tg)["preserve_client_ip.enabled"], "false")
}

func TestTargetGroupCreateAgainAndRefused(t *testing.T) {
	c := start(t, elb.Options{Quotas: elb.Quotas{TargetGroups: 1}})
	first := c.createGroup(t, "tg")
	same(t, "ARN of the second create call", *c.createGroup(t, "tg").TargetGroupArn, *first.TargetGroupArn)
	duplicate := typed[*types.DuplicateTargetGroupNameException]("A target group with the same name 'tg' exists, but with different settings")
	for _, test := range []struct {
		name   string
		change createGroup
		check  func(*testing.T, error)
	}{
		{"another port", func(in *v2.CreateTargetGroupInput) { in.Port = aws.Int32(1) }, duplicate},
		{"another protocol", func(in *v2.CreateTargetGroupInput) { in.Protocol = "UDP" }, duplicate},
		{"another interval", func(in *v2.CreateTargetGroupInput) { in.HealthCheckIntervalSeconds = aws.Int32(10) }, duplicate},
		{"another health check", func(in *v2.CreateTargetGroupInput) { in.HealthCheckProtocol = "HTTP" }, duplicate},
		{"tags", func(in *v2.CreateTargetGroupInput) { in.Tags = []types.Tag{{Key: aws.String("a")}} }, duplicate},
		{"another name than the one there may be", func(in *v2.CreateTargetGroupInput) { in.Name = aws.String("tg2") }, typed[*types.TooManyTargetGroupsException]("maximum")},
		{"a long name", func(in *v2.CreateTargetGroupInput) { in.Name = aws.String("a23456789012345678901234567890123") }, code("ValidationError", "'32'")},
		{"no port", func(in *v2.CreateTargetGroupInput) { in.Port = nil }, code("ValidationError", "port")},
		{"an unknown VPC", func(in *v2.CreateTargetGroupInput) { in.VpcId = aws.String("vpc-00000000000000000") }, code("ValidationError", "vpc-00000000000000000")},
		{"a path for TCP", func(in *v2.CreateTargetGroupInput) { in.HealthCheckPath = aws.String("/") }, typed[*types.InvalidConfigurationRequestException]("TCP health checks")},
		{"an interval of 4", func(in *v2.CreateTargetGroupInput) { in.HealthCheckIntervalSeconds = aws.Int32(4) }, code("ValidationError", "interval '4'")},
		{"a threshold of 11", func(in *v2.CreateTargetGroupInput) { in.HealthyThresholdCount = aws.Int32(11) }, code("ValidationError", "threshold count '11'")},
		{"a timeout longer than the interval", func(in *v2.CreateTargetGroupInput) { in.HealthCheckTimeoutSeconds = aws.Int32(31) }, code("ValidationError", "timeout '31'")},
		{"a UDP health check", func(in *v2.CreateTargetGroupInput) { in.HealthCheckProtocol = "UDP" }, code("ValidationError", "UDP")},
		{"health checks off", func(in *v2.CreateTargetGroupInput) { in.HealthCheckEnabled = aws.Bool(false) }, typed[*types.InvalidConfigurationRequestException]("must be true")},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := c.v2.CreateTargetGroup(t.Context(), c.groupInput("tg", test.change))
			test.check(t, err)
		})
	}
}

func TestTargetGroupUse(t *testing.T) {
	c := start(t, elb.Options{})
	lb, tg := c.createBalancer(t, "lb"), c.createGroup(t, "tg")
	l := c.createListener(t, listenerInput(lb, tg, 80, "TCP"))
	remove := func() error {
		return refusal(c.v2.DeleteTargetGroup(t.Context(), &v2.DeleteTargetGroupInput{TargetGroupArn: tg.TargetGroupArn}))
	}
	refused[*types.ResourceInUseException](t, remove(), "is currently in use by a listener or a rule")
	of := func(lb types.LoadBalancer) []types.TargetGroup {
		return ok(c.v2.DescribeTargetGroups(t.Context(), &v2.DescribeTargetGroupsInput{LoadBalancerArn: lb.LoadBalancerArn}))(t).TargetGroups
	}
	same(t, "load balancers of the group", line(of(lb)[0].LoadBalancerArns), line([]string{*lb.LoadBalancerArn}))
	other := c.createBalancer(t, "other")
	same(t, "number of groups of another load balancer", len(of(other)), 0)
	_, err := c.v2.CreateListener(t.Context(), listenerInput(other, tg, 80, "TCP"))
	refused[*types.TargetGroupAssociationLimitException](t, err, *tg.TargetGroupArn)

	ok(c.v2.DeleteLoadBalancer(t.Context(), &v2.DeleteLoadBalancerInput{LoadBalancerArn: lb.LoadBalancerArn}))(t)
	_, err = c.v2.DescribeListeners(t.Context(), &v2.DescribeListenersInput{ListenerArns: []string{*l.ListenerArn}})
	refused[*types.ListenerNotFoundException](t, err, "listeners not found")
	same(t, "number of load balancers of the group", len(ok(c.v2.DescribeTargetGroups(t.Context(), &v2.DescribeTargetGroupsInput{Names: []string{"tg"}}))(t).TargetGroups[0].LoadBalancerArns), 0)
	for range 2 { // deleting is idempotent
		if err := remove(); err != nil {
			t.Fatal(err)
		}
	}
	_, err = c.v2.DescribeTargetGroups(t.Context(), &v2.DescribeTargetGroupsInput{Names: []string{"tg"}})
	refused[*types.TargetGroupNotFoundException](t, err, "One or more target groups not found")
	_, err = c.v2.DescribeTargetGroups(t.Context(), &v2.DescribeTargetGroupsInput{TargetGroupArns: []string{*tg.TargetGroupArn}})
	refused[*types.TargetGroupNotFoundException](t, err, "One or more target groups not found")
}

func TestTargetGroupsPages(t *testing.T) {
	c := start(t, elb.Options{})
	lb := c.createBalancer(t, "lb")
	for i := range 5 {
		tg := c.createGroup(t, fmt.Sprint("tg-", i))
		c.createListener(t, listenerInput(lb, tg, int32(80+i), "TCP"))
	}
	c.createGroup(t, "unused")
	for _, arn := range []*string{nil, lb.LoadBalancerArn} {
		n := 0
		for p := v2.NewDescribeTargetGroupsPaginator(c.v2, &v2.DescribeTargetGroupsInput{LoadBalancerArn: arn, PageSize: aws.Int32(2)}); p.HasMorePages(); {
			n += len(ok(p.NextPage(t.Context()))(t).TargetGroups)
		}
		want := 6
		if arn != nil {
			want = 5
		}
		same(t, "number of groups", n, want)
	}
	ports := []int32{}
	for p := v2.NewDescribeListenersPaginator(c.v2, &v2.DescribeListenersInput{LoadBalancerArn: lb.LoadBalancerArn, PageSize: aws.Int32(2)}); p.HasMorePages(); {
		for _, l := range ok(p.NextPage(t.Context()))(t).Listeners {
			ports = append(ports, *l.Port)
		}
	}
	same(t, "ports", line(ports), "[80 81 82 83 84]")
}

func TestTargetGroupModify(t *testing.T) {
	c := start(t, elb.Options{})
	tg := c.createGroup(t, "tg", func(in *v2.CreateTargetGroupInput) {
		in.HealthCheckProtocol, in.HealthCheckPath = "HTTP", aws.String("/healthz")
	})
	out := ok(c.v2.ModifyTargetGroup(t.Context(), &v2.ModifyTargetGroupInput{TargetGroupArn: tg.TargetGroupArn, HealthCheckPort: aws.String("10256"), HealthyThresholdCount: aws.Int32(3)}))(t).TargetGroups[0]
	same(t, "health check", line(out.HealthCheckProtocol, *out.HealthCheckPath, *out.HealthCheckPort, *out.HealthyThresholdCount), "HTTP /healthz 10256 3")
	out = ok(c.v2.ModifyTargetGroup(t.Context(), &v2.ModifyTargetGroupInput{TargetGroupArn: tg.TargetGroupArn, HealthCheckProtocol: "TCP"}))(t).TargetGroups[0]
	same(t, "health check", line(out.HealthCheckProtocol, out.HealthCheckPath == nil, *out.HealthCheckTimeoutSeconds), "TCP true 10")
	_, err := c.v2.ModifyTargetGroup(t.Context(), &v2.ModifyTargetGroupInput{TargetGroupArn: tg.TargetGroupArn, HealthCheckPort: aws.String("http")})
	refusedCode(t, err, "ValidationError", "http")
}

func TestTargets(t *testing.T) {
	c := start(t, elb.Options{Timing: elb.Timing{Initial: 30 * time.Second}})
	lb, tg := c.createBalancer(t, "lb"), c.createGroup(t, "tg")
	ids := c.instances(t, 4)
	state := func(ids ...string) (out []string) {
		for _, h := range c.health(t, tg, ids...) {
			out = append(out, string(h.TargetHealth.State)+"/"+string(h.TargetHealth.Reason))
		}
		return out
	}
	c.register(t, tg, ids[:3]...)
	same(t, "states before there is a listener", line(state()), "[unused/Target.NotInUse unused/Target.NotInUse unused/Target.NotInUse]")
	l := c.createListener(t, listenerInput(lb, tg, 80, "TCP"))
	same(t, "state at first", state(ids[0])[0], "initial/Elb.RegistrationInProgress")
	c.set(0, 10*time.Second)
	wait := v2.NewTargetInServiceWaiter(c.v2, func(o *v2.TargetInServiceWaiterOptions) { o.MinDelay, o.MaxDelay = time.Millisecond, time.Millisecond })
	if err := wait.Wait(t.Context(), &v2.DescribeTargetHealthInput{TargetGroupArn: tg.TargetGroupArn, Targets: targets(ids[:2]...)}, time.Minute); err != nil {
		t.Fatal(err)
	}
	c.set(0, 0)
	same(t, "states; the third zone is not the load balancer's", line(state(ids[:3]...)), "[healthy/ healthy/ unused/Target.NotInUse]")
	same(t, "state of one that is not registered", state(ids[3])[0], "unused/Target.NotRegistered")
	h := c.health(t, tg, ids[0])[0]
	same(t, "ports", line(*h.Target.Port, *h.HealthCheckPort), "30080 30080")
	if err := c.elb.ChangeTarget("tg", ids[1], func(x *elb.Target) { x.Unhealthy = "Target.FailedHealthChecks" }); err != nil {
		t.Fatal(err)
	}
	same(t, "state of one that fails", state(ids[1])[0], "unhealthy/Target.FailedHealthChecks")

	deregister := &v2.DeregisterTargetsInput{TargetGroupArn: tg.TargetGroupArn, Targets: targets(ids[0], ids[3])}
	ok(c.v2.DeregisterTargets(t.Context(), deregister))(t)
	same(t, "state after deregistration", state(ids[0])[0], "draining/Target.DeregistrationInProgress")
	same(t, "number of targets", len(state()), 3)
	c.move(299 * time.Second)
	same(t, "number of targets just before the delay is over", len(state()), 3)
	c.move(time.Second)
	same(t, "number of targets after the delay", len(state()), 2)
	same(t, "state after the delay", state(ids[0])[0], "unused/Target.NotRegistered")

	c.register(t, tg, ids[0])
	ok(c.v2.DeregisterTargets(t.Context(), deregister))(t)
	c.register(t, tg, ids[0])
	same(t, "state after registering one that drains", state(ids[0])[0], "initial/Elb.RegistrationInProgress")
	if err := c.ec2.ChangeInstance(ids[0], func(i *ec2.Instance) { i.State = "stopped" }); err != nil {
		t.Fatal(err)
	}
	same(t, "state of a stopped one", state(ids[0])[0], "unused/Target.InvalidState")
	ok(c.v2.DeleteListener(t.Context(), &v2.DeleteListenerInput{ListenerArn: l.ListenerArn}))(t)
	ok(c.v2.DeregisterTargets(t.Context(), deregister))(t)
	same(t, "number of targets without a listener", len(state()), 2)
}

func TestTargetsRefused(t *testing.T) {
	c := start(t, elb.Options{})
	other := ok(c.ec2.AddNetwork(ec2.NetworkOptions{CIDR: "10.9.0.0/16"}))(t)
	elsewhere := ok(c.ec2.AddInstances(other.Instances(1)))(t)[0].ID
	tg, ip := c.createGroup(t, "tg"), c.createGroup(t, "ip", func(in *v2.CreateTargetGroupInput) { in.TargetType = "ip" })
	ids := c.instances(t, 5)
	for i, state := range []string{"stopped", "terminated", "pending", "shutting-down"} {
		if err := c.ec2.ChangeInstance(ids[i], func(v *ec2.Instance) { v.State = state }); err != nil {
			t.Fatal(err)
		}
	}
	register := func(tg types.TargetGroup, ids ...string) error {
		return refusal(c.v2.RegisterTargets(t.Context(), &v2.RegisterTargetsInput{TargetGroupArn: tg.TargetGroupArn, Targets: targets(ids...)}))
	}
	for _, id := range ids[:4] {
		refused[*types.InvalidTargetException](t, register(tg, ids[4], id), "not in a running state and cannot be registered: '"+id+"'")
	}
	same(t, "number of targets after refusals", len(c.health(t, tg)), 0)
	refused[*types.InvalidTargetException](t, register(tg, "i-00000000000000000"), "i-00000000000000000")
	refused[*types.InvalidTargetException](t, register(tg, elsewhere), "not in the target group VPC")
	refusedCode(t, register(tg, "10.0.0.1"), "ValidationError", "Instance ID '10.0.0.1' is not valid")
	refusedCode(t, register(ip, "i-00000000000000000"), "ValidationError", "IP address")
	if err := register(ip, "10.0.0.9"); err != nil {
		t.Error(err)
	}
}

func TestTargetQuotas(t *testing.T) {
	c := start(t, elb.Options{Quotas: elb.Quotas{TargetsPerGroup: 6, Targets: 8, TargetsPerZone: 2}})
	lb, a, b := c.createBalancer(t, "lb"), c.createGroup(t, "a"), c.createGroup(t, "b")
	ids := c.instances(t, 9) // three in each zone
	c.createListener(t, listenerInput(lb, a, 80, "TCP"))
	register := func(tg types.TargetGroup, ids ...string) error {
		return refusal(c.v2.RegisterTargets(t.Context(), &v2.RegisterTargetsInput{TargetGroupArn: tg.TargetGroupArn, Targets: targets(ids...)}))
	}
	refused[*types.TooManyTargetsException](t, register(b, ids[:7]...), "per target group")
	c.register(t, a, ids[:6]...)
	refused[*types.TooManyTargetsException](t, register(a, ids[6]), "per target group")
	c.register(t, b, ids[:3]...)
	_, err := c.v2.CreateListener(t.Context(), listenerInput(lb, b, 81, "TCP"))
	refused[*types.TooManyTargetsException](t, err, "per load balancer")
	ok(c.v2.DeregisterTargets(t.Context(), &v2.DeregisterTargetsInput{TargetGroupArn: b.TargetGroupArn, Targets: targets(ids[1:3]...)}))(t)
	_, err = c.v2.CreateListener(t.Context(), listenerInput(lb, b, 81, "TCP"))
	refused[*types.TooManyTargetsException](t, err, "Availability Zone")
	ok(c.v2.ModifyLoadBalancerAttributes(t.Context(), &v2.ModifyLoadBalancerAttributesInput{LoadBalancerArn: lb.LoadBalancerArn,
		Attributes: []types.LoadBalancerAttribute{{Key: aws.String("load_balancing.cross_zone.enabled"), Value: aws.String("true")}}}))(t)
	c.createListener(t, listenerInput(lb, b, 81, "TCP"))
}

func TestV2Tags(t *testing.T) {
	c := start(t, elb.Options{})
	lb, tg := c.createBalancer(t, "lb"), c.createGroup(t, "tg")
	l := c.createListener(t, listenerInput(lb, tg, 80, "TCP"))
	arns := []string{*lb.LoadBalancerArn, *tg.TargetGroupArn, *l.ListenerArn}
	ok(c.v2.AddTags(t.Context(), &v2.AddTagsInput{ResourceArns: arns, Tags: []types.Tag{{Key: aws.String("b"), Value: aws.String("2")}}}))(t)
	ok(c.v2.RemoveTags(t.Context(), &v2.RemoveTagsInput{ResourceArns: arns[:1], TagKeys: []string{"a", "x"}}))(t)
	for _, d := range ok(c.v2.DescribeTags(t.Context(), &v2.DescribeTagsInput{ResourceArns: arns}))(t).TagDescriptions {
		same(t, "tags of "+*d.ResourceArn, line(len(d.Tags), *d.Tags[0].Key, *d.Tags[0].Value), "1 b 2")
	}
	_, err := c.v2.DescribeTags(t.Context(), &v2.DescribeTagsInput{ResourceArns: slices.Repeat(arns[:1], 21)})
	refusedCode(t, err, "ValidationError", "20")
	_, err = c.v2.AddTags(t.Context(), &v2.AddTagsInput{ResourceArns: append(arns, arns[0]+"0"), Tags: []types.Tag{{Key: aws.String("c")}}})
	refusedCode(t, err, "ValidationError", "not a valid load balancer ARN")
	ok(c.v2.DeleteLoadBalancer(t.Context(), &v2.DeleteLoadBalancerInput{LoadBalancerArn: lb.LoadBalancerArn}))(t)
	_, err = c.v2.DescribeTags(t.Context(), &v2.DescribeTagsInput{ResourceArns: arns})
	refused[*types.LoadBalancerNotFoundException](t, err, arns[0])
}
