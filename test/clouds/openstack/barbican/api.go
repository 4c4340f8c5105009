// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package barbican

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
)

// API is the service on the wire.
func (s *Service) API() rest.Service {
	return rest.Service{
		Name: "barbican", Type: "key-manager", Prefix: "/key-manager", Endpoint: "/key-manager", ErrorBody: errorBody,
		Operations: rest.Locked(&s.mu, []rest.Operation{
			{Name: "ListVersions", Method: "GET", Path: "/", Public: true, Do: versions},
			{Name: "ListContainers", Method: "GET", Path: "/v1/containers", Do: s.listContainers},
			{Name: "CreateContainer", Method: "POST", Path: "/v1/containers", Do: s.createContainer},
			{Name: "ShowContainer", Method: "GET", Path: "/v1/containers/{id}", Do: s.showContainer},
			{Name: "DeleteContainer", Method: "DELETE", Path: "/v1/containers/{id}", Do: s.deleteContainer},
			{Name: "ListSecrets", Method: "GET", Path: "/v1/secrets", Do: s.listSecrets},
			{Name: "CreateSecret", Method: "POST", Path: "/v1/secrets", Do: s.createSecret},
			{Name: "ShowSecret", Method: "GET", Path: "/v1/secrets/{id}", Do: s.showSecret},
			{Name: "ShowPayload", Method: "GET", Path: "/v1/secrets/{id}/payload", Do: s.showPayload},
			{Name: "DeleteSecret", Method: "DELETE", Path: "/v1/secrets/{id}", Do: s.deleteSecret},
		}),
	}
}

func errorBody(e *rest.Error) any {
	return map[string]any{"code": e.Status, "title": http.StatusText(e.Status), "description": e.Message}
}

func versions(r *rest.Request) (*rest.Response, error) {
	v1 := map[string]any{
		"id": "v1", "status": "stable",
		"links": []any{
			map[string]string{"rel": "self", "href": r.At("/v1/")},
			map[string]string{"rel": "describedby", "type": "text/html", "href": "https://docs.openstack.org/"},
		},
		"media-types": []any{map[string]string{"base": "application/json", "type": "application/vnd.openstack.key-manager-v1+json"}},
	}
	return rest.OK(http.StatusMultipleChoices, "versions", map[string]any{"values": []any{v1}}), nil
}

func (s *Service) container(r *rest.Request, e *Entry) map[string]any {
	refs := []any{}
	for _, name := range slices.Sorted(maps.Keys(e.Secrets)) {
		refs = append(refs, map[string]string{"name": name, "secret_ref": r.At("/v1/secrets/" + e.Secrets[name])})
	}
	return map[string]any{
		"name": e.Name, "type": e.Type, "secret_refs": refs, "consumers": []any{}, "status": "ACTIVE", "creator_id": e.CreatorID,
		"container_ref": r.At("/v1/containers/" + e.ID), "created": e.Created, "updated": e.Created,
	}
}

