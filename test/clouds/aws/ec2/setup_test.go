// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package ec2_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	client "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"

	simulated "sigs.k8s.io/cloud-providers/test/clouds/aws"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/awstest"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
)

// fixture is a cloud with a network, and a client.
type fixture struct {
	*awstest.Cloud
	*client.Client
	net *ec2.Network
}

func setup(t *testing.T, o simulated.Options, n ec2.NetworkOptions) *fixture {
	t.Helper()
	cloud := awstest.Start(t, o)
	net, err := cloud.EC2.AddNetwork(n)
	if err != nil {
		t.Fatal(err)
	}
	return &fixture{cloud, cloud.EC2Client(), net}
}

// add adds instances and returns their IDs.
func (f *fixture) add(t *testing.T, o ec2.InstanceOptions) []string {
	t.Helper()
	added, err := f.EC2.AddInstances(o)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]string, len(added))
	for i := range added {
		ids[i] = added[i].ID
	}
	return ids
}

// wantCode fails the test if err has not the code of AWS; "" is no error. It returns the message.
func wantCode(t *testing.T, err error, code string) string {
	t.Helper()
	api, ok := errors.AsType[smithy.APIError](err)
	switch {
	case code == "" && err != nil:
		t.Fatalf("got %v, want no error", err)
	case code != "" && (!ok || api.ErrorCode() != code):
		t.Fatalf("got %v, want code %s", err, code)
	case code == "":
		return ""
	}
	return api.ErrorMessage()
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func filters(pairs ...string) []types.Filter {
	var out []types.Filter
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, types.Filter{Name: &pairs[i], Values: []string{pairs[i+1]}})
	}
	return out
}

func instanceIDs(out *client.DescribeInstancesOutput) []string {
	var ids []string
	for _, r := range out.Reservations {
		for _, i := range r.Instances {
			ids = append(ids, *i.InstanceId)
		}
	}
	return ids
}

func (f *fixture) instance(t *testing.T, id string) types.Instance {
	t.Helper()
	out := must[*client.DescribeInstancesOutput](t)(f.DescribeInstances(t.Context(), &client.DescribeInstancesInput{InstanceIds: []string{id}}))
	return out.Reservations[0].Instances[0]
}

func (f *fixture) group(t *testing.T, id string) types.SecurityGroup {
	t.Helper()
	out := must[*client.DescribeSecurityGroupsOutput](t)(f.DescribeSecurityGroups(t.Context(), &client.DescribeSecurityGroupsInput{GroupIds: []string{id}}))
	return out.SecurityGroups[0]
}

func (f *fixture) createGroup(ctx context.Context, name string) (string, error) {
	out, err := f.CreateSecurityGroup(ctx, &client.CreateSecurityGroupInput{GroupName: &name, Description: aws.String("for a test"), VpcId: &f.net.VPC})
	if err != nil {
		return "", err
	}
	return *out.GroupId, nil
}
