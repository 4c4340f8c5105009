// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// dirPattern names the temporary directories of control planes.
	dirPattern = "cloud-providers-cluster-*"

	// ownerFile holds the ownership of a directory.
	ownerFile = "owner.json"

	// unownedAge is when a temporary directory without an owner counts as abandoned rather than as
	// about to be owned.
	unownedAge = time.Hour
)

// ProcessID tells a process from a later one that got the same pid.
type ProcessID struct {
	PID int `json:"pid"`
	// Started is the start time in the kernel's clock ticks since boot (proc_pid_stat(5), field 22).
	Started uint64 `json:"started"`
}

// ownership says who started a control plane and which processes belong to it.
type ownership struct {
	Owner    ProcessID            `json:"owner"`
	Children map[string]ProcessID `json:"children,omitempty"`
}

// IdentifyProcess returns the identity of a running process; it fails when there is none.
func IdentifyProcess(pid int) (ProcessID, error) {
	started, err := startTime(pid)
	if err != nil {
		return ProcessID{}, fmt.Errorf("looking at process %d: %w", pid, err)
	}
	return ProcessID{PID: pid, Started: started}, nil
}

// Running reports whether this very process still runs.
func (p ProcessID) Running() bool {
	started, err := startTime(p.PID)
	return err == nil && started == p.Started
}

// Signal sends a signal if this very process still runs.
func (p ProcessID) Signal(signal syscall.Signal) error {
	if !p.Running() {
		return nil
	}
	if err := syscall.Kill(p.PID, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("sending %s to process %d: %w", signal, p.PID, err)
	}
	return nil
}

// startTime reads field 22 of /proc/pid/stat. A zombie, which is waited for by nobody any more or
// not yet, does not count as running.
func startTime(pid int) (uint64, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The second field is the name in parentheses and may hold anything.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	const state, started = 0, 22 - 3 // the fields after the name begin with the third
	if len(fields) <= started {
		return 0, fmt.Errorf("/proc/%d/stat is too short", pid)
	}
	if fields[state] == "Z" || fields[state] == "X" {
		return 0, fmt.Errorf("process %d has ended", pid)
	}
	return strconv.ParseUint(fields[started], 10, 64)
}

// claim takes a directory for this process: it makes one if dir is empty. A directory that another
// living process uses is refused.
func claim(dir string) (string, error) {
	if dir == "" {
		sweep(os.TempDir())
		temp, err := os.MkdirTemp("", dirPattern)
		if err != nil {
			return "", fmt.Errorf("making a directory for the control plane: %w", err)
		}
		return temp, writeOwnership(temp, nil)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("making %s absolute: %w", dir, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("making the directory of the control plane: %w", err)
	}
	previous, err := readOwnership(dir)
	if err == nil {
		if previous.Owner.Running() {
			return "", fmt.Errorf("%s belongs to the control plane of process %d: stop that or use another directory", dir, previous.Owner.PID)
		}
		previous.killChildren()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	for _, name := range []string{"etcd", "pki", "log", "kubeconfig"} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return "", fmt.Errorf("removing what an earlier control plane left: %w", err)
		}
	}
	return dir, writeOwnership(dir, nil)
}

// sweep removes the temporary directories, and on systems without Pdeathsig the processes, of owners
// that are dead. What it cannot remove it leaves to the next.
func sweep(base string) {
	dirs, err := filepath.Glob(filepath.Join(base, dirPattern))
	if err != nil {
		return
	}
	for _, dir := range dirs {
		o, err := readOwnership(dir)
		switch {
		case err == nil && !o.Owner.Running():
			o.killChildren()
			os.RemoveAll(dir)
		case errors.Is(err, fs.ErrNotExist):
			if info, err := os.Stat(dir); err == nil && time.Since(info.ModTime()) > unownedAge {
				os.RemoveAll(dir)
			}
		}
	}
}

func (o ownership) killChildren() {
	for _, child := range o.Children {
		_ = child.Signal(syscall.SIGKILL)
	}
}

func readOwnership(dir string) (ownership, error) {
	content, err := os.ReadFile(filepath.Join(dir, ownerFile))
	if err != nil {
		return ownership{}, fmt.Errorf("reading who owns %s: %w", dir, err)
	}
	var o ownership
	if err := json.Unmarshal(content, &o); err != nil {
		return ownership{}, fmt.Errorf("reading who owns %s: %w", dir, err)
	}
	return o, nil
}

// writeOwnership records this process as owner, with its children by name.
func writeOwnership(dir string, children map[string]ProcessID) error {
	self, err := IdentifyProcess(os.Getpid())
	if err != nil {
		return err
	}
	content, err := json.Marshal(ownership{Owner: self, Children: children})
	if err != nil {
		return fmt.Errorf("encoding the ownership of %s: %w", dir, err)
	}
	temp := filepath.Join(dir, ownerFile+".new")
	if err := os.WriteFile(temp, content, 0o644); err != nil {
		return fmt.Errorf("taking ownership of %s: %w", dir, err)
	}
	if err := os.Rename(temp, filepath.Join(dir, ownerFile)); err != nil {
		return fmt.Errorf("taking ownership of %s: %w", dir, err)
	}
	return nil
}
