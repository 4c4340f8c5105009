// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"net/netip"

	"k8s.io/apimachinery/pkg/types"
	cloudprovider "k8s.io/cloud-provider"
)

// RouteOwner says whose a route is.
type RouteOwner int

// The owners of a route. RouteUnmarked is for clouds that cannot mark routes: the route controller then
// judges by the CIDR and the target.
const (
	RouteUnmarked RouteOwner = iota
	RouteOurs
	RouteForeign
)

// Route is a route of the cloud with its owner.
type Route struct {
	cloudprovider.Route
	Owner RouteOwner
}

// RouteCreate is a route to create. NameHint is the target Node's UID, as in the stock contract.
type RouteCreate struct {
	Route    cloudprovider.Route
	NameHint types.UID
}

// RouteLimits bounds route changes.
type RouteLimits struct {
	// BatchSize is the most routes that one Create or Delete may carry; 0 means 1.
	BatchSize int
	// Concurrency is the most calls in flight; 0 means 10.
	Concurrency int
}

// Routes lists, creates and deletes routes in batches. Create and Delete return one error per route, in
// their order; creating a route that exists and deleting one that does not are successes.
type Routes interface {
	RouteLimits() RouteLimits
	ListRoutes(ctx context.Context, clusterName string) ([]Route, error)
	CreateRoutes(ctx context.Context, clusterName string, routes []RouteCreate) []error
	DeleteRoutes(ctx context.Context, clusterName string, routes []Route) []error
}

// NodeCIDRsAnswer is the CIDRs that the cloud gave to one Node's instance.
type NodeCIDRsAnswer struct {
	State InstanceState
	// CIDRs has at most one per IP family; none while the cloud has not given any.
	CIDRs []netip.Prefix
	// Err explains InstanceUnknown.
	Err error
}

// NodeCIDRs is implemented by providers whose cloud gives Nodes their CIDRs: --cidr-allocator-type
// CloudAllocator. It returns one answer per reference, in their order.
type NodeCIDRs interface {
	LookupNodeCIDRs(ctx context.Context, refs []InstanceRef) ([]NodeCIDRsAnswer, error)
}

// NodeCIDRsProvider is a cloudprovider.Interface whose cloud gives Nodes their CIDRs.
type NodeCIDRsProvider interface {
	NodeCIDRs() (NodeCIDRs, bool)
}
