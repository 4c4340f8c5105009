// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"fmt"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	cloudprovider "k8s.io/cloud-provider"

	"sigs.k8s.io/cloud-providers/common/plan"
)

// StockInstances makes the stock contract of batched instances, for running in the stock manager.
func StockInstances(batch Instances) cloudprovider.InstancesV2 { return stockInstances{batch} }

type stockInstances struct{ batch Instances }

func (s stockInstances) ask(ctx context.Context, node *v1.Node, want Facts) (InstanceAnswer, error) {
	ref := RefOf(node)
	ref.Want = want
	answers, err := s.batch.LookupInstances(ctx, []InstanceRef{ref})
	if err != nil {
		return InstanceAnswer{}, fmt.Errorf("instance of node %s: %w", node.Name, err)
	}
	if a := answers[0]; a.State == InstanceUnknown {
		if a.Err == nil {
			a.Err = errors.New("the cloud gave no answer")
		}
		return a, fmt.Errorf("instance of node %s: %w", node.Name, a.Err)
	}
	return answers[0], nil
}

// InstanceExists answers true for foreign instances: they are not ours to delete.
func (s stockInstances) InstanceExists(ctx context.Context, node *v1.Node) (bool, error) {
	a, err := s.ask(ctx, node, FactsExistence)
	return a.State != InstanceNotFound, err
}

func (s stockInstances) InstanceShutdown(ctx context.Context, node *v1.Node) (bool, error) {
	a, err := s.ask(ctx, node, FactsExistence)
	return a.State == InstanceFound && a.Instance.Power == PowerStopped, err
}

// InstanceMetadata answers nil for a foreign Node that waits for its own provider, and an empty struct
// once it is initialised: the stock controller crashes on nil then.
func (s stockInstances) InstanceMetadata(ctx context.Context, node *v1.Node) (*cloudprovider.InstanceMetadata, error) {
	a, err := s.ask(ctx, node, FactsMetadata)
	if err != nil {
		return nil, err
	}
	switch a.State {
	case InstanceNotFound:
		return nil, cloudprovider.InstanceNotFound
	case InstanceForeign:
		if node.Spec.ProviderID == "" || hasTaint(node, uninitialized) {
			return nil, nil
		}
		return &cloudprovider.InstanceMetadata{ProviderID: node.Spec.ProviderID}, nil
	}
	i := a.Instance
	return &cloudprovider.InstanceMetadata{
		ProviderID: i.ProviderID, InstanceType: i.Type, NodeAddresses: i.Addresses,
		Zone: i.Zone, Region: i.Region, AdditionalLabels: i.Labels,
	}, nil
}

// uninitialized is the key of the taint that waits for the cloud provider.
const uninitialized = "node.cloudprovider.kubernetes.io/uninitialized"

func hasTaint(node *v1.Node, key string) bool {
	for _, t := range node.Spec.Taints {
		if t.Key == key {
			return true
		}
	}
	return false
}

// StockLoadBalancer makes the stock contract of planned load balancers.
func StockLoadBalancer(planned PlannedLoadBalancers) cloudprovider.LoadBalancer {
	return stockLoadBalancer{planned}
}

type stockLoadBalancer struct{ lb PlannedLoadBalancers }

func (s stockLoadBalancer) observe(ctx context.Context, in LoadBalancerInput) (any, error) {
	actual, err := s.lb.Observe(ctx, []LoadBalancerInput{in})
	if err != nil {
		return nil, err
	}
	return actual[0], nil
}

func (s stockLoadBalancer) GetLoadBalancer(ctx context.Context, cluster string, service *v1.Service) (*v1.LoadBalancerStatus, bool, error) {
	in := LoadBalancerInput{ClusterName: cluster, Service: service}
	actual, err := s.observe(ctx, in)
	if err != nil || !s.lb.Exists(actual) {
		return nil, false, err
	}
	status := service.Status.LoadBalancer.DeepCopy()
	if wanted, err := s.lb.Build(in); err == nil {
		if r := s.lb.Report(wanted, actual); r.Status != nil {
			status = r.Status
		}
	}
	return status, true, nil
}

func (s stockLoadBalancer) GetLoadBalancerName(_ context.Context, cluster string, service *v1.Service) string {
	return s.lb.LoadBalancerName(cluster, service)
}

func (s stockLoadBalancer) EnsureLoadBalancer(ctx context.Context, cluster string, service *v1.Service, nodes []*v1.Node) (*v1.LoadBalancerStatus, error) {
	if !s.lb.Responsible(service) {
		return nil, cloudprovider.ImplementedElsewhere
	}
	in := LoadBalancerInput{ClusterName: cluster, Service: service, Nodes: nodes}
	wanted, err := s.lb.Build(in)
	if err != nil {
		return nil, err
	}
	actual, err := s.observe(ctx, in)
	if err != nil {
		return nil, err
	}
	changes, err := s.lb.Diff(wanted, actual)
	if err != nil {
		return nil, err
	}
	actual, err = s.lb.Apply(ctx, actual, ServicePlan(service, changes), plan.Options{})
	if err != nil {
		return nil, err
	}
	report := s.lb.Report(wanted, actual)
	if report.Status == nil {
		return service.Status.LoadBalancer.DeepCopy(), nil
	}
	return report.Status, nil
}

func (s stockLoadBalancer) UpdateLoadBalancer(ctx context.Context, cluster string, service *v1.Service, nodes []*v1.Node) error {
	_, err := s.EnsureLoadBalancer(ctx, cluster, service, nodes)
	return err
}

func (s stockLoadBalancer) EnsureLoadBalancerDeleted(ctx context.Context, cluster string, service *v1.Service) error {
	actual, err := s.observe(ctx, LoadBalancerInput{ClusterName: cluster, Service: service})
	if err != nil {
		return err
	}
	_, err = s.lb.Apply(ctx, actual, ServicePlan(service, s.lb.Remove(actual)), plan.Options{})
	return err
}

// ServicePlan returns a Service's plan with those changes.
func ServicePlan(service *v1.Service, changes []plan.Change) *plan.Plan {
	return &plan.Plan{
		Subject: plan.Subject{Kind: "Service", Namespace: service.Namespace, Name: service.Name},
		Changes: changes,
	}
}

// StockRoutes makes the stock contract of batched routes. Foreign routes are not shown to it: it would
// delete them.
func StockRoutes(batch Routes) cloudprovider.Routes { return stockRoutes{batch} }

type stockRoutes struct{ batch Routes }

func (s stockRoutes) ListRoutes(ctx context.Context, cluster string) ([]*cloudprovider.Route, error) {
	list, err := s.batch.ListRoutes(ctx, cluster)
	if err != nil {
		return nil, err
	}
	var routes []*cloudprovider.Route
	for _, r := range list {
		if r.Owner != RouteForeign {
			routes = append(routes, &r.Route)
		}
	}
	return routes, nil
}

func (s stockRoutes) CreateRoute(ctx context.Context, cluster, nameHint string, route *cloudprovider.Route) error {
	return s.batch.CreateRoutes(ctx, cluster, []RouteCreate{{Route: *route, NameHint: types.UID(nameHint)}})[0]
}

func (s stockRoutes) DeleteRoute(ctx context.Context, cluster string, route *cloudprovider.Route) error {
	return s.batch.DeleteRoutes(ctx, cluster, []Route{{Route: *route, Owner: RouteOurs}})[0]
}