func (s *Service) secret(r *rest.Request, e *Entry) map[string]any {
	body := map[string]any{
		"name": e.Name, "secret_type": e.Type, "secret_ref": r.At("/v1/secrets/" + e.ID), "status": "ACTIVE", "creator_id": e.CreatorID,
		"created": e.Created, "updated": e.Created, "expiration": nil, "algorithm": nil, "bit_length": nil, "mode": nil,
	}
	for name, value := range e.Attributes {
		body[name] = value
	}
	if e.ContentType != "" {
		body["content_types"] = map[string]string{"default": e.ContentType}
	}
	return body
}

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}$`)

// find returns what the caller may see. kind is secret or container, missing what is said of those not there.
func find(r *rest.Request, store *rest.Store[Entry], kind, missing string) (*Entry, error) {
	e := store.Get(r.Vars["id"])
	switch {
	case !uuid.MatchString(r.Vars["id"]):
		return nil, rest.Errorf(http.StatusNotFound, "", "Not Found. Provided %s id is invalid.", kind)
	case e == nil || !r.Sees(e.ProjectID):
		return nil, rest.Errorf(http.StatusNotFound, "", "%s", missing)
	case e.Denied:
		return nil, rest.Errorf(http.StatusForbidden, "", "%s retrieval attempt not allowed - please review your user/project privileges", kind)
	}
	return e, nil
}

func (s *Service) findContainer(r *rest.Request) (*Entry, error) {
	return find(r, s.containers, "container", "Secrets container not found.")
}

func (s *Service) findSecret(r *rest.Request) (*Entry, error) {
	return find(r, s.secrets, "secret", "Secret not found.")
}

func (s *Service) showContainer(r *rest.Request) (*rest.Response, error) {
	e, err := s.findContainer(r)
	if err != nil {
		return nil, err
	}
	return &rest.Response{Status: http.StatusOK, Body: s.container(r, e)}, nil
}

func (s *Service) showSecret(r *rest.Request) (*rest.Response, error) {
	e, err := s.findSecret(r)
	if err != nil {
		return nil, err
	}
	return &rest.Response{Status: http.StatusOK, Body: s.secret(r, e)}, nil
}

func (s *Service) showPayload(r *rest.Request) (*rest.Response, error) {
	e, err := s.findSecret(r)
	if err != nil {
		return nil, err
	}
	if e.ContentType == "" {
		return nil, rest.Errorf(http.StatusNotFound, "", "Not Found. Sorry but your secret has no payload.")
	}
	return &rest.Response{Status: http.StatusOK, Body: rest.Raw{Type: e.ContentType, Content: e.Payload}}, nil
}

func (s *Service) deleteContainer(r *rest.Request) (*rest.Response, error) {
	e, err := s.findContainer(r)
	if err != nil {
		return nil, err
	}
	s.containers.Remove(e.ID)
	return &rest.Response{Status: http.StatusNoContent}, nil
}

func (s *Service) deleteSecret(r *rest.Request) (*rest.Response, error) {
	e, err := s.findSecret(r)
	if err != nil {
		return nil, err
	}
	s.secrets.Remove(e.ID)
	for _, c := range s.containers.All() {
		c.Secrets = maps.Clone(c.Secrets)
		maps.DeleteFunc(c.Secrets, func(_, id string) bool { return id == e.ID })
	}
	return &rest.Response{Status: http.StatusNoContent}, nil
}

func list(r *rest.Request, store *rest.Store[Entry], key string, body func(*rest.Request, *Entry) map[string]any) (*rest.Response, error) {
	all := []any{}
	for _, e := range store.All() {
		if r.Sees(e.ProjectID) && !e.Denied && (r.Query.Get("name") == "" || r.Query.Get("name") == e.Name) {
			all = append(all, body(r, e))
		}
	}
	return &rest.Response{Status: http.StatusOK, Body: map[string]any{key: all, "total": len(all)}}, nil
}

func (s *Service) listContainers(r *rest.Request) (*rest.Response, error) {
	return list(r, s.containers, "containers", s.container)
}

func (s *Service) listSecrets(r *rest.Request) (*rest.Response, error) {
	return list(r, s.secrets, "secrets", s.secret)
}

func invalid(format string, args ...any) error {
	return rest.Errorf(http.StatusBadRequest, "", format, args...)
}

func (s *Service) createSecret(r *rest.Request) (*rest.Response, error) {
	var in struct {
		Name     string `json:"name"`
		Type     string `json:"secret_type"`
		Payload  string `json:"payload"`
		Content  string `json:"payload_content_type"`
		Encoding string `json:"payload_content_encoding"`
	}
	fields, err := rest.DecodeObject(r.Content, &in)
	if err != nil {
		return nil, err
	}
	e := Entry{Name: in.Name, Type: in.Type, ContentType: in.Content, Payload: []byte(in.Payload), Attributes: map[string]json.RawMessage{}}
	switch {
	case in.Payload != "" && in.Content == "":
		return nil, invalid("Provided object does not match schema 'Secret': payload_content_type must be supplied.")
	case in.Encoding == "base64":
		if e.Payload, err = base64.StdEncoding.DecodeString(in.Payload); err != nil {
			return nil, invalid("Unable to decode the payload: %v", err)
		}
	}
	for _, name := range []string{"algorithm", "bit_length", "mode", "expiration"} {
		if raw, ok := fields[name]; ok {
			e.Attributes[name] = raw
		}
	}
	e.CreatorID, e.ProjectID = r.UserID, r.ProjectID
	e = s.store(s.secrets, e, "opaque")
	return &rest.Response{Status: http.StatusCreated, Body: map[string]string{"secret_ref": r.At("/v1/secrets/" + e.ID)}}, nil
}

func (s *Service) createContainer(r *rest.Request) (*rest.Response, error) {
	var in struct {
		Name    string `json:"name"`
		Type    string `json:"type"`
		Secrets []struct {
			Name string `json:"name"`
			Ref  string `json:"secret_ref"`
		} `json:"secret_refs"`
	}
	if _, err := rest.DecodeObject(r.Content, &in); err != nil {
		return nil, err
	}
	if !slices.Contains([]string{"generic", "certificate", "rsa"}, in.Type) {
		return nil, invalid("Provided object does not match schema 'Container': '%s' is not one of ['rsa', 'certificate', 'generic'].", in.Type)
	}
	e := Entry{Name: in.Name, Type: in.Type, Secrets: map[string]string{}, CreatorID: r.UserID, ProjectID: r.ProjectID}
	for _, secret := range in.Secrets {
		id := path.Base(strings.TrimSuffix(secret.Ref, "/"))
		if known := s.secrets.Get(id); known == nil || !r.Sees(known.ProjectID) {
			return nil, rest.Errorf(http.StatusNotFound, "", "Secret provided for '%s' doesn't exist.", secret.Name)
		}
		e.Secrets[secret.Name] = id
	}
	e = s.store(s.containers, e, in.Type)
	return &rest.Response{Status: http.StatusCreated, Body: map[string]string{"container_ref": r.At("/v1/containers/" + e.ID)}}, nil
}
