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

func (s *Service) portKind() *kind[Port] {
	k := newKind(s, "port", "ports", "Port", func(v *Port) *Common { return &v.Common })
	k.updatable = []string{"admin_state_up", "fixed_ips", "device_id", "device_owner", "security_groups", "allowed_address_pairs", "port_security_enabled"}
	k.creatable = append([]string{"network_id", "mac_address"}, k.updatable...)
	k.create, k.update, k.remove = s.createPort, s.updatePort, s.removePort
	k.release = func(v *Port) { s.free(v.FixedIPs) }
	k.show = s.showPort
	return k
}

// showPort adds what belongs to other objects.
func (s *Service) showPort(v *Port) any {
	if !s.has("trunk-details") {
		return v
	}
	for _, t := range s.trunks.items.All() {
		if t.PortID != v.ID {
			continue
		}
		shown := *v
		shown.TrunkDetails = &TrunkDetails{TrunkID: t.ID, SubPorts: slices.Clone(t.SubPorts)}
		for i, sub := range shown.TrunkDetails.SubPorts {
			if p := s.ports.items.Get(sub.PortID); p != nil {
				shown.TrunkDetails.SubPorts[i].MACAddress = p.MACAddress
			}
		}
		return &shown
	}
	return v
}

func (s *Service) createPort(r *rest.Request, v *Port, fields body) error {
	network, err := s.networks.find(r, v.NetworkID)
	if err != nil {
		return err
	}
	if _, ok := fields["admin_state_up"]; !ok {
		v.AdminStateUp = true
	}
	if v.MACAddress == "" {
		h := strings.ReplaceAll(v.ID, "-", "")
		v.MACAddress = "fa:16:3e:" + h[0:2] + ":" + h[2:4] + ":" + h[4:6]
	}
	if !s.has("port-security") {
		v.PortSecurityEnabled = nil
	} else if v.PortSecurityEnabled == nil {
		v.PortSecurityEnabled = ptr(network.PortSecurityEnabled == nil || *network.PortSecurityEnabled)
	}
	if v.SecurityGroups == nil {
		v.SecurityGroups = []string{}
		if secured(v) && !strings.HasPrefix(v.DeviceOwner, "network:") {
			v.SecurityGroups = []string{s.defaultGroup(v.ProjectID)}
		}
	}
	if err := s.checkPort(r, v); err != nil {
		return err
	}
	v.VNICType, v.ExtraDHCPOpts = "normal", []struct{}{}
	if v.Status == "" {
		v.Status = "DOWN"
		if strings.HasPrefix(v.DeviceOwner, "compute:") || strings.HasPrefix(v.DeviceOwner, "network:") {
			v.Status = "ACTIVE"
		}
	}
	if fields != nil && string(fields["fixed_ips"]) == "[]" {
		v.FixedIPs = []FixedIP{}
		return nil
	}
	v.FixedIPs, err = s.fix(network, v.FixedIPs)
	return err
}

func secured(v *Port) bool { return v.PortSecurityEnabled == nil || *v.PortSecurityEnabled }

// checkPort checks groups and address pairs, whose MAC addresses it fills in.
func (s *Service) checkPort(r *rest.Request, v *Port) error {
	if !secured(v) && len(v.SecurityGroups) > 0 {
		return rest.Errorf(http.StatusConflict, "PortSecurityPortHasSecurityGroup", "Port has security group associated. Cannot disable port security or IP address until security group is removed.")
	}
	if !secured(v) && len(v.AllowedAddressPairs) > 0 {
		return rest.Errorf(http.StatusConflict, "AddressPairAndPortSecurityRequired", "Port Security must be enabled in order to have allowed address pairs on a port.")
	}
	for _, id := range v.SecurityGroups {
		if _, err := s.groups.find(r, id); err != nil {
			return err
		}
	}
	if len(v.AllowedAddressPairs) > s.opts.MaxAddressPairs {
		return rest.Errorf(http.StatusBadRequest, "AllowedAddressPairExhausted", "The number of allowed address pair exceeds the maximum %d.", s.opts.MaxAddressPairs)
	}
	pairs := make([]AddressPair, 0, len(v.AllowedAddressPairs))
	for _, pair := range v.AllowedAddressPairs {
		if _, err := netip.ParsePrefix(pair.IPAddress); err != nil {
			if _, err := netip.ParseAddr(pair.IPAddress); err != nil {
				return rest.Errorf(http.StatusBadRequest, "HTTPBadRequest", "'%s' is not a valid IP address", pair.IPAddress)
			}
		}
		mac := pair.MACAddress
		if mac == "" {
			mac, pair.MACAddress = "None", v.MACAddress
		}
		if slices.Contains(pairs, pair) {
			return rest.Errorf(http.StatusBadRequest, "DuplicateAddressPairInRequest", "Request contains duplicate address pair: mac_address %s ip_address %s.", mac, pair.IPAddress)
		}
		pairs = append(pairs, pair)
	}
	v.AllowedAddressPairs = pairs
	return nil
}

func (s *Service) updatePort(r *rest.Request, old, next *Port, fields body) error {
	if _, ok := fields["allowed_address_pairs"]; ok && !s.has("allowed-address-pairs") {
		return rest.Errorf(http.StatusBadRequest, "HTTPBadRequest", "Unrecognized attribute(s) 'allowed_address_pairs'")
	}
	if next.SecurityGroups == nil {
		next.SecurityGroups = []string{}
	}
	if err := s.checkPort(r, next); err != nil {
		return err
	}
	if _, ok := fields["fixed_ips"]; !ok {
		return nil
	}
	network := s.networks.items.Get(next.NetworkID)
	if network == nil {
		return s.networks.missing(next.NetworkID)
	}
	s.free(old.FixedIPs)
	got := []FixedIP{}
	if len(next.FixedIPs) > 0 {
		var err error
		if got, err = s.fix(network, next.FixedIPs); err != nil {
			_, _ = s.fix(network, old.FixedIPs) // they were just freed
			return err
		}
	}
	next.FixedIPs = got
	return nil
}

func (s *Service) removePort(_ *rest.Request, v *Port) error {
	if slices.Contains([]string{"network:router_interface", "network:router_gateway", "network:ha_router_replicated_interface", "network:router_interface_distributed"}, v.DeviceOwner) {
		return rest.Errorf(http.StatusConflict, "ServicePortInUse", "Port %s cannot be deleted directly via the port API: has device owner %s.", v.ID, v.DeviceOwner)
	}
	for _, f := range s.floating.items.All() {
		if f.PortID != nil && *f.PortID == v.ID {
			f.PortID, f.FixedIPAddress, f.RouterID, f.Status = nil, nil, nil, "DOWN"
			s.floating.touch(f)
		}
	}
	return nil
}
