// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Command aws-cloud-controller-manager is the cloud controller manager of AWS.
package main

import (
	"os"
	"runtime/debug"

	"sigs.k8s.io/cloud-providers/common/app"
	"sigs.k8s.io/cloud-providers/providers/aws/manager"
)

// collectAt is how much garbage there may be beside what lives, in percent. The SDK reads XML into large
// structs in bursts, a page of a thousand instances at a time, and Go's 100 percent would double the heap for
// moments that come once in five minutes.
const collectAt = 50

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	app.Main(manager.Program())
}
