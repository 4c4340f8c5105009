// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	v2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/elb"
)

type createBalancer = func(*v2.CreateLoadBalancerInput)

func (c *cloud) describeBalancer(t *testing.T, name string) types.LoadBalancer {
	t.Helper()
	return ok(c.v2.DescribeLoadBalancers(t.Context(), &v2.DescribeLoadBalancersInput{Names: []string{name}}))(t).LoadBalancers[0]
}

func attributes(list []types.LoadBalancerAttribute) map[string]string {
	out := map[string]string{}
	for _, a := range list {
		out[*a.Key] = *a.Value
	}
	return out
}

func TestNetworkLoadBalancerLife(t *testing.T) {
	c := start(t, elb.Options{Timing: elb.Timing{Provisioning: 2 * time.Minute, Linger: time.Minute}})
	lb := c.createBalancer(t, "lb")
	same(t, "ARN", *lb.LoadBalancerArn, "arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/net/lb/6dfcbb4403eab267")
	same(t, "DNS name", *lb.DNSName, "lb-6dfcbb4403eab267.elb.us-west-2.amazonaws.com")
	same(t, "what the create call answers", line(lb.State.Code, *lb.VpcId, len(lb.AvailabilityZones), *lb.AvailabilityZones[0].SubnetId, lb.Scheme, lb.Type, lb.IpAddressType, len(lb.SecurityGroups)),
		line("provisioning", c.net.VPC, 2, c.net.Public[0], "internet-facing", "network", "ipv4", 0))
	same(t, "state", c.describeBalancer(t, "lb").State.Code, types.LoadBalancerStateEnumProvisioning)

	c.set(0, 20*time.Second)
	available := v2.NewLoadBalancerAvailableWaiter(c.v2, func(o *v2.LoadBalancerAvailableWaiterOptions) {
		o.MinDelay, o.MaxDelay = time.Millisecond, time.Millisecond
	})
	if err := available.Wait(t.Context(), &v2.DescribeLoadBalancersInput{Names: []string{"lb"}}, time.Minute); err != nil {
		t.Fatal(err)
	}
	same(t, "state", c.describeBalancer(t, "lb").State.Code, types.LoadBalancerStateEnumActive)
	for range 2 { // deleting is idempotent
		ok(c.v2.DeleteLoadBalancer(t.Context(), &v2.DeleteLoadBalancerInput{LoadBalancerArn: lb.LoadBalancerArn}))(t)
	}
	deleted := v2.NewLoadBalancersDeletedWaiter(c.v2, func(o *v2.LoadBalancersDeletedWaiterOptions) {
		o.MinDelay, o.MaxDelay = time.Millisecond, time.Millisecond
	})
	if err := deleted.Wait(t.Context(), &v2.DescribeLoadBalancersInput{LoadBalancerArns: []string{*lb.LoadBalancerArn}}, time.Minute); err != nil {
		t.Fatal(err)
	}
	_, err := c.v2.DescribeLoadBalancers(t.Context(), &v2.DescribeLoadBalancersInput{Names: []string{"lb"}})
	refused[*types.LoadBalancerNotFoundException](t, err, "Load balancers '[lb]' not found")
	_, err = c.v2.DescribeListeners(t.Context(), &v2.DescribeListenersInput{LoadBalancerArn: lb.LoadBalancerArn})
	refused[*types.LoadBalancerNotFoundException](t, err, *lb.LoadBalancerArn)
}

func TestNetworkLoadBalancerStates(t *testing.T) {
	c := start(t, elb.Options{})
	c.createBalancer(t, "lb")
	change := func(f func(*elb.LoadBalancer)) types.LoadBalancerState {
		if err := c.elb.ChangeLoadBalancer("lb", f); err != nil {
			t.Fatal(err)
		}
		return *c.describeBalancer(t, "lb").State
	}
	s := change(func(lb *elb.LoadBalancer) { lb.Impaired = "few addresses" })
	same(t, "state", line(s.Code, *s.Reason), "active_impaired few addresses")
	s = change(func(lb *elb.LoadBalancer) { lb.Failed = "no addresses" })
	same(t, "state", line(s.Code, *s.Reason), "failed no addresses")
	if err := c.elb.ChangeLoadBalancer("other", func(*elb.LoadBalancer) {}); err == nil {
		t.Error("changing a load balancer that does not exist gave no error")
	}
}

