// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package octavia

import (
	"net/http"
	"slices"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
)

func commonLB(v *LoadBalancer) *Common { return &v.Common }

func (s *Service) listBalancers(r *rest.Request) (*rest.Response, error) {
	return list(s, r, "loadbalancers", s.balancers.All(), commonLB, nil)
}

func (s *Service) balancer(r *rest.Request, id string) (*LoadBalancer, error) {
	v := s.balancers.Get(id)
	if v == nil || !r.Sees(v.ProjectID) {
		return nil, missing("Load Balancer", id)
	}
	return v, nil
}

func (s *Service) showBalancer(r *rest.Request) (*rest.Response, error) {
	v, err := s.balancer(r, r.Vars["id"])
	if err != nil {
		return nil, err
	}
	return rest.OK(http.StatusOK, "loadbalancer", rest.Fields(r.Query, v)), nil
}

// newCommon is what a new object of a project has.
func (s *Service) newCommon(projectID string) Common {
	return Common{
		ID: s.opts.IDs.New(), ProjectID: projectID, TenantID: projectID, AdminStateUp: true, Tags: []string{},
		ProvisioningStatus: PendingCreate, OperatingStatus: "OFFLINE", CreatedAt: s.now(),
	}
}

var balancerFields = []string{
	"name", "description", "project_id", "tenant_id", "admin_state_up", "provider", "tags", "flavor_id", "availability_zone",
	"vip_address", "vip_port_id", "vip_subnet_id", "vip_network_id", "vip_qos_policy_id", "additional_vips", "listeners", "pools",
}

func (s *Service) createBalancer(r *rest.Request) (*rest.Response, error) {
	var ignored struct{}
	fields, err := r.Decode("loadbalancer", &ignored)
	if err != nil {
		return nil, err
	}
	lb := &LoadBalancer{Common: s.newCommon(r.ProjectID), AdditionalVIPs: []AdditionalVIP{}, Provider: s.opts.Providers[0]}
	tree := body{"listeners": fields["listeners"], "pools": fields["pools"]}
	delete(fields, "listeners")
	delete(fields, "pools")
	if err := s.read(fields, lb, *lb, balancerFields); err != nil {
		return nil, err
	}
	lb.Listeners, lb.Pools = []Ref{}, []Ref{}
	if !r.Admin && lb.ProjectID != r.ProjectID {
		return nil, forbidden()
	}
	lb.TenantID = lb.ProjectID
	if err := s.checkBalancer(lb); err != nil {
		return nil, err
	}
	plan, err := s.planTree(lb, tree)
	if err != nil {
		return nil, err
	}
	if err := s.place(r, lb); err != nil {
		return nil, err
	}
	for _, l := range plan.listeners {
		if err := checkCIDRs(lb, l); err != nil {
			s.dropVIP(lb)
			return nil, err
		}
	}
	s.balancers.Add(lb)
	plan.store(s, lb)
	s.start(lb, PendingCreate, s.timing.Create)
	return rest.OK(http.StatusCreated, "loadbalancer", s.fullBody(lb)), nil
}

func (s *Service) checkBalancer(lb *LoadBalancer) error {
	if !slices.Contains(s.opts.Providers, lb.Provider) {
		return rest.Errorf(http.StatusBadRequest, "", "Provider '%s' is not enabled.", lb.Provider)
	}
	if lb.Provider == "ovn" && (lb.FlavorID != nil || lb.AvailabilityZone != nil) {
		return unsupported(lb.Provider, "flavors and availability zones")
	}
	return s.checkQuota("Load Balancer", s.quotaOf(lb.ProjectID).LoadBalancer, count(s.balancers, commonLB, lb.ProjectID)+1)
}

func unsupported(provider, what string) error {
	return rest.Errorf(http.StatusNotImplemented, "", "Provider '%s' does not support a requested option: %s", provider, what)
}

func invalidState(lb *LoadBalancer) error {
	return rest.Errorf(http.StatusConflict, "", "Invalid state %s of loadbalancer resource %s", lb.ProvisioningStatus, lb.ID)
}

