// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package octavia

import (
	"net/http"
	"slices"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
)

func commonPool(v *Pool) *Common { return &v.Common }

// poolProtocols are the protocols of pools that a listener's protocol goes with.
var poolProtocols = map[string][]string{
	"TCP":              {"HTTP", "HTTPS", "PROXY", "PROXYV2", "TCP"},
	"HTTP":             {"HTTP", "PROXY", "PROXYV2"},
	"HTTPS":            {"HTTPS", "PROXY", "PROXYV2", "TCP"},
	"TERMINATED_HTTPS": {"HTTP", "PROXY", "PROXYV2"},
	"UDP":              {"UDP"},
	"SCTP":             {"SCTP"},
}

func fitProtocols(listener, pool string) error {
	if !slices.Contains(poolProtocols[listener], pool) {
		return invalid("The pool protocol '%s' is invalid while the listener protocol is '%s'.", pool, listener)
	}
	return nil
}

func (s *Service) listPools(r *rest.Request) (*rest.Response, error) {
	return list(s, r, "pools", s.pools.All(), commonPool, map[string]string{"loadbalancer_id": "loadbalancers"})
}

func (s *Service) pool(r *rest.Request, id string) (*Pool, error) {
	v := s.pools.Get(id)
	if v == nil || !r.Sees(v.ProjectID) {
		return nil, missing("Pool", id)
	}
	return v, nil
}

func (s *Service) showPool(r *rest.Request) (*rest.Response, error) {
	v, err := s.pool(r, r.Vars["id"])
	if err != nil {
		return nil, err
	}
	return rest.OK(http.StatusOK, "pool", rest.Fields(r.Query, v)), nil
}

var (
	poolUpdate = []string{"name", "description", "admin_state_up", "tags", "lb_algorithm", "session_persistence", "tls_enabled"}
	poolCreate = append([]string{"protocol", "listener_id", "loadbalancer_id", "project_id", "tenant_id"}, poolUpdate...)
)

func (s *Service) createPool(r *rest.Request) (*rest.Response, error) {
	var parent struct {
		LoadBalancerID string `json:"loadbalancer_id"`
		ListenerID     string `json:"listener_id"`
	}
	fields, err := r.Decode("pool", &parent)
	if err != nil {
		return nil, err
	}
	var listener *Listener
	if parent.ListenerID != "" {
		if listener, err = s.listener(r, parent.ListenerID); err != nil {
			return nil, err
		}
		parent.LoadBalancerID = listener.LoadBalancers[0].ID
	}
	if parent.LoadBalancerID == "" {
		return nil, invalid("Must provide at least one of: loadbalancer_id, listener_id")
	}
	lb, err := s.balancer(r, parent.LoadBalancerID)
	if err != nil {
		return nil, err
	}
	v, err := s.readPool(lb, fields)
	if err != nil {
		return nil, err
	}
	if listener != nil {
		if err := fitProtocols(listener.Protocol, v.Protocol); err != nil {
			return nil, err
		}
		if listener.DefaultPoolID != nil {
			return nil, rest.Errorf(http.StatusConflict, "", "This listener already has a default pool")
		}
	}
	if err := s.checkQuota("Pool", s.quotaOf(lb.ProjectID).Pool, count(s.pools, commonPool, lb.ProjectID)+1); err != nil {
		return nil, err
	}
	if err := s.lock(lb); err != nil {
		return nil, err
	}
	s.pools.Add(v)
	lb.Pools = append(slices.Clone(lb.Pools), Ref{v.ID})
	if listener != nil {
		listener.DefaultPoolID, listener.ProvisioningStatus = &v.ID, PendingUpdate
		s.attach(listener)
	}
	return rest.OK(http.StatusCreated, "pool", v), nil
}

// readPool is a new pool from a request.
func (s *Service) readPool(lb *LoadBalancer, fields body) (*Pool, error) {
	v := Pool{Common: s.newCommon(lb.ProjectID)}
	if err := s.read(fields, &v, v, poolCreate); err != nil {
		return nil, err
	}
	v.ProjectID, v.TenantID = lb.ProjectID, lb.ProjectID
	v.LoadBalancers, v.Listeners, v.Members = []Ref{{lb.ID}}, []Ref{}, []Ref{}
	return &v, s.checkPool(lb, &v)
}

