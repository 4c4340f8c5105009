// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package node is the cloud-node-controller. It initialises Nodes that wait for their cloud provider
// (addresses, provider ID, labels, and the taint last), and keeps initialised ones current.
package node

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/pflag"
	v1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	cpconfig "k8s.io/cloud-provider/config"
	"k8s.io/cloud-provider/names"
	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/app"
	"sigs.k8s.io/cloud-providers/common/controllers/nodes"
	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/common/provider"
)

// Options are the controller's own flags.
type Options struct {
	// SyncLabels keeps additional labels current after initialisation.
	SyncLabels bool
	// SyncTopology lets zone and region labels follow the instance.
	SyncTopology bool
}

func (o *Options) addFlags(fs *pflag.FlagSet) {
	fs.BoolVar(&o.SyncLabels, "sync-node-labels", false, "Keep the additional labels that the cloud gives to Nodes current after their initialisation; those that vanish in the cloud are removed. Labels that the cloud did not set are never touched.")
	fs.BoolVar(&o.SyncTopology, "sync-node-topology", false, "Let the zone and region labels of Nodes follow their instance after initialisation. Volumes and topology-aware pods are bound to these labels.")
}

// Controller describes the controller to the manager.
func Controller() app.Controller {
	o := &Options{}
	return app.Controller{
		Name: names.CloudNodeController, Aliases: []string{"cloud-node"},
		ClientName: "node-controller", MetricsName: "cloud-node", EventSource: "cloud-node-controller",
		Capability: provider.CapabilityInstances,
		Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"get", "list", "watch", "patch"}},
			{APIGroups: []string{""}, Resources: []string{"nodes/status"}, Verbs: []string{"patch"}},
		},
		AddFlags: o.addFlags,
		Validate: validate,
		New:      func(_ context.Context, d app.Deps) (app.Runnable, error) { return newController(d, *o) },
		Plan:     func(ctx context.Context, d app.Deps) ([]*plan.Plan, error) { return planNodes(ctx, d, *o) },
	}
}

func validate(c *cpconfig.CloudControllerManagerConfiguration) []error {
	var errs []error
	if c.NodeController.ConcurrentNodeSyncs <= 0 {
		errs = append(errs, fmt.Errorf("concurrent-node-syncs must be a positive number, but got %d", c.NodeController.ConcurrentNodeSyncs))
	}
	if c.NodeController.ConcurrentNodeStatusUpdates < 0 {
		errs = append(errs, fmt.Errorf("concurrent-node-status-updates cannot be a negative number, but got %d", c.NodeController.ConcurrentNodeStatusUpdates))
	}
	if c.NodeStatusUpdateFrequency.Duration <= 0 {
		errs = append(errs, fmt.Errorf("node-status-update-frequency must be positive, but got %s", c.NodeStatusUpdateFrequency.Duration))
	}
	return errs
}

type controller struct {
	deps    app.Deps
	options Options
	lister  corelisters.NodeLister
	queue   workqueue.TypedRateLimitingInterface[string]
	// unanswered is the backoff of Nodes about which a batched provider gave no answer.
	unanswered workqueue.TypedRateLimiter[string]
	workers    int // per-object providers
	updates    int // workers of the synchronising sweep for per-object providers
	// written has, by name, the resource version that an initialisation made, until the cache shows it.
	written sync.Map
}

func newController(d app.Deps, o Options) (app.Runnable, error) {
	if d.Cloud == nil || d.Cloud.Instances == nil {
		return nil, &app.NotApplicable{Reason: "the provider has no instances"}
	}
	registerMetrics()
	c := &controller{
		deps: d, options: o,
		lister: d.Informers.Core().V1().Nodes().Lister(),
		queue: workqueue.NewTypedRateLimitingQueueWithConfig(
			workqueue.NewTypedItemExponentialFailureRateLimiter[string](minBackoff, maxBackoff),
			workqueue.TypedRateLimitingQueueConfig[string]{Name: "Nodes", Clock: d.Clock}),
		unanswered: workqueue.NewTypedItemExponentialFailureRateLimiter[string](minBackoff, maxUnansweredBackoff),
		workers:    int(d.Config.NodeController.ConcurrentNodeSyncs),
		updates:    int(d.Config.NodeController.ConcurrentNodeStatusUpdates),
	}
	if c.updates == 0 {
		c.updates = c.workers
	}
	_, err := d.Informers.Core().V1().Nodes().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { c.enqueue(obj.(*v1.Node)) },
		UpdateFunc: func(_, obj any) { c.enqueue(obj.(*v1.Node)) },
	})
	return c, err
}

// enqueue queues Nodes that need something; heartbeats of the others cost nothing.
func (c *controller) enqueue(node *v1.Node) {
	if !nodes.Uninitialized(node) {
		c.written.Delete(node.Name)
	}
	if nodes.Uninitialized(node) || !migrateLabels(node).Empty() {
		c.queue.Add(node.Name)
	}
}

// Run initialises and synchronises until accept is done.
func (c *controller) Run(accept, work context.Context) error {
	log := klog.FromContext(work).WithName(names.CloudNodeController)
	work = klog.NewContext(work, log)
	stop := context.AfterFunc(accept, c.queue.ShutDown)
	defer stop()
	var wg sync.WaitGroup
	if c.deps.Instances.PerObject() {
		for range c.workers {
			wg.Go(func() { c.workOneByOne(accept, work) })
		}
	} else {
		wg.Go(func() { c.workInBatches(accept, work) })
	}
	wg.Go(func() { c.synchronise(accept, work) })
	wg.Wait()
	return nil
}

const (
	minBackoff = 500 * time.Millisecond
	maxBackoff = 5 * time.Minute
	// maxUnansweredBackoff holds while a batched cloud gives no answer: one look-up serves all Nodes that
	// wait, so that asking often costs little, and when the cloud is back no Node waits for long.
	maxUnansweredBackoff = 10 * time.Second
)

// forget ends the backoff of a Node.
func (c *controller) forget(name string) {
	c.queue.Forget(name)
	c.unanswered.Forget(name)
}

// notAnswered puts a Node back about which the cloud gave no answer.
func (c *controller) notAnswered(ctx context.Context, name string, err error) {
	klog.FromContext(ctx).Error(err, "Node not initialised, the cloud gave no answer; will retry", "node", name)
	c.queue.AddAfter(name, c.unanswered.When(name))
}

// failed puts a Node back with backoff.
func (c *controller) failed(ctx context.Context, name string, err error) {
	klog.FromContext(ctx).Error(err, "Node not initialised; will retry", "node", name)
	c.queue.AddRateLimited(name)
}
