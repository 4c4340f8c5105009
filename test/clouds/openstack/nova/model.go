// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package nova is the compute service of the simulated OpenStack: servers and flavors with microversions,
// filters and pages. Nothing boots.
package nova

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/neutron"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
	"sigs.k8s.io/cloud-providers/test/clouds/sim"
)

// Flavor is a size of servers.
type Flavor struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	VCPUs      int               `json:"vcpus"`
	RAM        int               `json:"ram"` // MiB
	Disk       int               `json:"disk"`
	ExtraSpecs map[string]string `json:"extra_specs,omitempty"`
}

// Server is a server.
type Server struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Status     string            `json:"status"` // ACTIVE, SHUTOFF, ...
	ProjectID  string            `json:"tenant_id"`
	UserID     string            `json:"user_id"`
	FlavorID   string            `json:"flavorID"`
	ImageID    string            `json:"imageID,omitempty"` // empty: booted from a volume
	Host       string            `json:"host"`
	Zone       string            `json:"zone"`
	AccessIPv4 string            `json:"accessIPv4"`
	AccessIPv6 string            `json:"accessIPv6"`
	Metadata   map[string]string `json:"metadata"`
	Created    time.Time         `json:"created"`
	Updated    time.Time         `json:"updated"`
	// Deleted servers are only in lists with changes-since.
	Deleted bool `json:"deleted,omitempty"`
	// CellDown servers are in a cell that cannot be reached: little is known of them.
	CellDown bool `json:"cellDown,omitempty"`
}

// Options of the service.
type Options struct {
	Clock   *sim.Clock
	IDs     *rest.IDs
	Network *neutron.Service
	// Microversion is the newest, 93 if zero, for 2.93.
	Microversion int
	// AddressLag is how long Nova goes on to show addresses that it has read from Neutron once.
	AddressLag time.Duration
	// PageSize is the most servers in a list; zero is 1000.
	PageSize int
}

// known are addresses as Nova has read them.
type known struct {
	at        time.Time
	addresses map[string][]address
}

// address is an entry of a server's addresses.
type address struct {
	Version int    `json:"version"`
	Addr    string `json:"addr"`
	Type    string `json:"OS-EXT-IPS:type"`
	MAC     string `json:"OS-EXT-IPS-MAC:mac_addr"`
}

// Service is the compute service.
type Service struct {
	opts Options

	mu           sync.Mutex
	microversion int
	lag          time.Duration
	servers      *rest.Store[Server]
	flavors      *rest.Store[Flavor]
	cache        map[string]known
}

// New returns a service without servers.
func New(o Options) *Service {
	if o.Microversion == 0 {
		o.Microversion = 93
	}
	if o.PageSize == 0 {
		o.PageSize = 1000
	}
	return &Service{
		opts: o, microversion: o.Microversion, lag: o.AddressLag, cache: map[string]known{},
		servers: rest.NewStore(func(v *Server) string { return v.ID }),
		flavors: rest.NewStore(func(v *Flavor) string { return v.ID }),
	}
}

// SetMicroversion changes the newest microversion.
func (s *Service) SetMicroversion(minor int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.microversion = minor
}

// SetAddressLag changes how long addresses are shown as they were.
func (s *Service) SetAddressLag(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lag = d
}

// AddFlavor adds a flavor; its ID may be left out.
func (s *Service) AddFlavor(v Flavor) Flavor {
	if v.ID == "" {
		v.ID = s.opts.IDs.New()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	stored := v
	s.flavors.Add(&stored)
	return v
}

// RemoveFlavor removes a flavor, which servers may still have.
func (s *Service) RemoveFlavor(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flavors.Remove(id)
}

// AddServer adds a server, which is ACTIVE unless it says otherwise. Its ports are made apart.
func (s *Service) AddServer(v Server) Server {
	if v.ID == "" {
		v.ID = s.opts.IDs.New()
	}
	if v.Status == "" {
		v.Status = "ACTIVE"
	}
	if v.Metadata == nil {
		v.Metadata = map[string]string{}
	}
	v.Created = s.opts.Clock.Now().UTC().Truncate(time.Second)
	v.Updated = v.Created
	s.mu.Lock()
	defer s.mu.Unlock()
	stored := v
	s.servers.Add(&stored)
	return v
}

// ChangeServer changes a server without any check; maps have to be replaced as a whole.
func (s *Service) ChangeServer(id string, f func(*Server)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.servers.Get(id)
	if v == nil {
		return fmt.Errorf("there is no server %s", id)
	}
	f(v)
	v.Updated = s.opts.Clock.Now().UTC().Truncate(time.Second)
	return nil
}

// RemoveServer deletes a server with its ports.
func (s *Service) RemoveServer(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.servers.Get(id); v != nil {
		s.remove(v)
	}
}

func (s *Service) remove(v *Server) {
	v.Deleted, v.Status, v.Updated = true, "DELETED", s.opts.Clock.Now().UTC().Truncate(time.Second)
	for _, p := range s.opts.Network.PortsOf(v.ID)[v.ID] {
		s.opts.Network.RemovePort(p.ID)
	}
}

// Servers returns all servers that are not deleted.
func (s *Service) Servers() []Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(s.servers.Copies(), func(v Server) bool { return v.Deleted })
}

// State is everything, in the order of creation.
type State struct {
	Flavors []Flavor `json:"flavors,omitempty"`
	Servers []Server `json:"servers,omitempty"`
}

// State returns everything.
func (s *Service) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return State{s.flavors.Copies(), s.servers.Copies()}
}

// Load replaces everything.
func (s *Service) Load(state State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flavors.Load(state.Flavors)
	s.servers.Load(state.Servers)
	clear(s.cache)
}
