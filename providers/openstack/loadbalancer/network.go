// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"sigs.k8s.io/cloud-providers/providers/openstack/neutron"
)

// networkAge is how long networks and subnets are taken for what they were. They change seldom, and what
// depends on them is refused by OpenStack if they have.
const networkAge = 5 * time.Minute

// networkCache remembers networks and subnets.
type networkCache struct {
	clock clock.PassiveClock
	mu    sync.Mutex
	known map[string]cached
}

type cached struct {
	value any
	at    time.Time
}

// remember returns what is known under a key, or asks and remembers.
func remember[T any](c *networkCache, key string, ask func() (T, error)) (T, error) {
	c.mu.Lock()
	known, ok := c.known[key]
	c.mu.Unlock()
	if ok && c.clock.Since(known.at) < networkAge {
		return known.value.(T), nil
	}
	value, err := ask()
	if err != nil {
		return value, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = map[string]cached{}
	}
	c.known[key] = cached{value, c.clock.Now()}
	return value, nil
}

// list reads a collection of Neutron.
func list[T any](ctx context.Context, l *LoadBalancers, collection string, query url.Values) ([]T, error) {
	net, err := l.region.Network(ctx)
	if err != nil {
		return nil, err
	}
	return neutron.List[T](ctx, net, collection, query)
}

// subnet reads a subnet; nil if it cannot be seen.
func (l *LoadBalancers) subnet(ctx context.Context, id string) (*Subnet, error) {
	return remember(&l.network, "subnet "+id, func() (*Subnet, error) {
		found, err := list[Subnet](ctx, l, "subnets", url.Values{"id": {id}})
		if err != nil || len(found) == 0 {
			return nil, err
		}
		return &found[0], nil
	})
}

// subnetsOf reads the subnets of a network that can be seen, by name.
func (l *LoadBalancers) subnetsOf(ctx context.Context, network string) ([]Subnet, error) {
	return remember(&l.network, "subnets of "+network, func() ([]Subnet, error) {
		found, err := list[Subnet](ctx, l, "subnets", url.Values{"network_id": {network}})
		slices.SortStableFunc(found, func(a, b Subnet) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
		return found, err
	})
}

type networkAnswer struct {
	ID      string   `json:"id"`
	Subnets []string `json:"subnets"`
}

// externalNetwork finds the first external network that may give IPv4 addresses: one of its subnets has
// them, or cannot be seen. It is empty if there is none.
func (l *LoadBalancers) externalNetwork(ctx context.Context) (string, error) {
	return remember(&l.network, "external network", func() (string, error) {
		networks, err := list[networkAnswer](ctx, l, "networks", url.Values{"router:external": {"true"}})
		if err != nil {
			return "", err
		}
		for _, n := range networks {
			visible, err := l.subnetsOf(ctx, n.ID)
			if err != nil {
				return "", err
			}
			seen := map[string]int{}
			for _, s := range visible {
				seen[s.ID] = s.IPVersion
			}
			for _, id := range n.Subnets {
				if version, ok := seen[id]; !ok || version == 4 {
					return n.ID, nil
				}
			}
		}
		return "", nil
	})
}

// floatingOn reads the floating IP of a port, nil if there is none.
func (l *LoadBalancers) floatingOn(ctx context.Context, port string) (*FloatingIP, error) {
	return l.floatingBy(ctx, "port_id", port)
}

func (l *LoadBalancers) floatingBy(ctx context.Context, filter, value string) (*FloatingIP, error) {
	found, err := list[FloatingIP](ctx, l, "floatingips", url.Values{filter: {value}})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}
