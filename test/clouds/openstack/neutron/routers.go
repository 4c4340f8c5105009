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

// Owners of routers' ports.
const (
	routerInterface = "network:router_interface"
	routerGateway   = "network:router_gateway"
)

func (s *Service) routerKind() *kind[Router] {
	k := newKind(s, "router", "routers", "Router", func(v *Router) *Common { return &v.Common })
	k.creatable = []string{"admin_state_up", "external_gateway_info", "ha", "distributed"}
	k.updatable = []string{"admin_state_up", "external_gateway_info", "routes"}
	k.create, k.update, k.remove = s.createRouter, s.updateRouter, s.removeRouter
	return k
}

func (s *Service) createRouter(r *rest.Request, v *Router, fields body) error {
	if _, ok := fields["admin_state_up"]; !ok {
		v.AdminStateUp = true
	}
	v.Status, v.Zones, v.ZoneHints = "ACTIVE", []string{}, []string{}
	if v.Routes == nil {
		v.Routes = []Route{}
	}
	return s.setGateway(r, v)
}

// setGateway gives the router a port in its external network.
func (s *Service) setGateway(r *rest.Request, v *Router) error {
	gateway := v.ExternalGatewayInfo
	if gateway == nil || gateway.NetworkID == "" {
		v.ExternalGatewayInfo = nil
		s.dropGateway(v.ID)
		return nil
	}
	network, err := s.networks.find(r, gateway.NetworkID)
	if err != nil {
		return err
	}
	if !network.External {
		return rest.Errorf(http.StatusBadRequest, "BadRequest", "Bad router request: Network %s is not an external network.", network.ID)
	}
	s.dropGateway(v.ID)
	port := &Port{NetworkID: network.ID, DeviceID: v.ID, DeviceOwner: routerGateway, FixedIPs: gateway.FixedIPs}
	if err := s.ports.add(admin(""), port, nil); err != nil {
		return err
	}
	shown := *gateway
	shown.FixedIPs = port.FixedIPs
	if shown.EnableSNAT == nil {
		shown.EnableSNAT = ptr(true)
	}
	v.ExternalGatewayInfo = &shown
	return nil
}

// dropGateway removes a router's ports in its external network.
func (s *Service) dropGateway(routerID string) {
	for _, p := range s.ports.items.All() {
		if p.DeviceID == routerID && p.DeviceOwner == routerGateway {
			s.free(p.FixedIPs)
			s.ports.items.Remove(p.ID)
		}
	}
}

func on(p *Port, subnetID string) bool {
	return slices.ContainsFunc(p.FixedIPs, func(ip FixedIP) bool { return ip.SubnetID == subnetID })
}

func (s *Service) updateRouter(r *rest.Request, _, next *Router, fields body) error {
	if _, ok := fields["routes"]; ok {
		if !s.has("extraroute") {
			return rest.Errorf(http.StatusBadRequest, "HTTPBadRequest", "Unrecognized attribute(s) 'routes'")
		}
		if next.Routes == nil {
			next.Routes = []Route{}
		}
		if err := s.checkRoutes(next); err != nil {
			return err
		}
	}
	if _, ok := fields["external_gateway_info"]; ok {
		return s.setGateway(r, next)
	}
	return nil
}

