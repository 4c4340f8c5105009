// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package ec2

import (
	"slices"
	"strings"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

type groupItem struct {
	OwnerID     string                     `xml:"ownerId"`
	ID          string                     `xml:"groupId"`
	Name        string                     `xml:"groupName"`
	Description string                     `xml:"groupDescription"`
	VPCID       string                     `xml:"vpcId"`
	ARN         string                     `xml:"securityGroupArn"`
	Ingress     wire.Items[permissionItem] `xml:"ipPermissions"`
	Egress      wire.Items[permissionItem] `xml:"ipPermissionsEgress"`
	Tags        wire.Items[tagItem]        `xml:"tagSet,omitempty"`
}

func (s *Service) groupItem(v *SecurityGroup) groupItem {
	return groupItem{
		OwnerID: s.opts.Account, ID: v.ID, Name: v.Name, Description: v.Description, VPCID: v.VPCID,
		ARN: s.arn("security-group", v.ID), Ingress: groupRules(v.Ingress), Egress: groupRules(v.Egress),
		Tags: v.Tags.sorted(),
	}
}

// rules returns the rules of one direction.
func (g *SecurityGroup) rules(egress bool) *[]Rule {
	if egress {
		return &g.Egress
	}
	return &g.Ingress
}

func (s *Service) groupName(id string) string {
	if g := s.groups.Get(id); g != nil {
		return g.Name
	}
	return ""
}

func (s *Service) groupNames(ids []string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = s.groupName(id)
	}
	return out
}

// groupNamed finds a group of a VPC by name.
func (s *Service) groupNamed(name, vpc string) *SecurityGroup {
	for _, g := range s.groups.All() {
		if g.VPCID == vpc && g.Name == name {
			return g
		}
	}
	return nil
}

type describeGroupsInput struct {
	IDs   []string `query:"GroupId"`
	Names []string `query:"GroupName"`
	page
}

type describeGroupsOutput struct {
	Groups wire.Items[groupItem] `xml:"securityGroupInfo"`
	Next   string                `xml:"nextToken,omitempty"`
}

func (s *Service) describeGroups(in *describeGroupsInput) (any, error) {
	for _, name := range in.Names {
		g, err := s.chosenGroup("", name)
		if err != nil {
			return nil, err
		}
		in.IDs = append(in.IDs, g.ID)
	}
	found, next, err := s.groups.describe(in.IDs, in.page, limits{min: 5, max: 1000, ids: true})
	if err != nil {
		return nil, err
	}
	out := describeGroupsOutput{Next: next}
	for _, v := range found {
		out.Groups = append(out.Groups, s.groupItem(v))
	}
	return out, nil
}

// chosenGroup finds the group that a call names, which it can do by name in the default VPC only.
func (s *Service) chosenGroup(id, name string) (*SecurityGroup, error) {
	if id != "" {
		return s.groups.one(id)
	}
	if name == "" {
		return nil, wire.Errorf("MissingParameter", "The request must contain the parameter groupName or groupId")
	}
	vpc, err := s.defaultVPC()
	if err != nil {
		return nil, wire.Errorf("VPCIdNotSpecified", "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.")
	}
	if g := s.groupNamed(name, vpc.ID); g != nil {
		return g, nil
	}
	return nil, wire.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist in default VPC '%s'", name, vpc.ID)
}

type createGroupInput struct {
	Name        string             `query:"GroupName,required"`
	Description string             `query:"GroupDescription,required"`
	VPCID       string             `query:"VpcId"`
	Tags        []tagSpecification `query:"TagSpecification"`
}

type createGroupOutput struct {
	ID   string              `xml:"groupId"`
	ARN  string              `xml:"securityGroupArn"`
	Tags wire.Items[tagItem] `xml:"tagSet"`
}

// descriptionCharacters are what names and descriptions may have besides letters, digits and spaces.
const descriptionCharacters = `. _-:/()#,@[]+=&;{}!$*`

func validText(text string) bool {
	return len(text) < 256 && !strings.ContainsFunc(text, func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !letter && !strings.ContainsRune(descriptionCharacters, r)
	})
}