func (s *Service) updateBalancer(r *rest.Request) (*rest.Response, error) {
	lb, err := s.balancer(r, r.Vars["id"])
	if err != nil {
		return nil, err
	}
	var ignored struct{}
	fields, err := r.Decode("loadbalancer", &ignored)
	if err != nil {
		return nil, err
	}
	next := *lb
	defaults := LoadBalancer{Common: Common{AdminStateUp: true, Tags: []string{}}}
	if err := s.read(fields, &next, defaults, []string{"name", "description", "admin_state_up", "tags", "vip_qos_policy_id"}); err != nil {
		return nil, err
	}
	if lb.ProvisioningStatus != Active {
		return nil, invalidState(lb)
	}
	*lb = next
	s.start(lb, PendingUpdate, s.timing.Update)
	return rest.OK(http.StatusOK, "loadbalancer", lb), nil
}

func (s *Service) deleteBalancer(r *rest.Request) (*rest.Response, error) {
	lb, err := s.balancer(r, r.Vars["id"])
	if err != nil {
		return nil, err
	}
	if lb.ProvisioningStatus != Active && lb.ProvisioningStatus != Failed {
		return nil, invalidState(lb)
	}
	cascade := slices.Contains([]string{"true", "True", "1", "t"}, r.Query.Get("cascade"))
	if !cascade && len(lb.Listeners)+len(lb.Pools) > 0 {
		return nil, invalid("Cannot delete Load Balancer %s - it has children", lb.ID)
	}
	s.start(lb, PendingDelete, s.timing.Delete)
	return &rest.Response{Status: http.StatusNoContent}, nil
}

func (s *Service) failover(r *rest.Request) (*rest.Response, error) {
	lb, err := s.balancer(r, r.Vars["id"])
	if err != nil {
		return nil, err
	}
	if !r.Admin {
		return nil, forbidden()
	}
	if lb.ProvisioningStatus != Active && lb.ProvisioningStatus != Failed {
		return nil, invalidState(lb)
	}
	for _, c := range s.below(lb) {
		if c.ProvisioningStatus == Failed {
			c.ProvisioningStatus = PendingUpdate
		}
	}
	s.start(lb, PendingUpdate, s.timing.Update)
	return &rest.Response{Status: http.StatusAccepted}, nil
}

func (s *Service) stats(r *rest.Request) (*rest.Response, error) {
	if _, err := s.balancer(r, r.Vars["id"]); err != nil {
		return nil, err
	}
	return noStats(), nil
}

func (s *Service) listenerStats(r *rest.Request) (*rest.Response, error) {
	if _, err := s.listener(r, r.Vars["id"]); err != nil {
		return nil, err
	}
	return noStats(), nil
}

func noStats() *rest.Response {
	zero := map[string]int{"active_connections": 0, "bytes_in": 0, "bytes_out": 0, "request_errors": 0, "total_connections": 0}
	return rest.OK(http.StatusOK, "stats", zero)
}

// object is a part of a tree.
type object = map[string]any

func (s *Service) statusTree(r *rest.Request) (*rest.Response, error) {
	lb, err := s.balancer(r, r.Vars["id"])
	if err != nil {
		return nil, err
	}
	node := func(c *Common) object {
		return object{"id": c.ID, "name": c.Name, "provisioning_status": c.ProvisioningStatus, "operating_status": c.OperatingStatus}
	}
	poolNode := func(p *Pool) object {
		o, members := node(&p.Common), []object{}
		for _, ref := range p.Members {
			m := s.members.Get(ref.ID)
			child := node(&m.Common)
			child["address"], child["protocol_port"] = m.Address, m.ProtocolPort
			members = append(members, child)
		}
		o["members"] = members
		if m := s.monitorOf(p); m != nil {
			o["health_monitor"] = node(&m.Common)
			o["health_monitor"].(object)["type"] = m.Type
		}
		return o
	}
	top, listeners := node(&lb.Common), []object{}
	for _, ref := range lb.Listeners {
		l := s.listeners.Get(ref.ID)
		child, pools := node(&l.Common), []object{}
		if l.DefaultPoolID != nil {
			pools = append(pools, poolNode(s.pools.Get(*l.DefaultPoolID)))
		}
		child["pools"] = pools
		listeners = append(listeners, child)
	}
	top["listeners"] = listeners // pools without a listener are not in it
	return rest.OK(http.StatusOK, "statuses", object{"loadbalancer": top}), nil
}
