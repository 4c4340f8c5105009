// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package manager says what the OpenStack cloud controller manager consists of.
package manager

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	cloudprovider "k8s.io/cloud-provider"
	"k8s.io/component-base/version"

	"sigs.k8s.io/cloud-providers/common/app"
	"sigs.k8s.io/cloud-providers/common/controllers"
	"sigs.k8s.io/cloud-providers/common/controllers/nodeipam"
	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/openstack"
)

const name = "openstack-cloud-controller-manager"

// Program is openstack-cloud-controller-manager. kube-controller-manager allocates node CIDRs unless it is
// told not to, so that our own allocator is off by default.
func Program() app.Program {
	var agents []string
	return app.Program{
		Name:         name,
		Description:  "The OpenStack cloud controller manager runs the controllers that connect a cluster with OpenStack: it initialises Nodes, deletes those whose server is gone, and keeps Octavia load balancers and routes.",
		ProviderName: openstack.ProviderName,
		NewCloud: func(ctx context.Context, setup provider.Setup) (cloudprovider.Interface, error) {
			setup.UserAgent = userAgent(agents)
			return openstack.New(ctx, setup)
		},
		AddFlags: func(fs *pflag.FlagSet) {
			fs.StringArrayVar(&agents, "user-agent", nil, "Text put before the User-Agent of requests to OpenStack, so that its operators can tell who asks. May be given several times; the last one comes first.")
		},
		// Lists of servers, ports and members come in bursts, and Go's 100
		// percent would double the heap for moments.
		Garbage:     50,
		Controllers: append(controllers.All(), nodeipam.Controller(false)),
	}
}

// userAgent is this program and its version, and before it what the flags say, the last one first. The client
// adds the library.
func userAgent(agents []string) string {
	parts := slices.Clone(agents)
	slices.Reverse(parts)
	return strings.Join(append(parts, name+"/"+version.Get().GitVersion), " ")
}
