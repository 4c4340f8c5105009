// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package service is the service-lb-controller: it keeps a load balancer in the cloud for each Service
// that wants one.
//
// Every Service has one owner at a time. Whatever happens to it only marks its key with a reason; a
// worker reads the current Service and Nodes and runs the pipeline once: build → observe → diff → apply
// → report. Providers that cannot plan get the calls of the stock contract instead.
package service

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/pflag"
	v1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	cpconfig "k8s.io/cloud-provider/config"
	"k8s.io/cloud-provider/names"
	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/app"
	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/common/provider"
)

// Options are the controller's own flags.
type Options struct {
	// Class is the loadBalancerClass served; empty serves Services without one.
	Class string
	// Resync re-observes each load balancer once per period; 0 never does.
	Resync time.Duration
	// NodeChangeWindow is the least time between two passes over all Services in a burst of Node changes.
	NodeChangeWindow time.Duration
	// UserErrorRetry is when a Service with a user's mistake is tried again without having changed.
	UserErrorRetry time.Duration
}

func defaults() Options {
	return Options{NodeChangeWindow: 10 * time.Second, UserErrorRetry: 5 * time.Minute}
}

func (o *Options) addFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.Class, "load-balancer-class", o.Class, "Serve the Services of this loadBalancerClass instead of those without one.")
	fs.DurationVar(&o.Resync, "load-balancer-resync", o.Resync, "Compare each load balancer with its Service once per period, so that changes made in the cloud by others are undone. 0 never does.")
	fs.DurationVar(&o.NodeChangeWindow, "node-change-window", o.NodeChangeWindow, "In a burst of more than 20 changes to Nodes, update load balancers once per this time; otherwise within a second.")
	fs.DurationVar(&o.UserErrorRetry, "service-user-error-retry", o.UserErrorRetry, "Try a Service that only its owner can mend, for example with a wrong annotation, again after this time even if it did not change.")
}

func (o *Options) validate(c *cpconfig.CloudControllerManagerConfiguration) []error {
	var errs []error
	if n := c.ServiceController.ConcurrentServiceSyncs; n <= 0 {
		errs = append(errs, fmt.Errorf("concurrent-service-syncs must be a positive number, but got %d", n))
	}
	if o.Resync < 0 {
		errs = append(errs, fmt.Errorf("load-balancer-resync cannot be negative, but got %s", o.Resync))
	}
	if o.NodeChangeWindow <= 0 || o.UserErrorRetry <= 0 {
		errs = append(errs, fmt.Errorf("node-change-window and service-user-error-retry must be positive, but got %s and %s", o.NodeChangeWindow, o.UserErrorRetry))
	}
	return errs
}

// Controller describes the controller to the manager.
func Controller() app.Controller {
	o := defaults()
	return app.Controller{
		Name: names.ServiceLBController, Aliases: []string{"service"},
		ClientName: "service-controller", MetricsName: "service", EventSource: "service-controller",
		Capability: provider.CapabilityLoadBalancer,
		Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"services"}, Verbs: []string{"get", "list", "watch"}},
			{APIGroups: []string{""}, Resources: []string{"services/status"}, Verbs: []string{"patch"}},
			{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"list", "watch"}},
		},
		AddFlags: o.addFlags,
		Validate: o.validate,
		New:      func(_ context.Context, d app.Deps) (app.Runnable, error) { return newController(d, o) },
		Plan:     func(ctx context.Context, d app.Deps) ([]*plan.Plan, error) { return planServices(ctx, d, o) },
	}
}

type controller struct {
	deps     app.Deps
	options  Options
	services corelisters.ServiceLister
	nodes    corelisters.NodeLister
	queue    workqueue.TypedRateLimitingInterface[string]
	backoff  workqueue.TypedRateLimiter[string]
	backend  backend
	notifier *nodeNotifier
	workers  int

	mu       sync.Mutex
	reasons  map[string]reason
	records  map[string]*record
	throttle time.Time // no cloud call before that
}

// record is what is remembered of a Service while the process lives. The worker that holds the key owns
// it; published is read by event handlers under the controller's lock.
type record struct {
	// service is the object as last worked on.
	service *v1.Service
	// done is set after a pass that left nothing to do.
	done bool
	// wanted is what the last successful pass applied (planned providers).
	wanted any
	// hosts is the set of Nodes last given to a plain provider.
	hosts string
	// published is the status last written or found right.
	published *v1.LoadBalancerStatus
	// annotations are those last written or found right.
	annotations map[string]string
	// told are the notices and the problem that were told last.
	told map[provider.Notice]bool
	// began is the event that ends what a pass has begun and left to the cloud.
	began string
	// failed by a user's mistake that the cloud told us of: freed resources may mend it.
	refused bool
}

// backend is the way to a cloud's load balancers, planned or plain.
type backend interface {
	// responsible reports whether the provider serves this Service at all.
	responsible(service *v1.Service) bool
	// ensure makes the Service's load balancer as wanted.
	ensure(ctx context.Context, in pass) (outcome, error)
	// exists reports whether any part of the Service's load balancer is there.
	exists(ctx context.Context, service *v1.Service) (bool, error)
	// remove leaves nothing of it, and returns the annotations that go with it.
	remove(ctx context.Context, service *v1.Service) ([]string, error)
	// settled tells that the Service was written as the pass wanted it.
	settled(in pass)
}

