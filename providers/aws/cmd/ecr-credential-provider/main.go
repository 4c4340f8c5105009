// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Command ecr-credential-provider gives the kubelet credentials for images in Amazon's registries. The
// kubelet runs it for each image that its configuration assigns to it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"
	"k8s.io/component-base/version"

	"sigs.k8s.io/cloud-providers/providers/aws/credential"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "ecr-credential-provider:", err)
		os.Exit(1)
	}
}

// run is the program. Arguments that are no flags are ignored: old kubelet configurations have
// "get-credentials".
func run(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	flags := pflag.NewFlagSet("ecr-credential-provider", pflag.ContinueOnError)
	flags.SetOutput(out)
	show := flags.Bool("version", false, "Print the version and exit.")
	switch err := flags.Parse(args); {
	case errors.Is(err, pflag.ErrHelp):
		return nil
	case err != nil:
		return err
	}
	if *show {
		_, err := fmt.Fprintln(out, version.Get().GitVersion)
		return err
	}
	return credential.Run(ctx, in, out)
}
