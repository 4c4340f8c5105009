// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package service

import (
	"context"
	"fmt"

	"sigs.k8s.io/cloud-providers/common/batch"
	"sigs.k8s.io/cloud-providers/common/provider"
)

// newObserver lets Services that wait for what exists share a read, as far as the provider's API allows.
func newObserver(lb provider.PlannedLoadBalancers) func(context.Context, provider.LoadBalancerInput) (any, error) {
	most := max(1, lb.LoadBalancerLimits().ObserveBatch)
	if most == 1 { // nothing to share: each Service for itself
		return func(ctx context.Context, in provider.LoadBalancerInput) (any, error) {
			found, err := observeAll(ctx, lb, []provider.LoadBalancerInput{in})
			if err != nil {
				return nil, err
			}
			return found[0], nil
		}
	}
	batcher := batch.New(most, func(ctx context.Context, inputs []provider.LoadBalancerInput) ([]any, error) {
		return lb.Observe(ctx, inputs)
	})
	return func(ctx context.Context, in provider.LoadBalancerInput) (any, error) {
		actual, err := batcher.Ask(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("observe load balancers: %w", err)
		}
		return actual, nil
	}
}
