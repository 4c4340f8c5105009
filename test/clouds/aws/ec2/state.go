// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package ec2

import (
	"errors"
	"fmt"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

// Operations returns what the service does, by action.
func (s *Service) Operations() map[string]wire.Operation {
	return map[string]wire.Operation{
		"DescribeInstances":                          action(s, s.describeInstances),
		"RunInstances":                               action(s, s.runInstances),
		"StartInstances":                             action(s, s.move(s.starting())),
		"StopInstances":                              action(s, s.move(s.stopping())),
		"TerminateInstances":                         action(s, s.move(s.terminating())),
		"ModifyInstanceAttribute":                    action(s, s.modifyInstance),
		"DescribeInstanceAttribute":                  action(s, s.instanceAttribute),
		"DescribeInstanceTopology":                   action(s, s.describeTopology),
		"DescribeAvailabilityZones":                  action(s, s.describeZones),
		"DescribeRegions":                            action(s, s.describeRegions),
		"DescribeVpcs":                               action(s, s.describeVPCs),
		"CreateVpc":                                  action(s, s.createVPC),
		"DescribeSubnets":                            action(s, s.describeSubnets),
		"CreateSubnet":                               action(s, s.createSubnet),
		"DescribeInternetGateways":                   action(s, s.describeGateways),
		"CreateInternetGateway":                      action(s, s.createGateway),
		"AttachInternetGateway":                      action(s, s.attachGateway),
		"DescribeRouteTables":                        action(s, s.describeTables),
		"CreateRouteTable":                           action(s, s.createTable),
		"AssociateRouteTable":                        action(s, s.associateTable),
		"CreateRoute":                                action(s, s.createRoute),
		"ReplaceRoute":                               action(s, s.replaceRoute),
		"DeleteRoute":                                action(s, s.deleteRoute),
		"DescribeNetworkInterfaces":                  action(s, s.describeInterfaces),
		"ModifyNetworkInterfaceAttribute":            action(s, s.modifyInterface),
		"AssignIpv6Addresses":                        action(s, s.assignIPv6),
		"AllocateAddress":                            action(s, s.allocateAddress),
		"DescribeAddresses":                          action(s, s.describeAddresses),
		"ReleaseAddress":                             action(s, s.releaseAddress),
		"DescribeSecurityGroups":                     action(s, s.describeGroups),
		"DescribeSecurityGroupRules":                 action(s, s.describeRules),
		"CreateSecurityGroup":                        action(s, s.createGroup),
		"DeleteSecurityGroup":                        action(s, s.deleteGroup),
		"AuthorizeSecurityGroupIngress":              action(s, s.authorize(false)),
		"AuthorizeSecurityGroupEgress":               action(s, s.authorize(true)),
		"RevokeSecurityGroupIngress":                 action(s, s.revoke(false)),
		"RevokeSecurityGroupEgress":                  action(s, s.revoke(true)),
		"UpdateSecurityGroupRuleDescriptionsIngress": action(s, s.updateDescriptions),
		"CreateTags":                                 action(s, s.createTags),
		"DeleteTags":                                 action(s, s.deleteTags),
		"DescribeTags":                               action(s, s.describeTags),
	}
}

// SetQuotas replaces the quotas; zero fields mean AWS's defaults.
func (s *Service) SetQuotas(q Quotas) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quotas = q.withDefaults()
}

// State returns everything, as it is now. What it points to belongs to the service: nobody may change it.
func (s *Service) State() *State {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	return &State{
		LastID: s.lastID, PublicAddresses: s.publics, Zones: s.opts.Zones,
		VPCs: s.vpcs.list(), Subnets: s.subnets.list(), Gateways: s.gateways.list(), RouteTables: s.tables.list(),
		SecurityGroups: s.groups.list(), Instances: s.instances.list(), Interfaces: s.interfaces.list(), Addresses: s.addresses.list(),
	}
}

func (c *collection[T]) list() []*T {
	var out []*T
	for _, v := range c.All() {
		out = append(out, v)
	}
	return out
}

// Load replaces everything by what a State has. What it points to belongs to the service from then on.
func (s *Service) Load(state *State) error {
	if err := state.check(); err != nil {
		return err
	}
	return s.build(func() error {
		s.lastID, s.publics, s.timers = state.LastID, state.PublicAddresses, nil
		if len(state.Zones) > 0 {
			s.opts.Zones = state.Zones
		}
		load(s.vpcs, state.VPCs, func(v *VPC) string { return v.ID })
		load(s.subnets, state.Subnets, func(v *Subnet) string { return v.ID })
		load(s.gateways, state.Gateways, func(v *InternetGateway) string { return v.ID })
		load(s.tables, state.RouteTables, func(v *RouteTable) string { return v.ID })
		load(s.groups, state.SecurityGroups, func(v *SecurityGroup) string { return v.ID })
		load(s.instances, state.Instances, func(v *Instance) string { return v.ID })
		load(s.interfaces, state.Interfaces, func(v *NetworkInterface) string { return v.ID })
		load(s.addresses, state.Addresses, func(v *Address) string { return v.AllocationID })
		s.rebuildPools()
		for _, i := range state.Instances {
			if !i.NextAt.IsZero() {
				s.at(i.NextAt, i.ID, s.advance)
			}
		}
		for _, ni := range state.Interfaces {
			if !ni.DeleteAt.IsZero() {
				s.at(ni.DeleteAt, ni.ID, s.removeInterface)
			}
		}
		return nil
	})
}

func load[T any](c *collection[T], values []*T, id func(*T) string) {
	c.Clear()
	for _, v := range values {
		c.Put(id(v), v)
	}
}

// check finds what would break the service, in a state that was edited by hand.
func (state *State) check() error {
	var errs []error
	for _, v := range state.Subnets {
		if _, err := parseIPv4(v.CIDR, "cidr"); err != nil {
			errs = append(errs, fmt.Errorf("subnet %s: %w", v.ID, err))
		}
	}
	subnets := map[string]bool{}
	for _, v := range state.Subnets {
		subnets[v.ID] = true
	}
	interfaces := map[string]bool{}
	for _, v := range state.Interfaces {
		interfaces[v.ID] = true
		if !subnets[v.SubnetID] || len(v.Addresses) == 0 || len(v.ID) < 10 {
			errs = append(errs, fmt.Errorf("network interface %s: it needs a subnet that exists, an address and an ID", v.ID))
		}
	}
	for _, v := range state.Instances {
		for _, id := range v.Interfaces {
			if !interfaces[id] {
				errs = append(errs, fmt.Errorf("instance %s: there is no network interface %s", v.ID, id))
			}
		}
		if _, ok := stateCodes[v.State]; !ok {
			errs = append(errs, fmt.Errorf("instance %s: %q is no state", v.ID, v.State))
		}
	}
	return errors.Join(errs...)
}
