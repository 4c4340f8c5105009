// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build scale

package openstack

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/neutron"
	"sigs.k8s.io/cloud-providers/test/cluster"
	"sigs.k8s.io/cloud-providers/test/managed"
	"sigs.k8s.io/cloud-providers/test/system"
)

const (
	scaleNodes    = 1000
	scaleServices = 50
	scaleLatency  = 50 * time.Millisecond
	idleFor       = 5 * time.Minute
)

// figure is a row of docs/scale/openstack.md.
type figure struct{ what, aim, measured string }

// TestScaleOpenStack measures the program on the simulated OpenStack with 50 ms for each call. The floor is
// measured in the same run: compare within one run only.
func TestScaleOpenStack(t *testing.T) {
	var figures []figure
	row := func(what, aim, measured string) {
		figures = append(figures, figure{what, aim, measured})
		t.Logf("%s: %s (aim %s)", what, measured, aim)
	}
	bottom := measureFloor(t)
	row("floor: 1,000 registered nodes, two patches each", "", managed.Seconds(bottom))

	e := newEnv(t, openstack.Options{
		Latency: scaleLatency,
		Network: neutron.Options{Quotas: neutron.Quotas{"port": 10_000, "floatingip": 1000, "security_group": 1000, "security_group_rule": 10_000}},
	}, openstack.ClusterOptions{Nodes: scaleNodes}, cluster.Options{DisableNodeIPAM: true})
	e.joinAll(e.servers.Servers)
	e.cloud.Calls.Reset()
	config := e.user("secret") + "[LoadBalancer]\nsubnet-id = " + e.servers.Subnets[0].ID + "\nfloating-network-id = " + e.servers.External.ID + "\n"
	start := time.Now()
	manager := e.manager(config)
	took := e.AllInitialised(start)
	row("1,000 registered nodes initialised, from the start of the process", "1.5 x floor + 3 s = "+managed.Seconds(bottom*3/2+3*time.Second), managed.Seconds(took))
	row("... calls", "6", fmt.Sprint(e.calls("")))
	row("... resident memory, peak", "80 MiB", e.Resident(manager))

	time.Sleep(10 * time.Second) // until what was begun has ended
	e.cloud.Calls.Reset()
	time.Sleep(idleFor)
	row("idle: calls a minute", "2", fmt.Sprintf("%.1f", float64(e.calls(""))/idleFor.Minutes()))

	e.cloud.Calls.Reset()
	start = time.Now()
	for i := range scaleServices {
		e.balanced(fmt.Sprint("web-", i))
	}
	e.allServed()
	row("50 Services on 1,000 nodes created", "", managed.Seconds(time.Since(start)))
	row("... calls for each", "", fmt.Sprintf("%.1f", float64(e.calls(""))/scaleServices))
	e.Quiet(func() int { return e.calls("") })

	e.cloud.Calls.Reset()
	start = time.Now()
	e.joinAll(e.add(10))
	e.poolSizes(scaleNodes + 10)
	row("10 nodes join 50 Services", "", managed.Seconds(time.Since(start)))
	row("... calls for each Service", "", fmt.Sprintf("%.1f", float64(e.calls(""))/scaleServices))
	e.Quiet(func() int { return e.calls("") })

	if err := manager.Kill(); err != nil {
		t.Fatal(err)
	}
	e.cloud.Calls.Reset()
	manager = e.manager(config, "--leader-elect=false")
	e.Eventually("the program has begun", func() error {
		if e.calls("octavia:") == 0 {
			return errors.New("not yet")
		}
		return nil
	})
	e.Quiet(func() int { return e.calls("") })
	row("restart: calls that change something", "0", fmt.Sprint(len(e.cloud.Calls.Mutating())))
	row("... calls in all", "", fmt.Sprint(e.calls("")))
	row("resident memory with 50 Services, peak", "80 MiB", e.Resident(manager))
	write(t, figures)
}

func measureFloor(t *testing.T) time.Duration {
	e := newEnv(t, openstack.Options{}, openstack.ClusterOptions{Nodes: scaleNodes}, cluster.Options{DisableNodeIPAM: true})
	e.joinAll(e.servers.Servers)
	return e.Floor()
}

func (e *env) allServed() {
	e.T.Helper()
	e.Eventually("all Services have an address", func() error {
		list, err := e.Client.CoreV1().Services("default").List(e.Ctx, metav1.ListOptions{ResourceVersion: "0"})
		if err != nil {
			return err
		}
		for _, s := range list.Items {
			if s.Spec.Type == v1.ServiceTypeLoadBalancer && len(s.Status.LoadBalancer.Ingress) == 0 {
				return fmt.Errorf("%s has none", s.Name)
			}
		}
		return nil
	})
}

func write(t *testing.T, figures []figure) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "<!-- Written by `make test-scale-openstack`. -->\n\n# The OpenStack provider at scale\n\nMeasured on %s on two cores that run everything: etcd, API server, kubelets, the simulated OpenStack with %s for each call, and the program with default flags. Counts are exact; times depend on the machine, so that the floor is measured in the same run.\n\n| what | aim | measured |\n| --- | ---: | ---: |\n", time.Now().Format(time.DateOnly), scaleLatency)
	for _, f := range figures {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", f.what, f.aim, f.measured)
	}
	root, err := system.Root()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "docs", "scale", "openstack.md"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