// checkRoutes checks all routes of a router: their number, and that next hops can be reached.
func (s *Service) checkRoutes(v *Router) error {
	if len(v.Routes) > s.opts.MaxRoutes {
		return rest.Errorf(http.StatusBadRequest, "RoutesExhausted", "Unable to complete operation for %s. The number of routes exceeds the maximum %d.", v.ID, s.opts.MaxRoutes)
	}
	invalid := func(reason string) error {
		all := make([]string, 0, len(v.Routes))
		for _, route := range v.Routes {
			all = append(all, route.python())
		}
		return rest.Errorf(http.StatusBadRequest, "InvalidRoutes", "Invalid format for routes: [%s], %s", strings.Join(all, ", "), reason)
	}
	var own []*Port
	for _, p := range s.ports.items.All() {
		if p.DeviceID == v.ID {
			own = append(own, p)
		}
	}
	for i, route := range v.Routes {
		if _, err := netip.ParsePrefix(route.Destination); err != nil {
			return rest.Errorf(http.StatusBadRequest, "AddrFormatError", "invalid IPNetwork %s", route.Destination)
		}
		if slices.Contains(v.Routes[:i], route) {
			return rest.Errorf(http.StatusBadRequest, "HTTPBadRequest", "Invalid input for routes. Reason: Duplicate hostroute '%s'.", route.python())
		}
		hop, err := netip.ParseAddr(route.NextHop)
		if err != nil {
			return rest.Errorf(http.StatusBadRequest, "HTTPBadRequest", "Invalid input for routes. Reason: '%s' is not a valid IP address.", route.NextHop)
		}
		reachable := false
		for _, p := range own {
			for _, ip := range p.FixedIPs {
				if ip.IPAddress == route.NextHop {
					return invalid("the nexthop is used by router")
				}
				subnet := s.subnets.items.Get(ip.SubnetID)
				if subnet == nil {
					continue
				}
				prefix, _ := netip.ParsePrefix(subnet.CIDR)
				reachable = reachable || prefix.Contains(hop)
			}
		}
		if !reachable {
			return invalid("the nexthop is not connected with router")
		}
	}
	return nil
}

// python is a route as messages have it.
func (r Route) python() string {
	return "{'destination': '" + r.Destination + "', 'nexthop': '" + r.NextHop + "'}"
}

func (s *Service) removeRouter(_ *rest.Request, v *Router) error {
	for _, p := range s.ports.items.All() {
		if p.DeviceID == v.ID && p.DeviceOwner == routerInterface {
			return rest.Errorf(http.StatusConflict, "RouterInUse", "Router %s still has ports", v.ID)
		}
	}
	s.dropGateway(v.ID)
	return nil
}

func (s *Service) addRoutes(r *rest.Request) (*rest.Response, error) {
	return s.changeRoutes(r, func(have, given []Route) []Route {
		for _, route := range given {
			if !slices.Contains(have, route) {
				have = append(have, route)
			}
		}
		return have
	})
}

func (s *Service) removeRoutes(r *rest.Request) (*rest.Response, error) {
	return s.changeRoutes(r, func(have, given []Route) []Route {
		return slices.DeleteFunc(have, func(route Route) bool { return slices.Contains(given, route) })
	})
}

func (s *Service) changeRoutes(r *rest.Request, change func(have, given []Route) []Route) (*rest.Response, error) {
	if !s.has("extraroute-atomic") {
		return nil, rest.Errorf(http.StatusNotFound, "HTTPNotFound", "The resource could not be found.")
	}
	v, err := s.routers.own(r)
	if err != nil {
		return nil, err
	}
	var in struct {
		Routes []Route `json:"routes"`
	}
	if _, err := r.Decode("router", &in); err != nil {
		return nil, err
	}
	next := *v
	next.Routes = change(slices.Clone(v.Routes), in.Routes)
	if err := s.checkRoutes(&next); err != nil {
		return nil, err
	}
	if !slices.Equal(v.Routes, next.Routes) {
		s.routers.touch(&next)
	}
	*v = next
	// What is for operators is not left out here.
	all := struct {
		*Router
		HA          bool    `json:"ha"`
		HAID        int     `json:"ha_vr_id"`
		Distributed bool    `json:"distributed"`
		GatewayPort *string `json:"gw_port_id"`
	}{Router: v, HA: v.HA, Distributed: v.Distributed}
	for _, p := range s.ports.items.All() {
		if p.DeviceID == v.ID && p.DeviceOwner == routerGateway {
			all.GatewayPort = &p.ID
		}
	}
	return rest.OK(http.StatusOK, "router", all), nil
}

// interfaceRef is the body of adding and removing interfaces, which has no key around it.
type interfaceRef struct {
	SubnetID string `json:"subnet_id"`
	PortID   string `json:"port_id"`
}

