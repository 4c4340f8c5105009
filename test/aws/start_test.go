// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	cloudprovider "k8s.io/cloud-provider"

	"sigs.k8s.io/cloud-providers/common/provider"
	provideraws "sigs.k8s.io/cloud-providers/providers/aws"
	"sigs.k8s.io/cloud-providers/test/clouds/aws"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/awstest"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
)

// site is a simulated AWS with a control plane instance, and the environment of the process.
type site struct {
	*awstest.Cloud
	network *ec2.Network
	self    ec2.Instance
}

func newSite(t *testing.T, tags ec2.Tags) *site {
	t.Helper()
	s := &site{Cloud: awstest.Start(t, aws.Options{})}
	var err error
	if s.network, err = s.EC2.AddNetwork(ec2.NetworkOptions{ClusterID: clusterID}); err != nil {
		t.Fatal(err)
	}
	list, err := s.EC2.AddInstances(ec2.InstanceOptions{Subnets: s.network.Private, Tags: tags})
	if err != nil {
		t.Fatal(err)
	}
	s.self = list[0]
	s.SetMetadataInstance(s.self.ID)
	for k, v := range map[string]string{
		"AWS_ENDPOINT_URL": s.URL, "AWS_EC2_METADATA_SERVICE_ENDPOINT": s.URL, "AWS_EC2_METADATA_DISABLED": "", "AWS_MAX_ATTEMPTS": "1",
		"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere", "AWS_REGION": "", "AWS_DEFAULT_REGION": "",
	} {
		t.Setenv(k, v)
	}
	return s
}

// start makes the provider and probes.
func start(ctx context.Context, config string) (cloudprovider.Interface, error) {
	var file io.Reader
	if config != "" {
		file = strings.NewReader(config)
	}
	cloud, err := provideraws.New(ctx, provider.Setup{Config: file, ConfigPath: "cloud.conf"})
	if err != nil {
		return nil, err
	}
	return cloud, cloud.(provider.Prober).Probe(ctx)
}

var tagged = ec2.Tags{"kubernetes.io/cluster/" + clusterID: "owned"}

func TestStart(t *testing.T) {
	const role = "arn:aws:iam::123456789012:role/cluster"
	tests := []struct {
		name   string
		tags   ec2.Tags
		env    map[string]string
		faults []aws.Fault
		config string // %s is the VPC
		err    string
		final  bool
		calls  string // beside those for tokens
	}{
		{"everything from the instance", tagged, nil, nil, "", "", false, "GET /latest/dynamic/instance-identity/document DescribeInstances"},
		{"an ID in the configuration", nil, nil, nil, "[Global]\nKubernetesClusterID=x", "", false, "GET /latest/dynamic/instance-identity/document DescribeInstances"},
		{"no ID", nil, nil, nil, "", "no cluster ID: tag the instance i-", true, "GET /latest/dynamic/instance-identity/document DescribeInstances"},
		{"two IDs", ec2.Tags{"kubernetes.io/cluster/a": "", "kubernetes.io/cluster/b": ""}, nil, nil, "", "one instance belongs to one cluster", true, "GET /latest/dynamic/instance-identity/document DescribeInstances"},
		{"outside, with a role", nil, map[string]string{"AWS_EC2_METADATA_DISABLED": "true"}, nil, "[Global]\nRegion=us-west-2\nVPC=%s\nKubernetesClusterID=x\nRoleARN=" + role, "", false, "AssumeRole DescribeInstances"},
		{"outside, with the region of the environment", nil, map[string]string{"AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "us-west-2"}, nil, "[Global]\nVPC=%s\nSubnetID=s\nKubernetesClusterID=x", "", false, "DescribeInstances"},
		{"outside, without a region", nil, map[string]string{"AWS_EC2_METADATA_DISABLED": "true"}, nil, "[Global]\nVPC=%s\nSubnetID=s\nKubernetesClusterID=x", "no region", true, ""},
		{"no metadata service where it is needed", tagged, map[string]string{"AWS_EC2_METADATA_DISABLED": "true"}, nil, "", "AWS_EC2_METADATA_DISABLED is set", true, ""},
		{"denied", tagged, nil, []aws.Fault{{Service: "ec2", Code: "UnauthorizedOperation"}}, "", "needs the IAM action ec2:DescribeInstances", true, "GET /latest/dynamic/instance-identity/document DescribeInstances"},
		{"throttled", tagged, nil, []aws.Fault{{Service: "ec2", Code: "RequestLimitExceeded"}}, "", "RequestLimitExceeded", false, "GET /latest/dynamic/instance-identity/document DescribeInstances"},
		{"a role that may not be assumed", nil, nil, []aws.Fault{{Service: "sts", Code: "AccessDenied"}}, "[Global]\nRegion=us-west-2\nVPC=%s\nKubernetesClusterID=x\nRoleARN=" + role, "needs the IAM action sts:AssumeRole", true, "AssumeRole"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, test.tags)
			for k, v := range test.env {
				t.Setenv(k, v)
			}
			if err := s.Faults.Add(test.faults...); err != nil {
				t.Fatal(err)
			}
			config := test.config
			if strings.Contains(config, "%s") {
				config = fmt.Sprintf(config, s.network.VPC)
			}
			_, err := start(t.Context(), config)
			if (err != nil) != (test.err != "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
			var final *provider.ConfigError
			if errors.As(err, &final) != test.final {
				t.Errorf("ends the process: %t (%v)", !test.final, err)
			}
			var calls []string
			for _, c := range s.Calls.All() {
				if !strings.HasPrefix(c.Operation, "PUT") {
					calls = append(calls, c.Operation)
				}
			}
			if got := strings.Join(calls, " "); got != test.calls {
				t.Errorf("calls %s, want %s", got, test.calls)
			}
		})
	}
}

// TestSweep counts what it costs to see a thousand Nodes.
func TestSweep(t *testing.T) {
	s := newSite(t, tagged)
	list, err := s.EC2.AddInstances(ec2.InstanceOptions{Count: 1000, Subnets: s.network.Private, ClusterID: clusterID})
	if err != nil {
		t.Fatal(err)
	}
	cloud, err := start(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	batch, _ := cloud.(provider.InstancesProvider).BatchInstances()
	s.Calls.Reset()
	all, err := batch.(provider.InstanceLister).ListInstances(t.Context())
	if err != nil || len(all) != 1001 {
		t.Errorf("listed %d, %v", len(all), err)
	}
	if calls := s.Calls.Counts()["ec2:DescribeInstances"]; calls != 2 {
		t.Errorf("a list of 1,001 instances takes %d calls, want a page for each 1,000", calls)
	}
	s.Calls.Reset()
	refs := make([]provider.InstanceRef, len(list))
	for n, i := range list {
		refs[n] = provider.RefOf(&v1.Node{ObjectMeta: metav1.ObjectMeta{Name: i.PrivateDNS}, Spec: v1.NodeSpec{ProviderID: providerID(i)}})
	}
	answers, err := batch.LookupInstances(t.Context(), refs)
	for n := range answers {
		if answers[n].State != provider.InstanceFound {
			t.Fatalf("answer %d: %+v", n, answers[n])
		}
	}
	if calls := s.Calls.Counts()["ec2:DescribeInstances"]; err != nil || calls != 5 {
		t.Errorf("looking up 1,000 instances takes %d calls, want one for each 200; %v", calls, err)
	}
}
