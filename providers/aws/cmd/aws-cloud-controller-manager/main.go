// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Command aws-cloud-controller-manager is the cloud controller manager of AWS.
package main

import (
	"sigs.k8s.io/cloud-providers/common/app"
	"sigs.k8s.io/cloud-providers/providers/aws/manager"
)

func main() { app.Main(manager.Program()) }
