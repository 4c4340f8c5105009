// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// StartForTest starts a control plane and stops it at the end of the test. If the test failed, the
// ends of the logs are printed, and all logs are kept below $ARTIFACTS if that is set.
func StartForTest(t testing.TB, options Options) *Cluster {
	t.Helper()
	if options.Progress == nil {
		options.Progress = t.Output()
	}
	// Not the test's context: that ends before the clean-ups that still want an API server.
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	c, err := Start(ctx, options)
	if err != nil {
		cancel()
		t.Fatalf("starting a control plane: %v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			c.reportLogs(t)
		}
		if err := c.Stop(); err != nil {
			t.Errorf("stopping the control plane: %v", err)
		}
		cancel()
	})
	return c
}

func (c *Cluster) reportLogs(t testing.TB) {
	for _, name := range Components {
		t.Logf("the log of %s ends:\n%s", name, c.LogTail(name, 30))
	}
	artifacts := os.Getenv("ARTIFACTS")
	if artifacts == "" {
		return
	}
	kept := filepath.Join(artifacts, strings.ReplaceAll(t.Name(), "/", "_"), "controlplane")
	if err := os.CopyFS(kept, os.DirFS(filepath.Join(c.dir, "log"))); err != nil {
		t.Logf("keeping the logs: %v", err)
		return
	}
	t.Logf("all logs are in %s", kept)
}
