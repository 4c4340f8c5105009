// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package barbican is the key manager of the simulated OpenStack: containers and secrets.
package barbican

import (
	"encoding/json"
	"path"
	"sync"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
	"sigs.k8s.io/cloud-providers/test/clouds/sim"
)

// Entry is a container or a secret.
type Entry struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Type is that of a container (certificate), or of a secret (opaque).
	Type      string `json:"type"`
	ProjectID string `json:"projectID"`
	// Secrets are the IDs of a container's secrets, by name.
	Secrets map[string]string `json:"secrets,omitempty"`
	// Payload is a secret's content, ContentType its type; empty means that it has none. Attributes are its
	// algorithm, bit_length, mode and expiration, as they were given.
	Payload     []byte                     `json:"payload,omitempty"`
	ContentType string                     `json:"contentType,omitempty"`
	Attributes  map[string]json.RawMessage `json:"attributes,omitempty"`
	CreatorID   string                     `json:"creatorID,omitempty"`
	Created     string                     `json:"created,omitempty"`
	// Denied says that no access control list lets the caller see it: 403.
	Denied bool `json:"denied,omitempty"`
}

// Service is the key manager.
type Service struct {
	clock *sim.Clock
	ids   *rest.IDs

	mu         sync.Mutex
	containers *rest.Store[Entry]
	secrets    *rest.Store[Entry]
}

// New returns a service that has nothing.
func New(clock *sim.Clock, ids *rest.IDs) *Service {
	id := func(e *Entry) string { return e.ID }
	return &Service{clock: clock, ids: ids, containers: rest.NewStore(id), secrets: rest.NewStore(id)}
}

// AddSecret adds a secret; its ID and type may be left out.
func (s *Service) AddSecret(e Entry) Entry {
	if e.ContentType == "" {
		e.ContentType = "application/octet-stream"
	}
	return s.add(s.secrets, e, "opaque")
}

// AddContainer adds a container; its ID and type may be left out.
func (s *Service) AddContainer(e Entry) Entry { return s.add(s.containers, e, "certificate") }

func (s *Service) add(store *rest.Store[Entry], e Entry, kind string) Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.store(store, e, kind)
}

func (s *Service) store(store *rest.Store[Entry], e Entry, kind string) Entry {
	if e.ID == "" {
		e.ID = s.ids.New()
	}
	if e.Type == "" {
		e.Type = kind
	}
	e.Created = s.clock.Now().UTC().Format("2006-01-02T15:04:05.000000")
	stored := e
	store.Add(&stored)
	return e
}

// Has says whether a reference leads to a container or a secret.
func (s *Service) Has(ref string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.containers.Get(path.Base(ref))
	if e == nil {
		e = s.secrets.Get(path.Base(ref))
	}
	return e != nil && !e.Denied
}

// State is everything, in the order of creation.
type State struct {
	Containers []Entry `json:"containers,omitempty"`
	Secrets    []Entry `json:"secrets,omitempty"`
}

// State returns everything.
func (s *Service) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return State{s.containers.Copies(), s.secrets.Copies()}
}

// Load replaces everything.
func (s *Service) Load(state State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.containers.Load(state.Containers)
	s.secrets.Load(state.Secrets)
}
