// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"io"
	"net/http"

	corelisters "k8s.io/client-go/listers/core/v1"
	cloudprovider "k8s.io/cloud-provider"

	"sigs.k8s.io/cloud-providers/common/cloudapi"
)

// Setup is what a provider gets to construct itself from.
type Setup struct {
	// Config is the content of the --cloud-config file; nil without the flag.
	Config io.Reader
	// ConfigPath is its path, for error messages.
	ConfigPath string
	// Gate refuses mutations after the lease's renew deadline. Providers give it to their transport.
	Gate *cloudapi.Gate
	// UserAgent names this program and its version.
	UserAgent string
}

// Transport returns the HTTP transport that every SDK client of the provider uses.
func (s Setup) Transport(base http.RoundTripper, opts cloudapi.Options) http.RoundTripper {
	if opts.Gate == nil {
		opts.Gate = s.Gate
	}
	return cloudapi.NewTransport(base, opts)
}

// Factory constructs a provider. It reads no network: Prober does.
type Factory func(ctx context.Context, setup Setup) (cloudprovider.Interface, error)

// InstancesProvider is a cloudprovider.Interface with batched instances.
type InstancesProvider interface {
	BatchInstances() (Instances, bool)
}

// LoadBalancersProvider is a cloudprovider.Interface with planned load balancers.
type LoadBalancersProvider interface {
	PlannedLoadBalancers() (PlannedLoadBalancers, bool)
}

// RoutesProvider is a cloudprovider.Interface with batched routes.
type RoutesProvider interface {
	BatchRoutes() (Routes, bool)
}

// CapabilitiesProvider is a cloudprovider.Interface that says what its cloud can do.
type CapabilitiesProvider interface {
	Capabilities() Capabilities
}

// ClusterWatcher is implemented by providers that look at Nodes and Services by themselves, for example to
// find the Node of an instance. They get the shared caches, which hold no managedFields and of Nodes
// neither images nor volumes; what is in them is not to be changed.
type ClusterWatcher interface {
	WatchCluster(services corelisters.ServiceLister, nodes corelisters.NodeLister)
}

// Prober makes one cheap call that proves configuration and credentials. A *ConfigError ends the
// process; any other error is retried.
type Prober interface {
	Probe(ctx context.Context) error
}
