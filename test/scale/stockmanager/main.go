// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Command stockmanager is the cloud controller manager that a provider would have without this
// repository: the command and the controllers of k8s.io/cloud-provider, over the same code of the local
// provider. The scale bench runs it beside ours.
package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	cloudprovider "k8s.io/cloud-provider"
	"k8s.io/cloud-provider/app"
	"k8s.io/cloud-provider/app/config"
	"k8s.io/cloud-provider/names"
	"k8s.io/cloud-provider/options"
	"k8s.io/component-base/cli"
	cliflag "k8s.io/component-base/cli/flag"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/local"
)

func main() {
	cloudprovider.RegisterCloudProvider(local.ProviderName, newCloud)
	opts, err := options.NewCloudControllerManagerOptions()
	if err != nil {
		klog.ErrorS(err, "Options")
		os.Exit(1)
	}
	command := app.NewCloudControllerManagerCommand(opts, initialise, app.DefaultInitFuncConstructors,
		names.CCMControllerAliases(), cliflag.NamedFlagSets{}, wait.NeverStop)
	os.Exit(cli.Run(command))
}

// newCloud constructs the provider as our manager does, but without a lease gate, which stock lacks.
func newCloud(file io.Reader) (cloudprovider.Interface, error) {
	if file == nil {
		return nil, errors.New("the local provider needs --cloud-config")
	}
	content, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	return local.New(context.Background(), provider.Setup{
		Config: bytes.NewReader(content), ConfigPath: "--cloud-config", UserAgent: rest.DefaultKubernetesUserAgent(),
	})
}

func initialise(c *config.CompletedConfig) cloudprovider.Interface {
	given := c.ComponentConfig.KubeCloudShared.CloudProvider
	cloud, err := cloudprovider.InitCloudProvider(given.Name, given.CloudConfigFile)
	if err != nil || cloud == nil {
		klog.ErrorS(err, "Cloud provider", "name", given.Name)
		os.Exit(1)
	}
	return cloud
}
