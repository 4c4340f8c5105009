// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package orphans is the cloud-orphan-controller: it reports objects of the cloud that carry this
// cluster's mark and belong to no Service or Node any more. It deletes them only if it is told to.
package orphans

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/pflag"
	v1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	cpconfig "k8s.io/cloud-provider/config"
	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/app"
	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/common/provider"
)

// Name is the controller's canonical name.
const Name = "cloud-orphan-controller"

// Options are the controller's own flags.
type Options struct {
	// Period is the time between two reports; 0 makes none.
	Period time.Duration
	// Delete deletes what two reports in a row have found.
	Delete bool
}

// Controller describes the controller to the manager.
func Controller() app.Controller {
	o := &Options{Period: time.Hour}
	return app.Controller{
		Name: Name, ClientName: "service-controller", MetricsName: "cloud-orphan", EventSource: Name,
		Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"services", "nodes"}, Verbs: []string{"list"}},
		},
		AddFlags: func(fs *pflag.FlagSet) {
			fs.DurationVar(&o.Period, "orphan-report-period", o.Period, "Look for objects of the cloud that are marked as this cluster's and belong to nothing any more once per this time. 0 never looks.")
			fs.BoolVar(&o.Delete, "delete-orphans", o.Delete, "Delete orphans that two looks in a row have found.")
		},
		Validate:  o.validate,
		New:       func(_ context.Context, d app.Deps) (app.Runnable, error) { return newController(d, *o) },
		Plan:      func(ctx context.Context, d app.Deps) ([]*plan.Plan, error) { return planDeletions(ctx, d, o.Delete) },
		OnceFlag:  "report-orphans",
		OnceUsage: "Print the objects of the cloud that are marked as this cluster's and belong to nothing any more, and exit: with 0 if there are none, with 2 if there are. Nothing is changed.",
		Once:      func(ctx context.Context, d app.Deps) ([]*plan.Plan, error) { return planDeletions(ctx, d, true) },
	}
}

// validate refuses to delete under the default name, which other clusters may have too: their resources
// would look like orphans.
func (o *Options) validate(c *cpconfig.CloudControllerManagerConfiguration) []error {
	var errs []error
	if o.Period < 0 {
		errs = append(errs, fmt.Errorf("orphan-report-period cannot be negative, but got %s", o.Period))
	}
	if name := c.KubeCloudShared.ClusterName; o.Delete && (name == "" || name == "kubernetes") {
		errs = append(errs, fmt.Errorf("delete-orphans needs a --cluster-name of its own, but got %q: other clusters with this name would lose their resources", name))
	}
	return errs
}

var found = metrics.NewGauge(&metrics.GaugeOpts{
	Name: "cloud_provider_orphans",
	Help: "Objects of the cloud that are marked as this cluster's and belong to no Service or Node, at the last look.",
})

var registerMetrics = sync.OnceFunc(func() { legacyregistry.MustRegister(found) })

type controller struct {
	deps    app.Deps
	options Options
	last    map[string]bool // orphans of the last look, by kind and ID
}

func newController(d app.Deps, o Options) (app.Runnable, error) {
	switch {
	case d.Cloud == nil || d.Cloud.Orphans == nil:
		return nil, &app.NotApplicable{Reason: "the provider cannot find orphans"}
	case o.Period == 0:
		return nil, &app.NotApplicable{Reason: "--orphan-report-period=0"}
	}
	registerMetrics()
	return &controller{deps: d, options: o}, nil
}

// Run looks once per period, the first time a period after the start.
func (c *controller) Run(accept, work context.Context) error {
	work = klog.NewContext(work, klog.FromContext(work).WithName(Name))
	ticker := c.deps.Clock.NewTicker(c.options.Period)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C():
			c.look(work)
		case <-accept.Done():
			return nil
		}
	}
}

func key(o provider.Orphan) string { return o.Kind + " " + o.ID }

