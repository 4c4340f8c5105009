// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package nodelifecycle is the cloud-node-lifecycle-controller. It deletes Nodes whose instance is gone
// and taints those whose instance is stopped. It asks the cloud one batched question per period, about
// the Nodes that are not Ready, and believes "gone" only under the deletion guard.
package nodelifecycle

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/spf13/pflag"
	v1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	corelisters "k8s.io/client-go/listers/core/v1"
	cpconfig "k8s.io/cloud-provider/config"
	"k8s.io/cloud-provider/names"
	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/app"
	"sigs.k8s.io/cloud-providers/common/controllers/nodes"
	"sigs.k8s.io/cloud-providers/common/instances"
	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/common/provider"
)

// Options are the controller's own flags.
type Options struct {
	// Confirmations is how often the cloud must have said that an instance is gone.
	Confirmations int
	// MinAge is how old a Node must be.
	MinAge time.Duration
	// MinNotReady is for how long it must not have been Ready.
	MinNotReady time.Duration
	// MaxFraction of all Nodes may be deleted in 10 minutes from a zone without Ready Nodes.
	MaxFraction float64
	// Uninitialized says whether Nodes may be deleted that were never initialised, by their name alone:
	// true, false, or auto.
	Uninitialized string
	// BackoffAfter is for how long an unchanged Node that is not Ready is asked about in each period.
	BackoffAfter time.Duration
}

func defaults() Options {
	return Options{Confirmations: 2, MinAge: 2 * time.Minute, MaxFraction: 0.2, Uninitialized: auto, BackoffAfter: 5 * time.Minute}
}

func (o *Options) addFlags(fs *pflag.FlagSet) {
	fs.IntVar(&o.Confirmations, "node-deletion-confirmations", o.Confirmations, "How often, at least 5 s apart, the cloud must have said that a Node's instance does not exist before the Node is deleted.")
	fs.DurationVar(&o.MinAge, "node-deletion-min-age", o.MinAge, "Nodes younger than this are not deleted: clouds may not know a new instance yet.")
	fs.StringVar(&o.Uninitialized, "node-deletion-uninitialized", o.Uninitialized, "Whether a Node that was never initialised is deleted when the cloud knows no instance of its name: true, false, or auto, which is true unless --leader-elect-resource-name is set, as it is where managers of several providers share a cluster.")
	fs.DurationVar(&o.MinNotReady, "node-deletion-min-not-ready", o.MinNotReady, "For how long a Node must not have been Ready before it is deleted.")
	fs.Float64Var(&o.MaxFraction, "node-deletion-max-fraction", o.MaxFraction, "Share of all Nodes that may be deleted within 10 minutes from a zone in which no Node is Ready; 10 Nodes always may. Beyond it deletion pauses there until a Node of the zone is Ready or each Node is approved by annotation "+approveDeletion+"=<UID of the Node>.")
}

// auto deletes uninitialised Nodes unless the manager's lease has a name of its own, which is how managers
// of several providers share a cluster: what one does not know by name may be another's.
const auto = "auto"

func (o Options) resolve(lease string) Options {
	if o.Uninitialized == auto {
		o.Uninitialized = strconv.FormatBool(lease == "cloud-controller-manager")
	}
	return o
}

func (o *Options) validate(c *cpconfig.CloudControllerManagerConfiguration) []error {
	var errs []error
	if n := c.NodeLifecycleController.ConcurrentNodeLifecycleSyncs; n < 1 {
		errs = append(errs, fmt.Errorf("concurrent-node-lifecycle-syncs must be at least 1, but got %d", n))
	}
	if p := c.NodeLifecycleController.NodeMonitorPeriod.Duration; p <= 0 {
		errs = append(errs, fmt.Errorf("node-monitor-period must be positive, but got %s", p))
	}
	if o.Uninitialized != auto && o.Uninitialized != "true" && o.Uninitialized != "false" {
		errs = append(errs, fmt.Errorf("node-deletion-uninitialized must be auto, true or false, but got %q", o.Uninitialized))
	}
	if o.Confirmations < 1 {
		errs = append(errs, fmt.Errorf("node-deletion-confirmations must be at least 1, but got %d", o.Confirmations))
	}
	if o.MaxFraction < 0 || o.MaxFraction > 1 {
		errs = append(errs, fmt.Errorf("node-deletion-max-fraction must be between 0 and 1, but got %g", o.MaxFraction))
	}
	return errs
}

