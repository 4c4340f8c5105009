// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"sigs.k8s.io/cloud-providers/test/cluster"
	"sigs.k8s.io/cloud-providers/test/cluster/kubelets"
)

// BenchmarkReady measures the start of a control plane and its memory, empty and with nodes. Run it
// with -benchtime 1x.
func BenchmarkReady(b *testing.B) {
	for range b.N {
		began := time.Now()
		c := cluster.StartForTest(b, cluster.Options{})
		b.ReportMetric(time.Since(began).Seconds(), "ready-s")
		reportMemory(b, c, "empty")
		addNodes(b, c, 100, 10*time.Second)
		reportMemory(b, c, "100-nodes")
		if err := c.Stop(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNodes measures the registration of many nodes, the memory of the control plane and of the
// simulation. Run it with -benchtime 1x.
func BenchmarkNodes(b *testing.B) {
	for _, n := range []int{500, 1000, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for range b.N {
				c := cluster.StartForTest(b, cluster.Options{NodeMonitorGracePeriod: 3 * time.Minute})
				before := heap()
				began := time.Now()
				addNodes(b, c, n, 30*time.Second)
				b.ReportMetric(time.Since(began).Seconds(), "register-s")
				b.ReportMetric(float64(heap()-before)/float64(n), "B/node")
				reportMemory(b, c, "all")
				if err := c.Stop(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func addNodes(b *testing.B, c *cluster.Cluster, n int, leasePeriod time.Duration) {
	b.Helper()
	config, err := c.RESTConfig("kubelets", cluster.AdminGroup)
	if err != nil {
		b.Fatal(err)
	}
	fleet, err := kubelets.New(context.WithoutCancel(b.Context()), kubelets.Options{RESTConfig: config, LeasePeriod: leasePeriod})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := fleet.Stop(); err != nil {
			b.Error(err)
		}
	})
	machines := make([]kubelets.Machine, n)
	for i := range machines {
		machines[i].Name = fmt.Sprintf("node-%d", i)
	}
	if err := fleet.Add(b.Context(), machines...); err != nil {
		b.Fatal(err)
	}
}

func reportMemory(b *testing.B, c *cluster.Cluster, when string) {
	for component, bytes := range c.Memory() {
		b.ReportMetric(float64(bytes)/(1<<20), fmt.Sprintf("MiB-%s-%s", component, when))
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
