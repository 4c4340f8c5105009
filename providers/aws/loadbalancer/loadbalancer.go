// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package loadbalancer keeps the Classic and network load balancers of Services, with their target groups and
// security groups, and opens nodes to them. Build says what a Service asks for, Observe reads what is there,
// Diff makes a plan of the difference, Apply carries it out, Report says what to publish.
package loadbalancer

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	corelisters "k8s.io/client-go/listers/core/v1"

	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/aws/client"
	"sigs.k8s.io/cloud-providers/providers/aws/vpc"
)

const (
	// observeBatch is how many Services one observation serves: two lists tell of all their load balancers.
	observeBatch = 200
	// mutations is how many Services are changed at once. AWS's limits of changes are per account and region.
	mutations = 8
	// machineAge is how old an instance's data may be. States and security groups change seldom.
	machineAge = 5 * time.Minute
	// targetsAge is how long registered targets are taken for what they were. Others may change them too.
	targetsAge = time.Minute
	// idleAge is that for instances that did not run.
	idleAge = 10 * time.Second
)

// Machines reads instances, from what is known where that is not older than maxAge. Those that do not exist
// are left out.
type Machines interface {
	Machines(ctx context.Context, ids []string, maxAge time.Duration) (map[string]ec2types.Instance, error)
}

// LoadBalancers are the load balancers of a cluster. They are safe for concurrent use.
type LoadBalancers struct {
	classic  *elb.Client
	v2       *elbv2.Client
	vpc      *vpc.VPC
	store    Machines
	region   string
	settings Settings
	memory   memory

	servicesMu sync.Mutex
	services   corelisters.ServiceLister
	known      map[types.UID]knownNeed
}

type knownNeed struct {
	version string
	need    Need
	has     bool
}

var _ provider.LoadBalancers[Wanted, Actual] = (*LoadBalancers)(nil)

// New returns the load balancers of the cluster in a VPC.
func New(clients *client.Clients, v *vpc.VPC, store Machines, s Settings) *LoadBalancers {
	return &LoadBalancers{classic: clients.ELB, v2: clients.ELBv2, vpc: v, store: store, region: clients.Region, settings: s, known: map[types.UID]knownNeed{}}
}

// SetServices tells where all Services can be seen: what some need of nodes' security groups must not go with
// others.
func (l *LoadBalancers) SetServices(lister corelisters.ServiceLister) {
	l.servicesMu.Lock()
	defer l.servicesMu.Unlock()
	l.services = lister
}

// needs returns what all Services need.
func (l *LoadBalancers) needs() Needs {
	l.servicesMu.Lock()
	defer l.servicesMu.Unlock()
	if l.services == nil {
		return nil
	}
	all, err := l.services.List(labels.Everything())
	if err != nil {
		return nil
	}
	var needs Needs
	known := make(map[types.UID]knownNeed, len(all))
	defer func() { l.known = known }()
	for _, s := range all {
		if s.Spec.Type != v1.ServiceTypeLoadBalancer {
			continue
		}
		k, ok := l.known[s.UID]
		if !ok || k.version != s.ResourceVersion {
			k = knownNeed{version: s.ResourceVersion}
			k.need, k.has = needOf(s, l.settings)
		}
		known[s.UID] = k
		if k.has {
			needs = append(needs, k.need)
		}
	}
	return needs
}

// LoadBalancerLimits implements provider.LoadBalancers.
func (l *LoadBalancers) LoadBalancerLimits() provider.LoadBalancerLimits {
	return provider.LoadBalancerLimits{ObserveBatch: observeBatch, Mutations: mutations}
}

// Responsible implements provider.LoadBalancers.
func (l *LoadBalancers) Responsible(service *v1.Service) bool { return !elsewhere(service) }

// LoadBalancerName implements provider.LoadBalancers.
func (l *LoadBalancers) LoadBalancerName(_ string, service *v1.Service) string { return name(service) }

