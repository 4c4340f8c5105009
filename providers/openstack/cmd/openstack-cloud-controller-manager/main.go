// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Command openstack-cloud-controller-manager is the cloud controller manager of OpenStack.
package main

import (
	"os"
	"runtime/debug"

	"sigs.k8s.io/cloud-providers/common/app"
	"sigs.k8s.io/cloud-providers/providers/openstack/manager"
)

// collectAt is how much garbage there may be beside what lives, in percent. Lists of servers, ports and
// members come in bursts, and Go's 100 percent would double the heap for moments.
const collectAt = 50

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	app.Main(manager.Program())
}
