// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package api is the HTTP interface of local-cloud: its types, and a client for it.
//
// The interface has two sides. What a cloud controller manager needs (machines, load balancers, routes)
// is counted, and faults can be injected into it. What belongs to whoever runs the cloud lies under
// /v1/admin: the inventory of machines, faults, the log of calls, and the whole state; it is neither
// counted nor disturbed.
//
//	POST   /v1/machines:lookup              LookupMachines         reads; up to 1000 references
//	GET    /v1/machines                     ListMachines           limit, pageToken, region
//	POST   /v1/loadbalancers:lookup         LookupLoadBalancers    reads; up to 1000 names
//	GET    /v1/loadbalancers                ListLoadBalancers      limit, pageToken, cluster
//	POST   /v1/loadbalancers                CreateLoadBalancer     idempotent by name
//	PATCH  /v1/loadbalancers/{name}         UpdateLoadBalancer     whole parts, with a revision
//	DELETE /v1/loadbalancers/{name}         DeleteLoadBalancer     cluster=…; nothing there is success
//	GET    /v1/routetables/{table}/routes   ListRoutes
//	POST   /v1/routetables/{table}/routes:batchCreate   CreateRoutes   up to 500, one result each
//	POST   /v1/routetables/{table}/routes:batchDelete   DeleteRoutes   up to 500, one result each
//	GET    /v1/version                      GetVersion             proves endpoint and token
//
//	POST   /v1/admin/machines               creates machines; PUT and DELETE /v1/admin/machines/{id}
//	GET    /v1/admin/state                  everything there is, sorted
//	GET    /v1/admin/calls                  counts by operation and the log; DELETE resets them
//	PUT    /v1/admin/faults                 replaces all faults; GET, DELETE
//	GET    /v1/admin/holds                  requests held by a fault; wait=10s waits for one
//	POST   /v1/admin/holds/{id}:release     lets one go on
//
// Errors have the body {"error": {"code", "message", "requestId"}}.
package api