func (s *Service) checkPool(lb *LoadBalancer, v *Pool) error {
	if !slices.Contains([]string{"HTTP", "HTTPS", "PROXY", "PROXYV2", "TCP", "UDP", "SCTP"}, v.Protocol) || v.Protocol == "PROXYV2" && s.version < 22 {
		return rest.Errorf(http.StatusBadRequest, "", "Invalid input for field/attribute protocol. Value: '%s'.", v.Protocol)
	}
	algorithms := []string{"ROUND_ROBIN", "LEAST_CONNECTIONS", "SOURCE_IP"}
	if s.version >= 13 {
		algorithms = append(algorithms, "SOURCE_IP_PORT")
	}
	if !slices.Contains(algorithms, v.LBAlgorithm) {
		return oneOf("lb_algorithm", v.LBAlgorithm, algorithms)
	}
	switch ovn := lb.Provider == "ovn"; {
	case ovn && v.LBAlgorithm != "SOURCE_IP_PORT":
		return unsupported("ovn", "OVN provider does not support "+v.LBAlgorithm+" algorithm")
	case ovn && !slices.Contains([]string{"TCP", "UDP", "SCTP"}, v.Protocol):
		return unsupported("ovn", "OVN provider does not support "+v.Protocol+" protocol")
	case !ovn && v.LBAlgorithm == "SOURCE_IP_PORT":
		return unsupported(lb.Provider, "Amphora provider does not support SOURCE_IP_PORT algorithm.")
	}
	if v.SessionPersistence == nil {
		return nil
	}
	kind := v.SessionPersistence.Type
	if !slices.Contains([]string{"SOURCE_IP", "HTTP_COOKIE", "APP_COOKIE"}, kind) {
		return rest.Errorf(http.StatusBadRequest, "", "Invalid input for field/attribute session_persistence. Value: '%s'.", kind)
	}
	if (v.Protocol == "UDP" || v.Protocol == "SCTP") && kind != "SOURCE_IP" {
		return invalid("Session persistence of type %s is not supported for UDP/SCTP protocol pools.", kind)
	}
	return nil
}

// parent is a pool's load balancer.
func (s *Service) parent(v *Pool) *LoadBalancer { return s.balancers.Get(v.LoadBalancers[0].ID) }

// touch has the listeners above a pool, and the pool unless it is new or going, change with it.
func (s *Service) touch(v *Pool) {
	if v.ProvisioningStatus == Active || v.ProvisioningStatus == Failed {
		v.ProvisioningStatus = PendingUpdate
	}
	for _, ref := range v.Listeners {
		if l := s.listeners.Get(ref.ID); l != nil && (l.ProvisioningStatus == Active || l.ProvisioningStatus == Failed) {
			l.ProvisioningStatus = PendingUpdate
		}
	}
}

func (s *Service) updatePool(r *rest.Request) (*rest.Response, error) {
	v, err := s.pool(r, r.Vars["id"])
	if err != nil {
		return nil, err
	}
	var ignored struct{}
	fields, err := r.Decode("pool", &ignored)
	if err != nil {
		return nil, err
	}
	lb, next := s.parent(v), *v
	if err := s.read(fields, &next, Pool{Common: s.newCommon("")}, poolUpdate); err != nil {
		return nil, err
	}
	if err := s.checkPool(lb, &next); err != nil {
		return nil, err
	}
	if err := s.lock(lb); err != nil {
		return nil, err
	}
	*v = next
	s.touch(v)
	return rest.OK(http.StatusOK, "pool", v), nil
}

func (s *Service) deletePool(r *rest.Request) (*rest.Response, error) {
	v, err := s.pool(r, r.Vars["id"])
	if err != nil {
		return nil, err
	}
	lb := s.parent(v)
	if err := s.lock(lb); err != nil {
		return nil, err
	}
	s.touch(v)
	v.ProvisioningStatus = PendingDelete
	return &rest.Response{Status: http.StatusNoContent}, nil
}
