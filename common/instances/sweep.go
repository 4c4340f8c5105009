// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"context"
	"fmt"

	"sigs.k8s.io/cloud-providers/common/provider"
)

// Sweep renews the answers for refs: with one list where the cloud says that this is cheaper, else with
// batched look-ups. What is missing in a list is asked for by ID, since absence from a list is a hint.
func (v *View) Sweep(ctx context.Context, refs []provider.InstanceRef, read Read) []provider.InstanceAnswer {
	read.MaxAge, read.Immediate = 0, true
	v.mu.Lock()
	v.prune(v.clock.Now())
	v.mu.Unlock()
	if v.lister == nil || v.limits.ListFrom == 0 || len(refs) < v.limits.ListFrom {
		return v.Lookup(ctx, refs, read)
	}
	asked := v.clock.Now()
	list, err := v.list(ctx)
	if err != nil {
		return unknown(len(refs), err)
	}
	byID, byName := map[string]*provider.Instance{}, map[string]*provider.Instance{}
	for i := range list {
		byID[list[i].ProviderID] = &list[i]
		byName[list[i].Name] = &list[i]
	}
	answers := make([]provider.InstanceAnswer, len(refs))
	var missing []provider.InstanceRef
	var missingAt []int
	v.mu.Lock()
	for i, ref := range refs {
		found := byID[ref.ProviderID]
		if ref.ProviderID == "" {
			found = byName[ref.NodeName]
		}
		if found == nil {
			missing, missingAt = append(missing, ref), append(missingAt, i)
			continue
		}
		answers[i] = provider.InstanceAnswer{State: provider.InstanceFound, Instance: *found}
		v.store(v.key(ref), answers[i], asked)
	}
	v.mu.Unlock()
	if len(missing) > 0 {
		for i, a := range v.Lookup(ctx, missing, read) {
			answers[missingAt[i]] = a
		}
	}
	return answers
}

// list reads the whole scope. A list with less than half of the last one is read again before use.
func (v *View) list(ctx context.Context) ([]provider.Instance, error) {
	for attempt := 0; ; attempt++ {
		if err := v.breaker.err(); err != nil {
			return nil, err
		}
		list, err := v.lister.ListInstances(ctx)
		v.breaker.saw(err)
		if err != nil {
			lookups.WithLabelValues("error").Inc()
			return nil, fmt.Errorf("list instances: %w", err)
		}
		lookups.WithLabelValues("list").Inc()
		v.mu.Lock()
		last := v.listed
		plausible := len(list)*2 >= last
		if plausible || attempt > 0 {
			v.listed = len(list)
		}
		v.mu.Unlock()
		if plausible || attempt > 0 {
			return list, nil
		}
	}
}
