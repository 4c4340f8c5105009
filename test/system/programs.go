// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package system

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"sigs.k8s.io/cloud-providers/test/cluster/binaries"
)

// Programs are the local provider's programs, built from this checkout.
type Programs struct {
	Cloud   string
	Manager string
}

// BuildPrograms builds the local provider's programs as they are released: alone, without go.work, with
// the tag that keeps them small. The Go build cache makes it quick when nothing has changed.
func BuildPrograms(ctx context.Context, dir string) (Programs, error) {
	root, err := Root()
	if err != nil {
		return Programs{}, err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-tags", "grpcnotrace", "-ldflags", "-s -w", "-o", dir+string(os.PathSeparator), "./cmd/...")
	cmd.Dir = filepath.Join(root, "providers", "local")
	cmd.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return Programs{}, fmt.Errorf("build the local provider: %w\n%s", err, out.String())
	}
	return Programs{Cloud: filepath.Join(dir, "local-cloud"), Manager: filepath.Join(dir, "local-cloud-controller-manager")}, nil
}

// Root returns the root of this repository: where go.work is, from the current directory upwards, or
// what the environment says.
func Root() (string, error) {
	if dir := os.Getenv(binaries.RootEnv); dir != "" {
		return dir, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("this repository is not around the current directory; set %s to its root", binaries.RootEnv)
		}
		dir = parent
	}
}
