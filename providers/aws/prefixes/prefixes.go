// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package prefixes finds the IPv6 prefix that EC2 has delegated to an instance, which becomes the Node's pod
// CIDR.
package prefixes

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/aws/ids"
)

// freshness is how old an instance's interfaces may be: a Node waits for a prefix that is given while it
// starts.
const freshness = 5 * time.Second

// Machines reads instances, from what is known where that is fresh.
type Machines interface {
	Machines(ctx context.Context, ids []string, maxAge time.Duration) (map[string]ec2types.Instance, error)
}

// Prefixes implements provider.NodeCIDRs.
type Prefixes struct{ store Machines }

var _ provider.NodeCIDRs = (*Prefixes)(nil)

// New returns the prefixes of the instances in a store.
func New(store Machines) *Prefixes { return &Prefixes{store} }

// LookupNodeCIDRs reads the prefixes of many Nodes with as many calls as their instances need.
func (p *Prefixes) LookupNodeCIDRs(ctx context.Context, refs []provider.InstanceRef) ([]provider.NodeCIDRsAnswer, error) {
	answers := make([]provider.NodeCIDRsAnswer, len(refs))
	names := make([]string, len(refs))
	var wanted []string
	for i, ref := range refs {
		id, ok := ids.Instance(ref.ProviderID)
		switch {
		case ok:
			names[i] = id
			wanted = append(wanted, id)
		case ref.ProviderID == "":
			answers[i].Err = fmt.Errorf("node %s has no provider ID yet", ref.NodeName)
		default:
			answers[i].State = provider.InstanceForeign // Fargate Nodes, and those of other clouds
		}
	}
	if len(wanted) == 0 {
		return answers, nil
	}
	machines, err := p.store.Machines(ctx, wanted, freshness)
	if err != nil {
		return nil, err
	}
	for i, id := range names {
		if id == "" {
			continue
		}
		m, there := machines[id]
		if !there {
			answers[i].State = provider.InstanceNotFound
			continue
		}
		answers[i] = answer(id, m)
	}
	return answers, nil
}

// answer takes the one prefix that an instance has. Which of several is for pods is not for us to guess.
func answer(id string, m ec2types.Instance) provider.NodeCIDRsAnswer {
	var found []netip.Prefix
	for _, eni := range m.NetworkInterfaces {
		for _, p := range eni.Ipv6Prefixes {
			prefix, err := netip.ParsePrefix(aws.ToString(p.Ipv6Prefix))
			if err != nil {
				return provider.NodeCIDRsAnswer{Err: fmt.Errorf("instance %s: %w", id, err)}
			}
			found = append(found, prefix)
		}
	}
	if len(found) > 1 {
		return provider.NodeCIDRsAnswer{Err: fmt.Errorf("instance %s has %d IPv6 prefixes, %v, and just one can be its Node's pod CIDR; take the others away", id, len(found), found)}
	}
	return provider.NodeCIDRsAnswer{State: provider.InstanceFound, CIDRs: found}
}
