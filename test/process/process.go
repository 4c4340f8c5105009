// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package process runs programs that end with whoever started them, even when that was killed.
package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Group starts programs and ends them all. Programs must be started by one operating system thread that
// lives as long as they do: the kernel ends a child with Pdeathsig when the thread that started it ends,
// and the Go runtime ends threads as it likes unless a goroutine holds on to one.
type Group struct {
	work chan func()
	done chan struct{}
}

// NewGroup returns an empty group. Its goroutine ends with Stop.
func NewGroup() *Group {
	g := &Group{work: make(chan func()), done: make(chan struct{})}
	go func() {
		defer close(g.done)
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		for f := range g.work {
			f()
		}
	}()
	return g
}

// Stop ends whatever still runs.
func (g *Group) Stop() {
	close(g.work)
	<-g.done
}

// Spec says what to run.
type Spec struct {
	Name    string // for messages
	Path    string
	Args    []string
	Env     []string // beyond our own environment
	LogPath string   // receives both outputs, appended
}

// Process is a program that was started.
type Process struct {
	Spec
	cmd    *exec.Cmd
	exited chan struct{} // closed after the process ended and err is set
	err    error
}

// Start runs a program in a process group of its own.
func (g *Group) Start(spec Spec) (*Process, error) {
	log, err := os.OpenFile(spec.LogPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the log of %s: %w", spec.Name, err)
	}
	cmd := exec.Command(spec.Path, spec.Args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), spec.Env...)
	cmd.SysProcAttr = attributes()
	started := make(chan error)
	g.work <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		_ = log.Close()
		return nil, fmt.Errorf("start %s: %w", spec.Name, err)
	}
	p := &Process{Spec: spec, cmd: cmd, exited: make(chan struct{})}
	go func() { // ends with the process
		p.err = cmd.Wait()
		_ = log.Close()
		close(p.exited)
	}()
	return p, nil
}

// PID returns the process's ID.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Exited is closed when the process has ended.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Running reports whether the process has not ended yet.
func (p *Process) Running() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// ExitCode returns the exit code of a process that has ended; -1 if a signal ended it.
func (p *Process) ExitCode() int {
	<-p.exited
	return p.cmd.ProcessState.ExitCode()
}

// Signal sends a signal to the process and what it started.
func (p *Process) Signal(signal syscall.Signal) error {
	if !p.Running() {
		return nil
	}
	if err := syscall.Kill(-p.PID(), signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("send %s to %s (pid %d): %w", signal, p.Name, p.PID(), err)
	}
	return nil
}

// Kill ends the process at once and waits for its end.
func (p *Process) Kill() error { return p.end(syscall.SIGKILL, time.Minute) }

// Terminate lets the process finish what it does, for some time, and then kills it.
func (p *Process) Terminate(patience time.Duration) error {
	if err := p.end(syscall.SIGTERM, patience); err != nil {
		return errors.Join(err, p.Kill())
	}
	return nil
}

func (p *Process) end(signal syscall.Signal, patience time.Duration) error {
	if err := p.Signal(signal); err != nil {
		return err
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-p.exited:
		return nil
	case <-timer.C:
		return fmt.Errorf("%s (pid %d) still runs %s after %s", p.Name, p.PID(), patience, signal)
	}
}

// AwaitReady calls check each 25 milliseconds until it returns nil. It gives up when the process ends or
// with the context.
func (p *Process) AwaitReady(ctx context.Context, check func(context.Context) error) error {
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := check(attempt)
		cancel()
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
			last = err
		}
		select {
		case <-tick.C:
		case <-p.exited:
			return fmt.Errorf("%s ended before it was ready (%w); its log %s ends:\n%s", p.Name, p.err, p.LogPath, p.LogTail(20))
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w (last answer: %w); its log %s ends:\n%s", p.Name, context.Cause(ctx), last, p.LogPath, p.LogTail(20))
		}
	}
}

// tailBytes bounds how much of a log is read for its last lines.
const tailBytes = 256 << 10

// LogTail returns the last n lines that the process wrote.
func (p *Process) LogTail(n int) string { return Tail(p.LogPath, n) }

// Tail returns the last n lines of a file, or why there are none.
func Tail(path string, n int) string {
	file, err := os.Open(path)
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.Size() > tailBytes {
		if _, err := file.Seek(-tailBytes, io.SeekEnd); err != nil {
			return err.Error()
		}
	}
	content, err := io.ReadAll(file)
	if err != nil {
		return err.Error()
	}
	lines := bytes.SplitAfter(content, []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-n-1):], nil))
}
