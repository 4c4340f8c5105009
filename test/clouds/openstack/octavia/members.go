// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package octavia

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"slices"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
)

func commonMember(v *Member) *Common { return &v.Common }

func (s *Service) membersOf(pool *Pool) []*Member {
	var all []*Member
	for _, ref := range pool.Members {
		all = append(all, s.members.Get(ref.ID))
	}
	return all
}

func (s *Service) listMembers(r *rest.Request) (*rest.Response, error) {
	pool, err := s.pool(r, r.Vars["id"])
	if err != nil {
		return nil, err
	}
	return list(s, r, "members", s.membersOf(pool), commonMember, nil)
}

func (s *Service) member(r *rest.Request) (*Pool, *Member, error) {
	pool, err := s.pool(r, r.Vars["id"])
	if err != nil {
		return nil, nil, err
	}
	v := s.members.Get(r.Vars["member"])
	if v == nil || v.PoolID != pool.ID {
		return nil, nil, missing("Member", r.Vars["member"])
	}
	return pool, v, nil
}

func (s *Service) showMember(r *rest.Request) (*rest.Response, error) {
	_, v, err := s.member(r)
	if err != nil {
		return nil, err
	}
	return rest.OK(http.StatusOK, "member", rest.Fields(r.Query, v)), nil
}

var (
	memberUpdate = []string{"name", "admin_state_up", "tags", "weight", "backup", "monitor_address", "monitor_port"}
	memberCreate = append([]string{"address", "protocol_port", "subnet_id", "project_id", "tenant_id"}, memberUpdate...)
)

func (s *Service) newMember(pool *Pool) Member {
	v := Member{Common: s.newCommon(pool.ProjectID), Weight: 1, PoolID: pool.ID}
	v.OperatingStatus = "NO_MONITOR"
	return v
}

// readMember is a new member from a request.
func (s *Service) readMember(pool *Pool, fields body) (*Member, error) {
	v := s.newMember(pool)
	if err := s.read(fields, &v, v, memberCreate); err != nil {
		return nil, err
	}
	v.ProjectID, v.TenantID = pool.ProjectID, pool.ProjectID
	return &v, checkMember(&v)
}

func checkMember(v *Member) error {
	a, err := netip.ParseAddr(v.Address)
	switch {
	case err != nil:
		return rest.Errorf(http.StatusBadRequest, "", "Invalid input for field/attribute address. Value: '%s'. Value should be IPv4 or IPv6 format", v.Address)
	case a == netip.AddrFrom4([4]byte{169, 254, 169, 254}):
		return invalid("Member IP address %s is not allowed: it is on the reserved list", v.Address)
	case v.Weight < 0 || v.Weight > 256:
		return rest.Errorf(http.StatusBadRequest, "", "Invalid input for field/attribute weight. Value: '%d'.", v.Weight)
	case v.ProtocolPort < 1 || v.ProtocolPort > 65535:
		return rest.Errorf(http.StatusBadRequest, "", "Invalid input for field/attribute protocol_port. Value: '%d'.", v.ProtocolPort)
	}
	return nil
}

// checkSubnet checks the subnet of a new member.
func (s *Service) checkSubnet(v *Member) error {
	if v.SubnetID == nil {
		return nil
	}
	if _, ok := s.opts.Network.Subnet(*v.SubnetID); !ok {
		return rest.Errorf(http.StatusBadRequest, "", "Subnet %s not found.", *v.SubnetID)
	}
	return nil
}

func (s *Service) memberQuota(projectID string, more int) error {
	if more <= 0 {
		return nil
	}
	return s.checkQuota("Member", s.quotaOf(projectID).Member, count(s.members, commonMember, projectID)+more)
}

func (s *Service) createMember(r *rest.Request) (*rest.Response, error) {
	pool, err := s.pool(r, r.Vars["id"])
	if err != nil {
		return nil, err
	}
	var ignored struct{}
	fields, err := r.Decode("member", &ignored)
	if err != nil {
		return nil, err
	}
	v, err := s.readMember(pool, fields)
	if err == nil {
		err = s.checkSubnet(v)
	}
	if err != nil {
		return nil, err
	}
	for _, other := range s.membersOf(pool) {
		if other.Address == v.Address && other.ProtocolPort == v.ProtocolPort {
			return nil, duplicateMember(v)
		}
	}
	if err := s.memberQuota(pool.ProjectID, 1); err != nil {
		return nil, err
	}
	if err := s.lock(s.parent(pool), "Pool", pool.ID); err != nil {
		return nil, err
	}
	s.addMember(pool, v)
	s.touch(pool)
	return rest.OK(http.StatusCreated, "member", v), nil
}

func duplicateMember(v *Member) error {
	return rest.Errorf(http.StatusConflict, "", "Another member on this pool is already using ip %s on protocol_port %d", v.Address, v.ProtocolPort)
}

