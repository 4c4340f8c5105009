// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"sigs.k8s.io/cloud-providers/test/clouds/aws"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/awstest"
)

const role = "arn:aws:iam::210987654321:role/some/path/ccm"

func TestAssumedRole(t *testing.T) {
	c := awstest.Start(t, aws.Options{AccessKeys: []string{"AKIATEST"}})
	ctx := t.Context()
	client := sts.NewFromConfig(c.Config, func(o *sts.Options) {
		o.APIOptions = append(o.APIOptions, smithyhttp.AddHeaderValue("x-amz-source-arn", "arn:aws:eks:us-west-2:1:cluster/a"),
			smithyhttp.AddHeaderValue("x-amz-source-account", "210987654321"))
	})
	config := c.Config.Copy()
	config.Credentials = sdk.NewCredentialsCache(stscreds.NewAssumeRoleProvider(client, role, func(o *stscreds.AssumeRoleOptions) { o.RoleSessionName = "session" }))
	describe := func() error {
		_, err := ec2.NewFromConfig(config).DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})
		return err
	}
	wantCode(t, describe(), "")
	calls := c.Calls.All()
	if len(calls) != 2 || calls[0].SourceARN != "arn:aws:eks:us-west-2:1:cluster/a" || calls[0].SourceAccount != "210987654321" ||
		calls[0].Mutating || !strings.HasPrefix(calls[1].AccessKey, "ASIA") {
		t.Errorf("calls %+v", calls)
	}
	who, err := sts.NewFromConfig(config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	wantCode(t, err, "")
	if *who.Arn != "arn:aws:sts::210987654321:assumed-role/ccm/session" || *who.Account != "210987654321" {
		t.Errorf("who am I: %s in %s", *who.Arn, *who.Account)
	}
	c.Clock.Advance(15 * time.Minute) // what the SDK asks for
	wantCode(t, describe(), "RequestExpired")
	_, err = sts.NewFromConfig(config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	wantCode(t, err, "ExpiredToken")
	_, err = client.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: sdk.String("arn:aws:iam::1:role"), RoleSessionName: sdk.String("abc")})
	wantCode(t, err, "ValidationError")
	_, err = client.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: sdk.String(role), RoleSessionName: sdk.String("abc"), DurationSeconds: sdk.Int32(60)})
	wantCode(t, err, "ValidationError")
}

type token string

func (s token) GetIdentityToken() ([]byte, error) { return []byte(s), nil }

func TestWebIdentity(t *testing.T) {
	c := awstest.Start(t, aws.Options{AccessKeys: []string{"AKIATEST"}})
	anonymous := c.Config.Copy()
	anonymous.Credentials = sdk.AnonymousCredentials{}
	// {"sub":"system:serviceaccount:kube-system:ccm","iss":"https://i","aud":["sts.amazonaws.com"]}
	jwt := token("e30.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6a3ViZS1zeXN0ZW06Y2NtIiwiaXNzIjoiaHR0cHM6Ly9pIiwiYXVkIjpbInN0cy5hbWF6b25hd3MuY29tIl19.x")
	config := c.Config.Copy()
	config.Credentials = stscreds.NewWebIdentityRoleProvider(sts.NewFromConfig(anonymous), role, jwt)
	_, err := ec2.NewFromConfig(config).DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{})
	wantCode(t, err, "")
	if calls := c.Calls.All(); calls[0].Parameters["WebIdentityToken"] != "(secret)" || calls[0].AccessKey != "" {
		t.Errorf("log %+v", calls[0])
	}
	out, err := sts.NewFromConfig(anonymous).AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: sdk.String(role), RoleSessionName: sdk.String("abc"), WebIdentityToken: sdk.String(string(jwt))})
	wantCode(t, err, "")
	if *out.SubjectFromWebIdentityToken != "system:serviceaccount:kube-system:ccm" || *out.Audience != "sts.amazonaws.com" || *out.Provider != "https://i" {
		t.Errorf("answer %+v", out)
	}
	_, err = sts.NewFromConfig(anonymous).AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: sdk.String(role), RoleSessionName: sdk.String("abc"), WebIdentityToken: sdk.String("rubbish")})
	wantCode(t, err, "InvalidIdentityToken")
	_, err = sts.NewFromConfig(anonymous).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	wantCode(t, err, "MissingAuthenticationToken")
}

