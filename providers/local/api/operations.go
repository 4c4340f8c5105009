// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/http"
	"strings"
)

// Operation is one call of the interface.
type Operation struct {
	// Name is its name in metrics, logs and faults.
	Name     string
	Method   string
	Pattern  string
	Mutating bool
}

// Operations are the calls that are counted and into which faults can be injected. Patterns are those of
// http.ServeMux, except that a segment may end in ":verb".
var Operations = []Operation{
	{"GetVersion", http.MethodGet, "/v1/version", false},
	{"LookupMachines", http.MethodPost, "/v1/machines:lookup", false},
	{"ListMachines", http.MethodGet, "/v1/machines", false},
	{"LookupLoadBalancers", http.MethodPost, "/v1/loadbalancers:lookup", false},
	{"ListLoadBalancers", http.MethodGet, "/v1/loadbalancers", false},
	{"CreateLoadBalancer", http.MethodPost, "/v1/loadbalancers", true},
	{"UpdateLoadBalancer", http.MethodPatch, "/v1/loadbalancers/{name}", true},
	{"DeleteLoadBalancer", http.MethodDelete, "/v1/loadbalancers/{name}", true},
	{"ListRoutes", http.MethodGet, "/v1/routetables/{table}/routes", false},
	{"CreateRoutes", http.MethodPost, "/v1/routetables/{table}/routes:batchCreate", true},
	{"DeleteRoutes", http.MethodPost, "/v1/routetables/{table}/routes:batchDelete", true},
}

// OperationOf returns the operation of a request. Requests of the administrator's side have none.
func OperationOf(r *http.Request) (Operation, bool) {
	for _, op := range Operations {
		if op.Method == r.Method && matches(op.Pattern, r.URL.Path) {
			return op, true
		}
	}
	return Operation{}, false
}

func matches(pattern, path string) bool {
	p, q := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(p) != len(q) {
		return false
	}
	for i := range p {
		if p[i] != q[i] && (!strings.HasPrefix(p[i], "{") || q[i] == "") {
			return false
		}
	}
	return true
}

// OperationName returns the name of a request's operation, for cloudapi.Options.
func OperationName(r *http.Request) string {
	if op, ok := OperationOf(r); ok {
		return op.Name
	}
	return "Admin"
}

// Mutates reports whether a request changes something, for cloudapi.Options. It tells look-ups, which
// are POST requests, from changes.
func Mutates(r *http.Request) bool {
	op, ok := OperationOf(r)
	return !ok && r.Method != http.MethodGet || op.Mutating
}
