// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package ec2

import (
	"strconv"
	"strings"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/eventual"
)

// get makes a filter of a field.
func get[T any](field func(*T) string) func(*T) []string {
	return func(v *T) []string {
		if s := field(v); s != "" {
			return []string{s}
		}
		return nil
	}
}

// always makes a filter of what is the same for all.
func always[T any](value string) func(*T) []string {
	return func(*T) []string { return []string{value} }
}

func (s *Service) defineCollections() {
	s.defineNetworks()
	s.defineRouteTables()
	s.defineGroups()
	s.defineInstances()
	s.defineInterfaces()
	s.addresses = &collection[Address]{
		Map: eventual.NewMap[Address](s), kind: "elastic-ip", prefix: "eipalloc",
		label: "allocation ID", labels: "allocation IDs",
		notFound: "InvalidAllocationID.NotFound", malformed: "InvalidAllocationID.Malformed",
		tags: func(v *Address) *Tags { return &v.Tags },
		filters: map[string]func(*Address) []string{
			"allocation-id":        get(func(v *Address) string { return v.AllocationID }),
			"association-id":       get(func(v *Address) string { return v.AssociationID }),
			"public-ip":            get(func(v *Address) string { return v.PublicIP }),
			"private-ip-address":   get(func(v *Address) string { return v.PrivateIP }),
			"network-interface-id": get(func(v *Address) string { return v.InterfaceID }),
			"instance-id":          get(func(v *Address) string { return s.instanceOf(v.InterfaceID) }),
			"domain":               always[Address]("vpc"),
		},
	}
	s.taggable = []tagged{s.instances, s.vpcs, s.subnets, s.gateways, s.tables, s.groups, s.interfaces, s.addresses}
}

func (s *Service) defineNetworks() {
	s.vpcs = &collection[VPC]{
		Map: eventual.NewMap[VPC](s), kind: "vpc", prefix: "vpc", label: "vpc ID", labels: "vpc IDs",
		notFound: "InvalidVpcID.NotFound", malformed: "InvalidVpcID.Malformed",
		tags: func(v *VPC) *Tags { return &v.Tags },
		filters: map[string]func(*VPC) []string{
			"vpc-id": get(func(v *VPC) string { return v.ID }), "cidr": get(func(v *VPC) string { return v.CIDR }),
			"cidr-block-association.cidr-block":           get(func(v *VPC) string { return v.CIDR }),
			"ipv6-cidr-block-association.ipv6-cidr-block": get(func(v *VPC) string { return v.IPv6CIDR }),
			"is-default": get(func(v *VPC) string { return strconv.FormatBool(v.Default) }),
			"owner-id":   always[VPC](s.opts.Account), "state": always[VPC]("available"),
		},
	}
	s.subnets = &collection[Subnet]{
		Map: eventual.NewMap[Subnet](s), kind: "subnet", prefix: "subnet", label: "subnet ID", labels: "subnet IDs",
		notFound: "InvalidSubnetID.NotFound", malformed: "InvalidSubnetID.Malformed",
		tags: func(v *Subnet) *Tags { return &v.Tags },
		filters: map[string]func(*Subnet) []string{
			"subnet-id":               get(func(v *Subnet) string { return v.ID }),
			"vpc-id":                  get(func(v *Subnet) string { return v.VPCID }),
			"availability-zone":       get(func(v *Subnet) string { return v.Zone }),
			"availabilityZone":        get(func(v *Subnet) string { return v.Zone }),
			"availability-zone-id":    get(func(v *Subnet) string { return s.zoneID(v.Zone) }),
			"cidr-block":              get(func(v *Subnet) string { return v.CIDR }),
			"cidr":                    get(func(v *Subnet) string { return v.CIDR }),
			"cidrBlock":               get(func(v *Subnet) string { return v.CIDR }),
			"default-for-az":          get(func(v *Subnet) string { return strconv.FormatBool(v.DefaultForZone) }),
			"map-public-ip-on-launch": get(func(v *Subnet) string { return strconv.FormatBool(v.PublicAddresses) }),
			"outpost-arn":             get(func(v *Subnet) string { return v.OutpostARN }),
			"subnet-arn":              get(func(v *Subnet) string { return s.arn("subnet", v.ID) }),
			"owner-id":                always[Subnet](s.opts.Account), "state": always[Subnet]("available"),
			"ipv6-cidr-block-association.ipv6-cidr-block": get(func(v *Subnet) string { return v.IPv6CIDR }),
		},
	}
	s.gateways = &collection[InternetGateway]{
		Map: eventual.NewMap[InternetGateway](s), kind: "internet-gateway", prefix: "igw",
		label: "internetGateway ID", labels: "internetGateway IDs",
		notFound: "InvalidInternetGatewayID.NotFound", malformed: "InvalidInternetGatewayId.Malformed",
		tags: func(v *InternetGateway) *Tags { return &v.Tags },
		filters: map[string]func(*InternetGateway) []string{
			"internet-gateway-id": get(func(v *InternetGateway) string { return v.ID }),
			"attachment.vpc-id":   get(func(v *InternetGateway) string { return v.VPCID }),
			"attachment.state": get(func(v *InternetGateway) string {
				if v.VPCID == "" {
					return ""
				}
				return "available"
			}),
			"owner-id": always[InternetGateway](s.opts.Account),
		},
	}
}

