// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package ec2_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	client "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	simulated "sigs.k8s.io/cloud-providers/test/clouds/aws"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/elb"
)

// route returns a route of the private table, by destination.
func (f *fixture) route(t *testing.T, destination string) *types.Route {
	t.Helper()
	out := must[*client.DescribeRouteTablesOutput](t)(f.DescribeRouteTables(t.Context(), &client.DescribeRouteTablesInput{RouteTableIds: []string{f.net.PrivateTable}}))
	for _, r := range out.RouteTables[0].Routes {
		if aws.ToString(r.DestinationCidrBlock) == destination || aws.ToString(r.DestinationIpv6CidrBlock) == destination {
			return &r
		}
	}
	return nil
}

func TestRoutes(t *testing.T) {
	f := setup(t, simulated.Options{EC2Quotas: ec2.Quotas{RoutesPerTable: 3}}, ec2.NetworkOptions{IPv6: true})
	nodes := f.add(t, f.net.Instances(2))
	ctx := t.Context()
	create := func(cidr, instance string) error {
		_, err := f.CreateRoute(ctx, &client.CreateRouteInput{RouteTableId: &f.net.PrivateTable, DestinationCidrBlock: &cidr, InstanceId: &instance})
		return err
	}
	wantCode(t, create("100.64.0.7/24", nodes[0]), "") // bits after the prefix are cleared
	r := f.route(t, "100.64.0.0/24")
	if r == nil || *r.InstanceId != nodes[0] || r.NetworkInterfaceId == nil || r.State != types.RouteStateActive || r.Origin != types.RouteOriginCreateRoute {
		t.Fatalf("route %+v", r)
	}
	wantCode(t, create("100.64.0.0/24", nodes[1]), "RouteAlreadyExists")
	wantCode(t, create("100.64.1.0/24", "i-00000000"), "InvalidInstanceID.NotFound")
	wantCode(t, create("fd00::/64", nodes[0]), "InvalidParameterValue")
	wantCode(t, create("100.64.1.0/24", nodes[1]), "")
	wantCode(t, create("100.64.2.0/24", nodes[1]), "RouteLimitExceeded")
	six := "fd00:0:0:1::/64"
	_, err := f.CreateRoute(ctx, &client.CreateRouteInput{RouteTableId: &f.net.PrivateTable, DestinationIpv6CidrBlock: &six, NetworkInterfaceId: r.NetworkInterfaceId})
	wantCode(t, err, "") // IPv6 is counted apart
	if r := f.route(t, six); r == nil || *r.InstanceId != nodes[0] {
		t.Errorf("IPv6 route by interface: %+v", r)
	}
	_, err = f.ReplaceRoute(ctx, &client.ReplaceRouteInput{RouteTableId: &f.net.PrivateTable, DestinationCidrBlock: aws.String("100.64.0.0/24"), InstanceId: &nodes[1]})
	wantCode(t, err, "")
	if r := f.route(t, "100.64.0.0/24"); *r.InstanceId != nodes[1] {
		t.Errorf("replaced route leads to %s", *r.InstanceId)
	}
	_, err = f.TerminateInstances(ctx, &client.TerminateInstancesInput{InstanceIds: nodes[1:]})
	wantCode(t, err, "")
	if r := f.route(t, "100.64.0.0/24"); r.State != types.RouteStateBlackhole || *r.InstanceId != nodes[1] {
		t.Errorf("route to a terminated instance: %+v", r)
	}
	remove := func(cidr string) error {
		_, err := f.DeleteRoute(ctx, &client.DeleteRouteInput{RouteTableId: &f.net.PrivateTable, DestinationCidrBlock: &cidr})
		return err
	}
	wantCode(t, remove("100.64.0.0/24"), "")
	if got, want := wantCode(t, remove("100.64.0.0/24"), "InvalidRoute.NotFound"), "no route with destination-cidr-block 100.64.0.0/24 in route table "+f.net.PrivateTable; got != want {
		t.Errorf("message %q, want %q", got, want)
	}
	wantCode(t, remove("10.0.0.0/16"), "InvalidParameterValue")
}

