// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package openstack is a simulated OpenStack: Keystone, Nova, Neutron, Octavia and Barbican, over HTTP, as
// gophercloud and the openstack command line expect them.
//
// A Server is an http.Handler for all of them at one address, each under a path of its own. Tests in the
// same process use the Server's methods; others use the paths under /_control, which are neither counted nor
// disturbed.
package openstack

import (
	"cmp"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/barbican"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/keystone"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/neutron"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/nova"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/octavia"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
	"sigs.k8s.io/cloud-providers/test/clouds/sim"
)

// Options of a Server.
type Options struct {
	// Region that it is; empty means RegionOne. OtherRegions are in the catalogue, but nothing answers there.
	Region       string
	OtherRegions []string
	// TokenLifetime is how long tokens are good; zero is one hour.
	TokenLifetime time.Duration
	// Latency of each call. No lock is held meanwhile.
	Latency time.Duration
	// Start is where the clock starts; zero is now. The clock runs until it is stopped.
	Start time.Time
	// Without are types of services (key-manager) that are not there.
	Without []string
	// Compute, Network and LoadBalancing are the services' own; clock, IDs and neighbours are filled in.
	Compute       nova.Options
	Network       neutron.Options
	LoadBalancing octavia.Options
}

// Server is a simulated OpenStack. It begins with the project Project, in which the user demo has a role, and
// the user admin; both have the password "secret".
type Server struct {
	Keystone *keystone.Service
	Nova     *nova.Service
	Neutron  *neutron.Service
	Octavia  *octavia.Service
	Barbican *barbican.Service
	Images   *Images
	// Project is what demo and admin are in unless they ask for another; it is called demo as well.
	Project keystone.Project
	// Application is a credential of the user demo in the project.
	Application keystone.ApplicationCredential
	// Clock is what all go by.
	Clock *sim.Clock
	// Faults has the failures that are to happen. Their Service is nova, neutron, octavia, keystone or
	// barbican, their Operation as the log of calls has it; Code is the type of a Neutron error.
	Faults *sim.Faults
	// Calls has what was called.
	Calls *Calls

	opts     Options
	ids      rest.IDs
	latency  atomic.Int64
	services []rest.Service
	control  http.Handler
}

// New returns a cloud that has two users and nothing else.
func New(o Options) *Server {
	o.Region = cmp.Or(o.Region, "RegionOne")
	s := &Server{opts: o, Clock: sim.NewClock(o.Start), Faults: &sim.Faults{}, Calls: newCalls()}
	s.latency.Store(int64(o.Latency))
	s.Keystone = keystone.New(keystone.Options{
		Clock: s.Clock, IDs: &s.ids, Region: o.Region, OtherRegions: o.OtherRegions, Lifetime: o.TokenLifetime,
	})
	o.Network.Clock, o.Network.IDs = s.Clock, &s.ids
	s.Neutron = neutron.New(o.Network)
	o.Compute.Clock, o.Compute.IDs, o.Compute.Network = s.Clock, &s.ids, s.Neutron
	s.Nova = nova.New(o.Compute)
	s.Barbican = barbican.New(s.Clock, &s.ids)
	o.LoadBalancing.Clock, o.LoadBalancing.IDs, o.LoadBalancing.Network = s.Clock, &s.ids, s.Neutron
	if o.LoadBalancing.Certificate == nil {
		o.LoadBalancing.Certificate = s.Barbican.Has
	}
	s.Octavia = octavia.New(o.LoadBalancing)
	s.Images = &Images{ids: &s.ids}
	catalogue := []keystone.Entry{{Name: "placement", Type: "placement", Path: "/placement"}} // nothing answers there
	for _, svc := range []rest.Service{s.Keystone.API(), s.Nova.API(), s.Neutron.API(), s.Octavia.API(), s.Barbican.API(), s.Images.API()} {
		if !slices.Contains(o.Without, svc.Type) {
			s.services = append(s.services, svc)
			catalogue = append(catalogue, keystone.Entry{Name: svc.Name, Type: svc.Type, Path: svc.Endpoint})
		}
	}
	s.Keystone.SetCatalogue(catalogue)
	s.addUsers()
	s.control = s.controlHandler()
	return s
}

func (s *Server) addUsers() {
	s.Project = s.Keystone.AddProject("demo")
	demo := s.Keystone.AddUser(keystone.User{Name: "demo", Password: "secret", DefaultProjectID: s.Project.ID, Projects: []string{s.Project.ID}})
	s.Keystone.AddUser(keystone.User{Name: "admin", Password: "secret", DefaultProjectID: s.Project.ID, Projects: []string{s.Project.ID}, Admin: true})
	s.Application = s.Keystone.AddApplicationCredential(keystone.ApplicationCredential{Name: "ccm", Secret: "secret", UserID: demo.ID, ProjectID: s.Project.ID})
}

// Region is the region's name.
func (s *Server) Region() string { return s.opts.Region }

// SetLatency changes how long each call takes from now on.
func (s *Server) SetLatency(d time.Duration) { s.latency.Store(int64(d)) }
