// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package api

// MaxRoutes is the most routes that one batch may carry.
const MaxRoutes = 500

// Route is an entry of a route table. The destination identifies it within the table.
type Route struct {
	Destination string `json:"destination"`
	Name        string `json:"name"`
	Cluster     string `json:"cluster"`
	// Machine is the name of the machine that the route leads to, whatever its addresses are.
	Machine string `json:"machine"`
}

// RouteList is all the routes of a table.
type RouteList struct {
	Routes []Route `json:"routes"`
}

// RoutesRequest creates or deletes routes of one cluster.
type RoutesRequest struct {
	Cluster string  `json:"cluster"`
	Routes  []Route `json:"routes"`
}

// RoutesResponse has one result per route, in their order; null is success.
type RoutesResponse struct {
	Results []*Error `json:"results"`
}
