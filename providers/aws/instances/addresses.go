// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"cmp"
	"math"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	v1 "k8s.io/api/core/v1"
)

// addresses are those of a Node, one family after the other. They come from the interfaces in use: the
// addresses at the top of the instance are not used but for the public one, and delegated prefixes are the
// pods'.
func addresses(i *ec2types.Instance, families []string) []v1.NodeAddress {
	interfaces := inOrder(i.NetworkInterfaces)
	var all []v1.NodeAddress
	add := func(kind v1.NodeAddressType, address *string) {
		if a := aws.ToString(address); a != "" {
			all = append(all, v1.NodeAddress{Type: kind, Address: a})
		}
	}
	for _, family := range families {
		switch family {
		case "ipv4":
			for _, eni := range interfaces {
				for _, private := range eni.PrivateIpAddresses {
					add(v1.NodeInternalIP, private.PrivateIpAddress)
				}
			}
			add(v1.NodeExternalIP, i.PublicIpAddress)
			add(v1.NodeInternalDNS, i.PrivateDnsName)
			add(v1.NodeHostName, i.PrivateDnsName)
			add(v1.NodeExternalDNS, i.PublicDnsName)
		case "ipv6":
			for _, eni := range interfaces {
				if len(eni.Ipv6Addresses) > 0 {
					add(v1.NodeInternalIP, eni.Ipv6Addresses[0].Ipv6Address)
				}
			}
		}
	}
	return all
}

// inOrder are the interfaces in use by network card and device: device numbers repeat on each card. Those
// without an attachment come last.
func inOrder(all []ec2types.InstanceNetworkInterface) []ec2types.InstanceNetworkInterface {
	var used []ec2types.InstanceNetworkInterface
	for _, eni := range all {
		if eni.Status == ec2types.NetworkInterfaceStatusInUse {
			used = append(used, eni)
		}
	}
	slices.SortStableFunc(used, func(a, b ec2types.InstanceNetworkInterface) int {
		cardA, deviceA := position(a)
		cardB, deviceB := position(b)
		return cmp.Or(cmp.Compare(cardA, cardB), cmp.Compare(deviceA, deviceB))
	})
	return used
}

func position(eni ec2types.InstanceNetworkInterface) (card, device int32) {
	if eni.Attachment == nil {
		return math.MaxInt32, math.MaxInt32
	}
	device = math.MaxInt32
	if eni.Attachment.DeviceIndex != nil {
		device = *eni.Attachment.DeviceIndex
	}
	return aws.ToInt32(eni.Attachment.NetworkCardIndex), device
}
