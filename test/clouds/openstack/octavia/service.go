// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package octavia

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/neutron"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
	"sigs.k8s.io/cloud-providers/test/clouds/sim"
)

// Timing is how long changes take. Zero means the defaults, 2 s for creation and 1 s for the others; below
// zero means that they are done when the answer has been sent.
type Timing struct {
	Create sim.Duration `json:"create"`
	Update sim.Duration `json:"update"`
	Delete sim.Duration `json:"delete"`
}

func (t Timing) orDefaults() Timing {
	return Timing{cmp.Or(t.Create, sim.Duration(2*time.Second)), cmp.Or(t.Update, sim.Duration(time.Second)), cmp.Or(t.Delete, sim.Duration(time.Second))}
}

// Options of the service.
type Options struct {
	Clock   *sim.Clock
	IDs     *rest.IDs
	Network *neutron.Service
	Timing  Timing
	// Version is the newest minor version of the interface, 26 if zero; fields that came later are refused.
	Version int
	// Providers that are enabled; the first is the default. None means amphora, octavia and ovn.
	Providers []string
	// PageSize is the most that a list has at once; zero is 1000.
	PageSize int
	// Quotas of all projects that have none of their own; nil is Unlimited.
	Quotas *Quotas
	// Certificate says whether a container or secret can be read; nil takes each.
	Certificate func(ref string) bool
}

// Change is a change that goes on at a load balancer.
type Change struct {
	// Until is when it ends, Fails whether in ERROR.
	Until time.Time `json:"until"`
	Fails bool      `json:"fails,omitempty"`
}

// Service is the load balancing service.
type Service struct {
	opts Options

	mu        sync.Mutex
	timing    Timing
	version   int
	failing   int
	busy      map[string]Change // by load balancer
	owned     map[string]bool   // ports that we made
	quotas    map[string]Quotas // by project; "" has the defaults
	balancers *rest.Store[LoadBalancer]
	listeners *rest.Store[Listener]
	pools     *rest.Store[Pool]
	members   *rest.Store[Member]
	monitors  *rest.Store[Monitor]
}

// New returns a service without load balancers.
func New(o Options) *Service {
	if len(o.Providers) == 0 {
		o.Providers = []string{"amphora", "octavia", "ovn"}
	}
	if o.Quotas == nil {
		all := Unlimited()
		o.Quotas = &all
	}
	if o.Certificate == nil {
		o.Certificate = func(string) bool { return true }
	}
	o.PageSize = cmp.Or(o.PageSize, 1000)
	return &Service{
		opts: o, timing: o.Timing.orDefaults(), version: cmp.Or(o.Version, 26),
		busy: map[string]Change{}, owned: map[string]bool{}, quotas: map[string]Quotas{"": *o.Quotas},
		balancers: rest.NewStore(func(v *LoadBalancer) string { return v.ID }),
		listeners: rest.NewStore(func(v *Listener) string { return v.ID }),
		pools:     rest.NewStore(func(v *Pool) string { return v.ID }),
		members:   rest.NewStore(func(v *Member) string { return v.ID }),
		monitors:  rest.NewStore(func(v *Monitor) string { return v.ID }),
	}
}

// SetTiming changes how long changes take that begin from now on.
func (s *Service) SetTiming(t Timing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timing = t.orDefaults()
}

// SetVersion changes the newest minor version of the interface.
func (s *Service) SetVersion(minor int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version = minor
}

// SetQuotas changes the quotas of a project; an empty one means all that have none of their own.
func (s *Service) SetQuotas(projectID string, q Quotas) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quotas[projectID] = q
}

// FailNext lets the next changes, that many, end in ERROR.
func (s *Service) FailNext(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failing = n
}

func (s *Service) quotaOf(projectID string) Quotas {
	if q, ok := s.quotas[projectID]; ok {
		return q
	}
	return s.quotas[""]
}

func (s *Service) now() string { return s.opts.Clock.Now().UTC().Format("2006-01-02T15:04:05") }

// start has a change end after a time.
func (s *Service) start(lb *LoadBalancer, status string, takes sim.Duration) {
	change := Change{Until: s.opts.Clock.Now().Add(time.Duration(takes))}
	if s.failing > 0 {
		s.failing--
		change.Fails = true
	}
	s.busy[lb.ID] = change
	lb.ProvisioningStatus = status
	if status != PendingCreate {
		now := s.now()
		lb.UpdatedAt = &now // and again when the change ends
	}
}

