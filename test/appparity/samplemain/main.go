// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Command samplemain is the smallest cloud controller manager: a provider that offers nothing, and no
// controllers. It stands for what every provider's binary links at the least.
package main

import (
	"context"
	"errors"
	"io"

	cloudprovider "k8s.io/cloud-provider"

	"sigs.k8s.io/cloud-providers/common/app"
	"sigs.k8s.io/cloud-providers/common/provider"
)

func main() {
	app.Main(app.Program{
		Name:         "sample-cloud-controller-manager",
		Description:  "A cloud controller manager for a cloud that offers nothing.",
		ProviderName: "sample",
		NewCloud:     newCloud,
	})
}

func newCloud(_ context.Context, setup provider.Setup) (cloudprovider.Interface, error) {
	if setup.Config == nil {
		return sample{}, nil
	}
	content, err := io.ReadAll(setup.Config)
	if err != nil {
		return nil, err
	}
	if string(content) == "refused\n" {
		return nil, errors.New(setup.ConfigPath + ":1: the key \"refused\" is refused")
	}
	return sample{}, nil
}

type sample struct{}

func (sample) Initialize(cloudprovider.ControllerClientBuilder, <-chan struct{}) {}
func (sample) LoadBalancer() (cloudprovider.LoadBalancer, bool)                  { return nil, false }
func (sample) Instances() (cloudprovider.Instances, bool)                        { return nil, false }
func (sample) InstancesV2() (cloudprovider.InstancesV2, bool)                    { return nil, false }
func (sample) Zones() (cloudprovider.Zones, bool)                                { return nil, false }
func (sample) Clusters() (cloudprovider.Clusters, bool)                          { return nil, false }
func (sample) Routes() (cloudprovider.Routes, bool)                              { return nil, false }
func (sample) ProviderName() string                                              { return "sample" }
func (sample) HasClusterID() bool                                                { return true }
