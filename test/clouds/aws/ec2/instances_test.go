// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package ec2_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	client "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	simulated "sigs.k8s.io/cloud-providers/test/clouds/aws"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
)

func TestDescribeInstancesRefuses(t *testing.T) {
	f := setup(t, simulated.Options{}, ec2.NetworkOptions{})
	ids := f.add(t, f.net.Instances(2))
	values := make([]string, 201)
	for i := range values {
		values[i] = fmt.Sprint(i)
	}
	cases := []struct {
		name          string
		in            client.DescribeInstancesInput
		code, message string
	}{
		{"one unknown ID fails all", client.DescribeInstancesInput{InstanceIds: []string{ids[0], "i-0000000000000000a"}},
			"InvalidInstanceID.NotFound", "The instance ID 'i-0000000000000000a' does not exist"},
		{"several are all named", client.DescribeInstancesInput{InstanceIds: []string{"i-0000000a", ids[0], "i-0000000b"}},
			"InvalidInstanceID.NotFound", "The instance IDs 'i-0000000a, i-0000000b' do not exist"},
		{"an ID of another form", client.DescribeInstancesInput{InstanceIds: []string{"i-xyz"}}, "InvalidInstanceID.Malformed", `Invalid id: "i-xyz"`},
		{"an ID of another kind", client.DescribeInstancesInput{InstanceIds: []string{"node"}}, "InvalidInstanceID.Malformed", `Invalid id: "node" (expecting "i-...")`},
		{"pages of IDs", client.DescribeInstancesInput{InstanceIds: ids, MaxResults: aws.Int32(10)}, "InvalidParameterCombination",
			"The parameter instancesSet cannot be used with the parameter maxResults"},
		{"too small pages", client.DescribeInstancesInput{MaxResults: aws.Int32(4)}, "InvalidParameterValue", ""},
		{"too large pages", client.DescribeInstancesInput{MaxResults: aws.Int32(1001)}, "InvalidParameterValue", ""},
		{"a token of its own", client.DescribeInstancesInput{NextToken: aws.String("x")}, "InvalidNextToken", ""},
		{"a filter that is none", client.DescribeInstancesInput{Filters: filters("colour", "red")}, "InvalidParameterValue", "The filter 'colour' is invalid"},
		{"too many values", client.DescribeInstancesInput{Filters: []types.Filter{{Name: aws.String("instance-id"), Values: values}}}, "FilterLimitExceeded", ""},
		{"too many filters", client.DescribeInstancesInput{Filters: slices.Repeat(filters("vpc-id", "x"), 51)}, "FilterLimitExceeded", ""},
		{"a dry run", client.DescribeInstancesInput{DryRun: aws.Bool(true)}, "DryRunOperation", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := f.DescribeInstances(t.Context(), &c.in)
			if got := wantCode(t, err, c.code); c.message != "" && got != c.message {
				t.Errorf("message %q, want %q", got, c.message)
			}
		})
	}
}

