// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb

import (
	"net/netip"
	"time"
)

// Network is what load balancers need of EC2. ec2.Service implements it.
//
// The methods see the present state, whatever delay readers of the EC2 API are given. They are called
// while this package's lock is held, so they must not call back into it.
type Network interface {
	Subnet(id string) (Subnet, bool)
	SecurityGroup(id string) (SecurityGroup, bool)
	// DefaultSecurityGroup is the group named "default" of a VPC.
	DefaultSecurityGroup(vpcID string) (SecurityGroup, bool)
	Instance(id string) (Instance, bool)
	// Address is an elastic IP address, by its allocation ID.
	Address(allocationID string) (Address, bool)
	// CreateInterface adds a network interface that a load balancer owns, takes its private address from
	// the subnet and, if AllocationID is set, associates that address with it. It fails only if the
	// subnet has no free address or PrivateIPv4 is not a free one of it.
	CreateInterface(Interface) (id string, err error)
	// SetInterfaceSecurityGroups replaces the security groups of an interface of CreateInterface.
	SetInterfaceSecurityGroups(id string, groups []string)
	// DeleteInterface ends an interface of CreateInterface at the given time, which is usually still to
	// come: until then its security groups, subnet and elastic IP address are in use.
	DeleteInterface(id string, at time.Time)
}

// Subnet is a subnet as a load balancer sees it.
type Subnet struct {
	ID, VPCID string
	Zone      string // availability zone, by name
	ZoneID    string
	IPv4      netip.Prefix
	IPv6      []netip.Prefix // empty: IPv4 only
	// FreeAddresses counts IPv4 addresses.
	FreeAddresses int
	// VPCHasGateway says that an internet gateway is attached to the subnet's VPC. AWS asks no more of the
	// subnets of an internet-facing load balancer; one without a route to it is accepted, and gets no
	// traffic.
	VPCHasGateway bool
}

// SecurityGroup is a security group as a load balancer sees it.
type SecurityGroup struct {
	ID, Name, VPCID string
	OwnerID         string // account
}

// Instance is an instance as a load balancer sees it.
type Instance struct {
	ID, VPCID, SubnetID string
	Zone                string
	PrivateIPv4         string
	State               string // pending, running, shutting-down, terminated, stopping, stopped
}

// Address is an elastic IP address as a load balancer sees it.
type Address struct {
	AllocationID string
	PublicIP     string
	Associated   bool
}

// Interface is a network interface to create.
type Interface struct {
	SubnetID       string
	SecurityGroups []string
	Description    string // "ELB net/my-lb/0123456789abcdef", "ELB my-classic-lb"
	RequesterID    string // "amazon-elb"
	AllocationID   string // empty: none
	PrivateIPv4    string // empty: any free one
	IPv6           bool   // take an IPv6 address of the subnet too
	// Public asks for a public address of AWS's own, as an internet-facing load balancer has.
	Public bool
	// Type is network_load_balancer, or interface for classic load balancers.
	Type string
}
