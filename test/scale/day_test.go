// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build scale

package scale

import (
	"fmt"
	"strings"
	"syscall"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/workqueue"
)

// The defaults of --node-monitor-period and --node-change-window.
const (
	monitorPeriod = 5 * time.Second
	changeWindow  = 10 * time.Second
)

// day plays what happens in a cluster of n nodes. Services are part of it at the first of the sizes:
// with five times the nodes each answer of the cloud about them would be five times as long.
func (w *world) day(n int, refresh time.Duration) {
	if n == w.settings.DaySizes[0] && w.settings.Services > 0 {
		w.createServices(n)
		w.watchFor(changeWindow) // the burst of the join is over
		w.nodesJoin(n)
		w.nodesLeave(n)
	}
	w.quiet(3*time.Second, time.Minute)
	w.steady(n, refresh)
	w.notReady(n)
	w.restart(n)
	w.handover(n)
}

func (w *world) createServices(n int) {
	w.services = w.settings.Services
	p := w.begin(Services, n)
	w.makeServices("web", w.settings.Services)
	w.within(10*time.Minute, "all Services have an address", func() bool {
		w.watchFor(250 * time.Millisecond)
		return w.served() >= w.settings.Services
	})
	p.run.Values[Took] = p.since()
	w.quiet(3*time.Second, time.Minute)
	p.end()
}

func (w *world) makeServices(prefix string, n int) {
	w.t.Helper()
	workqueue.ParallelizeUntil(w.ctx, 16, n, func(i int) {
		_, err := w.client.CoreV1().Services(metav1.NamespaceDefault).Create(w.ctx, &v1.Service{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("%s-%d", prefix, i)},
			Spec: v1.ServiceSpec{Type: v1.ServiceTypeLoadBalancer, Selector: map[string]string{"app": "none"},
				Ports: []v1.ServicePort{{Port: 8080}}},
		}, metav1.CreateOptions{})
		if err != nil {
			w.t.Error(err)
		}
	})
}

// served counts Services with an address.
func (w *world) served() int {
	list, err := w.client.CoreV1().Services(metav1.NamespaceDefault).List(w.ctx, metav1.ListOptions{ResourceVersion: "0"})
	if err != nil {
		w.t.Fatal(err)
	}
	n := 0
	for _, s := range list.Items {
		if len(s.Status.LoadBalancer.Ingress) > 0 {
			n++
		}
	}
	return n
}

const changed = 10 // nodes that join and leave

func (w *world) nodesJoin(n int) {
	machines := w.machines("late", changed)
	p := w.begin(NodesJoin, n)
	w.register(machines)
	w.within(time.Minute, "the new nodes are initialised", w.watch.allInitialised(n+changed))
	w.quiet(changeWindow+time.Second, 5*time.Minute)
	p.joined(p.start)
	var first, last time.Time
	for _, s := range w.watch.all(p.start) {
		if first.IsZero() || s.addressed.Before(first) {
			first = s.addressed
		}
		if s.initialised.After(last) {
			last = s.initialised
		}
	}
	p.run.Values[Spread] = last.Sub(first).Seconds()
	p.end(func() { p.countUpdates(first) })
}

// nodesLeave lets nodes go one after another, as an autoscaler does.
func (w *world) nodesLeave(n int) {
	p := w.begin(NodesLeave, n)
	for i := range changed {
		name := fmt.Sprintf("late-%d", i)
		w.fleet.Forget(name)
		if err := w.client.CoreV1().Nodes().Delete(w.ctx, name, metav1.DeleteOptions{}); err != nil {
			w.t.Fatal(err)
		}
		if err := w.cloud.Admin().DeleteMachine(w.ctx, "id-"+name); err != nil {
			w.t.Fatal(err)
		}
		if i < changed-1 {
			w.watchFor(500 * time.Millisecond)
		}
	}
	p.run.Values[Spread] = p.since()
	w.quiet(changeWindow+time.Second, 5*time.Minute)
	p.end(func() { p.countUpdates(p.start) })
}

// countUpdates looks at the updates of each load balancer since the first change of nodes.
func (p *phase) countUpdates(first time.Time) {
	p.t.Helper()
	updates := map[string]int{}
	var began, ended time.Time
	for _, c := range p.calls.Calls {
		if c.Operation != "UpdateLoadBalancer" {
			continue
		}
		updates[strings.TrimPrefix(c.Path, "/v1/loadbalancers/")]++
		if began.IsZero() {
			began = c.Began
		}
		ended = c.Began.Add(time.Duration(c.Took))
	}
	most := 0
	for _, n := range updates {
		most = max(most, n)
	}
	p.run.Values[MaxUpdates] = float64(most)
	if most > 0 {
		p.run.Values[FirstUpdate] = began.Sub(first).Seconds()
		p.run.Values[Took] = ended.Sub(first).Seconds()
	}
}

func (w *world) steady(n int, refresh time.Duration) {
	p := w.begin(Steady, n)
	w.watchFor(w.settings.Steady)
	p.run.Values[Window], p.run.Values[Period] = w.settings.Steady.Seconds(), refresh.Seconds()
	p.end()
}

func (w *world) notReady(n int) {
	var names []string
	for i := range n / 10 {
		names = append(names, fmt.Sprintf("node-%d", i))
	}
	p := w.begin(NotReady, n)
	w.setReady(names, false)
	w.watchFor(w.settings.NotReady)
	w.setReady(names, true)
	p.run.Values[Window], p.run.Values[Period] = p.since(), monitorPeriod.Seconds()
	p.run.Values[NotReadyNodes] = float64(len(names))
	w.watchFor(monitorPeriod + time.Second)
	p.end()
}

// restart stops the manager and starts it again at once.
func (w *world) restart(n int) {
	if err := w.manager.Terminate(30 * time.Second); err != nil {
		w.t.Fatal(err)
	}
	before := w.holder()
	p := w.begin(Restart, n)
	w.manager = w.startManager()
	w.within(2*time.Minute, "the new manager leads", func() bool { h := w.holder(); return h != "" && h != before })
	p.run.Values[Leading] = p.since()
	p.settle()
}

// handover starts a second manager, waits until it stands by, and stops the first.
func (w *world) handover(n int) {
	standby := w.startManager()
	w.watchFor(5 * time.Second)
	before := w.holder()
	old := w.manager
	p := w.begin(Handover, n)
	if err := old.Signal(syscall.SIGTERM); err != nil {
		w.t.Fatal(err)
	}
	w.manager = standby
	w.within(2*time.Minute, "the standby leads", func() bool { h := w.holder(); return h != "" && h != before })
	p.run.Values[Leading] = p.since()
	p.settle()
	if err := old.Terminate(30 * time.Second); err != nil {
		w.t.Fatal(err)
	}
}

// settle waits until the new leader has nothing more to do, and takes when it began to: its first
// question to the cloud about machines follows the synchronisation of its caches.
func (p *phase) settle() {
	p.t.Helper()
	p.quiet(5*time.Second, 5*time.Minute)
	p.watchFor(2 * time.Second)
	log, err := p.cloud.Admin().Calls(p.ctx)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, c := range log.Calls {
		at := c.Began.Sub(p.start).Seconds()
		if _, seen := p.run.Values[Caches]; !seen && c.Operation != "GetVersion" && at > 0 {
			p.run.Values[Caches] = at
		}
		p.run.Values[Took] = at + time.Duration(c.Took).Seconds()
	}
	p.end()
}
