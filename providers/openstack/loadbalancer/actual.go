// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/cloud-providers/providers/openstack/client"
	"sigs.k8s.io/cloud-providers/providers/openstack/neutron"
)

// Actual is what exists for a Service, and what has to be known of its surroundings in order to change it.
type Actual struct {
	Service, UID string
	// Name is what the load balancer is called if it is the Service's own, and the tag of its parts.
	Name string
	// Legacy is the name that the in-tree provider gave.
	Legacy string
	// Removing: all of it has to go.
	Removing bool
	// Err keeps this Service from being looked at; it is this Service's alone.
	Err error
	// Octavia is the version of the service.
	Octavia client.Version
	// Balancer is nil where there is none.
	Balancer *Balancer
	// Wait is how long no other is to be made, after some have failed.
	Wait time.Duration
	// Failures is how often one could not be made.
	Failures int
	// Floating is on the VIP's port; Spare is the one with the address that the Service asks for or has
	// shown, on no port or on another.
	Floating, Spare *FloatingIP
	Place           Place
	// Group is the members' security group; Groups how many have its name.
	Group  *Group
	Groups int
	// NodePorts are the ports of the members' servers, Carriers those that have the group.
	NodePorts, Carriers []neutron.Port
	// Published are the addresses that the Service has shown; Keep that its floating IP stays.
	Published []string
	Keep      bool
	// CascadeOff: parts are deleted before what they are parts of.
	CascadeOff bool
	// Partial: not all of what the load balancer consists of is known.
	Partial bool
	// Renamed: the load balancer got the name of the renamed cluster just now.
	Renamed bool
	// Pending is how long the state of the load balancer has been that of an unfinished change.
	Pending time.Duration
	// Poll is when to look again.
	Poll time.Duration
}

// Place is what was found out for a load balancer or a floating IP to be made.
type Place struct {
	// VIP is a subnet that was found, Second that of the other IP family.
	VIP, Second string
	// Floating is the external network that was found; Subnets those that may give a floating IP.
	Floating string
	Subnets  []string
	// MemberSubnet is the subnet of members, for security groups.
	MemberSubnet *Subnet
	// Problem is why a placement could not be found; nobody but the user can mend it.
	Problem string
	// SearchFailed is why no external network was found.
	SearchFailed string
}

// The provisioning states.
const (
	active        = "ACTIVE"
	failed        = "ERROR"
	deleted       = "DELETED"
	pendingUpdate = "PENDING_UPDATE"
	pendingDelete = "PENDING_DELETE"
)

// Balancer is a load balancer with its parts.
type Balancer struct {
	ID, Name, Status, Provider string
	Tags                       []string
	Address, PortID, SubnetID  string
	Additional                 []string // addresses
	UpdatedAt                  time.Time
	Listeners                  []ListenerActual
	// Loose are pools that no listener has.
	Loose []PoolActual
}

// ListenerActual is a listener with its pool.
type ListenerActual struct {
	ID string
	Listener
	Pool *PoolActual
}

// PoolActual is a pool with its members and monitor.
type PoolActual struct {
	ID string
	Pool
	Members []MemberActual
	Monitor *MonitorActual
}

// MemberActual is a member; what the provider does not decide is kept when others change.
type MemberActual struct {
	ID string
	Member
	Weight int
	Backup bool
	Down   bool // admin_state_up is false
	Subnet string
}

// MonitorActual is a health monitor.
type MonitorActual struct {
	ID string
	Monitor
}

// FloatingIP is a floating IP.
type FloatingIP struct {
	ID          string `json:"id"`
	Address     string `json:"floating_ip_address"`
	PortID      string `json:"port_id"`
	Description string `json:"description"`
	NetworkID   string `json:"floating_network_id"`
}

// ours reports whether a cloud controller manager has made it.
func (f FloatingIP) ours() bool { return strings.Contains(f.Description, floatingMark) }

// Group is a security group.
type Group struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Rules []Rule `json:"security_group_rules"`
}

