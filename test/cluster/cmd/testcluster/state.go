// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"sigs.k8s.io/cloud-providers/test/cluster"
)

// state is what the supervisor tells the other commands, in a file and, when it has started, to up.
type state struct {
	Supervisor cluster.ProcessID `json:"supervisor"`
	Kubeconfig string            `json:"kubeconfig"`
	URL        string            `json:"url"`
	Components []component       `json:"components"`
}

type component struct {
	Name    cluster.Component `json:"name"`
	Process cluster.ProcessID `json:"process"`
	Port    int               `json:"port"`
}

func statePath(dir string) string { return filepath.Join(dir, "testcluster.json") }

// readState returns the state of the control plane in the directory, or nil if none runs there.
func readState(dir string) (*state, error) {
	content, err := os.ReadFile(statePath(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the state of the control plane: %w", err)
	}
	var s state
	if err := json.Unmarshal(content, &s); err != nil {
		return nil, fmt.Errorf("reading %s (remove it if it is broken): %w", statePath(dir), err)
	}
	if !s.Supervisor.Running() {
		return nil, nil
	}
	return &s, nil
}

func (s *state) write(dir string) error {
	content, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the state of the control plane: %w", err)
	}
	if err := os.WriteFile(statePath(dir), content, 0o644); err != nil {
		return fmt.Errorf("writing the state of the control plane: %w", err)
	}
	return nil
}
