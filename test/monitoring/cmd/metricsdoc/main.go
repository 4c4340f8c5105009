// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Command metricsdoc writes the reference page of the metrics that a directory's code declares.
package main

import (
	"fmt"
	"os"

	"sigs.k8s.io/cloud-providers/test/monitoring"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: metricsdoc <directory> <page>")
		os.Exit(2)
	}
	all, err := monitoring.Metrics(os.Args[1])
	if err == nil {
		err = os.WriteFile(os.Args[2], []byte(monitoring.Page(all)), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "metricsdoc:", err)
		os.Exit(1)
	}
}
