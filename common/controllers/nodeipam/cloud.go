// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package nodeipam

import (
	"context"
	"fmt"
	"net/netip"

	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/common/batch"
	"sigs.k8s.io/cloud-providers/common/provider"
)

// fromCloud takes what the cloud gave the instance. Nodes that wait share one call.
type fromCloud struct {
	batcher *batch.Batcher[provider.InstanceRef, provider.NodeCIDRsAnswer]
}

func newFromCloud(cloud provider.NodeCIDRs) fromCloud {
	return fromCloud{batch.New(0, cloud.LookupNodeCIDRs)}
}

func (f fromCloud) cidrs(ctx context.Context, node *v1.Node) ([]netip.Prefix, error) {
	answer, err := f.batcher.Ask(ctx, provider.RefOf(node))
	if err == nil {
		err = answer.Err
	}
	if err != nil {
		return nil, fmt.Errorf("CIDRs of node %s: %w", node.Name, err)
	}
	return answer.CIDRs, nil
}