func TestInstanceFilters(t *testing.T) {
	f := setup(t, simulated.Options{}, ec2.NetworkOptions{ClusterID: "one"})
	nodes := f.add(t, f.net.Instances(3))
	stopped := f.add(t, ec2.InstanceOptions{Subnets: f.net.Public, Name: "Other", State: "stopped", Tags: ec2.Tags{"a*b": "x", "empty": ""}})
	first := f.instance(t, nodes[0])
	all := append(slices.Clone(nodes), stopped...)
	cases := []struct {
		name string
		in   []types.Filter
		want []string
	}{
		{"by private name", filters("private-dns-name", *first.PrivateDnsName), nodes[:1]},
		{"by address", filters("private-ip-address", *first.PrivateIpAddress), nodes[:1]},
		{"by address of an interface", filters("network-interface.addresses.private-ip-address", *first.PrivateIpAddress), nodes[:1]},
		{"all filters must match", filters("vpc-id", f.net.VPC, "instance-state-name", "stopped"), stopped},
		{"one of the values must match", []types.Filter{{Name: aws.String("instance-id"), Values: []string{nodes[1], "i-0000000000000000a", nodes[0]}}}, []string{nodes[1], nodes[0]}},
		{"by tag", filters("tag:Name", "node-1"), nodes[1:2]},
		{"a star in a value", filters("tag:Name", "node-*"), nodes},
		{"a question mark", filters("tag:Name", "n?de-?"), nodes},
		{"case matters", filters("tag:Name", "NODE-*"), nil},
		{"by key", filters("tag-key", "kubernetes.io/cluster/one"), nodes},
		{"a star in a key", filters("tag-key", "kubernetes.io/*"), nodes},
		{"an escaped star is a star", filters("tag-key", `a\*b`), stopped},
		{"an empty value", filters("tag:empty", ""), stopped},
		{"by group", filters("instance.group-id", f.net.NodeGroup), nodes},
		{"a star in IDs", filters("instance-id", "i-*"), all},
		{"nothing", filters("tag:Name", "nobody"), nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			out := must[*client.DescribeInstancesOutput](t)(f.DescribeInstances(t.Context(), &client.DescribeInstancesInput{Filters: c.in}))
			if got := instanceIDs(out); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestThousandsOfInstancesInPages(t *testing.T) {
	f := setup(t, simulated.Options{}, ec2.NetworkOptions{})
	begin := time.Now()
	want := f.add(t, f.net.Instances(5000))
	t.Log("adding 5,000 instances took", time.Since(begin))
	var got []string
	pages := 0
	for p := client.NewDescribeInstancesPaginator(f, &client.DescribeInstancesInput{MaxResults: aws.Int32(1000)}); p.HasMorePages(); pages++ {
		got = append(got, instanceIDs(must[*client.DescribeInstancesOutput](t)(p.NextPage(t.Context())))...)
	}
	t.Log("reading them took", time.Since(begin))
	if !slices.Equal(got, want) || pages != 5 {
		t.Errorf("%d instances in %d pages, want %d in 5, in the order of creation", len(got), pages, len(want))
	}
	// A filter applies before the pages are cut.
	out := must[*client.DescribeInstancesOutput](t)(f.DescribeInstances(t.Context(), &client.DescribeInstancesInput{
		MaxResults: aws.Int32(5), Filters: filters("tag:Name", "node-499*")}))
	if n := len(instanceIDs(out)); n != 5 || out.NextToken == nil {
		t.Errorf("%d instances, token %v, want 5 and a token", n, out.NextToken)
	}
}

func TestLifeOfAnInstance(t *testing.T) {
	f := setup(t, simulated.Options{Starting: 10 * time.Second, Stopping: 20 * time.Second, Terminating: 30 * time.Second},
		ec2.NetworkOptions{Default: true})
	f.Clock.Stop()
	ctx := t.Context()
	ran := must[*client.RunInstancesOutput](t)(f.RunInstances(ctx, &client.RunInstancesInput{
		MinCount: aws.Int32(1), MaxCount: aws.Int32(2), ImageId: aws.String("ami-0123456789abcdef0"), InstanceType: "t3.large", ClientToken: aws.String("once"),
		TagSpecifications: []types.TagSpecification{{ResourceType: "instance", Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}}},
	}))
	again := must[*client.RunInstancesOutput](t)(f.RunInstances(ctx, &client.RunInstancesInput{
		MinCount: aws.Int32(1), MaxCount: aws.Int32(2), ImageId: aws.String("ami-0123456789abcdef0"), ClientToken: aws.String("once")}))
	if len(ran.Instances) != 2 || *again.Instances[0].InstanceId != *ran.Instances[0].InstanceId {
		t.Errorf("%d instances, and others with the same token", len(ran.Instances))
	}
	id := *ran.Instances[0].InstanceId
	state := func(want types.InstanceStateName) types.Instance {
		t.Helper()
		i := f.instance(t, id)
		if i.State.Name != want {
			t.Fatalf("state %s, want %s", i.State.Name, want)
		}
		return i
	}
	state("pending")
	f.Clock.Advance(10 * time.Second)
	if i := state("running"); *i.PublicDnsName == "" || len(i.SecurityGroups) != 1 || *i.SecurityGroups[0].GroupName != "default" {
		t.Errorf("a running instance of the default subnet has public name %q, groups %v", *i.PublicDnsName, i.SecurityGroups)
	}
	_, err := f.StopInstances(ctx, &client.StopInstancesInput{InstanceIds: []string{id}})
	wantCode(t, err, "")
	state("stopping")
	_, err = f.StartInstances(ctx, &client.StartInstancesInput{InstanceIds: []string{id}})
	wantCode(t, err, "IncorrectInstanceState")
	f.Clock.Advance(20 * time.Second)
	if i := state("stopped"); i.PublicIpAddress != nil || i.PrivateIpAddress == nil {
		t.Errorf("a stopped instance has public address %v, private %v", i.PublicIpAddress, i.PrivateIpAddress)
	}
	_, err = f.TerminateInstances(ctx, &client.TerminateInstancesInput{InstanceIds: []string{id}})
	wantCode(t, err, "")
	state("shutting-down")
	f.Clock.Advance(30 * time.Second)
	if i := state("terminated"); *i.PrivateDnsName != "" || i.PrivateIpAddress != nil || len(i.NetworkInterfaces) != 0 || i.VpcId != nil || len(i.Tags) != 1 {
		t.Errorf("a terminated instance still has %q %v %v %v, or lost its tags %v", *i.PrivateDnsName, i.PrivateIpAddress, i.NetworkInterfaces, i.VpcId, i.Tags)
	}
	f.Clock.Advance(time.Hour)
	_, err = f.DescribeInstances(ctx, &client.DescribeInstancesInput{InstanceIds: []string{id}})
	wantCode(t, err, "InvalidInstanceID.NotFound")
}

func TestWaiters(t *testing.T) {
	f := setup(t, simulated.Options{Starting: 20 * time.Millisecond, Terminating: 20 * time.Millisecond}, ec2.NetworkOptions{})
	ran := must[*client.RunInstancesOutput](t)(f.RunInstances(t.Context(), &client.RunInstancesInput{
		MinCount: aws.Int32(1), MaxCount: aws.Int32(1), ImageId: aws.String("ami-0123456789abcdef0"), SubnetId: &f.net.Private[0]}))
	in := &client.DescribeInstancesInput{InstanceIds: []string{*ran.Instances[0].InstanceId}}
	running := client.NewInstanceRunningWaiter(f, func(o *client.InstanceRunningWaiterOptions) {
		o.MinDelay, o.MaxDelay = 5*time.Millisecond, 10*time.Millisecond
	})
	if err := running.Wait(t.Context(), in, 10*time.Second); err != nil {
		t.Error(err)
	}
	if _, err := f.TerminateInstances(t.Context(), &client.TerminateInstancesInput{InstanceIds: in.InstanceIds}); err != nil {
		t.Error(err)
	}
	terminated := client.NewInstanceTerminatedWaiter(f, func(o *client.InstanceTerminatedWaiterOptions) {
		o.MinDelay, o.MaxDelay = 5*time.Millisecond, 10*time.Millisecond
	})
	if err := terminated.Wait(t.Context(), in, 10*time.Second); err != nil {
		t.Error(err)
	}
}

func TestBuiltInstances(t *testing.T) {
	f := setup(t, simulated.Options{Region: "us-east-1"}, ec2.NetworkOptions{ClusterID: "c", IPv6: true})
	o := f.net.Instances(1)
	o.Interfaces, o.SecondaryIPs, o.IPv6, o.IPv6Prefix, o.Type = 2, 2, true, true, "m7g.large"
	i := f.instance(t, f.add(t, o)[0])
	primary := i.NetworkInterfaces[0]
	if len(i.NetworkInterfaces) != 2 || len(primary.PrivateIpAddresses) != 3 || !*primary.PrivateIpAddresses[0].Primary ||
		len(primary.Ipv6Addresses) != 1 || len(primary.Ipv6Prefixes) != 1 || *i.NetworkInterfaces[1].Attachment.DeviceIndex != 1 {
		b, _ := json.Marshal(i.NetworkInterfaces)
		t.Errorf("interfaces %s", b)
	}
	if i.Architecture != types.ArchitectureValuesArm64 || !strings.HasSuffix(*i.PrivateDnsName, ".ec2.internal") {
		t.Errorf("architecture %s, name %s", i.Architecture, *i.PrivateDnsName)
	}
	prefix := netip.MustParsePrefix(*primary.Ipv6Prefixes[0].Ipv6Prefix)
	if prefix.Bits() != 80 || prefix.Contains(netip.MustParseAddr(*primary.Ipv6Addresses[0].Ipv6Address)) {
		t.Errorf("prefix %s is no /80 of its own beside %s", prefix, *primary.Ipv6Addresses[0].Ipv6Address)
	}
	// Calls for instances with one interface are refused.
	_, err := f.ModifyInstanceAttribute(t.Context(), &client.ModifyInstanceAttributeInput{InstanceId: i.InstanceId, SourceDestCheck: &types.AttributeBooleanValue{Value: aws.Bool(false)}})
	wantCode(t, err, "InvalidInstanceID")
	_, err = f.ModifyNetworkInterfaceAttribute(t.Context(), &client.ModifyNetworkInterfaceAttributeInput{
		NetworkInterfaceId: primary.NetworkInterfaceId, SourceDestCheck: &types.AttributeBooleanValue{Value: aws.Bool(false)}})
	wantCode(t, err, "")
	if *f.instance(t, *i.InstanceId).SourceDestCheck {
		t.Error("the instance does not show the attribute of its primary interface")
	}
}

func TestTopology(t *testing.T) {
	f := setup(t, simulated.Options{}, ec2.NetworkOptions{})
	o := f.net.Instances(30)
	o.Type = "p5.48xlarge"
	fast := f.add(t, o)
	slow := f.add(t, f.net.Instances(1))
	ctx := t.Context()
	out := must[*client.DescribeInstanceTopologyOutput](t)(f.DescribeInstanceTopology(ctx, &client.DescribeInstanceTopologyInput{InstanceIds: []string{fast[0], slow[0]}}))
	if len(out.Instances) != 1 || len(out.Instances[0].NetworkNodes) != 3 || *out.Instances[0].ZoneId != "usw2-az1" {
		t.Errorf("topology of one fast and one slow instance: %+v", out.Instances)
	}
	out = must[*client.DescribeInstanceTopologyOutput](t)(f.DescribeInstanceTopology(ctx, &client.DescribeInstanceTopologyInput{}))
	if len(out.Instances) != 20 || out.NextToken == nil {
		t.Errorf("%d instances in the first page, want 20 of 30", len(out.Instances))
	}
	_, err := f.DescribeInstanceTopology(ctx, &client.DescribeInstanceTopologyInput{InstanceIds: fast[:1], MaxResults: aws.Int32(5)})
	wantCode(t, err, "InvalidParameterCombination")
	_, err = f.DescribeInstanceTopology(ctx, &client.DescribeInstanceTopologyInput{InstanceIds: slices.Repeat(fast, 4)})
	wantCode(t, err, "InvalidParameterValue")
}
