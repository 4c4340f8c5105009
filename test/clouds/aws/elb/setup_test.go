// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	classic "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	classictypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"
	v2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	v2types "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/smithy-go"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/elb"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

// clock stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
	lag time.Duration
	// step is by how much each request moves it.
	step time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Lag() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lag
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *clock) set(lag, step time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lag, c.step = lag, step
}

const (
	certA = "arn:aws:acm:us-west-2:123456789012:certificate/12345678-1234-1234-1234-123456789012"
	certB = "arn:aws:acm:us-west-2:123456789012:certificate/87654321-4321-4321-4321-210987654321"
)

// cloud is the services behind a server on loopback, with a network in three zones.
type cloud struct {
	*clock
	ec2     *ec2.Service
	elb     *elb.Service
	net     *ec2.Network
	classic *classic.Client
	v2      *v2.Client
	ec2API  *awsec2.Client
}

func start(t *testing.T, opts elb.Options) *cloud {
	t.Helper()
	c := &cloud{clock: &clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}}
	c.ec2 = ec2.New(ec2.Options{Region: "us-west-2", Clock: c.clock, Quotas: ec2.Quotas{Addresses: 100}})
	var err error
	if c.net, err = c.ec2.AddNetwork(ec2.NetworkOptions{IPv6: true}); err != nil {
		t.Fatal(err)
	}
	opts.Region, opts.Clock, opts.Network = "us-west-2", c.clock, c.ec2
	opts.Certificates = []string{certA, certB}
	c.elb = elb.New(opts)
	server := httptest.NewServer(c.handler())
	t.Cleanup(server.Close)
	config := aws.Config{
		Region: "us-west-2", BaseEndpoint: aws.String(server.URL), RetryMaxAttempts: 1,
		HTTPClient:  &http.Client{Transport: inMemory{server.Client().Transport}},
		Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", ""),
	}
	c.classic, c.v2, c.ec2API = classic.NewFromConfig(config), v2.NewFromConfig(config), awsec2.NewFromConfig(config)
	return c
}

func (c *cloud) handler() http.Handler {
	handlers := map[string]http.Handler{
		wire.ELB.Version:   wire.Handler(wire.ELB, c.elb.Classic()),
		wire.ELBv2.Version: wire.Handler(wire.ELBv2, c.elb.V2()),
		wire.EC2.Version:   wire.Handler(wire.EC2, c.ec2.Operations()),
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.move(c.step)
		if err := r.ParseForm(); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		handlers[r.Form.Get("Version")].ServeHTTP(w, r)
	})
}

// inMemory gives requests a body that net/http knows to be in memory. The SDK's own body, once it is
// closed, fails the transport's look for more of it; the SDK closes it as soon as it has the answer's
// headers, which on a busy machine is sometimes before that look, and then the connection is closed under
// the answer (smithy-go 1.28.9, safeWriteToReadCloser.WriteTo).
type inMemory struct{ http.RoundTripper }

func (m inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	return m.RoundTripper.RoundTrip(r)
}

// instances adds running instances and returns their IDs.
func (c *cloud) instances(t *testing.T, n int) []string {
	t.Helper()
	added, err := c.ec2.AddInstances(c.net.Instances(n))
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, i := range added {
		ids = append(ids, i.ID)
	}
	return ids
}

// groups adds security groups to the network.
func (c *cloud) groups(t *testing.T, names ...string) []string {
	t.Helper()
	var ids []string
	for _, name := range names {
		out, err := c.ec2API.CreateSecurityGroup(t.Context(), &awsec2.CreateSecurityGroupInput{GroupName: &name, Description: &name, VpcId: &c.net.VPC})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, *out.GroupId)
	}
	return ids
}