func (s *Service) addMember(pool *Pool, v *Member) {
	if pool.HealthMonitorID != nil {
		v.OperatingStatus = "OFFLINE"
	}
	s.members.Add(v)
	pool.Members = append(slices.Clone(pool.Members), Ref{v.ID})
}

func (s *Service) updateMember(r *rest.Request) (*rest.Response, error) {
	pool, v, err := s.member(r)
	if err != nil {
		return nil, err
	}
	var ignored struct{}
	fields, err := r.Decode("member", &ignored)
	if err != nil {
		return nil, err
	}
	next := *v
	if err := s.read(fields, &next, s.newMember(pool), memberUpdate); err != nil {
		return nil, err
	}
	if err := checkMember(&next); err != nil {
		return nil, err
	}
	if err := s.lock(s.parent(pool), "Pool", pool.ID); err != nil {
		return nil, err
	}
	next.ProvisioningStatus = PendingUpdate
	*v = next
	s.touch(pool)
	return rest.OK(http.StatusOK, "member", v), nil
}

func (s *Service) deleteMember(r *rest.Request) (*rest.Response, error) {
	pool, v, err := s.member(r)
	if err != nil {
		return nil, err
	}
	if err := s.lock(s.parent(pool), "Pool", pool.ID); err != nil {
		return nil, err
	}
	s.touch(pool)
	v.ProvisioningStatus = PendingDelete
	return &rest.Response{Status: http.StatusNoContent}, nil
}

// memberKey is what members of a pool are told apart by.
type memberKey struct {
	address string
	port    int
}

// batchMembers makes the members of a pool those of the request. What an entry leaves out falls back to
// its default, and each entry that is there already counts as changed.
func (s *Service) batchMembers(r *rest.Request) (*rest.Response, error) {
	pool, err := s.pool(r, r.Vars["id"])
	if err != nil {
		return nil, err
	}
	additive := r.Query.Has("additive_only") && r.Query.Get("additive_only") != "false" && r.Query.Get("additive_only") != "False"
	if additive && s.version < 11 {
		return nil, rest.Errorf(http.StatusBadRequest, "", "Unknown argument: \"additive_only\".")
	}
	wanted, err := s.readBatch(r, pool)
	if err != nil {
		return nil, err
	}
	if len(wanted) == 0 && (len(pool.Members) == 0 || additive) {
		return &rest.Response{Status: http.StatusAccepted}, nil
	}
	have := map[memberKey]*Member{}
	for _, v := range s.membersOf(pool) {
		have[memberKey{v.Address, v.ProtocolPort}] = v
	}
	more := 0
	for _, v := range wanted {
		if have[memberKey{v.Address, v.ProtocolPort}] != nil {
			continue
		}
		more++
		if err := s.checkSubnet(v); err != nil {
			return nil, err
		}
	}
	if err := s.memberQuota(pool.ProjectID, more); err != nil {
		return nil, err
	}
	if err := s.lock(s.parent(pool), "Pool", pool.ID); err != nil {
		return nil, err
	}
	s.replaceMembers(pool, have, wanted, additive)
	s.touch(pool)
	return &rest.Response{Status: http.StatusAccepted}, nil
}

func (s *Service) readBatch(r *rest.Request, pool *Pool) ([]*Member, error) {
	var in struct {
		Members *[]body `json:"members"`
	}
	if err := json.Unmarshal(r.Content, &in); err != nil || in.Members == nil {
		return nil, rest.Errorf(http.StatusBadRequest, "", "Invalid input for field/attribute members. Mandatory field missing.")
	}
	var all []*Member
	seen := map[memberKey]bool{}
	for _, fields := range *in.Members {
		v, err := s.readMember(pool, fields)
		if err != nil {
			return nil, err
		}
		key := memberKey{v.Address, v.ProtocolPort}
		if seen[key] {
			return nil, invalid("Another member on this pool is already using ip %s on protocol_port %d", v.Address, v.ProtocolPort)
		}
		seen[key] = true
		all = append(all, v)
	}
	return all, nil
}

func (s *Service) replaceMembers(pool *Pool, have map[memberKey]*Member, wanted []*Member, additive bool) {
	for _, v := range wanted {
		key := memberKey{v.Address, v.ProtocolPort}
		old := have[key]
		delete(have, key)
		if old == nil {
			s.addMember(pool, v)
			continue
		}
		v.Common.ID, v.CreatedAt, v.UpdatedAt, v.OperatingStatus = old.ID, old.CreatedAt, old.UpdatedAt, old.OperatingStatus
		v.ProvisioningStatus = PendingUpdate
		*old = *v
	}
	if additive {
		return
	}
	for _, v := range have {
		v.ProvisioningStatus = PendingDelete
	}
}
