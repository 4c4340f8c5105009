// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package service

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	servicehelpers "k8s.io/cloud-provider/service/helpers"

	"sigs.k8s.io/cloud-providers/common/app"
	"sigs.k8s.io/cloud-providers/common/controllers/nodes"
	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/common/provider"
)

// planServices returns what the controller would change for each Service, with one bulk read.
func planServices(ctx context.Context, d app.Deps, o Options) ([]*plan.Plan, error) {
	if d.Cloud == nil || !d.Cloud.HasLoadBalancers() {
		return nil, nil
	}
	lb := d.Cloud.LoadBalancers
	if lb == nil {
		return nil, fmt.Errorf("provider %q cannot plan load balancers, so there is no dry run for Services; leave them out with --controllers=*,-service-lb-controller", d.Cloud.Interface.ProviderName())
	}
	services, err := d.Client.CoreV1().Services(metav1.NamespaceAll).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list services: %w", err)
	}
	hosts, err := eligibleNow(ctx, d)
	if err != nil {
		return nil, err
	}
	var ours []provider.LoadBalancerInput
	cluster := d.Config.KubeCloudShared.ClusterName
	for i := range services.Items {
		s := &services.Items[i]
		if decide(s, o.Class) != nothing && lb.Responsible(s) {
			ours = append(ours, provider.LoadBalancerInput{ClusterName: cluster, Service: s, Nodes: hosts})
		}
	}
	actual, err := observeAll(ctx, lb, ours)
	if err != nil {
		return nil, err
	}
	plans := make([]*plan.Plan, len(ours))
	for i, in := range ours {
		s := in.Service
		if leftClass(s, o.Class) && !lb.Exists(actual[i]) { // never of our class: its finalizer is somebody else's
			plans[i] = provider.ServicePlan(s, nil)
			continue
		}
		plans[i] = planService(lb, in, actual[i], decide(s, o.Class))
	}
	return plans, nil
}

func eligibleNow(ctx context.Context, d app.Deps) ([]*v1.Node, error) {
	list, err := d.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	var hosts []*v1.Node
	for i := range list.Items {
		if nodes.TakesTraffic(&list.Items[i]) {
			hosts = append(hosts, &list.Items[i])
		}
	}
	slices.SortFunc(hosts, func(a, b *v1.Node) int { return strings.Compare(a.Name, b.Name) })
	return hosts, nil
}

func planService(lb provider.PlannedLoadBalancers, in provider.LoadBalancerInput, actual any, what action) *plan.Plan {
	if what == cleanUp {
		p := provider.ServicePlan(in.Service, nil)
		if lb.Exists(actual) {
			p.Add(lb.Remove(actual)...)
		}
		return p.Add(serviceChange(in.Service, "its load balancer is no longer wanted", plan.Field{Path: "metadata.finalizers", From: finalizer}))
	}
	wanted, err := lb.Build(in)
	if err != nil {
		p := provider.ServicePlan(in.Service, nil)
		p.Problem = err.Error()
		return p
	}
	changes, err := lb.Diff(wanted, actual)
	p := provider.ServicePlan(in.Service, changes)
	if err != nil {
		p.Problem = err.Error()
		return p
	}
	if !servicehelpers.HasLBFinalizer(in.Service) {
		p.Add(serviceChange(in.Service, "its load balancer has to be deleted before it", plan.Field{Path: "metadata.finalizers", To: finalizer}))
	}
	if report := lb.Report(wanted, actual); lb.Exists(actual) {
		p.Add(publication(in.Service, report)...)
	}
	return p
}

// publication is what a report changes of a Service.
func publication(s *v1.Service, report provider.LoadBalancerReport) []plan.Change {
	var fields []plan.Field
	if report.Status != nil && !statusEqual(report.Status, &s.Status.LoadBalancer) {
		fields = append(fields, plan.Field{Path: "status.loadBalancer", From: ingressText(&s.Status.LoadBalancer), To: ingressText(report.Status)})
	}
	for _, key := range slices.Sorted(maps.Keys(report.Annotations)) {
		if have, want := s.Annotations[key], report.Annotations[key]; have != want {
			fields = append(fields, plan.Field{Path: "metadata.annotations[" + key + "]", From: have, To: want})
		}
	}
	if len(fields) == 0 {
		return nil
	}
	return []plan.Change{{ID: "status", Operation: plan.Update, Object: plan.Object{Kind: "Service", Name: s.Name}, Reason: "its status is not the load balancer's", Fields: fields}}
}

func serviceChange(s *v1.Service, reason string, f plan.Field) plan.Change {
	return plan.Change{ID: f.Path, Operation: plan.Update, Object: plan.Object{Kind: "Service", Name: s.Name}, Reason: reason, Fields: []plan.Field{f}}
}

func ingressText(status *v1.LoadBalancerStatus) string {
	var parts []string
	for _, i := range status.Ingress {
		parts = append(parts, i.IP+i.Hostname)
	}
	return strings.Join(parts, ", ")
}
