// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package octavia

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
)

func commonListener(v *Listener) *Common { return &v.Common }

func (s *Service) listListeners(r *rest.Request) (*rest.Response, error) {
	return list(s, r, "listeners", s.listeners.All(), commonListener, map[string]string{"loadbalancer_id": "loadbalancers"})
}

func (s *Service) listener(r *rest.Request, id string) (*Listener, error) {
	v := s.listeners.Get(id)
	if v == nil || !r.Sees(v.ProjectID) {
		return nil, missing("Listener", id)
	}
	return v, nil
}

func (s *Service) showListener(r *rest.Request) (*rest.Response, error) {
	v, err := s.listener(r, r.Vars["id"])
	if err != nil {
		return nil, err
	}
	return rest.OK(http.StatusOK, "listener", rest.Fields(r.Query, v)), nil
}

// defaultListener is a listener that only has its defaults.
func (s *Service) defaultListener(projectID string) Listener {
	return Listener{
		Common: s.newCommon(projectID), ConnectionLimit: -1, TimeoutClientData: 50000, TimeoutMemberConnect: 5000,
		TimeoutMemberData: 50000, SNIContainerRefs: []string{}, InsertHeaders: map[string]string{}, ClientAuthentication: "NONE", L7Policies: []Ref{},
	}
}

var (
	listenerUpdate = []string{
		"name", "description", "admin_state_up", "tags", "connection_limit", "default_pool_id", "default_tls_container_ref",
		"sni_container_refs", "insert_headers", "timeout_client_data", "timeout_member_connect", "timeout_member_data",
		"timeout_tcp_inspect", "allowed_cidrs", "tls_ciphers", "tls_versions", "alpn_protocols",
	}
	listenerCreate = append([]string{"protocol", "protocol_port", "loadbalancer_id", "project_id", "tenant_id"}, listenerUpdate...)
)

func (s *Service) createListener(r *rest.Request) (*rest.Response, error) {
	var parent struct {
		LoadBalancerID string `json:"loadbalancer_id"`
	}
	fields, err := r.Decode("listener", &parent)
	if err != nil {
		return nil, err
	}
	lb, err := s.balancer(r, parent.LoadBalancerID)
	if err != nil {
		return nil, err
	}
	v, err := s.readListener(lb, fields)
	if err != nil {
		return nil, err
	}
	if err := checkCIDRs(lb, v); err != nil {
		return nil, err
	}
	if err := s.checkDefaultPool(lb, v); err != nil {
		return nil, err
	}
	if err := s.checkQuota("Listener", s.quotaOf(lb.ProjectID).Listener, count(s.listeners, commonListener, lb.ProjectID)+1); err != nil {
		return nil, err
	}
	if lb.ProvisioningStatus != Active {
		return nil, immutable("Load Balancer", lb.ID)
	}
	if err := s.clash(lb, v); err != nil {
		return nil, err
	}
	if err := s.lock(lb); err != nil {
		return nil, err
	}
	s.listeners.Add(v)
	lb.Listeners = append(slices.Clone(lb.Listeners), Ref{v.ID})
	s.attach(v)
	return rest.OK(http.StatusCreated, "listener", v), nil
}

// readListener is a new listener from a request.
func (s *Service) readListener(lb *LoadBalancer, fields body) (*Listener, error) {
	v := s.defaultListener(lb.ProjectID)
	if err := s.read(fields, &v, v, listenerCreate); err != nil {
		return nil, err
	}
	v.ProjectID, v.TenantID = lb.ProjectID, lb.ProjectID
	v.LoadBalancers = []Ref{{lb.ID}}
	if err := checkPort(v.ProtocolPort, fields); err != nil {
		return nil, err
	}
	return &v, s.checkListener(lb, &v, fields)
}

