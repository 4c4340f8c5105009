// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package neutron is the network service of the simulated OpenStack: networks, subnets, ports, routers,
// floating IPs, security groups, trunks, tags, revisions and quotas. It carries no packets.
package neutron

import (
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"sync"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
	"sigs.k8s.io/cloud-providers/test/clouds/sim"
)

// DefaultExtensions are those that the service has unless told otherwise.
func DefaultExtensions() []string {
	return []string{
		"allowed-address-pairs", "external-net", "extraroute", "extraroute-atomic", "filter-validation", "port-security",
		"port-security-groups-filtering", "quotas", "revision-if-match", "router", "security-group", "standard-attr-revisions",
		"standard-attr-tag", "standard-attr-timestamp", "trunk", "trunk-details",
	}
}

// Options of the service.
type Options struct {
	Clock *sim.Clock
	IDs   *rest.IDs
	// Extensions that are loaded; none means DefaultExtensions. Without port-security, filter-validation,
	// extraroute, extraroute-atomic, revision-if-match, allowed-address-pairs or trunk-details it acts so.
	Extensions []string
	// Quotas that differ from DefaultQuotas.
	Quotas Quotas
	// L3Agent has floating IPs be ACTIVE while they have a port, as where such an agent is; else they stay DOWN.
	L3Agent bool
	// MaxRoutes of a router and MaxAddressPairs of a port; zero is 30 and 10.
	MaxRoutes, MaxAddressPairs int
}

// Service is the network service.
type Service struct {
	opts Options

	mu       sync.Mutex
	exts     []string
	quotas   map[string]Quotas // by project; "" has the defaults
	used     map[string]map[netip.Addr]bool
	cursor   map[string]netip.Addr
	networks *kind[Network]
	subnets  *kind[Subnet]
	ports    *kind[Port]
	routers  *kind[Router]
	floating *kind[FloatingIP]
	groups   *kind[SecurityGroup]
	rules    *kind[SecurityGroupRule]
	trunks   *kind[Trunk]
}

// New returns a service without networks.
func New(o Options) *Service {
	if len(o.Extensions) == 0 {
		o.Extensions = DefaultExtensions()
	}
	if o.MaxRoutes == 0 {
		o.MaxRoutes = 30
	}
	if o.MaxAddressPairs == 0 {
		o.MaxAddressPairs = 10
	}
	s := &Service{opts: o, exts: o.Extensions, used: map[string]map[netip.Addr]bool{}, cursor: map[string]netip.Addr{}}
	quotas := DefaultQuotas()
	maps.Copy(quotas, o.Quotas)
	s.quotas = map[string]Quotas{"": quotas}
	s.networks, s.subnets, s.ports = s.networkKind(), s.subnetKind(), s.portKind()
	s.routers, s.floating = s.routerKind(), s.floatingKind()
	s.groups, s.rules, s.trunks = s.groupKind(), s.ruleKind(), s.trunkKind()
	return s
}

func (s *Service) has(extension string) bool { return slices.Contains(s.exts, extension) }

// SetExtensions replaces the extensions that are loaded.
func (s *Service) SetExtensions(aliases []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.exts = slices.Clone(aliases)
}

// SetQuota changes a project's quota; an empty project means all that have none of their own.
func (s *Service) SetQuota(projectID, resource string, limit int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setQuota(projectID, resource, limit)
}

func (s *Service) setQuota(projectID, resource string, limit int) {
	if s.quotas[projectID] == nil {
		s.quotas[projectID] = Quotas{}
	}
	s.quotas[projectID][resource] = limit
}

func (s *Service) quota(projectID string) Quotas {
	all := maps.Clone(s.quotas[""])
	maps.Copy(all, s.quotas[projectID])
	return all
}

func (s *Service) checkQuota(resource, projectID string, have int) error {
	limit, ok := s.quota(projectID)[resource]
	if ok && limit >= 0 && have >= limit {
		return rest.Errorf(http.StatusConflict, "OverQuota", "Quota exceeded for resources: ['%s'].", resource)
	}
	return nil
}

