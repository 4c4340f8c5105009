// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package tagging

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
	v1 "k8s.io/api/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/app"
)

const (
	// batchSize is how many instances one call tags; EC2 takes 1,000.
	batchSize = 200
	// window is how long a call waits for company after the first Node, as upstream's batcher does.
	window = 100 * time.Millisecond

	minBackoff  = 5 * time.Millisecond
	maxBackoff  = 1000 * time.Second
	maxRequeues = 9
)

// action is what an instance needs.
type action struct {
	remove bool
	node   string
}

type controller struct {
	deps    app.Deps
	options Options
	lister  corelisters.NodeLister
	ec2     tagger
	region  string
	label   string
	limited bool // the first try of a Node passes the limiter too
	queue   workqueue.TypedRateLimitingInterface[string]

	mu sync.Mutex
	// wanted has the last action for each instance in the queue. Earlier ones need not be done any more,
	// so that the order of events is kept.
	wanted map[string]action
}

func newController(d app.Deps, o Options) (app.Runnable, error) {
	provider, ok := d.Cloud.Interface.(cloud)
	if !ok {
		return nil, &app.NotApplicable{Reason: "the provider has no EC2"}
	}
	registerMetrics()
	c := &controller{
		deps: d, options: o, lister: d.Informers.Core().V1().Nodes().Lister(),
		ec2: tagger{client: provider.EC2(), tags: o.Tags}, region: provider.EC2().Options().Region,
		label: labelValue(o.Tags), limited: o.RateLimit > 0 && o.Burst > 0, wanted: map[string]action{},
	}
	c.queue = workqueue.NewTypedRateLimitingQueueWithConfig(c.limiter(), workqueue.TypedRateLimitingQueueConfig[string]{Name: "tagging-controller", Clock: d.Clock})
	_, err := d.Informers.Core().V1().Nodes().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(obj any) { c.seen(obj.(*v1.Node)) },
		UpdateFunc: func(_, obj any) { c.seen(obj.(*v1.Node)) },
		DeleteFunc: c.deleted,
	})
	return c, err
}

func (c *controller) limiter() workqueue.TypedRateLimiter[string] {
	overall := rate.NewLimiter(10, 100) // that of client-go's default controller limiter
	if c.limited {
		overall = rate.NewLimiter(rate.Limit(c.options.RateLimit), c.options.Burst)
	}
	return workqueue.NewTypedMaxOfRateLimiter(
		workqueue.NewTypedItemExponentialFailureRateLimiter[string](minBackoff, maxBackoff),
		&workqueue.TypedBucketRateLimiter[string]{Limiter: overall})
}

// seen queues a Node that is not tagged with the current tags.
func (c *controller) seen(node *v1.Node) {
	if id, ok := instanceOf(node, c.region); ok && node.Labels[Label] != c.label {
		c.enqueue(id, action{node: node.Name})
	}
}

// deleted queues the removal of tags. What the informer missed arrives as the last known state.
func (c *controller) deleted(obj any) {
	if unknown, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		obj = unknown.Obj
	}
	node, ok := obj.(*v1.Node)
	if !ok {
		return
	}
	if id, ok := instanceOf(node, c.region); ok {
		c.enqueue(id, action{remove: true, node: node.Name})
	}
}

func (c *controller) enqueue(id string, a action) {
	c.mu.Lock()
	before, queued := c.wanted[id]
	c.wanted[id] = a
	c.mu.Unlock()
	switch {
	case queued && before == a: // waiting, or in its back-off
	case c.limited && !queued:
		c.queue.AddRateLimited(id)
	default:
		c.queue.Add(id)
	}
}

// Run collects instances that arrive together and tags them with one call, --tagging-controller-concurrent-
// node-syncs calls at a time, until accept is done.
func (c *controller) Run(accept, work context.Context) error {
	stop := context.AfterFunc(accept, c.queue.ShutDown)
	defer stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	keys := make(chan string)
	wg.Go(func() {
		defer close(keys)
		for {
			id, shutdown := c.queue.Get()
			if shutdown {
				return
			}
			keys <- id
		}
	})
	slots := make(chan struct{}, c.options.Concurrency)
	for id := range keys {
		batch := c.collect(id, keys)
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if accept.Err() == nil {
				c.process(work, batch)
			}
			for _, id := range batch {
				c.queue.Done(id)
			}
		})
	}
	return nil
}

// collect waits for company.
func (c *controller) collect(first string, keys <-chan string) []string {
	batch := []string{first}
	timer := c.deps.Clock.NewTimer(window)
	defer timer.Stop()
	for len(batch) < batchSize {
		select {
		case id, ok := <-keys:
			if !ok {
				return batch
			}
			batch = append(batch, id)
		case <-timer.C():
			return batch
		}
	}
	return batch
}

// process does what the instances of a batch need.
func (c *controller) process(ctx context.Context, batch []string) {
	var add, remove []string
	actions := map[string]action{}
	c.mu.Lock()
	for _, id := range batch {
		a, ok := c.wanted[id]
		if !ok {
			continue
		}
		actions[id] = a
		if a.remove {
			remove = append(remove, id)
		} else {
			add = append(add, id)
		}
	}
	c.mu.Unlock()
	nodes := map[string]*v1.Node{}
	var toTag []string
	for _, id := range add {
		if node := c.untagged(id, actions[id].node); node != nil {
			nodes[id] = node
			toTag = append(toTag, id)
			continue
		}
		c.finish(ctx, id, actions[id], done, nil)
	}
	for id, err := range each(toTag, func(ids []string) error { return c.ec2.add(ctx, ids) }) {
		outcome := judge(false, err, c.deps.Clock.Since(nodes[id].CreationTimestamp.Time))
		if outcome == done {
			if err = c.mark(ctx, nodes[id]); err != nil {
				outcome = again
			}
		}
		c.finish(ctx, id, actions[id], outcome, err)
	}
	for id, err := range each(remove, func(ids []string) error { return c.ec2.remove(ctx, ids) }) {
		c.finish(ctx, id, actions[id], judge(true, err, 0), err)
	}
}

// untagged returns the Node if it still is one of the instance and is not tagged.
func (c *controller) untagged(id, name string) *v1.Node {
	node, err := c.lister.Get(name)
	if err != nil {
		return nil
	}
	if its, ok := instanceOf(node, c.region); !ok || its != id || node.Labels[Label] == c.label {
		return nil
	}
	return node
}

// finish records how an action ended.
func (c *controller) finish(ctx context.Context, id string, a action, outcome outcome, err error) {
	logger := klog.FromContext(ctx).WithValues("instance", id, "node", a.node, "remove", a.remove)
	if outcome == again {
		workErrors.WithLabelValues("total_errors").Inc()
		if c.queue.NumRequeues(id) < maxRequeues {
			logger.V(2).Info("Tagging failed; will retry", "err", err)
			c.queue.AddRateLimited(id)
			return
		}
		workErrors.WithLabelValues("errors_after_retries_exhausted").Inc()
		logger.Error(err, "Tagging given up")
	}
	if outcome == hopeless {
		logger.V(2).Info("Not tagged: EC2 does not know the instance", "err", err)
	}
	c.queue.Forget(id)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wanted[id] == a { // otherwise something else is wanted by now, and is queued
		delete(c.wanted, id)
	}
}
