// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"strings"

	"sigs.k8s.io/cloud-providers/providers/local/api"
)

// Machine returns the machine with that ID.
func (t Tx) Machine(id string) (api.Machine, bool, error) { return machines.get(t, id) }

// MachineByName returns the machine with that name.
func (t Tx) MachineByName(name string) (api.Machine, bool, error) {
	id := t.tx.Bucket(machineNames).Get([]byte(name))
	if id == nil {
		return api.Machine{}, false, nil
	}
	return t.Machine(string(id))
}

// PutMachine stores a machine. The caller has made sure that its name is free.
func (t Tx) PutMachine(m api.Machine) error {
	if err := t.DeleteMachine(m.ID); err != nil { // with the name that it had
		return err
	}
	if err := t.tx.Bucket(machineNames).Put([]byte(m.Name), []byte(m.ID)); err != nil {
		return err
	}
	return machines.put(t, m.ID, m)
}

// DeleteMachine removes a machine, if it is there.
func (t Tx) DeleteMachine(id string) error {
	m, ok, err := t.Machine(id)
	if err != nil || !ok {
		return err
	}
	if err := t.tx.Bucket(machineNames).Delete([]byte(m.Name)); err != nil {
		return err
	}
	return machines.delete(t, id)
}

// EachMachine visits machines by ID, from one on, until visit returns false.
func (t Tx) EachMachine(from string, visit func(api.Machine) bool) error {
	return machines.each(t, from, func(_ string, m api.Machine) bool { return visit(m) })
}

// LoadBalancer returns the load balancer with that name.
func (t Tx) LoadBalancer(name string) (api.LoadBalancer, bool, error) {
	return loadBalancers.get(t, name)
}

// PutLoadBalancer stores a load balancer without its status.
func (t Tx) PutLoadBalancer(lb api.LoadBalancer) error {
	lb.Status = api.LoadBalancerStatus{}
	return loadBalancers.put(t, lb.Name, lb)
}

// DeleteLoadBalancer removes a load balancer, if it is there.
func (t Tx) DeleteLoadBalancer(name string) error { return loadBalancers.delete(t, name) }

// EachLoadBalancer visits load balancers by name, from one on, until visit returns false.
func (t Tx) EachLoadBalancer(from string, visit func(api.LoadBalancer) bool) error {
	return loadBalancers.each(t, from, func(_ string, lb api.LoadBalancer) bool { return visit(lb) })
}

// Route returns the route of a table to a destination.
func (t Tx) Route(table, destination string) (api.Route, bool, error) {
	return routes.get(t, routeKey(table, destination))
}

// PutRoute stores a route.
func (t Tx) PutRoute(table string, r api.Route) error {
	return routes.put(t, routeKey(table, r.Destination), r)
}

// DeleteRoute removes a route, if it is there.
func (t Tx) DeleteRoute(table, destination string) error {
	return routes.delete(t, routeKey(table, destination))
}

// EachRoute visits the routes of a table, or of all tables with an empty one.
func (t Tx) EachRoute(table string, visit func(table string, r api.Route)) error {
	from := ""
	if table != "" {
		from = routeKey(table, "")
	}
	return routes.each(t, from, func(key string, r api.Route) bool {
		if !strings.HasPrefix(key, from) {
			return false
		}
		name, _, _ := strings.Cut(key, "\x00")
		visit(name, r)
		return true
	})
}

func routeKey(table, destination string) string { return table + "\x00" + destination }
