// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package nodeipam

import (
	"fmt"
	"net/netip"

	"github.com/spf13/pflag"
	cpconfig "k8s.io/cloud-provider/config"

	"sigs.k8s.io/cloud-providers/common/cidrs"
)

// The values of --cidr-allocator-type.
const (
	rangeAllocator = "RangeAllocator"
	cloudAllocator = "CloudAllocator"
)

// Options are the controller's own flags.
type Options struct {
	MaskSize, MaskSizeIPv4, MaskSizeIPv6 int
	ServiceRanges                        string
	// AllowForeign goes on allocating beside another allocator.
	AllowForeign bool
}

func (o *Options) addFlags(fs *pflag.FlagSet) {
	fs.IntVar(&o.MaskSize, "node-cidr-mask-size", 0, "Mask size for node CIDRs in a cluster of one IP family. Default is 24 for IPv4 and 64 for IPv6.")
	fs.IntVar(&o.MaskSizeIPv4, "node-cidr-mask-size-ipv4", 0, "Mask size for IPv4 node CIDRs in a dual-stack cluster. Default is 24.")
	fs.IntVar(&o.MaskSizeIPv6, "node-cidr-mask-size-ipv6", 0, "Mask size for IPv6 node CIDRs in a dual-stack cluster. Default is 64.")
	fs.StringVar(&o.ServiceRanges, "service-cluster-ip-range", "", "CIDR ranges of Services; CIDRs of nodes do not overlap them. Requires --allocate-node-cidrs to be true.")
	fs.BoolVar(&o.AllowForeign, "allow-foreign-cidr-allocator", false, "Go on allocating node CIDRs although a Node got one from somebody else. Two allocators hand out the same CIDRs.")
}

const (
	defaultMaskIPv4 = 24
	defaultMaskIPv6 = 64
)

// pools makes one pool per cluster CIDR, in the order of --cluster-cidr.
func pools(c *cpconfig.CloudControllerManagerConfiguration, o Options) ([]*cidrs.Pool, error) {
	ranges, err := cidrs.Parse("--cluster-cidr", c.KubeCloudShared.ClusterCIDR)
	if err != nil {
		return nil, fmt.Errorf("%w; --allocate-node-cidrs needs it", err)
	}
	masks, err := o.masks(ranges)
	if err != nil {
		return nil, err
	}
	var reserved []netip.Prefix
	if o.ServiceRanges != "" {
		if reserved, err = cidrs.Parse("--service-cluster-ip-range", o.ServiceRanges); err != nil {
			return nil, err
		}
	}
	var all []*cidrs.Pool
	for i, r := range ranges {
		pool, err := cidrs.New(r, masks[i])
		if err != nil {
			return nil, fmt.Errorf("--cluster-cidr=%s: %w", c.KubeCloudShared.ClusterCIDR, err)
		}
		for _, s := range reserved {
			pool.Reserve(s)
		}
		all = append(all, pool)
	}
	return all, nil
}

// masks returns the length of node CIDRs for each cluster CIDR.
func (o Options) masks(ranges []netip.Prefix) ([]int, error) {
	dual := len(ranges) > 1
	if o.MaskSize != 0 && (dual || o.MaskSizeIPv4 != 0 || o.MaskSizeIPv6 != 0) {
		return nil, fmt.Errorf("--node-cidr-mask-size=%d cannot be used in a dual-stack cluster or together with --node-cidr-mask-size-ipv4 or --node-cidr-mask-size-ipv6; use those two instead", o.MaskSize)
	}
	var masks []int
	four, six := false, false
	for _, r := range ranges {
		mask, own := defaultMaskIPv4, o.MaskSizeIPv4
		if r.Addr().Is6() {
			six = true
			mask, own = defaultMaskIPv6, o.MaskSizeIPv6
		} else {
			four = true
		}
		switch {
		case own != 0:
			mask = own
		case o.MaskSize != 0:
			mask = o.MaskSize
		}
		masks = append(masks, mask)
	}
	if o.MaskSizeIPv4 != 0 && !four || o.MaskSizeIPv6 != 0 && !six {
		return nil, fmt.Errorf("--node-cidr-mask-size-ipv4=%d and --node-cidr-mask-size-ipv6=%d need a --cluster-cidr of their family", o.MaskSizeIPv4, o.MaskSizeIPv6)
	}
	return masks, nil
}
