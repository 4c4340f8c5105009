// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	classic "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/elb"
)

func instances(ids ...string) []types.Instance {
	var out []types.Instance
	for _, id := range ids {
		out = append(out, types.Instance{InstanceId: &id})
	}
	return out
}

func (c *cloud) registerClassic(ctx context.Context, ids ...string) (int, error) {
	out, err := c.classic.RegisterInstancesWithLoadBalancer(ctx, &classic.RegisterInstancesWithLoadBalancerInput{LoadBalancerName: aws.String("lb"), Instances: instances(ids...)})
	if err != nil {
		return 0, err
	}
	return len(out.Instances), nil
}

func TestClassicInstances(t *testing.T) {
	c := start(t, elb.Options{Timing: elb.Timing{Initial: 20 * time.Second}, Quotas: elb.Quotas{ClassicInstances: 4}})
	c.createClassic(t, "lb")
	ids := c.instances(t, 5)
	same(t, "number of instances", ok(c.registerClassic(t.Context(), ids[:2]...))(t), 2)
	same(t, "number of instances", ok(c.registerClassic(t.Context(), ids[1:4]...))(t), 4)
	refusedCode(t, refusal(c.registerClassic(t.Context(), ids[4])), "InvalidConfigurationRequest", "maximum number")
	refused[*types.InvalidEndPointException](t, refusal(c.registerClassic(t.Context(), "i-00000000000000000")), "Could not find EC2 instance i-00000000000000000.")

	// Instances take turns in the zones, and the load balancer is in two of three.
	health := func(ids ...string) (out []string) {
		for _, s := range ok(c.classic.DescribeInstanceHealth(t.Context(), &classic.DescribeInstanceHealthInput{LoadBalancerName: aws.String("lb"), Instances: instances(ids...)}))(t).InstanceStates {
			out = append(out, *s.State+"/"+*s.ReasonCode+"/"+*s.Description)
		}
		return out
	}
	same(t, "state at first", health(ids[0])[0], "OutOfService/ELB/Instance registration is still in progress.")
	c.set(0, 10*time.Second)
	wait := classic.NewAnyInstanceInServiceWaiter(c.classic, func(o *classic.AnyInstanceInServiceWaiterOptions) {
		o.MinDelay, o.MaxDelay = time.Millisecond, time.Millisecond
	})
	if err := wait.Wait(t.Context(), &classic.DescribeInstanceHealthInput{LoadBalancerName: aws.String("lb")}, time.Minute); err != nil {
		t.Fatal(err)
	}
	c.set(0, 0)
	same(t, "number of states", len(health()), 4)
	same(t, "state in another zone", health(ids[2])[0], "OutOfService/ELB/Instance is in the EC2 Availability Zone for which LoadBalancer is not configured to route traffic to.")
	same(t, "state of one that is not registered", health(ids[4])[0], "OutOfService/Instance/Instance is not currently registered with the LoadBalancer.")
	if err := c.ec2.ChangeInstance(ids[0], func(i *ec2.Instance) { i.State = "stopped" }); err != nil {
		t.Fatal(err)
	}
	same(t, "state of a stopped one", health(ids[0])[0], "OutOfService/Instance/Instance is in stopped state.")
	if err := c.ec2.ChangeInstance(ids[0], func(i *ec2.Instance) { i.State = "terminated" }); err != nil {
		t.Fatal(err)
	}
	same(t, "number of states of a terminated one", len(health(ids[0])), 0)

	deregister := func(ids ...string) (int, error) {
		out, err := c.classic.DeregisterInstancesFromLoadBalancer(t.Context(), &classic.DeregisterInstancesFromLoadBalancerInput{LoadBalancerName: aws.String("lb"), Instances: instances(ids...)})
		if err != nil {
			return 0, err
		}
		return len(out.Instances), nil
	}
	same(t, "number of instances left", ok(deregister(ids[0], ids[4]))(t), 3)
	refused[*types.InvalidEndPointException](t, refusal(deregister("i-00000000000000000")), "Could not find")
}