// settle ends the changes whose time has come.
func (s *Service) settle() {
	now := s.opts.Clock.Now()
	for id, change := range s.busy {
		if change.Until.After(now) {
			continue
		}
		delete(s.busy, id)
		lb := s.balancers.Get(id)
		switch {
		case lb == nil:
		case lb.ProvisioningStatus == PendingDelete && !change.Fails:
			s.drop(lb)
		default:
			s.finish(lb, change)
		}
	}
}

// finish ends a change of a load balancer that stays, and of all below it.
func (s *Service) finish(lb *LoadBalancer, change Change) {
	stamp := change.Until.UTC().Format("2006-01-02T15:04:05")
	gone := map[string]bool{}
	for _, c := range s.below(lb) {
		switch {
		case c.ProvisioningStatus == PendingDelete && !change.Fails:
			gone[c.ID] = true
		default:
			end(c, change.Fails, stamp)
		}
	}
	end(&lb.Common, change.Fails, stamp)
	if len(gone) > 0 {
		s.forget(gone)
	}
}

func end(c *Common, fails bool, stamp string) {
	if !slices.Contains([]string{PendingCreate, PendingUpdate, PendingDelete}, c.ProvisioningStatus) {
		return
	}
	c.UpdatedAt = &stamp
	if fails {
		c.ProvisioningStatus, c.OperatingStatus = Failed, "ERROR"
		return
	}
	c.ProvisioningStatus = Active
	if c.OperatingStatus == "OFFLINE" && c.AdminStateUp || c.OperatingStatus == "ERROR" {
		c.OperatingStatus = "ONLINE"
	}
}

// below are all objects of a load balancer.
func (s *Service) below(lb *LoadBalancer) []*Common {
	var all []*Common
	for _, ref := range lb.Listeners {
		if v := s.listeners.Get(ref.ID); v != nil {
			all = append(all, &v.Common)
		}
	}
	for _, ref := range lb.Pools {
		pool := s.pools.Get(ref.ID)
		if pool == nil {
			continue
		}
		all = append(all, &pool.Common)
		for _, member := range pool.Members {
			if v := s.members.Get(member.ID); v != nil {
				all = append(all, &v.Common)
			}
		}
		if m := s.monitorOf(pool); m != nil {
			all = append(all, &m.Common)
		}
	}
	return all
}

func (s *Service) monitorOf(pool *Pool) *Monitor {
	if pool.HealthMonitorID == nil {
		return nil
	}
	return s.monitors.Get(*pool.HealthMonitorID)
}

// forget removes objects below a load balancer, with what hangs on them.
func (s *Service) forget(gone map[string]bool) {
	keep := func(refs []Ref) []Ref {
		return slices.DeleteFunc(slices.Clone(refs), func(r Ref) bool { return gone[r.ID] })
	}
	for id := range gone {
		if pool := s.pools.Get(id); pool != nil {
			for _, member := range pool.Members {
				s.members.Remove(member.ID)
			}
			if pool.HealthMonitorID != nil {
				s.monitors.Remove(*pool.HealthMonitorID)
			}
		}
	}
	for id := range gone {
		s.listeners.Remove(id)
		s.pools.Remove(id)
		s.members.Remove(id)
		s.monitors.Remove(id)
	}
	for _, lb := range s.balancers.All() {
		lb.Listeners, lb.Pools = keep(lb.Listeners), keep(lb.Pools)
	}
	for _, l := range s.listeners.All() {
		if l.DefaultPoolID != nil && gone[*l.DefaultPoolID] {
			l.DefaultPoolID = nil
		}
	}
	for _, p := range s.pools.All() {
		p.Listeners, p.Members = keep(p.Listeners), keep(p.Members)
		if p.HealthMonitorID != nil && gone[*p.HealthMonitorID] {
			p.HealthMonitorID = nil
		}
	}
}

// drop removes a load balancer with everything below it, and the ports that we made.
func (s *Service) drop(lb *LoadBalancer) {
	gone := map[string]bool{}
	for _, c := range s.below(lb) {
		gone[c.ID] = true
	}
	s.forget(gone)
	s.balancers.Remove(lb.ID)
	ports := []string{lb.VIPPortID}
	for _, vip := range lb.AdditionalVIPs {
		ports = append(ports, vip.PortID)
	}
	for _, id := range ports {
		if s.owned[id] {
			delete(s.owned, id)
			s.opts.Network.RemovePort(id)
		}
	}
}
