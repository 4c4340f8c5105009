// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package client makes the OpenStack clients of the provider: gophercloud over the shared transport, built
// once, with renewed tokens and credentials, what the services can do, and errors that say what to do.
package client

import (
	"context"
	"net/http"
	"sync"

	"github.com/gophercloud/gophercloud/v2"
	sdk "github.com/gophercloud/gophercloud/v2/openstack"

	"sigs.k8s.io/cloud-providers/common/cloudapi"
	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/openstack/config"
)

// ProviderName is the value of --cloud-provider, and the scheme of provider IDs.
const ProviderName = "openstack"

// Connection is one user's way to one OpenStack.
type Connection struct {
	config    *config.Config
	transport http.RoundTripper

	mu      sync.Mutex
	session *gophercloud.ProviderClient
	region  *Region
}

// Prepare checks the configuration and reads no network.
func Prepare(_ context.Context, setup provider.Setup, cfg *config.Config) (*Connection, error) {
	c := &Connection{config: cfg, transport: setup.Transport(nil, cloudapi.Options{Provider: ProviderName, Deadline: cfg.RequestTimeout})}
	c.region = &Region{Name: cfg.Auth.Region, connection: c}
	return c, nil
}

// Default is the region of the configuration.
func (c *Connection) Default() *Region { return c.region }

// Regions are all regions that are served, the default one first.
func (c *Connection) Regions() []*Region { return []*Region{c.region} }

// Probe authenticates.
func (c *Connection) Probe(ctx context.Context) error {
	_, err := c.authenticated(ctx)
	return err
}

func (c *Connection) authenticated(ctx context.Context) (*gophercloud.ProviderClient, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session != nil {
		return c.session, nil
	}
	a := c.config.Auth
	options := gophercloud.AuthOptions{
		IdentityEndpoint: a.AuthURL, Username: a.Username, UserID: a.UserID, Password: a.Password, DomainID: a.DomainID, DomainName: a.DomainName,
		TenantID: a.TenantID, TenantName: a.TenantName, AllowReauth: true,
	}
	p, err := sdk.NewClient(a.AuthURL)
	if err != nil {
		return nil, err
	}
	p.HTTPClient = http.Client{Transport: c.transport}
	if err := sdk.Authenticate(ctx, p, options); err != nil {
		return nil, err
	}
	c.session = p
	return p, nil
}