func TestTags(t *testing.T) {
	f := setup(t, simulated.Options{}, ec2.NetworkOptions{})
	nodes := f.add(t, ec2.InstanceOptions{Count: 2, Subnets: f.net.Private})
	ctx := t.Context()
	tag := func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} }
	create := func(ids []string, tags ...types.Tag) error {
		_, err := f.CreateTags(ctx, &client.CreateTagsInput{Resources: ids, Tags: tags})
		return err
	}
	many := make([]types.Tag, 50)
	for i := range many {
		many[i] = tag(fmt.Sprint(i), "")
	}
	cases := []struct {
		name, code string
		ids        []string
		tags       []types.Tag
	}{
		{"an unknown instance fails all", "InvalidInstanceID.NotFound", []string{nodes[0], "i-00000000"}, []types.Tag{tag("a", "b")}},
		{"garbage", "InvalidID", []string{nodes[0], "kwok-1"}, []types.Tag{tag("a", "b")}},
		{"a reserved key", "InvalidParameterValue", nodes, []types.Tag{tag("aws:a", "b")}},
		{"a key twice", "InvalidParameterValue", nodes, []types.Tag{tag("a", "b"), tag("a", "c")}},
		{"too many tags", "TagLimitExceeded", nodes, many}, // they have a name
		{"too many resources", "InvalidParameterValue", slices.Repeat(nodes, 501), []types.Tag{tag("a", "b")}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { wantCode(t, create(c.ids, c.tags...), c.code) })
	}
	if tags := f.instance(t, nodes[0]).Tags; len(tags) != 1 {
		t.Errorf("a refused call left tags %v", tags)
	}
	wantCode(t, create([]string{nodes[0], nodes[1], f.net.VPC}, tag("a", "b"), tag("c", "")), "")
	wantCode(t, create(nodes[:1], tag("a", "new")), "")
	remove := func(tags ...types.Tag) {
		t.Helper()
		_, err := f.DeleteTags(ctx, &client.DeleteTagsInput{Resources: []string{nodes[0], f.net.VPC}, Tags: tags})
		wantCode(t, err, "")
	}
	remove(tag("a", "b"), types.Tag{Key: aws.String("c")}) // a value must fit; without one, any does
	var got []string
	for p := client.NewDescribeTagsPaginator(f, &client.DescribeTagsInput{Filters: filters("key", "a"), MaxResults: aws.Int32(5)}); p.HasMorePages(); {
		for _, d := range must[*client.DescribeTagsOutput](t)(p.NextPage(ctx)).Tags {
			got = append(got, fmt.Sprintf("%s %s %s=%s", d.ResourceType, *d.ResourceId, *d.Key, *d.Value))
		}
	}
	if want := []string{"instance " + nodes[0] + " a=new", "instance " + nodes[1] + " a=b"}; !slices.Equal(got, want) {
		t.Errorf("tags %v, want %v", got, want)
	}
}

func TestNetworkByCalls(t *testing.T) {
	f := setup(t, simulated.Options{}, ec2.NetworkOptions{})
	ctx := t.Context()
	vpc := must[*client.CreateVpcOutput](t)(f.CreateVpc(ctx, &client.CreateVpcInput{CidrBlock: aws.String("10.9.0.0/16"), AmazonProvidedIpv6CidrBlock: aws.Bool(true)})).Vpc
	create := func(cidr, zone string) (*types.Subnet, error) {
		out, err := f.CreateSubnet(ctx, &client.CreateSubnetInput{VpcId: vpc.VpcId, CidrBlock: &cidr, AvailabilityZone: &zone})
		if err != nil {
			return nil, err
		}
		return out.Subnet, nil
	}
	sub := must[*types.Subnet](t)(create("10.9.1.0/24", "us-west-2b"))
	if *sub.AvailableIpAddressCount != 251 || *sub.AvailabilityZoneId != "usw2-az2" {
		t.Errorf("subnet %+v", sub)
	}
	for cidr, code := range map[string]string{"10.9.1.128/25": "InvalidSubnet.Conflict", "10.8.0.0/24": "InvalidSubnet.Range", "10.9.2.0/29": "InvalidSubnet.Range", "x": "InvalidParameterValue"} {
		_, err := create(cidr, "us-west-2a")
		wantCode(t, err, code)
	}
	_, err := create("10.9.2.0/24", "us-west-2z")
	wantCode(t, err, "InvalidParameterValue")
	if s, _ := f.EC2.Subnet(*sub.SubnetId); s.VPCHasGateway {
		t.Error("a VPC has a gateway that nobody attached")
	}
	igw := must[*client.CreateInternetGatewayOutput](t)(f.CreateInternetGateway(ctx, &client.CreateInternetGatewayInput{})).InternetGateway
	for _, code := range []string{"", "Resource.AlreadyAssociated"} {
		_, err := f.AttachInternetGateway(ctx, &client.AttachInternetGatewayInput{InternetGatewayId: igw.InternetGatewayId, VpcId: vpc.VpcId})
		wantCode(t, err, code)
	}
	table := must[*client.CreateRouteTableOutput](t)(f.CreateRouteTable(ctx, &client.CreateRouteTableInput{VpcId: vpc.VpcId})).RouteTable
	if len(table.Routes) != 2 {
		t.Errorf("a new table has routes %+v, want the two local ones", table.Routes)
	}
	_, err = f.AssociateRouteTable(ctx, &client.AssociateRouteTableInput{RouteTableId: table.RouteTableId, SubnetId: sub.SubnetId})
	wantCode(t, err, "")
	_, err = f.CreateRoute(ctx, &client.CreateRouteInput{RouteTableId: table.RouteTableId, DestinationCidrBlock: aws.String("0.0.0.0/0"), GatewayId: igw.InternetGatewayId})
	wantCode(t, err, "")
	found := must[*client.DescribeRouteTablesOutput](t)(f.DescribeRouteTables(ctx, &client.DescribeRouteTablesInput{Filters: filters("association.subnet-id", *sub.SubnetId)}))
	if len(found.RouteTables) != 1 || len(found.RouteTables[0].Routes) != 3 {
		t.Errorf("tables of the subnet: %+v", found.RouteTables)
	}
	if s, _ := f.EC2.Subnet(*sub.SubnetId); !s.VPCHasGateway {
		t.Error("the load balancers do not see the gateway")
	}
	main := must[*client.DescribeRouteTablesOutput](t)(f.DescribeRouteTables(ctx, &client.DescribeRouteTablesInput{Filters: filters("vpc-id", *vpc.VpcId, "association.main", "true")}))
	if len(main.RouteTables) != 1 {
		t.Errorf("%d main tables", len(main.RouteTables))
	}
}

