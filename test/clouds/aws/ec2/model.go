// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package ec2

import "time"

// State is everything that a region has, as it is dumped and loaded. Lists are in the order of creation.
type State struct {
	// LastID and PublicAddresses count what was given out, so that a loaded state goes on where the dumped
	// one was.
	LastID          uint64              `json:"lastID"`
	PublicAddresses uint32              `json:"publicAddresses,omitempty"`
	Zones           []Zone              `json:"zones,omitempty"`
	VPCs            []*VPC              `json:"vpcs,omitempty"`
	Subnets         []*Subnet           `json:"subnets,omitempty"`
	Gateways        []*InternetGateway  `json:"internetGateways,omitempty"`
	RouteTables     []*RouteTable       `json:"routeTables,omitempty"`
	SecurityGroups  []*SecurityGroup    `json:"securityGroups,omitempty"`
	Instances       []*Instance         `json:"instances,omitempty"`
	Interfaces      []*NetworkInterface `json:"networkInterfaces,omitempty"`
	Addresses       []*Address          `json:"addresses,omitempty"`
}

// Tags of a resource.
type Tags map[string]string

// Zone is an availability zone.
type Zone struct {
	Name string `json:"name"` // us-west-2a
	ID   string `json:"id"`   // usw2-az1
}

// VPC is a virtual network.
type VPC struct {
	ID       string `json:"id"`
	CIDR     string `json:"cidr"`
	IPv6CIDR string `json:"ipv6CIDR,omitempty"`
	Default  bool   `json:"default,omitempty"`
	Tags     Tags   `json:"tags,omitempty"`
}

// Subnet is a part of a VPC in one zone.
type Subnet struct {
	ID       string `json:"id"`
	VPCID    string `json:"vpcID"`
	Zone     string `json:"zone"`
	CIDR     string `json:"cidr"`
	IPv6CIDR string `json:"ipv6CIDR,omitempty"`
	// DefaultForZone says that instances go here if they do not say where.
	DefaultForZone bool `json:"defaultForZone,omitempty"`
	// PublicAddresses gives new instances a public address.
	PublicAddresses bool `json:"publicAddresses,omitempty"`
	// ResourceNames names new instances by their ID, not by their address.
	ResourceNames bool   `json:"resourceNames,omitempty"`
	OutpostARN    string `json:"outpostARN,omitempty"`
	Tags          Tags   `json:"tags,omitempty"`
}

// InternetGateway is attached to a VPC, or to none.
type InternetGateway struct {
	ID    string `json:"id"`
	VPCID string `json:"vpcID,omitempty"`
	Tags  Tags   `json:"tags,omitempty"`
}

// RouteTable has the routes of some subnets.
type RouteTable struct {
	ID           string        `json:"id"`
	VPCID        string        `json:"vpcID"`
	Routes       []Route       `json:"routes,omitempty"`
	Associations []Association `json:"associations,omitempty"`
	Tags         Tags          `json:"tags,omitempty"`
}

// Route has one destination, IPv4 or IPv6, and one target. Its state follows from the target.
type Route struct {
	IPv4 string `json:"ipv4,omitempty"`
	IPv6 string `json:"ipv6,omitempty"`
	// GatewayID is an internet gateway, or "local".
	GatewayID string `json:"gatewayID,omitempty"`
	// OtherTarget has the ID of a target that is not simulated, such as a NAT gateway, by its parameter
	// name in CreateRoute.
	OtherTarget map[string]string `json:"otherTarget,omitempty"`
	InstanceID  string            `json:"instanceID,omitempty"`
	InterfaceID string            `json:"networkInterfaceID,omitempty"`
}

// Association says which subnet a route table is for; Main is for those that have no other.
type Association struct {
	ID       string `json:"id"`
	SubnetID string `json:"subnetID,omitempty"`
	Main     bool   `json:"main,omitempty"`
}

// SecurityGroup is a set of rules.
type SecurityGroup struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	VPCID       string `json:"vpcID"`
	Ingress     []Rule `json:"ingress,omitempty"`
	Egress      []Rule `json:"egress,omitempty"`
	Tags        Tags   `json:"tags,omitempty"`
}

// Rule has one source, or destination: IPv4, IPv6, GroupID or PrefixListID.
type Rule struct {
	ID       string `json:"id"`
	Protocol string `json:"protocol"` // tcp, udp, icmp, icmpv6, -1 for all, or a number
	// From and To are ports, or the type and code of ICMP; nil if the protocol has none.
	From         *int   `json:"from,omitempty"`
	To           *int   `json:"to,omitempty"`
	IPv4         string `json:"ipv4,omitempty"`
	IPv6         string `json:"ipv6,omitempty"`
	GroupID      string `json:"groupID,omitempty"`
	GroupOwner   string `json:"groupOwner,omitempty"`
	PrefixListID string `json:"prefixListID,omitempty"`
	Description  string `json:"description,omitempty"`
	Tags         Tags   `json:"tags,omitempty"`
}

