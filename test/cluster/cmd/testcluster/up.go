// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"sigs.k8s.io/cloud-providers/test/cluster"
	"sigs.k8s.io/cloud-providers/test/cluster/binaries"
)

// up starts the supervisor in a session of its own and waits until it says that all is ready.
func up(ctx context.Context, dir string, args []string, stdout, stderr io.Writer) error {
	running, err := readState(dir)
	if err != nil {
		return err
	}
	if running != nil {
		fmt.Fprintf(stderr, "a control plane runs already in %s (its flags stay as they are)\n", dir)
		fmt.Fprintln(stdout, running.Kubeconfig)
		return nil
	}
	// A build takes minutes; here its progress is seen.
	if _, err := binaries.Ensure(ctx, stderr); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the control plane's directory: %w", err)
	}
	supervisor, err := startSupervisor(dir, args)
	if err != nil {
		return err
	}
	defer supervisor.ready.Close()
	if err := supervisor.await(ctx); err != nil {
		return err
	}
	started, err := readState(dir)
	if err != nil {
		return err
	}
	if started == nil {
		return fmt.Errorf("the control plane ended right after its start; see %s", supervisor.log)
	}
	fmt.Fprintf(stderr, "control plane ready at %s; stop it with testcluster down\n", started.URL)
	fmt.Fprintln(stdout, started.Kubeconfig)
	return nil
}

// supervisor is a started supervise command.
type supervisor struct {
	id    cluster.ProcessID
	ready *os.File // gets an empty answer when all is ready, otherwise why not
	log   string
}

func startSupervisor(dir string, args []string) (*supervisor, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	logPath := filepath.Join(dir, "supervisor.log")
	log, err := os.Create(logPath)
	if err != nil {
		return nil, fmt.Errorf("making the supervisor's log: %w", err)
	}
	defer log.Close()
	ready, answer, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("making a pipe to the supervisor: %w", err)
	}
	defer answer.Close()
	cmd := exec.Command(self, append([]string{superviseCommand}, args...)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{answer} // becomes answerFD
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		ready.Close()
		return nil, fmt.Errorf("starting the supervisor: %w", err)
	}
	id, err := cluster.IdentifyProcess(cmd.Process.Pid)
	return &supervisor{id: id, ready: ready, log: logPath}, errors.Join(err, cmd.Process.Release())
}

// await waits for the supervisor's answer. When the context ends before, so does the supervisor.
func (s *supervisor) await(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		// If either fails, the supervisor has ended, and the pipe with it.
		_ = s.id.Signal(syscall.SIGTERM)
		_ = s.ready.SetReadDeadline(time.Now().Add(downPatience))
	})
	defer stop()
	answer, err := io.ReadAll(s.ready) // until the supervisor closes its end or dies
	if err != nil {
		return fmt.Errorf("waiting for the supervisor: %w", err)
	}
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("starting the control plane: %w", context.Cause(ctx))
	case len(answer) == 0:
		return fmt.Errorf("the supervisor died while it started the control plane; see %s", s.log)
	case string(answer) != answerReady:
		return fmt.Errorf("starting the control plane: %s", answer)
	}
	return nil
}
