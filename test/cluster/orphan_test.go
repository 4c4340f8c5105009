// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// parentEnv makes the test binary start a control plane, say where, and wait for its death.
const parentEnv = "CLUSTER_TEST_PARENT"

func TestMain(m *testing.M) {
	if os.Getenv(parentEnv) != "" {
		beParent()
	}
	os.Exit(m.Run())
}

func beParent() {
	c, err := Start(context.Background(), Options{Progress: os.Stderr})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(c.Dir())
	select {}
}

func TestKilledParentLeavesNothing(t *testing.T) {
	skipWhenShort(t)
	t.Setenv("TMPDIR", t.TempDir())
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), parentEnv+"=1")
	parent.Stderr = t.Output()
	stdout, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	if !lines.Scan() {
		t.Fatalf("the parent did not start a control plane: %v", errors.Join(lines.Err(), parent.Wait()))
	}
	dir := lines.Text()
	owned, err := readOwnership(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(owned.Children) != len(Components) {
		t.Fatalf("the directory lists %v, want all of %v", owned.Children, Components)
	}
	if err := parent.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // it was killed

	eventually(t, "all processes have ended", func(context.Context) error {
		for name, child := range owned.Children {
			if child.Running() {
				return fmt.Errorf("%s (pid %d) runs", name, child.PID)
			}
		}
		return nil
	})
	sweep(os.TempDir()) // as the next Start does
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory of the killed parent: got %v, want not existing", err)
	}
}

func TestDirectoryInUseIsRefused(t *testing.T) {
	dir := t.TempDir()
	if _, err := claim(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := claim(dir); err == nil {
		t.Error("the directory of a living process was taken")
	}
	// The same pid with another start time is another process: the owner is dead.
	content, err := json.Marshal(ownership{Owner: ProcessID{PID: os.Getpid(), Started: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/"+ownerFile, content, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := claim(dir); err != nil {
		t.Errorf("the directory of a dead process: %v", err)
	}
}
