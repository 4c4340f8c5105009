// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package neutron

import (
	"context"

	"github.com/gophercloud/gophercloud/v2"

	"sigs.k8s.io/cloud-providers/providers/openstack/client"
)

// Router is a router.
type Router struct {
	ID             string   `json:"id"`
	Name           string   `json:"name"`
	Routes         []Route  `json:"routes"`
	Tags           []string `json:"tags"`
	RevisionNumber int      `json:"revision_number"`
}

// Route is an extra route of a router.
type Route struct {
	Destination string `json:"destination"`
	NextHop     string `json:"nexthop"`
}

var router = object[Router]{"router", "routers", func(r Router) string { return r.ID }, func(r Router) int { return r.RevisionNumber }}

// GetRouter reads a router.
func GetRouter(ctx context.Context, net *gophercloud.ServiceClient, id string) (Router, error) {
	return router.get(ctx, net, id)
}

// UpdateRouter changes a router as UpdatePort changes ports.
func UpdateRouter(ctx context.Context, net *gophercloud.ServiceClient, is Router, change func(Router) map[string]any) (Router, error) {
	return router.update(ctx, net, is, change)
}

// AddRoutes adds routes to a router, whatever others add to it, where Neutron has extraroute-atomic. Routes
// that are there already are fine.
func AddRoutes(ctx context.Context, net *gophercloud.ServiceClient, id string, routes []Route) (Router, error) {
	return changeRoutes(ctx, net, id, "add_extraroutes", routes)
}

// RemoveRoutes removes routes, as AddRoutes adds them.
func RemoveRoutes(ctx context.Context, net *gophercloud.ServiceClient, id string, routes []Route) (Router, error) {
	return changeRoutes(ctx, net, id, "remove_extraroutes", routes)
}

func changeRoutes(ctx context.Context, net *gophercloud.ServiceClient, id, action string, routes []Route) (Router, error) {
	body := map[string]any{router.one: map[string]any{"routes": routes}}
	changed, err := router.put(ctx, net, id, action, body, 0)
	if err != nil {
		return Router{}, client.Explain(action+" of router "+id, err)
	}
	return changed, nil
}
