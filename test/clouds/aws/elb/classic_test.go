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
	classic "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/elb"
)

type createClassic = func(*classic.CreateLoadBalancerInput)

func TestClassicDefaults(t *testing.T) {
	c := start(t, elb.Options{})
	c.createClassic(t, "lb")
	lb := c.describeClassic(t, "lb")
	same(t, "DNS name", *lb.DNSName, "lb-8057108082.us-west-2.elb.amazonaws.com")
	same(t, "hosted zone name", *lb.CanonicalHostedZoneName, *lb.DNSName)
	same(t, "scheme", *lb.Scheme, "internet-facing")
	same(t, "VPC", *lb.VPCId, c.net.VPC)
	same(t, "creation", *lb.CreatedTime, c.Now())
	same(t, "zones", line(lb.AvailabilityZones), "[us-west-2a us-west-2b]")
	same(t, "number of security groups", len(lb.SecurityGroups), 1)
	same(t, "source group", *lb.SourceSecurityGroup.GroupName, "default")
	hc := lb.HealthCheck
	same(t, "health check", line(*hc.Target, *hc.Interval, *hc.Timeout, *hc.HealthyThreshold, *hc.UnhealthyThreshold), "TCP:30080 30 5 10 2")
	l := lb.ListenerDescriptions[0].Listener
	same(t, "listener", line(*l.Protocol, l.LoadBalancerPort, *l.InstanceProtocol, *l.InstancePort), "TCP 80 TCP 30080")
	same(t, "number of backends with policies", len(lb.BackendServerDescriptions), 0)

	a := ok(c.classic.DescribeLoadBalancerAttributes(t.Context(), &classic.DescribeLoadBalancerAttributesInput{LoadBalancerName: aws.String("lb")}))(t).LoadBalancerAttributes
	same(t, "draining", line(a.ConnectionDraining.Enabled, *a.ConnectionDraining.Timeout), "false 300")
	same(t, "idle timeout", *a.ConnectionSettings.IdleTimeout, 60)
	same(t, "cross-zone", a.CrossZoneLoadBalancing.Enabled, false)
	same(t, "access log", a.AccessLog.Enabled, false)
	same(t, "additional attribute", line(*a.AdditionalAttributes[0].Key, *a.AdditionalAttributes[0].Value), "elb.http.desyncmitigationmode defensive")

	c.createClassic(t, "inside", func(in *classic.CreateLoadBalancerInput) {
		in.Scheme, in.Subnets = aws.String("internal"), c.net.Private
	})
	same(t, "internal DNS name", *c.describeClassic(t, "inside").DNSName, "internal-inside-6459909354.us-west-2.elb.amazonaws.com")
}

func TestClassicCreateAgain(t *testing.T) {
	c := start(t, elb.Options{})
	first := ok(c.classic.CreateLoadBalancer(t.Context(), c.classicInput("lb")))(t)
	again := ok(c.classic.CreateLoadBalancer(t.Context(), c.classicInput("lb")))(t)
	same(t, "DNS name of the second create call", *again.DNSName, *first.DNSName)
	for what, change := range map[string]createClassic{
		"a listener":    func(in *classic.CreateLoadBalancerInput) { in.Listeners = append(in.Listeners, tcpListener(81, 30081)) },
		"the subnets":   func(in *classic.CreateLoadBalancerInput) { in.Subnets = c.net.Public[:1] },
		"the scheme":    func(in *classic.CreateLoadBalancerInput) { in.Scheme = aws.String("internal") },
		"the tags":      func(in *classic.CreateLoadBalancerInput) { in.Tags[0].Value = aws.String("2") },
		"the SGs":       func(in *classic.CreateLoadBalancerInput) { in.SecurityGroups = []string{c.net.NodeGroup} },
		"instance port": func(in *classic.CreateLoadBalancerInput) { in.Listeners[0].InstancePort = aws.Int32(1) },
	} {
		t.Run("different "+what, func(t *testing.T) {
			_, err := c.classic.CreateLoadBalancer(t.Context(), c.classicInput("lb", change))
			refused[*types.DuplicateAccessPointNameException](t, err, "Load Balancer named 'lb' already exists and it is configured with different parameters.")
		})
	}
}

