// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// downPatience is how long the supervisor may take to end everything before it is killed, which ends
// its children as well.
const downPatience = 30 * time.Second

// down ends the supervisor, by its pid and only if that is still the same process.
func down(ctx context.Context, dir string, stdout io.Writer) error {
	running, err := readState(dir)
	if err != nil {
		return err
	}
	if running == nil {
		fmt.Fprintf(stdout, "no control plane runs in %s\n", dir)
		return nil
	}
	for _, step := range []struct {
		signal   syscall.Signal
		patience time.Duration
	}{{syscall.SIGTERM, downPatience}, {syscall.SIGKILL, time.Second}} {
		if err := running.Supervisor.Signal(step.signal); err != nil {
			return err
		}
		err = wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, step.patience, true, func(context.Context) (bool, error) {
			return running.ended(), nil
		})
		if err == nil {
			fmt.Fprintf(stdout, "stopped the control plane in %s\n", dir)
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("waiting for the control plane to end: %w", context.Cause(ctx))
		}
	}
	return fmt.Errorf("process %d or one of its children still runs", running.Supervisor.PID)
}

// ended reports whether the supervisor and all its children have ended.
func (s *state) ended() bool {
	for _, c := range s.Components {
		if c.Process.Running() {
			return false
		}
	}
	return !s.Supervisor.Running()
}
