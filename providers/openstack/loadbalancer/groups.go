// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"context"
	"net/url"
	"slices"
	"sync"
	"time"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/openstack/client"
	"sigs.k8s.io/cloud-providers/providers/openstack/neutron"
)

// groupPrefix begins the names of all security groups of Services.
const groupPrefix = "lb-sg-"

// groupNames lists the security groups of Services by name, without their rules.
func (l *LoadBalancers) groupNames(ctx context.Context) (map[string][]Group, error) {
	found, err := list[Group](ctx, l, "security-groups", url.Values{"fields": {"id", "name"}})
	if err != nil {
		return nil, err
	}
	byName := map[string][]Group{}
	for _, g := range found {
		if len(g.Name) > len(groupPrefix) && g.Name[:len(groupPrefix)] == groupPrefix {
			byName[g.Name] = append(byName[g.Name], g)
		}
	}
	return byName, nil
}

// groupsNamed reads the security groups of a name, with their rules.
func (l *LoadBalancers) groupsNamed(ctx context.Context, name string) ([]Group, error) {
	return list[Group](ctx, l, "security-groups", url.Values{"name": {name}})
}

// carriers are the ports that have a security group.
func (l *LoadBalancers) carriers(ctx context.Context, group string) ([]neutron.Port, error) {
	net, err := l.region.Network(ctx)
	if err != nil {
		return nil, err
	}
	return neutron.ListPorts(ctx, net, "security_groups", []string{group})
}

// portsAge is how long the ports of a server are taken for what they were.
const portsAge = time.Minute

// portCache has the ports of servers, which all Services share.
type portCache struct {
	mu    sync.Mutex
	known map[string]serverPorts
}

type serverPorts struct {
	ports []neutron.Port
	at    time.Time
}

// missing are the servers whose ports are not known well enough, oldest is how old they may be.
func (c *portCache) missing(servers []string, oldest time.Time) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(servers), func(s string) bool { return c.known[s].at.After(oldest) })
}

func (c *portCache) put(servers []string, ports []neutron.Port, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = map[string]serverPorts{}
	}
	for _, s := range servers {
		c.known[s] = serverPorts{at: at}
	}
	for _, p := range ports {
		if k, ok := c.known[p.DeviceID]; ok {
			k.ports = append(k.ports, p)
			c.known[p.DeviceID] = k
		}
	}
}

func (c *portCache) get(servers []string) []neutron.Port {
	c.mu.Lock()
	defer c.mu.Unlock()
	var ports []neutron.Port
	for _, s := range servers {
		ports = append(ports, c.known[s].ports...)
	}
	return ports
}

// replace notes what a port has become.
func (c *portCache) replace(port neutron.Port) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.known[port.DeviceID]
	if !ok {
		return
	}
	k.ports = slices.Clone(k.ports)
	for i := range k.ports {
		if k.ports[i].ID == port.ID {
			k.ports[i] = port
		}
	}
	c.known[port.DeviceID] = k
}

// serverPorts returns the ports of servers.
func (l *LoadBalancers) serverPorts(ctx context.Context, servers []string) ([]neutron.Port, error) {
	now := l.clock.Now()
	if missing := l.ports.missing(servers, now.Add(-portsAge)); len(missing) > 0 {
		net, err := l.region.Network(ctx)
		if err != nil {
			return nil, err
		}
		found, err := neutron.ListPorts(ctx, net, "device_id", missing)
		if err != nil {
			return nil, err
		}
		l.ports.put(missing, found, now)
	}
	return l.ports.get(servers), nil
}

// keyExists asks Barbican for a container or a secret.
func (l *LoadBalancers) keyExists(ctx context.Context, kind, id string) error {
	_, err := remember(&l.network, kind+" "+id, func() (bool, error) {
		keys, err := l.region.KeyManager(ctx)
		if err != nil {
			return false, err
		}
		var body map[string]any
		_, err = keys.Get(ctx, keys.ServiceURL(kind, id), &body, nil) //nolint:bodyclose // gophercloud closes what it has decoded
		if client.NotFound(err) {
			return false, &provider.UserError{Cause: err, Problems: []string{
				"there is no Barbican " + kind[:len(kind)-1] + " " + id + ", which annotation " + tlsReference.Key() + " or the cloud-config names; create it, or name another",
			}}
		}
		if err != nil {
			return false, client.Explain("get the Barbican "+kind[:len(kind)-1]+" "+id, err)
		}
		return true, nil
	})
	return err
}