func TestClassicCreateRefused(t *testing.T) {
	c := start(t, elb.Options{Quotas: elb.Quotas{ClassicLoadBalancers: 1}})
	other := ok(c.ec2.AddNetwork(ec2.NetworkOptions{CIDR: "10.9.0.0/16"}))(t)
	tls := func(cert *string) createClassic {
		return func(in *classic.CreateLoadBalancerInput) {
			in.Listeners[0].Protocol, in.Listeners[0].SSLCertificateId = aws.String("ssl"), cert
		}
	}
	for _, test := range []struct {
		name   string
		change createClassic
		check  func(*testing.T, error)
	}{
		{"no listeners", func(in *classic.CreateLoadBalancerInput) { in.Listeners = []types.Listener{} }, code("ValidationError", "listener")},
		{"a name with an underscore", func(in *classic.CreateLoadBalancerInput) { in.LoadBalancerName = aws.String("a_b") }, code("ValidationError", "a_b")},
		{"a name of 33 characters", func(in *classic.CreateLoadBalancerInput) {
			in.LoadBalancerName = aws.String("a23456789012345678901234567890123")
		}, code("ValidationError", "'32'")},
		{"an unknown certificate", tls(aws.String("arn:aws:acm:x:y:certificate/z")), typed[*types.CertificateNotFoundException]("Server Certificate not found for the key: arn:aws:acm:x:y:certificate/z")},
		{"TLS without certificate", tls(nil), code("ValidationError", "SSLCertificateId")},
		{"HTTP to TCP", func(in *classic.CreateLoadBalancerInput) { in.Listeners[0].Protocol = aws.String("HTTP") }, code("ValidationError", "layer")},
		{"UDP", func(in *classic.CreateLoadBalancerInput) { in.Listeners[0].Protocol = aws.String("UDP") }, typed[*types.UnsupportedProtocolException]("UDP")},
		{"a security group of another VPC", func(in *classic.CreateLoadBalancerInput) { in.SecurityGroups = []string{other.NodeGroup} }, typed[*types.InvalidSecurityGroupException]("invalid")},
		{"an unknown security group", func(in *classic.CreateLoadBalancerInput) { in.SecurityGroups = []string{"sg-00000000000000000"} }, typed[*types.InvalidSecurityGroupException]("sg-00000000000000000")},
		{"an unknown subnet", func(in *classic.CreateLoadBalancerInput) { in.Subnets = []string{"subnet-00000000000000000"} }, typed[*types.SubnetNotFoundException]("subnet-00000000000000000")},
		{"two subnets in one zone", func(in *classic.CreateLoadBalancerInput) { in.Subnets = []string{c.net.Public[0], c.net.Private[0]} }, typed[*types.InvalidConfigurationRequestException]("ELB cannot be attached to multiple subnets in the same AZ.")},
		{"subnets of two VPCs", func(in *classic.CreateLoadBalancerInput) { in.Subnets = []string{c.net.Public[0], other.Public[1]} }, typed[*types.InvalidSubnetException]("VPC")},
		{"another scheme", func(in *classic.CreateLoadBalancerInput) { in.Scheme = aws.String("external") }, typed[*types.InvalidSchemeException]("external")},
		{"a tag twice", func(in *classic.CreateLoadBalancerInput) { in.Tags = append(in.Tags, in.Tags[0]) }, typed[*types.DuplicateTagKeysException]("a")},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := c.classic.CreateLoadBalancer(t.Context(), c.classicInput("lb", test.change))
			test.check(t, err)
		})
	}
	c.createClassic(t, "lb")
	refused[*types.TooManyAccessPointsException](t, refusal(c.classic.CreateLoadBalancer(t.Context(), c.classicInput("lb2"))), "Exceeded quota of account")

	t.Run("internet-facing without an internet gateway", func(t *testing.T) {
		vpc := ok(c.ec2API.CreateVpc(t.Context(), &awsec2.CreateVpcInput{CidrBlock: aws.String("10.8.0.0/16")}))(t).Vpc
		subnet := ok(c.ec2API.CreateSubnet(t.Context(), &awsec2.CreateSubnetInput{VpcId: vpc.VpcId, CidrBlock: aws.String("10.8.0.0/24")}))(t).Subnet
		_, err := c.classic.CreateLoadBalancer(t.Context(), c.classicInput("lb3", func(in *classic.CreateLoadBalancerInput) { in.Subnets = []string{*subnet.SubnetId} }))
		refused[*types.InvalidSubnetException](t, err, "VPC "+*vpc.VpcId+" has no internet gateway")
	})
}