func TestNetworkLoadBalancerCreateAgain(t *testing.T) {
	c := start(t, elb.Options{})
	mapped := func(in *v2.CreateLoadBalancerInput) {
		in.Subnets, in.SubnetMappings = nil, []types.SubnetMapping{{SubnetId: &c.net.Public[1]}, {SubnetId: &c.net.Public[0]}}
	}
	first := c.createBalancer(t, "lb")
	for _, change := range []createBalancer{func(*v2.CreateLoadBalancerInput) {}, mapped} {
		again := c.createBalancer(t, "lb", change)
		same(t, "ARN of the second create call", *again.LoadBalancerArn, *first.LoadBalancerArn)
	}
	for what, change := range map[string]createBalancer{
		"subnets":         func(in *v2.CreateLoadBalancerInput) { in.Subnets = c.net.Public },
		"scheme":          func(in *v2.CreateLoadBalancerInput) { in.Scheme = types.LoadBalancerSchemeEnumInternal },
		"tags":            func(in *v2.CreateLoadBalancerInput) { in.Tags = nil },
		"security groups": func(in *v2.CreateLoadBalancerInput) { in.SecurityGroups = []string{c.net.NodeGroup} },
		"address type":    func(in *v2.CreateLoadBalancerInput) { in.IpAddressType = types.IpAddressTypeDualstack },
		"type":            func(in *v2.CreateLoadBalancerInput) { in.Type = types.LoadBalancerTypeEnumApplication },
	} {
		t.Run("other "+what, func(t *testing.T) {
			_, err := c.v2.CreateLoadBalancer(t.Context(), c.balancerInput("lb", change))
			refused[*types.DuplicateLoadBalancerNameException](t, err, "A load balancer with the same name 'lb' exists, but with different settings")
		})
	}
}

func TestNetworkLoadBalancerCreateRefused(t *testing.T) {
	c := start(t, elb.Options{Quotas: elb.Quotas{NetworkLoadBalancers: 1}})
	other := ok(c.ec2.AddNetwork(ec2.NetworkOptions{CIDR: "10.9.0.0/16"}))(t)
	full := ok(c.ec2API.CreateSubnet(t.Context(), &awsec2.CreateSubnetInput{VpcId: &other.VPC, CidrBlock: aws.String("10.9.255.240/28")}))(t).Subnet
	if _, err := c.ec2.AddInstances(ec2.InstanceOptions{Count: 4, Subnets: []string{*full.SubnetId}}); err != nil {
		t.Fatal(err)
	}
	named := func(name string) createBalancer { return func(in *v2.CreateLoadBalancerInput) { in.Name = &name } }
	in := func(subnets ...string) createBalancer {
		return func(in *v2.CreateLoadBalancerInput) { in.Subnets = subnets }
	}
	mapping := func(m types.SubnetMapping, scheme types.LoadBalancerSchemeEnum) createBalancer {
		m.SubnetId = &c.net.Public[0]
		return func(in *v2.CreateLoadBalancerInput) {
			in.Subnets, in.SubnetMappings, in.Scheme = nil, []types.SubnetMapping{m}, scheme
		}
	}
	for _, test := range []struct {
		name   string
		change createBalancer
		check  func(*testing.T, error)
	}{
		{"a name with an underscore", named("a_b"), code("ValidationError", "a_b")},
		{"a name that ends in a hyphen", named("a-"), code("ValidationError", "hyphen")},
		{"a name that begins with internal-", named("internal-a"), code("ValidationError", "internal-")},
		{"a name of 33 characters", named("a23456789012345678901234567890123"), code("ValidationError", "'32'")},
		{"no subnets", in(), code("ValidationError", "subnet")},
		{"an unknown subnet", in("subnet-00000000000000000"), typed[*types.SubnetNotFoundException]("subnet-00000000000000000")},
		{"two subnets in one zone", in(c.net.Public[0], c.net.Private[0]), typed[*types.InvalidConfigurationRequestException]("same Availability Zone")},
		{"a full subnet", in(*full.SubnetId), typed[*types.InvalidSubnetException]("Not enough IP space available in " + *full.SubnetId)},
		{"an unknown address", mapping(types.SubnetMapping{AllocationId: aws.String("eipalloc-00000000000000000")}, ""), typed[*types.AllocationIdNotFoundException]("eipalloc-00000000000000000")},
		{"an address of another subnet", mapping(types.SubnetMapping{PrivateIPv4Address: aws.String("10.200.0.1")}, "internal"), typed[*types.InvalidConfigurationRequestException]("10.200.0.1")},
		{"an unknown security group", func(in *v2.CreateLoadBalancerInput) { in.SecurityGroups = []string{"sg-00000000000000000"} }, typed[*types.InvalidSecurityGroupException]("sg-00000000000000000")},
		{"a security group of another VPC", func(in *v2.CreateLoadBalancerInput) { in.SecurityGroups = []string{other.NodeGroup} }, typed[*types.InvalidConfigurationRequestException]("One or more security groups are invalid")},
		{"dual stack without IPv6", func(in *v2.CreateLoadBalancerInput) { in.IpAddressType, in.Subnets = "dualstack", other.Public }, typed[*types.InvalidConfigurationRequestException]("You must specify subnets with an associated IPv6 CIDR block.")},
		{"another type", func(in *v2.CreateLoadBalancerInput) { in.Type = "classic" }, code("ValidationError", "enum value set: [application, network]")},
		{"an application load balancer in one zone", func(in *v2.CreateLoadBalancerInput) { in.Type, in.Subnets = "application", in.Subnets[:1] }, code("ValidationError", "two subnets")},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := c.v2.CreateLoadBalancer(t.Context(), c.balancerInput("lb", test.change))
			test.check(t, err)
		})
	}
	c.createBalancer(t, "lb")
	_, err := c.v2.CreateLoadBalancer(t.Context(), c.balancerInput("lb2"))
	refused[*types.TooManyLoadBalancersException](t, err, "maximum number")
	alb := c.createBalancer(t, "alb", func(in *v2.CreateLoadBalancerInput) { in.Type = "application" })
	same(t, "DNS name of an application load balancer", *alb.DNSName, "alb-8636407595.us-west-2.elb.amazonaws.com")
	same(t, "its type and groups", line(c.describeBalancer(t, "alb").Type, len(alb.SecurityGroups)), "application 1")
}

