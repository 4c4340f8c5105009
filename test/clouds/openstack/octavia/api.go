// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package octavia

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
)

// API is the service on the wire.
func (s *Service) API() rest.Service {
	const at = "/v2.0/lbaas/"
	operations := []rest.Operation{
		{Name: "ListVersions", Method: "GET", Path: "/", Public: true, Do: s.versions},
		{Name: "ListLoadBalancers", Method: "GET", Path: at + "loadbalancers", Do: s.listBalancers},
		{Name: "CreateLoadBalancer", Method: "POST", Path: at + "loadbalancers", Do: s.createBalancer},
		{Name: "ShowLoadBalancer", Method: "GET", Path: at + "loadbalancers/{id}", Do: s.showBalancer},
		{Name: "UpdateLoadBalancer", Method: "PUT", Path: at + "loadbalancers/{id}", Do: s.updateBalancer},
		{Name: "DeleteLoadBalancer", Method: "DELETE", Path: at + "loadbalancers/{id}", Do: s.deleteBalancer},
		{Name: "ShowStatusTree", Method: "GET", Path: at + "loadbalancers/{id}/status", Do: s.statusTree},
		{Name: "ShowStatusTree", Method: "GET", Path: at + "loadbalancers/{id}/statuses", Do: s.statusTree},
		{Name: "ShowStats", Method: "GET", Path: at + "loadbalancers/{id}/stats", Do: s.stats},
		{Name: "FailoverLoadBalancer", Method: "PUT", Path: at + "loadbalancers/{id}/failover", Do: s.failover},
		{Name: "ListListeners", Method: "GET", Path: at + "listeners", Do: s.listListeners},
		{Name: "CreateListener", Method: "POST", Path: at + "listeners", Do: s.createListener},
		{Name: "ShowListener", Method: "GET", Path: at + "listeners/{id}", Do: s.showListener},
		{Name: "ShowListenerStats", Method: "GET", Path: at + "listeners/{id}/stats", Do: s.listenerStats},
		{Name: "UpdateListener", Method: "PUT", Path: at + "listeners/{id}", Do: s.updateListener},
		{Name: "DeleteListener", Method: "DELETE", Path: at + "listeners/{id}", Do: s.deleteListener},
		{Name: "ListPools", Method: "GET", Path: at + "pools", Do: s.listPools},
		{Name: "CreatePool", Method: "POST", Path: at + "pools", Do: s.createPool},
		{Name: "ShowPool", Method: "GET", Path: at + "pools/{id}", Do: s.showPool},
		{Name: "UpdatePool", Method: "PUT", Path: at + "pools/{id}", Do: s.updatePool},
		{Name: "DeletePool", Method: "DELETE", Path: at + "pools/{id}", Do: s.deletePool},
		{Name: "ListMembers", Method: "GET", Path: at + "pools/{id}/members", Do: s.listMembers},
		{Name: "CreateMember", Method: "POST", Path: at + "pools/{id}/members", Do: s.createMember},
		{Name: "BatchUpdateMembers", Method: "PUT", Path: at + "pools/{id}/members", Do: s.batchMembers},
		{Name: "ShowMember", Method: "GET", Path: at + "pools/{id}/members/{member}", Do: s.showMember},
		{Name: "UpdateMember", Method: "PUT", Path: at + "pools/{id}/members/{member}", Do: s.updateMember},
		{Name: "DeleteMember", Method: "DELETE", Path: at + "pools/{id}/members/{member}", Do: s.deleteMember},
		{Name: "ListHealthMonitors", Method: "GET", Path: at + "healthmonitors", Do: s.listMonitors},
		{Name: "CreateHealthMonitor", Method: "POST", Path: at + "healthmonitors", Do: s.createMonitor},
		{Name: "ShowHealthMonitor", Method: "GET", Path: at + "healthmonitors/{id}", Do: s.showMonitor},
		{Name: "UpdateHealthMonitor", Method: "PUT", Path: at + "healthmonitors/{id}", Do: s.updateMonitor},
		{Name: "DeleteHealthMonitor", Method: "DELETE", Path: at + "healthmonitors/{id}", Do: s.deleteMonitor},
		{Name: "ListProviders", Method: "GET", Path: at + "providers", Do: s.listProviders},
		{Name: "ListFlavors", Method: "GET", Path: at + "flavors", Do: none("flavors")},
		{Name: "ListAvailabilityZones", Method: "GET", Path: at + "availabilityzones", Do: none("availability_zones")},
		{Name: "ListL7Policies", Method: "GET", Path: at + "l7policies", Do: none("l7policies")},
		{Name: "ShowQuota", Method: "GET", Path: at + "quotas/{project}", Do: s.showQuota},
		{Name: "UpdateQuota", Method: "PUT", Path: at + "quotas/{project}", Do: s.putQuota},
	}
	for i := range operations {
		do := operations[i].Do
		operations[i].Do = func(r *rest.Request) (*rest.Response, error) {
			s.settle()
			return do(r)
		}
	}
	return rest.Service{
		Name: "octavia", Type: "load-balancer", Prefix: "/load-balancer", Endpoint: "/load-balancer", ErrorBody: errorBody,
		Operations: rest.Locked(&s.mu, operations),
	}
}

