// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package neutron

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
)

// body is the fields of a request's object.
type body = map[string]json.RawMessage

// kind is a collection with the rules that it does not share with others.
type kind[T any] struct {
	s *Service
	// one and many name it in bodies and paths, title in errors.
	one, many, title string
	items            *rest.Store[T]
	common           func(*T) *Common
	// creatable and updatable are the fields that requests may have.
	creatable, updatable []string
	// create makes a new object, which has its fields, whole; what it takes, release gives back.
	create  func(r *rest.Request, v *T, fields body) error
	release func(v *T)
	// update checks a change; next has the new fields already.
	update func(r *rest.Request, old, next *T, fields body) error
	// remove checks and does what goes with a deletion.
	remove func(r *rest.Request, v *T) error
	// sees says whether others than the owner see it, show how it looks.
	sees func(v *T) bool
	show func(v *T) any
}

func newKind[T any](s *Service, one, many, title string, common func(*T) *Common) *kind[T] {
	return &kind[T]{
		s: s, one: one, many: many, title: title, common: common,
		items:  rest.NewStore(func(v *T) string { return common(v).ID }),
		create: func(*rest.Request, *T, body) error { return nil }, release: func(*T) {},
		update: func(*rest.Request, *T, *T, body) error { return nil },
		remove: func(*rest.Request, *T) error { return nil },
		sees:   func(*T) bool { return false }, show: func(v *T) any { return v },
	}
}

func (k *kind[T]) operations() []rest.Operation {
	path := "/v2.0/" + strings.ReplaceAll(k.many, "_", "-")
	name := strings.ReplaceAll(k.title, " ", "")
	return []rest.Operation{
		{Name: "List" + name + "s", Method: "GET", Path: path, Do: k.list},
		{Name: "Create" + name, Method: "POST", Path: path, Do: k.post},
		{Name: "Show" + name, Method: "GET", Path: path + "/{id}", Do: k.get},
		{Name: "Update" + name, Method: "PUT", Path: path + "/{id}", Do: k.put},
		{Name: "Delete" + name, Method: "DELETE", Path: path + "/{id}", Do: k.delete},
		{Name: "ListTags", Method: "GET", Path: path + "/{id}/tags", Do: k.tags},
		{Name: "ShowTag", Method: "GET", Path: path + "/{id}/tags/{tag}", Do: k.tag},
		{Name: "RemoveTags", Method: "DELETE", Path: path + "/{id}/tags", Do: k.removeTags},
		{Name: "ReplaceTags", Method: "PUT", Path: path + "/{id}/tags", Do: k.setTags},
		{Name: "AddTag", Method: "PUT", Path: path + "/{id}/tags/{tag}", Do: k.addTag},
		{Name: "RemoveTag", Method: "DELETE", Path: path + "/{id}/tags/{tag}", Do: k.removeTag},
	}
}

func (k *kind[T]) missing(id string) error {
	text := map[string]string{
		"FloatingIP": "Floating IP %s could not be found", "Router": "Router %s could not be found",
		"SecurityGroup": "Security group %s does not exist", "SecurityGroupRule": "Security group rule %s does not exist",
	}[k.title]
	if text == "" {
		text = k.title + " %s could not be found."
	}
	return rest.Errorf(http.StatusNotFound, k.title+"NotFound", text, id)
}

// find returns an object that the caller sees.
func (k *kind[T]) find(r *rest.Request, id string) (*T, error) {
	v := k.items.Get(id)
	if v == nil || !r.Sees(k.common(v).ProjectID) && !k.sees(v) {
		return nil, k.missing(id)
	}
	return v, nil
}

// own returns an object that the caller may change.
func (k *kind[T]) own(r *rest.Request) (*T, error) {
	v, err := k.find(r, r.Vars["id"])
	if err != nil {
		return nil, err
	}
	c := k.common(v)
	if !r.Sees(c.ProjectID) {
		return nil, rest.Errorf(http.StatusForbidden, "PolicyNotAuthorized", "rule:update_%s is disallowed by policy", k.one)
	}
	if want, ok := strings.CutPrefix(r.Header.Get("If-Match"), "revision_number="); ok && k.s.has("revision-if-match") && want != fmt.Sprint(c.RevisionNumber) {
		return nil, rest.Errorf(http.StatusPreconditionFailed, "RevisionNumberConstraintFailed", "Constrained to %s, but current revision is %d", want, c.RevisionNumber)
	}
	return v, nil
}

func (k *kind[T]) list(r *rest.Request) (*rest.Response, error) {
	if k.s.has("filter-validation") {
		var zero T
		for name := range r.Query {
			if !rest.Has(&zero, name) && !slices.Contains(rest.Reserved, name) {
				return nil, rest.Errorf(http.StatusBadRequest, "HTTPBadRequest", "['%s'] is invalid attribute for filtering", name)
			}
		}
	}
	some := k.items.Select(func(v *T) bool {
		c := k.common(v)
		return (r.Sees(c.ProjectID) || k.sees(v)) && rest.Filter(r.Query, v, c.Tags)
	})
	page, next, err := rest.Page(r.Query, some, 0, false)
	if err != nil {
		return nil, err
	}
	shown := []any{}
	for _, v := range page {
		shown = append(shown, rest.Fields(r.Query, k.show(v)))
	}
	answer := map[string]any{k.many: shown}
	if next != "" {
		query := r.URL.Query()
		query.Set("marker", next)
		answer[k.many+"_links"] = []any{map[string]string{"rel": "next", "href": r.Base + r.Request.URL.Path + "?" + query.Encode()}}
	}
	return &rest.Response{Status: http.StatusOK, Body: answer}, nil
}

