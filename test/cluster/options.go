// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"io"
	"time"
)

// Options of a control plane. The zero value gives one that allocates IPv4 node CIDRs.
type Options struct {
	// Dir holds data, certificates, kubeconfigs and logs. By default that is a temporary directory
	// which is removed by Stop. A directory given here stays, but the next Start in it begins with
	// an empty cluster.
	Dir string

	// DisableNodeIPAM keeps kube-controller-manager from allocating node CIDRs, for tests of
	// another allocator.
	DisableNodeIPAM bool

	// DualStack adds IPv6 ranges for nodes (ClusterCIDRv6) and Services (ServiceCIDRv6).
	DualStack bool

	// NodeMonitorGracePeriod is how long a node may be silent until it becomes Unknown; by default
	// kube-controller-manager's own 50 seconds.
	NodeMonitorGracePeriod time.Duration

	// Audit records requests, see [Cluster.Audit].
	Audit bool

	// Progress hears what is being started and built; nil for silence.
	Progress io.Writer

	// ExtraAPIServerArgs and ExtraControllerManagerArgs are appended to the command lines. The last
	// of two contradicting flags counts; --controllers adds to the list.
	ExtraAPIServerArgs         []string
	ExtraControllerManagerArgs []string
}

// The ranges of every control plane started here; the IPv6 ones with Options.DualStack only.
const (
	ClusterCIDRv4 = "10.244.0.0/16"
	ClusterCIDRv6 = "fd00:244::/48"
	ServiceCIDRv4 = "10.0.0.0/16"
	ServiceCIDRv6 = "fd00:10::/112"
)

func (o Options) serviceCIDRs() string {
	if o.DualStack {
		return ServiceCIDRv4 + "," + ServiceCIDRv6
	}
	return ServiceCIDRv4
}

func (o Options) clusterCIDRs() string {
	if o.DualStack {
		return ClusterCIDRv4 + "," + ClusterCIDRv6
	}
	return ClusterCIDRv4
}
