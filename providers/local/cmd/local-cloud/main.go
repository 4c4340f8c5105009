// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Command local-cloud is the cloud of the local provider: machines, load balancers that forward traffic,
// and a route table, on this machine. Without a subcommand it serves; the subcommands are clients for
// people.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

const defaultListen = "127.0.0.1:9440"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command().ExecuteContext(ctx)
	stop()
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "local-cloud:", err)
		os.Exit(1)
	}
}

func command() *cobra.Command {
	root := serveCommand()
	c := &clientFlags{}
	for _, sub := range []*cobra.Command{machineCommand(c), lbCommand(c), callsCommand(c), faultsCommand(c)} {
		c.add(sub)
		root.AddCommand(sub)
	}
	return root
}
