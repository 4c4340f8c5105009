// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package config is the AWS provider's cloud-config file: the gcfg (git-config flavoured INI) file that
// cloud-provider-aws and the in-tree provider before it have always read.
package config

import (
	"errors"
	"fmt"
	"io"
	"regexp"
)

// Config is the file after all checks. docs/config.md is written from the declarations in keys.go.
type Config struct {
	// Zone and Region are what the file says; Region is derived from Zone where that is set. Both empty:
	// the region is the instance's.
	Zone, Region string

	// VPC and SubnetID say where the cluster is when the manager runs elsewhere; see Outside.
	VPC, SubnetID string
	// RouteTableID pins the route table; empty looks for tables with the cluster's tag.
	RouteTableID string

	// RoleARN is assumed for every call; empty uses the base credentials.
	RoleARN string
	// SourceARN is sent with AssumeRole, against the confused deputy.
	SourceARN string

	// ClusterID is the ID in kubernetes.io/cluster/<ID>; empty means that the own instance's tags say it.
	ClusterID string
	// LegacyClusterTag: the ID came from KubernetesClusterTag, so that the tag KubernetesCluster is
	// written too.
	LegacyClusterTag bool

	// DisableSecurityGroupIngress leaves the rules of the Nodes' security groups alone.
	DisableSecurityGroupIngress bool
	// ElbSecurityGroup is on every Classic ELB in place of one of its own.
	ElbSecurityGroup string
	// ManagedNLBSecurityGroups gives each NLB a security group of its own.
	ManagedNLBSecurityGroups bool

	// NodeIPFamilies are "ipv4" and "ipv6" in the order in which addresses are on Nodes; at least one.
	NodeIPFamilies []string
	// HealthProbe says how Nodes are checked for Services with externalTrafficPolicy: Cluster.
	HealthProbe HealthProbe
	// TopologyInstanceTypes matches the instance types whose network topology must be known before
	// their Node is initialised.
	TopologyInstanceTypes *regexp.Regexp

	// Overrides are the custom endpoints; see Endpoint.
	Overrides []Override
	// Warnings are what was ignored, each a sentence with file and line.
	Warnings []string
}

// HealthProbe is how load balancers check Nodes for Services with externalTrafficPolicy: Cluster.
type HealthProbe struct {
	// Shared checks kube-proxy's health endpoint on all Nodes in place of the Service's node port.
	Shared bool
	// Port and Path of that endpoint.
	Port int32
	Path string
}

// Outside reports whether the manager runs outside the cluster's VPC or account: it then looks nothing up
// about the instance it runs on.
func (c *Config) Outside() bool {
	return c.VPC != "" && (c.SubnetID != "" || c.RoleARN != "") && c.ClusterID != ""
}

// The defaults that are not empty.
const (
	defaultProbePort       = 10256 // kube-proxy's --healthz-bind-address
	defaultProbePath       = "/healthz"
	defaultTopologyPattern = `^(hpc|trn|p)[0-9]+[a-z]*(-[a-z0-9]+)?(\.[0-9a-z]*)$`
)

// Default returns the configuration of an empty file.
func Default() *Config {
	return &Config{
		NodeIPFamilies:        []string{"ipv4"},
		HealthProbe:           HealthProbe{Port: defaultProbePort, Path: defaultProbePath},
		TopologyInstanceTypes: regexp.MustCompile(defaultTopologyPattern),
	}
}

// Read reads the file; a nil reader means that there is none. All mistakes are reported at once, except
// for those of syntax and type, which end the reading.
func Read(path string, r io.Reader) (*Config, error) {
	if r == nil {
		return Default(), nil
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	f, err := parse(path, data)
	if err != nil {
		return nil, err
	}
	b := builder{file: f, config: Default()}
	b.build()
	b.config.Warnings = append(f.Warnings, b.warnings...)
	return b.config, errors.Join(b.errs...)
}
