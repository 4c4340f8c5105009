// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build scale

package scale

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/test/cluster"
	"sigs.k8s.io/cloud-providers/test/system"
)

// maxPoints bounds what a run keeps for the plot.
const maxPoints = 150

// phase is a scenario that is under way.
type phase struct {
	*world
	run   Run
	start time.Time
	mark  cluster.AuditMark
	cpu   map[string]float64
	calls api.CallLog // set by end
	wrote cluster.Requests
}

// begin starts counting.
func (w *world) begin(s Scenario, nodes int) *phase {
	w.t.Helper()
	p := &phase{world: w, run: Run{Scenario: s, Contender: w.contender, Nodes: nodes, Services: w.services,
		Date: time.Now().UTC().Truncate(time.Second), Load: load(), Values: map[string]float64{}}}
	var err error
	if p.mark, err = w.cluster.Audit().Mark(); err != nil {
		w.t.Fatal(err)
	}
	if err := w.cloud.Admin().ResetCalls(w.ctx); err != nil {
		w.t.Fatal(err)
	}
	p.cpu = w.cpuSeconds()
	p.start = time.Now()
	return p
}

// since is how long the phase has lasted, in seconds.
func (p *phase) since() float64 { return time.Since(p.start).Seconds() }

// end takes what was counted and records the run. What is left to be found out from the calls may be
// given as functions.
func (p *phase) end(more ...func()) {
	p.t.Helper()
	after := p.cpuSeconds()
	p.run.CPU = map[string]float64{}
	for name, seconds := range after {
		used := seconds - p.cpu[name]
		if used < 0 { // another process than at the beginning
			used = seconds
		}
		p.run.CPU[name] = float64(int(used*100)) / 100
	}
	if p.manager != nil {
		p.run.PeakMiB = peakMiB(p.manager.PID())
	}
	p.countCalls()
	p.countWrites()
	for _, f := range more {
		f()
	}
	record(p.t, p.run)
}

func (p *phase) countCalls() {
	p.t.Helper()
	log, err := p.cloud.Admin().Calls(p.ctx)
	if err != nil {
		p.t.Fatal(err)
	}
	p.calls, p.run.CloudCalls = log, log.Counts
	var moments []time.Time
	disturbed := 0
	for _, c := range log.Calls {
		moments = append(moments, c.Began)
		if c.Status < 200 || c.Status > 299 {
			disturbed++
		}
	}
	p.run.Calls = cumulate(moments, p.start, maxPoints)
	if disturbed > 0 {
		p.run.Values[Disturbed] = float64(disturbed)
	}
}

// countWrites counts what the manager, or the floor, wrote.
func (p *phase) countWrites() {
	p.t.Helper()
	requests, err := p.cluster.Audit().Since(p.mark)
	if err != nil {
		p.t.Fatal(err)
	}
	user := system.ManagerUser
	if p.contender == Floor {
		user = floorUser
	}
	p.wrote = requests.ByUser(user).Writes()
	p.run.KubeWrites = map[string]int{}
	for _, r := range p.wrote {
		switch {
		case r.Resource == "leases" || r.Group == "authorization.k8s.io" || r.Group == "authentication.k8s.io": // questions, not writes
		case r.Resource == "events":
			p.run.Events++
		case r.Code == http.StatusConflict:
			p.run.Conflicts++
		case r.Code < 300:
			what := r.Verb + " " + r.Resource
			if r.Subresource != "" {
				what += "/" + r.Subresource
			}
			p.run.KubeWrites[what]++
			if r.Verb == "delete" && r.Resource == "nodes" {
				p.run.Values[NodesDeleted]++
			}
		default:
			p.run.KubeWrites[fmt.Sprintf("%s %s refused with %d", r.Verb, r.Resource, r.Code)]++
		}
	}
}

// joined takes the times of nodes that registered since a moment.
func (p *phase) joined(since time.Time) {
	var moments []time.Time
	var lags []float64
	var last, lastRegistered time.Time
	for _, s := range p.watch.all(since) {
		if s.registered.After(lastRegistered) {
			lastRegistered = s.registered
		}
		if s.initialised.IsZero() {
			continue
		}
		moments = append(moments, s.initialised)
		lags = append(lags, s.initialised.Sub(s.registered).Seconds())
		if s.initialised.After(last) {
			last = s.initialised
		}
	}
	p.run.Values[Took] = last.Sub(p.start).Seconds()
	p.run.Values[Registered] = lastRegistered.Sub(p.start).Seconds()
	p.run.Values[Lag], p.run.Values[LagMax] = quantile(lags, 0.5), quantile(lags, 1)
	p.run.Initialised = cumulate(moments, p.start, maxPoints)
}

// cpuSeconds returns what the programs have used so far.
func (w *world) cpuSeconds() map[string]float64 {
	pids := map[string]int{"bench": os.Getpid(), "cloud": w.cloud.PID()}
	if w.manager != nil {
		pids["manager"] = w.manager.PID()
	}
	for _, s := range w.cluster.Status() {
		pids[string(s.Component)] = s.PID
	}
	used := map[string]float64{}
	for name, pid := range pids {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue // it ended
		}
		_, rest, _ := bytes.Cut(stat, []byte(") "))
		fields := strings.Fields(string(rest))
		if len(fields) < 13 {
			continue
		}
		user, _ := strconv.ParseFloat(fields[11], 64)
		kernel, _ := strconv.ParseFloat(fields[12], 64)
		used[name] = (user + kernel) / 100 // ticks of 10 ms
	}
	return used
}

// peakMiB is the largest resident memory of a process so far.
func peakMiB(pid int) float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.ParseFloat(strings.Fields(v)[0], 64)
			return float64(int(kib/1024*10)) / 10
		}
	}
	return 0
}

// load is the machine's load average over a minute.
func load() float64 {
	content, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	v, _ := strconv.ParseFloat(strings.Fields(string(content))[0], 64)
	return v
}

// profile records the manager's CPU profile for some seconds, as an administrator; wait for it by the
// returned function.
func (w *world) profile(name string, seconds int) (wait func()) {
	if w.settings.Profile == "" {
		return func() {}
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := w.fetchProfile(w.ctx, name, seconds); err != nil {
			w.t.Log(err)
		}
	})
	return wg.Wait
}

func (w *world) fetchProfile(ctx context.Context, name string, seconds int) error {
	admin, err := w.cluster.RESTConfig(cluster.AdminUser, cluster.AdminGroup)
	if err != nil {
		return err
	}
	var body string
	for try := 0; ; try++ { // it takes a moment until the manager knows whom to trust
		if body, err = w.manager.GetAs(ctx, admin, fmt.Sprint("/debug/pprof/profile?seconds=", seconds)); err == nil {
			break
		}
		if try == 20 {
			return fmt.Errorf("profile: %w", err)
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return os.WriteFile(filepath.Join(w.settings.Profile, name+"-"+string(w.contender)+".pprof"), []byte(body), 0o644)
}