// look reports orphans, and deletes those that it saw before.
func (c *controller) look(ctx context.Context) {
	log := klog.FromContext(ctx)
	list, err := find(ctx, c.deps)
	if err != nil {
		log.Error(err, "Orphans not looked for; next try in the next period")
		return
	}
	found.Set(float64(len(list)))
	seen := map[string]bool{}
	for _, o := range list {
		seen[key(o)] = true
		if !c.options.Delete || !c.last[key(o)] {
			log.Info("Orphan in the cloud", "kind", o.Kind, "name", o.Name, "id", o.ID, "owner", o.Owner)
			continue
		}
		if err := c.deps.Gate.Check(); err != nil {
			log.Info("Orphan not deleted", "err", err)
			return
		}
		if err := c.deps.Cloud.Orphans.DeleteOrphan(ctx, c.deps.Config.KubeCloudShared.ClusterName, o); err != nil {
			log.Error(err, "Orphan not deleted; will retry", "kind", o.Kind, "name", o.Name, "id", o.ID)
			continue
		}
		log.Info("Deleted orphan", "kind", o.Kind, "name", o.Name, "id", o.ID, "owner", o.Owner)
	}
	c.last = seen
}

// find returns what the cloud has for owners that neither a look before nor one after it knows: a
// Service that is created or deleted meanwhile makes no orphan.
func find(ctx context.Context, d app.Deps) ([]provider.Orphan, error) {
	cluster := d.Config.KubeCloudShared.ClusterName
	list := func() ([]provider.Orphan, error) {
		owned, err := owners(ctx, d)
		if err != nil {
			return nil, err
		}
		orphans, err := d.Cloud.Orphans.ListOrphans(ctx, cluster, owned)
		if err != nil {
			return nil, fmt.Errorf("list orphans: %w", err)
		}
		return orphans, nil
	}
	first, err := list()
	if err != nil || len(first) == 0 {
		return nil, err
	}
	second, err := list()
	if err != nil {
		return nil, err
	}
	before := map[string]bool{}
	for _, o := range first {
		before[key(o)] = true
	}
	var both []provider.Orphan
	for _, o := range second {
		if before[key(o)] {
			both = append(both, o)
		}
	}
	return both, nil
}

// owners reads what exists from the API server: a stale cache would make orphans of what is new.
func owners(ctx context.Context, d app.Deps) (provider.Owned, error) {
	owned := provider.Owned{ServiceUIDs: map[string]bool{}, NodeNames: map[string]bool{}}
	services, err := d.Client.CoreV1().Services(v1.NamespaceAll).List(ctx, metav1.ListOptions{})
	if err != nil {
		return owned, fmt.Errorf("list services: %w", err)
	}
	for i := range services.Items {
		owned.ServiceUIDs[string(services.Items[i].UID)] = true
	}
	nodes, err := d.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return owned, fmt.Errorf("list nodes: %w", err)
	}
	for i := range nodes.Items {
		owned.NodeNames[nodes.Items[i].Name] = true
	}
	return owned, nil
}

// planDeletions returns the deletion of each orphan; none unless asked for.
func planDeletions(ctx context.Context, d app.Deps, asked bool) ([]*plan.Plan, error) {
	if d.Cloud == nil || d.Cloud.Orphans == nil {
		return nil, &app.NotApplicable{Reason: "the provider cannot find orphans"}
	}
	if !asked {
		return nil, nil
	}
	list, err := find(ctx, d)
	if err != nil {
		return nil, err
	}
	p := &plan.Plan{Subject: plan.Subject{Kind: "Cluster", Name: d.Config.KubeCloudShared.ClusterName}}
	for _, o := range list {
		p.Add(plan.Change{ID: key(o), Operation: plan.Delete, Object: plan.Object{Kind: o.Kind, Name: o.Name, ID: o.ID},
			Reason: "its owner does not exist any more: " + o.Owner})
	}
	return []*plan.Plan{p}, nil
}
