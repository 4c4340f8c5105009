// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package neutron

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
)

// shownGroup is a group with its rules.
type shownGroup struct {
	*SecurityGroup
	Rules []*shownRule `json:"security_group_rules"`
}

// shownRule is a rule. On its own it has no tags; in its group it has.
type shownRule struct {
	*SecurityGroupRule
	// Description is null in the rules that a group comes with.
	Description    *string   `json:"description"`
	Tags           *[]string `json:"tags,omitempty"`
	NormalizedCIDR *string   `json:"normalized_cidr"`
	AddressGroup   *string   `json:"remote_address_group_id"`
}

func showRule(v *SecurityGroupRule) *shownRule {
	shown := &shownRule{SecurityGroupRule: v, NormalizedCIDR: v.RemoteIPPrefix}
	if v.Description != "" || v.Direction != "egress" || v.Protocol != nil || v.RemoteIPPrefix != nil {
		shown.Description = &v.Description
	}
	if v.RemoteIPPrefix == nil {
		return shown
	}
	if p, err := netip.ParsePrefix(*v.RemoteIPPrefix); err == nil {
		shown.NormalizedCIDR = ptr(p.Masked().String())
	}
	return shown
}

func (s *Service) showGroup(v *SecurityGroup) any {
	rules := s.rulesOf(v.ID)
	shown := &shownGroup{v, make([]*shownRule, 0, len(rules))}
	for i := range rules {
		rule := showRule(&rules[i])
		rule.Tags = &rules[i].Tags
		shown.Rules = append(shown.Rules, rule)
	}
	return shown
}

func (s *Service) groupKind() *kind[SecurityGroup] {
	k := newKind(s, "security_group", "security_groups", "SecurityGroup", func(v *SecurityGroup) *Common { return &v.Common })
	k.creatable, k.updatable = []string{"stateful"}, []string{"stateful"}
	k.create = s.createGroup
	k.show = s.showGroup
	k.remove = func(r *rest.Request, v *SecurityGroup) error {
		if v.Name == "default" && !r.Admin {
			return rest.Errorf(http.StatusConflict, "SecurityGroupCannotRemoveDefault", "Insufficient rights for removing default security group.")
		}
		for _, p := range s.ports.items.All() {
			if slices.Contains(p.SecurityGroups, v.ID) {
				return rest.Errorf(http.StatusConflict, "SecurityGroupInUse", "Security Group %s in use.", v.ID)
			}
		}
		return nil
	}
	k.release = func(v *SecurityGroup) {
		for _, rule := range s.rulesOf(v.ID) {
			s.rules.items.Remove(rule.ID)
		}
	}
	return k
}

func (s *Service) rulesOf(groupID string) []SecurityGroupRule {
	all := []SecurityGroupRule{}
	for _, rule := range s.rules.items.All() {
		if rule.SecurityGroupID == groupID {
			all = append(all, *rule)
		}
	}
	return all
}

func (s *Service) createGroup(_ *rest.Request, v *SecurityGroup, fields body) error {
	if v.Name == "default" && fields != nil {
		return rest.Errorf(http.StatusConflict, "SecurityGroupDefaultAlreadyExists", "Default security group already exists.")
	}
	if v.Name != "default" && fields != nil {
		s.defaultGroup(v.ProjectID)
	}
	v.Stateful = true
	for _, family := range []string{"IPv4", "IPv6"} {
		s.addRule(v, SecurityGroupRule{Direction: "egress", EtherType: family})
		if v.Name == "default" {
			s.addRule(v, SecurityGroupRule{Direction: "ingress", EtherType: family, RemoteGroupID: ptr(v.ID)})
		}
	}
	return nil
}

// addRule adds a rule that needs no check.
func (s *Service) addRule(group *SecurityGroup, rule SecurityGroupRule) {
	now := s.now()
	rule.Common = Common{
		ID: s.opts.IDs.New(), ProjectID: group.ProjectID, TenantID: group.ProjectID, Tags: []string{},
		RevisionNumber: 1, CreatedAt: now, UpdatedAt: now,
	}
	rule.SecurityGroupID = group.ID
	s.rules.items.Add(&rule)
}

// defaultGroup is the ID of a project's default group, which is made when it is needed first.
func (s *Service) defaultGroup(projectID string) string {
	for _, g := range s.groups.items.All() {
		if g.Name == "default" && g.ProjectID == projectID {
			return g.ID
		}
	}
	g := &SecurityGroup{Name: "default", Common: Common{ProjectID: projectID, Description: "Default security group"}}
	_ = s.groups.add(&rest.Request{ProjectID: projectID}, g, nil) // nothing can go wrong
	return g.ID
}

