// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cloud

import (
	"net/http"
	"net/netip"
	"strings"
	"time"

	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/providers/local/cloud/store"
)

func (c *Cloud) lookupMachines(r *request) (any, error) {
	in, err := decode[api.LookupMachinesRequest](r)
	if err != nil {
		return nil, err
	}
	if n := len(in.IDs) + len(in.Names); n > api.MaxLookup {
		return nil, refuse(http.StatusBadRequest, api.CodeTooManyItems, "a look-up carries at most %d references, and this one has %d", api.MaxLookup, n)
	}
	out := api.LookupMachinesResponse{Machines: []api.Machine{}}
	err = c.store.View(func(tx store.Tx) error {
		if out.MissingIDs, err = lookup(r, &out.Machines, in.IDs, tx.Machine); err != nil {
			return err
		}
		out.MissingNames, err = lookup(r, &out.Machines, in.Names, tx.MachineByName)
		return err
	})
	return out, err
}

// lookup appends the machines that get finds to found and returns the references that it does not.
func lookup(r *request, found *[]api.Machine, refs []string, get func(string) (api.Machine, bool, error)) (missing []string, err error) {
	for _, ref := range everySecond(r, refs) {
		m, ok, err := get(ref)
		switch {
		case err != nil:
			return nil, err
		case ok && r.visible(m.CreatedAt):
			*found = append(*found, m)
		default:
			missing = append(missing, ref)
		}
	}
	return missing, nil
}

func (c *Cloud) listMachines(r *request) (any, error) {
	limit, err := r.page()
	if err != nil {
		return nil, err
	}
	region := r.URL.Query().Get("region")
	out := api.MachineList{Machines: []api.Machine{}}
	err = c.store.View(func(tx store.Tx) error {
		return tx.EachMachine(r.URL.Query().Get("pageToken"), func(m api.Machine) bool {
			if region != "" && m.Region != region || !r.visible(m.CreatedAt) {
				return true
			}
			if len(out.Machines) == limit {
				out.NextPageToken = m.ID
				return false
			}
			out.Machines = append(out.Machines, m)
			return true
		})
	})
	out.Machines = everySecond(r, out.Machines)
	return out, err
}

func (c *Cloud) createMachines(r *request) (any, error) {
	in, err := decode[api.MachineList](r)
	if err != nil {
		return nil, err
	}
	for i := range in.Machines {
		m := &in.Machines[i]
		if m.ID == "" {
			m.ID = "m-" + newRequestID()
		}
		if m.CreatedAt.IsZero() {
			m.CreatedAt = time.Now().UTC()
		}
		if err := checkMachine(m); err != nil {
			return nil, err
		}
	}
	err = c.store.Update(func(tx store.Tx) error {
		for _, m := range in.Machines {
			if _, exists, err := tx.Machine(m.ID); err != nil {
				return err
			} else if exists {
				return refuse(http.StatusConflict, api.CodeAlreadyExists, "there is a machine with ID %q", m.ID)
			}
			if err := putMachine(tx, m); err != nil {
				return err
			}
		}
		return nil
	})
	return in, err
}

func (c *Cloud) updateMachine(r *request) (any, error) {
	m, err := decode[api.Machine](r)
	if err != nil {
		return nil, err
	}
	m.ID = r.lastSegment()
	if err := checkMachine(&m); err != nil {
		return nil, err
	}
	err = c.store.Update(func(tx store.Tx) error {
		old, exists, err := tx.Machine(m.ID)
		if err != nil {
			return err
		}
		if !exists {
			return refuse(http.StatusNotFound, api.CodeNotFound, "there is no machine with ID %q", m.ID)
		}
		m.CreatedAt = old.CreatedAt
		return putMachine(tx, m)
	})
	return m, err
}

func (c *Cloud) deleteMachine(r *request) (any, error) {
	return struct{}{}, c.store.Update(func(tx store.Tx) error { return tx.DeleteMachine(r.lastSegment()) })
}

func putMachine(tx store.Tx, m api.Machine) error {
	other, taken, err := tx.MachineByName(m.Name)
	if err != nil {
		return err
	}
	if taken && other.ID != m.ID {
		return refuse(http.StatusConflict, api.CodeAlreadyExists, "machine %q has the name %q", other.ID, m.Name)
	}
	return tx.PutMachine(m)
}

// checkMachine completes a machine and refuses one that a Node could not be made of.
func checkMachine(m *api.Machine) error {
	if m.State == "" {
		m.State = api.MachineRunning
	}
	switch {
	case m.Name == "":
		return invalid("the machine has no name")
	case strings.ContainsAny(m.ID, "/: \t\n"):
		return invalid("machine %s: ID %q contains a slash, a colon or a space, which a provider ID cannot hold", m.Name, m.ID)
	case strings.ContainsAny(m.Region, "/: \t\n"):
		return invalid("machine %s: region %q contains a slash, a colon or a space, which a provider ID cannot hold", m.Name, m.Region)
	case m.State != api.MachineRunning && m.State != api.MachineStopped:
		return invalid("machine %s: state %q is neither %q nor %q", m.Name, m.State, api.MachineRunning, api.MachineStopped)
	}
	for _, a := range m.Addresses {
		if _, err := netip.ParseAddr(a.Address); err != nil {
			return invalid("machine %s: %q is not an IP address", m.Name, a.Address)
		}
		if a.Type != api.InternalIP && a.Type != api.ExternalIP {
			return invalid("machine %s: address type %q is neither %q nor %q", m.Name, a.Type, api.InternalIP, api.ExternalIP)
		}
	}
	return nil
}