// Instance is a virtual machine.
type Instance struct {
	ID            string `json:"id"`
	ReservationID string `json:"reservationID"`
	LaunchIndex   int    `json:"launchIndex,omitempty"`
	Type          string `json:"type"`
	ImageID       string `json:"imageID"`
	Architecture  string `json:"architecture"`
	KeyName       string `json:"keyName,omitempty"`
	ClientToken   string `json:"clientToken,omitempty"`
	// State is pending, running, shutting-down, terminated, stopping or stopped. NextState follows it at
	// NextAt; for a terminated instance it is "", which is its end.
	State     string    `json:"state"`
	NextState string    `json:"nextState,omitempty"`
	NextAt    time.Time `json:"nextAt,omitzero"`
	// Reason says why it is stopped or terminated.
	Reason          string    `json:"reason,omitempty"`
	LaunchTime      time.Time `json:"launchTime"`
	Zone            string    `json:"zone"`
	VPCID           string    `json:"vpcID,omitempty"`
	SubnetID        string    `json:"subnetID,omitempty"`
	PrivateIP       string    `json:"privateIP,omitempty"`
	PublicIP        string    `json:"publicIP,omitempty"`
	PrivateDNS      string    `json:"privateDNS,omitempty"`
	PublicDNS       string    `json:"publicDNS,omitempty"`
	SourceDestCheck bool      `json:"sourceDestCheck"`
	// Interfaces are the IDs of its network interfaces, the primary one first.
	Interfaces []string `json:"networkInterfaces,omitempty"`
	// NetworkNodes overrides what DescribeInstanceTopology says.
	NetworkNodes []string `json:"networkNodes,omitempty"`
	Tags         Tags     `json:"tags,omitempty"`
}

// NetworkInterface belongs to an instance, or to a service such as a load balancer, or to nobody.
type NetworkInterface struct {
	ID              string          `json:"id"`
	SubnetID        string          `json:"subnetID"`
	VPCID           string          `json:"vpcID"`
	Zone            string          `json:"zone"`
	Type            string          `json:"type"` // interface, network_load_balancer
	Description     string          `json:"description,omitempty"`
	RequesterID     string          `json:"requesterID,omitempty"` // amazon-elb
	Groups          []string        `json:"groups,omitempty"`
	PrivateDNS      string          `json:"privateDNS,omitempty"`
	Addresses       []InterfaceIPv4 `json:"addresses"` // the primary one first
	IPv6            []string        `json:"ipv6,omitempty"`
	IPv4Prefixes    []string        `json:"ipv4Prefixes,omitempty"`
	IPv6Prefixes    []string        `json:"ipv6Prefixes,omitempty"`
	SourceDestCheck bool            `json:"sourceDestCheck"`
	Attachment      *Attachment     `json:"attachment,omitempty"` // nil: available
	// DeleteAt is when it will be gone, if its owner has deleted it already.
	DeleteAt time.Time `json:"deleteAt,omitzero"`
	Tags     Tags      `json:"tags,omitempty"`
}

// InterfaceIPv4 is a private address, and the public one that it may have.
type InterfaceIPv4 struct {
	Private string `json:"private"`
	Public  string `json:"public,omitempty"`
	// AllocationID is that of an elastic IP address; without one, Public is AWS's own.
	AllocationID  string `json:"allocationID,omitempty"`
	AssociationID string `json:"associationID,omitempty"`
}

// Attachment connects an interface with what uses it.
type Attachment struct {
	ID string `json:"id"`
	// InstanceID is empty for load balancers; their attachments belong to OwnerID.
	InstanceID  string    `json:"instanceID,omitempty"`
	OwnerID     string    `json:"ownerID,omitempty"`
	DeviceIndex int       `json:"deviceIndex"`
	NetworkCard int       `json:"networkCard,omitempty"`
	Time        time.Time `json:"time"`
}

// Address is an elastic IP address. Which interface has it is written there.
type Address struct {
	AllocationID string `json:"allocationID"`
	PublicIP     string `json:"publicIP"`
	// InterfaceID is empty if the address is free.
	InterfaceID   string `json:"networkInterfaceID,omitempty"`
	AssociationID string `json:"associationID,omitempty"`
	PrivateIP     string `json:"privateIP,omitempty"`
	Tags          Tags   `json:"tags,omitempty"`
}
