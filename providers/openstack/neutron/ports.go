// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package neutron

import (
	"cmp"
	"context"
	"net/url"
	"slices"

	"github.com/gophercloud/gophercloud/v2"
)

// Port is a port of a network.
type Port struct {
	ID                  string        `json:"id"`
	Name                string        `json:"name"`
	NetworkID           string        `json:"network_id"`
	DeviceID            string        `json:"device_id"`
	DeviceOwner         string        `json:"device_owner"`
	Status              string        `json:"status"`
	FixedIPs            []FixedIP     `json:"fixed_ips"`
	SecurityGroups      []string      `json:"security_groups"`
	AllowedAddressPairs []AddressPair `json:"allowed_address_pairs"`
	// PortSecurityEnabled is nil where Neutron does not say.
	PortSecurityEnabled *bool         `json:"port_security_enabled"`
	TrunkDetails        *TrunkDetails `json:"trunk_details"`
	Tags                []string      `json:"tags"`
	// RevisionNumber is 0 where Neutron does not count.
	RevisionNumber int `json:"revision_number"`
	// CreatedAt is as Neutron writes it: texts of one Neutron are ordered as times are.
	CreatedAt string `json:"created_at"`
}

// FixedIP is an address of a port.
type FixedIP struct {
	SubnetID string `json:"subnet_id"`
	IP       string `json:"ip_address"`
}

// AddressPair is what may be sent from a port beside its own addresses.
type AddressPair struct {
	IP  string `json:"ip_address"`
	MAC string `json:"mac_address,omitempty"`
}

// TrunkDetails are the sub-ports of a port that is a trunk.
type TrunkDetails struct {
	TrunkID  string    `json:"trunk_id"`
	SubPorts []SubPort `json:"sub_ports"`
}

// SubPort is a port that comes tagged through another one.
type SubPort struct {
	PortID string `json:"port_id"`
}

// Secured reports whether the port filters what is sent from it. Neutron without the extension does not say,
// and filters.
func (p Port) Secured() bool { return p.PortSecurityEnabled == nil || *p.PortSecurityEnabled }

var port = object[Port]{"port", "ports", func(p Port) string { return p.ID }, func(p Port) int { return p.RevisionNumber }}

// ListPorts returns the ports for which the filter, such as "device_id", or "fixed_ips" with values such as
// "ip_address=10.0.0.1", has one of the values: the oldest first, each once. Fields shorten the answer to
// what is needed; none means all.
func ListPorts(ctx context.Context, net *gophercloud.ServiceClient, filter string, values []string, fields ...string) ([]Port, error) {
	ports, err := ListBy[Port](ctx, net, port.many, filter, values, portFields(fields))
	return inOrder(ports), err
}

// ListProjectPorts returns all ports of a project as ListPorts does; all that the user sees if the project
// is not known.
func ListProjectPorts(ctx context.Context, net *gophercloud.ServiceClient, project string, fields ...string) ([]Port, error) {
	query := portFields(fields)
	if project != "" {
		query.Set("project_id", project)
	}
	ports, err := List[Port](ctx, net, port.many, query)
	return inOrder(ports), err
}

// portFields asks for fields, and those that the order is made of.
func portFields(fields []string) url.Values {
	query := url.Values{}
	if len(fields) > 0 {
		query["fields"] = append([]string{"id", "created_at"}, fields...)
	}
	return query
}

// inOrder sorts ports by age, which never changes: Neutron's own order is any.
func inOrder(ports []Port) []Port {
	slices.SortFunc(ports, func(a, b Port) int { return cmp.Or(cmp.Compare(a.CreatedAt, b.CreatedAt), cmp.Compare(a.ID, b.ID)) })
	return slices.CompactFunc(ports, func(a, b Port) bool { return a.ID == b.ID })
}

// UpdatePort changes a port as change says, given what it is like: the fields to send, nil for none. change
// is asked again with what the port has become if somebody else has changed it meanwhile.
func UpdatePort(ctx context.Context, net *gophercloud.ServiceClient, is Port, change func(Port) map[string]any) (Port, error) {
	return port.update(ctx, net, is, change)
}
