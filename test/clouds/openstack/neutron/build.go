// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package neutron

import (
	"net/netip"
	"slices"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
)

// admin is a request of one who may do everything, for what tests build.
func admin(projectID string) *rest.Request {
	return &rest.Request{ProjectID: projectID, Admin: true}
}

// build adds an object with the rules of requests, but without quotas.
func build[T any](k *kind[T], v T) (T, error) {
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	made := &v
	if err := k.add(admin(k.common(made).ProjectID), made, nil); err != nil {
		return v, err
	}
	return *made, nil
}

// look returns a copy of an object.
func look[T any](k *kind[T], id string) (T, bool) {
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	if v := k.items.Get(id); v != nil {
		return *v, true
	}
	var none T
	return none, false
}

// change changes an object in place, with no check at all.
func change[T any](k *kind[T], id string, f func(*T)) error {
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	v := k.items.Get(id)
	if v == nil {
		return k.missing(id)
	}
	next := *v
	f(&next)
	*v = next
	k.touch(v)
	return nil
}

func copies[T any](k *kind[T]) []T {
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	return k.items.Copies()
}

// AddNetwork adds a network; IDs, status and the like are filled in, as by all of these.
func (s *Service) AddNetwork(v Network) (Network, error) { return build(s.networks, v) }

// AddSubnet adds a subnet of a network.
func (s *Service) AddSubnet(v Subnet) (Subnet, error) { return build(s.subnets, v) }

// AddPort adds a port.
func (s *Service) AddPort(v Port) (Port, error) { return build(s.ports, v) }

// AddSecurityGroup adds a group with its two rules.
func (s *Service) AddSecurityGroup(v SecurityGroup) (SecurityGroup, error) {
	return build(s.groups, v)
}

// AddSecurityGroupRule adds a rule.
func (s *Service) AddSecurityGroupRule(v SecurityGroupRule) (SecurityGroupRule, error) {
	return build(s.rules, v)
}

// AddFloatingIP adds a floating IP.
func (s *Service) AddFloatingIP(v FloatingIP) (FloatingIP, error) { return build(s.floating, v) }

// AddTrunk adds a trunk.
func (s *Service) AddTrunk(v Trunk) (Trunk, error) { return build(s.trunks, v) }

// AddRouter adds a router that joins subnets.
func (s *Service) AddRouter(v Router, subnetIDs ...string) (Router, error) {
	made, err := build(s.routers, v)
	if err != nil {
		return v, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range subnetIDs {
		if _, err := s.join(admin(made.ProjectID), &made, interfaceRef{SubnetID: id}); err != nil {
			return made, err
		}
	}
	return made, nil
}

// Network returns a network, and so on.
func (s *Service) Network(id string) (Network, bool) { return look(s.networks, id) }

// Subnet returns a subnet.
func (s *Service) Subnet(id string) (Subnet, bool) { return look(s.subnets, id) }

// Port returns a port.
func (s *Service) Port(id string) (Port, bool) { return look(s.ports, id) }

// Router returns a router.
func (s *Service) Router(id string) (Router, bool) { return look(s.routers, id) }

// SecurityGroup returns a security group.
func (s *Service) SecurityGroup(id string) (SecurityGroup, bool) { return look(s.groups, id) }

// Ports returns all ports.
func (s *Service) Ports() []Port { return copies(s.ports) }

// FloatingIPs returns all floating IPs.
func (s *Service) FloatingIPs() []FloatingIP { return copies(s.floating) }

// SecurityGroups returns all groups.
func (s *Service) SecurityGroups() []SecurityGroup { return copies(s.groups) }

// SecurityGroupRules returns all rules.
func (s *Service) SecurityGroupRules() []SecurityGroupRule { return copies(s.rules) }

// ChangePort changes a port without any check. Its addresses stay; lists have to be replaced as a whole.
func (s *Service) ChangePort(id string, f func(*Port)) error { return change(s.ports, id, f) }

// ChangeRouter changes a router without any check; lists have to be replaced as a whole.
func (s *Service) ChangeRouter(id string, f func(*Router)) error { return change(s.routers, id, f) }

// ChangeFloatingIP changes a floating IP without any check.
func (s *Service) ChangeFloatingIP(id string, f func(*FloatingIP)) error {
	return change(s.floating, id, f)
}

// RemovePort removes a port, whoever owns it. Its floating IP is detached.
func (s *Service) RemovePort(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.ports.items.Get(id); v != nil {
		_ = s.removePort(admin(""), v) // detached, or a router's
		s.free(v.FixedIPs)
		s.ports.items.Remove(id)
	}
}

// RemoveFloatingIP removes a floating IP.
func (s *Service) RemoveFloatingIP(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.floating.items.Get(id); v != nil {
		s.floating.release(v)
		s.floating.items.Remove(id)
	}
}

// PortsOf are the ports of devices, by device, in the order of their creation.
func (s *Service) PortsOf(deviceIDs ...string) map[string][]Port {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string][]Port{}
	for _, p := range s.ports.items.All() {
		if slices.Contains(deviceIDs, p.DeviceID) || len(deviceIDs) == 0 {
			all[p.DeviceID] = append(all[p.DeviceID], *p)
		}
	}
	return all
}

// Visible says whether a project sees a network.
func (s *Service) Visible(projectID, networkID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.networks.find(&rest.Request{ProjectID: projectID}, networkID)
	return err == nil
}

// State is everything, in the order of creation.
type State struct {
	Networks           []Network           `json:"networks,omitempty"`
	Subnets            []Subnet            `json:"subnets,omitempty"`
	Ports              []Port              `json:"ports,omitempty"`
	Routers            []Router            `json:"routers,omitempty"`
	FloatingIPs        []FloatingIP        `json:"floatingIPs,omitempty"`
	SecurityGroups     []SecurityGroup     `json:"securityGroups,omitempty"`
	SecurityGroupRules []SecurityGroupRule `json:"securityGroupRules,omitempty"`
	Trunks             []Trunk             `json:"trunks,omitempty"`
	Quotas             map[string]Quotas   `json:"quotas,omitempty"`
}

// State returns everything.
func (s *Service) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	quotas := map[string]Quotas{}
	for project := range s.quotas {
		quotas[project] = s.quota(project)
	}
	return State{
		s.networks.items.Copies(), s.subnets.items.Copies(), s.ports.items.Copies(), s.routers.items.Copies(),
		s.floating.items.Copies(), s.groups.items.Copies(), s.rules.items.Copies(), s.trunks.items.Copies(), quotas,
	}
}

// Load replaces everything.
func (s *Service) Load(state State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.networks.items.Load(state.Networks)
	s.subnets.items.Load(state.Subnets)
	s.ports.items.Load(state.Ports)
	s.routers.items.Load(state.Routers)
	s.floating.items.Load(state.FloatingIPs)
	s.groups.items.Load(state.SecurityGroups)
	s.rules.items.Load(state.SecurityGroupRules)
	s.trunks.items.Load(state.Trunks)
	if state.Quotas[""] != nil {
		s.quotas = state.Quotas
	}
	s.used, s.cursor = map[string]map[netip.Addr]bool{}, map[string]netip.Addr{}
	for _, p := range state.Ports {
		for _, ip := range p.FixedIPs {
			if a, err := netip.ParseAddr(ip.IPAddress); err == nil {
				s.take(ip.SubnetID, a)
			}
		}
	}
}