func TestAddressesOfLoadBalancers(t *testing.T) {
	f := setup(t, simulated.Options{EC2Quotas: ec2.Quotas{Addresses: 1}}, ec2.NetworkOptions{})
	ctx := t.Context()
	a := must[*client.AllocateAddressOutput](t)(f.AllocateAddress(ctx, &client.AllocateAddressInput{Domain: types.DomainTypeVpc}))
	_, err := f.AllocateAddress(ctx, &client.AllocateAddressInput{})
	wantCode(t, err, "AddressLimitExceeded")
	free := func() int {
		s, _ := f.EC2.Subnet(f.net.Public[0])
		return s.FreeAddresses
	}
	before := free()
	want := elb.Interface{SubnetID: f.net.Public[0], RequesterID: "amazon-elb", Description: "ELB net/a/1", Type: "network_load_balancer", AllocationID: *a.AllocationId, PrivateIPv4: "10.0.0.9"}
	eni := must[string](t)(f.EC2.CreateInterface(want))
	if _, err := f.EC2.CreateInterface(want); err == nil {
		t.Error("the same private address was given twice")
	}
	out := must[*client.DescribeNetworkInterfacesOutput](t)(f.DescribeNetworkInterfaces(ctx, &client.DescribeNetworkInterfacesInput{Filters: filters("description", "ELB net/*")}))
	ni := out.NetworkInterfaces[0]
	if *ni.NetworkInterfaceId != eni || *ni.PrivateIpAddress != "10.0.0.9" || *ni.Association.AllocationId != *a.AllocationId || !*ni.RequesterManaged ||
		*ni.Attachment.InstanceOwnerId != "amazon-elb" || ni.InterfaceType != "network_load_balancer" {
		t.Errorf("interface %+v", ni)
	}
	_, err = f.ReleaseAddress(ctx, &client.ReleaseAddressInput{AllocationId: a.AllocationId})
	wantCode(t, err, "InvalidIPAddress.InUse")
	if addr, _ := f.EC2.Address(*a.AllocationId); !addr.Associated || free() != before-1 {
		t.Errorf("address %+v, %d of %d free", addr, free(), before)
	}
	f.EC2.DeleteInterface(eni, f.Clock.Now())
	if addr, _ := f.EC2.Address(*a.AllocationId); addr.Associated || free() != before {
		t.Errorf("afterwards: address %+v, %d of %d free", addr, free(), before)
	}
	_, err = f.ReleaseAddress(ctx, &client.ReleaseAddressInput{AllocationId: a.AllocationId})
	wantCode(t, err, "")
	_, err = f.DescribeAddresses(ctx, &client.DescribeAddressesInput{AllocationIds: []string{*a.AllocationId}})
	wantCode(t, err, "InvalidAllocationID.NotFound")
}

func TestFullSubnet(t *testing.T) {
	f := setup(t, simulated.Options{}, ec2.NetworkOptions{CIDR: "10.0.0.0/25", Zones: 1})
	// The two subnets are /26: 64 addresses without the five that AWS keeps.
	f.add(t, ec2.InstanceOptions{Count: 58, Subnets: f.net.Private})
	_, err := f.RunInstances(t.Context(), &client.RunInstancesInput{MinCount: aws.Int32(2), MaxCount: aws.Int32(2), ImageId: aws.String("ami-00000000"), SubnetId: &f.net.Private[0]})
	wantCode(t, err, "InsufficientFreeAddressesInSubnet")
	ran := must[*client.RunInstancesOutput](t)(f.RunInstances(t.Context(), &client.RunInstancesInput{MinCount: aws.Int32(1), MaxCount: aws.Int32(2), ImageId: aws.String("ami-00000000"), SubnetId: &f.net.Private[0]}))
	if len(ran.Instances) != 1 || *ran.Instances[0].PrivateIpAddress != "10.0.0.126" {
		t.Errorf("%d instances, the first with %s; want the last address of the subnet", len(ran.Instances), *ran.Instances[0].PrivateIpAddress)
	}
	_, err = f.TerminateInstances(t.Context(), &client.TerminateInstancesInput{InstanceIds: []string{*ran.Instances[0].InstanceId}})
	wantCode(t, err, "")
	if s, _ := f.EC2.Subnet(f.net.Private[0]); s.FreeAddresses != 1 {
		t.Errorf("%d addresses are free after a termination, want 1", s.FreeAddresses)
	}
}
