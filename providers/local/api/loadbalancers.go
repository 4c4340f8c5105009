// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package api

import "time"

// Protocol of a listener.
type Protocol string

// The protocols.
const (
	TCP Protocol = "TCP"
	UDP Protocol = "UDP"
)

// Family is an IP family.
type Family string

// The families.
const (
	IPv4 Family = "IPv4"
	IPv6 Family = "IPv6"
)

// DefaultPool is the name of the pool that is used when none is named.
const DefaultPool = "default"

// Owner says for whom a load balancer exists.
type Owner struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace,omitempty"`
	Service   string `json:"service,omitempty"`
	UID       string `json:"uid,omitempty"`
}

// LoadBalancer is a load balancer.
type LoadBalancer struct {
	Name  string           `json:"name"`
	Owner Owner            `json:"owner"`
	Spec  LoadBalancerSpec `json:"spec"`
	// Revision grows with each change of Spec or Owner.
	Revision int64 `json:"revision"`
	// Addresses has one address for each family of the spec, in its order.
	Addresses []string           `json:"addresses"`
	CreatedAt time.Time          `json:"createdAt"`
	Status    LoadBalancerStatus `json:"status,omitzero"`
}

// LoadBalancerSpec is what a load balancer shall be. Its fields are the parts that can be changed.
type LoadBalancerSpec struct {
	Addressing Addressing `json:"addressing"`
	Settings   Settings   `json:"settings"`
	Listeners  []Listener `json:"listeners,omitempty"`
	Members    []Member   `json:"members,omitempty"`
}

// Addressing says which addresses a load balancer has.
type Addressing struct {
	Families []Family `json:"families"`
	// Pool is where addresses are taken from; empty means DefaultPool.
	Pool string `json:"pool,omitempty"`
	// Requested has at most one address per family. A family without keeps the address that it has.
	Requested []string `json:"requested,omitempty"`
}

// Settings is how a load balancer treats connections.
type Settings struct {
	HealthCheck *HealthCheck `json:"healthCheck,omitempty"`
	// SourceRanges are the only CIDRs from which connections are accepted; none means all.
	SourceRanges []string `json:"sourceRanges,omitempty"`
	// Affinity keeps a client's address at its member; 0 means no affinity.
	Affinity Duration `json:"affinity,omitzero"`
	// ProxyProtocol is "", "v1" or "v2", and applies to TCP listeners.
	ProxyProtocol string `json:"proxyProtocol,omitempty"`
	// IdleTimeout closes TCP connections over which nothing was sent; 0 means 10 minutes.
	IdleTimeout Duration `json:"idleTimeout,omitzero"`
	// UDPIdleTimeout forgets UDP flows; 0 means 1 minute.
	UDPIdleTimeout Duration `json:"udpIdleTimeout,omitzero"`
	// DrainTimeout is how long connections to a removed member, or of a removed listener, may go on;
	// 0 means 30 s.
	DrainTimeout Duration `json:"drainTimeout,omitzero"`
}

// HealthCheck decides which members get new connections. A new member gets them at once, until its
// first check fails.
type HealthCheck struct {
	// Protocol is "http", where any 2xx answer is good, or "tcp", where a connection is.
	Protocol string   `json:"protocol"`
	Port     int      `json:"port"`
	Path     string   `json:"path,omitempty"`
	Interval Duration `json:"interval,omitzero"` // 0 means 2 s
	Timeout  Duration `json:"timeout,omitzero"`  // 0 means 1 s
	// HealthyThreshold and UnhealthyThreshold are how many results in a row change the verdict;
	// 0 means 1 and 2. The first result of all decides alone.
	HealthyThreshold   int `json:"healthyThreshold,omitempty"`
	UnhealthyThreshold int `json:"unhealthyThreshold,omitempty"`
}

// Listener is a port of all the balancer's addresses.
type Listener struct {
	Protocol   Protocol `json:"protocol"`
	Port       int      `json:"port"`
	MemberPort int      `json:"memberPort"`
}

// Member is a target.
type Member struct {
	Name    string `json:"name"`
	Address string `json:"address"`
	// Weight is the member's share of new connections relative to the others; 0 gives it none and lets
	// those it has go on.
	Weight int `json:"weight"`
}

// LoadBalancerStatus is how the balancer does. It is not stored.
type LoadBalancerStatus struct {
	Listeners []ListenerStatus `json:"listeners,omitempty"`
	Members   []MemberStatus   `json:"members,omitempty"`
}

// ListenerStatus is one listener at one address.
type ListenerStatus struct {
	Address  string   `json:"address"`
	Protocol Protocol `json:"protocol"`
	Port     int      `json:"port"`
	// Error says why the port is not open; the cloud goes on trying.
	Error       string `json:"error,omitempty"`
	Connections int    `json:"connections,omitempty"`
}

// MemberStatus is one member.
type MemberStatus struct {
	Name    string `json:"name"`
	Address string `json:"address"`
	// Health is "healthy", "unhealthy", "unknown" before the first check, or "unchecked".
	Health string `json:"health"`
	// Reason is the last failure of the check.
	Reason string `json:"reason,omitempty"`
}

// CreateLoadBalancerRequest creates a load balancer, or returns the one that this owner has under this
// name, as it is.
type CreateLoadBalancerRequest struct {
	Name  string           `json:"name"`
	Owner Owner            `json:"owner"`
	Spec  LoadBalancerSpec `json:"spec"`
}

// UpdateLoadBalancerRequest replaces those parts that are set. A request that changes nothing succeeds
// whatever its revision.
type UpdateLoadBalancerRequest struct {
	// Cluster must be that of the owner.
	Cluster string `json:"cluster"`
	// Revision is the one that the caller has seen; 0 means any.
	Revision   int64       `json:"revision,omitempty"`
	Owner      *Owner      `json:"owner,omitempty"`
	Addressing *Addressing `json:"addressing,omitempty"`
	Settings   *Settings   `json:"settings,omitempty"`
	Listeners  *[]Listener `json:"listeners,omitempty"`
	Members    *[]Member   `json:"members,omitempty"`
}

// LookupLoadBalancersRequest asks for load balancers by name, whoever owns them.
type LookupLoadBalancersRequest struct {
	Names []string `json:"names"`
}

// LoadBalancerList is a page of load balancers. Look-ups answer in one page and leave out what does not
// exist.
type LoadBalancerList struct {
	LoadBalancers []LoadBalancer `json:"loadBalancers"`
	NextPageToken string         `json:"nextPageToken,omitempty"`
}
