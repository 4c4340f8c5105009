// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cloud

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/providers/local/cloud/store"
)

// adminHandler serves the administrator's side, which is neither counted nor disturbed.
func (c *Cloud) adminHandler() http.Handler {
	mux := http.NewServeMux()
	for pattern, do := range map[string]operation{
		"POST /v1/admin/machines":        c.createMachines,
		"PUT /v1/admin/machines/{id}":    c.updateMachine,
		"DELETE /v1/admin/machines/{id}": c.deleteMachine,
		"GET /v1/admin/state":            c.getState,
		"GET /v1/admin/calls":            c.getCalls,
		"DELETE /v1/admin/calls":         c.resetCalls,
		"GET /v1/admin/faults":           c.getFaults,
		"PUT /v1/admin/faults":           c.putFaults,
		"DELETE /v1/admin/faults":        c.deleteFaults,
		"GET /v1/admin/holds":            c.getHolds,
		"POST /v1/admin/holds/{id}":      c.releaseHold,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
			if err != nil {
				return // the client is gone, or sends without end
			}
			answer, err := do(&request{Request: r, body: body})
			send(r.Context(), w, newRequestID(), answer, err)
		})
	}
	return mux
}

func (c *Cloud) getState(*request) (any, error) {
	out := api.State{Machines: []api.Machine{}, LoadBalancers: []api.LoadBalancer{}, Routes: map[string][]api.Route{}}
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, name := range slices.Sorted(maps.Keys(c.balancers)) {
		lb := c.balancers[name]
		lb.Status = c.engine.Status(name)
		out.LoadBalancers = append(out.LoadBalancers, lb)
	}
	err := c.store.View(func(tx store.Tx) error {
		err := tx.EachMachine("", func(m api.Machine) bool {
			out.Machines = append(out.Machines, m)
			return true
		})
		if err != nil {
			return err
		}
		return tx.EachRoute("", func(table string, r api.Route) { out.Routes[table] = append(out.Routes[table], r) })
	})
	return out, err
}

func (c *Cloud) getCalls(*request) (any, error) { return c.calls.Log(), nil }

func (c *Cloud) resetCalls(*request) (any, error) {
	c.calls.Reset()
	return struct{}{}, nil
}

func (c *Cloud) getFaults(*request) (any, error) {
	return api.FaultList{Faults: c.faults.Faults()}, nil
}

func (c *Cloud) putFaults(r *request) (any, error) {
	in, err := decode[api.FaultList](r)
	if err != nil {
		return nil, err
	}
	if err := c.faults.Set(in.Faults); err != nil {
		return nil, invalid("%v", err)
	}
	return c.getFaults(r)
}

func (c *Cloud) deleteFaults(r *request) (any, error) {
	if err := c.faults.Set(nil); err != nil {
		return nil, err
	}
	return c.getFaults(r)
}

// getHolds lists the requests that are held, and waits for the first as long as it is told.
func (c *Cloud) getHolds(r *request) (any, error) {
	wait := time.Duration(0)
	if s := r.URL.Query().Get("wait"); s != "" {
		var err error
		if wait, err = time.ParseDuration(s); err != nil {
			return nil, invalid("wait: %q is not a duration such as \"10s\"", s)
		}
	}
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	for {
		holds, changed := c.faults.Holds()
		if len(holds) > 0 {
			return api.HoldList{Holds: holds}, nil
		}
		select {
		case <-changed:
			continue
		case <-timeout.C:
		case <-r.Context().Done():
		case <-c.stopped:
		}
		return api.HoldList{Holds: holds}, nil
	}
}

func (c *Cloud) releaseHold(r *request) (any, error) {
	name, ok := strings.CutSuffix(r.lastSegment(), ":release")
	id, err := strconv.ParseInt(name, 10, 64)
	if !ok || err != nil {
		return nil, invalid("the path is not /v1/admin/holds/{id}:release")
	}
	if !c.faults.Release(id) {
		return nil, refuse(http.StatusNotFound, api.CodeNotFound, "no request with number %d is held", id)
	}
	return struct{}{}, nil
}