func code(code, text string) func(*testing.T, error) {
	return func(t *testing.T, err error) { t.Helper(); refusedCode(t, err, code, text) }
}

func typed[E error](text string) func(*testing.T, error) {
	return func(t *testing.T, err error) { t.Helper(); refused[E](t, err, text) }
}

func TestClassicNetworkInterfacesOutliveTheLoadBalancer(t *testing.T) {
	c := start(t, elb.Options{Timing: elb.Timing{Linger: time.Minute}})
	sg := c.groups(t, "lb")
	c.createClassic(t, "lb", func(in *classic.CreateLoadBalancerInput) { in.SecurityGroups = sg })
	interfaces := func() int {
		return len(ok(c.ec2API.DescribeNetworkInterfaces(t.Context(), &awsec2.DescribeNetworkInterfacesInput{}))(t).NetworkInterfaces)
	}
	same(t, "number of interfaces", interfaces(), 2)
	for range 2 { // deleting is idempotent
		ok(c.classic.DeleteLoadBalancer(t.Context(), &classic.DeleteLoadBalancerInput{LoadBalancerName: aws.String("lb")}))(t)
	}
	_, err := c.classic.DescribeLoadBalancers(t.Context(), &classic.DescribeLoadBalancersInput{LoadBalancerNames: []string{"lb"}})
	refused[*types.AccessPointNotFoundException](t, err, "There is no ACTIVE Load Balancer named 'lb'")
	deleteGroup := func() error {
		return refusal(c.ec2API.DeleteSecurityGroup(t.Context(), &awsec2.DeleteSecurityGroupInput{GroupId: &sg[0]}))
	}
	same(t, "number of interfaces after deletion", interfaces(), 2)
	refusedCode(t, deleteGroup(), "DependencyViolation", sg[0])
	c.move(time.Minute)
	same(t, "number of interfaces a minute later", interfaces(), 0)
	if err := deleteGroup(); err != nil {
		t.Error(err)
	}
}

func TestClassicPages(t *testing.T) {
	c := start(t, elb.Options{})
	for i := range 5 {
		c.createClassic(t, fmt.Sprint("lb-", i))
	}
	var names []string
	pages := 0
	for p := classic.NewDescribeLoadBalancersPaginator(c.classic, &classic.DescribeLoadBalancersInput{PageSize: aws.Int32(2)}); p.HasMorePages(); pages++ {
		for _, lb := range ok(p.NextPage(t.Context()))(t).LoadBalancerDescriptions {
			names = append(names, *lb.LoadBalancerName)
		}
	}
	same(t, "pages", line(pages, names), "3 [lb-0 lb-1 lb-2 lb-3 lb-4]")
	_, err := c.classic.DescribeLoadBalancers(t.Context(), &classic.DescribeLoadBalancersInput{PageSize: aws.Int32(401)})
	refusedCode(t, err, "ValidationError", "less than or equal to 400")
	_, err = c.classic.DescribeLoadBalancers(t.Context(), &classic.DescribeLoadBalancersInput{Marker: aws.String("?")})
	refusedCode(t, err, "ValidationError", "marker")
}

