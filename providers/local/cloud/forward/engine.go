// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package forward carries the traffic of load balancers: it listens on their addresses, chooses a member
// for each TCP connection and UDP flow, and copies bytes. What a load balancer shall be can change while
// it runs; connections that the change does not concern go on.
package forward

import (
	"context"
	"sync"
	"time"

	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/providers/local/cloud/health"
)

// rebind is how often ports that could not be opened are tried again.
const rebind = time.Second

// Engine runs load balancers. It owns all their goroutines and sockets.
type Engine struct {
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	checks *health.Checks

	mu        sync.Mutex
	balancers map[string]*balancer
}

// NewEngine returns an engine without load balancers, which logs to the logger in ctx. It runs until
// Close.
func NewEngine(ctx context.Context) *Engine {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	e := &Engine{ctx: ctx, cancel: cancel, checks: health.NewChecks(), balancers: map[string]*balancer{}}
	e.wg.Go(e.retryListeners)
	return e
}

// Close closes all ports and connections and returns when nothing runs any more.
func (e *Engine) Close() {
	e.cancel()
	e.wg.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	for name, b := range e.balancers {
		b.close()
		delete(e.balancers, name)
	}
	e.checks.Close()
}

// Apply makes a load balancer what it shall be. A port that cannot be opened is reported by Status.
func (e *Engine) Apply(lb api.LoadBalancer) {
	e.mu.Lock()
	b, ok := e.balancers[lb.Name]
	if !ok {
		b = newBalancer(e.ctx, lb.Name, e.checks)
		e.balancers[lb.Name] = b
	}
	e.mu.Unlock()
	b.apply(lb)
}

// Remove closes the ports and connections of a load balancer.
func (e *Engine) Remove(name string) {
	e.mu.Lock()
	b, ok := e.balancers[name]
	delete(e.balancers, name)
	e.mu.Unlock()
	if ok {
		b.close()
	}
}

// Status returns how a load balancer does.
func (e *Engine) Status(name string) api.LoadBalancerStatus {
	e.mu.Lock()
	b, ok := e.balancers[name]
	e.mu.Unlock()
	if !ok {
		return api.LoadBalancerStatus{}
	}
	return b.status()
}

func (e *Engine) retryListeners() {
	log := klog.FromContext(e.ctx)
	ticker := time.NewTicker(rebind)
	defer ticker.Stop()
	for {
		select {
		case <-e.ctx.Done():
			return
		case <-ticker.C:
		}
		for _, b := range e.all() {
			if opened := b.openMissing(); opened > 0 {
				log.Info("Opened ports that could not be opened before", "loadBalancer", b.name, "ports", opened)
			}
		}
	}
}

func (e *Engine) all() []*balancer {
	e.mu.Lock()
	defer e.mu.Unlock()
	var list []*balancer
	for _, b := range e.balancers {
		list = append(list, b)
	}
	return list
}