func (s *Service) checkListener(lb *LoadBalancer, v *Listener, fields body) error {
	if err := oneOf("protocol", v.Protocol, []string{"HTTP", "HTTPS", "PROMETHEUS", "SCTP", "TCP", "TERMINATED_HTTPS", "UDP"}); err != nil {
		return err
	}
	if v.Protocol == "SCTP" && s.version < 23 {
		return rest.Errorf(http.StatusBadRequest, "", "Invalid input for field/attribute protocol. Value: 'SCTP'.")
	}
	terminates := v.Protocol == "TERMINATED_HTTPS"
	hasTLS := v.DefaultTLSContainerRef != nil || len(v.SNIContainerRefs) > 0
	switch {
	case len(v.InsertHeaders) > 0 && v.Protocol != "HTTP" && !terminates:
		return rest.Errorf(http.StatusBadRequest, "", "insert-headers is not a valid option for a %s protocol listener.", v.Protocol)
	case hasTLS && !terminates:
		return invalid("A TLS container reference cannot be used with protocol %s", v.Protocol)
	case terminates && !hasTLS:
		return invalid("An SNI or default certificate container reference must be provided for TERMINATED_HTTPS protocol listeners.")
	}
	for name := range v.InsertHeaders {
		if !slices.Contains([]string{"X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto"}, name) && !terminates {
			return rest.Errorf(http.StatusBadRequest, "", "dict_keys(['%s']) is not a valid option for insert_headers", name)
		}
	}
	refs := slices.Clone(v.SNIContainerRefs)
	if v.DefaultTLSContainerRef != nil {
		refs = append(refs, *v.DefaultTLSContainerRef)
	}
	for _, ref := range refs {
		if !s.opts.Certificate(ref) {
			return rest.Errorf(http.StatusBadRequest, "", "Could not retrieve certificate: ['%s']", ref)
		}
	}
	return checkOVNListener(lb, v, fields)
}

func checkOVNListener(lb *LoadBalancer, v *Listener, fields body) error {
	if lb.Provider != "ovn" {
		return nil
	}
	if !slices.Contains([]string{"TCP", "UDP", "SCTP"}, v.Protocol) {
		return unsupported("ovn", "OVN provider does not support "+v.Protocol+" protocol")
	}
	for _, name := range []string{"timeout_client_data", "timeout_member_connect", "timeout_member_data", "timeout_tcp_inspect", "allowed_cidrs", "insert_headers"} {
		if raw, ok := fields[name]; ok && string(raw) != "null" && string(raw) != "[]" && string(raw) != "{}" {
			return unsupported("ovn", name)
		}
	}
	return nil
}

// checkCIDRs normalises the allowed CIDRs; none is null.
func checkCIDRs(lb *LoadBalancer, v *Listener) error {
	if len(v.AllowedCIDRs) == 0 {
		v.AllowedCIDRs = nil
		return nil
	}
	vip, _ := netip.ParseAddr(lb.VIPAddress)
	families := []bool{vip.Is6()}
	for _, more := range lb.AdditionalVIPs {
		a, _ := netip.ParseAddr(more.IPAddress)
		families = append(families, a.Is6())
	}
	all := make([]string, 0, len(v.AllowedCIDRs))
	for _, text := range v.AllowedCIDRs {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return bad("allowed_cidrs", "['"+strings.Join(v.AllowedCIDRs, "', '")+"']", "Value should be IPv4 or IPv6 CIDR format")
		}
		if !slices.Contains(families, prefix.Addr().Is6()) {
			return invalid("CIDR %s IP version incompatible with VIP %s IP version.", text, lb.VIPAddress)
		}
		all = append(all, prefix.Masked().String())
	}
	slices.Sort(all)
	v.AllowedCIDRs = slices.Compact(all)
	return nil
}

// transport is the protocol below a listener's, which the ports of a load balancer are unique for.
func transport(protocol string) string {
	if protocol == "UDP" || protocol == "SCTP" {
		return protocol
	}
	return "TCP"
}

