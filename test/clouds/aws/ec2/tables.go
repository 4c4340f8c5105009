// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package ec2

import (
	"slices"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

type tableItem struct {
	ID           string                      `xml:"routeTableId"`
	VPCID        string                      `xml:"vpcId"`
	OwnerID      string                      `xml:"ownerId"`
	Routes       wire.Items[routeItem]       `xml:"routeSet"`
	Associations wire.Items[associationItem] `xml:"associationSet"`
	Propagating  wire.Items[struct{}]        `xml:"propagatingVgwSet"`
	Tags         wire.Items[tagItem]         `xml:"tagSet"`
}

type associationItem struct {
	ID       string    `xml:"routeTableAssociationId"`
	TableID  string    `xml:"routeTableId"`
	SubnetID string    `xml:"subnetId,omitempty"`
	Main     bool      `xml:"main"`
	State    cidrState `xml:"associationState"`
}

func (s *Service) tableItem(v *RouteTable) tableItem {
	out := tableItem{ID: v.ID, VPCID: v.VPCID, OwnerID: s.opts.Account, Tags: v.Tags.sorted()}
	for _, r := range v.Routes {
		out.Routes = append(out.Routes, s.routeItem(r))
	}
	for _, a := range v.Associations {
		out.Associations = append(out.Associations, associationItem{a.ID, v.ID, a.SubnetID, a.Main, associated})
	}
	return out
}

type describeTablesInput struct {
	IDs []string `query:"RouteTableId"`
	page
}

type describeTablesOutput struct {
	Tables wire.Items[tableItem] `xml:"routeTableSet"`
	Next   string                `xml:"nextToken,omitempty"`
}

func (s *Service) describeTables(in *describeTablesInput) (any, error) {
	found, next, err := s.tables.describe(in.IDs, in.page, limits{min: 5, max: 100, ids: true})
	if err != nil {
		return nil, err
	}
	out := describeTablesOutput{Next: next}
	for _, v := range found {
		out.Tables = append(out.Tables, s.tableItem(v))
	}
	return out, nil
}

type createTableInput struct {
	VPCID string             `query:"VpcId,required"`
	Tags  []tagSpecification `query:"TagSpecification"`
}

type createTableOutput struct {
	Table tableItem `xml:"routeTable"`
}

func (s *Service) createTable(in *createTableInput) (any, error) {
	vpc, err := s.vpcs.one(in.VPCID)
	if err != nil {
		return nil, err
	}
	tags, err := s.tagsFor(in.Tags, "route-table")
	if err != nil {
		return nil, err
	}
	return createTableOutput{s.tableItem(s.addTable(vpc, tags["route-table"]))}, nil
}

func (s *Service) addTable(vpc *VPC, tags Tags) *RouteTable {
	v := &RouteTable{ID: s.newID("rtb"), VPCID: vpc.ID, Routes: localRoutes(vpc), Tags: tags}
	s.tables.Put(v.ID, v)
	return v
}

type associateTableInput struct {
	TableID  string `query:"RouteTableId,required"`
	SubnetID string `query:"SubnetId,required"`
}

type associateTableOutput struct {
	ID    string    `xml:"associationId"`
	State cidrState `xml:"associationState"`
}

func (s *Service) associateTable(in *associateTableInput) (any, error) {
	table, err := s.tables.one(in.TableID)
	if err != nil {
		return nil, err
	}
	sub, err := s.subnets.one(in.SubnetID)
	if err != nil {
		return nil, err
	}
	if table.VPCID != sub.VPCID {
		return nil, wire.Errorf("InvalidParameterValue", "Route table %s and subnet %s belong to different networks", table.ID, sub.ID)
	}
	own := func(a Association) bool { return a.SubnetID == sub.ID }
	if t := s.table(sub); slices.ContainsFunc(t.Associations, own) {
		if t.ID == table.ID {
			return associateTableOutput{t.Associations[slices.IndexFunc(t.Associations, own)].ID, associated}, nil
		}
		return nil, wire.Errorf("Resource.AlreadyAssociated", "the specified association for route table %s conflicts with an existing association", table.ID)
	}
	return associateTableOutput{s.associate(table.ID, sub.ID), associated}, nil
}

func (s *Service) associate(table, subnet string) string {
	id := s.newID("rtbassoc")
	s.tables.change(table, func(v *RouteTable) {
		v.Associations = append(slices.Clip(v.Associations), Association{ID: id, SubnetID: subnet})
	})
	return id
}
