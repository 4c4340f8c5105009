// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package nodeipam is the node-ipam-controller: it gives each Node a CIDR for its pods, out of
// --cluster-cidr or as the cloud says. Exactly one allocator may run in a cluster, and
// kube-controller-manager has one of its own, so that this one is off unless it is asked for.
package nodeipam

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/app"
	"sigs.k8s.io/cloud-providers/common/cloudapi"
	"sigs.k8s.io/cloud-providers/common/plan"
)

// Name is the controller's canonical name.
const Name = "node-ipam-controller"

// Controller describes the controller to the manager. It runs if enabled by default or named by
// --controllers, and only with --allocate-node-cidrs.
func Controller(enabled bool) app.Controller {
	o := &Options{}
	return app.Controller{
		Name: Name, Aliases: []string{"nodeipam"}, ClientName: "node-controller", EventSource: "cidrAllocator",
		DisabledByDefault: !enabled,
		Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"get", "list", "watch", "patch"}},
		},
		AddFlags: o.addFlags,
		New:      func(_ context.Context, d app.Deps) (app.Runnable, error) { return newController(d, *o) },
		Plan:     func(ctx context.Context, d app.Deps) ([]*plan.Plan, error) { return planNodes(ctx, d, *o) },
	}
}

const (
	workers = 30 // patches in flight
	// cloudWorkers wait for the cloud more than for the API server, and share its answers.
	cloudWorkers = 200
	patchTries   = 3
	// takeOver is for how long after the start CIDRs that we did not hand out may still be those of the
	// leader before us, whose last requests were on their way.
	takeOver   = time.Minute
	minBackoff = 100 * time.Millisecond
	maxBackoff = time.Minute
)

type controller struct {
	deps    app.Deps
	options Options
	source  source
	lister  corelisters.NodeLister
	queue   workqueue.TypedRateLimitingInterface[string]

	started time.Time // set by Run before any worker starts

	mu      sync.Mutex
	alloc   *allocator
	foreign bool
}

// source says where CIDRs come from.
type source interface {
	// cidrs returns the CIDRs for a Node that has none; none means later.
	cidrs(ctx context.Context, node *v1.Node) ([]netip.Prefix, error)
}

func newController(d app.Deps, o Options) (app.Runnable, error) {
	shared := d.Config.KubeCloudShared
	if !shared.AllocateNodeCIDRs {
		return nil, &app.NotApplicable{Reason: "--allocate-node-cidrs=false"}
	}
	registerMetrics()
	c := &controller{
		deps: d, options: o, lister: d.Informers.Core().V1().Nodes().Lister(),
		queue: workqueue.NewTypedRateLimitingQueueWithConfig(
			workqueue.NewTypedItemExponentialFailureRateLimiter[string](minBackoff, maxBackoff),
			workqueue.TypedRateLimitingQueueConfig[string]{Name: "cidrallocator_node", Clock: d.Clock}),
	}
	switch shared.CIDRAllocatorType {
	case rangeAllocator:
		all, err := pools(d.Config, o)
		if err != nil {
			return nil, err
		}
		c.alloc = newAllocator(all)
		c.source = fromPools{c}
	case cloudAllocator:
		if d.Cloud == nil || d.Cloud.NodeCIDRs == nil {
			return nil, errors.New("--cidr-allocator-type=CloudAllocator: the provider does not give Nodes their CIDRs; use RangeAllocator")
		}
		c.alloc = newAllocator(nil)
		c.source = newFromCloud(d.Cloud.NodeCIDRs)
	default:
		return nil, fmt.Errorf("--cidr-allocator-type=%s: invalid CIDR allocator type; use %s or %s", shared.CIDRAllocatorType, rangeAllocator, cloudAllocator)
	}
	_, err := d.Informers.Core().V1().Nodes().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { c.enqueue(obj.(*v1.Node)) },
		UpdateFunc: func(_, obj any) { c.enqueue(obj.(*v1.Node)) },
		DeleteFunc: func(obj any) {
			if gone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
				obj = gone.Obj
			}
			if node, ok := obj.(*v1.Node); ok {
				c.queue.Add(node.Name)
			}
		},
	})
	return c, err
}

// enqueue queues a Node that needs a CIDR, or whose CIDR we do not know.
func (c *controller) enqueue(node *v1.Node) {
	c.mu.Lock()
	known, ok := c.alloc.nodes[node.Name]
	c.mu.Unlock()
	if len(node.Spec.PodCIDRs) == 0 || !ok || known.uid != string(node.UID) {
		c.queue.Add(node.Name)
	}
}

// Run restores what Nodes have, and then allocates until accept is done.
func (c *controller) Run(accept, work context.Context) error {
	work = klog.NewContext(work, klog.FromContext(work).WithName(Name))
	stop := context.AfterFunc(accept, c.queue.ShutDown)
	defer stop()
	c.started = c.deps.Clock.Now()
	all, err := c.lister.List(labels.Everything())
	if err != nil {
		return fmt.Errorf("list nodes: %w", err)
	}
	for _, node := range all { // all of them before the first block is handed out
		c.restore(work, node)
	}
	c.report()
	var wg sync.WaitGroup
	n := workers
	if _, ok := c.source.(fromCloud); ok {
		n = cloudWorkers
	}
	for range n {
		wg.Go(func() { c.worker(accept, work) })
	}
	wg.Wait()
	return nil
}

