// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package elb is the simulated Elastic Load Balancing: Classic Load Balancers (API version 2012-06-01) in
// the files classic_*, and version 2 (2015-12-01), of which Network Load Balancers are complete and
// Application Load Balancers exist only so far that a client can tell them apart, in the files v2_*.
//
// It carries no traffic. Everything happens by the clock: a load balancer becomes active, a target
// healthy, a deregistered target disappears when its time has come, without anything running.
package elb

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"
	"time"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/eventual"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

// Options of a Service. Region, Clock and Network are required.
type Options struct {
	Region string
	// Account is the ID of the account that owns everything; empty means "123456789012".
	Account string
	// Partition is the second part of ARNs; empty means "aws".
	Partition string
	// DNSSuffix ends the names of load balancers; empty means "amazonaws.com".
	DNSSuffix string
	Clock     eventual.Clock
	Network   Network
	// Quotas that are zero are AWS's defaults.
	Quotas Quotas
	Timing Timing
	// Certificates are the ARNs of the server certificates that exist.
	Certificates []string
}

// Quotas limit how much there can be of something.
type Quotas struct {
	ClassicLoadBalancers     int `json:"classicLoadBalancers,omitempty"`     // per region; 20
	ClassicListeners         int `json:"classicListeners,omitempty"`         // per load balancer; 100
	ClassicInstances         int `json:"classicInstances,omitempty"`         // per load balancer; 1,000
	ClassicPolicies          int `json:"classicPolicies,omitempty"`          // per load balancer; 100
	ApplicationLoadBalancers int `json:"applicationLoadBalancers,omitempty"` // per region; 50
	NetworkLoadBalancers     int `json:"networkLoadBalancers,omitempty"`     // per region; 50
	Listeners                int `json:"listeners,omitempty"`                // per Network Load Balancer; 50
	TargetGroups             int `json:"targetGroups,omitempty"`             // per region; 3,000
	Targets                  int `json:"targets,omitempty"`                  // per Network Load Balancer; 3,000
	TargetsPerZone           int `json:"targetsPerZone,omitempty"`           // per availability zone of a Network Load Balancer that is not cross-zone; 500
	TargetsPerGroup          int `json:"targetsPerGroup,omitempty"`          // per target group; 1,000
	SecurityGroups           int `json:"securityGroups,omitempty"`           // per load balancer; 5
	Tags                     int `json:"tags,omitempty"`                     // per resource; 50
}

func (q Quotas) withDefaults() Quotas {
	return Quotas{
		ClassicLoadBalancers:     cmp.Or(q.ClassicLoadBalancers, 20),
		ClassicListeners:         cmp.Or(q.ClassicListeners, 100),
		ClassicInstances:         cmp.Or(q.ClassicInstances, 1000),
		ClassicPolicies:          cmp.Or(q.ClassicPolicies, 100),
		ApplicationLoadBalancers: cmp.Or(q.ApplicationLoadBalancers, 50),
		NetworkLoadBalancers:     cmp.Or(q.NetworkLoadBalancers, 50),
		Listeners:                cmp.Or(q.Listeners, 50),
		TargetGroups:             cmp.Or(q.TargetGroups, 3000),
		Targets:                  cmp.Or(q.Targets, 3000),
		TargetsPerZone:           cmp.Or(q.TargetsPerZone, 500),
		TargetsPerGroup:          cmp.Or(q.TargetsPerGroup, 1000),
		SecurityGroups:           cmp.Or(q.SecurityGroups, 5),
		Tags:                     cmp.Or(q.Tags, 50),
	}
}

// Timing is how long things take. The zero value is a cloud where all happens at once.
type Timing struct {
	// Provisioning is how long a load balancer of version 2 is not active yet. (minutes at AWS)
	Provisioning time.Duration `json:"provisioning,omitempty"`
	// Initial is how long a registered target or instance is not healthy yet. (the health check's interval
	// times the threshold at AWS, and up to minutes more)
	Initial time.Duration `json:"initial,omitempty"`
	// Linger is how long network interfaces outlive their load balancer. (10 s to minutes at AWS)
	Linger time.Duration `json:"linger,omitempty"`
}

// Service is both versions of Elastic Load Balancing in one region of one account.
type Service struct {
	opts Options

	mu sync.Mutex
	// building says that what is written is seen at once, as it was there before.
	building      bool
	timing        Timing
	quotas        Quotas
	certificates  map[string]bool
	sequence      int64                              // of created resources, from which their IDs are made
	classic       *eventual.Map[ClassicLoadBalancer] // by name
	balancers     *eventual.Map[LoadBalancer]        // by ARN
	balancerNames map[string]string                  // name to ARN
	groups        *eventual.Map[TargetGroup]         // by ARN
	groupNames    map[string]string                  // name to ARN
	listeners     *eventual.Map[Listener]            // by ARN
}

