// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/common/provider"
)

// readFargate asks for the network interfaces of Fargate nodes, which are all that EC2 knows of them.
func (i *Instances) readFargate(ctx context.Context, addresses []string) (map[netip.Addr][]ec2types.NetworkInterface, error) {
	found := map[netip.Addr][]ec2types.NetworkInterface{}
	for chunk := range slices.Chunk(addresses, filterValues) {
		pages := ec2.NewDescribeNetworkInterfacesPaginator(i.client, &ec2.DescribeNetworkInterfacesInput{Filters: []ec2types.Filter{
			filter("attachment.status", "attached"),
			filter("vpc-id", i.options.VPC),
			filter("private-ip-address", chunk...),
		}})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, fmt.Errorf("read the network interfaces of Fargate nodes: %w", err)
			}
			for _, eni := range page.NetworkInterfaces {
				if a, err := netip.ParseAddr(aws.ToString(eni.PrivateIpAddress)); err == nil {
					found[a] = append(found[a], eni)
				}
			}
		}
	}
	return found, nil
}

// answerFargate: a Fargate node is there while its interface is, and is never shut down.
func (o Options) answerFargate(q question, f *found, now time.Time) provider.InstanceAnswer {
	if f.fargateErr != nil {
		return provider.InstanceAnswer{State: provider.InstanceUnknown, Err: f.fargateErr}
	}
	enis := f.fargate[q.fargate]
	switch {
	case len(enis) == 0:
		return absent(q, now)
	case len(enis) > 1:
		return *unknown("%d network interfaces of %s have the address %s of the Fargate node %s", len(enis), o.VPC, q.fargate, q.ref.NodeName)
	}
	return provider.InstanceAnswer{State: provider.InstanceFound, Instance: provider.Instance{
		ProviderID: q.ref.ProviderID,
		Name:       q.ref.NodeName,
		Zone:       aws.ToString(enis[0].AvailabilityZone),
		Region:     o.Region,
		Addresses:  fargateAddresses(enis[0], o.Families),
		Power:      provider.PowerRunning,
	}}
}

func fargateAddresses(eni ec2types.NetworkInterface, families []string) []v1.NodeAddress {
	var all []v1.NodeAddress
	for _, family := range families {
		address := aws.ToString(eni.PrivateIpAddress)
		if family == "ipv6" {
			address = ""
			if len(eni.Ipv6Addresses) > 0 {
				address = aws.ToString(eni.Ipv6Addresses[0].Ipv6Address)
			}
		}
		if address != "" {
			all = append(all, v1.NodeAddress{Type: v1.NodeInternalIP, Address: address})
		}
	}
	if name := aws.ToString(eni.PrivateDnsName); name != "" {
		all = append(all, v1.NodeAddress{Type: v1.NodeInternalDNS, Address: name})
	}
	return all
}