func errorBody(e *rest.Error) any {
	if e.Type == "HTTPNotFound" { // no such path
		return map[string]any{"code": 404, "title": "Not Found", "description": ""}
	}
	code := "Client"
	if e.Status >= 500 {
		code = "Server"
	}
	return map[string]any{"faultcode": code, "faultstring": e.Message, "debuginfo": nil}
}

func (s *Service) versions(r *rest.Request) (*rest.Response, error) {
	all := []any{}
	for minor := range s.version + 1 {
		status := "SUPPORTED"
		if minor == s.version {
			status = "CURRENT"
		}
		links := []any{map[string]string{"rel": "self", "href": r.At("/v2")}}
		all = append(all, map[string]any{"id": fmt.Sprintf("v2.%d", minor), "status": status, "updated": "2022-08-29T00:00:00Z", "links": links})
	}
	return rest.OK(http.StatusOK, "versions", all), nil
}

func none(key string) func(*rest.Request) (*rest.Response, error) {
	return func(*rest.Request) (*rest.Response, error) { return rest.OK(http.StatusOK, key, []any{}), nil }
}

func (s *Service) listProviders(*rest.Request) (*rest.Response, error) {
	all := []any{}
	for _, name := range s.opts.Providers {
		all = append(all, map[string]string{"name": name, "description": "The " + name + " driver."})
	}
	return rest.OK(http.StatusOK, "providers", all), nil
}

func (s *Service) showQuota(r *rest.Request) (*rest.Response, error) {
	if !r.Sees(r.Vars["project"]) {
		return nil, forbidden()
	}
	return rest.OK(http.StatusOK, "quota", s.quotaOf(r.Vars["project"])), nil
}

func (s *Service) putQuota(r *rest.Request) (*rest.Response, error) {
	if !r.Admin {
		return nil, forbidden()
	}
	q := s.quotaOf(r.Vars["project"])
	if _, err := r.Decode("quota", &q); err != nil {
		return nil, err
	}
	s.quotas[r.Vars["project"]] = q
	return rest.OK(http.StatusAccepted, "quota", q), nil
}

func forbidden() error {
	return rest.Errorf(http.StatusForbidden, "", "Policy does not allow this request to be performed.")
}

func invalid(format string, args ...any) error {
	return rest.Errorf(http.StatusBadRequest, "", "Validation failure: "+format, args...)
}

func missing(kind, id string) error {
	return rest.Errorf(http.StatusNotFound, "", "%s %s not found.", kind, id)
}

func (s *Service) checkQuota(kind string, limit, have int) error {
	if limit >= 0 && have > limit {
		return rest.Errorf(http.StatusForbidden, "", "Quota has been met for resources: %s", kind)
	}
	return nil
}

// count is how many objects of a project there are that are not going.
func count[T any](store *rest.Store[T], common func(*T) *Common, projectID string) int {
	n := 0
	for _, v := range store.All() {
		if c := common(v); c.ProjectID == projectID && c.ProvisioningStatus != PendingDelete {
			n++
		}
	}
	return n
}

