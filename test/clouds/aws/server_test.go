// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/smithy-go"

	"sigs.k8s.io/cloud-providers/test/clouds/aws"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/awstest"
	simec2 "sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
)

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	api, ok := errors.AsType[smithy.APIError](err)
	if code == "" && err != nil || code != "" && (!ok || api.ErrorCode() != code) {
		t.Fatalf("got %v, want code %q", err, code)
	}
}

// build adds a network with instances.
func build(t *testing.T, c *awstest.Cloud, count int) (*simec2.Network, []simec2.Instance) {
	t.Helper()
	n, err := c.EC2.AddNetwork(simec2.NetworkOptions{ClusterID: "test"})
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := c.EC2.AddInstances(n.Instances(count))
	if err != nil {
		t.Fatal(err)
	}
	return n, nodes
}

// tag makes a change whose effect can be seen.
func tag(ctx context.Context, client *ec2.Client, id, value string) error {
	_, err := client.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{id}, Tags: []types.Tag{{Key: sdk.String("k"), Value: &value}}})
	return err
}

func TestSignatures(t *testing.T) {
	c := awstest.Start(t, aws.Options{AccessKeys: []string{"AKIATEST"}})
	post := func(authorization, version, action string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.URL, strings.NewReader("Action="+action+"&Version="+version))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	signed := func(key, region, service string) string {
		return "AWS4-HMAC-SHA256 Credential=" + key + "/20260102/" + region + "/" + service + "/aws4_request, SignedHeaders=host, Signature=00"
	}
	cases := []struct {
		name, authorization, version, action string
		status                               int
		want                                 string
	}{
		{"good", signed("AKIATEST", "us-west-2", "ec2"), "2016-11-15", "DescribeVpcs", 200, "<vpcSet>"},
		{"not signed", "", "2016-11-15", "DescribeVpcs", 403, "<Code>MissingAuthenticationToken</Code>"},
		{"half signed", "AWS4-HMAC-SHA256 Credential=AKIATEST/20260102/us-west-2/ec2/aws4_request", "2016-11-15", "DescribeVpcs", 400, "<Code>IncompleteSignature</Code>"},
		{"for another service", signed("AKIATEST", "us-west-2", "ec2"), "2015-12-01", "DescribeLoadBalancers", 403, "<Code>SignatureDoesNotMatch</Code>"},
		{"for another region", signed("AKIATEST", "eu-west-1", "ec2"), "2016-11-15", "DescribeVpcs", 401, "<Code>AuthFailure</Code>"},
		{"by a stranger", signed("AKIAOTHER", "us-west-2", "ec2"), "2016-11-15", "DescribeVpcs", 401, "<Code>AuthFailure</Code>"},
		{"by a stranger, elsewhere", signed("AKIAOTHER", "us-west-2", "sts"), "2011-06-15", "GetCallerIdentity", 403, "<Code>InvalidClientTokenId</Code>"},
		{"another version", signed("AKIATEST", "us-west-2", "ec2"), "2010-01-01", "DescribeVpcs", 400, "<Response><Errors><Error><Code>NoSuchVersion</Code>"},
		{"no such action", signed("AKIATEST", "us-west-2", "ec2"), "2016-11-15", "Fly", 400, "<Code>InvalidAction</Code>"},
		{"same host, version of Classic", signed("AKIATEST", "us-west-2", "elasticloadbalancing"), "2012-06-01", "DescribeLoadBalancers", 200, "<LoadBalancerDescriptions>"},
		{"same host, version 2", signed("AKIATEST", "us-west-2", "elasticloadbalancing"), "2015-12-01", "DescribeLoadBalancers", 200, "<LoadBalancers>"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			status, body := post(tc.authorization, tc.version, tc.action)
			if status != tc.status || !strings.Contains(body, tc.want) {
				t.Errorf("%d %s, want %d %s", status, body, tc.status, tc.want)
			}
		})
	}
}