func TestClassicPolicies(t *testing.T) {
	c := start(t, elb.Options{})
	c.createClassic(t, "lb", func(in *classic.CreateLoadBalancerInput) {
		in.Listeners = append(in.Listeners, types.Listener{Protocol: aws.String("SSL"), LoadBalancerPort: 443, InstancePort: aws.Int32(30443), SSLCertificateId: aws.String(certA)})
	})
	name := aws.String("lb")
	create := func(policy, kind, attribute, value string) error {
		return refusal(c.classic.CreateLoadBalancerPolicy(t.Context(), &classic.CreateLoadBalancerPolicyInput{
			LoadBalancerName: name, PolicyName: &policy, PolicyTypeName: &kind,
			PolicyAttributes: []types.PolicyAttribute{{AttributeName: &attribute, AttributeValue: &value}},
		}))
	}
	setBackend := func(port int32, policies ...string) error {
		return refusal(c.classic.SetLoadBalancerPoliciesForBackendServer(t.Context(), &classic.SetLoadBalancerPoliciesForBackendServerInput{
			LoadBalancerName: name, InstancePort: &port, PolicyNames: append([]string{}, policies...)}))
	}
	setListener := func(port int32, policies ...string) error {
		return refusal(c.classic.SetLoadBalancerPoliciesOfListener(t.Context(), &classic.SetLoadBalancerPoliciesOfListenerInput{
			LoadBalancerName: name, LoadBalancerPort: port, PolicyNames: append([]string{}, policies...)}))
	}
	remove := func(policy string) error {
		return refusal(c.classic.DeleteLoadBalancerPolicy(t.Context(), &classic.DeleteLoadBalancerPolicyInput{LoadBalancerName: name, PolicyName: &policy}))
	}
	good := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	good("creating", create("proxy", "ProxyProtocolPolicyType", "ProxyProtocol", "true"))
	good("creating the same again", create("proxy", "ProxyProtocolPolicyType", "ProxyProtocol", "true"))
	refused[*types.DuplicatePolicyNameException](t, create("proxy", "ProxyProtocolPolicyType", "ProxyProtocol", "false"), "Policy Name proxy already exists.")
	refused[*types.PolicyTypeNotFoundException](t, create("x", "NoType", "ProxyProtocol", "true"), "NoType")
	refused[*types.InvalidConfigurationRequestException](t, create("x", "SSLNegotiationPolicyType", "Reference-Security-Policy", "none"), "none")

	good("enabling for a backend", setBackend(30080, "proxy"))
	b := c.describeClassic(t, "lb").BackendServerDescriptions
	same(t, "backends", line(len(b), *b[0].InstancePort, b[0].PolicyNames), "1 30080 [proxy]")
	refused[*types.PolicyNotFoundException](t, setBackend(30080, "none"), "There is no policy with name none for load balancer lb")
	refused[*types.InvalidConfigurationRequestException](t, setListener(443, "proxy"), "proxy")
	refused[*types.InvalidConfigurationRequestException](t, remove("proxy"), "proxy")
	good("disabling", setBackend(30080))
	same(t, "number of backends", len(c.describeClassic(t, "lb").BackendServerDescriptions), 0)
	good("deleting", remove("proxy"))
	good("deleting again", remove("proxy"))

	good("creating a TLS policy", create("tls", "SSLNegotiationPolicyType", "Reference-Security-Policy", "ELBSecurityPolicy-TLS-1-2-2017-01"))
	good("enabling it", setListener(443, "tls"))
	refused[*types.ListenerNotFoundException](t, setListener(444, "tls"), "444")
	same(t, "policies of the listener", line(c.describeClassic(t, "lb").ListenerDescriptions[1].PolicyNames), "[tls]")
	d := ok(c.classic.DescribeLoadBalancerPolicies(t.Context(), &classic.DescribeLoadBalancerPoliciesInput{LoadBalancerName: name, PolicyNames: []string{"tls"}}))(t).PolicyDescriptions[0]
	values := map[string]string{}
	for _, a := range d.PolicyAttributeDescriptions {
		values[*a.AttributeName] = *a.AttributeValue
	}
	same(t, "reference", values["Reference-Security-Policy"], "ELBSecurityPolicy-TLS-1-2-2017-01")
	same(t, "TLS 1.0 and 1.2", values["Protocol-TLSv1"]+" "+values["Protocol-TLSv1.2"], "false true")
	_, err := c.classic.DescribeLoadBalancerPolicies(t.Context(), &classic.DescribeLoadBalancerPoliciesInput{LoadBalancerName: name, PolicyNames: []string{"k8s"}})
	refused[*types.PolicyNotFoundException](t, err, "k8s")
	same(t, "number of predefined policies", len(ok(c.classic.DescribeLoadBalancerPolicies(t.Context(), &classic.DescribeLoadBalancerPoliciesInput{}))(t).PolicyDescriptions), 4)
	same(t, "number of policy types", len(ok(c.classic.DescribeLoadBalancerPolicyTypes(t.Context(), &classic.DescribeLoadBalancerPolicyTypesInput{}))(t).PolicyTypeDescriptions), 6)
}

func TestClassicReadsLag(t *testing.T) {
	c := start(t, elb.Options{})
	c.set(10*time.Second, 0)
	c.createClassic(t, "lb")
	describe := func() error {
		return refusal(c.classic.DescribeLoadBalancers(t.Context(), &classic.DescribeLoadBalancersInput{LoadBalancerNames: []string{"lb"}}))
	}
	refused[*types.AccessPointNotFoundException](t, describe(), "lb")
	ids := c.instances(t, 1)
	same(t, "instances in the answer to a change", ok(c.registerClassic(t.Context(), ids...))(t), 1)
	c.move(10 * time.Second)
	same(t, "instances later", len(c.describeClassic(t, "lb").Instances), 1)
	ok(c.classic.DeleteLoadBalancer(t.Context(), &classic.DeleteLoadBalancerInput{LoadBalancerName: aws.String("lb")}))(t)
	if err := describe(); err != nil {
		t.Error("describing just after deletion:", err)
	}
	c.move(10 * time.Second)
	refused[*types.AccessPointNotFoundException](t, describe(), "lb")
}
