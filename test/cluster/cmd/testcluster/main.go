// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Command testcluster keeps a control plane running on this machine for development: etcd,
// kube-apiserver and kube-controller-manager on loopback, with simulated nodes if asked for.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

const usage = `usage: testcluster build|up|down|status [flags]

  build   build the three programs if this machine does not have them yet
  up      start a control plane in the background and print the path of the administrator's kubeconfig
  down    stop it
  status  print its processes, ports and memory; fails when it is not ready

"testcluster up --help" lists the flags.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "testcluster:", err)
		os.Exit(1)
	}
}

// run executes a command: results go to stdout, progress to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return errors.New("which command? build, up, down or status")
	}
	command, args := args[0], args[1:]
	flags := flag.NewFlagSet("testcluster "+command, flag.ContinueOnError)
	flags.SetOutput(stderr)
	dir, err := defaultDir()
	if err != nil {
		return err
	}
	flags.StringVar(&dir, "dir", dir, "directory of the control plane's data, kubeconfigs and logs; one control plane for each")
	var s settings
	if command == "up" || command == superviseCommand {
		s.addFlags(flags)
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%s takes flags only, not %q", command, flags.Args())
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return fmt.Errorf("making %s absolute: %w", dir, err)
	}
	switch command {
	case "build":
		return build(ctx, stdout, stderr)
	case "up":
		return up(ctx, dir, args, stdout, stderr)
	case superviseCommand:
		return supervise(ctx, dir, s, stderr)
	case "down":
		return down(ctx, dir, stdout)
	case "status":
		return status(ctx, dir, stdout)
	default:
		fmt.Fprint(stderr, usage)
		return fmt.Errorf("there is no command %q: use build, up, down or status", command)
	}
}

func defaultDir() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding the user's cache directory (set HOME or XDG_CACHE_HOME): %w", err)
	}
	return filepath.Join(cache, "cloud-providers", "testcluster"), nil
}
