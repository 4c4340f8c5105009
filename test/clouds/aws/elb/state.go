// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/eventual"
)

// State is all that a service knows, in the order in which it was created. Values in it are shared with
// the service and must not be changed.
type State struct {
	// Sequence is how many resources were ever created.
	Sequence int64 `json:"sequence"`
	// Certificates are the ARNs of those that exist; nil leaves them as they are when the state is loaded.
	Certificates         []string               `json:"certificates,omitempty"`
	ClassicLoadBalancers []*ClassicLoadBalancer `json:"classicLoadBalancers,omitempty"`
	LoadBalancers        []*LoadBalancer        `json:"loadBalancers,omitempty"`
	TargetGroups         []*TargetGroup         `json:"targetGroups,omitempty"`
	Listeners            []*Listener            `json:"listeners,omitempty"`
}

// Tag is a tag of a resource.
type Tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Attribute is an attribute of version 2.
type Attribute struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Attachment is a load balancer's place in a subnet.
type Attachment struct {
	SubnetID    string `json:"subnetID"`
	Zone        string `json:"zone"`
	InterfaceID string `json:"interfaceID"`
	// AllocationID and PublicIP are of the elastic IP address that was asked for.
	AllocationID string `json:"allocationID,omitempty"`
	PublicIP     string `json:"publicIP,omitempty"`
	// PrivateIPv4 is the private address that was asked for.
	PrivateIPv4 string `json:"privateIPv4,omitempty"`
}

// ClassicLoadBalancer is a Classic Load Balancer.
type ClassicLoadBalancer struct {
	Name           string            `json:"name"`
	DNSName        string            `json:"dnsName"`
	CreatedAt      time.Time         `json:"createdAt"`
	Scheme         string            `json:"scheme"`
	VPCID          string            `json:"vpcID"`
	Attachments    []Attachment      `json:"attachments"`
	SecurityGroups []string          `json:"securityGroups"`
	Listeners      []ClassicListener `json:"listeners"` // by port
	Policies       []Policy          `json:"policies,omitempty"`
	Backends       []Backend         `json:"backends,omitempty"` // by port
	HealthCheck    HealthCheck       `json:"healthCheck"`
	Attributes     ClassicAttributes `json:"attributes"`
	Tags           []Tag             `json:"tags,omitempty"`
	Instances      []Registered      `json:"instances,omitempty"` // by ID
}

// ClassicListener is a listener of a Classic Load Balancer with the policies that are enabled for it.
type ClassicListener struct {
	Protocol         string   `json:"protocol"`
	Port             int32    `json:"port"`
	InstanceProtocol string   `json:"instanceProtocol"`
	InstancePort     int32    `json:"instancePort"`
	CertificateID    string   `json:"certificateID,omitempty"`
	Policies         []string `json:"policies,omitempty"`
}

// Policy is a policy of a Classic Load Balancer.
type Policy struct {
	Name       string      `json:"name"`
	Type       string      `json:"type"`
	Attributes []Attribute `json:"attributes,omitempty"` // as they were given
}

// Backend has the policies enabled for an instance port.
type Backend struct {
	Port     int32    `json:"port"`
	Policies []string `json:"policies"`
}

// HealthCheck is the health check of a Classic Load Balancer.
type HealthCheck struct {
	Target             string `json:"target"   query:"Target,required"             xml:"Target"`
	Interval           int32  `json:"interval" query:"Interval,required"           xml:"Interval"`
	Timeout            int32  `json:"timeout"  query:"Timeout,required"            xml:"Timeout"`
	UnhealthyThreshold int32  `json:"unhealthyThreshold" query:"UnhealthyThreshold,required" xml:"UnhealthyThreshold"`
	HealthyThreshold   int32  `json:"healthyThreshold"   query:"HealthyThreshold,required"   xml:"HealthyThreshold"`
}

// ClassicAttributes are the attributes of a Classic Load Balancer.
type ClassicAttributes struct {
	CrossZone         bool   `json:"crossZone"`
	AccessLog         bool   `json:"accessLog"`
	AccessLogBucket   string `json:"accessLogBucket,omitempty"`
	AccessLogPrefix   string `json:"accessLogPrefix,omitempty"`
	AccessLogInterval int32  `json:"accessLogInterval,omitempty"`
	Draining          bool   `json:"draining"`
	DrainingTimeout   int32  `json:"drainingTimeout"`
	IdleTimeout       int32  `json:"idleTimeout"`
	DesyncMitigation  string `json:"desyncMitigation"`
}

// Registered is an instance of a Classic Load Balancer.
type Registered struct {
	ID string    `json:"id"`
	At time.Time `json:"at"`
}

// LoadBalancer is a load balancer of version 2.
type LoadBalancer struct {
	ARN            string       `json:"arn"`
	Name           string       `json:"name"`
	Type           string       `json:"type"` // application, network
	Scheme         string       `json:"scheme"`
	DNSName        string       `json:"dnsName"`
	CreatedAt      time.Time    `json:"createdAt"`
	VPCID          string       `json:"vpcID"`
	Attachments    []Attachment `json:"attachments"`
	SecurityGroups []string     `json:"securityGroups,omitempty"`
	IPAddressType  string       `json:"ipAddressType"`
	// SourceNATPrefix is on if each subnet's IPv6 prefix is used for source NAT, else off. Network only.
	SourceNATPrefix string `json:"sourceNATPrefix,omitempty"`
	// EnforcePrivateLink is on if rules of security groups are enforced on PrivateLink traffic, else off.
	EnforcePrivateLink string      `json:"enforcePrivateLink,omitempty"`
	Attributes         []Attribute `json:"attributes"`
	Tags               []Tag       `json:"tags,omitempty"`
	// Failed is the reason for which the load balancer is in state failed.
	Failed string `json:"failed,omitempty"`
	// Impaired is the reason for which it is in state active_impaired.
	Impaired string `json:"impaired,omitempty"`
}

