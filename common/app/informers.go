// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/informers"
	clientset "k8s.io/client-go/kubernetes"
	cloudprovider "k8s.io/cloud-provider"

	"sigs.k8s.io/cloud-providers/common/provider"
)

// newInformers makes the one informer factory. Its caches hold no managedFields and, unless the
// provider gets the factory too and may look at them, neither the images nor the volumes of Nodes:
// together more than half of a Node.
func newInformers(client clientset.Interface, resync time.Duration, cloud cloudprovider.Interface) informers.SharedInformerFactory {
	trim := trimMost
	_, shared := cloud.(cloudprovider.InformerUser)
	if _, content := cloud.(provider.ClusterWatcher); shared && !content {
		trim = trimManagedFields
	}
	return informers.NewSharedInformerFactoryWithOptions(client, resync, informers.WithTransform(trim))
}

func trimManagedFields(object any) (any, error) {
	if accessor, err := meta.Accessor(object); err == nil {
		accessor.SetManagedFields(nil)
	}
	return object, nil
}

func trimMost(object any) (any, error) {
	if node, ok := object.(*v1.Node); ok {
		node.Status.Images = nil
		node.Status.VolumesAttached = nil
		node.Status.VolumesInUse = nil
	}
	return trimManagedFields(object)
}
