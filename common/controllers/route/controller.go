// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package route is the node-route-controller. It keeps one route in the cloud for each CIDR of each
// Node: one list per pass, batched changes, one condition patch for Nodes whose state changed.
package route

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/spf13/pflag"
	v1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	cpconfig "k8s.io/cloud-provider/config"
	"k8s.io/cloud-provider/names"
	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/app"
	"sigs.k8s.io/cloud-providers/common/cidrs"
	"sigs.k8s.io/cloud-providers/common/provider"
)

// Options are the controller's own flags.
type Options struct {
	// Strict lists routes each --route-reconciliation-period even while nothing changes.
	Strict bool
}

// Controller describes the controller to the manager.
func Controller() app.Controller {
	o := &Options{}
	return app.Controller{
		Name: names.NodeRouteController, Aliases: []string{"route"},
		ClientName: "route-controller", MetricsName: "route", EventSource: "route_controller",
		Capability: provider.CapabilityRoutes,
		Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"list", "watch"}},
			{APIGroups: []string{""}, Resources: []string{"nodes/status"}, Verbs: []string{"patch"}},
		},
		AddFlags: func(fs *pflag.FlagSet) {
			fs.BoolVar(&o.Strict, "route-reconciliation-strict", false, "List the cloud's routes each --route-reconciliation-period. Without it the period stretches up to six times while nothing changes.")
		},
		Validate: validate,
		New:      func(_ context.Context, d app.Deps) (app.Runnable, error) { return newController(d, *o) },
		Plan:     planRoutes,
	}
}

func validate(c *cpconfig.CloudControllerManagerConfiguration) []error {
	if p := c.KubeCloudShared.RouteReconciliationPeriod.Duration; p <= 0 {
		return []error{fmt.Errorf("route-reconciliation-period must be positive, but got %s", p)}
	}
	return nil
}

// applicable returns the cluster CIDRs, or why there is nothing to do.
func applicable(d app.Deps) ([]netip.Prefix, error) {
	shared := d.Config.KubeCloudShared
	switch {
	case !shared.ConfigureCloudRoutes:
		return nil, &app.NotApplicable{Reason: "--configure-cloud-routes=false"}
	case d.Cloud == nil || d.Cloud.Routes == nil:
		return nil, &app.NotApplicable{Reason: "the provider has no routes"}
	}
	all, err := cidrs.Parse("--cluster-cidr", shared.ClusterCIDR)
	if err != nil {
		return nil, fmt.Errorf("%w; routes need it, or --configure-cloud-routes=false", err)
	}
	return all, nil
}

type controller struct {
	deps         app.Deps
	options      Options
	clusterCIDRs []netip.Prefix
	lister       corelisters.NodeLister
	changed      chan struct{} // a Node changed in a way that matters; capacity 1
	listed       int           // size of the last list
}

func newController(d app.Deps, o Options) (app.Runnable, error) {
	clusterCIDRs, err := applicable(d)
	if err != nil {
		return nil, err
	}
	registerMetrics()
	c := &controller{
		deps: d, options: o, clusterCIDRs: clusterCIDRs, changed: make(chan struct{}, 1),
		lister: d.Informers.Core().V1().Nodes().Lister(),
	}
	_, err = d.Informers.Core().V1().Nodes().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { c.notify() },
		UpdateFunc: func(before, after any) {
			a, b := before.(*v1.Node), after.(*v1.Node)
			if !slices.Equal(a.Spec.PodCIDRs, b.Spec.PodCIDRs) || !slices.Equal(a.Status.Addresses, b.Status.Addresses) {
				c.notify()
			}
		},
		DeleteFunc: func(any) { c.notify() },
	})
	return c, err
}

func (c *controller) notify() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

const (
	// changeWindow is how long a change waits for company.
	changeWindow = time.Second
	// changeGap is the least time between two lists that changes ask for.
	changeGap = 10 * time.Second
	// maxStretch is how far the period stretches while nothing changes.
	maxStretch = 6
	// firstRetry and maxRetry bound the backoff after a failure.
	firstRetry = time.Second
	maxRetry   = time.Minute
)

// schedule decides when the next pass begins. It is pure: times come in.
type schedule struct {
	period  time.Duration
	strict  bool
	stretch int
	retry   time.Duration
	last    time.Time // end of the last pass
	// notBefore is until when the cloud wants no calls.
	notBefore time.Time
}

func (s *schedule) finished(now time.Time, changed bool, err error) {
	s.last = now
	switch {
	case err != nil:
		s.retry = min(max(firstRetry, s.retry*2), maxRetry)
		s.stretch = 1
		if wish, throttled := provider.Throttled(err); throttled {
			s.retry = max(s.retry, wish)
			s.notBefore = now.Add(s.retry)
		}
	case changed || s.strict:
		s.retry, s.stretch = 0, 1
	default:
		s.retry, s.stretch = 0, min(max(1, s.stretch)*2, maxStretch)
	}
}

// next returns when the next pass begins if no Node changes.
func (s *schedule) next() time.Time {
	if s.retry > 0 {
		return s.last.Add(s.retry)
	}
	return s.last.Add(s.period * time.Duration(max(1, s.stretch)))
}

// onChange returns when a pass begins after a change at that time.
func (s *schedule) onChange(now time.Time) time.Time {
	at := now.Add(changeWindow)
	if gap := s.last.Add(min(changeGap, s.period)); gap.After(at) {
		at = gap
	}
	if next := s.next(); next.Before(at) {
		at = next
	}
	if at.Before(s.notBefore) {
		return s.notBefore
	}
	return at
}

// Run makes a pass at once, and then as the schedule says.
func (c *controller) Run(accept, work context.Context) error {
	log := klog.FromContext(work).WithName(names.NodeRouteController)
	work = klog.NewContext(work, log)
	s := &schedule{period: c.deps.Config.KubeCloudShared.RouteReconciliationPeriod.Duration, strict: c.options.Strict}
	trigger := "periodic"
	for {
		changed, err := c.reconcile(work)
		if err != nil {
			log.Error(err, "Routes not reconciled; will retry")
		}
		countSync(changed, err, trigger)
		s.finished(c.deps.Clock.Now(), changed, err)
		var ok bool
		if trigger, ok = c.wait(accept, s); !ok {
			return nil
		}
	}
}

func (c *controller) wait(accept context.Context, s *schedule) (trigger string, ok bool) {
	timer := c.deps.Clock.NewTimer(s.next().Sub(c.deps.Clock.Now()))
	defer timer.Stop()
	trigger = "periodic"
	changes := c.changed
	for {
		select {
		case <-timer.C():
			return trigger, true
		case <-changes:
			trigger, changes = "node_change", nil // later ones start another pass after this one
			now := c.deps.Clock.Now()
			timer.Stop()
			timer = c.deps.Clock.NewTimer(s.onChange(now).Sub(now))
		case <-accept.Done():
			return "", false
		}
	}
}

// inBatches cuts items into batches and runs them, as many at once as allowed. Errors are in the order
// of the items.
func inBatches[T any](items []T, limits provider.RouteLimits, f func([]T) []error) []error {
	size, concurrency := max(1, limits.BatchSize), limits.Concurrency
	if concurrency <= 0 {
		concurrency = 10
	}
	errs := make([]error, len(items))
	slots := make(chan struct{}, concurrency)
	var wg sync.WaitGroup
	for start := 0; start < len(items); start += size {
		end := min(start+size, len(items))
		slots <- struct{}{}
		wg.Go(func() {
			copy(errs[start:end], f(items[start:end]))
			<-slots
		})
	}
	wg.Wait()
	return errs
}
