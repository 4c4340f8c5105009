// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package provider is the contract between the shared controllers and a cloud.
//
// A provider is a cloudprovider.Interface of k8s.io/cloud-provider. Beyond it, it may offer the batched
// and planned interfaces of this package, found by type assertion on the provider's object:
//
//	InstancesProvider      Instances: many look-ups in one call
//	LoadBalancersProvider  LoadBalancers: build → observe → diff → apply → report
//	RoutesProvider         Routes: batched routes
//	CapabilitiesProvider   what the cloud can do, as data
//	Prober                 one cheap call at start that proves configuration and credentials
//
// Resolve puts both forms behind one: plain providers get adapters that make per-object calls, and the
// Stock… functions make stock interfaces out of batched and planned ones, so that a provider written
// for this package also runs in the stock cloud-controller-manager.
package provider