func TestClassicListeners(t *testing.T) {
	c := start(t, elb.Options{})
	c.createClassic(t, "lb")
	name := aws.String("lb")
	create := func(l types.Listener) error {
		return refusal(c.classic.CreateLoadBalancerListeners(t.Context(), &classic.CreateLoadBalancerListenersInput{LoadBalancerName: name, Listeners: []types.Listener{l}}))
	}
	if err := create(tcpListener(80, 30080)); err != nil {
		t.Error("an identical listener again:", err)
	}
	refused[*types.DuplicateListenerException](t, create(tcpListener(80, 30081)), "A listener already exists for lb with LoadBalancerPort 80, but with a different InstancePort, Protocol, or SSLCertificateId")
	secure := types.Listener{Protocol: aws.String("HTTPS"), InstanceProtocol: aws.String("http"), LoadBalancerPort: 443, InstancePort: aws.Int32(30443), SSLCertificateId: aws.String(certA)}
	if err := create(secure); err != nil {
		t.Fatal(err)
	}
	lb := c.describeClassic(t, "lb")
	same(t, "policies of the new listener", line(lb.ListenerDescriptions[1].PolicyNames, lb.Policies.OtherPolicies), "[ELBSecurityPolicy-2016-08] [ELBSecurityPolicy-2016-08]")

	ok(c.classic.SetLoadBalancerListenerSSLCertificate(t.Context(), &classic.SetLoadBalancerListenerSSLCertificateInput{LoadBalancerName: name, LoadBalancerPort: 443, SSLCertificateId: aws.String(certB)}))(t)
	same(t, "certificate", *c.describeClassic(t, "lb").ListenerDescriptions[1].Listener.SSLCertificateId, certB)
	_, err := c.classic.SetLoadBalancerListenerSSLCertificate(t.Context(), &classic.SetLoadBalancerListenerSSLCertificateInput{LoadBalancerName: name, LoadBalancerPort: 443, SSLCertificateId: aws.String("arn:x")})
	refused[*types.CertificateNotFoundException](t, err, "arn:x")
	_, err = c.classic.SetLoadBalancerListenerSSLCertificate(t.Context(), &classic.SetLoadBalancerListenerSSLCertificateInput{LoadBalancerName: name, LoadBalancerPort: 1, SSLCertificateId: aws.String(certA)})
	refused[*types.ListenerNotFoundException](t, err, "1")

	ok(c.classic.DeleteLoadBalancerListeners(t.Context(), &classic.DeleteLoadBalancerListenersInput{LoadBalancerName: name, LoadBalancerPorts: []int32{80, 81}}))(t)
	same(t, "number of listeners", len(c.describeClassic(t, "lb").ListenerDescriptions), 1)
}

