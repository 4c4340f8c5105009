// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import "sigs.k8s.io/cloud-providers/providers/aws/securitygroup"

// Kind is the kind of a load balancer.
type Kind string

// The kinds, as plans and messages call them.
const (
	Classic Kind = "Classic load balancer"
	Network Kind = "network load balancer"
)

// Wanted is what a Service asks for.
type Wanted struct {
	Kind    Kind
	Name    string
	Service string // namespace/name
	UID     string
	// Hostname is the one that the Service publishes, if any: its kind cannot be changed.
	Hostname string
	Internal bool
	// Subnets are named by the user; none asks for discovery.
	Subnets []string
	// UserTags are the user's, Tags all of them.
	UserTags, Tags map[string]string
	// Targets are instance IDs, sorted.
	Targets []string
	Ranges  []string
	Groups  Groups
	Classic *ClassicWanted
	Network *NetworkWanted
	// Warnings are for the user, and stand in the way of nothing.
	Warnings []string
}

// Groups says which security groups a load balancer has.
type Groups struct {
	// Given are the user's or the configured ones, whose rules are left alone.
	Given []string
	// Extra come after the others.
	Extra []string
	// Managed is the one to make when none are given; nil for none.
	Managed *ManagedGroup
	// Former has the rules of one that was made when network load balancers still got some.
	Former *ManagedGroup
}

// ManagedGroup is a security group that is made for one load balancer.
type ManagedGroup struct {
	Name, Description string
	Rules             []securitygroup.Rule
	Tags              map[string]string
}

// ClassicWanted is what only Classic load balancers have.
type ClassicWanted struct {
	Listeners     []ClassicListener
	ProxyProtocol bool
	TLSPolicy     string
	Health        ClassicHealth
	Attributes    ClassicAttributes
}

// ClassicListener is a listener of a Classic load balancer. Protocols are in lower case.
type ClassicListener struct {
	Port             int32
	Protocol         string
	InstancePort     int32
	InstanceProtocol string
	Certificate      string
}

// ClassicHealth is the health check of a Classic load balancer.
type ClassicHealth struct {
	Target                                string
	Healthy, Unhealthy, Timeout, Interval int32
}

// ClassicAttributes are the attributes that are kept as they are wanted.
type ClassicAttributes struct {
	LogEnabled           bool
	LogInterval          int32 // 0: not asked for
	LogBucket, LogPrefix string
	DrainingEnabled      bool
	DrainingTimeout      int32 // 0: not asked for
	IdleTimeout          int32
	CrossZone            bool
}

// NetworkWanted is what only network load balancers have.
type NetworkWanted struct {
	Listeners []ListenerWanted
	// Attributes of the load balancer. Those of access logs are there only while these are on.
	Attributes map[string]string
	// Allocations and Addresses go with the subnets by position.
	Allocations, Addresses []string
	// AddressType is "ipv4", "dualstack", "prefer" or "require"; empty keeps what is there.
	AddressType string
	Rules       NodeRules
}

// ListenerWanted is one port with its target group.
type ListenerWanted struct {
	Port        int32
	Protocol    string // TCP, TLS, UDP, TCP_UDP
	Certificate string
	Policy      string // empty: whatever AWS chose
	Group       TargetGroupWanted
}

// TargetGroupWanted is the target group of one port.
type TargetGroupWanted struct {
	Name     string
	Protocol string
	NodePort int32
	Health   Health
	// Attributes are those that the user set; others are left alone.
	Attributes map[string]string
}

// Health is the health check of a target group. Numbers of 0 are AWS's to choose.
type Health struct {
	Protocol, Port, Path                  string
	Interval, Timeout, Healthy, Unhealthy int32
}

// NodeRules is what a network load balancer needs of its nodes' security groups.
type NodeRules struct {
	// Client ports are open to the source ranges, Health ports to the load balancer's subnets.
	Client, Health []PortRange
	// ViaSubnets: packets come from the load balancer's addresses and not from the clients'.
	ViaSubnets bool
}

// PortRange is a port with its protocol.
type PortRange struct {
	Protocol string
	Port     int32
}
