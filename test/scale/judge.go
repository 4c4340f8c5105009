// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package scale

import (
	"fmt"
	"math"
)

const (
	batch = 1000 // machines that local-cloud answers in one call

	maxSpread = 10 // calls

	maxMiB      = 250
	maxLead     = 5.0  // seconds
	maxRecovery = 30.0 // seconds
	maxJoin5000 = 60.0 // seconds
)

// Check is an aim and whether it was reached.
type Check struct {
	Scenario Scenario `json:"scenario"`
	Nodes    int      `json:"nodes"`
	Aim      string   `json:"aim"`
	Measured string   `json:"measured"`
	Stock    string   `json:"stock,omitempty"`
	Met      bool     `json:"met"`
	// Counted aims are about numbers of calls and writes, which do not depend on how busy the machine is:
	// missing one fails the bench.
	Counted bool `json:"counted"`
}

// judge collects the checks of one run of ours.
type judge struct {
	run   Run
	stock *Run
	all   []Run
	out   []Check
}

// Judge compares each run of ours with the aims of the project.
func Judge(runs []Run) []Check {
	var checks []Check
	for _, r := range runs {
		if r.Contender != Ours {
			continue
		}
		j := &judge{run: r, stock: find(runs, r.Scenario, Stock, r.Nodes), all: runs}
		j.scenario()
		checks = append(checks, j.out...)
	}
	return checks
}

func find(runs []Run, s Scenario, c Contender, nodes int) *Run {
	for i, r := range runs {
		if r.Scenario == s && r.Contender == c && r.Nodes == nodes {
			return &runs[i]
		}
	}
	return nil
}

func (j *judge) add(counted bool, aim string, limit float64, value func(Run) float64) {
	v := value(j.run)
	c := Check{
		Scenario: j.run.Scenario, Nodes: j.run.Nodes, Counted: counted,
		Aim: aim + " ≤ " + number(limit), Measured: number(v), Met: v <= limit,
	}
	if j.stock != nil {
		c.Stock = number(value(*j.stock))
	}
	j.out = append(j.out, c)
}

// counted adds an aim about a number of calls; a miss fails the bench.
func (j *judge) counted(aim string, limit float64, value func(Run) float64) {
	j.add(true, aim, limit, value)
}

// measured adds an aim about time or memory.
func (j *judge) measured(aim string, limit float64, value func(Run) float64) {
	j.add(false, aim, limit, value)
}

func value(name string) func(Run) float64 { return func(r Run) float64 { return r.Values[name] } }

func instances(r Run) float64 { return float64(r.InstanceCalls()) }
func writes(r Run) float64    { return float64(r.Writes()) }
func mutating(r Run) float64  { return float64(r.MutatingCalls()) }
func peak(r Run) float64      { return r.PeakMiB }

func batches(n int) float64 { return math.Ceil(float64(n) / batch) }

func (j *judge) scenario() {
	r := j.run
	switch r.Scenario {
	case JoinBefore, JoinAtOnce:
		j.join()
	case Services:
		j.counted("creations per Service", 1, func(r Run) float64 { return float64(r.CloudCalls["CreateLoadBalancer"]) / float64(r.Services) })
	case NodesJoin, NodesLeave:
		j.counted("updates of one load balancer", 1+math.Ceil(r.Values[Spread]), value(MaxUpdates))
		j.measured("seconds from the first change to the first update", 1.2, value(FirstUpdate))
	case Steady:
		periods := max(1, r.Values[Window]/r.Values[Period])
		j.counted("instance calls per refresh", 2*batches(r.Nodes), func(r Run) float64 { return float64(r.InstanceCalls()) / periods })
		j.counted("writes of the Kubernetes API", 0, writes)
		j.counted("calls that change the cloud", 0, mutating)
		j.memory()
	case NotReady:
		limit := batches(int(r.Values[NotReadyNodes])) * math.Ceil(r.Values[Window]/r.Values[Period]+1)
		if r.Nodes < batch {
			limit++ // so few machines are refreshed by a look-up too, more by lists
		}
		j.counted("look-ups in "+number(r.Values[Window])+" s, one per monitor period", limit,
			func(r Run) float64 { return float64(r.CloudCalls["LookupMachines"]) })
		j.counted("nodes deleted", 0, value(NodesDeleted))
		j.counted("calls that change the cloud", 0, mutating)
	case Restart, Handover:
		j.restart()
	case Throttled, Errors, Down:
		j.counted("nodes deleted", 0, value(NodesDeleted))
		j.counted("nodes and Services not done within 3 minutes", 0, value(Unfinished))
		if r.Scenario == Down {
			j.measured("seconds from the end of the outage until all is done", maxRecovery, value(Recovery))
		}
	case RouteLost:
		j.counted("calls that change routes", 1, mutating)
		j.counted("lists of routes", 1+math.Ceil(r.Values[Window]/60), func(r Run) float64 { return float64(r.CloudCalls["ListRoutes"]) })
	}
}

func (j *judge) join() {
	r := j.run
	lookups := 2 * batches(r.Nodes)
	if r.Scenario == JoinAtOnce {
		// Registration takes seconds, and who came first does not wait for the last: so many calls are due
		// to the length of the burst, whatever its size.
		lookups = max(lookups, maxSpread)
	}
	j.counted("instance calls", lookups, instances)
	j.counted("writes of the Kubernetes API per node", 2, func(r Run) float64 { return float64(r.Writes()) / float64(r.Nodes) })
	if floor := find(j.all, JoinBefore, Floor, r.Nodes); floor != nil && r.Scenario == JoinBefore {
		j.measured("seconds from the start of the process to the last node (1.5 × floor + 2 s)", 1.5*floor.Values[Took]+2, value(Took))
	}
	if r.Nodes == 5000 {
		j.measured("seconds to the last node", maxJoin5000, value(Took))
	}
	j.memory()
}

func (j *judge) restart() {
	s := j.run.Services
	j.counted("calls that change the cloud", 0, mutating)
	j.counted("reads of the cloud for Services", float64(s)/20+20, func(r Run) float64 { return float64(r.ReadCalls() - r.InstanceCalls()) })
	j.counted("instance calls", 2*batches(j.run.Nodes), instances)
	j.counted("writes of the Kubernetes API", 0, writes)
	if j.run.Scenario == Restart {
		j.measured("seconds from the start of the process to leading with synced caches", maxLead, value(Caches))
	} else {
		j.measured("seconds without a leader", maxLead, value(Leading))
	}
	j.memory()
}

func (j *judge) memory() { j.measured("MiB of resident memory, peak", maxMiB, peak) }

// number writes a value with as many digits as say something.
func number(v float64) string {
	switch {
	case v == math.Trunc(v):
		return fmt.Sprintf("%.0f", v)
	case v < 10:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.1f", v)
}