func checkGroupText(name, description string) error {
	switch {
	case name == "default":
		return wire.Errorf("InvalidGroup.Reserved", "The security group 'default' is reserved")
	case name == "" || !validText(name):
		return wire.Errorf("InvalidParameterValue", "Value (%s) for parameter GroupName is invalid. Character sets beyond ASCII are not supported.", name)
	case strings.HasPrefix(name, "sg-"):
		return wire.Errorf("InvalidParameterValue", "Invalid value '%s' for groupName. Group names may not be in the format sg-*", name)
	case description == "" || !validText(description):
		return wire.Errorf("InvalidParameterValue", "Invalid security group description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9%s", descriptionCharacters)
	}
	return nil
}

func (s *Service) createGroup(in *createGroupInput) (any, error) {
	if err := checkGroupText(in.Name, in.Description); err != nil {
		return nil, err
	}
	var vpc *VPC
	var err error
	if in.VPCID == "" {
		vpc, err = s.defaultVPC()
	} else {
		vpc, err = s.vpcs.one(in.VPCID)
	}
	if err != nil {
		return nil, err
	}
	if s.groupNamed(in.Name, vpc.ID) != nil {
		return nil, wire.Errorf("InvalidGroup.Duplicate", "The security group '%s' already exists for VPC '%s'", in.Name, vpc.ID)
	}
	if s.groups.Len() >= s.quotas.SecurityGroups {
		return nil, wire.Errorf("SecurityGroupLimitExceeded", "The maximum number of security groups for VPC '%s' has been reached.", vpc.ID)
	}
	tags, err := s.tagsFor(in.Tags, "security-group")
	if err != nil {
		return nil, err
	}
	g := s.addGroup(SecurityGroup{Name: in.Name, Description: in.Description, VPCID: vpc.ID, Tags: tags["security-group"]}, vpc)
	return createGroupOutput{g.ID, s.arn("security-group", g.ID), g.Tags.sorted()}, nil
}

// addGroup adds a group that lets everything out; the default one also lets everything in from itself.
func (s *Service) addGroup(g SecurityGroup, vpc *VPC) *SecurityGroup {
	g.ID = s.newID("sg")
	g.Egress = append(g.Egress, Rule{ID: s.newID("sgr"), Protocol: "-1", IPv4: "0.0.0.0/0"})
	if vpc.IPv6CIDR != "" {
		g.Egress = append(g.Egress, Rule{ID: s.newID("sgr"), Protocol: "-1", IPv6: "::/0"})
	}
	if g.Name == "default" {
		g.Ingress = append(g.Ingress, Rule{ID: s.newID("sgr"), Protocol: "-1", GroupID: g.ID, GroupOwner: s.opts.Account})
	}
	s.groups.Put(g.ID, &g)
	return &g
}

type deleteGroupInput struct {
	ID   string `query:"GroupId"`
	Name string `query:"GroupName"`
}

type deleteGroupOutput struct {
	Return bool   `xml:"return"`
	ID     string `xml:"groupId"`
}

func (s *Service) deleteGroup(in *deleteGroupInput) (any, error) {
	g, err := s.chosenGroup(in.ID, in.Name)
	if err != nil {
		return nil, err
	}
	switch {
	case g.Name == "default":
		return nil, wire.Errorf("CannotDelete", "the specified group: \"%s\" name: \"%s\" cannot be deleted by a user", g.ID, g.Name)
	case s.groupInUse(g.ID):
		return nil, wire.Errorf("DependencyViolation", "resource %s has a dependent object", g.ID)
	}
	s.groups.Delete(g.ID)
	return deleteGroupOutput{true, g.ID}, nil
}

// groupInUse says whether an interface has the group, or a rule of another group names it.
func (s *Service) groupInUse(id string) bool {
	for _, ni := range s.interfaces.All() {
		if slices.Contains(ni.Groups, id) {
			return true
		}
	}
	names := func(r Rule) bool { return r.GroupID == id }
	for other, g := range s.groups.All() {
		if other != id && (slices.ContainsFunc(g.Ingress, names) || slices.ContainsFunc(g.Egress, names)) {
			return true
		}
	}
	return false
}

// checkInterfaceGroups checks the groups that an interface in a VPC is to have.
func (s *Service) checkInterfaceGroups(ids []string, vpc string) error {
	found, err := s.groups.find(unique(ids)...)
	if err != nil {
		return err
	}
	for _, g := range found {
		if g.VPCID != vpc {
			return wire.Errorf("InvalidParameter", "Security group %s and subnet belong to different networks.", g.ID)
		}
	}
	if len(found) > s.quotas.SecurityGroupsPerInterface {
		return wire.Errorf("SecurityGroupsPerInterfaceLimitExceeded", "The maximum number of security groups per interface has been reached.")
	}
	return nil
}
