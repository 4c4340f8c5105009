// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"context"
	"fmt"
	"slices"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/listeners"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/monitors"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/pools"
	"golang.org/x/sync/errgroup"

	"sigs.k8s.io/cloud-providers/providers/openstack/client"
	"sigs.k8s.io/cloud-providers/providers/openstack/neutron"
)

const (
	// readers is how many load balancers, or parts of one, are read at once.
	readers = 8
	// oneByOne is the most objects that are read one by one rather than in the list of all.
	oneByOne = 3
)

// balancerAnswer is what Octavia says of one load balancer; nil if it does not exist.
type balancerAnswer struct {
	balancer *loadbalancers.LoadBalancer
	err      error
}

// readStates reads load balancers: few by their IDs, many in the list of all.
func (l *LoadBalancers) readStates(ctx context.Context, ids []string) ([]*balancerAnswer, error) {
	answers := make([]*balancerAnswer, len(ids))
	if len(ids) > oneByOne {
		all, err := l.listBalancers(ctx, loadbalancers.ListOpts{})
		if err != nil {
			return nil, err
		}
		listed := make(map[string]*loadbalancers.LoadBalancer, len(all))
		for i := range all {
			listed[all[i].ID] = &all[i]
		}
		for n, id := range ids {
			if lb := listed[id]; lb != nil {
				answers[n] = &balancerAnswer{balancer: lb}
			}
		}
	}
	octavia, err := l.region.LoadBalancer(ctx)
	if err != nil {
		return nil, err
	}
	var group errgroup.Group
	group.SetLimit(readers)
	for n, id := range ids {
		if answers[n] != nil {
			continue
		}
		group.Go(func() error { // one that is not in the list may be another project's
			lb, err := loadbalancers.Get(ctx, octavia, id).Extract()
			switch {
			case client.NotFound(err):
				answers[n] = &balancerAnswer{}
			case err != nil:
				answers[n] = &balancerAnswer{err: client.Explain("get load balancer "+id, err)}
			default:
				answers[n] = &balancerAnswer{balancer: lb}
			}
			return nil
		})
	}
	_ = group.Wait() // each has its own error
	return answers, nil
}

func (l *LoadBalancers) listBalancers(ctx context.Context, o loadbalancers.ListOpts) ([]loadbalancers.LoadBalancer, error) {
	octavia, err := l.region.LoadBalancer(ctx)
	if err != nil {
		return nil, err
	}
	pages, err := loadbalancers.List(octavia, o).AllPages(ctx)
	if err != nil {
		return nil, client.Explain("list load balancers", err)
	}
	return loadbalancers.ExtractLoadBalancers(pages)
}

// everything is the load balancers of the project with their parts, read once for many Services.
type everything struct {
	balancers []loadbalancers.LoadBalancer
	listeners []listeners.Listener
	pools     []pools.Pool
	monitors  []monitors.Monitor
	groups    map[string][]Group
}

func (l *LoadBalancers) readEverything(ctx context.Context) (*everything, error) {
	octavia, err := l.region.LoadBalancer(ctx)
	if err != nil {
		return nil, err
	}
	var all everything
	group, both := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		all.balancers, err = l.listBalancers(both, loadbalancers.ListOpts{})
		return err
	})
	group.Go(func() (err error) {
		all.listeners, err = listListeners(both, octavia, "")
		return err
	})
	group.Go(func() (err error) {
		all.pools, err = listPools(both, octavia, "")
		return err
	})
	group.Go(func() (err error) {
		all.monitors, err = listMonitors(both, octavia)
		return err
	})
	group.Go(func() (err error) {
		all.groups, err = l.groupNames(both)
		return err
	})
	return &all, group.Wait()
}

func listListeners(ctx context.Context, octavia *gophercloud.ServiceClient, balancer string) ([]listeners.Listener, error) {
	pages, err := listeners.List(octavia, listeners.ListOpts{LoadbalancerID: balancer}).AllPages(ctx)
	if err != nil {
		return nil, client.Explain("list listeners", err)
	}
	return listeners.ExtractListeners(pages)
}

func listPools(ctx context.Context, octavia *gophercloud.ServiceClient, balancer string) ([]pools.Pool, error) {
	pages, err := pools.List(octavia, pools.ListOpts{LoadbalancerID: balancer}).AllPages(ctx)
	if err != nil {
		return nil, client.Explain("list pools", err)
	}
	return pools.ExtractPools(pages)
}

