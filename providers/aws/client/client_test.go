// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"sigs.k8s.io/cloud-providers/common/cloudapi"
	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/aws/config"
)

// endpointOf is AWS in one function of the request's form.
func endpointOf(t *testing.T, answer func(r *http.Request, form url.Values) (int, string)) (*Connection, *atomic.Int32, *cloudapi.Gate) {
	t.Helper()
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		body, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		status, text := answer(r, form)
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", r.Header.Get("X-Aws-Ec2-Metadata-Token-Ttl-Seconds"))
		w.WriteHeader(status)
		fmt.Fprint(w, text)
	}))
	t.Cleanup(server.Close)
	for k, v := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "",
		"AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere", "AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_PROFILE": "",
	} {
		t.Setenv(k, v)
	}
	file := ""
	for _, service := range []string{"ec2", "elb", "sts", "imds"} {
		file += fmt.Sprintf("[ServiceOverride %q]\nService=%s\nRegion=eu-west-1\nURL=%s\nSigningRegion=mars-1\n", service, service, server.URL)
	}
	cfg, err := config.Read("f", strings.NewReader("[Global]\nRegion=eu-west-1\n"+file))
	if err != nil {
		t.Fatal(err)
	}
	gate := &cloudapi.Gate{}
	c, err := Prepare(t.Context(), provider.Setup{Gate: gate}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c, &calls, gate
}

const (
	ec2Error = `<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>8f7724cf-496f-496e-8fe3-example</RequestID></Response>`
	elbError = `<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>8f7724cf-496f-496e-8fe3-example</RequestId></ErrorResponse>`
	nothing  = `<DescribeInstancesResponse><requestId>r</requestId><reservationSet/></DescribeInstancesResponse>`
)

func TestOverridesAndHeaders(t *testing.T) {
	c, _, _ := endpointOf(t, func(r *http.Request, form url.Values) (int, string) {
		auth, agent := r.Header.Get("Authorization"), r.Header.Get("User-Agent")
		if !strings.Contains(auth, "/mars-1/ec2/aws4_request") {
			t.Errorf("%s is signed for %s", form.Get("Action"), auth)
		}
		if !strings.Contains(agent, "kubernetes/v") {
			t.Errorf("user agent %s", agent)
		}
		return 200, nothing
	})
	if _, err := c.Clients("eu-west-1").EC2.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{}); err != nil {
		t.Error(err)
	}
}

