// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package instances

import ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

// slim copies what this provider reads of an instance. EC2 says far more about each, and the store would
// keep it, and the page that it came in, for as long as the instance lives.
func slim(i *ec2types.Instance) *ec2types.Instance {
	s := &ec2types.Instance{
		InstanceId: i.InstanceId, InstanceType: i.InstanceType, State: i.State, LaunchTime: i.LaunchTime,
		PrivateDnsName: i.PrivateDnsName, PublicDnsName: i.PublicDnsName,
		PrivateIpAddress: i.PrivateIpAddress, PublicIpAddress: i.PublicIpAddress,
		VpcId: i.VpcId, SubnetId: i.SubnetId, SourceDestCheck: i.SourceDestCheck,
		SecurityGroups: i.SecurityGroups, Tags: i.Tags,
	}
	if p := i.Placement; p != nil {
		s.Placement = &ec2types.Placement{AvailabilityZone: p.AvailabilityZone, AvailabilityZoneId: p.AvailabilityZoneId}
	}
	for _, eni := range i.NetworkInterfaces {
		s.NetworkInterfaces = append(s.NetworkInterfaces, ec2types.InstanceNetworkInterface{
			NetworkInterfaceId: eni.NetworkInterfaceId, Status: eni.Status, Attachment: eni.Attachment, SourceDestCheck: eni.SourceDestCheck,
			PrivateIpAddress: eni.PrivateIpAddress, PrivateIpAddresses: eni.PrivateIpAddresses,
			Ipv6Addresses: eni.Ipv6Addresses, Ipv6Prefixes: eni.Ipv6Prefixes,
		})
	}
	return s
}
