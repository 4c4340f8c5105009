// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Admin returns the administrator's side of the cloud.
func (c *Client) Admin() *Admin { return &Admin{c} }

// Admin is the side of the interface that belongs to whoever runs the cloud. Its calls are neither
// counted nor disturbed by faults.
type Admin struct{ c *Client }

// CreateMachines adds machines to the inventory, all or none.
func (a *Admin) CreateMachines(ctx context.Context, machines ...Machine) ([]Machine, error) {
	list, err := call[MachineList](ctx, a.c, http.MethodPost, "/v1/admin/machines", nil, MachineList{Machines: machines})
	return list.Machines, err
}

// UpdateMachine replaces everything of a machine but its ID and its time of creation.
func (a *Admin) UpdateMachine(ctx context.Context, m Machine) (Machine, error) {
	return call[Machine](ctx, a.c, http.MethodPut, "/v1/admin/machines/"+url.PathEscape(m.ID), nil, m)
}

// DeleteMachine removes a machine, if it is there.
func (a *Admin) DeleteMachine(ctx context.Context, id string) error {
	_, err := call[struct{}](ctx, a.c, http.MethodDelete, "/v1/admin/machines/"+url.PathEscape(id), nil, nil)
	return err
}

// State returns everything there is.
func (a *Admin) State(ctx context.Context) (State, error) {
	return call[State](ctx, a.c, http.MethodGet, "/v1/admin/state", nil, nil)
}

// Calls returns the log of calls and their counts.
func (a *Admin) Calls(ctx context.Context) (CallLog, error) {
	return call[CallLog](ctx, a.c, http.MethodGet, "/v1/admin/calls", nil, nil)
}

// ResetCalls forgets the calls so far.
func (a *Admin) ResetCalls(ctx context.Context) error {
	_, err := call[struct{}](ctx, a.c, http.MethodDelete, "/v1/admin/calls", nil, nil)
	return err
}

// SetFaults replaces all faults, and releases every held request. Without arguments nothing is disturbed
// any more.
func (a *Admin) SetFaults(ctx context.Context, faults ...Fault) error {
	if faults == nil {
		faults = []Fault{}
	}
	_, err := call[FaultList](ctx, a.c, http.MethodPut, "/v1/admin/faults", nil, FaultList{Faults: faults})
	return err
}

// Faults returns the faults with what is left of their skips and counts.
func (a *Admin) Faults(ctx context.Context) ([]Fault, error) {
	list, err := call[FaultList](ctx, a.c, http.MethodGet, "/v1/admin/faults", nil, nil)
	return list.Faults, err
}

// Holds returns the requests that are held. It waits up to wait for the first.
func (a *Admin) Holds(ctx context.Context, wait time.Duration) ([]Hold, error) {
	list, err := call[HoldList](ctx, a.c, http.MethodGet, "/v1/admin/holds", url.Values{"wait": {wait.String()}}, nil)
	return list.Holds, err
}

// Release lets a held request go on.
func (a *Admin) Release(ctx context.Context, hold int64) error {
	_, err := call[struct{}](ctx, a.c, http.MethodPost, "/v1/admin/holds/"+strconv.FormatInt(hold, 10)+":release", nil, nil)
	return err
}
