// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"golang.org/x/sync/errgroup"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	servicehelpers "k8s.io/cloud-provider/service/helpers"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/openstack/client"
)

// question is one Service in an observation.
type question struct {
	in     provider.LoadBalancerInput
	wanted Wanted
	known  remembered
	actual Actual
	// same: nothing but Nodes has changed, or a change of ours goes on: what only others change is not read.
	same bool
	// gone is the load balancer that the Service named and that is not there any more.
	gone string
}

// Observe reads what exists for some Services. What serves several of them is read once.
func (l *LoadBalancers) Observe(ctx context.Context, inputs []provider.LoadBalancerInput) ([]Actual, error) {
	version, err := l.region.OctaviaVersion(ctx)
	if err != nil {
		return nil, err
	}
	var all *everything
	if len(inputs) > oneByOne {
		if all, err = l.readEverything(ctx); err != nil {
			return nil, err
		}
	}
	actual := make([]Actual, len(inputs))
	var group errgroup.Group
	group.SetLimit(readers)
	for i, in := range inputs {
		group.Go(func() error {
			q := l.question(in, version)
			if err := l.observe(ctx, q, all); err != nil {
				q.actual.Err = err
			}
			actual[i] = q.actual
			return nil
		})
	}
	_ = group.Wait() // each has its own error
	if len(inputs) == 1 && actual[0].Err != nil {
		return nil, actual[0].Err
	}
	return actual, nil
}

func (l *LoadBalancers) question(in provider.LoadBalancerInput, version client.Version) *question {
	s := in.Service
	q := &question{in: in, known: l.memory.get(s.UID)}
	q.wanted, _ = build(in, l.settings) // mistakes are told when the plan is made
	q.actual = Actual{
		Service: q.wanted.Service, UID: q.wanted.UID, Name: q.wanted.Name, Legacy: legacyName(s), Octavia: version,
		Removing:  in.Removing || s.DeletionTimestamp != nil || s.Spec.Type != v1.ServiceTypeLoadBalancer,
		Published: q.wanted.Floating.Published, Keep: q.wanted.Floating.Keep,
		CascadeOff: !l.settings.CascadeDelete, Failures: q.known.failures,
	}
	q.same = !q.actual.Removing && q.known.known && (in.NodesOnly || !q.known.busySince.IsZero())
	if q.known.failures > 0 {
		q.actual.Wait = max(0, again(q.known.failures)-l.clock.Since(q.known.failedAt))
	}
	return q
}

// again is how long to wait before another load balancer is made, after some could not be.
func again(failures int) time.Duration {
	const (
		shortest = 10 * time.Second
		longest  = 10 * time.Minute
	)
	wait := shortest
	for n := 1; n < failures && wait < longest; n++ {
		wait *= 2
	}
	return min(wait, longest)
}

// observe reads what exists for one Service.
func (l *LoadBalancers) observe(ctx context.Context, q *question, all *everything) error {
	a := &q.actual
	if err := l.find(ctx, q, all); err != nil {
		return err
	}
	whole, err := l.parts(ctx, q, all)
	if err != nil {
		return err
	}
	l.timing(q)
	if a.Balancer.busy() && !a.Removing {
		return nil // nothing is to be done now
	}
	if err := l.floatingIPs(ctx, q); err != nil {
		return err
	}
	if err := l.groups(ctx, q, all); err != nil {
		return err
	}
	if !a.Removing {
		if err := l.placement(ctx, q); err != nil {
			return err
		}
		if err := l.certificates(ctx, q); err != nil {
			return err
		}
	}
	if a.Removing && !exists(*a) {
		l.memory.drop(q.in.Service.UID)
		return nil
	}
	l.memory.edit(q.in.Service.UID, func(r *remembered) {
		r.actual, r.known = *a, whole && !a.Removing
		if a.Balancer != nil && a.Balancer.Status == active {
			r.busySince = time.Time{}
		}
	})
	return nil
}

// timing notes since when Octavia has been at work.
func (l *LoadBalancers) timing(q *question) {
	a := &q.actual
	if !a.Balancer.busy() {
		return
	}
	since := q.known.busySince
	if since.IsZero() {
		since = l.clock.Now()
		l.memory.edit(q.in.Service.UID, func(r *remembered) { r.busySince, r.known = since, false })
	}
	a.Pending = l.clock.Since(since)
	a.Poll = poll(a.Pending)
}

