// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package api

import "time"

// MaxLookup is the most references or names that one look-up may carry.
const MaxLookup = 1000

// MaxPage is the most items that one page of a list holds.
const MaxPage = 1000

// MachineState is whether a machine runs.
type MachineState string

// The states of a machine.
const (
	MachineRunning MachineState = "running"
	MachineStopped MachineState = "stopped"
)

// AddressType is the kind of a machine's address, in Kubernetes' words.
type AddressType string

// The kinds of address.
const (
	InternalIP AddressType = "InternalIP"
	ExternalIP AddressType = "ExternalIP"
)

// MachineAddress is an address of a machine.
type MachineAddress struct {
	Type    AddressType `json:"type"`
	Address string      `json:"address"`
}

// Machine is an entry of the inventory.
type Machine struct {
	// ID is chosen by the creator or, when empty, by the cloud. It never changes.
	ID string `json:"id"`
	// Name is unique, and the name of the Node.
	Name      string            `json:"name"`
	Addresses []MachineAddress  `json:"addresses,omitempty"`
	Zone      string            `json:"zone,omitempty"`
	Region    string            `json:"region,omitempty"`
	Type      string            `json:"type,omitempty"`
	Labels    map[string]string `json:"labels,omitempty"`
	State     MachineState      `json:"state"`
	CreatedAt time.Time         `json:"createdAt"`
}

// LookupMachinesRequest asks for machines by ID and by name.
type LookupMachinesRequest struct {
	IDs   []string `json:"ids,omitempty"`
	Names []string `json:"names,omitempty"`
}

// LookupMachinesResponse says of each reference that it was found or that it is missing. A reference in
// neither list was not answered.
type LookupMachinesResponse struct {
	Machines     []Machine `json:"machines"`
	MissingIDs   []string  `json:"missingIDs,omitempty"`
	MissingNames []string  `json:"missingNames,omitempty"`
}

// MachineList is a page of machines.
type MachineList struct {
	Machines      []Machine `json:"machines"`
	NextPageToken string    `json:"nextPageToken,omitempty"`
}
