// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/gophercloud/gophercloud/v2"
)

// Region is one region's services. A client is made when it is first asked for and kept. A service that is
// down fails those who ask for it, and nobody else. Clients are to be asked for at each use, since a change
// of the credentials makes new ones.
type Region struct {
	Name       string
	connection *Connection

	mu   sync.Mutex
	view *view
}

// view is what is known of a region in a session.
type view struct {
	session    *session
	region     string
	services   map[string]*known[*gophercloud.ServiceClient]
	extensions known[Extensions]
	octavia    known[Version]
}

// The types of services in the catalogue.
const (
	typeCompute      = "compute"
	typeNetwork      = "network"
	typeLoadBalancer = "load-balancer"
	typeKeyManager   = "key-manager"
)

func newView(s *session, region string) *view {
	v := &view{session: s, region: region, services: map[string]*known[*gophercloud.ServiceClient]{}}
	v.extensions.turn, v.octavia.turn = newTurn(), newTurn()
	for _, service := range []string{typeCompute, typeNetwork, typeLoadBalancer, typeKeyManager} {
		v.services[service] = &known[*gophercloud.ServiceClient]{turn: newTurn()}
	}
	return v
}

// now returns what is known in the session in use.
func (r *Region) now(ctx context.Context) (*view, error) {
	s, err := r.connection.session(ctx)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.view == nil || r.view.session != s {
		r.view = newView(s, r.Name)
	}
	return r.view, nil
}

// Has reports whether the catalogue has an endpoint of a service, such as load-balancer. Whether anything
// answers there is another question.
func (r *Region) Has(ctx context.Context, service string) (bool, error) {
	v, err := r.now(ctx)
	if err != nil {
		return false, err
	}
	_, err = v.endpoint(service)
	var missing *gophercloud.ErrEndpointNotFound
	if errors.As(err, &missing) {
		return false, nil
	}
	return err == nil, err
}

// Compute is Nova, with the microversion set.
func (r *Region) Compute(ctx context.Context) (*gophercloud.ServiceClient, error) {
	return r.service(ctx, typeCompute)
}

// Network is Neutron.
func (r *Region) Network(ctx context.Context) (*gophercloud.ServiceClient, error) {
	return r.service(ctx, typeNetwork)
}

// LoadBalancer is Octavia.
func (r *Region) LoadBalancer(ctx context.Context) (*gophercloud.ServiceClient, error) {
	return r.service(ctx, typeLoadBalancer)
}

// KeyManager is Barbican.
func (r *Region) KeyManager(ctx context.Context) (*gophercloud.ServiceClient, error) {
	return r.service(ctx, typeKeyManager)
}

func (r *Region) service(ctx context.Context, service string) (*gophercloud.ServiceClient, error) {
	v, err := r.now(ctx)
	if err != nil {
		return nil, err
	}
	return v.service(ctx, service)
}

// service makes a client without gophercloud's discovery, which asks each service for its versions, fails for
// good at statuses that it does not know, and cannot be cancelled. The versions are those that all have.
func (v *view) service(ctx context.Context, service string) (*gophercloud.ServiceClient, error) {
	return v.services[service].get(ctx, func(ctx context.Context) (*gophercloud.ServiceClient, error) {
		endpoint, err := v.endpoint(service)
		if err != nil {
			return nil, err
		}
		s := &gophercloud.ServiceClient{ProviderClient: v.session.provider, Endpoint: endpoint, Type: service}
		switch service {
		case typeCompute:
			err = chooseNova(ctx, s)
		case typeNetwork, typeLoadBalancer:
			s.ResourceBase = withoutVersion(endpoint) + "v2.0/"
		case typeKeyManager:
			s.ResourceBase = withoutVersion(endpoint) + "v1/"
		}
		return s, err
	})
}

// endpoint finds an address in the catalogue. It asks nobody.
func (v *view) endpoint(service string) (string, error) {
	interfaces := v.session.identity.auth.Endpoint
	o := gophercloud.EndpointOpts{Region: v.region, Availability: gophercloud.Availability(interfaces)}
	o.ApplyDefaults(service)
	url, err := v.session.provider.EndpointLocator(o)
	if err != nil {
		return "", &connectError{text: fmt.Sprintf("the catalogue has no %s endpoint of %s in region %q", interfaces, service, v.region), cause: err}
	}
	return url, nil
}

// lastVersion is a version at the end of an address.
var lastVersion = regexp.MustCompile(`/v[0-9]+(\.[0-9]+)?/$`)

// withoutVersion drops the version from an address of the catalogue, which may or may not have one.
func withoutVersion(endpoint string) string {
	return strings.TrimSuffix(lastVersion.ReplaceAllString(endpoint, "/"), "/") + "/"
}