func TestNetworkLoadBalancerAddresses(t *testing.T) {
	c := start(t, elb.Options{Timing: elb.Timing{Linger: time.Minute}})
	address := c.ec2.AddAddress(nil)
	withAddress := func(name string) createBalancer {
		return func(in *v2.CreateLoadBalancerInput) {
			in.Name, in.Subnets = &name, nil
			in.SubnetMappings = []types.SubnetMapping{{SubnetId: &c.net.Public[0], AllocationId: &address.AllocationID}}
		}
	}
	lb := c.createBalancer(t, "lb", withAddress("lb"))
	a := lb.AvailabilityZones[0].LoadBalancerAddresses[0]
	same(t, "address", line(*a.AllocationId, *a.IpAddress), line(address.AllocationID, address.PublicIP))
	c.createBalancer(t, "lb", withAddress("lb")) // the same again
	_, err := c.v2.CreateLoadBalancer(t.Context(), c.balancerInput("lb2", withAddress("lb2")))
	refused[*types.ResourceInUseException](t, err, "The allocation IDs are not available for use")
	ok(c.v2.DeleteLoadBalancer(t.Context(), &v2.DeleteLoadBalancerInput{LoadBalancerArn: lb.LoadBalancerArn}))(t)
	_, err = c.v2.CreateLoadBalancer(t.Context(), c.balancerInput("lb2", withAddress("lb2")))
	refused[*types.ResourceInUseException](t, err, "The allocation IDs are not available for use")
	c.move(time.Minute)
	c.createBalancer(t, "lb2", withAddress("lb2"))

	subnet := ok(c.ec2API.DescribeSubnets(t.Context(), &awsec2.DescribeSubnetsInput{SubnetIds: c.net.Private[:1]}))(t).Subnets[0]
	private := (*subnet.CidrBlock)[:len(*subnet.CidrBlock)-len("0/19")] + "77"
	inside := func(in *v2.CreateLoadBalancerInput) {
		in.Scheme, in.Subnets = "internal", nil
		in.SubnetMappings = []types.SubnetMapping{{SubnetId: &c.net.Private[0], PrivateIPv4Address: &private}}
	}
	lb = c.createBalancer(t, "inside", inside)
	same(t, "DNS name", (*lb.DNSName)[:7], "inside-")
	same(t, "private address", *lb.AvailabilityZones[0].LoadBalancerAddresses[0].PrivateIPv4Address, private)
	_, err = c.v2.CreateLoadBalancer(t.Context(), c.balancerInput("inside2", inside))
	refused[*types.InvalidSubnetException](t, err, private)
}