func (k *kind[T]) get(r *rest.Request) (*rest.Response, error) {
	v, err := k.find(r, r.Vars["id"])
	if err != nil {
		return nil, err
	}
	return rest.OK(http.StatusOK, k.one, rest.Fields(r.Query, k.show(v))), nil
}

func (k *kind[T]) post(r *rest.Request) (*rest.Response, error) {
	var many map[string][]body
	if json.Unmarshal(r.Content, &many) == nil && many[k.many] != nil {
		return k.bulk(r, many[k.many])
	}
	var ignored struct{}
	fields, err := r.Decode(k.one, &ignored)
	if err != nil {
		return nil, err
	}
	v, err := k.make(r, fields)
	if err != nil {
		return nil, err
	}
	return rest.OK(http.StatusCreated, k.one, k.show(v)), nil
}

// bulk makes all or none.
func (k *kind[T]) bulk(r *rest.Request, all []body) (*rest.Response, error) {
	shown, made := []any{}, []*T{}
	for _, fields := range all {
		v, err := k.make(r, fields)
		if err != nil {
			for _, v := range made {
				k.release(v)
				k.items.Remove(k.common(v).ID)
			}
			return nil, err
		}
		made, shown = append(made, v), append(shown, k.show(v))
	}
	return rest.OK(http.StatusCreated, k.many, shown), nil
}

// make makes an object from a request's fields.
func (k *kind[T]) make(r *rest.Request, fields body) (*T, error) {
	if name := rest.Unknown(fields, append([]string{"name", "description", "project_id", "tenant_id"}, k.creatable...)); name != "" {
		return nil, rest.Errorf(http.StatusBadRequest, "HTTPBadRequest", "Unrecognized attribute(s) '%s'", name)
	}
	v := new(T)
	if err := rest.Overlay(v, fields); err != nil {
		return nil, err
	}
	return v, k.add(r, v, fields)
}

// add adds an object that has its fields; fields are nil if they do not come from a request.
func (k *kind[T]) add(r *rest.Request, v *T, fields body) error {
	c := k.common(v)
	if c.ProjectID == "" {
		c.ProjectID = c.TenantID
	}
	if c.ProjectID == "" || !r.Admin {
		c.ProjectID = r.ProjectID
	}
	c.TenantID, c.ID = c.ProjectID, k.s.opts.IDs.New()
	if c.Tags == nil {
		c.Tags = []string{}
	}
	now := k.s.now()
	c.RevisionNumber, c.CreatedAt, c.UpdatedAt = 1, now, now
	if fields != nil {
		if err := k.s.checkQuota(k.one, c.ProjectID, k.count(c.ProjectID)); err != nil {
			return err
		}
	}
	if err := k.create(r, v, fields); err != nil {
		return err
	}
	k.items.Add(v)
	return nil
}

func (k *kind[T]) count(projectID string) int {
	n := 0
	for _, v := range k.items.All() {
		if k.common(v).ProjectID == projectID {
			n++
		}
	}
	return n
}

func (k *kind[T]) put(r *rest.Request) (*rest.Response, error) {
	var ignored struct{}
	fields, err := r.Decode(k.one, &ignored)
	if err != nil {
		return nil, err
	}
	old, err := k.own(r)
	if err != nil {
		return nil, err
	}
	if name := rest.Unknown(fields, append([]string{"name", "description"}, k.updatable...)); name != "" {
		if !rest.Has(old, name) {
			return nil, rest.Errorf(http.StatusBadRequest, "HTTPBadRequest", "Unrecognized attribute(s) '%s'", name)
		}
		return nil, rest.Errorf(http.StatusBadRequest, "HTTPBadRequest", "Cannot update read-only attribute %s", name)
	}
	next := *old
	if err := rest.Overlay(&next, fields); err != nil {
		return nil, err
	}
	if err := k.update(r, old, &next, fields); err != nil {
		return nil, err
	}
	*old = next
	k.touch(old)
	return rest.OK(http.StatusOK, k.one, k.show(old)), nil
}

// touch gives an object its next revision.
func (k *kind[T]) touch(v *T) {
	c := k.common(v)
	c.RevisionNumber++
	c.UpdatedAt = k.s.now()
}

func (k *kind[T]) delete(r *rest.Request) (*rest.Response, error) {
	v, err := k.own(r)
	if err != nil {
		return nil, err
	}
	if err := k.remove(r, v); err != nil {
		return nil, err
	}
	k.release(v)
	k.items.Remove(r.Vars["id"])
	return &rest.Response{Status: http.StatusNoContent}, nil
}

func (s *Service) now() string { return s.opts.Clock.Now().UTC().Format(time.RFC3339) }