func TestEventualConsistency(t *testing.T) {
	c := awstest.Start(t, aws.Options{})
	c.Clock.Stop()
	n, nodes := build(t, c, 1)
	c.Clock.SetLag(10 * time.Second)
	client, ctx := c.EC2Client(), t.Context()
	created, err := client.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{GroupName: sdk.String("a"), Description: sdk.String("a"), VpcId: &n.VPC})
	wantCode(t, err, "")
	byID := func() error {
		_, err := client.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{*created.GroupId}})
		return err
	}
	wantCode(t, byID(), "InvalidGroup.NotFound")
	// Changes see it already.
	_, err = client.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{GroupName: sdk.String("a"), Description: sdk.String("a"), VpcId: &n.VPC})
	wantCode(t, err, "InvalidGroup.Duplicate")
	wantCode(t, tag(ctx, client, nodes[0].ID, "v"), "")
	tagged := func() int {
		out, err := client.DescribeInstances(ctx, &ec2.DescribeInstancesInput{Filters: []types.Filter{{Name: sdk.String("tag:k"), Values: []string{"v"}}}})
		wantCode(t, err, "")
		return len(out.Reservations)
	}
	if tagged() != 0 {
		t.Error("a tag is seen at once")
	}
	c.Clock.Advance(10 * time.Second)
	wantCode(t, byID(), "")
	if tagged() != 1 {
		t.Error("a tag is not seen in time")
	}
}

func TestFaults(t *testing.T) {
	c := awstest.Start(t, aws.Options{})
	_, nodes := build(t, c, 1)
	client, ctx := c.EC2Client(), t.Context()
	value := func() string {
		i, _ := c.EC2.InstanceByID(nodes[0].ID)
		return i.Tags["k"]
	}
	add := func(f ...aws.Fault) {
		t.Helper()
		c.Faults.Clear()
		c.Calls.Reset()
		if err := c.Faults.Add(f...); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("an error for the next two calls", func(t *testing.T) {
		add(aws.Fault{Service: "ec2", Operation: "CreateTags", Calls: 2, Code: "UnauthorizedOperation"})
		for _, code := range []string{"UnauthorizedOperation", "UnauthorizedOperation", ""} {
			wantCode(t, tag(ctx, client, nodes[0].ID, "1"), code)
		}
	})
	t.Run("other operations do not suffer", func(t *testing.T) {
		add(aws.Fault{Operation: "Describe*", Code: "Unavailable"})
		wantCode(t, tag(ctx, client, nodes[0].ID, "2"), "")
		_, err := client.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})
		wantCode(t, err, "Unavailable")
		_, err = c.ELBv2Client().DescribeLoadBalancers(ctx, &elbv2.DescribeLoadBalancersInput{})
		wantCode(t, err, "Unavailable")
	})
	t.Run("a ratio is spread evenly", func(t *testing.T) {
		add(aws.Fault{Operation: "CreateTags", Ratio: 0.25, Code: "InternalError"})
		failed := 0
		for range 20 {
			if tag(ctx, client, nodes[0].ID, "3") != nil {
				failed++
			}
		}
		if failed != 5 {
			t.Errorf("%d of 20 calls failed, want 5", failed)
		}
	})
	t.Run("a dropped connection changes nothing", func(t *testing.T) {
		add(aws.Fault{Operation: "CreateTags", Calls: 1, Kind: aws.Drop})
		err := tag(ctx, client, nodes[0].ID, "dropped")
		if _, ok := errors.AsType[smithy.APIError](err); err == nil || ok || value() != "3" {
			t.Errorf("error %v, value %q", err, value())
		}
	})
	t.Run("a lost answer leaves the change", func(t *testing.T) {
		add(aws.Fault{Operation: "CreateTags", Calls: 1, Kind: aws.Lose})
		if err := tag(ctx, client, nodes[0].ID, "lost"); err == nil || value() != "lost" {
			t.Errorf("error %v, value %q", err, value())
		}
		if calls := c.Calls.All(); len(calls) != 1 || !calls[0].Lost || calls[0].Result != aws.OK {
			t.Errorf("log %+v", calls)
		}
	})
	t.Run("the SDK retries what it should", func(t *testing.T) {
		add(aws.Fault{Operation: "CreateTags", Calls: 1, Kind: aws.Drop}, aws.Fault{Operation: "CreateTags", Calls: 1, Code: "RequestLimitExceeded"})
		retrying := ec2.NewFromConfig(c.Config, func(o *ec2.Options) {
			o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Millisecond })
		})
		wantCode(t, tag(ctx, retrying, nodes[0].ID, "retried"), "")
		if n := c.Calls.Counts()["ec2:CreateTags"]; n != 3 {
			t.Errorf("%d calls, want 3", n)
		}
	})
	if err := c.Faults.Add(aws.Fault{Kind: "explode"}); err == nil {
		t.Error("an unknown kind is accepted")
	}
}

