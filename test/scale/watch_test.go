// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build scale

package scale

import (
	"context"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"sigs.k8s.io/cloud-providers/common/controllers/nodes"
)

// watch follows all nodes. One watch costs the API server as much for each contender.
type watch struct {
	cancel  context.CancelFunc
	factory informers.SharedInformerFactory

	mu          sync.Mutex
	nodes       map[string]*seen
	initialised int
	calm        int // nodes without taints other than the cloud's
	deleted     int
}

// seen is when what happened to a node.
type seen struct {
	registered  time.Time
	initialised time.Time
	addressed   time.Time
	calm        bool
	node        *v1.Node
}

func newWatch(ctx context.Context, config *rest.Config) (*watch, error) {
	config = rest.CopyConfig(config)
	config.UserAgent = "scale-bench"
	config.ContentType = "application/vnd.kubernetes.protobuf"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &watch{cancel: cancel, nodes: map[string]*seen{}}
	w.factory = informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithTransform(func(object any) (any, error) {
		if n, ok := object.(*v1.Node); ok {
			n.ManagedFields, n.Annotations = nil, nil
			n.Status = v1.NodeStatus{Addresses: n.Status.Addresses}
		}
		return object, nil
	}))
	informer := w.factory.Core().V1().Nodes().Informer()
	_, err = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { w.saw(o.(*v1.Node)) },
		UpdateFunc: func(_, o any) { w.saw(o.(*v1.Node)) },
		DeleteFunc: func(any) { w.gone() },
	})
	if err != nil {
		cancel()
		return nil, err
	}
	w.factory.StartWithContext(ctx)
	w.factory.WaitForCacheSync(ctx.Done())
	return w, nil
}

func (w *watch) stop() {
	w.cancel()
	w.factory.Shutdown()
}

func (w *watch) gone() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deleted++
}

func (w *watch) saw(n *v1.Node) {
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.nodes[n.Name]
	if s == nil {
		s = &seen{registered: now}
		w.nodes[n.Name] = s
	}
	s.node = n
	for _, a := range n.Status.Addresses {
		if a.Type == v1.NodeInternalIP && s.addressed.IsZero() {
			s.addressed = now
		}
	}
	if s.initialised.IsZero() && !nodes.Uninitialized(n) {
		s.initialised = now
		w.initialised++
	}
	if calm := len(n.Spec.Taints) == 0 || len(n.Spec.Taints) == 1 && nodes.Uninitialized(n); calm != s.calm {
		s.calm = calm
		if calm {
			w.calm++
		} else {
			w.calm--
		}
	}
}

func (w *watch) counts() (registered, initialised, calm, deleted int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.nodes), w.initialised, w.calm, w.deleted
}

func (w *watch) allInitialised(n int) func() bool {
	return func() bool { _, i, _, _ := w.counts(); return i >= n }
}

func (w *watch) allCalm(n int) func() bool {
	return func() bool { _, _, calm, _ := w.counts(); return calm >= n }
}

// all returns what was seen of nodes that registered after a moment.
func (w *watch) all(since time.Time) []seen {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []seen
	for _, s := range w.nodes {
		if !s.registered.Before(since) {
			list = append(list, *s)
		}
	}
	return list
}