func (s *Service) clash(lb *LoadBalancer, v *Listener) error {
	for _, ref := range lb.Listeners {
		other := s.listeners.Get(ref.ID)
		if other.ProtocolPort == v.ProtocolPort && transport(other.Protocol) == transport(v.Protocol) {
			return duplicateListener(other)
		}
	}
	return nil
}

// duplicateListener names the listener that is there.
func duplicateListener(v *Listener) error {
	return rest.Errorf(http.StatusConflict, "", "Another Listener on this Load Balancer is already using protocol %s and protocol_port %d", v.Protocol, v.ProtocolPort)
}

// checkDefaultPool checks that the pool is of the same load balancer, fits and is nobody's yet.
func (s *Service) checkDefaultPool(lb *LoadBalancer, v *Listener) error {
	if v.DefaultPoolID == nil {
		return nil
	}
	pool := s.pools.Get(*v.DefaultPoolID)
	if pool == nil || !slices.Contains(lb.Pools, Ref{pool.ID}) {
		return missing("Pool", *v.DefaultPoolID)
	}
	return fitProtocols(v.Protocol, pool.Protocol)
}

// attach notes the listener at its default pool.
func (s *Service) attach(v *Listener) {
	for _, p := range s.pools.All() {
		p.Listeners = slices.DeleteFunc(slices.Clone(p.Listeners), func(r Ref) bool { return r.ID == v.ID })
		if v.DefaultPoolID != nil && p.ID == *v.DefaultPoolID {
			p.Listeners = append(p.Listeners, Ref{v.ID})
		}
	}
}

func immutable(kind, id string) error {
	return rest.Errorf(http.StatusConflict, "", "%s %s is immutable and cannot be updated.", kind, id)
}

// lock starts a change below a load balancer, unless it is busy or broken.
func (s *Service) lock(lb *LoadBalancer) error {
	if lb.ProvisioningStatus != Active {
		return immutable("Load Balancer", lb.ID)
	}
	s.start(lb, PendingUpdate, s.timing.Update)
	return nil
}

// free says whether a change below a pool could start.
func (s *Service) free(pool *Pool) error {
	switch lb := s.parent(pool); {
	case pool.ProvisioningStatus != Active:
		return immutable("Pool", pool.ID)
	case lb.ProvisioningStatus != Active:
		return immutable("Load Balancer", lb.ID)
	}
	return nil
}

// lockPool starts a change below a pool.
func (s *Service) lockPool(pool *Pool) error {
	if err := s.free(pool); err != nil {
		return err
	}
	return s.lock(s.parent(pool))
}

func (s *Service) updateListener(r *rest.Request) (*rest.Response, error) {
	v, err := s.listener(r, r.Vars["id"])
	if err != nil {
		return nil, err
	}
	var ignored struct{}
	fields, err := r.Decode("listener", &ignored)
	if err != nil {
		return nil, err
	}
	lb := s.balancers.Get(v.LoadBalancers[0].ID)
	next := *v
	if err := s.read(fields, &next, s.defaultListener(""), listenerUpdate); err != nil {
		return nil, err
	}
	for _, check := range []error{s.checkListener(lb, &next, fields), checkCIDRs(lb, &next), s.checkDefaultPool(lb, &next)} {
		if check != nil {
			return nil, check
		}
	}
	if err := s.lock(lb); err != nil {
		return nil, err
	}
	next.ProvisioningStatus = PendingUpdate
	*v = next
	s.attach(v)
	return rest.OK(http.StatusOK, "listener", v), nil
}

func (s *Service) deleteListener(r *rest.Request) (*rest.Response, error) {
	v, err := s.listener(r, r.Vars["id"])
	if err != nil {
		return nil, err
	}
	lb := s.balancers.Get(v.LoadBalancers[0].ID)
	if err := s.lock(lb); err != nil {
		return nil, err
	}
	v.ProvisioningStatus = PendingDelete
	return &rest.Response{Status: http.StatusNoContent}, nil
}
