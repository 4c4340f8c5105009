// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package openstack

import (
	"fmt"
	"net/http"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
)

// images is an image service without images: the command line's "server list" asks for one.
func images() rest.Service {
	version := func(r *rest.Request) (*rest.Response, error) {
		links := []any{map[string]string{"rel": "self", "href": r.At("/v2/")}}
		return rest.OK(http.StatusMultipleChoices, "versions", []any{map[string]any{"id": "v2.15", "status": "CURRENT", "links": links}}), nil
	}
	list := func(*rest.Request) (*rest.Response, error) {
		return &rest.Response{Status: http.StatusOK, Body: map[string]any{"images": []any{}, "first": "/v2/images", "schema": "/v2/schemas/images"}}, nil
	}
	show := func(r *rest.Request) (*rest.Response, error) {
		return nil, rest.Errorf(http.StatusNotFound, "", "No image found with ID %s", r.Vars["id"])
	}
	return rest.Service{
		Name: "glance", Type: "image", Prefix: "/image", Endpoint: "/image",
		Operations: []rest.Operation{
			{Name: "ListVersions", Method: "GET", Path: "/", Public: true, Do: version},
			{Name: "ListImages", Method: "GET", Path: "/v2/images", Do: list},
			{Name: "ShowImage", Method: "GET", Path: "/v2/images/{id}", Do: show},
		},
		ErrorBody: func(e *rest.Error) any {
			return fmt.Sprintf("%d %s: %s", e.Status, http.StatusText(e.Status), e.Message)
		},
	}
}
