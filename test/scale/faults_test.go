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

// faultServices are created in each scenario of a faulty cloud.
const faultServices = 20

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
	done := func() bool {
		w.watchFor(200 * time.Millisecond)
		return w.watch.allInitialised(nodesBefore+w.settings.FaultNodes)() && w.served() >= servicesBefore+faultServices
	}
	w.within(10*time.Minute, "all nodes are initialised and all Services have addresses", done)
	ended := time.Now()
	p.joined(p.start)
	p.run.Values["services served"] = ended.Sub(p.start).Seconds()
	if duration > 0 {
		p.run.Values[Recovery] = ended.Sub(healed).Seconds()
	}
	p.end()
	w.faults()
	w.watchFor(2 * time.Second)
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
	w.watchFor(2 * time.Second)
	lost := state()[0]
	if _, err := w.cloud.DeleteRoutes(w.ctx, "main", api.RoutesRequest{Cluster: lost.Cluster, Routes: []api.Route{lost}}); err != nil {
		t.Fatal(err)
	}
	p := w.begin(RouteLost, n)
	w.within(3*time.Minute, "the route is back", all)
	p.run.Values[Took], p.run.Values[Window] = p.since(), p.since()
	p.end()
}
