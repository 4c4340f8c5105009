// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package scale

import (
	"cmp"
	"slices"
	"time"
)

// Contender is what does the work in a run.
type Contender string

// The contenders.
const (
	Floor Contender = "floor" // a client that makes the two patches of each node and nothing else
	Ours  Contender = "ours"
	Stock Contender = "stock"
)

// Scenario is what happens in a run.
type Scenario string

// The scenarios.
const (
	JoinBefore Scenario = "join, registered before" // all nodes are there when the manager starts
	JoinAtOnce Scenario = "join at once"            // nodes register while the manager runs
	Services   Scenario = "services created"
	NodesJoin  Scenario = "10 nodes join"
	NodesLeave Scenario = "10 nodes leave"
	Steady     Scenario = "steady state"
	NotReady   Scenario = "10 % not ready"
	Restart    Scenario = "restart"
	Handover   Scenario = "handover to a standby"
	Throttled  Scenario = "cloud throttles"
	Errors     Scenario = "cloud errs"
	Down       Scenario = "cloud down"
	RouteLost  Scenario = "one route lost"
)

// Names of values. Times are seconds.
const (
	Took          = "took"          // until what the scenario waits for
	Registered    = "registered"    // until the last node was registered
	Lag           = "lag"           // from a node's registration to its initialisation, the median
	LagMax        = "lag, worst"    // the same, the worst
	Leading       = "leading"       // until the lease was held
	Caches        = "caches"        // until the controllers began to work
	FirstUpdate   = "first update"  // from the first change of nodes to the first update of a load balancer
	Spread        = "spread"        // from the first to the last change of nodes
	MaxUpdates    = "updates/LB"    // of the load balancer that was updated most
	Period        = "period"        // of refreshes, or of monitoring
	Window        = "window"        // how long it was watched
	Recovery      = "recovery"      // from the end of the fault
	AllDone       = "all done"      // until all nodes and all Services are
	Unfinished    = "unfinished"    // nodes and Services that were not within the limit
	CallsInFault  = "fault calls"   // calls of the cloud during the fault
	NodesDeleted  = "nodes deleted" // by the manager
	Disturbed     = "disturbed"     // calls that the cloud throttled or failed
	NotReadyNodes = "not ready"     // how many nodes were not ready
)

// Run is one scenario carried through by one contender.
type Run struct {
	Scenario  Scenario  `json:"scenario"`
	Contender Contender `json:"contender"`
	Nodes     int       `json:"nodes"`
	Services  int       `json:"services,omitempty"`
	Date      time.Time `json:"date"`
	// Load is the machine's load average over a minute when it began.
	Load float64 `json:"load"`
	// Values are seconds and counts by name.
	Values map[string]float64 `json:"values"`
	// CloudCalls counts by operation.
	CloudCalls map[string]int `json:"cloudCalls,omitempty"`
	// KubeWrites counts writes that the API server carried out, by verb and resource, without leases and
	// events; Conflicts those that it refused with 409.
	KubeWrites map[string]int `json:"kubeWrites,omitempty"`
	Conflicts  int            `json:"conflicts,omitempty"`
	Events     int            `json:"events,omitempty"`
	// PeakMiB is the largest resident memory of the manager in its life so far.
	PeakMiB float64 `json:"peakMiB,omitempty"`
	// CPU is seconds by program.
	CPU map[string]float64 `json:"cpu,omitempty"`
	// Initialised and Calls are when nodes were initialised and the cloud was called, in seconds from the
	// start, thinned out.
	Initialised []Point `json:"initialised,omitempty"`
	Calls       []Point `json:"calls,omitempty"`
}

// Point says how many had happened after so many seconds.
type Point struct {
	Seconds float64 `json:"s"`
	Count   int     `json:"n"`
}

// mutating and instance operations of local-cloud.
var (
	instanceCalls = []string{"LookupMachines", "ListMachines"}
	mutatingCalls = []string{"CreateLoadBalancer", "UpdateLoadBalancer", "DeleteLoadBalancer", "CreateRoutes", "DeleteRoutes"}
)

func sum(counts map[string]int, names ...string) int {
	total := 0
	for name, n := range counts {
		if len(names) == 0 || slices.Contains(names, name) {
			total += n
		}
	}
	return total
}

// InstanceCalls counts calls about machines.
func (r Run) InstanceCalls() int { return sum(r.CloudCalls, instanceCalls...) }

// MutatingCalls counts calls that change something in the cloud.
func (r Run) MutatingCalls() int { return sum(r.CloudCalls, mutatingCalls...) }

// ReadCalls counts all others.
func (r Run) ReadCalls() int { return sum(r.CloudCalls) - r.MutatingCalls() }

// Writes counts the writes of the Kubernetes API.
func (r Run) Writes() int { return sum(r.KubeWrites) }

// cumulate makes points of moments, at most limit of them.
func cumulate(moments []time.Time, start time.Time, limit int) []Point {
	slices.SortFunc(moments, func(a, b time.Time) int { return a.Compare(b) })
	step := max(1, (len(moments)+limit-1)/limit)
	var points []Point
	for i, m := range moments {
		if i == 0 || (i+1)%step == 0 || i == len(moments)-1 {
			points = append(points, Point{m.Sub(start).Seconds(), i + 1})
		}
	}
	return points
}

// quantile returns the value below which a share of all is.
func quantile(values []float64, share float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(len(sorted)-1, int(share*float64(len(sorted))))]
}

// Merge replaces runs of the same scenario, contender and size, and sorts.
func Merge(old, measured []Run) []Run {
	type key struct {
		Scenario
		Contender
		nodes int
	}
	keyOf := func(r Run) key { return key{r.Scenario, r.Contender, r.Nodes} }
	byKey := map[key]Run{}
	for _, r := range append(slices.Clone(old), measured...) {
		byKey[keyOf(r)] = r
	}
	order := []Scenario{JoinBefore, JoinAtOnce, Services, NodesJoin, NodesLeave, Steady, NotReady, Restart, Handover, Throttled, Errors, Down, RouteLost}
	merged := make([]Run, 0, len(byKey))
	for _, r := range byKey {
		merged = append(merged, r)
	}
	slices.SortFunc(merged, func(a, b Run) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Scenario), slices.Index(order, b.Scenario)),
			cmp.Compare(a.Nodes, b.Nodes), cmp.Compare(a.Contender, b.Contender))
	})
	return merged
}
