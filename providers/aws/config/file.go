// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package config

import "sigs.k8s.io/cloud-providers/common/cloudconfig/ini"

// content is the file as gcfg fills it: the fields are the sections and keys, and keys.go describes each.
type content struct {
	Global          global
	ServiceOverride map[string]*override
}

type global struct {
	Zone, Region, VPC, SubnetID, RouteTableID       string
	RoleARN, SourceARN                              string
	KubernetesClusterTag, KubernetesClusterID       string
	DisableSecurityGroupIngress                     bool
	ElbSecurityGroup                                string
	NodeIPFamilies                                  []string
	ClusterServiceLoadBalancerHealthProbeMode       string
	ClusterServiceSharedLoadBalancerHealthProbePort int32
	ClusterServiceSharedLoadBalancerHealthProbePath string
	SupportedTopologyInstanceTypePattern            *string
	NLBSecurityGroupMode                            string
	// DisableStrictZoneCheck was the in-tree provider's.
	DisableStrictZoneCheck bool
}

type override struct {
	Service, Region, URL, SigningRegion, SigningMethod, SigningName string
}

// file is the content with where each part of it is.
type file struct {
	content
	*ini.File
}

// parse reads the file in gcfg's dialect.
func parse(path string, data []byte) (*file, error) {
	f := &file{}
	var err error
	f.File, err = ini.Read(path, data, &f.content, "Region = eu-west-1", globalSection, overrideSection)
	return f, err
}
