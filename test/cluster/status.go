// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// Status is what a component's process is doing.
type Status struct {
	Component Component
	PID       int
	Port      int
	Running   bool
	RSS       int64 // bytes of memory in use
	Log       string
}

// Status returns the state of all components in the order of their start.
func (c *Cluster) Status() []Status {
	var all []Status
	for _, name := range Components {
		p := c.process(name)
		if p == nil {
			continue
		}
		s := Status{Component: name, PID: p.PID(), Port: p.port, Running: p.Running(), Log: p.LogPath}
		if s.Running {
			s.RSS, _ = RSS(s.PID) // it may end meanwhile
		}
		all = append(all, s)
	}
	return all
}

// Memory returns the resident memory of each running component, in bytes.
func (c *Cluster) Memory() map[Component]int64 {
	memory := map[Component]int64{}
	for _, s := range c.Status() {
		if s.Running {
			memory[s.Component] = s.RSS
		}
	}
	return memory
}

// RSS returns the resident memory of a process in bytes.
func RSS(pid int) (int64, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("reading the memory of process %d: %w", pid, err)
	}
	for line := range bytes.Lines(content) {
		value, found := bytes.CutPrefix(line, []byte("VmRSS:"))
		if !found {
			continue
		}
		kib, err := strconv.ParseInt(string(bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(value), []byte("kB")))), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("reading the memory of process %d: %w", pid, err)
		}
		return kib << 10, nil
	}
	return 0, fmt.Errorf("reading the memory of process %d: no VmRSS, it has ended", pid)
}
