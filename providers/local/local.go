// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package local is the provider of local-cloud, the cloud of one machine, and the model for the others:
// config reads the cloud-config file, instances finds machines, loadbalancer and routes plan and make
// what Services and Nodes need, and this package puts them together.
package local

import (
	"context"
	"net/http"

	cloudprovider "k8s.io/cloud-provider"

	"sigs.k8s.io/cloud-providers/common/cloudapi"
	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/providers/local/config"
	"sigs.k8s.io/cloud-providers/providers/local/instances"
	"sigs.k8s.io/cloud-providers/providers/local/loadbalancer"
	"sigs.k8s.io/cloud-providers/providers/local/refusal"
	"sigs.k8s.io/cloud-providers/providers/local/routes"
)

// ProviderName is the value of --cloud-provider.
const ProviderName = "local"

// maxConnections is how many connections to the cloud are kept open.
const maxConnections = 16

// Cloud is the provider. Beside cloudprovider.Interface it offers everything of package provider.
type Cloud struct {
	client        *api.Client
	instances     *instances.Instances
	loadBalancers provider.PlannedLoadBalancers
	routes        *routes.Routes
}

var (
	_ cloudprovider.Interface        = (*Cloud)(nil)
	_ provider.InstancesProvider     = (*Cloud)(nil)
	_ provider.LoadBalancersProvider = (*Cloud)(nil)
	_ provider.RoutesProvider        = (*Cloud)(nil)
	_ provider.CapabilitiesProvider  = (*Cloud)(nil)
	_ provider.OrphansProvider       = (*Cloud)(nil)
	_ provider.Prober                = (*Cloud)(nil)
	_ provider.Factory               = New
)

// New reads the configuration and constructs the provider. It does not talk to the cloud.
func New(_ context.Context, setup provider.Setup) (cloudprovider.Interface, error) {
	cfg, err := config.Read(setup.ConfigPath, setup.Config)
	if err != nil {
		return nil, &provider.ConfigError{Err: err}
	}
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.MaxIdleConnsPerHost = maxConnections
	client, err := api.NewClient(cfg.Endpoint, api.ClientOptions{
		Transport: setup.Transport(base, cloudapi.Options{
			Provider:  ProviderName,
			Operation: api.OperationName,
			Mutates:   api.Mutates,
			Deadline:  cfg.RequestTimeout,
		}),
		TokenFile: cfg.TokenFile,
		UserAgent: setup.UserAgent,
	})
	if err != nil {
		return nil, &provider.ConfigError{Err: err}
	}
	return &Cloud{
		client:        client,
		instances:     instances.New(client, cfg.Region),
		loadBalancers: provider.Planned(loadbalancer.New(client, cfg.LoadBalancer)),
		routes:        routes.New(client, cfg.RouteTable),
	}, nil
}

// Initialize has nothing to do: the controllers own all goroutines.
func (c *Cloud) Initialize(cloudprovider.ControllerClientBuilder, <-chan struct{}) {}

// ProviderName is "local".
func (c *Cloud) ProviderName() string { return ProviderName }

// HasClusterID is true: the cluster's name marks what belongs to it.
func (c *Cloud) HasClusterID() bool { return true }

// BatchInstances looks many machines up at once.
func (c *Cloud) BatchInstances() (provider.Instances, bool) { return c.instances, true }

// PlannedLoadBalancers plans load balancers.
func (c *Cloud) PlannedLoadBalancers() (provider.PlannedLoadBalancers, bool) {
	return c.loadBalancers, true
}

// BatchRoutes changes many routes at once.
func (c *Cloud) BatchRoutes() (provider.Routes, bool) { return c.routes, true }

// Orphans finds what this cluster left behind.
func (c *Cloud) Orphans() (provider.Orphans, bool) { return orphans{c.client}, true }

// InstancesV2 is for the stock manager.
func (c *Cloud) InstancesV2() (cloudprovider.InstancesV2, bool) {
	return provider.StockInstances(c.instances), true
}

// LoadBalancer is for the stock manager.
func (c *Cloud) LoadBalancer() (cloudprovider.LoadBalancer, bool) {
	return provider.StockLoadBalancer(c.loadBalancers), true
}

// Routes is for the stock manager.
func (c *Cloud) Routes() (cloudprovider.Routes, bool) { return provider.StockRoutes(c.routes), true }

// Instances is superseded by InstancesV2.
func (c *Cloud) Instances() (cloudprovider.Instances, bool) { return nil, false }

// Zones is superseded by InstancesV2.
func (c *Cloud) Zones() (cloudprovider.Zones, bool) { return nil, false }

// Clusters is offered by no provider any more.
func (c *Cloud) Clusters() (cloudprovider.Clusters, bool) { return nil, false }

// Probe asks the cloud for its version. Refused credentials are a *provider.ConfigError.
func (c *Cloud) Probe(ctx context.Context) error {
	_, err := c.client.Version(ctx)
	return refusal.AtStart(err)
}

// Capabilities says what local-cloud can do.
func (c *Cloud) Capabilities() provider.Capabilities {
	return provider.Capabilities{
		Offered: []provider.Capability{provider.CapabilityInstances, provider.CapabilityLoadBalancer, provider.CapabilityRoutes},
		LoadBalancer: provider.LoadBalancerFeatures{
			IPFamilies:                 []string{"IPv4", "IPv6"},
			Protocols:                  []string{"TCP", "UDP"},
			SourceRanges:               true,
			LoadBalancerIP:             true,
			SessionAffinity:            true,
			ExternalTrafficPolicyLocal: true,
			MixedProtocols:             true,
			IPMode:                     "Proxy",
			TargetsByAddress:           true,
		},
	}
}
