// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package aws is the provider of Amazon Web Services: config reads the cloud-config file, client talks to
// AWS, instances finds what Nodes run on, loadbalancer and routes plan and make what Services and Nodes
// need, and this package finds out where the cluster is and puts them together.
package aws

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	cloudprovider "k8s.io/cloud-provider"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/aws/client"
	"sigs.k8s.io/cloud-providers/providers/aws/config"
)

// ProviderName is the value of --cloud-provider.
const ProviderName = client.ProviderName

// Cloud is the provider. Beside cloudprovider.Interface it offers what package provider knows. Its parts
// exist once Probe has succeeded: only then is the region known, and which cluster this is.
type Cloud struct {
	provider.Offered
	config     *config.Config
	connection *client.Connection
	clock      clock.WithTicker

	mu    sync.Mutex // held during Probe, which finds the place
	place *place
}

// place is where the cluster is, with the clients for it.
type place struct {
	site    Site
	clients *client.Clients
}

var (
	_ cloudprovider.Interface        = (*Cloud)(nil)
	_ provider.InstancesProvider     = (*Cloud)(nil)
	_ provider.LoadBalancersProvider = (*Cloud)(nil)
	_ provider.RoutesProvider        = (*Cloud)(nil)
	_ provider.CapabilitiesProvider  = (*Cloud)(nil)
	_ provider.Prober                = (*Cloud)(nil)
	_ provider.ClusterWatcher        = (*Cloud)(nil)
	_ provider.NodeCIDRsProvider     = (*Cloud)(nil)
	_ cloudprovider.InformerUser     = (*Cloud)(nil)
	_ provider.Factory               = New
)

// New reads the configuration, and the SDK's environment and files. It does not talk to AWS.
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

// Probe finds out where the cluster is and which it is, which proves the credentials. Once it has
// succeeded it asks nothing any more.
func (c *Cloud) Probe(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.place != nil {
		return nil
	}
	site, clients, err := c.locate(ctx)
	if err != nil {
		return err
	}
	klog.FromContext(ctx).Info("Found the cluster's place in AWS", "region", site.Region, "vpc", site.VPC, "subnet", site.SubnetID, "cluster", site.Cluster.ID, "instance", site.SelfID)
	c.Make(c.assemble(site, clients))
	c.place = &place{site, clients}
	return nil
}

// located returns the place; without anything before Probe has succeeded.
func (c *Cloud) located() *place {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.place == nil {
		return &place{}
	}
	return c.place
}

// Initialize is for managers that do not call Probe: it returns when Probe has succeeded. Such a manager
// has no other way to hear of a mistake, so that one ends the process, as it does upstream.
func (c *Cloud) Initialize(_ cloudprovider.ControllerClientBuilder, stop <-chan struct{}) {
	provider.ProbeUntil(c, ProviderName, stop)
}

// ProviderName is "aws".
func (c *Cloud) ProviderName() string { return ProviderName }

// HasClusterID is true: Probe fails without one.
func (c *Cloud) HasClusterID() bool { return true }

// EC2 is the client for controllers of this provider's own; nil before Probe has succeeded.
func (c *Cloud) EC2() *ec2.Client {
	if clients := c.located().clients; clients != nil {
		return clients.EC2
	}
	return nil
}

// Capabilities says what AWS's load balancers can do as this provider uses them.
func (c *Cloud) Capabilities() provider.Capabilities {
	return provider.Capabilities{
		Offered: []provider.Capability{provider.CapabilityInstances, provider.CapabilityLoadBalancer, provider.CapabilityRoutes, provider.CapabilityNodeCIDRs},
		LoadBalancer: provider.LoadBalancerFeatures{
			IPFamilies:                 []string{"IPv4"},
			Protocols:                  []string{"TCP", "UDP"},
			Internal:                   true,
			SourceRanges:               true,
			ExternalTrafficPolicyLocal: true,
			PreservesSourceIP:          true,
		},
	}
}
