// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Command kcmmain is a controller manager without a cloud: proof that common/app needs none.
package main

import (
	"context"
	"os"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/app"
)

func main() {
	app.Main(app.Program{
		Name:        "sample-controller-manager",
		Description: "A controller manager with one controller, which counts Nodes.",
		Controllers: []app.Controller{{
			Name: "node-count-controller", ClientName: "node-count-controller", EventSource: "node-count-controller",
			Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"list", "watch"}}},
			New:   newCounter,
		}},
	})
}

func newCounter(_ context.Context, deps app.Deps) (app.Runnable, error) {
	nodes := deps.Informers.Core().V1().Nodes()
	nodes.Informer()
	return app.RunnableFunc(func(accept, _ context.Context) error {
		if os.Getenv("SAMPLE_CRASH") != "" {
			panic("asked to crash")
		}
		klog.FromContext(accept).Info("Counted Nodes", "count", len(nodes.Informer().GetStore().List()))
		<-accept.Done()
		return nil
	}), nil
}
