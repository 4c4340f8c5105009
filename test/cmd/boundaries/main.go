// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Command boundaries fails when a module of this repository imports or links what it must not.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"sigs.k8s.io/cloud-providers/test/boundaries"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	found, err := boundaries.Check(ctx, ".")
	if err != nil {
		fmt.Fprintln(os.Stderr, "boundaries:", err)
		os.Exit(1)
	}
	for _, v := range found {
		fmt.Fprintln(os.Stderr, "boundaries:", v)
	}
	if len(found) > 0 {
		os.Exit(1)
	}
	fmt.Println("boundaries: kept")
}
