// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package keystone

import (
	"net/http"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
)

// API is the service on the wire.
func (s *Service) API() rest.Service {
	return rest.Service{
		Name: "keystone", Type: "identity", Prefix: "/identity", Endpoint: "/identity", ErrorBody: errorBody,
		Operations: []rest.Operation{
			{Name: "ListVersions", Method: "GET", Path: "/", Public: true, Do: versions},
			{Name: "ShowVersion", Method: "GET", Path: "/v3", Public: true, Do: version},
			{Name: "CreateToken", Method: "POST", Path: "/v3/auth/tokens", Public: true, Do: s.createToken},
			{Name: "ShowToken", Method: "GET", Path: "/v3/auth/tokens", Do: s.showToken},
			{Name: "RevokeToken", Method: "DELETE", Path: "/v3/auth/tokens", Do: s.revokeToken},
			{Name: "ListCatalogue", Method: "GET", Path: "/v3/auth/catalog", Do: s.listCatalogue},
			{Name: "ListProjects", Method: "GET", Path: "/v3/projects", Do: s.listProjects},
			{Name: "ShowProject", Method: "GET", Path: "/v3/projects/{id}", Do: s.showProject},
		},
	}
}

func errorBody(e *rest.Error) any {
	title := e.Type
	if title == "" {
		title = http.StatusText(e.Status)
	}
	return map[string]any{"error": map[string]any{"code": e.Status, "title": title, "message": e.Message}}
}

func document(r *rest.Request) map[string]any {
	return map[string]any{
		"id": "v3.14", "status": "stable", "updated": "2020-04-07T00:00:00Z",
		"links":       []any{map[string]string{"rel": "self", "href": r.At("/v3/")}},
		"media-types": []any{map[string]string{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}},
	}
}

func versions(r *rest.Request) (*rest.Response, error) {
	return rest.OK(http.StatusMultipleChoices, "versions", map[string]any{"values": []any{document(r)}}), nil
}

func version(r *rest.Request) (*rest.Response, error) {
	return rest.OK(http.StatusOK, "version", document(r)), nil
}

func (s *Service) createToken(r *rest.Request) (*rest.Response, error) {
	var in request
	if _, err := r.Decode("auth", &in); err != nil {
		return nil, err
	}
	// "scope": "unscoped" and {"scope": {}} do not occur in our clients.
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.issue(in)
	if err != nil {
		return nil, err
	}
	answer := rest.OK(http.StatusCreated, "token", s.body(r, t))
	answer.Header = http.Header{"X-Subject-Token": {t.ID}}
	return answer, nil
}

func (s *Service) showToken(r *rest.Request) (*rest.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.check(r.Header.Get("X-Subject-Token"))
	if t == nil {
		return nil, rest.Errorf(http.StatusNotFound, "Not Found", "Failed to validate token")
	}
	answer := rest.OK(http.StatusOK, "token", s.body(r, t))
	answer.Header = http.Header{"X-Subject-Token": {t.ID}}
	return answer, nil
}

func (s *Service) revokeToken(r *rest.Request) (*rest.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tokens, r.Header.Get("X-Subject-Token"))
	return &rest.Response{Status: http.StatusNoContent}, nil
}

// body is a token as clients see it.
func (s *Service) body(r *rest.Request, t *Token) map[string]any {
	domain := map[string]string{"id": DefaultDomain, "name": "Default"}
	body := map[string]any{
		"methods": t.Methods, "issued_at": stamp(t.Issued), "expires_at": stamp(t.Expires), "audit_ids": []string{t.ID[6:28]},
	}
	if u := s.users.Get(t.UserID); u != nil {
		body["user"] = map[string]any{"id": u.ID, "name": u.Name, "domain": domain, "password_expires_at": nil}
	}
	roles := []map[string]string{{"id": "9fe2ff9ee4384b1894a90878d3e92bab", "name": "member"}}
	if t.Admin {
		roles = append(roles, map[string]string{"id": "5a4b1c3a9d5f4b1c8b2f0d3f6a7e8c90", "name": "admin"})
	}
	if c := s.creds.Get(t.Credential); c != nil {
		body["application_credential"] = map[string]any{"id": c.ID, "name": c.Name, "restricted": true}
	}
	if p := s.projects.Get(t.ProjectID); p != nil {
		body["project"] = map[string]any{"id": p.ID, "name": p.Name, "domain": domain}
		body["is_domain"] = false
	} else if t.DomainID != "" {
		body["domain"] = domain
	} else {
		return body
	}
	body["roles"], body["catalog"] = roles, s.catalog(r)
	return body
}

// catalog has every service in every region.
func (s *Service) catalog(r *rest.Request) []any {
	all := []any{}
	for _, e := range s.catalogue {
		var endpoints []any
		for i, region := range append([]string{s.opts.Region}, s.opts.OtherRegions...) {
			url := r.Base + e.Path
			if i > 0 && e.Type != "identity" {
				url = r.Base + "/elsewhere/" + region + e.Path
			}
			for _, kind := range []string{"public", "internal", "admin"} {
				id := rest.HexOf(e.Name + region + kind)
				endpoints = append(endpoints, map[string]string{"id": id, "interface": kind, "region": region, "region_id": region, "url": url})
			}
		}
		all = append(all, map[string]any{"type": e.Type, "name": e.Name, "id": rest.HexOf(e.Name), "endpoints": endpoints})
	}
	return all
}

func (s *Service) listCatalogue(r *rest.Request) (*rest.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return rest.OK(http.StatusOK, "catalog", s.catalog(r)), nil
}

func (s *Service) listProjects(r *rest.Request) (*rest.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	some := s.projects.Select(func(p *Project) bool { return r.Sees(p.ID) && rest.Filter(r.Query, p, nil) })
	all := []any{}
	for _, p := range some {
		all = append(all, projectBody(r, p))
	}
	return rest.OK(http.StatusOK, "projects", all), nil
}

func projectBody(r *rest.Request, p *Project) map[string]any {
	return map[string]any{
		"id": p.ID, "name": p.Name, "domain_id": p.DomainID, "parent_id": p.DomainID, "description": "", "enabled": true, "is_domain": false,
		"options": map[string]any{}, "tags": []string{}, "links": map[string]string{"self": r.At("/v3/projects/" + p.ID)},
	}
}

func (s *Service) showProject(r *rest.Request) (*rest.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.projects.Get(r.Vars["id"]); p != nil && r.Sees(p.ID) {
		return rest.OK(http.StatusOK, "project", projectBody(r, p)), nil
	}
	return nil, rest.Errorf(http.StatusNotFound, "Not Found", "Could not find project: %s.", r.Vars["id"])
}
