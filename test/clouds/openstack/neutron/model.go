// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package neutron

// Common is what all objects have.
type Common struct {
	ID             string   `json:"id"`
	ProjectID      string   `json:"project_id"`
	TenantID       string   `json:"tenant_id"`
	Description    string   `json:"description"`
	Tags           []string `json:"tags"`
	RevisionNumber int      `json:"revision_number"`
	CreatedAt      string   `json:"created_at"`
	UpdatedAt      string   `json:"updated_at"`
}

// Network is a network.
type Network struct {
	Common
	Name                string   `json:"name"`
	AdminStateUp        bool     `json:"admin_state_up"`
	Status              string   `json:"status"`
	Shared              bool     `json:"shared"`
	External            bool     `json:"router:external"`
	MTU                 int      `json:"mtu"`
	PortSecurityEnabled *bool    `json:"port_security_enabled,omitempty"`
	Subnets             []string `json:"subnets"`
	// IsDefault is only shown of external networks.
	IsDefault        *bool    `json:"is_default,omitempty"`
	Zones            []string `json:"availability_zones"`
	ZoneHints        []string `json:"availability_zone_hints"`
	IPv4AddressScope *string  `json:"ipv4_address_scope"`
	IPv6AddressScope *string  `json:"ipv6_address_scope"`
}

// Pool is a range of addresses.
type Pool struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

// Route leads to a destination.
type Route struct {
	Destination string `json:"destination"`
	NextHop     string `json:"nexthop"`
}

// Subnet is a range of addresses of a network.
type Subnet struct {
	Common
	Name            string   `json:"name"`
	NetworkID       string   `json:"network_id"`
	CIDR            string   `json:"cidr"`
	IPVersion       int      `json:"ip_version"`
	GatewayIP       *string  `json:"gateway_ip"`
	EnableDHCP      bool     `json:"enable_dhcp"`
	AllocationPools []Pool   `json:"allocation_pools"`
	DNSNameservers  []string `json:"dns_nameservers"`
	HostRoutes      []Route  `json:"host_routes"`
	IPv6AddressMode *string  `json:"ipv6_address_mode"`
	IPv6RAMode      *string  `json:"ipv6_ra_mode"`
	SubnetPoolID    *string  `json:"subnetpool_id"`
	ServiceTypes    []string `json:"service_types"`
}

// FixedIP is an address of a port.
type FixedIP struct {
	SubnetID  string `json:"subnet_id"`
	IPAddress string `json:"ip_address"`
}

// AddressPair is an address that a port may use besides its own.
type AddressPair struct {
	IPAddress  string `json:"ip_address"`
	MACAddress string `json:"mac_address"`
}

// SubPort is a port below a trunk.
type SubPort struct {
	PortID           string `json:"port_id"`
	SegmentationID   int    `json:"segmentation_id"`
	SegmentationType string `json:"segmentation_type"`
	MACAddress       string `json:"mac_address,omitempty"`
}

// TrunkDetails are what a trunk's parent port shows of it.
type TrunkDetails struct {
	TrunkID  string    `json:"trunk_id"`
	SubPorts []SubPort `json:"sub_ports"`
}

// Port is a port.
type Port struct {
	Common
	Name                string        `json:"name"`
	NetworkID           string        `json:"network_id"`
	MACAddress          string        `json:"mac_address"`
	AdminStateUp        bool          `json:"admin_state_up"`
	Status              string        `json:"status"`
	DeviceID            string        `json:"device_id"`
	DeviceOwner         string        `json:"device_owner"`
	FixedIPs            []FixedIP     `json:"fixed_ips"`
	SecurityGroups      []string      `json:"security_groups"`
	AllowedAddressPairs []AddressPair `json:"allowed_address_pairs"`
	PortSecurityEnabled *bool         `json:"port_security_enabled,omitempty"`
	VNICType            string        `json:"binding:vnic_type"`
	ExtraDHCPOpts       []struct{}    `json:"extra_dhcp_opts"`
	TrunkDetails        *TrunkDetails `json:"trunk_details,omitempty"`
}

// Gateway is a router's way out.
type Gateway struct {
	NetworkID  string    `json:"network_id"`
	EnableSNAT *bool     `json:"enable_snat,omitempty"`
	FixedIPs   []FixedIP `json:"external_fixed_ips"`
}

// Router is a router.
type Router struct {
	Common
	Name                string   `json:"name"`
	AdminStateUp        bool     `json:"admin_state_up"`
	Status              string   `json:"status"`
	ExternalGatewayInfo *Gateway `json:"external_gateway_info"`
	Routes              []Route  `json:"routes"`
	Zones               []string `json:"availability_zones"`
	ZoneHints           []string `json:"availability_zone_hints"`
	FlavorID            *string  `json:"flavor_id"`
	// HA and Distributed are for operators, who see them if they are true.
	HA          bool `json:"ha,omitempty"`
	Distributed bool `json:"distributed,omitempty"`
}

// FloatingIP is an external address that may lead to a port.
type FloatingIP struct {
	Common
	FloatingIPAddress string  `json:"floating_ip_address"`
	FloatingNetworkID string  `json:"floating_network_id"`
	RouterID          *string `json:"router_id"`
	PortID            *string `json:"port_id"`
	FixedIPAddress    *string `json:"fixed_ip_address"`
	Status            string  `json:"status"`
	// SubnetID is only asked for and not shown.
	SubnetID string `json:"-"`
}

// SecurityGroup is a set of rules.
type SecurityGroup struct {
	Common
	Name     string `json:"name"`
	Stateful bool   `json:"stateful"`
	Shared   bool   `json:"shared"`
}

// SecurityGroupRule allows traffic.
type SecurityGroupRule struct {
	Common
	SecurityGroupID string  `json:"security_group_id"`
	Direction       string  `json:"direction"`
	EtherType       string  `json:"ethertype"`
	Protocol        *string `json:"protocol"`
	PortRangeMin    *int    `json:"port_range_min"`
	PortRangeMax    *int    `json:"port_range_max"`
	RemoteIPPrefix  *string `json:"remote_ip_prefix"`
	RemoteGroupID   *string `json:"remote_group_id"`
}

// Trunk carries the networks of sub-ports to a parent port.
type Trunk struct {
	Common
	Name         string    `json:"name"`
	PortID       string    `json:"port_id"`
	AdminStateUp bool      `json:"admin_state_up"`
	Status       string    `json:"status"`
	SubPorts     []SubPort `json:"sub_ports"`
}

// Quotas are how many of each kind a project may have; below 0 is no limit.
type Quotas map[string]int

// DefaultQuotas are Neutron's.
func DefaultQuotas() Quotas {
	return Quotas{"network": 100, "subnet": 100, "port": 500, "router": 10, "floatingip": 50, "security_group": 10, "security_group_rule": 100, "trunk": -1}
}
