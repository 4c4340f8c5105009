// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package ec2 is the part of EC2 that Kubernetes needs: VPCs, subnets, route tables, gateways, security
// groups, instances, network interfaces, addresses and tags, as one account in one region sees them.
//
// Every value in the store is immutable: a change puts a changed copy (package eventual). Whatever
// happens by itself, such as an instance getting ready, happens by the clock, at the beginning of the
// next call (settle).
package ec2

import (
	"cmp"
	"container/heap"
	"context"
	"slices"
	"sync"
	"time"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/eventual"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

// Options of the service.
type Options struct {
	// Region and Account that it is; empty means us-west-2 and 123456789012.
	Region, Account string
	// Zones of the region; none means DefaultZones.
	Zones []Zone
	// Clock gives the time, and how far reads lag behind; nil means the machine's clock and no lag.
	Clock eventual.Clock
	// Quotas of the account; zero fields mean AWS's defaults.
	Quotas Quotas
	// Starting, Stopping and Terminating say how long an instance stays pending, stopping and
	// shutting-down. Whatever they are, the call that begins it answers with that state.
	Starting, Stopping, Terminating time.Duration
	// TerminatedFor is how long terminated instances stay visible; 0 means an hour.
	TerminatedFor time.Duration
}

// Quotas limits what an account can have.
type Quotas struct {
	// RulesPerSecurityGroup limits each direction of a group, IPv4 and IPv6 apart; 0 means 60.
	RulesPerSecurityGroup int `json:"rulesPerSecurityGroup,omitempty"`
	// SecurityGroups of the region; 0 means 2,500.
	SecurityGroups int `json:"securityGroups,omitempty"`
	// SecurityGroupsPerInterface; 0 means 5.
	SecurityGroupsPerInterface int `json:"securityGroupsPerInterface,omitempty"`
	// RoutesPerTable limits IPv4 and IPv6 apart; 0 means 500.
	RoutesPerTable int `json:"routesPerTable,omitempty"`
	// Addresses are elastic IP addresses; 0 means 5.
	Addresses int `json:"addresses,omitempty"`
	// TagsPerResource; 0 means 50.
	TagsPerResource int `json:"tagsPerResource,omitempty"`
}

func (q Quotas) withDefaults() Quotas {
	return Quotas{
		RulesPerSecurityGroup:      cmp.Or(q.RulesPerSecurityGroup, 60),
		SecurityGroups:             cmp.Or(q.SecurityGroups, 2500),
		SecurityGroupsPerInterface: cmp.Or(q.SecurityGroupsPerInterface, 5),
		RoutesPerTable:             cmp.Or(q.RoutesPerTable, 500),
		Addresses:                  cmp.Or(q.Addresses, 5),
		TagsPerResource:            cmp.Or(q.TagsPerResource, 50),
	}
}

// DefaultZones returns the first three zones of a region, as an account may see them.
func DefaultZones(region string) []Zone {
	if region == "us-west-2" {
		return []Zone{{"us-west-2a", "usw2-az1"}, {"us-west-2b", "usw2-az2"}, {"us-west-2c", "usw2-az3"}}
	}
	var zones []Zone
	for i, letter := range "abc" {
		zones = append(zones, Zone{Name: region + string(letter), ID: zoneIDPrefix(region) + "-az" + string("123"[i])})
	}
	return zones
}

// Service is EC2 of one account in one region. Its methods may be called from several goroutines.
type Service struct {
	opts Options

	mu     sync.Mutex
	quotas Quotas
	// building says that what is written is seen at once, as it was there before.
	building bool
	lastID   uint64
	timers   timers
	pools    map[string]*pool // addresses by subnet
	publics  uint32           // public addresses given so far

	vpcs       *collection[VPC]
	subnets    *collection[Subnet]
	gateways   *collection[InternetGateway]
	tables     *collection[RouteTable]
	groups     *collection[SecurityGroup]
	instances  *collection[Instance]
	interfaces *collection[NetworkInterface]
	addresses  *collection[Address]
	taggable   []tagged
}

// New returns an empty region: no VPC, not even the default one.
func New(o Options) *Service {
	o.Region = cmp.Or(o.Region, "us-west-2")
	o.Account = cmp.Or(o.Account, "123456789012")
	o.TerminatedFor = cmp.Or(o.TerminatedFor, time.Hour)
	if len(o.Zones) == 0 {
		o.Zones = DefaultZones(o.Region)
	}
	if o.Clock == nil {
		o.Clock = machineClock{}
	}
	s := &Service{opts: o, quotas: o.Quotas.withDefaults(), pools: map[string]*pool{}}
	s.defineCollections()
	return s
}

type machineClock struct{}

func (machineClock) Now() time.Time     { return time.Now() }
func (machineClock) Lag() time.Duration { return 0 }

// Now implements eventual.Clock for the collections.
func (s *Service) Now() time.Time { return s.opts.Clock.Now() }

// Lag implements eventual.Clock: what is built rather than called for is seen at once.
func (s *Service) Lag() time.Duration {
	if s.building {
		return 0
	}
	return s.opts.Clock.Lag()
}

// Region is the region's name.
func (s *Service) Region() string { return s.opts.Region }

// Account is the account's number.
func (s *Service) Account() string { return s.opts.Account }

// build runs f under the lock; what it writes is seen at once.
func (s *Service) build(f func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.building = true
	defer func() { s.building = false }()
	s.settle()
	return f()
}

// dryRun is the parameter that all actions have.
type dryRun struct {
	DryRun bool `query:"DryRun"`
}

// action makes an operation of a method: it decodes the parameters and holds the lock.
func action[In any](s *Service, do func(in *In) (any, error)) wire.Operation {
	return func(_ context.Context, r *wire.Request) (any, error) {
		in := new(In)
		if err := r.Decode(in); err != nil {
			return nil, err
		}
		var dry dryRun
		if err := r.Decode(&dry); err != nil {
			return nil, err
		}
		if dry.DryRun {
			return nil, &wire.Error{Status: 412, Code: "DryRunOperation", Message: "Request would have succeeded, but DryRun flag is set."}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.settle()
		return do(in)
	}
}

// done is the answer of actions that have nothing to say.
type done struct {
	Return bool `xml:"return"`
}

// timer is something that happens by itself to the value with an ID.
type timer struct {
	at     time.Time
	id     string
	happen func(id string)
}

// timers is a heap.
type timers []timer

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].at.Before(t[j].at) }
func (t timers) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *timers) Push(x any)        { *t = append(*t, x.(timer)) }
func (t *timers) Pop() any {
	last := (*t)[len(*t)-1]
	*t = slices.Delete(*t, len(*t)-1, len(*t))
	return last
}

// at has something happen at a time, or at the next call after it.
func (s *Service) at(when time.Time, id string, happen func(id string)) {
	heap.Push(&s.timers, timer{when, id, happen})
}

// settle lets happen what should have happened by now.
func (s *Service) settle() {
	now := s.Now()
	for len(s.timers) > 0 && !s.timers[0].at.After(now) {
		t := heap.Pop(&s.timers).(timer)
		t.happen(t.id)
	}
}
