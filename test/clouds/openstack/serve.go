// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package openstack

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
	"sigs.k8s.io/cloud-providers/test/clouds/sim"
)

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/_control/") {
		s.control.ServeHTTP(w, r)
		return
	}
	for i := range s.services {
		svc := &s.services[i]
		if rest, ok := strings.CutPrefix(r.URL.Path, svc.Prefix); ok && (rest == "" || rest[0] == '/') {
			s.serveCall(w, r, svc, rest)
			return
		}
	}
	if strings.HasPrefix(r.URL.Path, "/elsewhere/") {
		http.Error(w, "nothing answers in this region", http.StatusServiceUnavailable)
		return
	}
	http.NotFound(w, r)
}

func (s *Server) serveCall(w http.ResponseWriter, hr *http.Request, svc *rest.Service, path string) {
	r, operation, err := s.request(hr, svc, path)
	if err == nil && !operation.Public {
		err = s.authenticate(r, svc, path)
	}
	if err == nil && svc.Before != nil {
		err = svc.Before(r)
	}
	if err != nil {
		s.finish(w, r, svc, nil, err)
		return
	}
	s.perform(w, r, svc, operation)
}

// request reads a call and finds its operation.
func (s *Server) request(hr *http.Request, svc *rest.Service, path string) (*rest.Request, *rest.Operation, error) {
	scheme := "http://"
	if hr.TLS != nil {
		scheme = "https://"
	}
	r := &rest.Request{
		Request: hr, Service: svc.Name, Operation: hr.Method + " " + path, Base: scheme + hr.Host, Prefix: svc.Prefix, Query: hr.URL.Query(),
		RequestID: "req-" + strings.ToLower(rand.Text()),
	}
	var err error
	if r.Content, err = io.ReadAll(hr.Body); err != nil {
		return r, nil, rest.Errorf(http.StatusBadRequest, "", "The body could not be read: %v", err)
	}
	operation, vars, found := svc.Find(hr.Method, path)
	switch {
	case !found:
		return r, nil, rest.Errorf(http.StatusNotFound, "HTTPNotFound", "The resource could not be found.")
	case operation == nil:
		return r, nil, rest.Errorf(http.StatusMethodNotAllowed, "HTTPMethodNotAllowed", "The method %s is not allowed for this resource.", hr.Method)
	}
	r.Operation, r.Vars = operation.Name, vars
	return r, operation, nil
}

// authenticate finds who calls.
func (s *Server) authenticate(r *rest.Request, svc *rest.Service, path string) error {
	token := s.Keystone.Check(r.Header.Get("X-Auth-Token"))
	if token == nil || !token.Allows(svc.Type, r.Method, path) {
		err := rest.Errorf(http.StatusUnauthorized, "Unauthorized", "The request you have made requires authentication.")
		err.Header = http.Header{"Www-Authenticate": {fmt.Sprintf("Keystone uri=%q", r.Base+"/identity")}}
		return err
	}
	r.UserID, r.ProjectID, r.Admin = token.UserID, token.ProjectID, token.Admin
	return nil
}

// perform runs a call that is authentic, with what may go wrong on its way.
func (s *Server) perform(w http.ResponseWriter, r *rest.Request, svc *rest.Service, operation *rest.Operation) {
	fault := s.Faults.Next(svc.Name, operation.Name)
	if !wait(r.Context(), time.Duration(s.latency.Load())+time.Duration(fault.Delay)) {
		s.Calls.add(s.entry(r, Canceled))
		return
	}
	switch fault.Kind {
	case sim.Drop:
		s.Calls.add(s.entry(r, Dropped))
		panic(http.ErrAbortHandler)
	case sim.Fail:
		s.finish(w, r, svc, nil, faultError(fault))
		return
	default:
	}
	answer, err := operation.Do(r)
	if fault.Kind == sim.Lose {
		// The log says what happened rather than what the client saw, which is nothing.
		call := s.entry(r, result(err))
		call.Lost = true
		s.Calls.add(call)
		panic(http.ErrAbortHandler)
	}
	s.finish(w, r, svc, answer, err)
}

func faultError(f sim.Fault) error {
	err := rest.Errorf(cmp.Or(f.Status, http.StatusInternalServerError), f.Code, "%s", cmp.Or(f.Message, "simulated fault"))
	if err.Status == http.StatusTooManyRequests || err.Status == http.StatusServiceUnavailable {
		err.Header = http.Header{"Retry-After": {"1"}}
	}
	return err
}

// wait returns false if the client went away first.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// finish notes and sends an answer.
func (s *Server) finish(w http.ResponseWriter, r *rest.Request, svc *rest.Service, answer *rest.Response, err error) {
	s.Calls.add(s.entry(r, result(err)))
	if err != nil {
		answer = errorAnswer(svc, err)
	}
	h := w.Header()
	h.Set("X-Openstack-Request-Id", r.RequestID)
	if svc.Name == "neutron" {
		h.Set("X-Compute-Request-Id", r.RequestID)
	}
	if svc.Header != nil {
		svc.Header(r, h)
	}
	maps.Copy(h, answer.Header)
	if answer.Body == nil {
		w.WriteHeader(answer.Status)
		return
	}
	if raw, ok := answer.Body.(rest.Raw); ok {
		h.Set("Content-Type", raw.Type)
		w.WriteHeader(answer.Status)
		_, _ = w.Write(raw.Content) // a client that has gone misses nothing
		return
	}
	h.Set("Content-Type", "application/json")
	w.WriteHeader(answer.Status)
	var b bytes.Buffer
	_ = json.NewEncoder(&b).Encode(answer.Body) // they are maps and structs
	_, _ = w.Write(b.Bytes())                   // a client that has gone misses nothing
}

// errorAnswer is an error in the service's shape; those of authentication are the middleware's.
func errorAnswer(svc *rest.Service, err error) *rest.Response {
	e, ok := errors.AsType[*rest.Error](err)
	if !ok {
		e = rest.Errorf(http.StatusInternalServerError, "InternalServerError", "%v", err)
	}
	body := svc.ErrorBody(e)
	if e.Status == http.StatusUnauthorized {
		body = map[string]any{"error": map[string]any{"code": e.Status, "title": "Unauthorized", "message": e.Message}}
	}
	return &rest.Response{Status: e.Status, Body: body, Header: e.Header}
}
