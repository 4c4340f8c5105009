// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Command openstack-cloud-controller-manager is the cloud controller manager of OpenStack.
package main

import (
	"sigs.k8s.io/cloud-providers/common/app"
	"sigs.k8s.io/cloud-providers/providers/openstack/manager"
)

func main() { app.Main(manager.Program()) }
