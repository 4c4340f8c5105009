// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var createOptions = metav1.CreateOptions{}

// plainBalancer is a load balancer that cannot plan.
type plainBalancer struct{}

func (plainBalancer) GetLoadBalancer(context.Context, string, *v1.Service) (*v1.LoadBalancerStatus, bool, error) {
	return nil, false, nil
}
func (plainBalancer) GetLoadBalancerName(context.Context, string, *v1.Service) string { return "" }
func (plainBalancer) EnsureLoadBalancer(context.Context, string, *v1.Service, []*v1.Node) (*v1.LoadBalancerStatus, error) {
	return nil, nil
}
func (plainBalancer) UpdateLoadBalancer(context.Context, string, *v1.Service, []*v1.Node) error {
	return nil
}
func (plainBalancer) EnsureLoadBalancerDeleted(context.Context, string, *v1.Service) error {
	return nil
}
