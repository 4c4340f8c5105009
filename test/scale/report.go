// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package scale

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Machine is where the bench ran.
type Machine struct {
	CPU   string  `json:"cpu"`
	Cores int     `json:"cores"`
	GiB   float64 `json:"gib"`
	// Load is the load average over a minute at the start.
	Load float64 `json:"load"`
}

// Report is the result of the bench.
type Report struct {
	Machine  Machine   `json:"machine"`
	Date     time.Time `json:"date"`
	Command  string    `json:"command"`
	Settings Settings  `json:"settings"`
	Checks   []Check   `json:"checks"`
	Fits     []Fit     `json:"fits"`
	Runs     []Run     `json:"runs"`
}

// stockSecondsPerNode is how long the stock manager needs per node at its default flags, measured at smaller sizes.
const stockSecondsPerNode = 3.0 / 20 // three writes at 20 per second

// Line is a run in one line, for logs.
func Line(r Run) string {
	return fmt.Sprintf("%s, %d nodes, %s: %s; cloud %s; kube %s, %d conflicts, %d events; peak %.0f MiB; cpu %s; load %.1f",
		r.Scenario, r.Nodes, r.Contender, pairs(r.Values), pairs(r.CloudCalls), pairs(r.KubeWrites), r.Conflicts, r.Events, r.PeakMiB, pairs(r.CPU), r.Load)
}

func pairs[V int | float64](m map[string]V) string {
	var all []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		all = append(all, k+" "+number(float64(m[k])))
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}

// Markdown shows a report.
func Markdown(r Report) string {
	var b strings.Builder
	met, missed := 0, 0
	for _, c := range r.Checks {
		if c.Met {
			met++
		} else {
			missed++
		}
	}
	fmt.Fprintf(&b, "# Scale bench\n\n%d aims met, %d missed. Made by `%s` on %s: %s, %d cores, %.0f GiB, load %.1f at the start; each call of the cloud takes %s.\n\n",
		met, missed, r.Command, r.Date.Format("2006-01-02 15:04 MST"), r.Machine.CPU, r.Machine.Cores, r.Machine.GiB, r.Machine.Load, r.Settings.Latency)
	b.WriteString("Everything runs on this machine: etcd, API server, kube-controller-manager, simulated kubelets, cloud and the manager. Times depend on how busy it was (the column Load); counts do not.\n\n")
	b.WriteString("![Nodes initialised and cloud calls over time](join.svg)\n\n")
	b.WriteString(summary(r.Runs))
	b.WriteString("## Aims\n\nA missed aim about a count fails the bench; one about time or memory is only reported.\n\n| Scenario | Nodes | Aim | Ours | Stock | |\n| --- | ---: | --- | ---: | ---: | --- |\n")
	for _, c := range r.Checks {
		verdict := "met"
		if !c.Met {
			verdict = "**missed**"
		}
		fmt.Fprintf(&b, "| %s | %d | %s | %s | %s | %s |\n", c.Scenario, c.Nodes, c.Aim, c.Measured, c.Stock, verdict)
	}
	b.WriteString("\n## Growth with the number of nodes\n\nThe exponent b of a·n^b, fitted over the sizes: 1 is linear, 0 constant.\n\n| Scenario | What | Contender | Sizes | Exponent |\n| --- | --- | --- | --- | ---: |\n")
	for _, f := range r.Fits {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %.2f |\n", f.Scenario, f.What, f.Contender, strings.Trim(fmt.Sprint(f.Sizes), "[]"), f.Exponent)
	}
	b.WriteString("\n## All runs\n\nSeconds unless said otherwise. Kubernetes writes are those that were carried out, without leases and events.\n\n| Scenario | Nodes | Contender | Measured | Cloud calls | Kubernetes writes | Conflicts | Events | Peak MiB | CPU seconds | Load |\n| --- | ---: | --- | --- | --- | --- | ---: | ---: | ---: | --- | ---: |\n")
	for _, run := range r.Runs {
		fmt.Fprintf(&b, "| %s | %d | %s | %s | %s | %s | %d | %d | %.0f | %s | %.1f |\n", run.Scenario, run.Nodes, run.Contender,
			pairs(run.Values), pairs(run.CloudCalls), pairs(run.KubeWrites), run.Conflicts, run.Events, run.PeakMiB, pairs(run.CPU), run.Load)
	}
	return b.String()
}

