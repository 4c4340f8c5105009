// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package plain

import (
	"context"
	"sync"

	v1 "k8s.io/api/core/v1"
	cloudprovider "k8s.io/cloud-provider"
	"k8s.io/cloud-provider/fake"
)

// serialised lets one call at a time into the fake cloud, whose maps are not made for more, and tests
// look into it in between.
func serialised(cloud *fake.Cloud, mu *sync.Mutex) cloudprovider.Interface {
	return &oneAtATime{Cloud: cloud, mu: mu}
}

type oneAtATime struct {
	*fake.Cloud
	mu *sync.Mutex
}

func (o *oneAtATime) LoadBalancer() (cloudprovider.LoadBalancer, bool) { return o, true }
func (o *oneAtATime) Routes() (cloudprovider.Routes, bool)             { return o, true }

func (o *oneAtATime) EnsureLoadBalancer(ctx context.Context, cluster string, s *v1.Service, nodes []*v1.Node) (*v1.LoadBalancerStatus, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.Cloud.EnsureLoadBalancer(ctx, cluster, s, nodes)
}

func (o *oneAtATime) UpdateLoadBalancer(ctx context.Context, cluster string, s *v1.Service, nodes []*v1.Node) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.Cloud.UpdateLoadBalancer(ctx, cluster, s, nodes)
}

func (o *oneAtATime) EnsureLoadBalancerDeleted(ctx context.Context, cluster string, s *v1.Service) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.Cloud.EnsureLoadBalancerDeleted(ctx, cluster, s)
}

func (o *oneAtATime) ListRoutes(ctx context.Context, cluster string) ([]*cloudprovider.Route, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.Cloud.ListRoutes(ctx, cluster)
}

func (o *oneAtATime) CreateRoute(ctx context.Context, cluster, hint string, r *cloudprovider.Route) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.Cloud.CreateRoute(ctx, cluster, hint, r)
}

func (o *oneAtATime) DeleteRoute(ctx context.Context, cluster string, r *cloudprovider.Route) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.Cloud.DeleteRoute(ctx, cluster, r)
}

func (o *oneAtATime) Instances() (cloudprovider.Instances, bool) { return o, true }
func (o *oneAtATime) InstancesV2() (cloudprovider.InstancesV2, bool) {
	return o, o.EnableInstancesV2
}

func (o *oneAtATime) InstanceExists(ctx context.Context, node *v1.Node) (bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.Cloud.InstanceExists(ctx, node)
}

func (o *oneAtATime) InstanceExistsByProviderID(ctx context.Context, id string) (bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.Cloud.InstanceExistsByProviderID(ctx, id)
}
