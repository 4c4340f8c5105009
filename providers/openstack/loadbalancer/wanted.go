// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import "sigs.k8s.io/cloud-providers/providers/openstack/config"

// The defaults of Octavia's listeners, in milliseconds.
const (
	defaultClientTimeout  = 50000
	defaultConnectTimeout = 5000
	defaultMemberTimeout  = 50000
)

// Wanted is what a Service asks for. What Octavia makes possible of it is decided by within.
type Wanted struct {
	Service, UID string // namespace/name
	// Name is the load balancer's, unless it is another's.
	Name, Description string
	Tags              []string
	Internal          bool
	Provider          string
	Flavor, Zone      string
	VIP               VIP
	// Family is "4", "6", or empty for any.
	Family string
	// MemberSubnet is configured; empty takes the VIP's.
	MemberSubnet string
	Ports        []Port
	Floating     Floating
	// Group is the security group of the members' ports; nil without management.
	Group *GroupWanted
	// Nodes is how many Nodes there were before any was chosen.
	Nodes   int
	Publish Publish
	// MaxShared is how many Services may use a load balancer; ShareInternal that internal ones may.
	MaxShared     int
	ShareInternal bool
	// Given is the load balancer that the Service names.
	Given string
	// Serial: parts are made one after the other, and members one by one.
	Serial bool
	// RangesAsked: somebody asked for source ranges, which are not the default.
	RangesAsked bool
	Ranges      []string
	TLSCheck    bool
	// MethodRefused is an algorithm in the annotation that does not exist.
	MethodRefused string
	Warnings      []string
}

// VIP says where the address of a load balancer is.
type VIP struct {
	Port, Network, Subnet, Address string
	// From is the Node whose network it is when nothing is said, FromAddress its address.
	From, FromAddress string
	// Both: a VIP of each family.
	Both, RequireBoth bool
}

// Port is one port of the Service.
type Port struct {
	Index    int
	Listener Listener
	Pool     Pool
	// Members are the Nodes, in their order; those of one without a node port are none.
	Members []Member
	// Monitor is nil where none is wanted.
	Monitor *Monitor
	// NodePort and Protocol are the Service's.
	NodePort int
	Protocol string
}

// Listener is what is compared of a listener.
type Listener struct {
	Name, Protocol  string
	Port            int
	ConnectionLimit int
	Timeouts        Timeouts
	Headers         map[string]string
	TLS             string
	CIDRs           []string
	Tags            []string
}

// Timeouts of a listener, in milliseconds.
type Timeouts struct{ Client, Connect, Member, Inspect int }

// Pool is what is compared of a pool.
type Pool struct {
	Name, Protocol, Method string
	// Persistence is a type of session persistence, or empty.
	Persistence string
	Tags        []string
}

// Member is what is compared of a member.
type Member struct {
	Name, Address string
	Port          int
	// MonitorPort is 0 where checks go to the port.
	MonitorPort int
}

// Monitor is what is compared of a health monitor.
type Monitor struct {
	Name, Type                        string
	Delay, Timeout, Retries, Failures int
	// HealthPort is where kube-proxy tells of endpoints, for the policy Local; 0 elsewhere.
	HealthPort int
}

// Floating says which floating IP a Service gets.
type Floating struct {
	// None: the Service asks for none to be made.
	None        bool
	Network     string
	Subnet      string
	Pattern     string
	TagsText    string
	Address     string // spec.loadBalancerIP
	Keep        bool
	Description string
	// Published are the addresses that the Service has shown.
	Published []string
}

// chosen reports whether subnets have to be looked for.
func (f Floating) chosen() bool { return f.Subnet == "" && (f.Pattern != "" || f.TagsText != "") }

// GroupWanted is the security group of the members.
type GroupWanted struct {
	Name, Description string
	HealthPort        int
	Nodes             []NodeWanted
}

// NodeWanted is a Node whose port gets the security group.
type NodeWanted struct{ Name, Server, Address string }

// Publish says what the status shows.
type Publish struct {
	Hostname string
	Proxy    bool
	// Suffix makes a host name of the address.
	Suffix string
}

// Settings are what the cloud-config says of load balancers.
type Settings = config.LoadBalancer