// summary is the part that one pastes.
func summary(runs []Run) string {
	var b strings.Builder
	b.WriteString("| | Stock | Ours | Floor |\n| --- | ---: | ---: | ---: |\n")
	cell := func(r *Run, of func(Run) string) string {
		if r == nil {
			return "—"
		}
		return of(*r)
	}
	took := func(r Run) string { return number(r.Values[Took]) + " s" }
	row := func(name string, s Scenario, nodes int, of func(Run) string) {
		ours := find(runs, s, Ours, nodes)
		if ours == nil {
			return
		}
		stock := cell(find(runs, s, Stock, nodes), of)
		if s == JoinAtOnce && stock == "—" {
			stock = fmt.Sprintf("≈ %.0f s (extrapolated)", float64(nodes)*stockSecondsPerNode)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", name, stock, of(*ours), cell(find(runs, s, Floor, nodes), of))
	}
	for _, r := range runs {
		if r.Contender != Ours {
			continue
		}
		switch r.Scenario {
		case JoinBefore:
			row(fmt.Sprintf("%d registered nodes initialised", r.Nodes), r.Scenario, r.Nodes, took)
		case JoinAtOnce:
			row(fmt.Sprintf("%d nodes join at once", r.Nodes), r.Scenario, r.Nodes, took)
			if find(runs, r.Scenario, Stock, r.Nodes) != nil || r.Nodes >= batch {
				fmt.Fprintf(&b, "| … cloud calls | %s | %d | |\n", cell(find(runs, r.Scenario, Stock, r.Nodes), func(r Run) string { return fmt.Sprint(sum(r.CloudCalls)) }), sum(r.CloudCalls))
				fmt.Fprintf(&b, "| … Kubernetes writes | %s | %d | |\n", cell(find(runs, r.Scenario, Stock, r.Nodes), func(r Run) string { return fmt.Sprint(r.Writes()) }), r.Writes())
			}
		case NodesJoin, NodesLeave:
			row(fmt.Sprintf("%s among %d, %d Services: updates of load balancers", r.Scenario, r.Nodes, r.Services), r.Scenario, r.Nodes,
				func(r Run) string { return fmt.Sprint(r.CloudCalls["UpdateLoadBalancer"]) })
		case Steady:
			row(fmt.Sprintf("%s, %d nodes, %s s: cloud calls", r.Scenario, r.Nodes, number(r.Values[Window])), r.Scenario, r.Nodes,
				func(r Run) string { return fmt.Sprint(sum(r.CloudCalls)) })
		case NotReady:
			row(fmt.Sprintf("%s of %d nodes, %s s: cloud calls", r.Scenario, r.Nodes, number(r.Values[Window])), r.Scenario, r.Nodes,
				func(r Run) string { return fmt.Sprint(sum(r.CloudCalls)) })
		case Restart:
			row(fmt.Sprintf("%s, %d nodes, %d Services: cloud calls until quiet", r.Scenario, r.Nodes, r.Services), r.Scenario, r.Nodes,
				func(r Run) string { return fmt.Sprintf("%d in %s s", sum(r.CloudCalls), number(r.Values[Took])) })
		case Handover:
			row(fmt.Sprintf("%s, %d nodes: time without a leader", r.Scenario, r.Nodes), r.Scenario, r.Nodes,
				func(r Run) string { return number(r.Values[Leading]) + " s" })
		case Throttled, Errors, Down:
			row(fmt.Sprintf("%s while %d nodes join: cloud calls", r.Scenario, r.Nodes), r.Scenario, r.Nodes,
				func(r Run) string {
					text := fmt.Sprintf("%d in %s s", sum(r.CloudCalls), number(r.Values[AllDone]))
					if left := r.Values[Unfinished]; left > 0 {
						text += fmt.Sprintf(", %s of %d not done", number(left), r.Nodes+r.Services)
					}
					return text
				})
		}
	}
	b.WriteString("\n")
	return b.String()
}
