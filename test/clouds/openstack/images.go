// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package openstack

import (
	"fmt"
	"net/http"
	"sync"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
)

// Images is an image service of which only the names are there: the command line's "server list" asks for
// them. It is no part of the State.
type Images struct {
	ids *rest.IDs

	mu  sync.Mutex
	all []image
}

type image struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Status     string `json:"status"`
	Visibility string `json:"visibility"`
}

// Add adds an image and returns its ID.
func (s *Images) Add(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, image{ID: s.ids.New(), Name: name, Status: "active", Visibility: "public"})
	return s.all[len(s.all)-1].ID
}

// API is the service on the wire.
func (s *Images) API() rest.Service {
	version := func(r *rest.Request) (*rest.Response, error) {
		links := []any{map[string]string{"rel": "self", "href": r.At("/v2/")}}
		return rest.OK(http.StatusMultipleChoices, "versions", []any{map[string]any{"id": "v2.15", "status": "CURRENT", "links": links}}), nil
	}
	return rest.Service{
		Name: "glance", Type: "image", Prefix: "/image", Endpoint: "/image",
		Operations: rest.Locked(&s.mu, []rest.Operation{
			{Name: "ListVersions", Method: "GET", Path: "/", Public: true, Do: version},
			{Name: "ListImages", Method: "GET", Path: "/v2/images", Do: s.list},
			{Name: "ShowImage", Method: "GET", Path: "/v2/images/{id}", Do: s.show},
		}),
		ErrorBody: func(e *rest.Error) any {
			return fmt.Sprintf("%d %s: %s", e.Status, http.StatusText(e.Status), e.Message)
		},
	}
}

func (s *Images) list(r *rest.Request) (*rest.Response, error) {
	some := []image{}
	for _, v := range s.all {
		if name := r.Query.Get("name"); name == "" || name == v.Name {
			some = append(some, v)
		}
	}
	return &rest.Response{Status: http.StatusOK, Body: map[string]any{"images": some, "first": "/v2/images", "schema": "/v2/schemas/images"}}, nil
}

func (s *Images) show(r *rest.Request) (*rest.Response, error) {
	for _, v := range s.all {
		if v.ID == r.Vars["id"] {
			return &rest.Response{Status: http.StatusOK, Body: v}, nil
		}
	}
	return nil, rest.Errorf(http.StatusNotFound, "", "No image found with ID %s", r.Vars["id"])
}
