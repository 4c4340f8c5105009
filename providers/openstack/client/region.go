// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/gophercloud/gophercloud/v2"
	sdk "github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/apiversions"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions"
)

// Region is one region's services. A client is made when it is first asked for and kept: making one costs a
// look at the service's versions. A service that is down fails those who ask for it, and nobody else.
type Region struct {
	Name       string
	connection *Connection

	mu         sync.Mutex
	services   map[string]*gophercloud.ServiceClient
	extensions Extensions
	octavia    Version
}

// Extensions are the aliases of Neutron's extensions.
type Extensions map[string]bool

// Version is one of Octavia's, such as 2.26.
type Version struct{ Major, Minor int }

// Has reports whether the version is 2.minor or newer.
func (v Version) Has(minor int) bool { return v.Major > 2 || v.Major == 2 && v.Minor >= minor }

func (v Version) String() string { return fmt.Sprintf("v%d.%d", v.Major, v.Minor) }

type maker func(*gophercloud.ProviderClient, gophercloud.EndpointOpts) (*gophercloud.ServiceClient, error)

func (r *Region) service(ctx context.Context, name string, make maker) (*gophercloud.ServiceClient, error) {
	p, err := r.connection.authenticated(ctx)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.services[name]; s != nil {
		return s, nil
	}
	s, err := make(p, gophercloud.EndpointOpts{Region: r.Name, Availability: gophercloud.Availability(r.connection.config.Auth.Endpoint)})
	if err != nil {
		return nil, fmt.Errorf("endpoint of %s: %w", name, err)
	}
	if r.services == nil {
		r.services = map[string]*gophercloud.ServiceClient{}
	}
	r.services[name] = s
	return s, nil
}

// Compute is Nova.
func (r *Region) Compute(ctx context.Context) (*gophercloud.ServiceClient, error) {
	return r.service(ctx, "compute", sdk.NewComputeV2)
}

// Network is Neutron.
func (r *Region) Network(ctx context.Context) (*gophercloud.ServiceClient, error) {
	return r.service(ctx, "network", sdk.NewNetworkV2)
}

// LoadBalancer is Octavia.
func (r *Region) LoadBalancer(ctx context.Context) (*gophercloud.ServiceClient, error) {
	return r.service(ctx, "load-balancer", sdk.NewLoadBalancerV2)
}

// KeyManager is Barbican.
func (r *Region) KeyManager(ctx context.Context) (*gophercloud.ServiceClient, error) {
	return r.service(ctx, "key-manager", sdk.NewKeyManagerV1)
}

// Extensions asks Neutron once.
func (r *Region) Extensions(ctx context.Context) (Extensions, error) {
	s, err := r.Network(ctx)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	known := r.extensions
	r.mu.Unlock()
	if known != nil {
		return known, nil
	}
	pages, err := extensions.List(s).AllPages(ctx)
	if err != nil {
		return nil, Explain("list the extensions of Neutron", err)
	}
	all, err := extensions.ExtractExtensions(pages)
	if err != nil {
		return nil, err
	}
	found := Extensions{}
	for _, e := range all {
		found[e.Alias] = true
	}
	r.mu.Lock()
	r.extensions = found
	r.mu.Unlock()
	return found, nil
}

// OctaviaVersion asks Octavia once for the newest version that it has. Unknown is not absent: an error is
// not an old version.
func (r *Region) OctaviaVersion(ctx context.Context) (Version, error) {
	s, err := r.LoadBalancer(ctx)
	if err != nil {
		return Version{}, err
	}
	r.mu.Lock()
	known := r.octavia
	r.mu.Unlock()
	if known != (Version{}) {
		return known, nil
	}
	pages, err := apiversions.List(s).AllPages(ctx)
	if err != nil {
		return Version{}, Explain("list the versions of Octavia", err)
	}
	all, err := apiversions.ExtractAPIVersions(pages)
	if err != nil {
		return Version{}, err
	}
	var newest Version
	for _, a := range all {
		major, minor, _ := strings.Cut(strings.TrimPrefix(a.ID, "v"), ".")
		v := Version{}
		v.Major, _ = strconv.Atoi(major)
		v.Minor, _ = strconv.Atoi(minor)
		if v.Major > newest.Major || v.Major == newest.Major && v.Minor > newest.Minor {
			newest = v
		}
	}
	if newest.Major < 2 {
		return Version{}, fmt.Errorf("octavia names no version in its list of %d", len(all))
	}
	r.mu.Lock()
	r.octavia = newest
	r.mu.Unlock()
	return newest, nil
}
