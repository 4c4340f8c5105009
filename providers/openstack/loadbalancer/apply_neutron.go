// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/gophercloud/gophercloud/v2"

	"sigs.k8s.io/cloud-providers/providers/openstack/client"
	"sigs.k8s.io/cloud-providers/providers/openstack/neutron"
)

// call sends a body and reads the object of that name in the answer.
func call[T any](ctx context.Context, net *gophercloud.ServiceClient, method, name string, body any, path ...string) (T, error) {
	var answer map[string]T
	_, err := net.Request(ctx, method, net.ServiceURL(path...), &gophercloud.RequestOpts{ //nolint:bodyclose // gophercloud closes what it has decoded
		JSONBody: body, JSONResponse: &answer, OkCodes: []int{http.StatusOK, http.StatusCreated},
	})
	return answer[name], err
}

// remove deletes an object; one that is gone is fine.
func remove(ctx context.Context, net *gophercloud.ServiceClient, path ...string) error {
	_, err := net.Delete(ctx, net.ServiceURL(path...), nil) //nolint:bodyclose // a 204 has none
	if client.NotFound(err) {
		return nil
	}
	return err
}

// createFloating makes a floating IP on the VIP, in the first of some subnets that has an address left.
type createFloating struct {
	network              string
	subnets              []string
	address, description string
}

func (s createFloating) do(ctx context.Context, e *executor) error {
	if e.actual.Balancer == nil {
		return missing("the VIP")
	}
	subnets := s.subnets
	if len(subnets) == 0 {
		subnets = []string{""}
	}
	var last error
	for _, subnet := range subnets {
		body := map[string]string{"floating_network_id": s.network, "port_id": e.actual.Balancer.PortID, "description": s.description}
		if subnet != "" {
			body["subnet_id"] = subnet
		}
		if s.address != "" {
			body["floating_ip_address"] = s.address
		}
		made, err := call[FloatingIP](ctx, e.net, http.MethodPost, "floatingip", map[string]any{"floatingip": body}, "floatingips")
		if err == nil {
			e.set(func(a *Actual) { a.Floating = &made })
			return nil
		}
		last = err
		if client.Status(err) != http.StatusConflict && client.Status(err) != http.StatusBadRequest && client.Status(err) != http.StatusNotFound {
			break
		}
	}
	return last
}

// attachFloating puts a floating IP that exists on the VIP.
type attachFloating struct{ f FloatingIP }

func (s attachFloating) do(ctx context.Context, e *executor) error {
	made, err := call[FloatingIP](ctx, e.net, http.MethodPut, "floatingip", map[string]any{"floatingip": map[string]any{"port_id": e.actual.Balancer.PortID}}, "floatingips", s.f.ID)
	if err != nil {
		return err
	}
	e.set(func(a *Actual) { a.Floating, a.Spare = &made, nil })
	return nil
}

type detachFloating struct{ f FloatingIP }

func (s detachFloating) do(ctx context.Context, e *executor) error {
	_, err := call[FloatingIP](ctx, e.net, http.MethodPut, "floatingip", map[string]any{"floatingip": map[string]any{"port_id": nil}}, "floatingips", s.f.ID)
	if err != nil && !client.NotFound(err) {
		return err
	}
	e.set(func(a *Actual) { a.Floating = nil })
	return nil
}

type deleteFloating struct{ f FloatingIP }

func (s deleteFloating) do(ctx context.Context, e *executor) error {
	if err := remove(ctx, e.net, "floatingips", s.f.ID); err != nil {
		return err
	}
	e.set(func(a *Actual) {
		if a.Floating != nil && a.Floating.ID == s.f.ID {
			a.Floating = nil
		}
		if a.Spare != nil && a.Spare.ID == s.f.ID {
			a.Spare = nil
		}
	})
	return nil
}

type createGroup struct{ name, description string }

func (s createGroup) do(ctx context.Context, e *executor) error {
	made, err := call[Group](ctx, e.net, http.MethodPost, "security_group", map[string]any{"security_group": map[string]string{"name": s.name, "description": s.description}}, "security-groups")
	if err != nil {
		return err
	}
	e.memory.edit(e.uid(), func(r *remembered) { r.noGroup = false })
	e.set(func(a *Actual) { a.Group, a.Groups = &made, 1 })
	return nil
}