func TestClassicSubnetsAndSecurityGroups(t *testing.T) {
	c := start(t, elb.Options{})
	c.createClassic(t, "lb")
	name := aws.String("lb")
	attach := func(subnets ...string) ([]string, error) {
		out, err := c.classic.AttachLoadBalancerToSubnets(t.Context(), &classic.AttachLoadBalancerToSubnetsInput{LoadBalancerName: name, Subnets: subnets})
		if err != nil {
			return nil, err
		}
		return out.Subnets, nil
	}
	detach := func(subnets ...string) ([]string, error) {
		out, err := c.classic.DetachLoadBalancerFromSubnets(t.Context(), &classic.DetachLoadBalancerFromSubnetsInput{LoadBalancerName: name, Subnets: subnets})
		if err != nil {
			return nil, err
		}
		return out.Subnets, nil
	}
	refused[*types.InvalidConfigurationRequestException](t, refusal(attach(c.net.Private[0])), "multiple subnets in the same AZ")
	same(t, "number of subnets", len(ok(attach(c.net.Public[2]))(t)), 3)
	same(t, "number of subnets", len(ok(attach(c.net.Public[2]))(t)), 3)
	same(t, "subnets", line(ok(detach(c.net.Public[0], c.net.Public[1]))(t)), line(c.net.Public[2:]))
	refused[*types.InvalidConfigurationRequestException](t, refusal(detach(c.net.Public[2])), "attempted to detach all the subnets")
	same(t, "zones", line(c.describeClassic(t, "lb").AvailabilityZones), "[us-west-2c]")

	apply := func(groups ...string) error {
		return refusal(c.classic.ApplySecurityGroupsToLoadBalancer(t.Context(), &classic.ApplySecurityGroupsToLoadBalancerInput{LoadBalancerName: name, SecurityGroups: groups}))
	}
	sgs := c.groups(t, "a", "b", "c", "d", "e", "f")
	refused[*types.InvalidConfigurationRequestException](t, apply(sgs...), "The maximum number of security groups per load balancer has been reached.")
	if err := apply(sgs[:2]...); err != nil {
		t.Fatal(err)
	}
	same(t, "security groups", line(c.describeClassic(t, "lb").SecurityGroups), line(sgs[:2]))
	nic := ok(c.ec2API.DescribeNetworkInterfaces(t.Context(), &awsec2.DescribeNetworkInterfacesInput{}))(t).NetworkInterfaces[0]
	same(t, "first group of its network interface", *nic.Groups[0].GroupId, sgs[0])
	same(t, "description of its network interface", *nic.Description, "ELB lb")
}

func TestClassicHealthCheck(t *testing.T) {
	c := start(t, elb.Options{})
	c.createClassic(t, "lb")
	for _, test := range []struct{ target, want string }{
		{"http:30080/healthz", "HTTP:30080/healthz"}, {"SSL:1", "SSL:1"}, {"TCP:80", "TCP:80"},
		{"HTTP:80", ""}, {"TCP:80/x", ""}, {"UDP:80", ""}, {"TCP:0", ""}, {"30080", ""},
	} {
		in := &classic.ConfigureHealthCheckInput{LoadBalancerName: aws.String("lb"), HealthCheck: &types.HealthCheck{
			Target: &test.target, Interval: aws.Int32(10), Timeout: aws.Int32(5), HealthyThreshold: aws.Int32(2), UnhealthyThreshold: aws.Int32(6)}}
		out, err := c.classic.ConfigureHealthCheck(t.Context(), in)
		switch {
		case test.want == "":
			refusedCode(t, err, "ValidationError", "HealthCheck")
		case err != nil:
			t.Error(test.target, err)
		default:
			same(t, "target", *out.HealthCheck.Target, test.want)
			same(t, "described target", *c.describeClassic(t, "lb").HealthCheck.Target, test.want)
		}
	}
	in := &classic.ConfigureHealthCheckInput{LoadBalancerName: aws.String("lb"), HealthCheck: &types.HealthCheck{
		Target: aws.String("TCP:1"), Interval: aws.Int32(5), Timeout: aws.Int32(5), HealthyThreshold: aws.Int32(2), UnhealthyThreshold: aws.Int32(6)}}
	refusedCode(t, refusal(c.classic.ConfigureHealthCheck(t.Context(), in)), "ValidationError", "less than")
	in.HealthCheck.Interval, in.HealthCheck.HealthyThreshold = aws.Int32(10), aws.Int32(1)
	refusedCode(t, refusal(c.classic.ConfigureHealthCheck(t.Context(), in)), "ValidationError", "between 2 and 10")
}

