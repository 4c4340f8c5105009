// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package openstacktest starts a simulated OpenStack for a test, with gophercloud clients that are pointed
// at it.
package openstacktest

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gophercloud/gophercloud/v2"
	sdk "github.com/gophercloud/gophercloud/v2/openstack"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack"
)

// Cloud is a Server that listens on loopback until the test ends.
type Cloud struct {
	*openstack.Server
	// AuthURL is Keystone's address.
	AuthURL string

	tb        testing.TB
	transport *http.Transport
}

// Start starts a cloud.
func Start(tb testing.TB, o openstack.Options) *Cloud {
	tb.Helper()
	server := openstack.New(o)
	listener := httptest.NewServer(server)
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	tb.Cleanup(func() {
		transport.CloseIdleConnections()
		listener.Close()
	})
	return &Cloud{Server: server, AuthURL: listener.URL + "/identity", tb: tb, transport: transport}
}

// User are the options to authenticate as demo or admin.
func (c *Cloud) User(name string) gophercloud.AuthOptions {
	return gophercloud.AuthOptions{
		IdentityEndpoint: c.AuthURL, Username: name, Password: "secret", DomainName: "Default", TenantID: c.Project.ID, AllowReauth: true,
	}
}

// Provider authenticates.
func (c *Cloud) Provider(o gophercloud.AuthOptions) (*gophercloud.ProviderClient, error) {
	provider, err := sdk.NewClient(o.IdentityEndpoint)
	if err != nil {
		return nil, err
	}
	provider.HTTPClient = http.Client{Transport: c.transport}
	return provider, sdk.Authenticate(c.tb.Context(), provider, o)
}

// Clients are clients of all services.
type Clients struct {
	Compute, Network, LoadBalancer, KeyManager *gophercloud.ServiceClient
}

// Clients returns clients of a user: demo or admin.
func (c *Cloud) Clients(user string) Clients {
	c.tb.Helper()
	provider, err := c.Provider(c.User(user))
	if err != nil {
		c.tb.Fatal(err)
	}
	var all Clients
	for _, client := range []struct {
		to   **gophercloud.ServiceClient
		make func(*gophercloud.ProviderClient, gophercloud.EndpointOpts) (*gophercloud.ServiceClient, error)
	}{
		{&all.Compute, sdk.NewComputeV2}, {&all.Network, sdk.NewNetworkV2}, {&all.LoadBalancer, sdk.NewLoadBalancerV2}, {&all.KeyManager, sdk.NewKeyManagerV1},
	} {
		if *client.to, err = client.make(provider, gophercloud.EndpointOpts{Region: c.Region()}); err != nil {
			c.tb.Fatal(err)
		}
	}
	return all
}
