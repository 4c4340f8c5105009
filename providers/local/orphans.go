// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"fmt"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/providers/local/refusal"
)

// orphans finds load balancers of the cluster whose Service does not exist any more.
type orphans struct{ client *api.Client }

// ListOrphans lists them by the Service UID that they carry.
func (o orphans) ListOrphans(ctx context.Context, clusterName string, owned provider.Owned) ([]provider.Orphan, error) {
	all, err := o.client.ListLoadBalancers(ctx, clusterName)
	if err != nil {
		return nil, refusal.Translate(err)
	}
	var list []provider.Orphan
	for _, lb := range all {
		if owned.ServiceUIDs[lb.Owner.UID] {
			continue
		}
		list = append(list, provider.Orphan{
			Kind: "load balancer", Name: lb.Name, ID: lb.Name,
			Owner: fmt.Sprintf("Service %s/%s (UID %s)", lb.Owner.Namespace, lb.Owner.Service, lb.Owner.UID),
		})
	}
	return list, nil
}

// DeleteOrphan deletes a load balancer of the cluster.
func (o orphans) DeleteOrphan(ctx context.Context, clusterName string, orphan provider.Orphan) error {
	return refusal.Translate(o.client.DeleteLoadBalancer(ctx, clusterName, orphan.ID))
}
