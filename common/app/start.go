// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	cloudprovider "k8s.io/cloud-provider"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	"sigs.k8s.io/cloud-providers/common/instances"
	"sigs.k8s.io/cloud-providers/common/provider"
)

var realClock = clock.RealClock{}

// made is a controller that is ready to run.
type made struct {
	Controller
	run Runnable
}

// describeStates gives every controller its first state: off, elsewhere, or waiting for the lease.
func (m *manager) describeStates(ctx context.Context) {
	for _, c := range m.program.Controllers {
		if why := m.off(c); why != "" {
			m.states.set(c.Name, stateOff, why)
			continue
		}
		m.states.set(c.Name, stateWaiting, "")
		if m.placed != nil {
			klog.FromContext(ctx).Info("Leader migration", "controller", c.Name, "runsUnder", m.placed[c.Name].String())
		}
	}
}

// off says why a controller does not run in this process; empty if it does.
func (s *settings) off(c Controller) string {
	switch {
	case !enabled(c.Name, c.DisabledByDefault, s.config.Generic.Controllers):
		return "not in --controllers"
	case c.Capability != "" && !s.selection.On(c.Capability):
		return fmt.Sprintf("capability %s is switched off by --capabilities", c.Capability)
	case s.placed != nil && s.placed[c.Name] == placedElsewhere:
		return "leader migration gives it to another component"
	}
	return ""
}

// initialiseCloud hands the provider its client and informers, once, also with two leases.
func (m *manager) initialiseCloud() {
	m.initOnce.Do(func() {
		if m.cloud == nil {
			return
		}
		m.cloud.Initialize(m.clients.builder, m.work.Done())
		core := m.informers.Core().V1()
		if watcher, ok := m.cloud.(provider.ClusterWatcher); ok {
			watcher.WatchCluster(core.Services().Lister(), core.Nodes().Lister())
		} else if user, ok := m.cloud.(cloudprovider.InformerUser); ok {
			user.SetInformers(m.informers)
		}
		m.cloudView = provider.Resolve(m.cloud, m.selection, m.gate.Check)
		m.instances = instances.NewView(m.cloudView, realClock)
	})
}

// start makes and runs controllers, once this process leads.
func (m *manager) start(ctx context.Context, controllers []Controller) error {
	m.initialiseCloud()
	var ready []made
	for _, c := range controllers {
		if m.off(c) != "" {
			continue
		}
		m.states.set(c.Name, stateStarting, "")
		run, err := m.make(ctx, c)
		if ctx.Err() != nil {
			return nil
		}
		var nothing *NotApplicable
		switch {
		case errors.As(err, &nothing):
			klog.FromContext(ctx).Info("Nothing to do for a controller", "controller", c.Name, "reason", nothing.Reason)
			m.states.set(c.Name, stateNotApplicable, nothing.Reason)
		case err != nil:
			m.states.set(c.Name, stateFailed, err.Error())
			return fmt.Errorf("%s: %w", c.Name, err)
		default:
			ready = append(ready, made{c, run})
		}
	}
	if !m.syncCaches(ctx) {
		return nil
	}
	for _, c := range ready {
		m.launch(c)
		interval := m.config.Generic.ControllerStartInterval.Duration
		if interval > 0 && !sleep(ctx, 2*jitter(interval)) {
			return nil
		}
	}
	return nil
}

// make makes a controller. Its client may need calls, for a service account of its own: those are
// repeated.
func (m *manager) make(ctx context.Context, c Controller) (Runnable, error) {
	var deps Deps
	wait := retry{what: "credentials of " + c.Name, from: time.Second, to: 30 * time.Second}
	err := wait.do(ctx, func(context.Context) error {
		client, bulk, err := m.clients.controller(c.ClientName)
		if err == nil {
			deps = m.newDeps(client, bulk)
		}
		return err
	})
	if err != nil || ctx.Err() != nil {
		return nil, err
	}
	eventClient, _, err := m.clients.controller(c.ClientName)
	if err != nil {
		return nil, err
	}
	deps.Events = m.events.recorder(m.background, eventClient, c.EventSource)
	m.goOwned(&m.services, func() error { selfCheck(m.background, c, deps.Client); return nil })
	return c.New(klog.NewContext(ctx, klog.FromContext(ctx).WithValues("controller", c.Name)), deps)
}

// syncCaches starts the informers that controllers asked for and waits for them; false when ctx ended.
func (m *manager) syncCaches(ctx context.Context) bool {
	m.caches.set(errors.New("caches are being filled"))
	m.informers.Start(m.background.Done())
	synced := make(chan struct{})
	go func() {
		defer close(synced)
		m.informers.WaitForCacheSync(ctx.Done())
	}()
	tick := time.NewTicker(logEvery)
	defer tick.Stop()
	for {
		select {
		case <-synced:
			if ctx.Err() != nil {
				return false
			}
			m.caches.set(nil)
			return true
		case <-tick.C:
			klog.FromContext(ctx).Info("Waiting for caches; does this identity have list and watch on all of them?")
		}
	}
}

// launch runs a controller until accept is done and its work has ended.
func (m *manager) launch(c made) {
	m.endpoints.healthz.add(ping(c.Name))
	m.goOwned(&m.workers, func() error {
		m.states.set(c.Name, stateRunning, "")
		if c.MetricsName != "" {
			m.metrics.ControllerStarted(c.MetricsName)
			defer m.metrics.ControllerStopped(c.MetricsName)
		}
		logger := klog.FromContext(m.work).WithValues("controller", c.Name)
		err := guarded(func() error {
			return c.run.Run(klog.NewContext(m.accept, logger), klog.NewContext(m.work, logger))
		})
		if err != nil && m.accept.Err() == nil {
			m.states.set(c.Name, stateFailed, err.Error())
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		m.states.set(c.Name, stateStopped, "")
		return nil
	})
}

// guarded turns a panic into an error: no half-dead manager goes on, and the lease is released.
func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			klog.ErrorS(nil, "Panic", "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f()
}