// createRules makes rules of the group in one call. If one is there already they are made one by one.
type createRules struct{ rules []Rule }

func (s createRules) do(ctx context.Context, e *executor) error {
	e.mu.Lock()
	group := e.actual.Group
	e.mu.Unlock()
	if group == nil {
		return missing("the security group")
	}
	rules := slices.Clone(s.rules)
	for i := range rules {
		rules[i].GroupID = group.ID
	}
	made, err := call[[]Rule](ctx, e.net, http.MethodPost, "security_group_rules", map[string]any{"security_group_rules": rules}, "security-group-rules")
	if client.Conflict(err) && !client.QuotaExceeded(err) {
		made, err = e.createEach(ctx, rules)
	}
	if err != nil {
		return err
	}
	e.set(func(a *Actual) { a.Group.Rules = append(slices.Clone(a.Group.Rules), made...) })
	return nil
}

func (e *executor) createEach(ctx context.Context, rules []Rule) ([]Rule, error) {
	var all []Rule
	var errs []error
	for _, r := range rules {
		made, err := call[Rule](ctx, e.net, http.MethodPost, "security_group_rule", map[string]any{"security_group_rule": r}, "security-group-rules")
		switch {
		case client.Conflict(err) && !client.QuotaExceeded(err): // it is there
			all = append(all, r)
		case err != nil:
			errs = append(errs, err)
		default:
			all = append(all, made)
		}
	}
	return all, errors.Join(errs...)
}

type deleteRule struct{ id string }

func (s deleteRule) do(ctx context.Context, e *executor) error {
	if err := remove(ctx, e.net, "security-group-rules", s.id); err != nil {
		return err
	}
	e.set(func(a *Actual) {
		a.Group.Rules = slices.DeleteFunc(slices.Clone(a.Group.Rules), func(r Rule) bool { return r.ID == s.id })
	})
	return nil
}

// givePort gives the group to a port, whatever else it has.
type givePort struct{ p neutron.Port }

func (s givePort) do(ctx context.Context, e *executor) error {
	e.mu.Lock()
	group := e.actual.Group
	e.mu.Unlock()
	if group == nil {
		return missing("the security group")
	}
	changed, err := neutron.UpdatePort(ctx, e.net, s.p, func(p neutron.Port) map[string]any {
		if slices.Contains(p.SecurityGroups, group.ID) {
			return nil
		}
		return map[string]any{"security_groups": append(slices.Clone(p.SecurityGroups), group.ID)}
	})
	if err != nil {
		return err
	}
	e.ports.replace(changed)
	e.set(func(a *Actual) { a.Carriers = append(a.Carriers, changed) })
	return nil
}

// takePort takes the group from a port.
type takePort struct {
	p     neutron.Port
	group string
}

func (s takePort) do(ctx context.Context, e *executor) error {
	changed, err := neutron.UpdatePort(ctx, e.net, s.p, func(p neutron.Port) map[string]any {
		if !slices.Contains(p.SecurityGroups, s.group) {
			return nil
		}
		return map[string]any{"security_groups": slices.DeleteFunc(slices.Clone(p.SecurityGroups), func(id string) bool { return id == s.group })}
	})
	if err != nil && !client.NotFound(err) {
		return err
	}
	if slices.Contains(s.p.Tags, s.group) { // upstream marked ports so once
		if err := remove(ctx, e.net, "ports", s.p.ID, "tags", s.group); err != nil {
			return err
		}
	}
	if err == nil {
		e.ports.replace(changed)
	}
	e.set(func(a *Actual) {
		a.Carriers = slices.DeleteFunc(slices.Clone(a.Carriers), func(p neutron.Port) bool { return p.ID == s.p.ID })
	})
	return nil
}

type deleteGroup struct{ id string }

func (s deleteGroup) do(ctx context.Context, e *executor) error {
	if err := remove(ctx, e.net, "security-groups", s.id); err != nil {
		return err
	}
	e.memory.edit(e.uid(), func(r *remembered) { r.noGroup = true })
	e.set(func(a *Actual) { a.Group, a.Groups, a.Carriers = nil, 0, nil })
	return nil
}