// Rule is a rule of a security group.
type Rule struct {
	ID        string  `json:"id,omitempty"`
	Direction string  `json:"direction"`
	EtherType string  `json:"ethertype"`
	Protocol  *string `json:"protocol"`
	From      *int    `json:"port_range_min"`
	To        *int    `json:"port_range_max"`
	Prefix    *string `json:"remote_ip_prefix"`
	GroupID   string  `json:"security_group_id,omitempty"`
	// RemoteGroup makes a rule that is never ours.
	RemoteGroup *string `json:"remote_group_id,omitempty"`
}

// Subnet is a subnet.
type Subnet struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	NetworkID string   `json:"network_id"`
	CIDR      string   `json:"cidr"`
	IPVersion int      `json:"ip_version"`
	Tags      []string `json:"tags"`
}

// busy reports whether Octavia is at work on the load balancer.
func (b *Balancer) busy() bool { return b != nil && strings.HasPrefix(b.Status, "PENDING_") }

// made reports whether a cloud controller manager has made the load balancer.
func (a *Actual) made() bool {
	return a.Balancer != nil && (strings.HasPrefix(a.Balancer.Name, ownPrefix) || a.legacy())
}

// legacy reports whether the in-tree provider has made it for this very Service.
func (a *Actual) legacy() bool {
	return a.Balancer != nil && a.Legacy != "" && a.Balancer.Name == a.Legacy
}

// owned reports whether the load balancer is this Service's.
func (a *Actual) owned() bool {
	return a.Balancer != nil && (a.Balancer.Name == a.Name || a.legacy() || a.renamed() != "")
}

// renamed returns the name that the load balancer had before the cluster was renamed, if this Service is its
// owner: the name is that of the Service in another cluster, and so is one of its tags.
func (a *Actual) renamed() string {
	if a.Balancer == nil || a.Balancer.Name == a.Name {
		return ""
	}
	_, rest, ok := clusterIn(a.Balancer.Name)
	_, own, fits := clusterIn(a.Name)
	if !ok || !fits || rest != own || !slices.Contains(a.Balancer.Tags, a.Balancer.Name) {
		return ""
	}
	// A Service of another cluster that begins to share it looks the same, but has shown no address yet.
	if slices.Contains(a.Balancer.Tags, a.Name) || len(a.Published) == 0 {
		return ""
	}
	return a.Balancer.Name
}

// users are the tags of Services that use the load balancer, other than this one.
func (a *Actual) users() []string {
	var users []string
	for _, t := range a.Balancer.Tags {
		if strings.HasPrefix(t, ownPrefix) && t != a.Name && t != a.renamed() {
			users = append(users, t)
		}
	}
	return users
}

// mine reports whether a listener is this Service's.
func (a *Actual) mine(l ListenerActual) bool {
	if len(l.Tags) == 0 {
		return a.owned()
	}
	return slices.Contains(l.Tags, a.Name) || a.renamed() != "" && slices.Contains(l.Tags, a.renamed())
}

// listener returns the listener with that layer 4 protocol and port.
func (b *Balancer) listener(protocol string, port int) *ListenerActual {
	for i := range b.Listeners {
		if l := &b.Listeners[i]; layer4(l.Protocol) == layer4(protocol) && l.Port == port {
			return l
		}
	}
	return nil
}

// layer4 is the protocol by which Octavia tells listeners on one port apart.
func layer4(protocol string) string {
	if protocol == udp || protocol == sctp {
		return protocol
	}
	return tcp
}

// Unfinished implements provider.Unfinished.
func (a Actual) Unfinished() time.Duration {
	if a.Balancer.busy() {
		return a.Poll
	}
	return 0
}

// Marks implements provider.Marked: what was published goes, but for the name of a load balancer that a
// user has given.
func (a Actual) Marks() []string {
	marks := []string{address.Key()}
	if a.Balancer == nil || a.owned() {
		marks = append(marks, balancerID.Key())
	}
	return marks
}
