// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package octavia_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/listeners"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/monitors"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/pools"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/octavia"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/openstacktest"
	"sigs.k8s.io/cloud-providers/test/clouds/sim"
)

// fixture is a cloud whose clock stands still and whose changes take ten seconds.
type fixture struct {
	*testing.T
	cloud   *openstacktest.Cloud
	cluster *openstack.Cluster
	client  *gophercloud.ServiceClient
}

const takes = 10 * time.Second

func start(t *testing.T, o octavia.Options) *fixture {
	t.Helper()
	d := sim.Duration(takes)
	o.Timing = octavia.Timing{Create: d, Update: d, Delete: d}
	cloud := openstacktest.Start(t, openstack.Options{LoadBalancing: o})
	cloud.Clock.Stop()
	cluster, err := cloud.AddCluster(openstack.ClusterOptions{Nodes: 2})
	if err != nil {
		t.Fatal(err)
	}
	return &fixture{T: t, cloud: cloud, cluster: cluster, client: cloud.Clients("demo").LoadBalancer}
}

func (f *fixture) settle() { f.cloud.Clock.Advance(takes) }

func (f *fixture) lb(id string) *loadbalancers.LoadBalancer {
	f.Helper()
	lb, err := loadbalancers.Get(f.Context(), f.client, id).Extract()
	if err != nil {
		f.Fatal(err)
	}
	return lb
}

// create makes a load balancer with a listener and a pool per port.
func (f *fixture) create(name string, ports ...int) *loadbalancers.LoadBalancer {
	f.Helper()
	opts := loadbalancers.CreateOpts{Name: name, VipSubnetID: f.cluster.Subnets[0].ID, Tags: []string{"a", "b"}}
	for _, port := range ports {
		opts.Listeners = append(opts.Listeners, listeners.CreateOpts{
			Name: "listener", Protocol: "TCP", ProtocolPort: port, AllowedCIDRs: []string{"192.168.32.1/24"},
			DefaultPool: &pools.CreateOpts{
				Name: name + "-" + string(rune('a'+len(opts.Listeners))), Protocol: "TCP", LBMethod: "ROUND_ROBIN",
				Members: []pools.CreateMemberOpts{{Address: "10.0.0.2", ProtocolPort: 30000, SubnetID: f.cluster.Subnets[0].ID}},
				Monitor: monitors.CreateOpts{Type: "TCP", Delay: 5, Timeout: 3, MaxRetries: 1},
			},
		})
	}
	lb, err := loadbalancers.Create(f.Context(), f.client, opts).Extract()
	if err != nil {
		f.Fatal(err)
	}
	return lb
}

// refused checks an error's status and text.
func (f *fixture) refused(err error, status int, text string) {
	f.Helper()
	if !gophercloud.ResponseCodeIs(err, status) || !strings.Contains(err.Error(), text) {
		f.Errorf("got %v, want %d with %q", err, status, text)
	}
}
