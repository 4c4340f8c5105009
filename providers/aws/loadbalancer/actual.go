// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/cloud-providers/providers/aws/cluster"
	"sigs.k8s.io/cloud-providers/providers/aws/securitygroup"
	"sigs.k8s.io/cloud-providers/providers/aws/subnets"
)

// Actual is what exists for a Service, and what of its surroundings decides about it.
type Actual struct {
	Name    string
	Service string
	UID     string
	// Unfinished: something that nobody waits for was left to the next pass.
	Unfinished bool
	// Err: what exists could not be read. Only this Service waits for it.
	Err     error
	Classic *ClassicActual
	Network *NetworkActual
	// OtherType is the type of a load balancer of ELBv2 that has our name and is neither.
	OtherType string
	// Loose are target groups of the Service that no load balancer uses.
	Loose []TargetGroup
	// LeftOut says which changes were not allowed.
	LeftOut []string
	// TargetsAt is when the targets were read, or made.
	TargetsAt time.Time
	// UserTags are those that this process gave the load balancer last; nil when it does not know.
	UserTags map[string]string

	Surroundings
}

// Surroundings are shared by the load balancers of a cluster.
type Surroundings struct {
	Cluster cluster.Identity
	VPC     subnets.Network
	// Groups are the cluster's security groups, those of nodes and those of the load balancer, by ID.
	Groups   map[string]securitygroup.Group
	Machines map[string]Machine
	// Others is what other Services need of nodes' security groups.
	Others Needs
	// Removing: the load balancer is to go, so that leftovers have been looked for.
	Removing bool
	// ClassicGroupName and NetworkGroupName are the names of security groups made for this Service.
	ClassicGroupName, ClassicGroupDescription, NetworkGroupName string
	// FirstGroup is the security group from which a Classic load balancer's traffic comes by the Service's
	// annotations and the configuration; empty for one that is made.
	FirstGroup string
	// Spared are security groups that are never deleted.
	Spared []string
	// LeaveNodeGroups: nodes' security groups are the operator's.
	LeaveNodeGroups bool
}

// Machine is what load balancers need to know of an instance.
type Machine struct {
	ID     string
	State  string
	Groups []string
	Tags   map[string]string
}

// Takes reports whether the instance can be a target of a load balancer.
func (m Machine) Takes(k Kind) bool {
	return m.State == stateRunning || m.State == "pending" && k == Classic
}

const stateRunning = "running"

// ClassicActual is a Classic load balancer that exists.
type ClassicActual struct {
	DNSName   string
	Internal  bool
	Subnets   []string
	Groups    []string
	Instances []string
	Tags      map[string]string
	// TagsKnown: AWS let us read the tags.
	TagsKnown  bool
	Listeners  []ClassicListenerActual
	Backends   map[int32][]string // policies by instance port
	Policies   []string           // names of all policies
	Health     ClassicHealth
	Attributes ClassicAttributes
}

// ClassicListenerActual is a listener with its policies.
type ClassicListenerActual struct {
	ClassicListener
	Policies []string
}

// NetworkActual is a network load balancer that exists.
type NetworkActual struct {
	ARN, DNSName, State, Reason, VPC string
	Internal                         bool
	Subnets                          []string
	Groups                           []string
	AddressType                      string
	Tags                             map[string]string
	TagsKnown                        bool
	Attributes                       map[string]string
	Listeners                        []Listener
	TargetGroups                     []TargetGroup
}

// Listener is a listener that exists.
type Listener struct {
	ARN         string
	Port        int32
	Protocol    string
	Certificate string
	Policy      string
	// TargetGroup is the ARN to which the default action forwards.
	TargetGroup string
}

// TargetGroup is a target group that exists.
type TargetGroup struct {
	ARN, Name, Protocol string
	Port                int32
	Health              Health
	Tags                map[string]string
	TagsKnown           bool
	// Attributes are known when the Service sets some.
	Attributes map[string]string
	// Targets are the registered instances that do not leave.
	Targets []Target
	Used    bool // by some load balancer
}

// Target is an instance with the port to which it gets traffic.
type Target struct {
	ID   string
	Port int32
}

// named reports whether a target group has a name of this Service's: others may be attached by hand.
func (a *Actual) named(g TargetGroup) bool {
	namespace, name, _ := strings.Cut(a.Service, "/")
	prefix := "k8s-" + short(namespace) + "-" + short(name) + "-"
	return strings.HasPrefix(g.Name, prefix) && len(g.Name) == len(prefix)+hashDigits
}

// publishes reports whether the hostname is that of the load balancer of a kind.
func (a *Actual) publishes(k Kind, hostname string) bool {
	if k == Network {
		return a.Network != nil && a.Network.DNSName == hostname
	}
	return a.Classic != nil && a.Classic.DNSName == hostname
}

// group returns the target group with an ARN.
func (n *NetworkActual) group(arn string) *TargetGroup {
	for i := range n.TargetGroups {
		if n.TargetGroups[i].ARN == arn {
			return &n.TargetGroups[i]
		}
	}
	return nil
}

// managedGroups returns the security groups that were made for this Service, each proven by name and
// description: a tag alone is what installers give to all kinds of groups.
func (a *Actual) managedGroups() []securitygroup.Group {
	var found []securitygroup.Group
	for _, g := range a.Groups {
		if a.madeForUs(g) && !slices.Contains(a.Spared, g.ID) {
			found = append(found, g)
		}
	}
	slices.SortFunc(found, func(a, b securitygroup.Group) int { return strings.Compare(a.ID, b.ID) })
	return found
}

// trafficGroup is the security group from which the traffic of the Classic load balancer that is there comes:
// the first that the Service names, else, of those that are not named as extra ones, a tagged one rather than
// another.
func (a *Actual) trafficGroup() string {
	groups := a.Classic.Groups
	if slices.Contains(groups, a.FirstGroup) {
		return a.FirstGroup
	}
	unnamed := difference(groups, a.Spared)
	for _, id := range unnamed {
		if a.Cluster.Belongs(a.Groups[id].Tags) {
			return id
		}
	}
	if unnamed = append(unnamed, groups...); len(unnamed) > 0 {
		return unnamed[0]
	}
	return ""
}

func (a *Actual) madeForUs(g securitygroup.Group) bool {
	if !a.Cluster.Owned(g.Tags) {
		return false
	}
	if service, tagged := g.Tags[cluster.ServiceTag]; tagged && service != a.Service {
		return false
	}
	return g.Name == a.ClassicGroupName && g.Description == a.ClassicGroupDescription ||
		g.Name == a.NetworkGroupName && g.Description == networkGroupDescription
}

// groupNamed finds a security group by its name in our VPC.
func (a *Actual) groupNamed(name string) (securitygroup.Group, bool) {
	for _, g := range a.Groups {
		if g.Name == name && g.VPC == a.VPC.VPC {
			return g, true
		}
	}
	return securitygroup.Group{}, false
}

// ours reports whether tags say that a load balancer is this cluster's. Where AWS does not let us read
// them, the name has to do: it has the Service's UID.
func (a *Actual) ours(tags map[string]string, known bool) bool {
	return !known || a.Cluster.Belongs(tags)
}
