// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package app is the generic controller manager: flags, configuration, leader election, serving and the
// life of the controllers. It knows no cloud; a Program says which one, and which controllers.
//
//	func main() {
//		app.Main(app.Program{
//			Name:         "local-cloud-controller-manager",
//			ProviderName: "local",
//			NewCloud:     local.New,
//			Controllers:  controllers.All(),
//		})
//	}
//
// Flags, defaults, component config, leases, metrics and endpoints are those of k8s.io/cloud-provider
// v0.37; README.md lists what is different on purpose.
package app