func newController(d app.Deps, o Options) (app.Runnable, error) {
	if d.Cloud == nil || !d.Cloud.HasLoadBalancers() {
		return nil, &app.NotApplicable{Reason: "the provider has no load balancers"}
	}
	registerMetrics()
	c := &controller{
		deps: d, options: o,
		services: d.Informers.Core().V1().Services().Lister(),
		nodes:    d.Informers.Core().V1().Nodes().Lister(),
		workers:  int(d.Config.ServiceController.ConcurrentServiceSyncs),
		reasons:  map[string]reason{}, records: map[string]*record{},
	}
	c.backoff = workqueue.NewTypedItemExponentialFailureRateLimiter[string](minBackoff, maxBackoff)
	c.queue = newQueue(d.Clock, c.backoff, func(key string) int {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.reasons[key].band()
	})
	if d.Cloud.LoadBalancers != nil {
		c.backend = newPlanned(c, d.Cloud.LoadBalancers)
		c.workers = max(c.workers, d.Cloud.LoadBalancers.LoadBalancerLimits().Mutations)
	} else {
		c.backend = &plain{c, d.Cloud.PlainLoadBalancer}
	}
	c.notifier = newNodeNotifier(d.Clock, o.NodeChangeWindow, d.Cloud.LoadBalancers != nil)
	if _, err := d.Informers.Core().V1().Services().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { c.added(obj.(*v1.Service)) },
		UpdateFunc: func(before, after any) { c.updated(before.(*v1.Service), after.(*v1.Service)) },
		DeleteFunc: c.deleted,
	}); err != nil {
		return nil, err
	}
	_, err := d.Informers.Core().V1().Nodes().Informer().AddEventHandler(c.notifier.handler())
	return c, err
}

// mark queues a Service for a reason.
func (c *controller) mark(key string, why reason) {
	c.mu.Lock()
	c.reasons[key] |= why
	c.mu.Unlock()
	c.queue.Add(key)
}

func keyOf(service *v1.Service) string {
	return types.NamespacedName{Namespace: service.Namespace, Name: service.Name}.String()
}

func (c *controller) added(service *v1.Service) {
	if decide(service, c.options.Class) != nothing {
		c.mark(keyOf(service), becauseSpec)
	}
}

func (c *controller) updated(before, after *v1.Service) {
	key := keyOf(after)
	switch {
	case decide(after, c.options.Class) == cleanUp || changed(before, after, c.options.Class):
		if before.ResourceVersion == after.ResourceVersion { // a resync
			return
		}
		c.mark(key, becauseSpec)
	case wants(after, c.options.Class) && c.tampered(key, before, after):
		c.mark(key, becauseStatus)
	}
}

// tampered reports whether somebody else changed the status that we published.
func (c *controller) tampered(key string, before, after *v1.Service) bool {
	if before.ResourceVersion == after.ResourceVersion {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.records[key]
	return r != nil && r.published != nil && !statusEqual(r.published, &after.Status.LoadBalancer)
}

// deleted matters when somebody took our finalizer away: the remembered load balancer must still go.
func (c *controller) deleted(obj any) {
	if gone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		obj = gone.Obj
	}
	service, ok := obj.(*v1.Service)
	if !ok {
		return
	}
	key := keyOf(service)
	c.mu.Lock()
	_, remembered := c.records[key]
	c.mu.Unlock()
	if remembered {
		c.mark(key, becauseSpec)
	}
}

// Run works until accept is done.
func (c *controller) Run(accept, work context.Context) error {
	work = klog.NewContext(work, klog.FromContext(work).WithName(names.ServiceLBController))
	stop := context.AfterFunc(accept, c.queue.ShutDown)
	defer stop()
	if p, ok := c.backend.(*planned); ok {
		p.prefetch(work)
	}
	var wg sync.WaitGroup
	wg.Go(func() { c.notifier.run(accept, func() { c.markAll(becauseNodes) }) })
	if c.options.Resync > 0 {
		wg.Go(func() { c.resync(accept) })
	}
	for range c.workers {
		wg.Go(func() { c.worker(accept, work) })
	}
	wg.Wait()
	return nil
}

// markAll marks the Services that have a load balancer from us.
func (c *controller) markAll(why reason) {
	c.mu.Lock()
	keys := make([]string, 0, len(c.records))
	for key, r := range c.records {
		if why == becauseNodes && !r.done {
			c.reasons[key] |= why // for the pass after the running one, which may have read the Nodes already
			continue
		}
		keys = append(keys, key)
	}
	c.mu.Unlock()
	for _, key := range keys {
		c.mark(key, why)
	}
}

// resync marks all Services once per period, spread evenly over it.
func (c *controller) resync(accept context.Context) {
	for {
		all, _ := c.services.List(labels.Everything())
		pause := c.options.Resync / time.Duration(len(all)+1)
		for _, s := range all {
			if wants(s, c.options.Class) {
				c.mark(keyOf(s), becauseResync)
			}
			if !c.sleep(accept, pause) {
				return
			}
		}
		if !c.sleep(accept, pause) {
			return
		}
	}
}

func (c *controller) sleep(ctx context.Context, d time.Duration) bool {
	timer := c.deps.Clock.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C():
		return true
	case <-ctx.Done():
		return false
	}
}
