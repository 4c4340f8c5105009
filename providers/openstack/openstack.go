// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package openstack is the provider of OpenStack: config reads the cloud-config file, client talks to
// OpenStack, instances finds what Nodes run on, loadbalancer and routes plan and make what Services and
// Nodes need, and this package puts them together.
package openstack

import (
	"context"
	"fmt"
	"sync"

	cloudprovider "k8s.io/cloud-provider"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/openstack/client"
	"sigs.k8s.io/cloud-providers/providers/openstack/config"
)

// ProviderName is the value of --cloud-provider.
const ProviderName = client.ProviderName

// Cloud is the provider. Beside cloudprovider.Interface it offers what package provider knows. Its parts
// exist once Probe has succeeded: only then is it known what Neutron can do.
type Cloud struct {
	provider.Offered
	config     *config.Config
	connection *client.Connection
	clock      clock.WithTicker

	mu     sync.Mutex // held during Probe, which makes the parts
	probed bool
}

var (
	_ cloudprovider.Interface        = (*Cloud)(nil)
	_ provider.InstancesProvider     = (*Cloud)(nil)
	_ provider.LoadBalancersProvider = (*Cloud)(nil)
	_ provider.RoutesProvider        = (*Cloud)(nil)
	_ provider.CapabilitiesProvider  = (*Cloud)(nil)
	_ provider.Prober                = (*Cloud)(nil)
	_ provider.ClusterWatcher        = (*Cloud)(nil)
	_ cloudprovider.InformerUser     = (*Cloud)(nil)
	_ provider.Factory               = New
)

// New reads the configuration. It does not talk to OpenStack.
func New(ctx context.Context, setup provider.Setup) (cloudprovider.Interface, error) {
	cfg, err := config.Read(setup.ConfigPath, setup.Config)
	if err != nil {
		return nil, &provider.ConfigError{Err: err}
	}
	for _, w := range cfg.Warnings {
		klog.FromContext(ctx).Info("Cloud-config: " + w)
	}
	connection, err := client.Prepare(ctx, setup, cfg)
	if err != nil {
		return nil, &provider.ConfigError{Err: err}
	}
	return &Cloud{config: cfg, connection: connection, clock: clock.RealClock{}}, nil
}

// Probe authenticates, and asks Neutron what it can do where routes are wanted. Once it has succeeded it
// asks nothing any more.
func (c *Cloud) Probe(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.probed {
		return nil
	}
	if err := c.connection.Probe(ctx); err != nil {
		return err
	}
	for _, r := range c.connection.Regions() {
		if err := served(ctx, r); err != nil {
			return err
		}
	}
	offer, err := c.assemble(ctx)
	if err != nil {
		return err
	}
	c.Make(offer)
	c.probed = true
	return nil
}

// served fails for good if the catalogue knows no Nova or Neutron in a region. Whether they answer now is the
// business of those who ask for them.
func served(ctx context.Context, r *client.Region) error {
	for _, service := range []string{"compute", "network"} {
		has, err := r.Has(ctx, service)
		if err != nil {
			return err
		}
		if !has {
			return &provider.ConfigError{Err: fmt.Errorf("the catalogue of OpenStack has no %s endpoint in region %q: check region and os-endpoint-type in the cloud-config", service, r.Name)}
		}
	}
	return nil
}

// Initialize is for managers that do not call Probe: it returns when Probe has succeeded.
func (c *Cloud) Initialize(_ cloudprovider.ControllerClientBuilder, stop <-chan struct{}) {
	provider.ProbeUntil(c, ProviderName, stop)
}

// ProviderName is "openstack".
func (c *Cloud) ProviderName() string { return ProviderName }

// HasClusterID is true: what belongs to a cluster is known by the cluster's name.
func (c *Cloud) HasClusterID() bool { return true }

// Capabilities says what Octavia's load balancers can do as this provider uses them.
func (c *Cloud) Capabilities() provider.Capabilities {
	return provider.Capabilities{
		Offered: []provider.Capability{provider.CapabilityInstances, provider.CapabilityLoadBalancer, provider.CapabilityRoutes},
		LoadBalancer: provider.LoadBalancerFeatures{
			IPFamilies:                 []string{"IPv4", "IPv6"},
			Protocols:                  []string{"TCP", "UDP", "SCTP"},
			Internal:                   true,
			SourceRanges:               true,
			LoadBalancerIP:             true,
			SessionAffinity:            true,
			ExternalTrafficPolicyLocal: true,
			MixedProtocols:             true,
			TargetsByAddress:           true,
		},
	}
}
