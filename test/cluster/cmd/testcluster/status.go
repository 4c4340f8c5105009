// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"sigs.k8s.io/cloud-providers/test/cluster"
)

// status prints the processes. It fails unless all run and the API server is ready.
func status(ctx context.Context, dir string, stdout io.Writer) error {
	running, err := readState(dir)
	if err != nil {
		return err
	}
	if running == nil {
		return fmt.Errorf("no control plane runs in %s: start one with testcluster up", dir)
	}
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PROCESS\tPID\tPORT\tMEMORY")
	var errs []error
	print := func(name string, id cluster.ProcessID, port int) {
		memory := "ended"
		if rss, err := cluster.RSS(id.PID); err == nil && id.Running() {
			memory = fmt.Sprintf("%d MiB", rss>>20)
		} else {
			errs = append(errs, fmt.Errorf("%s has ended", name))
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\n", name, id.PID, portText(port), memory)
	}
	print("supervisor", running.Supervisor, 0)
	for _, c := range running.Components {
		print(string(c.Name), c.Process, c.Port)
	}
	table.Flush()
	ready := running.ready(ctx)
	fmt.Fprintf(stdout, "\nkubeconfig  %s\nready       %t\n", running.Kubeconfig, ready == nil)
	return errors.Join(append(errs, ready)...)
}

func portText(port int) string {
	if port == 0 {
		return "-"
	}
	return fmt.Sprint(port)
}

// ready asks the API server.
func (s *state) ready(ctx context.Context) error {
	config, err := clientcmd.BuildConfigFromFlags("", s.Kubeconfig)
	if err != nil {
		return fmt.Errorf("reading the kubeconfig: %w", err)
	}
	config.Timeout = 5 * time.Second
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	if _, err := client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx); err != nil {
		return fmt.Errorf("the API server is not ready: %w", err)
	}
	return nil
}