func TestClassicAttributes(t *testing.T) {
	c := start(t, elb.Options{})
	c.createClassic(t, "lb")
	modify := func(a types.LoadBalancerAttributes) error {
		return refusal(c.classic.ModifyLoadBalancerAttributes(t.Context(), &classic.ModifyLoadBalancerAttributesInput{LoadBalancerName: aws.String("lb"), LoadBalancerAttributes: &a}))
	}
	err := modify(types.LoadBalancerAttributes{
		AccessLog:              &types.AccessLog{Enabled: true, S3BucketName: aws.String("bucket"), EmitInterval: aws.Int32(5)},
		ConnectionDraining:     &types.ConnectionDraining{Enabled: true, Timeout: aws.Int32(30)},
		ConnectionSettings:     &types.ConnectionSettings{IdleTimeout: aws.Int32(100)},
		CrossZoneLoadBalancing: &types.CrossZoneLoadBalancing{Enabled: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := modify(types.LoadBalancerAttributes{ConnectionDraining: &types.ConnectionDraining{Enabled: false}}); err != nil {
		t.Fatal(err)
	}
	a := ok(c.classic.DescribeLoadBalancerAttributes(t.Context(), &classic.DescribeLoadBalancerAttributesInput{LoadBalancerName: aws.String("lb")}))(t).LoadBalancerAttributes
	same(t, "access log", line(a.AccessLog.Enabled, *a.AccessLog.S3BucketName, *a.AccessLog.EmitInterval), "true bucket 5")
	same(t, "draining, whose timeout stays", line(a.ConnectionDraining.Enabled, *a.ConnectionDraining.Timeout), "false 30")
	same(t, "idle timeout", *a.ConnectionSettings.IdleTimeout, 100)
	refused[*types.InvalidConfigurationRequestException](t, modify(types.LoadBalancerAttributes{AccessLog: &types.AccessLog{Enabled: true}}), "Bucket")
	refused[*types.InvalidConfigurationRequestException](t, modify(types.LoadBalancerAttributes{AccessLog: &types.AccessLog{Enabled: false, EmitInterval: aws.Int32(10)}}), "5 or 60")
	refusedCode(t, modify(types.LoadBalancerAttributes{ConnectionSettings: &types.ConnectionSettings{IdleTimeout: aws.Int32(4001)}}), "ValidationError", "4000")
	refused[*types.LoadBalancerAttributeNotFoundException](t, modify(types.LoadBalancerAttributes{AdditionalAttributes: []types.AdditionalAttribute{{Key: aws.String("x")}}}), "x")
}

func TestClassicTags(t *testing.T) {
	c := start(t, elb.Options{})
	c.createClassic(t, "lb")
	add := func(tags ...types.Tag) error {
		return refusal(c.classic.AddTags(t.Context(), &classic.AddTagsInput{LoadBalancerNames: []string{"lb"}, Tags: tags}))
	}
	if err := add(types.Tag{Key: aws.String("a"), Value: aws.String("2")}, types.Tag{Key: aws.String("b")}); err != nil {
		t.Fatal(err)
	}
	ok(c.classic.RemoveTags(t.Context(), &classic.RemoveTagsInput{LoadBalancerNames: []string{"lb"}, Tags: []types.TagKeyOnly{{Key: aws.String("b")}}}))(t)
	tags := ok(c.classic.DescribeTags(t.Context(), &classic.DescribeTagsInput{LoadBalancerNames: []string{"lb"}}))(t).TagDescriptions[0].Tags
	same(t, "tags", line(len(tags), *tags[0].Key, *tags[0].Value), "1 a 2")
	_, err := c.classic.DescribeTags(t.Context(), &classic.DescribeTagsInput{LoadBalancerNames: slices.Repeat([]string{"lb"}, 21)})
	refusedCode(t, err, "ValidationError", "20")
	refused[*types.DuplicateTagKeysException](t, add(types.Tag{Key: aws.String("x")}, types.Tag{Key: aws.String("x")}), "x")
	var many []types.Tag
	for i := range 50 {
		many = append(many, types.Tag{Key: aws.String(fmt.Sprint(i))})
	}
	refused[*types.TooManyTagsException](t, add(many...), "50")
}
