// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"

	"sigs.k8s.io/cloud-providers/test/cluster/binaries"
)

// build makes sure that the programs exist, and prints their paths.
func build(ctx context.Context, stdout, stderr io.Writer) error {
	paths, err := binaries.Ensure(ctx, stderr)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s\n%s\n%s\n", paths.Etcd, paths.APIServer, paths.ControllerManager)
	return nil
}
