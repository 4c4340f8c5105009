// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package manager says what the local provider's cloud controller manager consists of.
package manager

import (
	"sigs.k8s.io/cloud-providers/common/app"
	"sigs.k8s.io/cloud-providers/common/controllers"
	"sigs.k8s.io/cloud-providers/common/controllers/nodeipam"
	"sigs.k8s.io/cloud-providers/common/controllers/orphans"
	"sigs.k8s.io/cloud-providers/providers/local"
)

// Program is local-cloud-controller-manager. kube-controller-manager allocates node CIDRs unless it is
// told not to, so that our own allocator is off by default.
func Program() app.Program {
	return app.Program{
		Name:         "local-cloud-controller-manager",
		Description:  "The local cloud controller manager runs the controllers that connect a cluster with local-cloud: it initialises Nodes, deletes those whose machine is gone, and keeps load balancers and routes.",
		ProviderName: local.ProviderName,
		NewCloud:     local.New,
		Controllers:  append(controllers.All(), nodeipam.Controller(false), orphans.Controller()),
	}
}
