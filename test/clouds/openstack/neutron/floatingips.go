// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package neutron

import (
	"encoding/json"
	"net/http"
	"net/netip"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
)

func (s *Service) floatingKind() *kind[FloatingIP] {
	k := newKind(s, "floatingip", "floatingips", "FloatingIP", func(v *FloatingIP) *Common { return &v.Common })
	k.creatable = []string{"floating_network_id", "floating_ip_address", "port_id", "fixed_ip_address", "subnet_id"}
	k.updatable = []string{"port_id", "fixed_ip_address"}
	k.create, k.update = s.createFloating, s.updateFloating
	k.show = s.showFloating
	k.release = func(v *FloatingIP) {
		for _, p := range s.ports.items.All() {
			if p.DeviceID == v.ID && p.DeviceOwner == "network:floatingip" {
				s.free(p.FixedIPs)
				s.ports.items.Remove(p.ID)
			}
		}
	}
	return k
}

// portDetails are what a floating IP shows of its port.
type portDetails struct {
	Name         string `json:"name"`
	NetworkID    string `json:"network_id"`
	MACAddress   string `json:"mac_address"`
	AdminStateUp bool   `json:"admin_state_up"`
	Status       string `json:"status"`
	DeviceID     string `json:"device_id"`
	DeviceOwner  string `json:"device_owner"`
}

func (s *Service) showFloating(v *FloatingIP) any {
	shown := struct {
		*FloatingIP
		Details *portDetails `json:"port_details"`
	}{FloatingIP: v}
	if v.PortID != nil {
		if p := s.ports.items.Get(*v.PortID); p != nil {
			shown.Details = &portDetails{p.Name, p.NetworkID, p.MACAddress, p.AdminStateUp, p.Status, p.DeviceID, p.DeviceOwner}
		}
	}
	return &shown
}

func (s *Service) createFloating(r *rest.Request, v *FloatingIP, fields body) error {
	if v.FloatingNetworkID == "" {
		return rest.Errorf(http.StatusBadRequest, "HTTPBadRequest", "Failed to parse request. Required attribute 'floating_network_id' not specified")
	}
	network, err := s.networks.find(r, v.FloatingNetworkID)
	if err != nil {
		return err
	}
	if !network.External {
		return rest.Errorf(http.StatusBadRequest, "BadRequest", "Bad floatingip request: Network %s is not a valid external network.", network.ID)
	}
	if v.FloatingIPAddress != "" && !r.Admin {
		return rest.Errorf(http.StatusForbidden, "PolicyNotAuthorized", "(rule:create_floatingip and rule:create_floatingip:floating_ip_address) is disallowed by policy")
	}
	if raw, ok := fields["subnet_id"]; ok {
		if err := json.Unmarshal(raw, &v.SubnetID); err != nil {
			return rest.Errorf(http.StatusBadRequest, "HTTPBadRequest", "Invalid input for subnet_id.")
		}
	}
	v.Status = "DOWN"
	wanted, err := s.floatingAddress(network, v)
	if err != nil {
		return err
	}
	port := &Port{NetworkID: network.ID, DeviceID: v.ID, DeviceOwner: "network:floatingip", FixedIPs: []FixedIP{wanted}, Status: "N/A"}
	if err := s.ports.add(admin(""), port, nil); err != nil {
		return err
	}
	v.FloatingIPAddress = port.FixedIPs[0].IPAddress
	if err := s.associate(r, v); err != nil {
		s.floating.release(v)
		return err
	}
	return nil
}

