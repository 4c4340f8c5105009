// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	v2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/elb"
)

type createListener = func(*v2.CreateListenerInput)

func certificates(arns ...string) []types.Certificate {
	var out []types.Certificate
	for _, arn := range arns {
		out = append(out, types.Certificate{CertificateArn: &arn})
	}
	return out
}

func TestListeners(t *testing.T) {
	c := start(t, elb.Options{Quotas: elb.Quotas{Listeners: 2}})
	lb, tg, udp := c.createBalancer(t, "lb"), c.createGroup(t, "tcp"), c.createGroup(t, "udp", func(in *v2.CreateTargetGroupInput) { in.Protocol = "UDP" })
	both := c.createGroup(t, "both", func(in *v2.CreateTargetGroupInput) { in.Protocol = "TCP_UDP" })
	first := c.createListener(t, listenerInput(lb, tg, 80, "TCP"))
	same(t, "listener", line(*first.Port, first.Protocol, first.SslPolicy == nil, len(first.Certificates), first.DefaultActions[0].Type, *first.DefaultActions[0].TargetGroupArn),
		line(80, "TCP", true, 0, "forward", *tg.TargetGroupArn))
	same(t, "ARN", (*first.ListenerArn)[:len("arn:aws:elasticloadbalancing:us-west-2:123456789012:listener/net/lb/")], "arn:aws:elasticloadbalancing:us-west-2:123456789012:listener/net/lb/")
	same(t, "ARN of the second create call", *c.createListener(t, listenerInput(lb, tg, 80, "TCP")).ListenerArn, *first.ListenerArn)
	taken := typed[*types.DuplicateListenerException]("A listener already exists on this port for this load balancer '" + *lb.LoadBalancerArn + "'")
	tls := func(policy *string, certs ...string) createListener {
		return func(in *v2.CreateListenerInput) {
			in.Port, in.Protocol, in.SslPolicy, in.Certificates = aws.Int32(443), "TLS", policy, certificates(certs...)
		}
	}
	to := func(tg types.TargetGroup, port int32, protocol types.ProtocolEnum) createListener {
		return func(in *v2.CreateListenerInput) { *in = *listenerInput(lb, tg, port, protocol) }
	}
	for _, test := range []struct {
		name   string
		change createListener
		check  func(*testing.T, error)
	}{
		{"the port with another group", to(both, 80, "TCP"), taken},
		{"the port with another protocol", to(udp, 80, "UDP"), taken},
		{"the port with tags", func(in *v2.CreateListenerInput) { in.Tags = []types.Tag{{Key: aws.String("a")}} }, taken},
		{"an HTTP listener", to(tg, 81, "HTTP"), code("ValidationError", "Listener protocol 'HTTP' must be one of 'TLS, TCP, TCP_UDP, UDP'")},
		{"UDP to TCP", to(tg, 81, "UDP"), typed[*types.IncompatibleProtocolsException]("UDP")},
		{"TCP_UDP to UDP", to(udp, 81, "TCP_UDP"), typed[*types.IncompatibleProtocolsException]("TCP_UDP")},
		{"TLS without certificate", tls(nil), code("ValidationError", "A certificate must be specified for TLS listeners")},
		{"TLS with an unknown certificate", tls(nil, "arn:x"), typed[*types.CertificateNotFoundException]("arn:x")},
		{"TLS with two certificates", tls(nil, certA, certB), typed[*types.TooManyCertificatesException]("'2'")},
		{"TLS with an unknown policy", tls(aws.String("none"), certA), typed[*types.SSLPolicyNotFoundException]("none")},
		{"TCP with a certificate", func(in *v2.CreateListenerInput) { in.Certificates = certificates(certA) }, code("ValidationError", "TCP listeners")},
		{"port 0", func(in *v2.CreateListenerInput) { in.Port = aws.Int32(0) }, code("ValidationError", "port")},
		{"no action", func(in *v2.CreateListenerInput) { in.DefaultActions = []types.Action{} }, typed[*types.InvalidLoadBalancerActionException]("action")},
		{"an unknown load balancer", func(in *v2.CreateListenerInput) {
			in.LoadBalancerArn = aws.String("arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/net/x/0123456789abcdef")
		}, typed[*types.LoadBalancerNotFoundException]("net/x")},
		{"an unknown target group", func(in *v2.CreateListenerInput) {
			in.Port = aws.Int32(81)
			in.DefaultActions[0].TargetGroupArn = aws.String("arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/x/0123456789abcdef")
		}, typed[*types.TargetGroupNotFoundException]("target groups")},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := listenerInput(lb, tg, 80, "TCP")
			test.change(in)
			_, err := c.v2.CreateListener(t.Context(), in)
			test.check(t, err)
		})
	}
	c.createListener(t, listenerInput(lb, both, 53, "TCP_UDP"))
	_, err := c.v2.CreateListener(t.Context(), listenerInput(lb, tg, 81, "TCP"))
	refused[*types.TooManyListenersException](t, err, "maximum")
}

