// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"sigs.k8s.io/cloud-providers/test/cluster"
	"sigs.k8s.io/cloud-providers/test/process"
	"sigs.k8s.io/cloud-providers/test/scale/floor"
)

// Floor measures how long the API server takes for what initialises the Nodes that have joined, and ends the
// cluster.
func (e *Env) Floor() time.Duration {
	e.T.Helper()
	list, err := e.Client.CoreV1().Nodes().List(e.Ctx, metav1.ListOptions{})
	if err != nil {
		e.T.Fatal(err)
	}
	var all []*v1.Node
	for i := range list.Items {
		all = append(all, &list.Items[i])
	}
	config, err := e.Cluster.RESTConfig("floor", cluster.AdminGroup)
	if err != nil {
		e.T.Fatal(err)
	}
	start := time.Now()
	if err := floor.Write(e.Ctx, config, all); err != nil {
		e.T.Fatal(err)
	}
	took := time.Since(start)
	if err := e.Fleet.Stop(); err != nil {
		e.T.Fatal(err)
	}
	if err := e.Cluster.Stop(); err != nil {
		e.T.Fatal(err)
	}
	return took
}

// Quiet waits until no call was made for five seconds.
func (e *Env) Quiet(calls func() int) {
	e.T.Helper()
	last, since := -1, time.Now()
	e.Eventually("no more calls", func() error {
		if n := calls(); n != last {
			last, since = n, time.Now()
		}
		if time.Since(since) < 5*time.Second {
			return errors.New("calls are made")
		}
		return nil
	})
}

// Seconds is a duration for people.
func Seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// Resident is the peak of a process's resident memory.
func (e *Env) Resident(p *process.Process) string {
	e.T.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		e.T.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		var kib int
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kib); err == nil {
			return fmt.Sprintf("%d MiB", kib/1024)
		}
	}
	return "unknown"
}
