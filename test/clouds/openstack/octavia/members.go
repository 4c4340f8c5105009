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
	v.ProjectID, v.TenantID, v.given = pool.ProjectID, pool.ProjectID, fields
	if err := checkPort(v.ProtocolPort, fields); err != nil {
		return nil, err
	}
	return &v, checkMember(&v)
}

func checkMember(v *Member) error {
	a, err := netip.ParseAddr(v.Address)
	switch {
	case err != nil:
		return rest.Errorf(http.StatusBadRequest, "", "Invalid input for field/attribute address. Value: '%s'. Value should be IPv4 or IPv6 format", v.Address)
	case a == netip.AddrFrom4([4]byte{169, 254, 169, 254}):
		return rest.Errorf(http.StatusBadRequest, "", "%s is not a valid option for member address", v.Address)
	case v.Weight < 0 || v.Weight > 256:
		return rest.Errorf(http.StatusBadRequest, "", "Invalid input for field/attribute weight. Value: '%d'.", v.Weight)
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
	if err := s.memberQuota(pool.ProjectID, 1); err != nil {
		return nil, err
	}
	if err := s.free(pool); err != nil {
		return nil, err
	}
	for _, other := range s.membersOf(pool) {
		if other.Address == v.Address && other.ProtocolPort == v.ProtocolPort {
			return nil, duplicateMember(v)
		}
	}
	if err := s.lockPool(pool); err != nil {
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
	v.given = nil
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
	if err := s.lockPool(pool); err != nil {
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
	if err := s.lockPool(pool); err != nil {
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

// batchMembers makes the members of a pool those of the request. What an entry leaves out falls back to its default,
// but for name, subnet and tags, which stay; each entry that is there already counts as changed.
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
	twice, err := s.duplicates(pool, wanted)
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
	if err := s.lockPool(pool); err != nil {
		return nil, err
	}
	s.replaceMembers(pool, have, wanted, additive)
	s.touch(pool)
	if twice {
		s.busy[s.parent(pool).ID] = Change{Until: s.opts.Clock.Now().AddDate(100, 0, 0)}
	}
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
	for _, fields := range *in.Members {
		v, err := s.readMember(pool, fields)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// duplicates says whether a member that is there is in a request twice, which the API takes although the worker
// then fails without an end. A new one is refused.
func (s *Service) duplicates(pool *Pool, wanted []*Member) (bool, error) {
	have, seen, twice := map[memberKey]bool{}, map[memberKey]bool{}, false
	for _, v := range s.membersOf(pool) {
		have[memberKey{v.Address, v.ProtocolPort}] = true
	}
	for _, v := range wanted {
		key := memberKey{v.Address, v.ProtocolPort}
		if seen[key] && !have[key] {
			return false, duplicateMember(v)
		}
		twice = twice || seen[key]
		seen[key] = true
	}
	return twice, nil
}

// keep takes over what a request leaves out and what has no default.
func (v *Member) keep(old *Member) {
	for name, take := range map[string]func(){
		"name": func() { v.Name = old.Name }, "subnet_id": func() { v.SubnetID = old.SubnetID }, "tags": func() { v.Tags = old.Tags },
	} {
		if _, ok := v.given[name]; !ok {
			take()
		}
	}
}

func (s *Service) replaceMembers(pool *Pool, have map[memberKey]*Member, wanted []*Member, additive bool) {
	for _, v := range wanted {
		key := memberKey{v.Address, v.ProtocolPort}
		old := have[key]
		if old != nil && old.ProvisioningStatus == PendingUpdate {
			continue // twice in the request
		}
		if old == nil {
			s.addMember(pool, v)
			continue
		}
		v.keep(old)
		v.Common.ID, v.CreatedAt, v.UpdatedAt, v.OperatingStatus = old.ID, old.CreatedAt, old.UpdatedAt, old.OperatingStatus
		v.ProvisioningStatus, v.given = PendingUpdate, nil
		*old = *v
	}
	if additive {
		return
	}
	for _, v := range have {
		if v.ProvisioningStatus != PendingUpdate {
			v.ProvisioningStatus = PendingDelete
		}
	}
}
