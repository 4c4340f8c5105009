// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/google/uuid"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	cloudprovider "k8s.io/cloud-provider"
	cpconfig "k8s.io/cloud-provider/config"
	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/cloudapi"
	"sigs.k8s.io/cloud-providers/common/provider"
)

// settings is what a manager runs with: everything that was asked for, checked and complete.
type settings struct {
	program   Program
	options   *options
	config    *cpconfig.CloudControllerManagerConfiguration
	selection provider.Selection
	// placed says under which lease each controller runs; nil without leader migration.
	placed     map[string]placement
	kubeconfig *rest.Config
	// qpsGiven is true when --kube-api-qps was given, which then holds for every client.
	qpsGiven bool
	identity string
	gate     *cloudapi.Gate
	cloud    cloudprovider.Interface
	out      io.Writer
}

// complete checks options and makes settings of them. Every error is a mistake in the configuration.
func complete(p Program, o *options) (*settings, error) {
	if o.config.Generic.LeaderElection.ResourceName == "" {
		o.config.Generic.LeaderElection.ResourceName = p.component()
	}
	if o.config.Generic.LeaderElection.ResourceNamespace == "" {
		o.config.Generic.LeaderElection.ResourceNamespace = "kube-system"
	}
	if err := o.validate(p); err != nil {
		return nil, err
	}
	s := &settings{program: p, options: o, config: o.config, qpsGiven: o.changed("kube-api-qps"), gate: &cloudapi.Gate{}, out: io.Discard}
	s.config.Generic.Controllers, _ = canonical(p.Controllers, s.config.Generic.Controllers)
	if s.config.NodeController.ConcurrentNodeStatusUpdates == 0 {
		s.config.NodeController.ConcurrentNodeStatusUpdates = s.config.NodeController.ConcurrentNodeSyncs
	}
	var err error
	if s.selection, err = provider.ParseSelection(p.ProviderName, o.own.capabilities); err != nil {
		return nil, err
	}
	if err := s.completeMigration(); err != nil {
		return nil, err
	}
	if s.kubeconfig, err = kubeconfig(o.master, s.config); err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("the name of this machine, for the lease: %w", err)
	}
	s.identity = host + "_" + uuid.NewString()
	return s, nil
}

func (s *settings) completeMigration() error {
	g := &s.config.Generic
	migration := s.options.generic.LeaderMigration
	g.LeaderMigrationEnabled = g.LeaderMigrationEnabled || migration.Enabled
	if !g.LeaderMigrationEnabled || !g.LeaderElection.LeaderElect {
		return nil
	}
	if migration.ControllerMigrationConfig != "" || g.LeaderMigration.LeaderName == "" {
		config, err := readMigration(migration.ControllerMigrationConfig)
		if err != nil {
			return err
		}
		g.LeaderMigration = *config
	}
	var err error
	s.placed, err = place(g.LeaderMigration, s.program.component(), s.program.Controllers)
	return err
}

// kubeconfig builds the configuration of the process's own client. It reads files and no network.
func kubeconfig(master string, config *cpconfig.CloudControllerManagerConfiguration) (*rest.Config, error) {
	connection := config.Generic.ClientConnection
	var built *rest.Config
	var err error
	if master == "" && connection.Kubeconfig == "" {
		if built, err = rest.InClusterConfig(); errors.Is(err, rest.ErrNotInCluster) {
			return nil, errors.New("--kubeconfig or --master is needed outside a cluster")
		}
	} else {
		built, err = clientcmd.BuildConfigFromFlags(master, connection.Kubeconfig)
	}
	if err != nil {
		return nil, fmt.Errorf("--kubeconfig %s: %w", connection.Kubeconfig, err)
	}
	built.DisableCompression = true
	built.AcceptContentTypes = connection.AcceptContentTypes
	built.ContentType = connection.ContentType
	built.QPS = connection.QPS
	built.Burst = int(connection.Burst)
	return built, nil
}

// newCloud constructs the provider from its configuration file. It makes no call.
func (s *settings) newCloud(ctx context.Context, userAgent string) error {
	if s.program.NewCloud == nil {
		return nil
	}
	setup := provider.Setup{ConfigPath: s.config.KubeCloudShared.CloudProvider.CloudConfigFile, Gate: s.gate, UserAgent: userAgent}
	if setup.ConfigPath != "" {
		data, err := os.ReadFile(setup.ConfigPath)
		if err != nil {
			return fmt.Errorf("--cloud-config: %w", err)
		}
		setup.Config = bytes.NewReader(data)
	}
	cloud, err := s.program.NewCloud(ctx, setup)
	if err != nil {
		return fmt.Errorf("cloud provider %s: %w", s.program.ProviderName, err)
	}
	if cloud == nil {
		return fmt.Errorf("cloud provider %s: its constructor returned nothing", s.program.ProviderName)
	}
	if !cloud.HasClusterID() {
		if !s.config.KubeCloudShared.AllowUntaggedCloud {
			return fmt.Errorf("cloud provider %s: no cluster ID found, which the provider needs to tell this cluster's resources from others; tag the cloud's resources, or give --allow-untagged-cloud", s.program.ProviderName)
		}
		klog.FromContext(ctx).Info("No cluster ID found; resources of other clusters may be taken for this one's", "provider", s.program.ProviderName)
	}
	s.cloud = cloud
	return nil
}