func TestAssumedRole(t *testing.T) {
	var assumed atomic.Int32
	c, _, gate := endpointOf(t, func(r *http.Request, form url.Values) (int, string) {
		auth := r.Header.Get("Authorization")
		switch form.Get("Action") {
		case "AssumeRole":
			assumed.Add(1)
			if r.Header.Get("X-Amz-Source-Account") != "123456789012" || r.Header.Get("X-Amz-Source-Arn") != "arn:aws:eks:r:1:cluster/x" {
				t.Errorf("headers %v", r.Header)
			}
			if !strings.Contains(auth, "x-amz-source-account;x-amz-source-arn") {
				t.Errorf("the headers are not signed: %s", auth)
			}
			return 200, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`
		default:
			if !strings.Contains(auth, "Credential=ASIAROLE/") {
				t.Errorf("%s is signed with %s", form.Get("Action"), auth)
			}
			if form.Get("Version") == "2016-11-15" {
				return 200, nothing
			}
			return 200, `<DescribeLoadBalancersResponse><DescribeLoadBalancersResult/></DescribeLoadBalancersResponse>`
		}
	})
	gate.Close() // assuming a role changes nothing
	c.config.RoleARN, c.config.SourceARN = "arn:aws:iam::123456789012:role/r", "arn:aws:eks:r:1:cluster/x"
	clients := c.Clients("eu-west-1")
	_, err1 := clients.EC2.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{})
	_, err2 := clients.ELB.DescribeLoadBalancers(t.Context(), &elasticloadbalancing.DescribeLoadBalancersInput{})
	_, err3 := clients.ELBv2.DescribeLoadBalancers(t.Context(), &elasticloadbalancingv2.DescribeLoadBalancersInput{})
	if err := errors.Join(err1, err2, err3); err != nil || assumed.Load() != 1 {
		t.Errorf("assumed %d times, %v", assumed.Load(), err)
	}
}

func TestErrors(t *testing.T) {
	tests := []struct {
		name                string
		status              int
		code, message, want string
		throttled, final    bool
		attempts            int32
	}{
		{"throttling", 503, "RequestLimitExceeded", "Request limit exceeded.", "RequestLimitExceeded: Request limit exceeded.", true, false, 2},
		{"denied", 403, "UnauthorizedOperation", "You are not authorized to perform this operation. Encoded authorization failure message: abc-def", "UnauthorizedOperation: You are not authorized to perform this operation. (the identity of the manager needs the IAM action ec2:DescribeInstances)", false, true, 1},
		{"bad credentials", 401, "AuthFailure", "AWS was not able to validate the provided access credentials", "does not accept the credentials of the manager", false, true, 1},
		{"expired", 400, "RequestExpired", "Request has expired.", "the credentials of the manager have expired", false, false, 1},
		{"not found", 400, "InvalidInstanceID.NotFound", "The instance IDs 'i-1' do not exist", "operation error EC2: DescribeInstances, InvalidInstanceID.NotFound: The instance IDs 'i-1' do not exist", false, false, 1},
	}
	t.Setenv("AWS_MAX_ATTEMPTS", "2")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, calls, _ := endpointOf(t, func(*http.Request, url.Values) (int, string) {
				return test.status, fmt.Sprintf(ec2Error, test.code, test.message)
			})
			_, err := c.Clients("eu-west-1").EC2.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{})
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "496f") {
				t.Errorf("error %v, want %q and no request ID", err, test.want)
			}
			if _, throttled := provider.Throttled(err); throttled != test.throttled {
				t.Errorf("throttled: %t", throttled)
			}
			if Code(err) != test.code {
				t.Errorf("code %q", Code(err))
			}
			var final *provider.ConfigError
			if errors.As(AtStart(err), &final) != test.final {
				t.Errorf("ends the process at start: %t", !test.final)
			}
			if calls.Load() != test.attempts {
				t.Errorf("%d attempts, want %d", calls.Load(), test.attempts)
			}
		})
	}
}

func TestThrottlingOfLoadBalancersIsTold(t *testing.T) {
	c, _, _ := endpointOf(t, func(*http.Request, url.Values) (int, string) {
		return 400, fmt.Sprintf(elbError, "Throttling", "Rate exceeded")
	})
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	clients := c.Clients("eu-west-1")
	_, err := clients.ELB.DescribeLoadBalancers(t.Context(), &elasticloadbalancing.DescribeLoadBalancersInput{})
	if _, throttled := provider.Throttled(err); !throttled {
		t.Errorf("error %v", err)
	}
	if c.limits.buckets[class{"elb", false}].cut.IsZero() || !c.limits.of(class{"elbv2", false}).cut.IsZero() {
		t.Error("the limit of reads of Classic load balancers, and no other, is to be lowered")
	}
}

func TestALostLeaseStopsChangesOnlyAndIsNotRetried(t *testing.T) {
	c, calls, gate := endpointOf(t, func(*http.Request, url.Values) (int, string) { return 200, nothing })
	gate.Close()
	clients := c.Clients("eu-west-1")
	_, err := clients.EC2.CreateTags(t.Context(), &ec2.CreateTagsInput{Resources: []string{"i-1"}, Tags: []ec2types.Tag{{Key: aws.String("k")}}})
	if !errors.Is(err, cloudapi.ErrLeaseStale) || calls.Load() != 0 || strings.Contains(err.Error(), "attempts") {
		t.Errorf("error %v after %d calls", err, calls.Load())
	}
	if _, err := clients.EC2.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{}); err != nil {
		t.Errorf("reads go on: %v", err)
	}
}

func TestMetadataService(t *testing.T) {
	c, _, _ := endpointOf(t, func(r *http.Request, _ url.Values) (int, string) {
		switch {
		case r.Method == http.MethodPut:
			return 200, "token"
		case r.Header.Get("X-Aws-Ec2-Metadata-Token") != "token":
			return 401, ""
		}
		return 200, `{"region":"eu-west-1","instanceId":"i-1","accountId":"1"}`
	})
	m, err := c.Machine(t.Context())
	if err != nil || m.InstanceID != "i-1" || m.Region != "eu-west-1" {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestOperations(t *testing.T) {
	for _, test := range []struct {
		o                  operation
		name, request, iam string
		mutates            bool
	}{
		{operation{"EC2", "DescribeInstances"}, "ec2.DescribeInstances", "describe_instance", "ec2:DescribeInstances", false},
		{operation{"EC2", "DescribeSecurityGroups"}, "ec2.DescribeSecurityGroups", "describe_security_groups", "ec2:DescribeSecurityGroups", false},
		{operation{"EC2", "CreateTags"}, "ec2.CreateTags", "create_tags", "ec2:CreateTags", true},
		{operation{"Elastic Load Balancing", "DescribeTags"}, "elb.DescribeTags", "elb_describe_tags", "elasticloadbalancing:DescribeTags", false},
		{operation{"Elastic Load Balancing v2", "SetSubnets"}, "elbv2.SetSubnets", "elbv2_set_subnets", "elasticloadbalancing:SetSubnets", true},
		{operation{"STS", "AssumeRole"}, "sts.AssumeRole", "sts_assume_role", "sts:AssumeRole", false},
	} {
		if test.o.name() != test.name || test.o.request() != test.request || test.o.iam() != test.iam || test.o.mutates() != test.mutates {
			t.Errorf("%v: %s, %s, %s, %t", test.o, test.o.name(), test.o.request(), test.o.iam(), test.o.mutates())
		}
	}
}
