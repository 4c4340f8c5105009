// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// RootEnv names the environment variable that says where this repository is, for programs that run
// outside of it.
const RootEnv = "CLOUD_PROVIDERS_ROOT"

// modulePath is where the control plane's module is, seen from the repository's root.
var modulePath = filepath.Join("test", "cluster", "controlplane")

// moduleDir finds the control plane's module: below $CLOUD_PROVIDERS_ROOT if that is set, otherwise
// below the working directory or one of its parents.
func moduleDir() (string, error) {
	if root := os.Getenv(RootEnv); root != "" {
		dir, ok, err := moduleBelow(root)
		if err == nil && !ok {
			err = fmt.Errorf("%s=%s has no %s: set it to the root of the cloud-providers repository", RootEnv, root, modulePath)
		}
		return dir, err
	}
	start, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the working directory: %w", err)
	}
	for at := start; ; at = filepath.Dir(at) {
		dir, ok, err := moduleBelow(at)
		if err != nil || ok {
			return dir, err
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("no %s above %s: run from within the cloud-providers repository or set %s to its root", modulePath, start, RootEnv)
		}
	}
}

func moduleBelow(root string) (string, bool, error) {
	dir := filepath.Join(root, modulePath)
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("looking for the control plane's module: %w", err)
	}
	return dir, true, nil
}
