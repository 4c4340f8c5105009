// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package octavia

import (
	"errors"
	"net/http"
	"net/netip"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/neutron"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
)

// place finds or makes the port of the address, and those of the additional ones.
func (s *Service) place(r *rest.Request, lb *LoadBalancer) error {
	var err error
	switch {
	case lb.VIPPortID != "":
		err = s.placeOnPort(lb)
	case lb.VIPSubnetID != "":
		err = s.placeInSubnet(lb)
	case lb.VIPNetworkID != "":
		err = s.placeInNetwork(r, lb)
	default:
		err = invalid("VIP must contain one of: vip_port_id, vip_network_id, vip_subnet_id.")
	}
	if err != nil {
		return err
	}
	for i := range lb.AdditionalVIPs {
		vip := &lb.AdditionalVIPs[i]
		subnet, ok := s.opts.Network.Subnet(vip.SubnetID)
		if !ok || subnet.NetworkID != lb.VIPNetworkID {
			s.dropVIP(lb)
			return invalid("All VIP subnets must belong to the same network.")
		}
		port, err := s.port(lb, subnet.NetworkID, neutron.FixedIP{SubnetID: vip.SubnetID, IPAddress: vip.IPAddress})
		if err != nil {
			s.dropVIP(lb)
			return err
		}
		vip.PortID, vip.IPAddress = port.ID, port.FixedIPs[0].IPAddress
	}
	return nil
}

// dropVIP gives the ports back of a load balancer that does not come to be.
func (s *Service) dropVIP(lb *LoadBalancer) {
	s.drop(&LoadBalancer{Common: Common{ID: lb.ID}, VIPPortID: lb.VIPPortID, AdditionalVIPs: lb.AdditionalVIPs})
}

func (s *Service) placeOnPort(lb *LoadBalancer) error {
	port, ok := s.opts.Network.Port(lb.VIPPortID)
	if !ok {
		return rest.Errorf(http.StatusBadRequest, "", "Port %s not found.", lb.VIPPortID)
	}
	var fits []neutron.FixedIP
	for _, ip := range port.FixedIPs {
		if (lb.VIPSubnetID == "" || ip.SubnetID == lb.VIPSubnetID) && (lb.VIPAddress == "" || ip.IPAddress == lb.VIPAddress) {
			fits = append(fits, ip)
		}
	}
	switch {
	case len(fits) == 0:
		return invalid("Specified VIP address or subnet not found on port %s.", port.ID)
	case len(fits) > 1:
		return invalid("VIP port's subnet could not be determined. Please specify either a VIP subnet or address.")
	}
	lb.VIPNetworkID, lb.VIPSubnetID, lb.VIPAddress = port.NetworkID, fits[0].SubnetID, fits[0].IPAddress
	return nil
}

func (s *Service) placeInSubnet(lb *LoadBalancer) error {
	subnet, ok := s.opts.Network.Subnet(lb.VIPSubnetID)
	if !ok {
		return rest.Errorf(http.StatusBadRequest, "", "Subnet %s not found.", lb.VIPSubnetID)
	}
	if lb.VIPNetworkID != "" && lb.VIPNetworkID != subnet.NetworkID {
		return rest.Errorf(http.StatusBadRequest, "", "Subnet %s not found.", lb.VIPSubnetID)
	}
	return s.placeOnNewPort(lb, subnet)
}

func (s *Service) placeOnNewPort(lb *LoadBalancer, subnet neutron.Subnet) error {
	port, err := s.port(lb, subnet.NetworkID, neutron.FixedIP{SubnetID: subnet.ID, IPAddress: lb.VIPAddress})
	if err != nil {
		return err
	}
	lb.VIPPortID, lb.VIPNetworkID, lb.VIPSubnetID, lb.VIPAddress = port.ID, port.NetworkID, subnet.ID, port.FixedIPs[0].IPAddress
	return nil
}

// placeInNetwork takes the subnet of the address, or the first with room, IPv4 before IPv6.
func (s *Service) placeInNetwork(r *rest.Request, lb *LoadBalancer) error {
	network, ok := s.opts.Network.Network(lb.VIPNetworkID)
	if !ok || !s.opts.Network.Visible(r.ProjectID, network.ID) && !r.Admin {
		return rest.Errorf(http.StatusBadRequest, "", "Network %s not found.", lb.VIPNetworkID)
	}
	err := invalid("Supplied network does not contain a subnet for the VIP address.")
	for _, version := range []int{4, 6} {
		for _, id := range network.Subnets {
			subnet, ok := s.opts.Network.Subnet(id)
			if !ok || subnet.IPVersion != version || lb.VIPAddress != "" && !inside(subnet, lb.VIPAddress) {
				continue
			}
			if err = s.placeOnNewPort(lb, subnet); err == nil {
				return nil
			}
		}
	}
	return err
}

// port makes a port for an address of a load balancer.
func (s *Service) port(lb *LoadBalancer, networkID string, ip neutron.FixedIP) (neutron.Port, error) {
	v := neutron.Port{
		Common: neutron.Common{ProjectID: lb.ProjectID}, Name: "octavia-lb-" + lb.ID, NetworkID: networkID,
		DeviceID: "lb-" + lb.ID, DeviceOwner: "Octavia", FixedIPs: []neutron.FixedIP{ip},
	}
	if lb.Provider == "ovn" {
		v.Name, v.DeviceID, v.DeviceOwner = "ovn-lb-vip-"+lb.ID, "ovn-lb-vip-"+lb.ID, "ovn-lb-vip:distributed"
	}
	port, err := s.opts.Network.AddPort(v)
	if e, ok := errors.AsType[*rest.Error](err); ok {
		// The API does not look at what Neutron says.
		return port, rest.Errorf(http.StatusInternalServerError, "", "Provider '%s' reports error: %s\nNeutron server returns request_ids: ['req-%s']", lb.Provider, e.Message, s.opts.IDs.New())
	}
	if err != nil {
		return port, err
	}
	s.owned[port.ID] = true
	if lb.Provider != "ovn" {
		err = s.opts.Network.ChangePort(port.ID, func(p *neutron.Port) { p.AdminStateUp = false }) // the amphorae have ports of their own
	}
	return port, err
}

func inside(subnet neutron.Subnet, address string) bool {
	prefix, err1 := netip.ParsePrefix(subnet.CIDR)
	a, err2 := netip.ParseAddr(address)
	return err1 == nil && err2 == nil && prefix.Contains(a)
}
