// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package floor initialises Nodes as fast as the API server lets: it makes the two patches that each needs,
// and asks no cloud, watches nothing, decides nothing.
package floor

import (
	"context"
	"errors"
	"fmt"
	"sync"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/workqueue"
	cloudproviderapi "k8s.io/cloud-provider/api"

	"sigs.k8s.io/cloud-providers/common/controllers/nodes"
)

const inFlight = 64

// Write makes the two patches of each Node.
func Write(ctx context.Context, config *rest.Config, all []*v1.Node) error {
	config = rest.CopyConfig(config)
	config.QPS = -1
	config.ContentType = "application/vnd.kubernetes.protobuf"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var failed error
	workqueue.ParallelizeUntil(ctx, inFlight, len(all), func(i int) {
		err := writeOne(ctx, client, all[i], i)
		for apierrors.IsConflict(errors.Unwrap(err)) { // somebody else wrote between the two
			var node *v1.Node
			if node, err = client.CoreV1().Nodes().Get(ctx, all[i].Name, metav1.GetOptions{}); err == nil {
				err = writeOne(ctx, client, node, i)
			}
		}
		if err != nil {
			mu.Lock()
			failed = err
			mu.Unlock()
		}
	})
	return failed
}

func writeOne(ctx context.Context, client kubernetes.Interface, node *v1.Node, i int) error {
	node, err := nodes.PatchAddresses(ctx, client, node, []v1.NodeAddress{
		{Type: v1.NodeInternalIP, Address: fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255)}, {Type: v1.NodeHostName, Address: node.Name}})
	if err != nil {
		return err
	}
	kind, zone, region := "small", fmt.Sprint("zone-", i%3), "local"
	_, err = nodes.Patch{
		ProviderID: "local://local/id-" + node.Name,
		Labels: map[string]*string{
			v1.LabelInstanceType: &kind, v1.LabelInstanceTypeStable: &kind, v1.LabelFailureDomainBetaZone: &zone,
			v1.LabelTopologyZone: &zone, v1.LabelFailureDomainBetaRegion: &region, v1.LabelTopologyRegion: &region,
		},
		Taints: nodes.Without(node.Spec.Taints, cloudproviderapi.TaintExternalCloudProvider), SetTaints: true,
	}.Apply(ctx, client, node)
	return err
}
