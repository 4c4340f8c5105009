// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"net/http"
	"regexp"
	"strings"
)

// The services, by the names of their projects.
const (
	keystone = "keystone"
	nova     = "nova"
	neutron  = "neutron"
	octavia  = "octavia"
	barbican = "barbican"
	unknown  = "openstack"
)

// operation is what a request does.
type operation struct {
	service string
	// request is the label of upstream's metrics: the resource and the verb.
	request string
	method  string
}

// name is for logs and the shared metrics: "octavia.loadbalancer_create".
func (o operation) name() string { return o.service + "." + o.request }

// reads tells what changes nothing; getting a token does not count as a change.
func (o operation) reads() bool {
	return o.method == http.MethodGet || o.method == http.MethodHead || o.service == keystone
}

// contextKey is where a request's operation is in its context, if the path does not tell it.
type contextKey struct{}

// doing names the operation of the requests with this context whose path does not tell it: those for versions.
func doing(ctx context.Context, service, request string) context.Context {
	return context.WithValue(ctx, contextKey{}, operation{service: service, request: request})
}

func operationOf(r *http.Request) operation {
	o := operationAt(r.Method, r.URL.Path)
	if given, ok := r.Context().Value(contextKey{}).(operation); ok && o.service == unknown {
		given.method = r.Method
		return given
	}
	return o
}

// resource is what a collection in a path holds.
type resource struct{ service, name string }

// collections are the parts of paths that say what a request is about. Octavia's are below lbaas.
var collections = map[string]resource{
	"servers":              {nova, "server"},
	"flavors":              {nova, "flavor"},
	"networks":             {neutron, "network"},
	"subnets":              {neutron, "subnet"},
	"ports":                {neutron, "port"},
	"routers":              {neutron, "router"},
	"floatingips":          {neutron, "floating_ip"},
	"security-groups":      {neutron, "security_group"},
	"security-group-rules": {neutron, "security_group_rule"},
	"extensions":           {neutron, "network_extension"},
	"trunks":               {neutron, "trunk"},
	"lbaas/loadbalancers":  {octavia, "loadbalancer"},
	"lbaas/listeners":      {octavia, "loadbalancer_listener"},
	"lbaas/pools":          {octavia, "loadbalancer_pool"},
	"lbaas/healthmonitors": {octavia, "loadbalancer_healthmonitor"},
	"containers":           {barbican, "container"},
	"secrets":              {barbican, "secret"},
	"auth/tokens":          {keystone, "token"},
}

// parts of resources that have names of their own.
var parts = map[string]string{
	"members": "member", "tags": "tag", "os-interface": "interface", "status": "status", "statuses": "status", "failover": "failover",
}

var versionPart = regexp.MustCompile(`^v[0-9]+(\.[0-9]+)?$`)

// operationAt reads method and path: whatever a service is below, then a version, perhaps a project, and a
// collection.
func operationAt(method, path string) operation {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	for i, s := range segments {
		if !versionPart.MatchString(s) {
			continue
		}
		if r, rest, found := resourceAt(segments[i+1:]); found {
			return operation{r.service, request(method, r, rest), method}
		}
	}
	return operation{unknown, "other" + verb(method, false), method}
}

// resourceAt finds the collection at the beginning of a path, or after a project, and what follows it.
func resourceAt(path []string) (resource, []string, bool) {
	for range min(len(path), 2) {
		if len(path) > 1 {
			if r, found := collections[path[0]+"/"+path[1]]; found {
				return r, path[2:], true
			}
		}
		if r, found := collections[path[0]]; found {
			return r, path[1:], true
		}
		if path[0] == "lbaas" {
			return resource{octavia, "loadbalancer_other"}, path[min(len(path), 2):], true
		}
		path = path[1:]
	}
	return resource{}, nil, false
}

// request names what is done to what follows a collection: nothing, an object, or a part of one.
func request(method string, r resource, rest []string) string {
	switch {
	case r.service == keystone:
		return r.name + verb(method, true)
	case len(rest) == 0 || rest[0] == "detail":
		return r.name + verb(method, false)
	case len(rest) == 1:
		return r.name + verb(method, true)
	}
	part, found := parts[rest[1]]
	one := len(rest) > 2
	switch {
	case !found && method == http.MethodPost: // what a server is told to do changes it
		return r.name + "_update"
	case !found:
		return r.name + verb(method, true)
	case part == "member" && !one && method == http.MethodPut:
		return "loadbalancer_members_update"
	case part == "member":
		return "loadbalancer_member" + verb(method, one)
	}
	return r.name + "_" + part + verb(method, one || part == "status")
}

// verb is upstream's word for a method, of one object or of a collection.
func verb(method string, one bool) string {
	switch method {
	case http.MethodGet, http.MethodHead:
		if one {
			return "_get"
		}
		return "_list"
	case http.MethodPost:
		return "_create"
	case http.MethodDelete:
		return "_delete"
	}
	return "_update"
}
