// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestVersionIsThatOfTheModule(t *testing.T) {
	dir, err := moduleDir()
	if err != nil {
		t.Fatal(err)
	}
	gomod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	want := "k8s.io/kubernetes " + kubernetesVersion
	if !regexp.MustCompile(`(?m)^\s*(require )?` + regexp.QuoteMeta(want) + `(\s|$)`).Match(gomod) {
		t.Errorf("%s/go.mod does not require %q: change kubernetesVersion with it", dir, want)
	}
}

func TestModuleIsFoundFromOutsideByEnvironment(t *testing.T) {
	inside, err := moduleDir()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if _, err := moduleDir(); err == nil || !strings.Contains(err.Error(), RootEnv) {
		t.Errorf("outside of the repository: got error %v, want one that names %s", err, RootEnv)
	}
	t.Setenv(RootEnv, strings.TrimSuffix(inside, modulePath))
	if dir, err := moduleDir(); err != nil || dir != inside {
		t.Errorf("with %s: got %q, %v; want %q", RootEnv, dir, err, inside)
	}
}

func TestKeyFollowsTheModulesVersions(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	key := func() string {
		t.Helper()
		key, err := cacheKey(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	write("go.mod", "module m\n\ngo 1.26.0\n")
	write("go.sum", "a")
	first := key()
	if key() != first {
		t.Error("the same module gave two keys")
	}
	write("go.sum", "b")
	if key() == first {
		t.Error("another go.sum gave the same key")
	}
}

func TestLockExcludes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := lock(t.Context(), path, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	got := make(chan error)
	go func() {
		second, err := lock(t.Context(), path, writerFunc(func(p []byte) (int, error) {
			said.Write(p)
			unlock()
			return len(p), nil
		}))
		if err == nil {
			second()
		}
		got <- err
	}()
	if err := <-got; err != nil {
		t.Fatal(err)
	}
	if said.Len() == 0 {
		t.Error("the second did not wait for the first")
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestEnsureBuildsOrReuses(t *testing.T) {
	if testing.Short() {
		t.Skip("may build the control plane")
	}
	got, err := Ensure(t.Context(), t.Output())
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{got.Etcd, got.APIServer, got.ControllerManager} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode()&0o111 == 0 {
			t.Errorf("%s is not executable: %s", path, info.Mode())
		}
	}
}