func TestListenerChanges(t *testing.T) {
	c := start(t, elb.Options{})
	lb, tg, other := c.createBalancer(t, "lb"), c.createGroup(t, "tg"), c.createGroup(t, "other")
	l := c.createListener(t, listenerInput(lb, tg, 80, "TCP"))
	c.createListener(t, listenerInput(lb, tg, 81, "TCP"))
	modify := func(in v2.ModifyListenerInput) (types.Listener, error) {
		in.ListenerArn = l.ListenerArn
		out, err := c.v2.ModifyListener(t.Context(), &in)
		if err != nil {
			return types.Listener{}, err
		}
		return out.Listeners[0], nil
	}
	out := ok(modify(v2.ModifyListenerInput{Protocol: "TLS", Certificates: certificates(certA), DefaultActions: listenerInput(lb, other, 80, "TLS").DefaultActions}))(t)
	same(t, "TLS listener", line(out.Protocol, *out.SslPolicy, *out.Certificates[0].CertificateArn, *out.DefaultActions[0].TargetGroupArn), line("TLS", "ELBSecurityPolicy-2016-08", certA, *other.TargetGroupArn))
	ok(c.v2.DeleteTargetGroup(t.Context(), &v2.DeleteTargetGroupInput{TargetGroupArn: c.createGroup(t, "unused").TargetGroupArn}))(t)
	out = ok(modify(v2.ModifyListenerInput{SslPolicy: aws.String("ELBSecurityPolicy-TLS13-1-2-2021-06")}))(t)
	same(t, "policy and certificate", line(*out.SslPolicy, *out.Certificates[0].CertificateArn), line("ELBSecurityPolicy-TLS13-1-2-2021-06", certA))
	certs := ok(c.v2.DescribeListenerCertificates(t.Context(), &v2.DescribeListenerCertificatesInput{ListenerArn: l.ListenerArn}))(t).Certificates
	same(t, "certificates", line(len(certs), *certs[0].CertificateArn, *certs[0].IsDefault), line(1, certA, true))
	refused[*types.CertificateNotFoundException](t, refusal(modify(v2.ModifyListenerInput{Certificates: certificates("arn:x")})), "arn:x")
	refused[*types.DuplicateListenerException](t, refusal(modify(v2.ModifyListenerInput{Port: aws.Int32(81)})), "already exists on this port")
	out = ok(modify(v2.ModifyListenerInput{Protocol: "TCP", Port: aws.Int32(82)}))(t)
	same(t, "listener without TLS", line(out.Protocol, *out.Port, out.SslPolicy == nil, len(out.Certificates)), "TCP 82 true 0")

	attribute := ok(c.v2.DescribeListenerAttributes(t.Context(), &v2.DescribeListenerAttributesInput{ListenerArn: l.ListenerArn}))(t).Attributes[0]
	same(t, "attribute", line(*attribute.Key, *attribute.Value), "tcp.idle_timeout.seconds 350")
	setIdle := func(seconds string) error {
		return refusal(c.v2.ModifyListenerAttributes(t.Context(), &v2.ModifyListenerAttributesInput{ListenerArn: l.ListenerArn,
			Attributes: []types.ListenerAttribute{{Key: attribute.Key, Value: &seconds}}}))
	}
	if err := setIdle("6000"); err != nil {
		t.Error(err)
	}
	refusedCode(t, setIdle("59"), "ValidationError", "59")

	ok(c.v2.DeleteListener(t.Context(), &v2.DeleteListenerInput{ListenerArn: l.ListenerArn}))(t)
	refused[*types.ListenerNotFoundException](t, refusal(c.v2.DeleteListener(t.Context(), &v2.DeleteListenerInput{ListenerArn: l.ListenerArn})), "listeners not found")
	same(t, "number of listeners", len(ok(c.v2.DescribeListeners(t.Context(), &v2.DescribeListenersInput{LoadBalancerArn: lb.LoadBalancerArn}))(t).Listeners), 1)
	refusedCode(t, refusal(c.v2.DescribeListeners(t.Context(), &v2.DescribeListenersInput{})), "ValidationError", "listener ARNs")
}

func TestLimitsAndPolicies(t *testing.T) {
	c := start(t, elb.Options{})
	limits := map[string]string{}
	for _, l := range ok(c.v2.DescribeAccountLimits(t.Context(), &v2.DescribeAccountLimitsInput{}))(t).Limits {
		limits[*l.Name] = *l.Max
	}
	same(t, "limits", line(limits["network-load-balancers"], limits["listeners-per-network-load-balancer"], limits["target-groups"],
		limits["targets-per-network-load-balancer"], limits["targets-per-availability-zone-per-network-load-balancer"]), "50 50 3000 3000 500")
	p := ok(c.v2.DescribeSSLPolicies(t.Context(), &v2.DescribeSSLPoliciesInput{Names: []string{"ELBSecurityPolicy-TLS13-1-3-2021-06"}}))(t).SslPolicies
	same(t, "policies", line(len(p), p[0].SslProtocols, len(p[0].Ciphers)), "1 [TLSv1.3] 3")
	_, err := c.v2.DescribeSSLPolicies(t.Context(), &v2.DescribeSSLPoliciesInput{Names: []string{"none"}})
	refused[*types.SSLPolicyNotFoundException](t, err, "policies")
}
