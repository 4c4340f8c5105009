// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"context"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"
	"k8s.io/utils/clock"

	"sigs.k8s.io/cloud-providers/providers/openstack/neutron"
)

const (
	// idsPerURL is how many IDs fit into one list of ports by device.
	idsPerURL = 160
	// muchLarger is from where on a project's ports are not listed as a whole for those of some servers.
	muchLarger = 10
)

// portFields are what is read of ports.
var portFields = []string{"network_id", "device_id", "status", "fixed_ips", "trunk_details"}

// attached is what Neutron knows of servers.
type attached struct {
	ports map[string][]neutron.Port // by server, the oldest first
	subs  map[string]neutron.Port   // sub-ports by their ID
	names map[string]string         // of networks by their ID
}

// attachments reads the ports of servers, and what is behind those that are trunks: with one list of the
// project's for many.
func (r *region) attachments(ctx context.Context, servers []*server) (*attached, error) {
	net, err := r.client.Network(ctx)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, s := range servers {
		ids = append(ids, s.ID)
	}
	a := &attached{ports: map[string][]neutron.Port{}, subs: map[string]neutron.Port{}}
	known := int(r.ports.Load())
	if len(ids) > idsPerURL && known <= muchLarger*len(ids) {
		all, err := neutron.ListProjectPorts(ctx, net, projectOf(net), portFields...)
		if err != nil {
			return nil, err
		}
		r.ports.Store(int64(len(all)))
		a.add(all)
		for _, p := range all {
			a.subs[p.ID] = p
		}
		ids = withoutPorts(servers, a.ports)
	}
	if len(ids) > 0 {
		some, err := neutron.ListPorts(ctx, net, "device_id", ids, portFields...)
		if err != nil {
			return nil, err
		}
		a.add(some)
	}
	return a, r.readSubPorts(ctx, net, a, servers)
}

// withoutPorts are the servers that have addresses and no port in a list: the ports may be another project's.
func withoutPorts(servers []*server, ports map[string][]neutron.Port) []string {
	var ids []string
	for _, s := range servers {
		if len(s.Addresses) > 0 && len(ports[s.ID]) == 0 {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

func (a *attached) add(ports []neutron.Port) {
	for _, p := range ports {
		a.ports[p.DeviceID] = append(a.ports[p.DeviceID], p)
	}
}

// projectOf is the project that the token is for; users with a role in all of them would else be shown all
// ports.
func projectOf(net *gophercloud.ServiceClient) string {
	switch result := net.GetAuthResult().(type) {
	case tokens.CreateResult:
		if p, err := result.ExtractProject(); err == nil && p != nil {
			return p.ID
		}
	case tokens.GetResult:
		if p, err := result.ExtractProject(); err == nil && p != nil {
			return p.ID
		}
	}
	return ""
}

// readSubPorts reads the ports behind trunks as far as they are not known, and the names of their networks.
func (r *region) readSubPorts(ctx context.Context, net *gophercloud.ServiceClient, a *attached, servers []*server) error {
	var missing, networks []string
	var all []string
	for _, s := range servers {
		all = append(all, subPortIDs(a.ports[s.ID])...)
	}
	for _, id := range all {
		if _, ok := a.subs[id]; !ok {
			missing = append(missing, id)
		}
	}
	if len(missing) > 0 {
		read, err := neutron.ListPorts(ctx, net, "id", missing, portFields...)
		if err != nil {
			return err
		}
		for _, p := range read {
			a.subs[p.ID] = p
		}
	}
	for _, id := range all {
		if p, ok := a.subs[id]; ok {
			networks = append(networks, p.NetworkID)
		}
	}
	var err error
	a.names, err = r.networks.of(ctx, net, networks)
	return err
}

func subPortIDs(ports []neutron.Port) []string {
	var ids []string
	for _, p := range ports {
		if p.TrunkDetails == nil {
			continue
		}
		for _, sub := range p.TrunkDetails.SubPorts {
			ids = append(ids, sub.PortID)
		}
	}
	return ids
}

// subPorts are what is behind the trunks among a server's ports. A sub-port that is not there any more, or
// whose network is not, is left out.
func (a *attached) subPorts(ports []neutron.Port) []subPort {
	var all []subPort
	for _, id := range subPortIDs(ports) {
		p, ok := a.subs[id]
		if name := a.names[p.NetworkID]; ok && name != "" {
			all = append(all, subPort{name, p.FixedIPs})
		}
	}
	return all
}

// nameMemory is how long names of networks are kept: they seldom change.
const nameMemory = 10 * time.Minute

// networkNames remembers names of networks.
type networkNames struct {
	clock clock.PassiveClock

	mu    sync.Mutex
	since time.Time
	names map[string]string
}

// of returns the names of networks by their IDs.
func (n *networkNames) of(ctx context.Context, net *gophercloud.ServiceClient, ids []string) (map[string]string, error) {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.names == nil || n.clock.Since(n.since) > nameMemory {
		n.names, n.since = map[string]string{}, n.clock.Now()
	}
	var missing []string
	names := map[string]string{}
	for _, id := range ids {
		if name, ok := n.names[id]; ok {
			names[id] = name
		} else {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return names, nil
	}
	type network struct{ ID, Name string }
	read, err := neutron.ListBy[network](ctx, net, "networks", "id", missing, url.Values{"fields": {"id", "name"}})
	if err != nil {
		return nil, err
	}
	for _, one := range read {
		n.names[one.ID], names[one.ID] = one.Name, one.Name
	}
	return names, nil
}