// floatingAddress chooses where the address comes from.
func (s *Service) floatingAddress(network *Network, v *FloatingIP) (FixedIP, error) {
	if v.SubnetID != "" {
		subnet := s.subnets.items.Get(v.SubnetID)
		switch {
		case subnet == nil || subnet.NetworkID != network.ID:
			return FixedIP{}, s.subnets.missing(v.SubnetID)
		case subnet.IPVersion != 4:
			return FixedIP{}, rest.Errorf(http.StatusBadRequest, "ExternalIpAddressExhausted", "Unable to find any IP address on external network %s.", network.ID)
		}
		return FixedIP{subnet.ID, v.FloatingIPAddress}, nil
	}
	if v.FloatingIPAddress != "" {
		return FixedIP{"", v.FloatingIPAddress}, nil
	}
	found := false
	for _, id := range network.Subnets {
		subnet := s.subnets.items.Get(id)
		if subnet == nil || subnet.IPVersion != 4 {
			continue
		}
		found = true
		if a, ok := s.allocate(subnet); ok {
			s.free([]FixedIP{{id, a}})
			return FixedIP{id, a}, nil
		}
	}
	if found {
		return FixedIP{}, noMoreAddresses(network.ID)
	}
	return FixedIP{}, rest.Errorf(http.StatusBadRequest, "BadRequest", "Bad floatingip request: Network %s does not contain any IPv4 subnet.", network.ID)
}

// associate checks the port that the address is to lead to, and finds the router between.
func (s *Service) associate(r *rest.Request, v *FloatingIP) error {
	v.RouterID = nil
	if v.PortID == nil || *v.PortID == "" {
		v.PortID, v.FixedIPAddress, v.Status = nil, nil, "DOWN"
		return nil
	}
	p, err := s.ports.find(r, *v.PortID)
	if err != nil {
		return err
	}
	var fixed *FixedIP
	for i, ip := range p.FixedIPs {
		a, err := netip.ParseAddr(ip.IPAddress)
		if err == nil && a.Is4() && fixed == nil && (v.FixedIPAddress == nil || *v.FixedIPAddress == ip.IPAddress) {
			fixed = &p.FixedIPs[i]
		}
	}
	if fixed == nil {
		return rest.Errorf(http.StatusBadRequest, "BadRequest", "Bad floatingip request: Cannot add floating IP to port %s that has no fixed IPv4 addresses.", p.ID)
	}
	router := s.routerBetween(fixed.SubnetID, v.FloatingNetworkID)
	if router == "" {
		return rest.Errorf(http.StatusNotFound, "ExternalGatewayForFloatingIPNotFound", "External network %s is not reachable from subnet %s.  Therefore, cannot associate Port %s with a Floating IP.", v.FloatingNetworkID, fixed.SubnetID, p.ID)
	}
	for _, other := range s.floating.items.All() {
		if other.ID != v.ID && other.PortID != nil && *other.PortID == p.ID && *other.FixedIPAddress == fixed.IPAddress {
			return rest.Errorf(http.StatusConflict, "FloatingIPPortAlreadyAssociated", "Cannot associate floating IP %s (%s) with port %s using fixed IP %s, as that fixed IP already has a floating IP on external network %s.", v.FloatingIPAddress, v.ID, p.ID, fixed.IPAddress, v.FloatingNetworkID)
		}
	}
	v.RouterID, v.FixedIPAddress = ptr(router), ptr(fixed.IPAddress)
	if s.opts.L3Agent {
		v.Status = "ACTIVE"
	}
	return nil
}

// routerBetween is the router that joins a subnet and an external network, or "".
func (s *Service) routerBetween(subnetID, networkID string) string {
	for _, p := range s.ports.items.All() {
		if p.DeviceOwner != routerInterface || !on(p, subnetID) {
			continue
		}
		if router := s.routers.items.Get(p.DeviceID); router != nil && router.ExternalGatewayInfo != nil && router.ExternalGatewayInfo.NetworkID == networkID {
			return router.ID
		}
	}
	return ""
}

func (s *Service) updateFloating(r *rest.Request, old, next *FloatingIP, fields body) error {
	if len(fields) == 0 {
		next.PortID = nil // an empty object detaches
	}
	if same(old.PortID, next.PortID) && same(old.FixedIPAddress, next.FixedIPAddress) {
		return nil
	}
	if _, ok := fields["fixed_ip_address"]; !ok {
		next.FixedIPAddress = nil
	}
	return s.associate(r, next)
}