// Build implements provider.LoadBalancers.
func (l *LoadBalancers) Build(in provider.LoadBalancerInput) (Wanted, error) {
	return build(in, l.settings)
}

// Exists implements provider.LoadBalancers.
func (l *LoadBalancers) Exists(actual Actual) bool { return exists(actual) }

// Diff implements provider.LoadBalancers.
func (l *LoadBalancers) Diff(wanted Wanted, actual Actual) ([]plan.Change, error) {
	return diff(wanted, actual)
}

// Remove implements provider.LoadBalancers.
func (l *LoadBalancers) Remove(actual Actual) []plan.Change { return removal(actual) }

// whileIdle is how soon instances that do not run are looked at again: no Node tells when they start.
const whileIdle = 2 * time.Minute

// whileUnfinished is how soon something that AWS refused for the moment is tried again.
const whileUnfinished = 10 * time.Second

// Report implements provider.LoadBalancers.
func (l *LoadBalancers) Report(wanted Wanted, actual Actual) provider.LoadBalancerReport {
	r := provider.LoadBalancerReport{Problem: strings.Join(wanted.Warnings, "; ")}
	problem := func(format string, args ...any) {
		r.Problem = strings.TrimPrefix(r.Problem+"; "+fmt.Sprintf(format, args...), "; ")
	}
	hostname, isInternal := "", wanted.Internal
	switch {
	case actual.Classic != nil && wanted.Kind == Classic:
		hostname, isInternal = actual.Classic.DNSName, actual.Classic.Internal
	case actual.Network != nil && wanted.Kind == Network:
		n := actual.Network
		hostname, isInternal = n.DNSName, n.Internal
		if len(wanted.Groups.Given) > 0 && len(n.Groups) == 0 {
			problem("annotation %s has no effect: AWS gives no security groups to a network load balancer that was made without; create the Service anew", securityGroups.Key())
		}
		switch n.State {
		case "failed":
			hostname = ""
			problem("AWS could not make the load balancer: %s; delete the Service and create it anew", n.Reason)
		case "active_impaired":
			problem("AWS reports that the load balancer is impaired: %s", n.Reason)
		}
	}
	for _, text := range actual.LeftOut {
		problem("left out: %s", text)
	}
	if isInternal != wanted.Internal {
		problem("annotation %s cannot change a load balancer that exists, which stays %s; create the Service anew", internal.Key(), map[bool]string{true: "internal", false: "internet-facing"}[isInternal])
	}
	if hostname != "" {
		r.Status = &v1.LoadBalancerStatus{Ingress: []v1.LoadBalancerIngress{{Hostname: hostname}}}
	}
	switch {
	case actual.Unfinished:
		r.RetryAfter = whileUnfinished
	case len(idleTargets(wanted, actual)) > 0:
		r.RecheckAfter = whileIdle
	}
	if r.RetryAfter == 0 {
		actual.UserTags = wanted.UserTags
		if actual.UserTags == nil {
			actual.UserTags = map[string]string{}
		}
		l.memory.put(types.UID(wanted.UID), actual)
	}
	return r
}

// idleTargets are the wanted instances that cannot be targets while they are in their state.
func idleTargets(w Wanted, a Actual) []string {
	var ids []string
	for _, id := range w.Targets {
		if m, ok := a.Machines[id]; ok && !m.Takes(w.Kind) && a.Cluster.Belongs(m.Tags) {
			ids = append(ids, id)
		}
	}
	return ids
}

// kindOfHostname tells the kind from the place of the label "elb" beside the region's, whatever the
// partition's domain is. Where the region is not in the name nothing is known.
func kindOfHostname(hostname, region string) Kind {
	parts := strings.Split(hostname, ".")
	for i, p := range parts {
		if p != region {
			continue
		}
		if i > 0 && parts[i-1] == "elb" {
			return Network
		}
		if i+1 < len(parts) && parts[i+1] == "elb" {
			return Classic
		}
	}
	return ""
}