func TestNetworkLoadBalancerSecurityGroups(t *testing.T) {
	c := start(t, elb.Options{Timing: elb.Timing{Linger: time.Minute}})
	sgs := c.groups(t, "a", "b")
	set := func(lb types.LoadBalancer, groups ...string) (*v2.SetSecurityGroupsOutput, error) {
		return c.v2.SetSecurityGroups(t.Context(), &v2.SetSecurityGroupsInput{LoadBalancerArn: lb.LoadBalancerArn, SecurityGroups: append([]string{}, groups...)})
	}
	without := c.createBalancer(t, "without")
	refused[*types.InvalidConfigurationRequestException](t, refusal(set(without, sgs[0])), "You cannot set security groups on a Network Load Balancer which was created without any security groups.")
	with := c.createBalancer(t, "with", func(in *v2.CreateLoadBalancerInput) { in.SecurityGroups = sgs[:1] })
	refused[*types.InvalidConfigurationRequestException](t, refusal(set(with)), "remove all")
	same(t, "groups", line(ok(set(with, sgs[1]))(t).SecurityGroupIds), line(sgs[1:]))
	same(t, "described groups", line(c.describeBalancer(t, "with").SecurityGroups), line(sgs[1:]))

	ok(c.ec2API.DeleteSecurityGroup(t.Context(), &awsec2.DeleteSecurityGroupInput{GroupId: &sgs[0]}))(t)
	ok(c.v2.DeleteLoadBalancer(t.Context(), &v2.DeleteLoadBalancerInput{LoadBalancerArn: with.LoadBalancerArn}))(t)
	_, err := c.ec2API.DeleteSecurityGroup(t.Context(), &awsec2.DeleteSecurityGroupInput{GroupId: &sgs[1]})
	refusedCode(t, err, "DependencyViolation", sgs[1])
	c.move(time.Minute)
	ok(c.ec2API.DeleteSecurityGroup(t.Context(), &awsec2.DeleteSecurityGroupInput{GroupId: &sgs[1]}))(t)
}

func TestNetworkLoadBalancerSubnetsAndAddressType(t *testing.T) {
	c := start(t, elb.Options{})
	lb := c.createBalancer(t, "lb")
	interfaces := func() (out []string) {
		for _, n := range ok(c.ec2API.DescribeNetworkInterfaces(t.Context(), &awsec2.DescribeNetworkInterfacesInput{}))(t).NetworkInterfaces {
			out = append(out, *n.SubnetId)
		}
		return out
	}
	out := ok(c.v2.SetSubnets(t.Context(), &v2.SetSubnetsInput{LoadBalancerArn: lb.LoadBalancerArn, Subnets: []string{c.net.Public[1], c.net.Private[2]}}))(t)
	same(t, "subnets", line(*out.AvailabilityZones[0].SubnetId, *out.AvailabilityZones[1].SubnetId), line(c.net.Public[1], c.net.Private[2]))
	same(t, "network interfaces", line(interfaces()), line([]string{c.net.Public[1], c.net.Private[2]}))
	_, err := c.v2.SetSubnets(t.Context(), &v2.SetSubnetsInput{LoadBalancerArn: lb.LoadBalancerArn, Subnets: []string{c.net.Public[1], c.net.Private[1]}})
	refused[*types.InvalidConfigurationRequestException](t, err, "same Availability Zone")

	tg := c.createGroup(t, "udp", func(in *v2.CreateTargetGroupInput) { in.Protocol = "UDP" })
	c.createListener(t, listenerInput(lb, tg, 53, "UDP"))
	setType := func(kind types.IpAddressType) error {
		return refusal(c.v2.SetIpAddressType(t.Context(), &v2.SetIpAddressTypeInput{LoadBalancerArn: lb.LoadBalancerArn, IpAddressType: kind}))
	}
	refused[*types.InvalidConfigurationRequestException](t, setType("dualstack"), "UDP")
	in := &v2.SetSubnetsInput{LoadBalancerArn: lb.LoadBalancerArn, Subnets: c.net.Public, IpAddressType: "dualstack", EnablePrefixForIpv6SourceNat: "on"}
	same(t, "address type", ok(c.v2.SetSubnets(t.Context(), in))(t).IpAddressType, types.IpAddressTypeDualstack)
	refused[*types.InvalidConfigurationRequestException](t, setType("ipv4"), "source NAT")

	plain := c.createBalancer(t, "plain")
	six := c.createGroup(t, "six", func(in *v2.CreateTargetGroupInput) { in.IpAddressType = "ipv6" })
	_, err = c.v2.CreateListener(t.Context(), listenerInput(plain, six, 80, "TCP"))
	refused[*types.InvalidConfigurationRequestException](t, err, "ipv6")
	lb = plain
	if err := setType("dualstack"); err != nil {
		t.Fatal(err)
	}
	c.createListener(t, listenerInput(plain, six, 80, "TCP"))
	refused[*types.InvalidConfigurationRequestException](t, setType("ipv4"), "ipv6")
}

