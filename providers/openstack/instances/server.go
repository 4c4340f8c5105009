// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"time"

	"sigs.k8s.io/cloud-providers/common/provider"
)

// server is what is read of Nova's servers.
type server struct {
	ID         string               `json:"id"`
	Name       string               `json:"name"`
	Status     string               `json:"status"`
	Addresses  map[string][]address `json:"addresses"`
	AccessIPv4 string               `json:"accessIPv4"`
	AccessIPv6 string               `json:"accessIPv6"`
	Metadata   map[string]string    `json:"metadata"`
	Zone       string               `json:"OS-EXT-AZ:availability_zone"`
	Flavor     flavor               `json:"flavor"`
	HostID     string               `json:"hostId"`
	Created    time.Time            `json:"created"`
}

// address is one of a server's in a network.
type address struct {
	Address string `json:"addr"`
	Type    string `json:"OS-EXT-IPS:type"`
}

// flavor has a name from microversion 2.47 on, and an ID before.
type flavor struct {
	ID   string `json:"id"`
	Name string `json:"original_name"`
}

// gone reports whether Nova only remembers the server.
func (s *server) gone() bool { return s.Status == "DELETED" || s.Status == "SOFT_DELETED" }

// unreachable reports whether Nova cannot reach the cell that the server is in: it then knows little of it,
// not even its name. Before microversion 2.69 lists leave such servers out.
func (s *server) unreachable() bool { return s.Status == "UNKNOWN" }

// power is what a Node's shutdown taint depends on.
func (s *server) power() provider.PowerState {
	switch s.Status {
	case "SHUTOFF":
		return provider.PowerStopped
	case "ACTIVE":
		return provider.PowerRunning
	}
	return provider.PowerUnknown
}