func (s *Service) defineRouteTables() {
	routes := func(field func(Route) string) func(*RouteTable) []string {
		return func(v *RouteTable) (out []string) {
			for _, r := range v.Routes {
				if value := field(r); value != "" {
					out = append(out, value)
				}
			}
			return out
		}
	}
	associations := func(field func(Association) string) func(*RouteTable) []string {
		return func(v *RouteTable) (out []string) {
			for _, a := range v.Associations {
				if value := field(a); value != "" {
					out = append(out, value)
				}
			}
			return out
		}
	}
	s.tables = &collection[RouteTable]{
		Map: eventual.NewMap[RouteTable](s), kind: "route-table", prefix: "rtb",
		label: "routeTable ID", labels: "routeTable IDs",
		notFound: "InvalidRouteTableID.NotFound", malformed: "InvalidRouteTableId.Malformed",
		tags: func(v *RouteTable) *Tags { return &v.Tags },
		filters: map[string]func(*RouteTable) []string{
			"route-table-id":                         get(func(v *RouteTable) string { return v.ID }),
			"vpc-id":                                 get(func(v *RouteTable) string { return v.VPCID }),
			"owner-id":                               always[RouteTable](s.opts.Account),
			"association.subnet-id":                  associations(func(a Association) string { return a.SubnetID }),
			"association.route-table-association-id": associations(func(a Association) string { return a.ID }),
			"association.main":                       associations(func(a Association) string { return strconv.FormatBool(a.Main) }),
			"association.route-table-id": func(v *RouteTable) []string {
				if len(v.Associations) == 0 {
					return nil
				}
				return []string{v.ID}
			},
			"route.destination-cidr-block":      routes(func(r Route) string { return r.IPv4 }),
			"route.destination-ipv6-cidr-block": routes(func(r Route) string { return r.IPv6 }),
			"route.gateway-id":                  routes(func(r Route) string { return r.GatewayID }),
			"route.instance-id":                 routes(func(r Route) string { return r.InstanceID }),
			"route.nat-gateway-id":              routes(func(r Route) string { return r.OtherTarget["NatGatewayId"] }),
			"route.origin":                      routes(Route.origin),
			"route.state":                       routes(s.routeState),
		},
	}
}

func (s *Service) defineGroups() {
	rules := func(egress bool, field func(Rule) string) func(*SecurityGroup) []string {
		return func(v *SecurityGroup) (out []string) {
			for _, r := range *v.rules(egress) {
				if value := field(r); value != "" {
					out = append(out, value)
				}
			}
			return out
		}
	}
	s.groups = &collection[SecurityGroup]{
		Map: eventual.NewMap[SecurityGroup](s), kind: "security-group", prefix: "sg",
		label: "security group", labels: "security groups",
		notFound: "InvalidGroup.NotFound", malformed: "InvalidGroupId.Malformed",
		tags: func(v *SecurityGroup) *Tags { return &v.Tags },
		filters: map[string]func(*SecurityGroup) []string{
			"group-id":    get(func(v *SecurityGroup) string { return v.ID }),
			"group-name":  get(func(v *SecurityGroup) string { return v.Name }),
			"description": get(func(v *SecurityGroup) string { return v.Description }),
			"vpc-id":      get(func(v *SecurityGroup) string { return v.VPCID }),
			"owner-id":    always[SecurityGroup](s.opts.Account),
		},
	}
	for prefix, egress := range map[string]bool{"ip-permission.": false, "egress.ip-permission.": true} {
		for name, field := range map[string]func(Rule) string{
			"cidr":           func(r Rule) string { return r.IPv4 },
			"ipv6-cidr":      func(r Rule) string { return r.IPv6 },
			"group-id":       func(r Rule) string { return r.GroupID },
			"group-name":     func(r Rule) string { return s.groupName(r.GroupID) },
			"prefix-list-id": func(r Rule) string { return r.PrefixListID },
			"user-id":        func(r Rule) string { return r.GroupOwner },
			"protocol":       func(r Rule) string { return r.Protocol },
			"from-port":      func(r Rule) string { return number(r.From) },
			"to-port":        func(r Rule) string { return number(r.To) },
		} {
			s.groups.filters[prefix+name] = rules(egress, field)
		}
	}
}

func number(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}

// arn names an EC2 resource.
func (s *Service) arn(kind, id string) string {
	return strings.Join([]string{"arn", s.partition(), "ec2", s.opts.Region, s.opts.Account, kind + "/" + id}, ":")
}

func (s *Service) partition() string {
	switch {
	case strings.HasPrefix(s.opts.Region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(s.opts.Region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}
