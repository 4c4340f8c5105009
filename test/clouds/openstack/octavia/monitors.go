// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package octavia

import (
	"net/http"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
)

func commonMonitor(v *Monitor) *Common { return &v.Common }

func (s *Service) listMonitors(r *rest.Request) (*rest.Response, error) {
	return list(s, r, "healthmonitors", s.monitors.All(), commonMonitor, map[string]string{"pool_id": "pools"})
}

func (s *Service) monitor(r *rest.Request) (*Monitor, error) {
	v := s.monitors.Get(r.Vars["id"])
	if v == nil || !r.Sees(v.ProjectID) {
		return nil, missing("Health Monitor", r.Vars["id"])
	}
	return v, nil
}

func (s *Service) showMonitor(r *rest.Request) (*rest.Response, error) {
	v, err := s.monitor(r)
	if err != nil {
		return nil, err
	}
	return rest.OK(http.StatusOK, "healthmonitor", rest.Fields(r.Query, v)), nil
}

var (
	monitorUpdate = []string{
		"name", "admin_state_up", "tags", "delay", "timeout", "max_retries", "max_retries_down", "http_method", "url_path",
		"expected_codes", "http_version", "domain_name",
	}
	monitorCreate = append([]string{"type", "pool_id", "project_id", "tenant_id"}, monitorUpdate...)
)

func (s *Service) createMonitor(r *rest.Request) (*rest.Response, error) {
	var parent struct {
		PoolID string `json:"pool_id"`
	}
	fields, err := r.Decode("healthmonitor", &parent)
	if err != nil {
		return nil, err
	}
	pool, err := s.pool(r, parent.PoolID)
	if err != nil {
		return nil, err
	}
	v, err := s.readMonitor(s.parent(pool), pool, fields)
	if err != nil {
		return nil, err
	}
	if err := s.free(pool); err != nil {
		return nil, err
	}
	if pool.HealthMonitorID != nil {
		return nil, rest.Errorf(http.StatusConflict, "", "This pool already has a health monitor")
	}
	if err := s.checkQuota("Health Monitor", s.quotaOf(pool.ProjectID).HealthMonitor, count(s.monitors, commonMonitor, pool.ProjectID)+1); err != nil {
		return nil, err
	}
	if err := s.lockPool(pool); err != nil {
		return nil, err
	}
	s.addMonitor(pool, v)
	s.touch(pool)
	return rest.OK(http.StatusCreated, "healthmonitor", v), nil
}

func (s *Service) addMonitor(pool *Pool, v *Monitor) {
	s.monitors.Add(v)
	pool.HealthMonitorID = &v.ID
	for _, m := range s.membersOf(pool) {
		m.OperatingStatus = "ONLINE"
	}
}

// readMonitor is a new monitor from a request.
func (s *Service) readMonitor(lb *LoadBalancer, pool *Pool, fields body) (*Monitor, error) {
	v := Monitor{Common: s.newCommon(pool.ProjectID), MaxRetriesDown: 3}
	if err := s.read(fields, &v, v, monitorCreate); err != nil {
		return nil, err
	}
	v.ProjectID, v.TenantID, v.Pools = pool.ProjectID, pool.ProjectID, []Ref{{pool.ID}}
	http := v.Type == "HTTP" || v.Type == "HTTPS"
	if !http && (v.HTTPMethod != nil || v.URLPath != nil || v.ExpectedCodes != nil) {
		return nil, invalid("http_method, url_path and expected_codes are only for HTTP and HTTPS monitors")
	}
	if http {
		for field, value := range map[**string]string{&v.HTTPMethod: "GET", &v.URLPath: "/", &v.ExpectedCodes: "200"} {
			if *field == nil {
				*field = &value
			}
		}
	}
	return &v, s.checkMonitor(lb, pool, &v)
}

func (s *Service) checkMonitor(lb *LoadBalancer, pool *Pool, v *Monitor) error {
	if err := oneOf("type", v.Type, []string{"HTTP", "HTTPS", "PING", "SCTP", "TCP", "TLS-HELLO", "UDP-CONNECT"}); err != nil {
		return err
	}
	if v.MaxRetries < 1 || v.MaxRetries > 10 || v.MaxRetriesDown < 1 || v.MaxRetriesDown > 10 {
		return rest.Errorf(http.StatusBadRequest, "", "Invalid input for field/attribute max_retries. Value should be in the range of 1 to 10.")
	}
	if v.Delay < 0 || v.Timeout < 0 {
		return rest.Errorf(http.StatusBadRequest, "", "Invalid input for field/attribute delay. Value: '%d'.", v.Delay)
	}
	datagrams := pool.Protocol == "UDP" || pool.Protocol == "SCTP"
	if lb.Provider == "ovn" && v.Type != "TCP" && v.Type != "UDP-CONNECT" {
		return unsupported("ovn", "OVN provider does not support "+v.Type+" health monitor type")
	}
	switch {
	case v.Type == "UDP-CONNECT" && !datagrams:
		return invalid("The UDP-CONNECT type is only supported for pools of type UDP/SCTP.")
	case v.Type == "UDP-CONNECT" && v.Delay < 3:
		return invalid("The request delay value %d should be larger than 3 for UDP-CONNECT health monitor type.", v.Delay)
	case datagrams && s.version < 16 && v.Type != "UDP-CONNECT":
		return invalid("A pool of type UDP can only have a health monitor of type UDP-CONNECT")
	}
	return nil
}

func (s *Service) updateMonitor(r *rest.Request) (*rest.Response, error) {
	v, err := s.monitor(r)
	if err != nil {
		return nil, err
	}
	var ignored struct{}
	fields, err := r.Decode("healthmonitor", &ignored)
	if err != nil {
		return nil, err
	}
	pool, next := s.pools.Get(v.Pools[0].ID), *v
	if err := s.read(fields, &next, Monitor{Common: s.newCommon(""), MaxRetriesDown: 3}, monitorUpdate); err != nil {
		return nil, err
	}
	if err := s.checkMonitor(s.parent(pool), pool, &next); err != nil {
		return nil, err
	}
	if err := s.lockPool(pool); err != nil {
		return nil, err
	}
	next.ProvisioningStatus = PendingUpdate
	*v = next
	s.touch(pool)
	return rest.OK(http.StatusOK, "healthmonitor", v), nil
}

func (s *Service) deleteMonitor(r *rest.Request) (*rest.Response, error) {
	v, err := s.monitor(r)
	if err != nil {
		return nil, err
	}
	pool := s.pools.Get(v.Pools[0].ID)
	if err := s.lockPool(pool); err != nil {
		return nil, err
	}
	s.touch(pool)
	v.ProvisioningStatus = PendingDelete
	return &rest.Response{Status: http.StatusNoContent}, nil
}