func listMonitors(ctx context.Context, octavia *gophercloud.ServiceClient) ([]monitors.Monitor, error) {
	pages, err := monitors.List(octavia, monitors.ListOpts{}).AllPages(ctx)
	if err != nil {
		return nil, client.Explain("list health monitors", err)
	}
	return monitors.ExtractMonitors(pages)
}

// readParts reads listeners, pools, members and monitors of a load balancer.
func (l *LoadBalancers) readParts(ctx context.Context, b *Balancer, all *everything) error {
	octavia, err := l.region.LoadBalancer(ctx)
	if err != nil {
		return err
	}
	if all == nil {
		all = &everything{}
		group, both := errgroup.WithContext(ctx)
		group.Go(func() (err error) {
			all.listeners, err = listListeners(both, octavia, b.ID)
			return err
		})
		group.Go(func() (err error) {
			all.pools, err = listPools(both, octavia, b.ID)
			return err
		})
		if err := group.Wait(); err != nil {
			return err
		}
	}
	// In some versions later pages drop the filter.
	below := slices.DeleteFunc(slices.Clone(all.pools), func(p pools.Pool) bool {
		return !slices.ContainsFunc(p.Loadbalancers, func(id pools.LoadBalancerID) bool { return id.ID == b.ID })
	})
	found := make([]PoolActual, len(below))
	for i := range below {
		found[i] = poolOf(&below[i])
	}
	if err := l.readMembers(ctx, octavia, found); err != nil {
		return err
	}
	if err := l.readMonitors(ctx, octavia, below, found, all.monitors); err != nil {
		return err
	}
	assemble(b, all.listeners, found)
	return nil
}

// assemble puts pools below their listeners.
func assemble(b *Balancer, all []listeners.Listener, found []PoolActual) {
	b.Listeners, b.Loose = nil, nil
	used := map[string]bool{}
	for i := range all {
		if !slices.ContainsFunc(all[i].Loadbalancers, func(id listeners.LoadBalancerID) bool { return id.ID == b.ID }) {
			continue
		}
		made := listenerOf(&all[i])
		for n := range found {
			if found[n].ID == all[i].DefaultPoolID {
				made.Pool = &found[n]
				used[found[n].ID] = true
			}
		}
		b.Listeners = append(b.Listeners, made)
	}
	for _, p := range found {
		if !used[p.ID] {
			b.Loose = append(b.Loose, p)
		}
	}
}

func (l *LoadBalancers) readMembers(ctx context.Context, octavia *gophercloud.ServiceClient, found []PoolActual) error {
	group, each := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for i := range found {
		group.Go(func() error {
			members, err := listMembers(each, octavia, found[i].ID)
			found[i].Members = members
			return err
		})
	}
	return group.Wait()
}

func listMembers(ctx context.Context, octavia *gophercloud.ServiceClient, pool string) ([]MemberActual, error) {
	// Pools have as many members as there are Nodes: they are read into nothing larger than needed.
	read, err := neutron.List[member](ctx, octavia, "lbaas/pools/"+pool+"/members", nil)
	if err != nil {
		return nil, fmt.Errorf("members of pool %s: %w", pool, err)
	}
	members := make([]MemberActual, len(read))
	for i := range read {
		members[i] = read[i].actual()
	}
	return members, nil
}

// readMonitors reads the monitors of pools: few by their IDs, many in the list of all.
func (l *LoadBalancers) readMonitors(ctx context.Context, octavia *gophercloud.ServiceClient, below []pools.Pool, found []PoolActual, all []monitors.Monitor) error {
	var missing []int
	for i := range below {
		if below[i].MonitorID == "" {
			continue
		}
		missing = append(missing, i)
	}
	if len(missing) > oneByOne && all == nil {
		var err error
		if all, err = listMonitors(ctx, octavia); err != nil {
			return err
		}
	}
	for _, i := range missing {
		at := slices.IndexFunc(all, func(m monitors.Monitor) bool { return m.ID == below[i].MonitorID })
		if at >= 0 {
			found[i].Monitor = monitorOf(&all[at])
			continue
		}
		m, err := monitors.Get(ctx, octavia, below[i].MonitorID).Extract()
		switch {
		case client.NotFound(err): // it went meanwhile
		case err != nil:
			return client.Explain("get health monitor "+below[i].MonitorID, err)
		default:
			found[i].Monitor = monitorOf(m)
		}
	}
	return nil
}