func (s *Service) ruleKind() *kind[SecurityGroupRule] {
	k := newKind(s, "security_group_rule", "security_group_rules", "SecurityGroupRule", func(v *SecurityGroupRule) *Common { return &v.Common })
	k.creatable = []string{"security_group_id", "direction", "ethertype", "protocol", "port_range_min", "port_range_max", "remote_ip_prefix", "remote_group_id"}
	k.create = s.createRule
	k.show = func(v *SecurityGroupRule) any { return showRule(v) }
	k.release = func(v *SecurityGroupRule) {
		if g := s.groups.items.Get(v.SecurityGroupID); g != nil {
			s.groups.touch(g)
		}
	}
	return k
}

func (s *Service) createRule(r *rest.Request, v *SecurityGroupRule, _ body) error {
	group, err := s.groups.find(r, v.SecurityGroupID)
	if err != nil {
		return err
	}
	if v.EtherType == "" {
		v.EtherType = "IPv4"
	}
	if v.Protocol != nil {
		v.Protocol = ptr(strings.ToLower(*v.Protocol))
	}
	if err := s.checkRule(v); err != nil {
		return err
	}
	if v.RemoteGroupID != nil {
		if _, err := s.groups.find(r, *v.RemoteGroupID); err != nil {
			return err
		}
	}
	for _, other := range s.rules.items.All() {
		if equalRules(v, other) {
			return rest.Errorf(http.StatusConflict, "SecurityGroupRuleExists", "Security group rule already exists. Rule id is %s.", other.ID)
		}
	}
	s.groups.touch(group)
	return nil
}

func (s *Service) checkRule(v *SecurityGroupRule) error {
	bad := func(kind, format string, args ...any) error {
		return rest.Errorf(http.StatusBadRequest, kind, format, args...)
	}
	switch {
	case v.Direction != "ingress" && v.Direction != "egress":
		return bad("HTTPBadRequest", "Invalid input for direction. Reason: %s is not in valid_values.", v.Direction)
	case v.EtherType != "IPv4" && v.EtherType != "IPv6":
		return bad("SecurityGroupRuleInvalidEtherType", "Security group rule for ethertype '%s' not supported. Allowed values are ['IPv4', 'IPv6'].", v.EtherType)
	case v.RemoteIPPrefix != nil && v.RemoteGroupID != nil:
		return bad("SecurityGroupMultipleRemoteEntitiesInUse", "Only one of remote_ip_prefix or remote_group_id may be provided.")
	case (v.PortRangeMin != nil || v.PortRangeMax != nil) && v.Protocol == nil:
		return bad("SecurityGroupProtocolRequiredWithPorts", "Must also specify protocol if port range is given.")
	case v.PortRangeMin != nil && v.PortRangeMax != nil && *v.PortRangeMin > *v.PortRangeMax && !strings.Contains(*v.Protocol, "icmp"):
		return bad("SecurityGroupInvalidPortRange", "For TCP/UDP protocols, port_range_min must be <= port_range_max")
	}
	if v.RemoteIPPrefix == nil {
		return nil
	}
	prefix, err := netip.ParsePrefix(*v.RemoteIPPrefix)
	if err != nil {
		a, err := netip.ParseAddr(*v.RemoteIPPrefix)
		if err != nil {
			return bad("InvalidCIDR", "Invalid CIDR %s given as IP prefix.", *v.RemoteIPPrefix)
		}
		prefix = netip.PrefixFrom(a, a.BitLen())
	}
	if prefix.Addr().Is6() != (v.EtherType == "IPv6") {
		return bad("SecurityGroupRuleParameterConflict", "Conflicting value ethertype %s for CIDR %s", v.EtherType, prefix)
	}
	v.RemoteIPPrefix = ptr(prefix.String())
	return nil
}

func equalRules(a, b *SecurityGroupRule) bool {
	anywhere := func(p *string) string {
		if p == nil || *p == "0.0.0.0/0" || *p == "::/0" {
			return ""
		}
		return *p
	}
	return a.SecurityGroupID == b.SecurityGroupID && a.Direction == b.Direction && a.EtherType == b.EtherType &&
		same(a.Protocol, b.Protocol) && same(a.PortRangeMin, b.PortRangeMin) && same(a.PortRangeMax, b.PortRangeMax) &&
		same(a.RemoteGroupID, b.RemoteGroupID) && anywhere(a.RemoteIPPrefix) == anywhere(b.RemoteIPPrefix)
}

func same[T comparable](a, b *T) bool {
	return a == b || a != nil && b != nil && *a == *b
}