// ok fails the test if there is an error.
func ok[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// refusal is what is left of an answer that ought to be an error.
func refusal[T any](_ T, err error) error { return err }

// refused wants one of the SDK's typed errors, with a text in it.
func refused[E error](t *testing.T, err error, text string) {
	t.Helper()
	if _, is := errors.AsType[E](err); !is {
		var none E
		t.Fatalf("got error %v, want a %T", err, none)
	}
	if !strings.Contains(err.Error(), text) {
		t.Errorf("got error %v, want %q in it", err, text)
	}
}

// refusedCode wants an error for which the SDK has no type.
func refusedCode(t *testing.T, err error, code, text string) {
	t.Helper()
	e, is := errors.AsType[smithy.APIError](err)
	if !is || e.ErrorCode() != code || !strings.Contains(e.ErrorMessage(), text) {
		t.Fatalf("got error %v, want code %s with %q", err, code, text)
	}
}

func same[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// line prints values with blanks between them.
func line(values ...any) string { return strings.TrimSpace(fmt.Sprintln(values...)) }

// classicInput is a load balancer with one TCP listener.
func (c *cloud) classicInput(name string, change ...func(*classic.CreateLoadBalancerInput)) *classic.CreateLoadBalancerInput {
	in := &classic.CreateLoadBalancerInput{
		LoadBalancerName: &name, Subnets: c.net.Public[:2],
		Listeners: []classictypes.Listener{tcpListener(80, 30080)},
		Tags:      []classictypes.Tag{{Key: aws.String("a"), Value: aws.String("1")}},
	}
	for _, f := range change {
		f(in)
	}
	return in
}

func tcpListener(port, instancePort int32) classictypes.Listener {
	return classictypes.Listener{Protocol: aws.String("tcp"), LoadBalancerPort: port, InstanceProtocol: aws.String("tcp"), InstancePort: &instancePort}
}

func (c *cloud) createClassic(t *testing.T, name string, change ...func(*classic.CreateLoadBalancerInput)) {
	t.Helper()
	ok(c.classic.CreateLoadBalancer(t.Context(), c.classicInput(name, change...)))(t)
}

// describeClassic returns one load balancer.
func (c *cloud) describeClassic(t *testing.T, name string) classictypes.LoadBalancerDescription {
	t.Helper()
	out := ok(c.classic.DescribeLoadBalancers(t.Context(), &classic.DescribeLoadBalancersInput{LoadBalancerNames: []string{name}}))(t)
	return out.LoadBalancerDescriptions[0]
}

// balancerInput is a Network Load Balancer.
func (c *cloud) balancerInput(name string, change ...func(*v2.CreateLoadBalancerInput)) *v2.CreateLoadBalancerInput {
	in := &v2.CreateLoadBalancerInput{
		Name: &name, Type: v2types.LoadBalancerTypeEnumNetwork, Subnets: c.net.Public[:2],
		Tags: []v2types.Tag{{Key: aws.String("a"), Value: aws.String("1")}},
	}
	for _, f := range change {
		f(in)
	}
	return in
}

func (c *cloud) createBalancer(t *testing.T, name string, change ...func(*v2.CreateLoadBalancerInput)) v2types.LoadBalancer {
	t.Helper()
	return ok(c.v2.CreateLoadBalancer(t.Context(), c.balancerInput(name, change...)))(t).LoadBalancers[0]
}

func (c *cloud) groupInput(name string, change ...func(*v2.CreateTargetGroupInput)) *v2.CreateTargetGroupInput {
	in := &v2.CreateTargetGroupInput{Name: &name, Protocol: v2types.ProtocolEnumTcp, Port: aws.Int32(30080), VpcId: &c.net.VPC}
	for _, f := range change {
		f(in)
	}
	return in
}

func (c *cloud) createGroup(t *testing.T, name string, change ...func(*v2.CreateTargetGroupInput)) v2types.TargetGroup {
	t.Helper()
	return ok(c.v2.CreateTargetGroup(t.Context(), c.groupInput(name, change...)))(t).TargetGroups[0]
}

func listenerInput(lb v2types.LoadBalancer, tg v2types.TargetGroup, port int32, protocol v2types.ProtocolEnum) *v2.CreateListenerInput {
	return &v2.CreateListenerInput{
		LoadBalancerArn: lb.LoadBalancerArn, Port: &port, Protocol: protocol,
		DefaultActions: []v2types.Action{{Type: v2types.ActionTypeEnumForward, TargetGroupArn: tg.TargetGroupArn}},
	}
}

func (c *cloud) createListener(t *testing.T, in *v2.CreateListenerInput) v2types.Listener {
	t.Helper()
	return ok(c.v2.CreateListener(t.Context(), in))(t).Listeners[0]
}

func targets(ids ...string) []v2types.TargetDescription {
	var out []v2types.TargetDescription
	for _, id := range ids {
		out = append(out, v2types.TargetDescription{Id: &id})
	}
	return out
}

func (c *cloud) register(t *testing.T, tg v2types.TargetGroup, ids ...string) {
	t.Helper()
	ok(c.v2.RegisterTargets(t.Context(), &v2.RegisterTargetsInput{TargetGroupArn: tg.TargetGroupArn, Targets: targets(ids...)}))(t)
}

func (c *cloud) health(t *testing.T, tg v2types.TargetGroup, ids ...string) []v2types.TargetHealthDescription {
	t.Helper()
	in := &v2.DescribeTargetHealthInput{TargetGroupArn: tg.TargetGroupArn, Targets: targets(ids...)}
	return ok(c.v2.DescribeTargetHealth(t.Context(), in))(t).TargetHealthDescriptions
}