// TargetGroup is a target group with its targets.
type TargetGroup struct {
	ARN           string           `json:"arn"`
	Name          string           `json:"name"`
	Protocol      string           `json:"protocol"`
	Port          int32            `json:"port"`
	VPCID         string           `json:"vpcID"`
	TargetType    string           `json:"targetType"` // instance, ip
	IPAddressType string           `json:"ipAddressType"`
	HealthCheck   GroupHealthCheck `json:"healthCheck"`
	Attributes    []Attribute      `json:"attributes"`
	Tags          []Tag            `json:"tags,omitempty"`
	Targets       []Target         `json:"targets,omitempty"` // by ID and port
}

// GroupHealthCheck is the health check of a target group.
type GroupHealthCheck struct {
	Protocol           string `json:"protocol"`
	Port               string `json:"port"`
	Path               string `json:"path,omitempty"`
	Matcher            string `json:"matcher,omitempty"`
	Interval           int32  `json:"interval"`
	Timeout            int32  `json:"timeout"`
	HealthyThreshold   int32  `json:"healthyThreshold"`
	UnhealthyThreshold int32  `json:"unhealthyThreshold"`
}

// Target is a registered or a draining target.
type Target struct {
	ID   string    `json:"id"`
	Port int32     `json:"port"`
	Zone string    `json:"zone,omitempty"`
	At   time.Time `json:"at"`
	// Unhealthy is the reason for which its health checks fail, such as Target.FailedHealthChecks.
	Unhealthy string `json:"unhealthy,omitempty"`
	// GoneAt is when a target that was deregistered disappears; nil if it was not.
	GoneAt *time.Time `json:"goneAt,omitempty"`
}

// Listener is a listener of a load balancer of version 2.
type Listener struct {
	ARN             string      `json:"arn"`
	LoadBalancerARN string      `json:"loadBalancerARN"`
	Port            int32       `json:"port"`
	Protocol        string      `json:"protocol"`
	SSLPolicy       string      `json:"sslPolicy,omitempty"`
	CertificateARN  string      `json:"certificateARN,omitempty"`
	ALPNPolicy      string      `json:"alpnPolicy,omitempty"`
	Action          Action      `json:"action"`
	Attributes      []Attribute `json:"attributes,omitempty"`
	Tags            []Tag       `json:"tags,omitempty"`
}

// Action is the default action of a listener.
type Action struct {
	Type           string `json:"type"` // forward
	TargetGroupARN string `json:"targetGroupARN"`
	Order          int32  `json:"order,omitempty"`
}

// Dump returns the newest state.
func (s *Service) Dump() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return State{
		Sequence:             s.sequence,
		Certificates:         slices.Sorted(maps.Keys(s.certificates)),
		ClassicLoadBalancers: values(s.classic),
		LoadBalancers:        values(s.balancers),
		TargetGroups:         values(s.groups),
		Listeners:            values(s.listeners),
	}
}

func values[T any](m *eventual.Map[T]) []*T {
	var out []*T
	for _, v := range m.All() {
		out = append(out, v)
	}
	return out
}

// Load replaces everything. Network interfaces are the network's to load.
func (s *Service) Load(st State) error {
	if err := st.check(); err != nil {
		return err
	}
	// The state's values may be in use by another service; this one gets its own.
	raw, err := json.Marshal(st)
	if err != nil {
		return fmt.Errorf("copying the state: %w", err)
	}
	st = State{}
	if err := json.Unmarshal(raw, &st); err != nil {
		return fmt.Errorf("copying the state: %w", err)
	}
	return s.build(func() error {
		s.load(&st)
		return nil
	})
}

func (s *Service) load(st *State) {
	s.sequence = st.Sequence
	if st.Certificates != nil {
		s.certificates = set(st.Certificates)
	}
	load(s.classic, st.ClassicLoadBalancers, func(v *ClassicLoadBalancer) string { return v.Name })
	load(s.balancers, st.LoadBalancers, func(v *LoadBalancer) string { return v.ARN })
	load(s.groups, st.TargetGroups, func(v *TargetGroup) string { return v.ARN })
	load(s.listeners, st.Listeners, func(v *Listener) string { return v.ARN })
	s.balancerNames, s.groupNames = map[string]string{}, map[string]string{}
	for _, lb := range st.LoadBalancers {
		s.balancerNames[lb.Name] = lb.ARN
	}
	for _, tg := range st.TargetGroups {
		s.groupNames[tg.Name] = tg.ARN
	}
}

func load[T any](m *eventual.Map[T], list []*T, id func(*T) string) {
	m.Clear()
	for _, v := range list {
		m.Put(id(v), v)
	}
}

// check finds references to what is not there.
func (st State) check() error {
	balancers, groups := map[string]bool{}, map[string]bool{}
	for _, lb := range st.LoadBalancers {
		balancers[lb.ARN] = true
	}
	for _, tg := range st.TargetGroups {
		groups[tg.ARN] = true
	}
	for _, l := range st.Listeners {
		if !balancers[l.LoadBalancerARN] {
			return fmt.Errorf("listener %s is of load balancer %s, which is not in the state", l.ARN, l.LoadBalancerARN)
		}
		if !groups[l.Action.TargetGroupARN] {
			return fmt.Errorf("listener %s forwards to target group %s, which is not in the state", l.ARN, l.Action.TargetGroupARN)
		}
	}
	return nil
}
