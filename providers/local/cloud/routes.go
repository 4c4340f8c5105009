// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cloud

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/providers/local/cloud/store"
)

func (c *Cloud) listRoutes(r *request) (any, error) {
	out := api.RouteList{Routes: []api.Route{}}
	err := c.store.View(func(tx store.Tx) error {
		return tx.EachRoute(table(r), func(_ string, route api.Route) { out.Routes = append(out.Routes, route) })
	})
	out.Routes = everySecond(r, out.Routes)
	return out, err
}

func (c *Cloud) createRoutes(r *request) (any, error) { return c.changeRoutes(r, createRoute) }
func (c *Cloud) deleteRoutes(r *request) (any, error) { return c.changeRoutes(r, deleteRoute) }

// changeRoutes makes a batch of changes in one transaction. What the cloud refuses is a result; only a
// failure of the store undoes the others.
func (c *Cloud) changeRoutes(r *request, change func(store.Tx, string, api.Route) error) (any, error) {
	in, err := decode[api.RoutesRequest](r)
	if err != nil {
		return nil, err
	}
	if n := len(in.Routes); n > api.MaxRoutes {
		return nil, refuse(http.StatusBadRequest, api.CodeTooManyItems, "a batch carries at most %d routes, and this one has %d", api.MaxRoutes, n)
	}
	if in.Cluster == "" {
		return nil, invalid("the request names no cluster")
	}
	out := api.RoutesResponse{Results: make([]*api.Error, len(in.Routes))}
	err = c.store.Update(func(tx store.Tx) error {
		for i, route := range in.Routes {
			route.Cluster = in.Cluster
			err := change(tx, table(r), route)
			if refusal := (*api.Error)(nil); errors.As(err, &refusal) {
				out.Results[i] = refusal
			} else if err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

func createRoute(tx store.Tx, table string, route api.Route) error {
	if prefix, err := netip.ParsePrefix(route.Destination); err != nil || prefix.Masked() != prefix {
		return invalid("destination %q is not a network such as 10.244.1.0/24", route.Destination)
	}
	old, exists, err := tx.Route(table, route.Destination)
	switch {
	case err != nil:
		return err
	case exists && old.Cluster != route.Cluster:
		return refuse(http.StatusConflict, api.CodeOwnedByOther, "the route to %s belongs to cluster %q", route.Destination, old.Cluster)
	case exists && old.Machine != route.Machine:
		return refuse(http.StatusConflict, api.CodeAlreadyExists, "there is a route to %s, to machine %s", route.Destination, old.Machine)
	}
	return tx.PutRoute(table, route)
}

// deleteRoute deletes a route only while it leads to the machine that the caller means, so that a request
// that comes late does not take its successor's.
func deleteRoute(tx store.Tx, table string, route api.Route) error {
	old, exists, err := tx.Route(table, route.Destination)
	switch {
	case err != nil || !exists:
		return err
	case old.Cluster != route.Cluster:
		return refuse(http.StatusConflict, api.CodeOwnedByOther, "the route to %s belongs to cluster %q", route.Destination, old.Cluster)
	case route.Machine != "" && old.Machine != route.Machine:
		return nil
	}
	return tx.DeleteRoute(table, route.Destination)
}

// table is the third segment of the path.
func table(r *request) string {
	name, err := url.PathUnescape(strings.Split(r.URL.EscapedPath(), "/")[3])
	if err != nil {
		return ""
	}
	return name
}
