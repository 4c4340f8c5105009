// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Command demo is `make run`: a real control plane, the local cloud, three machines in two zones, our
// cloud controller manager, and a Service that answers through its load balancer. It says what it does as
// it goes, stays until Ctrl-C, and leaves nothing behind. With ONCE=1, or when standard input is no
// terminal, it ends after the last check.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	stay := os.Getenv("ONCE") != "1" && isTerminal(os.Stdin)
	d := &demo{out: os.Stdout}
	err := d.run(ctx, stay)
	if err != nil && ctx.Err() == nil {
		fmt.Fprintf(os.Stderr, "\nFAILED at %q: %v\n", d.current, err)
		d.explain() // before the logs are gone
	}
	if cleanup := d.stop(); cleanup != nil {
		fmt.Fprintln(os.Stderr, "stopping:", cleanup)
		err = errors.Join(err, cleanup)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		fmt.Println("Interrupted; everything is stopped.")
		os.Exit(130)
	case err != nil:
		os.Exit(1)
	}
	fmt.Println("Everything is stopped, nothing is left behind.")
}

// isTerminal reports whether a person sits at the other end.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && notNull(info)
}

// notNull tells /dev/null, which is a character device too, from a terminal.
func notNull(info os.FileInfo) bool {
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}