func TestInstanceMetadata(t *testing.T) {
	c := awstest.Start(t, aws.Options{})
	n, nodes := build(t, c, 2)
	c.SetMetadataInstance(nodes[1].ID)
	client := imds.New(imds.Options{Endpoint: c.URL, EnableFallback: sdk.FalseTernary})
	ctx := t.Context()
	doc, err := client.GetInstanceIdentityDocument(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if doc.InstanceID != nodes[1].ID || doc.Region != "us-west-2" || doc.AvailabilityZone != nodes[1].Zone || doc.InstanceType != "t3.medium" ||
		doc.PrivateIP != nodes[1].PrivateIP || doc.AccountID != "123456789012" || doc.Architecture != "x86_64" {
		t.Errorf("document %+v", doc.InstanceIdentityDocument)
	}
	mac := text(ctx, t, client, "mac")
	for path, want := range map[string]string{
		"instance-id":                                   nodes[1].ID,
		"local-hostname":                                nodes[1].PrivateDNS,
		"placement/availability-zone-id":                "usw2-az2",
		"network/interfaces/macs/":                      mac + "/",
		"network/interfaces/macs/" + mac + "/vpc-id":    n.VPC,
		"network/interfaces/macs/" + mac + "/subnet-id": nodes[1].SubnetID,
		"iam/security-credentials/":                     "nodes",
	} {
		if got := text(ctx, t, client, path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	if _, err := client.GetMetadata(ctx, &imds.GetMetadataInput{Path: "public-ipv4"}); err == nil {
		t.Error("a private instance has a public address")
	}
	if n := c.Calls.Counts()["imds:PUT /latest/api/token"]; n != 1 {
		t.Errorf("%d tokens were asked for, want 1", n)
	}
	c.Clock.Advance(7 * time.Hour) // longer than a token lasts; the client gets another one
	if got := text(ctx, t, client, "instance-id"); got != nodes[1].ID {
		t.Errorf("instance %q", got)
	}
	config := c.Config.Copy()
	config.Credentials = ec2rolecreds.New(func(o *ec2rolecreds.Options) { o.Client = client })
	who, err := sts.NewFromConfig(config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	wantCode(t, err, "")
	if want := "arn:aws:sts::123456789012:assumed-role/nodes/" + nodes[1].ID; *who.Arn != want {
		t.Errorf("the instance is %s, want %s", *who.Arn, want)
	}
}

func text(ctx context.Context, t *testing.T, client *imds.Client, path string) string {
	t.Helper()
	out, err := client.GetMetadata(ctx, &imds.GetMetadataInput{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Content.Close()
	b, err := io.ReadAll(out.Content)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestMetadataWantsTokens(t *testing.T) {
	c := awstest.Start(t, aws.Options{})
	_, nodes := build(t, c, 1)
	c.SetMetadataInstance(nodes[0].ID)
	cases := []struct {
		name, method, path string
		header             map[string]string
		want               int
	}{
		{"no token", "GET", "meta-data/instance-id", nil, 401},
		{"another token", "GET", "meta-data/instance-id", map[string]string{"X-Aws-Ec2-Metadata-Token": "x"}, 401},
		{"a token without a time", "PUT", "api/token", nil, 400},
		{"a token for too long", "PUT", "api/token", map[string]string{"X-Aws-Ec2-Metadata-Token-Ttl-Seconds": "21601"}, 400},
		{"a token through a proxy", "PUT", "api/token", map[string]string{"X-Aws-Ec2-Metadata-Token-Ttl-Seconds": "60", "X-Forwarded-For": "10.0.0.1"}, 403},
		{"a token", "PUT", "api/token", map[string]string{"X-Aws-Ec2-Metadata-Token-Ttl-Seconds": "60"}, 200},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), tc.method, c.URL+"/latest/"+tc.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			for k, v := range tc.header {
				r.Header.Set(k, v)
			}
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != tc.want {
				t.Errorf("status %d, want %d", resp.StatusCode, tc.want)
			}
		})
	}
}