func TestNetworkLoadBalancerAttributes(t *testing.T) {
	c := start(t, elb.Options{})
	lb := c.createBalancer(t, "lb")
	a := attributes(ok(c.v2.DescribeLoadBalancerAttributes(t.Context(), &v2.DescribeLoadBalancerAttributesInput{LoadBalancerArn: lb.LoadBalancerArn}))(t).Attributes)
	for key, want := range map[string]string{
		"load_balancing.cross_zone.enabled": "false", "access_logs.s3.enabled": "false", "access_logs.s3.bucket": "", "access_logs.s3.prefix": "",
		"deletion_protection.enabled": "false", "dns_record.client_routing_policy": "any_availability_zone",
	} {
		if got, there := a[key]; !there || got != want {
			t.Errorf("%s is %q (there: %v), want %q", key, got, there, want)
		}
	}
	modify := func(pairs ...string) (map[string]string, error) {
		in := &v2.ModifyLoadBalancerAttributesInput{LoadBalancerArn: lb.LoadBalancerArn}
		for i := 0; i < len(pairs); i += 2 {
			in.Attributes = append(in.Attributes, types.LoadBalancerAttribute{Key: &pairs[i], Value: &pairs[i+1]})
		}
		out, err := c.v2.ModifyLoadBalancerAttributes(t.Context(), in)
		if err != nil {
			return nil, err
		}
		return attributes(out.Attributes), nil
	}
	same(t, "cross-zone", ok(modify("load_balancing.cross_zone.enabled", "true"))(t)["load_balancing.cross_zone.enabled"], "true")
	refusedCode(t, refusal(modify("access_logs.s3.enabled", "true")), "ValidationError", "access_logs.s3.bucket")
	refusedCode(t, refusal(modify("access_logs.s3.enabled", "false", "access_logs.s3.bucket", "")), "ValidationError", "access_logs.s3.bucket")
	ok(modify("access_logs.s3.enabled", "true", "access_logs.s3.bucket", "b"))(t)
	same(t, "bucket after turning logs off", ok(modify("access_logs.s3.enabled", "false"))(t)["access_logs.s3.bucket"], "b")
	refusedCode(t, refusal(modify("idle_timeout.timeout_seconds", "60")), "ValidationError", "idle_timeout.timeout_seconds")
	refusedCode(t, refusal(modify("deletion_protection.enabled", "yes")), "ValidationError", "yes")

	ok(modify("deletion_protection.enabled", "true"))(t)
	_, err := c.v2.DeleteLoadBalancer(t.Context(), &v2.DeleteLoadBalancerInput{LoadBalancerArn: lb.LoadBalancerArn})
	refused[*types.OperationNotPermittedException](t, err, "cannot be deleted because deletion protection is enabled")
}

func TestLoadBalancersPages(t *testing.T) {
	c := start(t, elb.Options{})
	var arns []string
	for i := range 5 {
		arns = append(arns, *c.createBalancer(t, fmt.Sprint("lb-", i)).LoadBalancerArn)
	}
	var names []string
	for p := v2.NewDescribeLoadBalancersPaginator(c.v2, &v2.DescribeLoadBalancersInput{PageSize: aws.Int32(2)}); p.HasMorePages(); {
		for _, lb := range ok(p.NextPage(t.Context()))(t).LoadBalancers {
			names = append(names, *lb.LoadBalancerName)
		}
	}
	same(t, "names", line(names), "[lb-0 lb-1 lb-2 lb-3 lb-4]")
	describe := func(in v2.DescribeLoadBalancersInput) (int, error) {
		out, err := c.v2.DescribeLoadBalancers(t.Context(), &in)
		if err != nil {
			return 0, err
		}
		return len(out.LoadBalancers), nil
	}
	same(t, "number by ARN", ok(describe(v2.DescribeLoadBalancersInput{LoadBalancerArns: arns[1:3]}))(t), 2)
	refusedCode(t, refusal(describe(v2.DescribeLoadBalancersInput{Names: slices.Repeat([]string{"lb-0"}, 21)})), "ValidationError", "20")
	refusedCode(t, refusal(describe(v2.DescribeLoadBalancersInput{PageSize: aws.Int32(0)})), "ValidationError", "greater than or equal to 1")
	refusedCode(t, refusal(describe(v2.DescribeLoadBalancersInput{LoadBalancerArns: []string{"lb-0"}})), "ValidationError", "'lb-0' is not a valid load balancer ARN")
	refused[*types.LoadBalancerNotFoundException](t, refusal(describe(v2.DescribeLoadBalancersInput{Names: []string{"lb-0", "x", "y"}})), "Load balancers '[x, y]' not found")
}
