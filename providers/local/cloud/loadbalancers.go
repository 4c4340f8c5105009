// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cloud

import (
	"maps"
	"net/http"
	"net/netip"
	"reflect"
	"slices"
	"time"

	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/providers/local/cloud/pool"
	"sigs.k8s.io/cloud-providers/providers/local/cloud/store"
)

func (c *Cloud) lookupLoadBalancers(r *request) (any, error) {
	in, err := decode[api.LookupLoadBalancersRequest](r)
	if err != nil {
		return nil, err
	}
	if n := len(in.Names); n > api.MaxLookup {
		return nil, refuse(http.StatusBadRequest, api.CodeTooManyItems, "a look-up carries at most %d names, and this one has %d", api.MaxLookup, n)
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	out := api.LoadBalancerList{LoadBalancers: []api.LoadBalancer{}}
	for _, name := range in.Names {
		if lb, ok := c.balancers[name]; ok && r.visible(lb.CreatedAt) {
			out.LoadBalancers = append(out.LoadBalancers, c.withListenerStatus(lb))
		}
	}
	out.LoadBalancers = everySecond(r, out.LoadBalancers)
	return out, nil
}

func (c *Cloud) listLoadBalancers(r *request) (any, error) {
	limit, err := r.page()
	if err != nil {
		return nil, err
	}
	cluster, from := r.URL.Query().Get("cluster"), r.URL.Query().Get("pageToken")
	c.mu.RLock()
	defer c.mu.RUnlock()
	out := api.LoadBalancerList{LoadBalancers: []api.LoadBalancer{}}
	for _, name := range slices.Sorted(maps.Keys(c.balancers)) {
		lb := c.balancers[name]
		if name < from || cluster != "" && lb.Owner.Cluster != cluster || !r.visible(lb.CreatedAt) {
			continue
		}
		if len(out.LoadBalancers) == limit {
			out.NextPageToken = name
			break
		}
		lb.Status = c.engine.Status(name)
		out.LoadBalancers = append(out.LoadBalancers, lb)
	}
	out.LoadBalancers = everySecond(r, out.LoadBalancers)
	return out, nil
}

// withListenerStatus leaves the members' status out, which would double the size of answers to
// controllers and is nothing to them.
func (c *Cloud) withListenerStatus(lb api.LoadBalancer) api.LoadBalancer {
	lb.Status = api.LoadBalancerStatus{Listeners: c.engine.Status(lb.Name).Listeners}
	return lb
}

func (c *Cloud) createLoadBalancer(r *request) (any, error) {
	in, err := decode[api.CreateLoadBalancerRequest](r)
	if err != nil {
		return nil, err
	}
	lb := api.LoadBalancer{Name: in.Name, Owner: in.Owner, Spec: in.Spec, Revision: 1, CreatedAt: time.Now().UTC()}
	if err := checkLoadBalancer(lb); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if existing, ok := c.balancers[in.Name]; ok {
		if existing.Owner != in.Owner {
			return nil, ownedByOther(existing)
		}
		return c.withListenerStatus(existing), nil
	}
	if lb.Addresses, err = c.assign(lb); err != nil {
		return nil, err
	}
	return c.putLoadBalancer(lb)
}

func (c *Cloud) updateLoadBalancer(r *request) (any, error) {
	in, err := decode[api.UpdateLoadBalancerRequest](r)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	old, ok := c.balancers[r.lastSegment()]
	if !ok {
		return nil, refuse(http.StatusNotFound, api.CodeNotFound, "there is no load balancer %q", r.lastSegment())
	}
	if old.Owner.Cluster != in.Cluster {
		return nil, ownedByOther(old)
	}
	lb := patch(old, in)
	if reflect.DeepEqual(lb, old) {
		return c.withListenerStatus(old), nil
	}
	if in.Revision != 0 && in.Revision != old.Revision {
		return nil, refuse(http.StatusConflict, api.CodeRevisionConflict, "load balancer %q has revision %d, and the change was made for %d", old.Name, old.Revision, in.Revision)
	}
	if err := checkLoadBalancer(lb); err != nil {
		return nil, err
	}
	if lb.Addresses, err = c.assign(lb); err != nil {
		return nil, err
	}
	lb.Revision++
	return c.putLoadBalancer(lb)
}

func patch(lb api.LoadBalancer, in api.UpdateLoadBalancerRequest) api.LoadBalancer {
	if in.Owner != nil {
		lb.Owner = *in.Owner
	}
	if in.Addressing != nil {
		lb.Spec.Addressing = *in.Addressing
	}
	if in.Settings != nil {
		lb.Spec.Settings = *in.Settings
	}
	if in.Listeners != nil {
		lb.Spec.Listeners = nilIfEmpty(*in.Listeners)
	}
	if in.Members != nil {
		lb.Spec.Members = nilIfEmpty(*in.Members)
	}
	return lb
}

func nilIfEmpty[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return s
}

// putLoadBalancer stores a load balancer and makes the ports follow. The caller holds the lock.
func (c *Cloud) putLoadBalancer(lb api.LoadBalancer) (any, error) {
	if err := c.store.Update(func(tx store.Tx) error { return tx.PutLoadBalancer(lb) }); err != nil {
		return nil, err
	}
	c.balancers[lb.Name] = lb
	c.engine.Apply(lb)
	return c.withListenerStatus(lb), nil
}

func (c *Cloud) deleteLoadBalancer(r *request) (any, error) {
	name, cluster := r.lastSegment(), r.URL.Query().Get("cluster")
	c.mu.Lock()
	defer c.mu.Unlock()
	lb, ok := c.balancers[name]
	if !ok {
		return struct{}{}, nil
	}
	if lb.Owner.Cluster != cluster {
		return nil, ownedByOther(lb)
	}
	if err := c.store.Update(func(tx store.Tx) error { return tx.DeleteLoadBalancer(name) }); err != nil {
		return nil, err
	}
	delete(c.balancers, name)
	c.engine.Remove(name)
	return struct{}{}, nil
}

func ownedByOther(lb api.LoadBalancer) error {
	return refuse(http.StatusConflict, api.CodeOwnedByOther, "load balancer %q belongs to cluster %q, Service %s/%s (UID %s)",
		lb.Name, lb.Owner.Cluster, lb.Owner.Namespace, lb.Owner.Service, lb.Owner.UID)
}

// assign returns an address for each family: the one requested, else the one that the load balancer has,
// else a free one. The caller holds the lock.
func (c *Cloud) assign(lb api.LoadBalancer) ([]string, error) {
	used := pool.InUse{}
	for _, other := range c.balancers {
		if other.Name == lb.Name {
			continue
		}
		for _, a := range other.Addresses {
			if addr, err := netip.ParseAddr(a); err == nil {
				used.Add(addr, other.Name, other.Spec.Listeners)
			}
		}
	}
	var addresses []string
	for _, family := range lb.Spec.Addressing.Families {
		addr, err := c.assignFamily(lb, family, used)
		if err != nil {
			return nil, err
		}
		addresses = append(addresses, addr.String())
	}
	return addresses, nil
}

func (c *Cloud) assignFamily(lb api.LoadBalancer, family api.Family, used pool.InUse) (netip.Addr, error) {
	spec := lb.Spec.Addressing
	if requested, ok := ofFamily(spec.Requested, family); ok {
		p, err := c.pool(spec.Pool, family, requested)
		if err != nil {
			return netip.Addr{}, err
		}
		if !p.Prefix.Contains(requested) {
			return netip.Addr{}, invalid("address %s is not in pool %q (%s)", requested, p.Name, p.Prefix)
		}
		if conflict := p.Conflict(requested, lb.Spec.Listeners, used); conflict != "" {
			return netip.Addr{}, refuse(http.StatusConflict, api.CodeAddressInUse, "%s", conflict)
		}
		return requested, nil
	}
	current, has := ofFamily(lb.Addresses, family)
	p, err := c.pool(spec.Pool, family, current)
	if err != nil && has && spec.Pool == "" {
		p, err = c.pool(spec.Pool, family, netip.Addr{}) // its pool is not configured any more
	}
	if err != nil {
		return netip.Addr{}, err
	}
	if has && p.Prefix.Contains(current) {
		if conflict := p.Conflict(current, lb.Spec.Listeners, used); conflict != "" {
			return netip.Addr{}, refuse(http.StatusConflict, api.CodeAddressInUse, "%s", conflict)
		}
		return current, nil
	}
	addr, ok := p.Next(lb.Spec.Listeners, used)
	if !ok {
		return netip.Addr{}, refuse(http.StatusConflict, api.CodePoolExhausted, "pool %q (%s) has no address left for this load balancer; enlarge it or choose another", p.Name, p.Prefix)
	}
	return addr, nil
}

// pool returns the pool of a name and family. Without a name it is the one that contains the address, if
// there is an address, else the default one.
func (c *Cloud) pool(name string, family api.Family, contains netip.Addr) (pool.Pool, error) {
	var known []string
	for _, p := range c.pools {
		known = append(known, p.Name+" ("+string(p.Family())+" "+p.Prefix.String()+")")
		if p.Family() != family {
			continue
		}
		switch {
		case name == "" && contains.IsValid():
			if p.Prefix.Contains(contains) {
				return p, nil
			}
		case p.Name == name, name == "" && p.Name == api.DefaultPool:
			return p, nil
		}
	}
	if name == "" && contains.IsValid() {
		return pool.Pool{}, invalid("address %s is in none of the pools %v", contains, known)
	}
	if name == "" {
		name = api.DefaultPool
	}
	return pool.Pool{}, invalid("there is no %s pool %q; the pools are %v", family, name, known)
}

func ofFamily(addresses []string, family api.Family) (netip.Addr, bool) {
	for _, a := range addresses {
		if addr, err := netip.ParseAddr(a); err == nil && pool.FamilyOf(addr) == family {
			return addr, true
		}
	}
	return netip.Addr{}, false
}
