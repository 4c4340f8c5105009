// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package ec2

import (
	"slices"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

// rulesInput has the parameters of Authorize, Revoke and Update. Rules are given as permissions, as the
// fields of a single one, or by their IDs.
type rulesInput struct {
	GroupID      string             `query:"GroupId"`
	GroupName    string             `query:"GroupName"`
	Permissions  []permission       `query:"IpPermissions"`
	Protocol     string             `query:"IpProtocol"`
	From         *int               `query:"FromPort"`
	To           *int               `query:"ToPort"`
	CIDR         string             `query:"CidrIp"`
	SourceGroup  string             `query:"SourceSecurityGroupName"`
	RuleIDs      []string           `query:"SecurityGroupRuleId"`
	Descriptions []ruleDescription  `query:"SecurityGroupRuleDescription"`
	Tags         []tagSpecification `query:"TagSpecification"`
}

type ruleDescription struct {
	ID          string `query:"SecurityGroupRuleId"`
	Description string `query:"Description"`
}

// rules returns the group that a call is about, and the rules that it describes.
func (s *Service) rules(in *rulesInput) (*SecurityGroup, []Rule, error) {
	g, err := s.chosenGroup(in.GroupID, in.GroupName)
	if err != nil {
		return nil, nil, err
	}
	permissions := in.Permissions
	if in.Protocol != "" || in.CIDR != "" || in.SourceGroup != "" {
		p := permission{Protocol: in.Protocol, From: in.From, To: in.To}
		if in.CIDR != "" {
			p.IPv4 = []ipv4Range{{CIDR: in.CIDR}}
		}
		if in.SourceGroup != "" {
			p.Protocol, p.Groups = "-1", []groupPair{{Name: in.SourceGroup}}
		}
		permissions = append(permissions, p)
	}
	var rules []Rule
	seen := map[string]bool{}
	for _, p := range permissions {
		split, err := s.split(p, g)
		if err != nil {
			return nil, nil, err
		}
		for _, r := range split {
			if seen[r.identity()] {
				return nil, nil, wire.Errorf("InvalidParameterValue", "The same permission must not appear multiple times")
			}
			seen[r.identity()] = true
			rules = append(rules, r)
		}
	}
	if len(rules) == 0 && len(in.RuleIDs) == 0 && len(in.Descriptions) == 0 {
		return nil, nil, wire.Errorf("MissingParameter", "Either 'ipPermissions' or 'securityGroupRuleIds' should be provided.")
	}
	return g, rules, nil
}

type authorizeOutput struct {
	Return bool                 `xml:"return"`
	Rules  wire.Items[ruleItem] `xml:"securityGroupRuleSet"`
}

// authorize adds rules, all or none.
func (s *Service) authorize(egress bool) func(*rulesInput) (any, error) {
	return func(in *rulesInput) (any, error) {
		g, rules, err := s.rules(in)
		if err != nil {
			return nil, err
		}
		tags, err := s.tagsFor(in.Tags, "security-group-rule")
		if err != nil {
			return nil, err
		}
		have := map[string]bool{}
		for _, r := range *g.rules(egress) {
			have[r.identity()] = true
		}
		for _, r := range rules {
			if have[r.identity()] {
				return nil, wire.Errorf("InvalidPermission.Duplicate", "the specified rule \"%s\" already exists", r)
			}
		}
		if s.tooMany(append(slices.Clip(*g.rules(egress)), rules...)) {
			return nil, wire.Errorf("RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached.")
		}
		out := authorizeOutput{Return: true}
		for i := range rules {
			rules[i].ID = s.newID("sgr")
			rules[i].Tags = tags["security-group-rule"]
			out.Rules = append(out.Rules, s.ruleItem(g, rules[i], egress))
		}
		s.groups.change(g.ID, func(v *SecurityGroup) {
			all := v.rules(egress)
			*all = append(slices.Clip(*all), rules...)
		})
		return out, nil
	}
}

// tooMany counts rules as EC2 does: IPv4 and IPv6 apart, and those that name a group for both.
func (s *Service) tooMany(rules []Rule) bool {
	ipv4, ipv6 := 0, 0
	for _, r := range rules {
		if r.IPv6 == "" {
			ipv4++
		}
		if r.IPv4 == "" {
			ipv6++
		}
	}
	return max(ipv4, ipv6) > s.quotas.RulesPerSecurityGroup
}

type revokeOutput struct {
	Return  bool                        `xml:"return"`
	Unknown wire.Items[permissionItem]  `xml:"unknownIpPermissionSet,omitempty"`
	Revoked wire.Items[revokedRuleItem] `xml:"revokedSecurityGroupRuleSet"`
}

type revokedRuleItem struct {
	ID           string `xml:"securityGroupRuleId"`
	GroupID      string `xml:"groupId"`
	Egress       bool   `xml:"isEgress"`
	Protocol     string `xml:"ipProtocol"`
	From         int    `xml:"fromPort"`
	To           int    `xml:"toPort"`
	IPv4         string `xml:"cidrIpv4,omitempty"`
	IPv6         string `xml:"cidrIpv6,omitempty"`
	PrefixListID string `xml:"prefixListId,omitempty"`
	PeerID       string `xml:"referencedGroupId,omitempty"`
	Description  string `xml:"description,omitempty"`
}

// revoke removes rules. One that is not there fails the call, except in the default VPC, where the answer
// lists it and the others are removed.
func (s *Service) revoke(egress bool) func(*rulesInput) (any, error) {
	return func(in *rulesInput) (any, error) {
		g, rules, err := s.rules(in)
		if err != nil {
			return nil, err
		}
		left := slices.Clone(*g.rules(egress))
		out := revokeOutput{Return: true}
		var unknown []Rule
		take := func(i int) {
			out.Revoked = append(out.Revoked, revokedItem(g, left[i], egress))
			left = slices.Delete(left, i, i+1)
		}
		for _, r := range rules {
			if i := indexRule(left, r); i >= 0 {
				take(i)
			} else {
				unknown = append(unknown, r)
			}
		}
		for _, id := range in.RuleIDs {
			i := slices.IndexFunc(left, func(r Rule) bool { return r.ID == id })
			if i < 0 {
				return nil, wire.Errorf("InvalidSecurityGroupRuleId.NotFound", "The security group rule ID '%s' does not exist", id)
			}
			take(i)
		}
		if len(unknown) > 0 {
			if vpc := s.vpcs.Get(g.VPCID); vpc == nil || !vpc.Default {
				return nil, wire.Errorf("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
			}
			out.Unknown = groupRules(unknown)
		}
		s.groups.change(g.ID, func(v *SecurityGroup) { *v.rules(egress) = left })
		return out, nil
	}
}

func indexRule(rules []Rule, r Rule) int {
	id := r.identity()
	return slices.IndexFunc(rules, func(o Rule) bool { return o.identity() == id })
}

func revokedItem(g *SecurityGroup, r Rule, egress bool) revokedRuleItem {
	from, to := r.portsOrAll()
	return revokedRuleItem{
		ID: r.ID, GroupID: g.ID, Egress: egress, Protocol: r.Protocol, From: from, To: to, IPv4: r.IPv4, IPv6: r.IPv6,
		PrefixListID: r.PrefixListID, PeerID: r.GroupID, Description: r.Description,
	}
}

// portsOrAll are the ports as answers about single rules have them: -1 if there are none.
func (r Rule) portsOrAll() (from, to int) {
	if r.From == nil {
		return -1, -1
	}
	return *r.From, *r.To
}

// updateDescriptions gives ingress rules other descriptions, or none.
func (s *Service) updateDescriptions(in *rulesInput) (any, error) {
	g, rules, err := s.rules(in)
	if err != nil {
		return nil, err
	}
	changed := slices.Clone(g.Ingress)
	for _, r := range rules {
		i := indexRule(changed, r)
		if i < 0 {
			return nil, wire.Errorf("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
		}
		changed[i].Description = r.Description
	}
	for _, d := range in.Descriptions {
		i := slices.IndexFunc(changed, func(r Rule) bool { return r.ID == d.ID })
		if i < 0 {
			return nil, wire.Errorf("InvalidSecurityGroupRuleId.NotFound", "The security group rule ID '%s' does not exist", d.ID)
		}
		changed[i].Description = d.Description
	}
	s.groups.change(g.ID, func(v *SecurityGroup) { v.Ingress = changed })
	return done{true}, nil
}

type ruleItem struct {
	ID           string              `xml:"securityGroupRuleId"`
	ARN          string              `xml:"securityGroupRuleArn"`
	GroupID      string              `xml:"groupId"`
	GroupOwner   string              `xml:"groupOwnerId"`
	Egress       bool                `xml:"isEgress"`
	Protocol     string              `xml:"ipProtocol"`
	From         int                 `xml:"fromPort"`
	To           int                 `xml:"toPort"`
	IPv4         string              `xml:"cidrIpv4,omitempty"`
	IPv6         string              `xml:"cidrIpv6,omitempty"`
	PrefixListID string              `xml:"prefixListId,omitempty"`
	Peer         *peerItem           `xml:"referencedGroupInfo"`
	Description  string              `xml:"description,omitempty"`
	Tags         wire.Items[tagItem] `xml:"tagSet"`
}

type peerItem struct {
	ID    string `xml:"groupId"`
	Owner string `xml:"userId"`
}

func (s *Service) ruleItem(g *SecurityGroup, r Rule, egress bool) ruleItem {
	from, to := r.portsOrAll()
	out := ruleItem{
		ID: r.ID, ARN: s.arn("security-group-rule", r.ID), GroupID: g.ID, GroupOwner: s.opts.Account, Egress: egress,
		Protocol: r.Protocol, From: from, To: to, IPv4: r.IPv4, IPv6: r.IPv6, PrefixListID: r.PrefixListID,
		Description: r.Description, Tags: r.Tags.sorted(),
	}
	if r.GroupID != "" {
		out.Peer = &peerItem{r.GroupID, r.GroupOwner}
	}
	return out
}

type describeRulesInput struct {
	IDs []string `query:"SecurityGroupRuleId"`
	page
}

type describeRulesOutput struct {
	Rules wire.Items[ruleItem] `xml:"securityGroupRuleSet"`
	Next  string               `xml:"nextToken,omitempty"`
}

// describeRules lists the rules of all groups one by one, and numbers them for its pages.
func (s *Service) describeRules(in *describeRulesInput) (any, error) {
	match, err := ruleFilters.compile(in.Filters)
	if err != nil {
		return nil, err
	}
	size, after, err := in.position(len(in.IDs) > 0, limits{min: 5, max: 1000, ids: true})
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, id := range in.IDs {
		wanted[id] = true
	}
	var out describeRulesOutput
	var place int64
	for item := range s.groups.AllSeen(0) {
		for _, r := range s.ruleItems(item.Value) {
			named := wanted[r.ID]
			delete(wanted, r.ID)
			if place++; place <= after || len(in.IDs) > 0 && !named || !match(&r) {
				continue
			}
			if len(out.Rules) == size {
				out.Next = token(place - 1)
				return out, nil
			}
			out.Rules = append(out.Rules, r)
		}
	}
	for id := range wanted {
		return nil, wire.Errorf("InvalidSecurityGroupRuleId.NotFound", "The security group rule ID '%s' does not exist", id)
	}
	return out, nil
}

func (s *Service) ruleItems(g *SecurityGroup) []ruleItem {
	out := make([]ruleItem, 0, len(g.Ingress)+len(g.Egress))
	for _, r := range g.Ingress {
		out = append(out, s.ruleItem(g, r, false))
	}
	for _, r := range g.Egress {
		out = append(out, s.ruleItem(g, r, true))
	}
	return out
}

var ruleFilters = &collection[ruleItem]{filters: map[string]func(*ruleItem) []string{
	"group-id":               get(func(r *ruleItem) string { return r.GroupID }),
	"security-group-rule-id": get(func(r *ruleItem) string { return r.ID }),
}}