// Controller describes the controller to the manager.
func Controller() app.Controller {
	o := defaults()
	return app.Controller{
		Name: names.CloudNodeLifecycleController, Aliases: []string{"cloud-node-lifecycle"},
		ClientName: "node-controller", MetricsName: "cloud-node-lifecycle", EventSource: "cloud-node-lifecycle-controller",
		Capability: provider.CapabilityInstances,
		Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"get", "list", "watch", "patch", "delete"}},
		},
		AddFlags: o.addFlags,
		Validate: o.validate,
		New:      func(_ context.Context, d app.Deps) (app.Runnable, error) { return newController(d, o) },
		Plan: func(ctx context.Context, d app.Deps) ([]*plan.Plan, error) {
			return planNodes(ctx, d, o.resolve(d.Config.Generic.LeaderElection.ResourceName))
		},
	}
}

type controller struct {
	deps    app.Deps
	options Options
	lister  corelisters.NodeLister

	// Owned by the goroutine of Run.
	pass     int
	evidence map[types.UID]*evidence
	deleted  map[string][]time.Time // by zone
}

func newController(d app.Deps, o Options) (app.Runnable, error) {
	if d.Cloud == nil || d.Cloud.Instances == nil {
		return nil, &app.NotApplicable{Reason: "the provider has no instances"}
	}
	registerMetrics()
	return &controller{
		deps: d, options: o.resolve(d.Config.Generic.LeaderElection.ResourceName), lister: d.Informers.Core().V1().Nodes().Lister(),
		evidence: map[types.UID]*evidence{}, deleted: map[string][]time.Time{},
	}, nil
}

// Run makes a pass per --node-monitor-period, counted from the end of the last one.
func (c *controller) Run(accept, work context.Context) error {
	log := klog.FromContext(work).WithName(names.CloudNodeLifecycleController)
	work = klog.NewContext(work, log)
	period := c.deps.Config.NodeLifecycleController.NodeMonitorPeriod.Duration
	timer := c.deps.Clock.NewTimer(period)
	defer timer.Stop()
	for {
		start := c.deps.Clock.Now()
		c.monitor(work)
		monitorDuration.Observe(c.deps.Clock.Since(start).Seconds())
		timer.Reset(period)
		select {
		case <-timer.C():
		case <-accept.Done():
			return nil
		}
	}
}

// monitor makes one pass over all Nodes.
func (c *controller) monitor(ctx context.Context) {
	all, err := c.lister.List(labels.Everything())
	if err != nil {
		return // a lister over a cache does not fail
	}
	now := c.deps.Clock.Now()
	var suspects []*v1.Node
	known := map[types.UID]bool{}
	ready := map[string][]*v1.Node{}
	for _, node := range all {
		if nodes.Ready(node) {
			ready[nodes.Zone(node)] = append(ready[nodes.Zone(node)], node)
			if hasShutdownTaint(node) {
				c.setShutdownTaint(ctx, node, false)
			}
			continue
		}
		known[node.UID] = true
		if due(c.evidence[node.UID], now, c.pass, c.options) {
			suspects = append(suspects, node)
		}
	}
	for uid := range c.evidence {
		if !known[uid] { // Ready again, or gone
			delete(c.evidence, uid)
		}
	}
	c.pass++
	if len(suspects) > 0 {
		c.examine(ctx, suspects, ready, len(all))
	}
	c.reportPaused()
}

// examine asks about all suspects, and about controls where a deletion is at stake: in one question, or in
// several that each carry the controls if they are too many for one.
func (c *controller) examine(ctx context.Context, suspects []*v1.Node, ready map[string][]*v1.Node, clusterSize int) {
	controls := c.controls(suspects, ready)
	size := len(suspects)
	if batch := c.deps.Instances.Limits().BatchSize; !c.deps.Instances.PerObject() && batch > 2*len(controls) {
		size = min(size, batch-len(controls))
	}
	for len(suspects) > 0 {
		n := min(size, len(suspects))
		c.judge(ctx, suspects[:n], controls, clusterSize)
		suspects = suspects[n:]
	}
}

