// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Paths says where the programs are.
type Paths struct {
	Etcd              string
	APIServer         string
	ControllerManager string
}

// Ensure returns the programs of the control plane and builds them first if this machine has none
// of these versions yet. Progress, which may be nil, hears about a build and about nothing else.
//
// It is safe to call from several processes at once: one builds, the others wait.
func Ensure(ctx context.Context, progress io.Writer) (Paths, error) {
	if progress == nil {
		progress = io.Discard
	}
	module, err := moduleDir()
	if err != nil {
		return Paths{}, err
	}
	base, err := cacheDir()
	if err != nil {
		return Paths{}, err
	}
	key, err := cacheKey(ctx, module)
	if err != nil {
		return Paths{}, err
	}
	dir := filepath.Join(base, key)
	if ready, err := complete(dir); err != nil || ready {
		return paths(dir), err
	}

	unlock, err := lock(ctx, filepath.Join(base, key+".lock"), progress)
	if err != nil {
		return Paths{}, err
	}
	defer unlock()
	if ready, err := complete(dir); err != nil || ready { // built while we waited
		return paths(dir), err
	}
	if err := build(ctx, module, dir, progress); err != nil {
		return Paths{}, err
	}
	return paths(dir), nil
}

func paths(dir string) Paths {
	return Paths{
		Etcd:              filepath.Join(dir, "etcd"),
		APIServer:         filepath.Join(dir, "kube-apiserver"),
		ControllerManager: filepath.Join(dir, "kube-controller-manager"),
	}
}

// complete reports whether a build is there. The directory appears by a rename after all programs
// were built, so that its existence says it all.
func complete(dir string) (bool, error) {
	_, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking for built programs: %w", err)
	}
	return true, nil
}

func cacheDir() (string, error) {
	user, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding the user's cache directory (set HOME or XDG_CACHE_HOME): %w", err)
	}
	dir := filepath.Join(user, "cloud-providers", "controlplane")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("making the cache directory: %w", err)
	}
	return dir, nil
}

// cacheKey identifies what a build would produce: the versions of all modules, the toolchain and the
// flags.
func cacheKey(ctx context.Context, module string) (string, error) {
	toolchain, err := goCommand(ctx, module, "env", "GOVERSION", "GOOS", "GOARCH", "GOEXPERIMENT").Output()
	if err != nil {
		return "", fmt.Errorf("asking go for its version (is go in PATH?): %w", err)
	}
	sum := sha256.New()
	sum.Write(toolchain)
	sum.Write([]byte(strings.Join(buildFlags(), "\n")))
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(module, name))
		if err != nil {
			return "", fmt.Errorf("reading the control plane's module: %w", err)
		}
		sum.Write(content)
	}
	return hex.EncodeToString(sum.Sum(nil))[:16], nil
}