func (c *controller) restore(ctx context.Context, node *v1.Node) {
	c.mu.Lock()
	_, problems := c.alloc.learn(node)
	c.mu.Unlock()
	c.complain(ctx, node, problems)
}

// complain reports CIDRs that are wrong. One wrong Node keeps no other from its CIDR.
func (c *controller) complain(ctx context.Context, node *v1.Node, problems []error) {
	for _, p := range problems {
		klog.FromContext(ctx).Info("Node has a wrong CIDR", "node", node.Name, "err", p)
		c.deps.Events.Event(node, v1.EventTypeWarning, "CIDROutOfRange", p.Error())
	}
}

func (c *controller) worker(accept, ctx context.Context) {
	for {
		name, shutdown := c.queue.Get()
		if shutdown {
			return
		}
		if accept.Err() != nil { // what the queue still has is the next leader's
			c.queue.Done(name)
			continue
		}
		if err := c.sync(ctx, name); err != nil {
			klog.FromContext(ctx).Info("Node has no CIDR yet; will retry", "node", name, "err", err)
			c.queue.AddRateLimited(name)
		} else {
			c.queue.Forget(name)
		}
		c.queue.Done(name)
	}
}

func (c *controller) sync(ctx context.Context, name string) error {
	node, err := c.lister.Get(name)
	switch {
	case apierrors.IsNotFound(err):
		c.mu.Lock()
		c.alloc.forget(name)
		c.mu.Unlock()
		c.report()
		releases.Inc()
		return nil
	case err != nil:
		return err
	case len(node.Spec.PodCIDRs) > 0:
		c.found(ctx, node)
		return nil
	case node.DeletionTimestamp != nil:
		return nil
	}
	c.mu.Lock()
	stopped := c.foreign && !c.options.AllowForeign
	c.mu.Unlock()
	if stopped {
		return errors.New("another allocator is at work, so that no CIDR is handed out; see the event ForeignCIDRAllocator")
	}
	return c.allocate(ctx, node)
}

// found records CIDRs that a Node has. If they are news after the start, somebody else allocates too.
func (c *controller) found(ctx context.Context, node *v1.Node) {
	c.mu.Lock()
	news, problems := c.alloc.learn(node)
	stranger := news && !c.options.AllowForeign && len(c.alloc.pools) > 0 && c.deps.Clock.Since(c.started) > takeOver
	c.foreign = c.foreign || stranger
	c.mu.Unlock()
	c.complain(ctx, node, problems)
	if stranger {
		foreignSeen.Set(1)
		c.deps.Events.Event(node, v1.EventTypeWarning, "ForeignCIDRAllocator", fmt.Sprintf("Node %s got the CIDRs %v from somebody else: two allocators run. No more are handed out until this manager is restarted. Switch one off (kube-controller-manager: --allocate-node-cidrs=false), or use --allow-foreign-cidr-allocator.", node.Name, node.Spec.PodCIDRs))
	}
	c.report()
}

func (c *controller) allocate(ctx context.Context, node *v1.Node) error {
	given, err := c.source.cidrs(ctx, node)
	if err != nil || len(given) == 0 {
		c.deps.Events.Event(node, v1.EventTypeNormal, "CIDRNotAvailable", fmt.Sprintf("Node %s status is now: CIDRNotAvailable", node.Name))
		if err == nil {
			err = errors.New("the cloud has given it none yet")
		}
		return err
	}
	defer c.report()
	for range patchTries {
		if err = c.patch(ctx, node, given); err == nil {
			allocations.Inc()
			klog.FromContext(ctx).Info("Gave node its CIDRs", "node", node.Name, "cidrs", given)
			return nil
		}
		if apierrors.IsNotFound(err) || apierrors.IsServerTimeout(err) || apierrors.IsTimeout(err) || errors.Is(err, cloudapi.ErrLeaseStale) || ctx.Err() != nil {
			break
		}
	}
	if apierrors.IsNotFound(err) || apierrors.IsInvalid(err) {
		// It is gone, or has others by now: its next event says so.
		c.mu.Lock()
		c.alloc.forget(node.Name)
		c.mu.Unlock()
		return nil
	}
	c.deps.Events.Event(node, v1.EventTypeNormal, "CIDRAssignmentFailed", fmt.Sprintf("Node %s status is now: CIDRAssignmentFailed", node.Name))
	return fmt.Errorf("patch CIDRs of node %s: %w", node.Name, err)
}

func (c *controller) patch(ctx context.Context, node *v1.Node, given []netip.Prefix) error {
	if err := c.deps.Gate.Check(); err != nil {
		return err // another leader may have handed out the same block by now
	}
	var all []string
	for _, p := range given {
		all = append(all, p.String())
	}
	body, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": node.UID},
		"spec":     map[string]any{"podCIDR": all[0], "podCIDRs": all},
	})
	if err != nil {
		return err
	}
	_, err = c.deps.BulkClient.CoreV1().Nodes().Patch(ctx, node.Name, types.StrategicMergePatchType, body, metav1.PatchOptions{})
	return err
}

// report keeps the gauges current.
func (c *controller) report() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.alloc.pools {
		usage.WithLabelValues(p.Prefix().String()).Set(float64(p.Used()) / float64(p.Size()))
		maximum.WithLabelValues(p.Prefix().String()).Set(float64(p.Size()))
	}
}

// fromPools hands out blocks of the cluster CIDRs.
type fromPools struct{ *controller }

func (f fromPools) cidrs(_ context.Context, node *v1.Node) ([]netip.Prefix, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.alloc.assign(node)
}