// find finds the Service's load balancer: by the annotation, by what we made, by its name, by the in-tree
// provider's name for it.
func (l *LoadBalancers) find(ctx context.Context, q *question, all *everything) error {
	a := &q.actual
	given := q.in.Service.Annotations[balancerID.Key()]
	id := given
	if id == "" && q.known.actual.Balancer != nil {
		id = q.known.actual.Balancer.ID
	}
	if id != "" {
		lb, err := l.balancer(ctx, id, all)
		if err != nil {
			return err
		}
		if lb != nil && lb.ProvisioningStatus != deleted {
			a.Balancer = balancerOf(lb)
			return nil
		}
		l.memory.edit(q.in.Service.UID, func(r *remembered) { r.actual.Balancer, r.known, r.busySince = nil, false, time.Time{} })
		q.known.actual.Balancer, q.known.known, q.same = nil, false, false
		q.gone = given
	}
	found, err := l.named(ctx, q, all)
	if err != nil || found != nil {
		a.Balancer = found
		return err
	}
	if q.gone != "" && !a.Removing && l.givenByUser(q) {
		return provider.UserErrorf("annotation %s: there is no load balancer %q; take the annotation away to get a new one, or name another", balancerID.Key(), q.gone)
	}
	return nil
}

func (l *LoadBalancers) balancer(ctx context.Context, id string, all *everything) (*loadbalancers.LoadBalancer, error) {
	if all != nil {
		for i := range all.balancers {
			if all.balancers[i].ID == id {
				return &all.balancers[i], nil
			}
		}
	}
	answer, err := l.states.Ask(ctx, id)
	if err != nil {
		return nil, err
	}
	return answer.balancer, answer.err
}

// named finds the load balancer by its name. One that is on its way out counts only when all has to go.
func (l *LoadBalancers) named(ctx context.Context, q *question, all *everything) (*Balancer, error) {
	s := q.in.Service
	names := []string{q.actual.Name}
	if servicehelpers.HasLBFinalizer(s) || len(q.actual.Published) > 0 { // a new Service has none of the in-tree provider's
		names = append(names, q.actual.Legacy)
	}
	for _, name := range names {
		var found []loadbalancers.LoadBalancer
		if all != nil {
			found = all.balancers
		} else {
			var err error
			if found, err = l.listBalancers(ctx, loadbalancers.ListOpts{Name: name}); err != nil {
				return nil, err
			}
		}
		found = slices.DeleteFunc(slices.Clone(found), func(lb loadbalancers.LoadBalancer) bool {
			gone := lb.ProvisioningStatus == deleted || lb.ProvisioningStatus == pendingDelete && !q.actual.Removing
			return lb.Name != name || gone
		})
		switch len(found) {
		case 0:
			continue
		case 1:
			if err := collision(q.in, &found[0]); err != nil {
				return nil, err
			}
			return balancerOf(&found[0]), nil
		}
		return nil, provider.UserErrorf("%d load balancers are called %s (%s and %s); delete all but one, or name one in annotation %s", len(found), name, found[0].ID, found[1].ID, balancerID.Key())
	}
	return nil, nil
}

// collision finds out whether a name that was cut is another Service's.
func collision(in provider.LoadBalancerInput, lb *loadbalancers.LoadBalancer) error {
	if len(fullName(in.ClusterName, in.Service)) <= longest {
		return nil
	}
	mine := fmt.Sprintf("%s/%s from cluster", in.Service.Namespace, in.Service.Name)
	if strings.Contains(lb.Description, "Kubernetes external service ") && !strings.Contains(lb.Description, mine) {
		return provider.UserErrorf("the name of the load balancer, cut to %d characters, is that of another Service's load balancer %s (%q); give the cluster, the namespace or the Service a shorter name", longest, lb.ID, lb.Description)
	}
	return nil
}

// givenByUser reports whether the load balancer that is gone may have been chosen by the user: it was never
// used, or another Service names it too.
func (l *LoadBalancers) givenByUser(q *question) bool {
	if q.in.Service.Annotations[address.Key()] == "" {
		return true
	}
	l.mu.Lock()
	lister := l.services
	l.mu.Unlock()
	if lister == nil {
		return false
	}
	services, err := lister.List(labels.Everything())
	if err != nil {
		return true
	}
	return slices.ContainsFunc(services, func(s *v1.Service) bool {
		return s.UID != q.in.Service.UID && s.Annotations[balancerID.Key()] == q.gone
	})
}

// parts reads what the load balancer consists of, unless it is known or does not matter. It reports whether
// it is known afterwards.
func (l *LoadBalancers) parts(ctx context.Context, q *question, all *everything) (bool, error) {
	a := &q.actual
	b := a.Balancer
	if b == nil {
		return false, nil
	}
	before := q.known.actual.Balancer
	if q.known.known && before != nil && before.ID == b.ID && (!q.known.busySince.IsZero() || before.UpdatedAt.Equal(b.UpdatedAt)) {
		b.Listeners, b.Loose = before.Listeners, before.Loose
		return true, nil
	}
	q.same = false
	if b.busy() || b.Status == failed || a.Removing && a.deletable() && !a.CascadeOff {
		return false, nil
	}
	if err := l.readParts(ctx, b, all); err != nil {
		return false, err
	}
	return b.Status == active, nil
}