// list answers with the objects that the caller sees and asked for. aliases are filters under another name.
func list[T any](s *Service, r *rest.Request, key string, all []*T, common func(*T) *Common, aliases map[string]string) (*rest.Response, error) {
	query := url.Values{}
	var zero T
	for name, values := range r.Query {
		if to, ok := aliases[name]; ok {
			name = to
		}
		if !rest.Has(&zero, name) && !slices.Contains(rest.Reserved, name) {
			return nil, rest.Errorf(http.StatusBadRequest, "", "One or more arguments are either duplicate or invalid")
		}
		query[name] = values
	}
	some := []*T{}
	for _, v := range all {
		if c := common(v); r.Sees(c.ProjectID) && rest.Filter(query, v, c.Tags) {
			some = append(some, v)
		}
	}
	page, next, err := rest.Page(query, some, s.opts.PageSize, true)
	if err != nil {
		return nil, err
	}
	shown := []any{}
	for _, v := range page {
		shown = append(shown, rest.Fields(query, v))
	}
	answer := map[string]any{key: shown, key + "_links": []any{}}
	if next != "" {
		// As in Zed, the link forgets the filters.
		link := url.Values{"marker": {next}, "limit": {fmt.Sprint(len(page))}}
		answer[key+"_links"] = []any{map[string]string{"rel": "next", "href": r.Base + r.Request.URL.Path + "?" + link.Encode()}}
	}
	return &rest.Response{Status: http.StatusOK, Body: answer}, nil
}

// since says which minor version brought a field.
var since = map[string]int{
	"timeout_client_data": 1, "timeout_member_connect": 1, "timeout_member_data": 1, "timeout_tcp_inspect": 1, "tags": 5,
	"flavor_id": 6, "allowed_cidrs": 12, "availability_zone": 14, "alpn_protocols": 20, "additional_vips": 26,
}

// read decodes an object over its defaults; null means the default. allowed are its fields.
func (s *Service) read(fields body, v any, defaults any, allowed []string) error {
	if name := rest.Unknown(fields, allowed); name != "" {
		return unknown(v, name)
	}
	raw, err := json.Marshal(defaults)
	if err != nil {
		return err
	}
	var values body
	if err := json.Unmarshal(raw, &values); err != nil {
		return err
	}
	for name := range fields {
		if minor := since[name]; minor > s.version {
			return unknown(v, name)
		}
		if value, ok := values[name]; ok && rest.Null(fields, name) {
			fields[name] = value
		}
	}
	if err := rest.Overlay(v, fields); err != nil {
		return err
	}
	if c, ok := v.(interface{ base() *Common }); ok {
		c.base().Tags = slices.Sorted(slices.Values(c.base().Tags)) // they come back in order
		if len(c.base().Tags) == 0 {
			c.base().Tags = []string{}
		}
	}
	for _, name := range []string{"name", "description"} {
		if texts := rest.Texts(v, name); len(texts) == 1 && len(texts[0]) > 255 {
			return rest.Errorf(http.StatusBadRequest, "", "Invalid input for field/attribute %s. Value should have a maximum character requirement of 255", name)
		}
	}
	if slices.ContainsFunc(rest.Texts(v, "tags"), func(t string) bool { return len(t) > 255 || t == "" }) {
		return rest.Errorf(http.StatusBadRequest, "", "Invalid input for field/attribute tags. Value should have a maximum character requirement of 255")
	}
	return nil
}

func unknown(v any, name string) error {
	argument := map[reflect.Type]string{
		reflect.TypeFor[*LoadBalancer](): "load_balancer.loadbalancer", reflect.TypeFor[*Listener](): "listener_.listener",
		reflect.TypeFor[*Pool](): "pool_.pool", reflect.TypeFor[*Member](): "member_.member", reflect.TypeFor[*Monitor](): "health_monitor_.healthmonitor",
	}[reflect.TypeOf(v)]
	return rest.Errorf(http.StatusBadRequest, "", "Unknown attribute for argument %s: %s", argument, name)
}

// bad is what is said of a field with a value that it may not have.
func bad(field string, value any, why string) error {
	return rest.Errorf(http.StatusBadRequest, "", "Invalid input for field/attribute %s. Value: '%v'. %s", field, value, why)
}

// oneOf checks a field that has one of a few values.
func oneOf(field, value string, values []string) error {
	if slices.Contains(values, value) {
		return nil
	}
	return bad(field, value, "Value should be one of: "+strings.Join(values, ", "))
}

// checkPort checks a port, which is mandatory.
func checkPort(port int, fields body) error {
	switch _, ok := fields["protocol_port"]; {
	case port == 0 && !ok:
		return bad("protocol_port", "None", "Mandatory field missing.")
	case port < 1:
		return bad("protocol_port", port, "Value should be greater or equal to 1")
	case port > 65535:
		return bad("protocol_port", port, "Value should be lower or equal to 65535")
	}
	return nil
}

// body is the fields of a request's object.
type body = map[string]json.RawMessage
