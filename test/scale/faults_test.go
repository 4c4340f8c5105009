// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build scale

package scale

import (
	"fmt"
	"testing"
	"time"

	"sigs.k8s.io/cloud-providers/providers/local/api"
)

const (
	// faultServices are created in each scenario of a faulty cloud.
	faultServices = 20
	// faultLimit is how long a manager may take; what it has not finished then is counted.
	faultLimit = 3 * time.Minute
)

// faults lets nodes join and Services come while the cloud is not well and some nodes are not ready.
func faults(t *testing.T, s Settings, c Contender) {
	w := newWorld(t, s, c, s.FaultNodes, false)
	w.manager = w.startManager()
	w.within(time.Minute, "the manager leads", func() bool { return w.holder() != "" })
	w.register(w.machines("old", 30))
	w.within(patience(30), "the first nodes are initialised", w.watch.allInitialised(30))
	w.quiet(3*time.Second, time.Minute)
	var old []string
	for i := range 30 {
		old = append(old, fmt.Sprintf("old-%d", i))
	}
	w.setReady(old, false)
	w.faulty(Throttled, 0, api.Fault{Action: api.FaultThrottle, PerSecond: 10, RetryAfter: api.Duration(time.Second)})
	w.faulty(Errors, 0, api.Fault{Action: api.FaultStatus, Rate: 0.05, Status: 500, Code: "Internal"})
	w.faulty(Down, s.Outage, api.Fault{Action: api.FaultDropBefore})
	w.keep("faults-" + string(c))
}

// faulty measures until all nodes are initialised and all Services have addresses. With a duration, the
// fault ends after that; otherwise it lasts as long as the measurement.
func (w *world) faulty(s Scenario, duration time.Duration, fault api.Fault) {
	w.t.Helper()
	_, nodesBefore, _, _ := w.watch.counts()
	servicesBefore := w.served()
	machines := w.machines(map[Scenario]string{Throttled: "throttled", Errors: "errors", Down: "down"}[s], w.settings.FaultNodes)
	w.faults(fault)
	p := w.begin(s, w.settings.FaultNodes)
	p.run.Services = faultServices
	w.register(machines)
	w.makeServices(machines[0].Name, faultServices)
	if duration > 0 {
		w.watchFor(duration - time.Since(p.start))
		log, err := w.cloud.Admin().Calls(w.ctx)
		if err != nil {
			w.t.Fatal(err)
		}
		p.run.Values[CallsInFault] = float64(log.Total)
		w.faults()
	}
	healed := time.Now()
	unfinished := func() int {
		w.watchFor(200 * time.Millisecond)
		_, initialised, _, _ := w.watch.counts()
		return nodesBefore + w.settings.FaultNodes - initialised + servicesBefore + faultServices - w.served()
	}
	left := unfinished()
	for left > 0 && time.Since(healed) < faultLimit {
		left = unfinished()
	}
	ended := time.Now()
	p.joined(p.start)
	p.run.Values[Unfinished] = float64(left)
	p.run.Values[AllDone] = ended.Sub(p.start).Seconds()
	if duration > 0 {
		p.run.Values[Recovery] = ended.Sub(healed).Seconds()
	}
	p.end()
	w.faults()
	w.within(10*time.Minute, "the manager has recovered", func() bool { return unfinished() == 0 })
	w.watchFor(2 * time.Second) // the nodes that are not ready are asked about all the time: it never gets quiet
}

// routes loses one route among many and waits until it is back.
func routes(t *testing.T, s Settings, c Contender) {
	const n = 200
	w := newWorld(t, s, c, n, true)
	w.manager = w.startManager()
	w.register(w.machines("node", n))
	w.within(patience(n), "all nodes are initialised", w.watch.allInitialised(n))
	state := func() []api.Route {
		state, err := w.cloud.Admin().State(w.ctx)
		if err != nil {
			t.Fatal(err)
		}
		return state.Routes["main"]
	}
	all := func() bool { w.watchFor(time.Second); return len(state()) == n }
	w.within(3*time.Minute, "all nodes have routes", all)
	w.watchFor(n / 20 * time.Second) // their conditions are written at the default rate
	lost := state()[0]
	if _, err := w.cloud.DeleteRoutes(w.ctx, "main", api.RoutesRequest{Cluster: lost.Cluster, Routes: []api.Route{lost}}); err != nil {
		t.Fatal(err)
	}
	p := w.begin(RouteLost, n)
	w.within(3*time.Minute, "the route is back", all)
	p.run.Values[Took], p.run.Values[Window] = p.since(), p.since()
	p.end()
}
