// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package controllers lists the controllers that every cloud controller manager has.
package controllers

import (
	"sigs.k8s.io/cloud-providers/common/app"
	"sigs.k8s.io/cloud-providers/common/controllers/node"
	"sigs.k8s.io/cloud-providers/common/controllers/nodelifecycle"
	"sigs.k8s.io/cloud-providers/common/controllers/route"
	"sigs.k8s.io/cloud-providers/common/controllers/service"
)

// All returns the shared controllers in the order in which they start.
func All() []app.Controller {
	return []app.Controller{node.Controller(), nodelifecycle.Controller(), route.Controller(), service.Controller()}
}
