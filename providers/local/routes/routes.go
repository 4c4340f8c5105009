// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package routes keeps the cluster's routes in a route table of local-cloud.
package routes

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	cloudprovider "k8s.io/cloud-provider"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/providers/local/refusal"
)

// Routes implements provider.Routes.
type Routes struct {
	client *api.Client
	table  string
}

// New returns the routes of one table.
func New(client *api.Client, table string) *Routes { return &Routes{client: client, table: table} }

// RouteLimits are those of local-cloud, which makes one change at a time.
func (r *Routes) RouteLimits() provider.RouteLimits {
	return provider.RouteLimits{BatchSize: api.MaxRoutes, Concurrency: 1}
}

// ListRoutes lists all routes of the table. Those of other clusters are foreign.
func (r *Routes) ListRoutes(ctx context.Context, clusterName string) ([]provider.Route, error) {
	all, err := r.client.ListRoutes(ctx, r.table)
	if err != nil {
		return nil, refusal.Translate(err)
	}
	list := make([]provider.Route, 0, len(all))
	for _, route := range all {
		out := provider.Route{
			Route: cloudprovider.Route{
				Name:            route.Name,
				TargetNode:      types.NodeName(route.Machine),
				DestinationCIDR: route.Destination,
			},
			Owner: provider.RouteForeign,
		}
		if route.Cluster == clusterName {
			out.Owner = provider.RouteOurs
		}
		list = append(list, out)
	}
	return list, nil
}

// CreateRoutes creates routes, named after the cluster, the Node and the destination.
func (r *Routes) CreateRoutes(ctx context.Context, clusterName string, routes []provider.RouteCreate) []error {
	request := api.RoutesRequest{Cluster: clusterName}
	for _, c := range routes {
		request.Routes = append(request.Routes, api.Route{
			Destination: c.Route.DestinationCIDR,
			Name:        fmt.Sprintf("%s-%s-%s", clusterName, c.Route.TargetNode, c.Route.DestinationCIDR),
			Machine:     string(c.Route.TargetNode),
		})
	}
	return results(len(routes))(r.client.CreateRoutes(ctx, r.table, request))
}

// DeleteRoutes deletes routes of the cluster.
func (r *Routes) DeleteRoutes(ctx context.Context, clusterName string, routes []provider.Route) []error {
	request := api.RoutesRequest{Cluster: clusterName}
	for _, route := range routes {
		request.Routes = append(request.Routes, api.Route{Destination: route.DestinationCIDR, Machine: string(route.TargetNode)})
	}
	return results(len(routes))(r.client.DeleteRoutes(ctx, r.table, request))
}

// results makes one error per route of an answer, or of the failure of all.
func results(n int) func([]*api.Error, error) []error {
	return func(answer []*api.Error, err error) []error {
		errs := make([]error, n)
		if err == nil && len(answer) != n {
			err = fmt.Errorf("the cloud answered %d results for %d routes", len(answer), n)
		}
		for i := range errs {
			switch {
			case err != nil:
				errs[i] = refusal.Translate(err)
			case answer[i] != nil:
				errs[i] = refusal.Translate(answer[i])
			}
		}
		return errs
	}
}