func TestRateLimits(t *testing.T) {
	c := awstest.Start(t, aws.Options{RateLimits: []aws.RateLimit{
		{Service: "ec2", Class: aws.Unbounded, PerSecond: 1, Burst: 2},
		{Service: "elbv2", PerSecond: 1, Burst: 1},
	}})
	c.Clock.Stop()
	client, ctx := c.EC2Client(), t.Context()
	describe := func(max *int32) error {
		_, err := client.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{MaxResults: max})
		return err
	}
	for _, code := range []string{"", "", "RequestLimitExceeded"} {
		wantCode(t, describe(nil), code)
	}
	wantCode(t, describe(sdk.Int32(10)), "") // pages are cheaper
	c.Clock.Advance(time.Second)
	wantCode(t, describe(nil), "")
	wantCode(t, describe(nil), "RequestLimitExceeded")
	for _, code := range []string{"", "Throttling"} {
		_, err := c.ELBv2Client().DescribeLoadBalancers(ctx, &elbv2.DescribeLoadBalancersInput{})
		wantCode(t, err, code)
	}
}

func TestLatencyHoldsNothing(t *testing.T) {
	c := awstest.Start(t, aws.Options{Latency: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := c.EC2Client().DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})
		failed <- err
	}()
	build(t, c, 1) // by the side, it works
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestCallLog(t *testing.T) {
	c := awstest.Start(t, aws.Options{})
	_, nodes := build(t, c, 1)
	client, ctx := c.EC2Client(), t.Context()
	wantCode(t, tag(ctx, client, nodes[0].ID, "v"), "")
	wantCode(t, tag(ctx, client, "i-00000000", "v"), "InvalidInstanceID.NotFound")
	_, err := client.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})
	wantCode(t, err, "")
	changes := c.Calls.Mutating()
	if len(changes) != 2 || changes[0].Parameters["ResourceId.1"] != nodes[0].ID || changes[0].Result != aws.OK ||
		changes[1].Result != "InvalidInstanceID.NotFound" || changes[0].AccessKey != "AKIATEST" || changes[0].RequestID == "" {
		t.Errorf("changes %+v", changes)
	}
	if got := c.Calls.Counts(); got["ec2:CreateTags"] != 2 || got["ec2:DescribeVpcs"] != 1 || len(got) != 2 {
		t.Errorf("counts %v", got)
	}
}

func TestStaticCredentialsMatter(t *testing.T) {
	c := awstest.Start(t, aws.Options{AccessKeys: []string{"AKIATEST"}})
	config := c.Config.Copy()
	config.Credentials = credentials.NewStaticCredentialsProvider("AKIAOTHER", "x", "")
	_, err := ec2.NewFromConfig(config).DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{})
	wantCode(t, err, "AuthFailure")
}

func TestManyAtOnce(t *testing.T) {
	c := awstest.Start(t, aws.Options{Lag: time.Millisecond})
	n, nodes := build(t, c, 20)
	client, ctx := c.EC2Client(), t.Context()
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for i := range 10 {
				name := fmt.Sprintf("g-%d-%d", worker, i)
				_, err := client.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{GroupName: &name, Description: sdk.String("x"), VpcId: &n.VPC})
				if err == nil {
					err = tag(ctx, client, nodes[i].ID, name)
				}
				if err == nil {
					_, err = client.DescribeInstances(ctx, &ec2.DescribeInstancesInput{})
				}
				if err == nil {
					_, err = c.EC2.AddInstances(n.Instances(1))
				}
				if err == nil {
					err = c.DumpJSON(io.Discard)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if s := c.State().EC2; len(s.SecurityGroups) != 42 || len(s.Instances) != 60 {
		t.Errorf("%d groups and %d instances, want 42 and 60", len(s.SecurityGroups), len(s.Instances))
	}
}