// New returns a service without load balancers.
func New(opts Options) *Service {
	opts.Account = cmp.Or(opts.Account, "123456789012")
	opts.Partition = cmp.Or(opts.Partition, "aws")
	opts.DNSSuffix = cmp.Or(opts.DNSSuffix, "amazonaws.com")
	s := &Service{
		opts:          opts,
		timing:        opts.Timing,
		quotas:        opts.Quotas.withDefaults(),
		certificates:  set(opts.Certificates),
		balancerNames: map[string]string{},
		groupNames:    map[string]string{},
	}
	s.classic = eventual.NewMap[ClassicLoadBalancer](s)
	s.balancers = eventual.NewMap[LoadBalancer](s)
	s.groups = eventual.NewMap[TargetGroup](s)
	s.listeners = eventual.NewMap[Listener](s)
	return s
}

// Now implements eventual.Clock for the maps.
func (s *Service) Now() time.Time { return s.opts.Clock.Now() }

// Lag implements eventual.Clock: what is built rather than called for is seen at once.
func (s *Service) Lag() time.Duration {
	if s.building {
		return 0
	}
	return s.opts.Clock.Lag()
}

// build runs f under the lock; what it writes is seen at once.
func (s *Service) build(f func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.building = true
	defer func() { s.building = false }()
	return f()
}

// ChangeLoadBalancer changes a load balancer of version 2 at once, for what no call can do: its state.
func (s *Service) ChangeLoadBalancer(name string, change func(*LoadBalancer)) error {
	return s.build(func() error {
		lb, err := s.balancer(s.balancerNames[name])
		if err != nil {
			return fmt.Errorf("changing load balancer %q: %w", name, err)
		}
		change(lb)
		s.balancers.Put(lb.ARN, lb)
		return nil
	})
}

// ChangeTarget changes the targets of a target group that have an ID at once, for what no call can do:
// their health.
func (s *Service) ChangeTarget(group, id string, change func(*Target)) error {
	return s.build(func() error {
		tg, err := s.group(s.groupNames[group])
		if err != nil {
			return fmt.Errorf("changing a target of %q: %w", group, err)
		}
		tg.Targets = slices.Clone(tg.Targets)
		for i := range tg.Targets {
			if tg.Targets[i].ID == id {
				change(&tg.Targets[i])
			}
		}
		s.groups.Put(tg.ARN, tg)
		return nil
	})
}

// SetTiming changes how long things take, those under way included.
func (s *Service) SetTiming(t Timing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timing = t
}

// SetQuotas changes the quotas; zero ones are AWS's defaults. What exists already stays.
func (s *Service) SetQuotas(q Quotas) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quotas = q.withDefaults()
}

// SetCertificates replaces the ARNs of the server certificates that exist.
func (s *Service) SetCertificates(arns ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.certificates = set(arns)
}

func set(list []string) map[string]bool {
	out := make(map[string]bool, len(list))
	for _, v := range list {
		out[v] = true
	}
	return out
}

// operation makes an operation of a function that takes decoded parameters and runs under the lock. What
// it returns is encoded without the lock, so it must be made of values that nobody changes.
func operation[In any](s *Service, f func(*Service, *In) (any, error)) wire.Operation {
	return func(_ context.Context, r *wire.Request) (any, error) {
		in := new(In)
		if err := r.Decode(in); err != nil {
			return nil, err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		return f(s, in)
	}
}

// newID returns 16 hexadecimal digits that look random and are the same in each run.
func (s *Service) newID(kind, name string) string {
	s.sequence++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%s/%d", kind, name, s.sequence))
	return hex.EncodeToString(sum[:8])
}

// digits returns what the DNS name of a load balancer has after its name where that is decimal.
func digits(id string) string {
	b, err := hex.DecodeString(id)
	if err != nil || len(b) < 8 {
		return "0"
	}
	return fmt.Sprint(binary.BigEndian.Uint64(b)%9e9 + 1e9)
}

func (s *Service) arn(resource string) string {
	return fmt.Sprintf("arn:%s:elasticloadbalancing:%s:%s:%s", s.opts.Partition, s.opts.Region, s.opts.Account, resource)
}