// judge asks one question and acts on the answers.
func (c *controller) judge(ctx context.Context, suspects, controls []*v1.Node, clusterSize int) {
	answers := c.ask(ctx, append(append([]*v1.Node(nil), suspects...), controls...))
	now := c.deps.Clock.Now()
	zones := map[string]*zoneEvidence{}
	zoneOf := func(n *v1.Node) *zoneEvidence {
		z := nodes.Zone(n)
		if zones[z] == nil {
			zones[z] = &zoneEvidence{deleted: len(c.recent(z, now))}
		}
		return zones[z]
	}
	for i, n := range controls {
		z := zoneOf(n)
		z.controls++
		switch answers[len(suspects)+i].State {
		case provider.InstanceFound:
			z.seen++
		case provider.InstanceNotFound:
			z.absent++
		}
	}
	c.each(suspects, func(i int) bool { return answers[i].State == provider.InstanceNotFound },
		func(i int) func() { return c.absent(ctx, suspects[i], zoneOf(suspects[i]), now, clusterSize) })
	c.each(suspects, func(i int) bool { return answers[i].State != provider.InstanceNotFound },
		func(i int) func() { return c.present(ctx, suspects[i], answers[i], now) })
}

// each decides for the selected suspects one after another, since one decision counts for the next, and
// carries out what was decided in --concurrent-node-lifecycle-syncs goroutines.
func (c *controller) each(suspects []*v1.Node, selected func(int) bool, decide func(int) func()) {
	todo := make(chan func())
	var wg sync.WaitGroup
	for range max(1, int(c.deps.Config.NodeLifecycleController.ConcurrentNodeLifecycleSyncs)) {
		wg.Go(func() {
			for do := range todo {
				do()
			}
		})
	}
	for i := range suspects {
		if selected(i) {
			if do := decide(i); do != nil {
				todo <- do
			}
		}
	}
	close(todo)
	wg.Wait()
}

// controls returns up to three Ready Nodes of each zone in which a suspect may be about to be deleted.
func (c *controller) controls(suspects []*v1.Node, ready map[string][]*v1.Node) []*v1.Node {
	var controls []*v1.Node
	done := map[string]bool{}
	for _, s := range suspects {
		zone := nodes.Zone(s)
		confirmations := 0
		if e := c.evidence[s.UID]; e != nil {
			confirmations = e.confirmations
		}
		if done[zone] || confirmations+1 < c.options.Confirmations {
			continue
		}
		done[zone] = true
		n := 0
		for _, r := range ready[zone] {
			if n < maxControls && r.Spec.ProviderID != "" && provider.Scheme(r.Spec.ProviderID) == provider.Scheme(s.Spec.ProviderID) {
				controls = append(controls, r)
				n++
			}
		}
	}
	return controls
}

// ask looks the Nodes up uncached: a batched provider in one question, a plain one in
// --concurrent-node-lifecycle-syncs goroutines.
func (c *controller) ask(ctx context.Context, all []*v1.Node) []provider.InstanceAnswer {
	refs := make([]provider.InstanceRef, len(all))
	for i, n := range all {
		refs[i] = provider.RefOf(n)
		refs[i].Want = provider.FactsExistence
	}
	read := instances.Read{Reader: "lifecycle", Immediate: true}
	answers := make([]provider.InstanceAnswer, len(all))
	if !c.deps.Instances.PerObject() {
		answers = c.deps.Instances.Lookup(ctx, refs, read)
	} else {
		indices := make(chan int)
		var wg sync.WaitGroup
		for range max(1, int(c.deps.Config.NodeLifecycleController.ConcurrentNodeLifecycleSyncs)) {
			wg.Go(func() {
				for i := range indices {
					answers[i] = c.deps.Instances.Lookup(ctx, refs[i:i+1], read)[0]
				}
			})
		}
		for i := range refs {
			indices <- i
		}
		close(indices)
		wg.Wait()
	}
	for _, a := range answers {
		countAnswer(a)
	}
	return answers
}
