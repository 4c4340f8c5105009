// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/common/provider"
)

// dryRunReach is how long a dry run waits for API server, cloud and caches: a person is waiting.
const dryRunReach = 30 * time.Second

// dryRun prints what the controllers would change and changes nothing: no lease, no event, no service
// account. The Kubernetes clients refuse to write, and the gate refuses changes to the cloud.
func dryRun(ctx context.Context, s *settings) error {
	m := newManager(s)
	m.openContexts(ctx)
	defer m.closeContexts()
	s.gate.Close()
	if err := m.construct(ctx); err != nil {
		return err
	}
	if err := m.reachOnce(ctx); err != nil {
		return err
	}
	m.initialiseCloud()
	chosen, err := m.plannable()
	if err != nil {
		return err
	}
	if err := m.fillCaches(ctx); err != nil {
		return err
	}
	plans, err := m.plan(ctx, chosen)
	if err != nil {
		return err
	}
	return report(s, plans)
}

// reachOnce tries API server and cloud for a short while and then gives up, unlike a manager.
func (m *manager) reachOnce(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, dryRunReach)
	defer cancel()
	if err := m.reach(limited); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, c := range []*condition{m.apiserver, m.cloudReached} {
		if err := c.get(); err != nil {
			return err
		}
	}
	return nil
}

// plannable returns the controllers that run, and refuses what cannot plan. A OnceFlag chooses its
// controller alone, whatever --controllers says.
func (m *manager) plannable() ([]Controller, error) {
	var chosen []Controller
	if name := m.options.own.onceController(); name != "" {
		c := *find(m.program.Controllers, name)
		c.Plan = c.Once
		return []Controller{c}, nil
	}
	for _, c := range m.program.Controllers {
		if m.off(c) != "" {
			continue
		}
		if c.Capability == provider.CapabilityLoadBalancer && m.cloudView != nil && m.cloudView.PlainLoadBalancer != nil {
			return nil, fmt.Errorf("--dry-run: the provider %s cannot plan load balancers; leave %s out with --controllers=*,-%s to see the rest", m.program.ProviderName, c.Name, c.Name)
		}
		if c.Plan == nil {
			return nil, fmt.Errorf("--dry-run: %s cannot plan; leave it out with --controllers=*,-%s to see the rest", c.Name, c.Name)
		}
		chosen = append(chosen, c)
	}
	return chosen, nil
}

// fillCaches reads the Nodes and Services that controllers plan for.
func (m *manager) fillCaches(ctx context.Context) error {
	nodes, services := m.informers.Core().V1().Nodes().Informer(), m.informers.Core().V1().Services().Informer()
	m.informers.Start(m.background.Done())
	limited, cancel := context.WithTimeout(ctx, dryRunReach)
	defer cancel()
	m.informers.WaitForCacheSync(limited.Done())
	var missing []string
	if !nodes.HasSynced() {
		missing = append(missing, "Nodes")
	}
	if !services.HasSynced() {
		missing = append(missing, "Services")
	}
	if len(missing) > 0 {
		return fmt.Errorf("%s could not be read within %s; does this identity have list and watch on them?", strings.Join(missing, " and "), dryRunReach)
	}
	return nil
}

// plan asks every controller.
func (m *manager) plan(ctx context.Context, chosen []Controller) ([]*plan.Plan, error) {
	var plans []*plan.Plan
	for _, c := range chosen {
		client, bulk, err := m.clients.controller(c.ClientName)
		if err != nil {
			return nil, err
		}
		deps := m.newDeps(client, bulk)
		deps.Events = silent{}
		some, err := c.Plan(klog.NewContext(ctx, klog.FromContext(ctx).WithValues("controller", c.Name)), deps)
		var nothing *NotApplicable
		if errors.As(err, &nothing) {
			klog.FromContext(ctx).Info("Nothing to plan for a controller", "controller", c.Name, "reason", nothing.Reason)
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
		plans = append(plans, some...)
	}
	plans = plan.Merge(plans)
	plan.Sort(plans)
	return plans, nil
}

// report prints plans and says by its error what they amount to.
func report(s *settings, plans []*plan.Plan) error {
	show := plan.Print
	if s.options.own.dryRunOutput == "json" {
		show = plan.PrintJSON
	}
	if err := show(s.out, plans); err != nil {
		return fmt.Errorf("printing the plan: %w", err)
	}
	changes, problems := plan.Pending(plans)
	switch {
	case problems:
		return errors.New("some objects cannot be planned; see the lines with !")
	case changes:
		return errPending
	}
	return nil
}
