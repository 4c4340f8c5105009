// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"sigs.k8s.io/cloud-providers/test/cluster"
)

// The test binary is the supervisor when up starts it.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == superviseCommand {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestUpStatusDown(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a control plane")
	}
	dir := t.TempDir()
	t.Cleanup(func() { // also when the test failed half-way
		if err := run(context.WithoutCancel(t.Context()), []string{"down", "--dir", dir}, t.Output(), t.Output()); err != nil {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	command := func(args ...string) (string, error) {
		var out strings.Builder
		err := run(ctx, append(args, "--dir", dir), &out, t.Output())
		return strings.TrimSpace(out.String()), err
	}

	if out, err := command("status"); err == nil {
		t.Errorf("status before up: got %s, want an error", out)
	}
	kubeconfig, err := command("up", "--nodes", "3")
	if err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil || len(nodes.Items) != 3 {
		t.Errorf("got %d nodes, %v; want 3", len(nodes.Items), err)
	}
	if again, err := command("up"); err != nil || again != kubeconfig {
		t.Errorf("up a second time: got %s, %v; want the same kubeconfig", again, err)
	}
	out, err := command("status")
	if err != nil {
		t.Errorf("status: %v", err)
	}
	for _, name := range cluster.Components {
		if !strings.Contains(out, string(name)) {
			t.Errorf("status does not name %s:\n%s", name, out)
		}
	}
	running, err := readState(dir)
	if err != nil || running == nil {
		t.Fatalf("there is no state: %v", err)
	}
	if _, err := command("down"); err != nil {
		t.Fatal(err)
	}
	if !running.ended() {
		t.Errorf("something of %+v still runs", running)
	}
	if _, err := os.Stat(filepath.Join(dir, "log", "kube-apiserver.log")); err != nil {
		t.Errorf("the logs are not kept: %v", err)
	}
	if out, err := command("down"); err != nil || !strings.HasPrefix(out, "no control plane") {
		t.Errorf("down a second time: got %s, %v", out, err)
	}
}

func TestUnknownCommandNamesTheKnown(t *testing.T) {
	err := run(t.Context(), []string{"upp"}, t.Output(), t.Output())
	if err == nil || !strings.Contains(err.Error(), "build, up, down or status") {
		t.Errorf("got %v", err)
	}
}
