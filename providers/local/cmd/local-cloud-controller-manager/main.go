// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Command local-cloud-controller-manager is the cloud controller manager of the local provider.
package main

import (
	"sigs.k8s.io/cloud-providers/common/app"
	"sigs.k8s.io/cloud-providers/providers/local/manager"
)

func main() { app.Main(manager.Program()) }