func (s *Service) addInterface(r *rest.Request) (*rest.Response, error) {
	v, err := s.routers.own(r)
	if err != nil {
		return nil, err
	}
	var in interfaceRef
	if _, err := rest.DecodeObject(r.Content, &in); err != nil {
		return nil, err
	}
	p, err := s.join(r, v, in)
	if err != nil {
		return nil, err
	}
	return &rest.Response{Status: http.StatusOK, Body: s.interfaceBody(v, p)}, nil
}

func (s *Service) interfaceBody(v *Router, p *Port) map[string]any {
	body := map[string]any{"id": v.ID, "tenant_id": v.TenantID, "port_id": p.ID, "network_id": p.NetworkID}
	if len(p.FixedIPs) > 0 {
		body["subnet_id"], body["subnet_ids"] = p.FixedIPs[0].SubnetID, []string{p.FixedIPs[0].SubnetID}
	}
	return body
}

// join gives the router a port in a subnet, or the port that is given.
func (s *Service) join(r *rest.Request, v *Router, in interfaceRef) (*Port, error) {
	if in.PortID != "" {
		p, err := s.ports.find(r, in.PortID)
		if err != nil {
			return nil, err
		}
		p.DeviceID, p.DeviceOwner, p.Status, p.SecurityGroups = v.ID, routerInterface, "ACTIVE", []string{}
		s.ports.touch(p)
		return p, nil
	}
	subnet, err := s.subnets.find(r, in.SubnetID)
	if err != nil {
		return nil, err
	}
	for _, p := range s.ports.items.All() {
		if p.DeviceID == v.ID && on(p, subnet.ID) {
			return nil, rest.Errorf(http.StatusBadRequest, "BadRequest", "Bad router request: Router already has a port on subnet %s.", subnet.ID)
		}
	}
	ip := FixedIP{SubnetID: subnet.ID}
	if subnet.GatewayIP != nil {
		ip.IPAddress = *subnet.GatewayIP
	}
	p := &Port{NetworkID: subnet.NetworkID, DeviceID: v.ID, DeviceOwner: routerInterface, FixedIPs: []FixedIP{ip}}
	return p, s.ports.add(admin(v.ProjectID), p, nil)
}

func (s *Service) removeInterface(r *rest.Request) (*rest.Response, error) {
	v, err := s.routers.own(r)
	if err != nil {
		return nil, err
	}
	var in interfaceRef
	if _, err := rest.DecodeObject(r.Content, &in); err != nil {
		return nil, err
	}
	for _, p := range s.ports.items.All() {
		if p.DeviceID != v.ID || p.DeviceOwner != routerInterface || p.ID != in.PortID && !on(p, in.SubnetID) {
			continue
		}
		if s.needed(v, p) {
			return nil, rest.Errorf(http.StatusConflict, "RouterInterfaceInUseByRoute", "Router interface for subnet %s on router %s cannot be deleted, as it is required by one or more routes.", p.FixedIPs[0].SubnetID, v.ID)
		}
		body := s.interfaceBody(v, p)
		s.free(p.FixedIPs)
		s.ports.items.Remove(p.ID)
		return &rest.Response{Status: http.StatusOK, Body: body}, nil
	}
	return nil, rest.Errorf(http.StatusNotFound, "RouterInterfaceNotFound", "Router %s does not have an interface with id %s", v.ID, in.PortID+in.SubnetID)
}

// needed says whether a route's next hop is behind a port.
func (s *Service) needed(v *Router, p *Port) bool {
	for _, ip := range p.FixedIPs {
		subnet := s.subnets.items.Get(ip.SubnetID)
		if subnet == nil {
			continue
		}
		prefix, _ := netip.ParsePrefix(subnet.CIDR)
		for _, route := range v.Routes {
			if hop, err := netip.ParseAddr(route.NextHop); err == nil && prefix.Contains(hop) {
				return true
			}
		}
	}
	return false
}
