// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

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

// thread runs functions on one operating system thread. Children must be started by it: the kernel
// ends a child with Pdeathsig when the thread that started it ends, and the Go runtime ends threads
// as it likes unless a goroutine holds on to one.
type thread struct {
	work chan func()
	done chan struct{}
}

func newThread() *thread {
	t := &thread{work: make(chan func()), done: make(chan struct{})}
	go func() {
		defer close(t.done)
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		for f := range t.work {
			f()
		}
	}()
	return t
}

// do runs f on the thread and waits for it.
func (t *thread) do(f func()) {
	finished := make(chan struct{})
	t.work <- func() { defer close(finished); f() }
	<-finished
}

// stop ends the thread, and with it whatever child still runs.
func (t *thread) stop() {
	close(t.work)
	<-t.done
}

// process is one program of the control plane.
type process struct {
	name    string
	port    int
	logPath string
	cmd     *exec.Cmd
	log     *os.File
	exited  chan struct{} // closed after the process ended and err is set
	err     error
}

// start runs the program on the thread, in a process group of its own, with output to the log file.
func start(t *thread, name, logPath string, port int, path string, args, env []string) (*process, error) {
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the log of %s: %w", name, err)
	}
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = processAttributes()
	t.do(func() { err = cmd.Start() })
	if err != nil {
		log.Close()
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	p := &process{name: name, port: port, logPath: logPath, cmd: cmd, log: log, exited: make(chan struct{})}
	go func() { // ends with the process
		p.err = cmd.Wait()
		log.Close()
		close(p.exited)
	}()
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) running() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// kill ends the process at once. Our data is never needed afterwards, and what the process wrote
// before is in the kernel's hands.
func (p *process) kill() error { return p.end(syscall.SIGKILL, time.Minute) }

// terminate lets the process finish what it does, for some time.
func (p *process) terminate(patience time.Duration) error {
	if err := p.end(syscall.SIGTERM, patience); err == nil {
		return nil
	}
	return p.kill()
}

func (p *process) end(signal syscall.Signal, patience time.Duration) error {
	if !p.running() {
		return nil
	}
	if err := syscall.Kill(-p.pid(), signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("sending %s to %s (pid %d): %w", signal, p.name, p.pid(), err)
	}
	select {
	case <-p.exited:
		return nil
	case <-time.After(patience):
		return fmt.Errorf("%s (pid %d) still runs %s after %s", p.name, p.pid(), patience, signal)
	}
}

// awaitReady calls check each 25 milliseconds until it returns nil. It gives up when the process
// ends or with the context.
func (p *process) awaitReady(ctx context.Context, check func(context.Context) error) error {
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
			return fmt.Errorf("%s ended before it was ready (%v); its log %s ends:\n%s", p.name, p.err, p.logPath, tail(p.logPath, 20))
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s to be ready: %w (last answer: %v); its log %s ends:\n%s", p.name, context.Cause(ctx), last, p.logPath, tail(p.logPath, 20))
		}
	}
}

// tailBytes bounds how much of a log is read for its last lines.
const tailBytes = 256 << 10

// tail returns the last n lines of a file.
func tail(path string, n int) string {
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
