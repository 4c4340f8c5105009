// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build scale

package scale

import (
	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/test/cluster"
	"sigs.k8s.io/cloud-providers/test/scale/floor"
)

const floorUser = "floor"

// writeAll initialises all nodes without a manager.
func (w *world) writeAll() {
	w.t.Helper()
	config, err := w.cluster.RESTConfig(floorUser, cluster.AdminGroup)
	if err != nil {
		w.t.Fatal(err)
	}
	var all []*v1.Node
	w.watch.mu.Lock()
	for _, s := range w.watch.nodes {
		all = append(all, s.node)
	}
	w.watch.mu.Unlock()
	if err := floor.Write(w.ctx, config, all); err != nil {
		w.t.Fatal(err)
	}
}
