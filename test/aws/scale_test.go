// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build scale

package aws

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/cloud-providers/test/clouds/aws"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/elb"
	"sigs.k8s.io/cloud-providers/test/cluster"
	"sigs.k8s.io/cloud-providers/test/cluster/kubelets"
	"sigs.k8s.io/cloud-providers/test/managed"
	"sigs.k8s.io/cloud-providers/test/system"
)

const (
	scaleNodes    = 1000
	scaleServices = 20
	scaleLatency  = 30 * time.Millisecond
	idleFor       = 5 * time.Minute
)

// figure is a row of docs/scale/aws.md.
type figure struct{ what, aim, measured, upstream string }

// TestScaleAWS measures the program on the simulated AWS with 30 ms for each call. The floor is measured in
// the same run: compare within one run only.
func TestScaleAWS(t *testing.T) {
	var figures []figure
	row := func(what, aim, measured, upstream string) {
		figures = append(figures, figure{what, aim, measured, upstream})
		t.Logf("%s: %s (aim %s)", what, measured, aim)
	}
	bottom := measureFloor(t)
	row("floor: 1,000 registered nodes, two patches each", "", managed.Seconds(bottom), "")

	e := newEnv(t, aws.Options{
		Latency:   scaleLatency,
		ELBQuotas: elb.Quotas{TargetsPerGroup: 2 * scaleNodes}, // 1,000 by default, and then 10 more
	}, cluster.Options{DisableNodeIPAM: true})
	registered(e)
	e.cloud.Calls.Reset()
	start := time.Now()
	manager := e.manager("")
	took := e.AllInitialised(start)
	row("1,000 registered nodes initialised, from the start of the process", "1.5 x floor + 2 s = "+managed.Seconds(bottom*3/2+2*time.Second), managed.Seconds(took), "180 s; 29 s tuned by hand")
	row("... calls of EC2", "12", fmt.Sprint(e.calls("ec2:")), "2,002; 111 tuned by hand")
	row("... resident memory, peak", "80 MiB", e.Resident(manager), "")

	time.Sleep(10 * time.Second) // until what was begun has ended
	e.cloud.Calls.Reset()
	time.Sleep(idleFor)
	row("idle: calls a minute", "2", fmt.Sprintf("%.1f", float64(e.calls(""))/idleFor.Minutes()), "200 (0.2 a node)")

	e.cloud.Calls.Reset()
	start = time.Now()
	for i := range scaleServices {
		e.createService(fmt.Sprint("web-", i), "type", "nlb")
	}
	e.allServed()
	e.targets(scaleNodes)
	row("20 NLBs on 1,000 nodes created", "30 s", managed.Seconds(time.Since(start)), "")
	row("... calls", "", fmt.Sprint(e.calls("")), "")

	e.cloud.Calls.Reset()
	start = time.Now()
	e.joined(10)
	e.targets(scaleNodes + 10)
	row("10 nodes join 20 NLBs", "", managed.Seconds(time.Since(start)), "")
	row("... calls of ELBv2 for each target group", "2", fmt.Sprintf("%.2f", float64(e.calls("elbv2:"))/scaleServices), "15 or more a node")

	if err := manager.Kill(); err != nil {
		t.Fatal(err)
	}
	e.cloud.Calls.Reset()
	start = time.Now()
	manager = e.manager("", "--leader-elect=false")
	e.Eventually("the program leads", func() error {
		if !strings.Contains(e.Log(1<<20), "Started") && e.cloud.Calls.Counts()["elbv2:DescribeLoadBalancers"] == 0 {
			return errors.New("not yet")
		}
		return nil
	})
	row("from the start of the process to leading", "2 s", managed.Seconds(time.Since(start)), "")
	e.Quiet(func() int { return e.calls("") })
	row("restart: calls that change something", "0", fmt.Sprint(len(e.changes())), "")
	row("... calls in all", "", fmt.Sprint(e.calls("")), "")
	row("resident memory with 20 NLBs, peak", "80 MiB", e.Resident(manager), "")
	write(t, figures)
}

func measureFloor(t *testing.T) time.Duration {
	e := newEnv(t, aws.Options{}, cluster.Options{DisableNodeIPAM: true})
	registered(e)
	return e.Floor()
}

// registered adds nodes that no manager has seen yet.
func registered(e *env) {
	e.T.Helper()
	var machines []kubelets.Machine
	for _, i := range e.instances(ec2.InstanceOptions{Count: scaleNodes}) {
		machines = append(machines, kubelets.Machine{Name: i.PrivateDNS})
	}
	e.Join(machines...)
}

func (e *env) allServed() {
	e.T.Helper()
	for i := range scaleServices {
		e.Served(fmt.Sprint("web-", i))
	}
}

// targets waits until each target group has a number of them.
func (e *env) targets(n int) {
	e.T.Helper()
	e.Eventually(fmt.Sprintf("%d targets each", n), func() error {
		for _, g := range e.cloud.State().ELB.TargetGroups {
			if len(g.Targets) != n {
				return fmt.Errorf("target group %s has %d", g.Name, len(g.Targets))
			}
		}
		return nil
	})
}

// calls counts those of a service.
func (e *env) calls(service string) int {
	total := 0
	for operation, n := range e.cloud.Calls.Counts() {
		if strings.HasPrefix(operation, service) && !strings.HasPrefix(operation, "imds:") {
			total += n
		}
	}
	return total
}

func write(t *testing.T, figures []figure) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "<!-- Written by `make test-scale-aws`. -->\n\n# The AWS provider at scale\n\nMeasured on %s on two cores that run everything: etcd, API server, kubelets, the simulated AWS with %s for each call, and the program with default flags. Counts are exact; times depend on the machine, so that the floor is measured in the same run. Upstream's figures were measured once, with a floor of 3.5 s.\n\n| what | aim | measured | upstream |\n| --- | ---: | ---: | ---: |\n", time.Now().Format(time.DateOnly), scaleLatency)
	for _, f := range figures {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", f.what, f.aim, f.measured, f.upstream)
	}
	root, err := system.Root()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "docs", "scale", "aws.md"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
