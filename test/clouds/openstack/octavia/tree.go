// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package octavia

import (
	"encoding/json"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
)

// tree is what is to be made below a new load balancer.
type tree struct {
	listeners []*Listener
	pools     []*Pool
	members   map[*Pool][]*Member
	monitors  map[*Pool]*Monitor
	named     map[string]*Pool
}

func unmarshalAll(raw json.RawMessage) ([]body, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var all []body
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, rest.Errorf(400, "", "Invalid input: %v", err)
	}
	return all, nil
}

// planTree reads and checks all that is below a load balancer in a request.
func (s *Service) planTree(lb *LoadBalancer, fields body) (*tree, error) {
	t := &tree{members: map[*Pool][]*Member{}, monitors: map[*Pool]*Monitor{}, named: map[string]*Pool{}}
	pools, err := unmarshalAll(fields["pools"])
	if err != nil {
		return nil, err
	}
	for _, pool := range pools {
		if _, err := s.planPool(lb, t, pool); err != nil {
			return nil, err
		}
	}
	listeners, err := unmarshalAll(fields["listeners"])
	if err != nil {
		return nil, err
	}
	for _, listener := range listeners {
		if err := s.planListener(lb, t, listener); err != nil {
			return nil, err
		}
	}
	return t, s.checkTree(lb, t)
}

func (s *Service) checkTree(lb *LoadBalancer, t *tree) error {
	members, q := 0, s.quotaOf(lb.ProjectID)
	for _, all := range t.members {
		members += len(all)
	}
	for _, check := range []struct {
		kind              string
		limit, have, more int
	}{
		{"Listener", q.Listener, count(s.listeners, commonListener, lb.ProjectID), len(t.listeners)},
		{"Pool", q.Pool, count(s.pools, commonPool, lb.ProjectID), len(t.pools)},
		{"Health Monitor", q.HealthMonitor, count(s.monitors, commonMonitor, lb.ProjectID), len(t.monitors)},
		{"Member", q.Member, count(s.members, commonMember, lb.ProjectID), members},
	} {
		if check.more == 0 {
			continue
		}
		if err := s.checkQuota(check.kind, check.limit, check.have+check.more); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) planListener(lb *LoadBalancer, t *tree, fields body) error {
	given := fields["default_pool"]
	delete(fields, "default_pool")
	delete(fields, "l7policies")
	v, err := s.readListener(lb, fields)
	if err != nil {
		return err
	}
	for _, other := range t.listeners {
		if other.ProtocolPort == v.ProtocolPort && transport(other.Protocol) == transport(v.Protocol) {
			return duplicateListener(other)
		}
	}
	t.listeners = append(t.listeners, v)
	if len(given) == 0 || string(given) == "null" {
		return nil
	}
	var pool body
	if err := json.Unmarshal(given, &pool); err != nil {
		return rest.Errorf(400, "", "Invalid input for field/attribute default_pool: %v", err)
	}
	p, err := s.namedPool(lb, t, pool)
	if err != nil {
		return err
	}
	v.DefaultPoolID, v.UpdatedAt = &p.ID, &v.CreatedAt // it gets its pool after it was made
	p.Listeners = append(p.Listeners, Ref{v.ID})
	return fitProtocols(v.Protocol, p.Protocol)
}

// namedPool is a pool beside the listeners, if only its name is given, or a new one.
func (s *Service) namedPool(lb *LoadBalancer, t *tree, fields body) (*Pool, error) {
	if len(fields) > 3 {
		return s.planPool(lb, t, fields)
	}
	var name string
	_ = json.Unmarshal(fields["name"], &name) // no name is reported below
	if p := t.named[name]; p != nil {
		return p, nil
	}
	return nil, invalid("Pool '%s' was referenced but no full definition was found.", name)
}

func (s *Service) planPool(lb *LoadBalancer, t *tree, fields body) (*Pool, error) {
	members, err := unmarshalAll(fields["members"])
	if err != nil {
		return nil, err
	}
	monitor := fields["healthmonitor"]
	delete(fields, "members")
	delete(fields, "healthmonitor")
	p, err := s.readPool(lb, fields)
	if err != nil {
		return nil, err
	}
	if p.Name == "" {
		return nil, invalid("Pools must be named when creating a fully populated loadbalancer.")
	}
	if t.named[p.Name] != nil {
		return nil, invalid("Pool names must be unique: '%s'", p.Name)
	}
	t.named[p.Name], t.pools = p, append(t.pools, p)
	for _, fields := range members {
		m, err := s.readMember(p, fields)
		if err == nil {
			err = s.checkSubnet(m)
		}
		if err != nil {
			return nil, err
		}
		for _, other := range t.members[p] {
			if other.Address == m.Address && other.ProtocolPort == m.ProtocolPort {
				return nil, duplicateMember(m)
			}
		}
		t.members[p] = append(t.members[p], m)
	}
	if len(monitor) == 0 || string(monitor) == "null" {
		return p, nil
	}
	var hm body
	if err := json.Unmarshal(monitor, &hm); err != nil {
		return nil, rest.Errorf(400, "", "Invalid input for field/attribute healthmonitor: %v", err)
	}
	t.monitors[p], err = s.readMonitor(lb, p, hm)
	return p, err
}

// store makes the plan so.
func (t *tree) store(s *Service, lb *LoadBalancer) {
	for _, p := range t.pools {
		s.pools.Add(p)
		lb.Pools = append(lb.Pools, Ref{p.ID})
		for _, m := range t.members[p] {
			s.addMember(p, m)
		}
		if hm := t.monitors[p]; hm != nil {
			s.addMonitor(p, hm)
		}
	}
	for _, l := range t.listeners {
		s.listeners.Add(l)
		lb.Listeners = append(lb.Listeners, Ref{l.ID})
	}
}

// fullBody is a load balancer with whole listeners, pools and members, as only creation answers: without
// monitors, even if there are some, and without what leads up.
func (s *Service) fullBody(lb *LoadBalancer) any {
	type fullListener struct {
		*Listener
		LoadBalancers *struct{} `json:"loadbalancers,omitempty"`
	}
	type fullPool struct {
		*Pool
		LoadBalancers   *struct{} `json:"loadbalancers,omitempty"`
		HealthMonitorID *struct{} `json:"healthmonitor_id,omitempty"`
		Members         []*Member `json:"members"`
		Monitor         *Monitor  `json:"healthmonitor"`
	}
	full := struct {
		*LoadBalancer
		Listeners []fullListener `json:"listeners"`
		Pools     []fullPool     `json:"pools"`
	}{lb, []fullListener{}, []fullPool{}}
	for _, ref := range lb.Listeners {
		full.Listeners = append(full.Listeners, fullListener{Listener: s.listeners.Get(ref.ID)})
	}
	for _, ref := range lb.Pools {
		p := s.pools.Get(ref.ID)
		full.Pools = append(full.Pools, fullPool{Pool: p, Members: append([]*Member{}, s.membersOf(p)...)})
	}
	return full
}
