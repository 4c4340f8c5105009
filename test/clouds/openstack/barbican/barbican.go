// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package barbican is the key manager of the simulated OpenStack: containers and secrets that can be
// looked at. It keeps no payloads.
package barbican

import (
	"net/http"
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
func (s *Service) AddSecret(e Entry) Entry { return s.add(s.secrets, e, "opaque") }

// AddContainer adds a container; its ID and type may be left out.
func (s *Service) AddContainer(e Entry) Entry { return s.add(s.containers, e, "certificate") }

func (s *Service) add(store *rest.Store[Entry], e Entry, kind string) Entry {
	if e.ID == "" {
		e.ID = s.ids.New()
	}
	if e.Type == "" {
		e.Type = kind
	}
	s.mu.Lock()
	defer s.mu.Unlock()
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

// API is the service on the wire.
func (s *Service) API() rest.Service {
	return rest.Service{
		Name: "barbican", Type: "key-manager", Prefix: "/key-manager", Endpoint: "/key-manager", ErrorBody: errorBody,
		Operations: rest.Locked(&s.mu, []rest.Operation{
			{Name: "ListVersions", Method: "GET", Path: "/", Public: true, Do: versions},
			{Name: "ListContainers", Method: "GET", Path: "/v1/containers", Do: s.listContainers},
			{Name: "ShowContainer", Method: "GET", Path: "/v1/containers/{id}", Do: s.showContainer},
			{Name: "ListSecrets", Method: "GET", Path: "/v1/secrets", Do: s.listSecrets},
			{Name: "ShowSecret", Method: "GET", Path: "/v1/secrets/{id}", Do: s.showSecret},
		}),
	}
}

func errorBody(e *rest.Error) any {
	return map[string]any{"code": e.Status, "title": http.StatusText(e.Status), "description": e.Message}
}

func versions(r *rest.Request) (*rest.Response, error) {
	v1 := map[string]any{
		"id": "v1", "status": "stable", "links": []any{map[string]string{"rel": "self", "href": r.At("/v1/")}},
		"media-types": []any{map[string]string{"base": "application/json", "type": "application/vnd.openstack.key-manager-v1+json"}},
	}
	return rest.OK(http.StatusMultipleChoices, "versions", map[string]any{"values": []any{v1}}), nil
}

const stamp = "2006-01-02T15:04:05.000000"

func (s *Service) container(r *rest.Request, e *Entry) map[string]any {
	now, refs := s.clock.Now().UTC().Format(stamp), []any{}
	for name, id := range e.Secrets {
		refs = append(refs, map[string]string{"name": name, "secret_ref": r.At("/v1/secrets/" + id)})
	}
	return map[string]any{
		"name": e.Name, "type": e.Type, "secret_refs": refs, "consumers": []any{}, "status": "ACTIVE",
		"container_ref": r.At("/v1/containers/" + e.ID), "created": now, "updated": now,
	}
}

func (s *Service) secret(r *rest.Request, e *Entry) map[string]any {
	now := s.clock.Now().UTC().Format(stamp)
	return map[string]any{
		"name": e.Name, "secret_type": e.Type, "content_types": map[string]string{"default": "application/octet-stream"},
		"secret_ref": r.At("/v1/secrets/" + e.ID), "status": "ACTIVE", "created": now, "updated": now, "expiration": nil,
	}
}

func show(r *rest.Request, store *rest.Store[Entry], kind string, body func(*rest.Request, *Entry) map[string]any) (*rest.Response, error) {
	e := store.Get(r.Vars["id"])
	switch {
	case e == nil || !r.Sees(e.ProjectID):
		return nil, rest.Errorf(http.StatusNotFound, "", "Not Found. Sorry but your %s is in another castle.", kind)
	case e.Denied:
		return nil, rest.Errorf(http.StatusForbidden, "", "%s retrieval attempt not allowed - please review your user/project privileges", kind)
	}
	return &rest.Response{Status: http.StatusOK, Body: body(r, e)}, nil
}

func (s *Service) showContainer(r *rest.Request) (*rest.Response, error) {
	return show(r, s.containers, "container", s.container)
}

func (s *Service) showSecret(r *rest.Request) (*rest.Response, error) {
	return show(r, s.secrets, "secret", s.secret)
}

func list(r *rest.Request, store *rest.Store[Entry], key string, body func(*rest.Request, *Entry) map[string]any) (*rest.Response, error) {
	all := []any{}
	for _, e := range store.All() {
		if r.Sees(e.ProjectID) && !e.Denied && (r.Query.Get("name") == "" || r.Query.Get("name") == e.Name) {
			all = append(all, body(r, e))
		}
	}
	return &rest.Response{Status: http.StatusOK, Body: map[string]any{key: all, "total": len(all)}}, nil
}

func (s *Service) listContainers(r *rest.Request) (*rest.Response, error) {
	return list(r, s.containers, "containers", s.container)
}

func (s *Service) listSecrets(r *rest.Request) (*rest.Response, error) {
	return list(r, s.secrets, "secrets", s.secret)
}
