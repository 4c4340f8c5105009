// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package ec2

import (
	"cmp"
	"slices"
	"strings"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

type routeItem struct {
	IPv4            string `xml:"destinationCidrBlock,omitempty"`
	IPv6            string `xml:"destinationIpv6CidrBlock,omitempty"`
	GatewayID       string `xml:"gatewayId,omitempty"`
	NATGateway      string `xml:"natGatewayId,omitempty"`
	TransitGateway  string `xml:"transitGatewayId,omitempty"`
	EgressOnly      string `xml:"egressOnlyInternetGatewayId,omitempty"`
	Peering         string `xml:"vpcPeeringConnectionId,omitempty"`
	InstanceID      string `xml:"instanceId,omitempty"`
	InstanceOwnerID string `xml:"instanceOwnerId,omitempty"`
	InterfaceID     string `xml:"networkInterfaceId,omitempty"`
	State           string `xml:"state"`
	Origin          string `xml:"origin"`
}

func (r Route) origin() string {
	if r.GatewayID == "local" {
		return "CreateRouteTable"
	}
	return "CreateRoute"
}

// routeState is blackhole if what the route leads to is not there to take packets.
func (s *Service) routeState(r Route) string {
	const active, blackhole = "active", "blackhole"
	switch {
	case r.InterfaceID != "":
		ni := s.interfaces.Get(r.InterfaceID)
		if ni == nil || ni.Attachment == nil {
			return blackhole
		}
		if i := s.instances.Get(ni.Attachment.InstanceID); i == nil || i.State == "stopped" {
			return blackhole
		}
	case strings.HasPrefix(r.GatewayID, "igw-"):
		if g := s.gateways.Get(r.GatewayID); g == nil || g.VPCID == "" {
			return blackhole
		}
	}
	return active
}

func (s *Service) routeItem(r Route) routeItem {
	out := routeItem{
		IPv4: r.IPv4, IPv6: r.IPv6, GatewayID: r.GatewayID, InstanceID: r.InstanceID, InterfaceID: r.InterfaceID,
		NATGateway: r.OtherTarget["NatGatewayId"], TransitGateway: r.OtherTarget["TransitGatewayId"],
		EgressOnly: r.OtherTarget["EgressOnlyInternetGatewayId"], Peering: r.OtherTarget["VpcPeeringConnectionId"],
		State: s.routeState(r), Origin: r.origin(),
	}
	if r.InstanceID != "" {
		out.InstanceOwnerID = s.opts.Account
	}
	return out
}

type routeInput struct {
	TableID     string `query:"RouteTableId,required"`
	IPv4        string `query:"DestinationCidrBlock"`
	IPv6        string `query:"DestinationIpv6CidrBlock"`
	GatewayID   string `query:"GatewayId"`
	InstanceID  string `query:"InstanceId"`
	InterfaceID string `query:"NetworkInterfaceId"`
	NAT         string `query:"NatGatewayId"`
	Transit     string `query:"TransitGatewayId"`
	EgressOnly  string `query:"EgressOnlyInternetGatewayId"`
	Peering     string `query:"VpcPeeringConnectionId"`
}

// destination returns a route to nowhere with the destination of a call.
func (in *routeInput) destination() (Route, error) {
	switch {
	case in.IPv4 != "" && in.IPv6 != "":
		return Route{}, wire.Errorf("InvalidParameterCombination", "The parameters destinationCidrBlock and destinationIpv6CidrBlock cannot be used together")
	case in.IPv4 != "":
		p, err := parseIPv4(in.IPv4, "destinationCidrBlock")
		return Route{IPv4: p.String()}, err
	case in.IPv6 != "":
		p, err := parseIPv6(in.IPv6, "destinationIpv6CidrBlock")
		return Route{IPv6: p.String()}, err
	}
	return Route{}, wire.Errorf("MissingParameter", "The request must contain exactly one of destinationCidrBlock, destinationIpv6CidrBlock, destinationPrefixListId")
}

// others returns the targets that are not simulated.
func (in *routeInput) others() map[string]string {
	out := map[string]string{}
	for name, id := range map[string]string{
		"NatGatewayId": in.NAT, "TransitGatewayId": in.Transit,
		"EgressOnlyInternetGatewayId": in.EgressOnly, "VpcPeeringConnectionId": in.Peering,
	} {
		if id != "" {
			out[name] = id
		}
	}
	return out
}

// route returns the route that a call describes.
func (s *Service) route(in *routeInput) (Route, *RouteTable, error) {
	table, err := s.tables.one(in.TableID)
	if err != nil {
		return Route{}, nil, err
	}
	r, err := in.destination()
	if err != nil {
		return Route{}, nil, err
	}
	others := in.others()
	targets := len(others)
	for _, id := range []string{in.GatewayID, in.InstanceID, in.InterfaceID} {
		if id != "" {
			targets++
		}
	}
	switch {
	case targets == 0:
		return Route{}, nil, wire.Errorf("MissingParameter", "The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId, vpcPeeringConnectionId, egressOnlyInternetGatewayId, transitGatewayId, localGatewayId, carrierGatewayId, vpcEndpointId, coreNetworkArn or instanceId")
	case targets > 1:
		return Route{}, nil, wire.Errorf("InvalidParameterCombination", "Only one route target may be specified")
	case len(others) > 0:
		r.OtherTarget = others
	case in.GatewayID != "":
		r.GatewayID = in.GatewayID
		err = s.checkGateway(in.GatewayID, table)
	default:
		r.InstanceID, r.InterfaceID, err = s.routeTarget(in, table)
	}
	return r, table, err
}

func (s *Service) checkGateway(id string, table *RouteTable) error {
	if !strings.HasPrefix(id, "igw-") {
		return nil // a virtual private gateway or an endpoint, which are not simulated
	}
	g, err := s.gateways.one(id)
	if err != nil {
		return err
	}
	if g.VPCID != table.VPCID {
		return wire.Errorf("InvalidParameterValue", "route table %s and network gateway %s belong to different networks", table.ID, id)
	}
	return nil
}

// routeTarget returns the instance and interface that a route leads to; EC2 stores both, whichever was given.
func (s *Service) routeTarget(in *routeInput, table *RouteTable) (instance, networkInterface string, err error) {
	networkInterface = in.InterfaceID
	if in.InstanceID != "" {
		if networkInterface, err = s.onlyInterface(in.InstanceID); err != nil {
			return "", "", err
		}
	}
	ni, err := s.interfaces.one(networkInterface)
	if err != nil {
		return "", "", err
	}
	if ni.VPCID != table.VPCID {
		return "", "", wire.Errorf("InvalidParameterValue", "route table %s and interface %s belong to different networks", table.ID, ni.ID)
	}
	return s.instanceOf(ni.ID), ni.ID, nil
}

// onlyInterface returns the interface of an instance for calls that cannot have several.
func (s *Service) onlyInterface(instance string) (string, error) {
	i, err := s.instances.one(instance)
	switch {
	case err != nil:
		return "", err
	case len(i.Interfaces) == 0:
		return "", wire.Errorf("IncorrectInstanceState", "The instance '%s' is not in a valid state for this operation", instance)
	case len(i.Interfaces) > 1:
		return "", wire.Errorf("InvalidInstanceID", "There are multiple interfaces attached to instance '%s'. Please specify an interface ID for the operation instead.", instance)
	}
	return i.Interfaces[0], nil
}

// same says whether two routes have the same destination.
func (r Route) same(o Route) bool { return r.IPv4 == o.IPv4 && r.IPv6 == o.IPv6 }

func (s *Service) createRoute(in *routeInput) (any, error) {
	r, table, err := s.route(in)
	if err != nil {
		return nil, err
	}
	family := 0
	for _, other := range table.Routes {
		if other.same(r) {
			return nil, wire.Errorf("RouteAlreadyExists", "The route identified by %s already exists.", cmp.Or(r.IPv4, r.IPv6))
		}
		if (other.IPv4 != "") == (r.IPv4 != "") {
			family++
		}
	}
	if family >= s.quotas.RoutesPerTable {
		return nil, wire.Errorf("RouteLimitExceeded", "The maximum number of routes has been reached.")
	}
	s.tables.change(table.ID, func(v *RouteTable) { v.Routes = append(slices.Clip(v.Routes), r) })
	return done{true}, nil
}

func (s *Service) replaceRoute(in *routeInput) (any, error) {
	r, table, err := s.route(in)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(table.Routes, r.same)
	if i < 0 {
		return nil, wire.Errorf("InvalidParameterValue", "There is no route defined for '%s' in the route table. Use CreateRoute instead.", cmp.Or(r.IPv4, r.IPv6))
	}
	s.tables.change(table.ID, func(v *RouteTable) {
		v.Routes = slices.Clone(v.Routes)
		v.Routes[i] = r
	})
	return done{true}, nil
}

func (s *Service) deleteRoute(in *routeInput) (any, error) {
	table, err := s.tables.one(in.TableID)
	if err != nil {
		return nil, err
	}
	r, err := in.destination()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(table.Routes, r.same)
	switch {
	case i < 0 && r.IPv6 != "":
		return nil, wire.Errorf("InvalidRoute.NotFound", "no route with destination-ipv6-cidr-block %s in route table %s", r.IPv6, table.ID)
	case i < 0:
		return nil, wire.Errorf("InvalidRoute.NotFound", "no route with destination-cidr-block %s in route table %s", r.IPv4, table.ID)
	case table.Routes[i].GatewayID == "local":
		return nil, wire.Errorf("InvalidParameterValue", "cannot remove local route %s in route table %s", cmp.Or(r.IPv4, r.IPv6), table.ID)
	}
	s.tables.change(table.ID, func(v *RouteTable) { v.Routes = slices.Delete(slices.Clone(v.Routes), i, i+1) })
	return done{true}, nil
}
