// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package rest is what the simulated OpenStack's services have in common on the wire: operations found by
// method and path, requests, answers and errors; filters, tags, pages and fields of lists. It knows no
// service.
package rest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Request is a call that has been routed and authenticated.
type Request struct {
	*http.Request
	// Service and Operation name it.
	Service, Operation string
	// Base is the URL of the server, Prefix the path of the service.
	Base, Prefix string
	// Vars are the variable parts of the path, Query the parameters.
	Vars  map[string]string
	Query url.Values
	// Content is the body.
	Content []byte
	// RequestID is given to the client.
	RequestID string
	// Who calls; empty when nobody was authenticated. Admins see and may do everything.
	UserID, ProjectID string
	Admin             bool
}

// At is the address of a path of the service.
func (r *Request) At(path string) string { return r.Base + r.Prefix + path }

// Sees says whether the caller sees what belongs to a project.
func (r *Request) Sees(projectID string) bool { return r.Admin || projectID == r.ProjectID }

// Response is an answer.
type Response struct {
	Status int
	// Body is sent as JSON, unless it is nil or Raw.
	Body   any
	Header http.Header
}

// Raw is a body that is sent as it is.
type Raw struct {
	Type    string
	Content []byte
}

// OK is an answer with a body under one key.
func OK(status int, key string, v any) *Response {
	return &Response{Status: status, Body: map[string]any{key: v}}
}

// Error is an error of a service, which its Service puts into its own shape.
type Error struct {
	Status int
	// Type is the error's name, where the service has such.
	Type    string
	Message string
	Header  http.Header
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.Type, e.Message) }

// Errorf returns an Error.
func Errorf(status int, kind, format string, args ...any) *Error {
	return &Error{Status: status, Type: kind, Message: fmt.Sprintf(format, args...)}
}

// Operation is one call of a service.
type Operation struct {
	// Name is what the log and faults call it.
	Name, Method string
	// Path below the service's prefix; parts in braces are variable. A slash at its end is ignored.
	Path string
	// Public operations need no token.
	Public bool
	Do     func(*Request) (*Response, error)
}

// Mutating says whether it may change something.
func (o *Operation) Mutating() bool { return o.Method != http.MethodGet && o.Method != http.MethodHead }

// Service is one service at the server.
type Service struct {
	// Name is the project's (nova), Type the catalogue's (compute), Prefix where it is (/compute).
	Name, Type, Prefix string
	// Endpoint is the path of its address in the catalogue.
	Endpoint   string
	Operations []Operation
	// ErrorBody puts an error into the service's shape.
	ErrorBody func(*Error) any
	// Before runs after authentication and before each operation; it may refuse. Header adds to each answer.
	Before func(*Request) error
	Header func(*Request, http.Header)
}

// Find returns the operation of a path below the prefix. found is false if the path is unknown; operation
// is nil if only the method is.
func (s *Service) Find(method, path string) (operation *Operation, vars map[string]string, found bool) {
	parts := split(path)
	var best *Operation
	for i := range s.Operations {
		o := &s.Operations[i]
		v, ok := match(split(o.Path), parts)
		if !ok {
			continue
		}
		found = true
		if o.Method == method && (best == nil || len(v) < len(vars)) {
			best, vars = o, v
		}
	}
	return best, vars, found
}

func split(path string) []string { return strings.Split(strings.Trim(path, "/"), "/") }

func match(pattern, parts []string) (map[string]string, bool) {
	if len(pattern) != len(parts) {
		return nil, false
	}
	vars := map[string]string{}
	for i, p := range pattern {
		switch {
		case strings.HasPrefix(p, "{") && parts[i] != "":
			vars[strings.Trim(p, "{}")] = parts[i]
		case p != parts[i]:
			return nil, false
		}
	}
	return vars, true
}

// Decode reads a body that is an object under one key, as most are, and returns which fields it has.
func (r *Request) Decode(key string, v any) (map[string]json.RawMessage, error) {
	var outer map[string]json.RawMessage
	if err := json.Unmarshal(r.Content, &outer); err != nil {
		return nil, Errorf(http.StatusBadRequest, "HTTPBadRequest", "The server could not comply with the request since it is malformed: %v", err)
	}
	raw, ok := outer[key]
	if !ok {
		return nil, Errorf(http.StatusBadRequest, "HTTPBadRequest", "Unable to find '%s' in request body", key)
	}
	return DecodeObject(raw, v)
}

// DecodeObject reads an object and returns which fields it has.
func DecodeObject(raw []byte, v any) (map[string]json.RawMessage, error) {
	var fields map[string]json.RawMessage
	err := json.Unmarshal(raw, &fields)
	if err == nil {
		err = json.NewDecoder(bytes.NewReader(raw)).Decode(v)
	}
	if err != nil {
		return nil, Errorf(http.StatusBadRequest, "HTTPBadRequest", "Invalid input: %v", err)
	}
	return fields, nil
}

// Null says whether a field is there and null.
func Null(fields map[string]json.RawMessage, name string) bool {
	raw, ok := fields[name]
	return ok && string(raw) == "null"
}
