// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"fmt"
	"os"
	"slices"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	cpconfig "k8s.io/cloud-provider/config"
	configscheme "k8s.io/cloud-provider/config/install"
	configv1alpha1 "k8s.io/cloud-provider/config/v1alpha1"
)

func defaultConfig() (*cpconfig.CloudControllerManagerConfiguration, error) {
	return internalConfig(&configv1alpha1.CloudControllerManagerConfiguration{})
}

// internalConfig fills in what a configuration does not say. Two defaults are missing in the types,
// because the stock manager has them in its flags.
func internalConfig(versioned *configv1alpha1.CloudControllerManagerConfiguration) (*cpconfig.CloudControllerManagerConfiguration, error) {
	if versioned.Generic.Debugging.EnableProfiling == nil {
		on := true
		versioned.Generic.Debugging.EnableProfiling = &on
	}
	if versioned.KubeCloudShared.CIDRAllocatorType == "" {
		versioned.KubeCloudShared.CIDRAllocatorType = "RangeAllocator"
	}
	configscheme.Scheme.Default(versioned)
	config := &cpconfig.CloudControllerManagerConfiguration{}
	if err := configscheme.Scheme.Convert(versioned, config, nil); err != nil {
		return nil, fmt.Errorf("component config: %w", err)
	}
	return config, nil
}

// readConfigFile reads --config into the component config and sets the given flags again over it.
func (o *options) readConfigFile(fs *pflag.FlagSet) error {
	if o.own.configFile == "" {
		return nil
	}
	data, err := os.ReadFile(o.own.configFile)
	if err != nil {
		return fmt.Errorf("--config: %w", err)
	}
	config, err := decodeConfig(data)
	if err != nil {
		return fmt.Errorf("--config %s: %w", o.own.configFile, err)
	}
	given := givenFlags(fs)
	*o.config = *config
	return given.restore()
}

// decodeConfig reads a component config strictly.
func decodeConfig(data []byte) (*cpconfig.CloudControllerManagerConfiguration, error) {
	decoder := serializer.NewCodecFactory(configscheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	object, kind, err := decoder.Decode(data, nil, nil)
	if err != nil {
		return nil, err
	}
	versioned, ok := object.(*configv1alpha1.CloudControllerManagerConfiguration)
	if !ok {
		return nil, fmt.Errorf("the file holds a %s, not a CloudControllerManagerConfiguration of cloudcontrollermanager.config.k8s.io/v1alpha1", kind)
	}
	return internalConfig(versioned)
}

// flagValues remembers flags that were given, to set them again after a configuration file was read.
type flagValues map[*pflag.Flag]any

func givenFlags(fs *pflag.FlagSet) flagValues {
	given := flagValues{}
	fs.Visit(func(f *pflag.Flag) {
		if list, ok := f.Value.(pflag.SliceValue); ok {
			given[f] = slices.Clone(list.GetSlice())
			return
		}
		given[f] = f.Value.String()
	})
	return given
}

func (g flagValues) restore() error {
	for f, value := range g {
		var err error
		switch v := value.(type) {
		case []string:
			err = f.Value.(pflag.SliceValue).Replace(v)
		case string:
			err = f.Value.Set(v)
		}
		if err != nil {
			return fmt.Errorf("--%s: %w", f.Name, err)
		}
	}
	return nil
}