// API is the service on the wire.
func (s *Service) API() rest.Service {
	operations := []rest.Operation{
		{Name: "ListVersions", Method: "GET", Path: "/", Public: true, Do: versions},
		{Name: "ShowVersion", Method: "GET", Path: "/v2.0", Do: resources},
		{Name: "ListExtensions", Method: "GET", Path: "/v2.0/extensions", Do: s.listExtensions},
		{Name: "ShowExtension", Method: "GET", Path: "/v2.0/extensions/{alias}", Do: s.showExtension},
		{Name: "ShowQuota", Method: "GET", Path: "/v2.0/quotas/{project}", Do: s.showQuota},
		{Name: "UpdateQuota", Method: "PUT", Path: "/v2.0/quotas/{project}", Do: s.putQuota},
		{Name: "AddRouterInterface", Method: "PUT", Path: "/v2.0/routers/{id}/add_router_interface", Do: s.addInterface},
		{Name: "RemoveRouterInterface", Method: "PUT", Path: "/v2.0/routers/{id}/remove_router_interface", Do: s.removeInterface},
		{Name: "AddExtraRoutes", Method: "PUT", Path: "/v2.0/routers/{id}/add_extraroutes", Do: s.addRoutes},
		{Name: "RemoveExtraRoutes", Method: "PUT", Path: "/v2.0/routers/{id}/remove_extraroutes", Do: s.removeRoutes},
		{Name: "ListSubPorts", Method: "GET", Path: "/v2.0/trunks/{id}/get_subports", Do: s.subPorts},
		{Name: "AddSubPorts", Method: "PUT", Path: "/v2.0/trunks/{id}/add_subports", Do: s.addSubPorts},
		{Name: "RemoveSubPorts", Method: "PUT", Path: "/v2.0/trunks/{id}/remove_subports", Do: s.removeSubPorts},
	}
	for _, more := range [][]rest.Operation{
		s.networks.operations(), s.subnets.operations(), s.ports.operations(), s.routers.operations(),
		s.floating.operations(), s.groups.operations(), s.rules.operations(), s.trunks.operations(),
	} {
		operations = append(operations, more...)
	}
	return rest.Service{
		Name: "neutron", Type: "network", Prefix: "/network", Endpoint: "/network", ErrorBody: errorBody,
		Operations: rest.Locked(&s.mu, operations),
	}
}

// noExtension is an error that has a shape of its own.
const noExtension = "NoExtension"

func errorBody(e *rest.Error) any {
	if e.Type == noExtension {
		text := "The resource could not be found.<br /><br />\n" + e.Message + "\n\n"
		return map[string]any{"code": "404 Not Found", "title": "Not Found", "message": text}
	}
	kind := e.Type
	if kind == "" {
		kind = "HTTP" + http.StatusText(e.Status)
	}
	return map[string]any{"NeutronError": map[string]string{"type": kind, "message": e.Message, "detail": ""}}
}

func versions(r *rest.Request) (*rest.Response, error) {
	links := []any{map[string]string{"rel": "self", "href": r.At("/v2.0/")}}
	return rest.OK(http.StatusOK, "versions", []any{map[string]any{"id": "v2.0", "status": "CURRENT", "links": links}}), nil
}

func resources(r *rest.Request) (*rest.Response, error) {
	all := []any{}
	for _, name := range []string{"networks", "subnets", "ports", "routers", "floatingips", "security-groups", "security-group-rules", "trunks"} {
		links := []any{map[string]string{"rel": "self", "href": r.At("/v2.0/" + name)}}
		all = append(all, map[string]any{"name": name, "collection": name, "links": links})
	}
	return rest.OK(http.StatusOK, "resources", all), nil
}

func extension(alias string) map[string]any {
	return map[string]any{"alias": alias, "name": alias, "description": "", "links": []any{}, "updated": "2017-01-01T00:00:00-00:00"}
}

func (s *Service) listExtensions(*rest.Request) (*rest.Response, error) {
	all := []any{}
	for _, alias := range s.exts {
		all = append(all, extension(alias))
	}
	return rest.OK(http.StatusOK, "extensions", all), nil
}

func (s *Service) showExtension(r *rest.Request) (*rest.Response, error) {
	if alias := r.Vars["alias"]; s.has(alias) {
		return rest.OK(http.StatusOK, "extension", extension(alias)), nil
	}
	return nil, rest.Errorf(http.StatusNotFound, noExtension, "Extension with alias %s does not exist", r.Vars["alias"])
}

func (s *Service) showQuota(r *rest.Request) (*rest.Response, error) {
	if !r.Sees(r.Vars["project"]) {
		return nil, rest.Errorf(http.StatusForbidden, "PolicyNotAuthorized", "rule:get_quota is disallowed by policy")
	}
	return rest.OK(http.StatusOK, "quota", s.quota(r.Vars["project"])), nil
}

func (s *Service) putQuota(r *rest.Request) (*rest.Response, error) {
	if !r.Admin {
		return nil, rest.Errorf(http.StatusForbidden, "PolicyNotAuthorized", "rule:update_quota is disallowed by policy")
	}
	var in Quotas
	if _, err := r.Decode("quota", &in); err != nil {
		return nil, err
	}
	for resource, limit := range in {
		s.setQuota(r.Vars["project"], resource, limit)
	}
	return rest.OK(http.StatusOK, "quota", s.quota(r.Vars["project"])), nil
}
