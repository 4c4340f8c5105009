// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build openstackreal

package real

import (
	"github.com/gophercloud/gophercloud/v2"
	sdk "github.com/gophercloud/gophercloud/v2/openstack"
)

// Clients are clients of all services.
type Clients struct {
	Compute, Network, LoadBalancer, KeyManager *gophercloud.ServiceClient
}

// Clients returns clients of the tenant.
func (b *Bed) Clients() Clients {
	b.tb.Helper()
	return b.clients(b.Username, b.Project)
}

// AdminClients returns clients of the operator, in the operator's project.
func (b *Bed) AdminClients() Clients {
	b.tb.Helper()
	return b.clients(b.AdminUsername, b.AdminProject)
}

func (b *Bed) clients(user, project string) Clients {
	b.tb.Helper()
	provider, err := sdk.AuthenticatedClient(b.tb.Context(), gophercloud.AuthOptions{
		IdentityEndpoint: b.AuthURL, Username: user, Password: b.Password, DomainName: b.Domain, TenantName: project, AllowReauth: true,
	})
	if err != nil {
		b.tb.Fatal(err)
	}
	var all Clients
	for _, client := range []struct {
		to   **gophercloud.ServiceClient
		make func(*gophercloud.ProviderClient, gophercloud.EndpointOpts) (*gophercloud.ServiceClient, error)
	}{
		{&all.Compute, sdk.NewComputeV2}, {&all.Network, sdk.NewNetworkV2}, {&all.LoadBalancer, sdk.NewLoadBalancerV2}, {&all.KeyManager, sdk.NewKeyManagerV1},
	} {
		if *client.to, err = client.make(provider, gophercloud.EndpointOpts{Region: b.Region}); err != nil {
			b.tb.Fatal(err)
		}
	}
	return all
}
