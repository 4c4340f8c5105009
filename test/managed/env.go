// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package managed is what the end-to-end tests of all providers have in common: a real control plane, simulated
// kubelets, and the provider's program as a process. Each test adds its cloud.
package managed

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"

	"sigs.k8s.io/cloud-providers/test/cluster"
	"sigs.k8s.io/cloud-providers/test/cluster/kubelets"
	"sigs.k8s.io/cloud-providers/test/process"
	"sigs.k8s.io/cloud-providers/test/system"
)

// Main is the TestMain of a package: it builds a provider's program from this checkout, says where it is, and
// runs the tests.
func Main(m *testing.M, provider, program string, path *string) {
	code := func() int {
		dir, err := os.MkdirTemp("", "cloud-providers-"+provider+"-*")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		if *path, err = build(provider, program, dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}()
	os.Exit(code)
}

func build(provider, program, dir string) (string, error) {
	root, err := system.Root()
	if err != nil {
		return "", err
	}
	cmd := exec.Command("go", "build", "-tags", "grpcnotrace", "-o", dir+string(os.PathSeparator), "./cmd/"+program)
	cmd.Dir = filepath.Join(root, "providers", provider)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", program, err, out.String())
	}
	return filepath.Join(dir, program), nil
}

// Env is a cluster for one test. All of it ends with the test.
type Env struct {
	T       *testing.T
	Ctx     context.Context
	Cluster *cluster.Cluster
	Client  kubernetes.Interface // may do everything
	Fleet   *kubelets.Fleet
	Group   *process.Group
	Dir     string
	// Limit is how long Eventually waits, if not two minutes.
	Limit time.Duration
}

// New starts a control plane and nothing else.
func New(t *testing.T, c cluster.Options) *Env {
	t.Helper()
	e := &Env{T: t, Ctx: t.Context(), Group: process.NewGroup(), Dir: t.TempDir()}
	t.Cleanup(e.Group.Stop)
	e.Cluster = cluster.StartForTest(t, c)
	e.Client = e.Cluster.AdminClient()
	if err := system.Permit(t.Context(), e.Client); err != nil {
		t.Fatal(err)
	}
	admin, err := e.Cluster.RESTConfig(cluster.AdminUser, cluster.AdminGroup)
	if err != nil {
		t.Fatal(err)
	}
	if e.Fleet, err = kubelets.New(context.WithoutCancel(t.Context()), kubelets.Options{RESTConfig: admin, LeasePeriod: time.Second}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Fleet.Stop(); err != nil {
			t.Errorf("stop the kubelets: %v", err)
		}
	})
	return e
}

// Join starts kubelets.
func (e *Env) Join(machines ...kubelets.Machine) {
	e.T.Helper()
	if err := e.Fleet.Add(e.Ctx, machines...); err != nil {
		e.T.Fatal(err)
	}
}

// Spec is how a program is started: with flags that all managers have, and others after them.
func (e *Env) Spec(path string, args ...string) process.Spec {
	e.T.Helper()
	kubeconfig, err := e.Cluster.Kubeconfig(system.ManagerUser)
	if err != nil {
		e.T.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		e.T.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		e.T.Fatal(err)
	}
	return process.Spec{
		Name: filepath.Base(path), Path: path, LogPath: e.logPath(),
		Args: append([]string{
			"--kubeconfig=" + kubeconfig, "--bind-address=127.0.0.1", fmt.Sprint("--secure-port=", port),
			"--authentication-kubeconfig=" + kubeconfig, "--authorization-kubeconfig=" + kubeconfig, "--v=2",
		}, args...),
	}
}

// Start starts a program. What it logs is shown when the test fails.
func (e *Env) Start(spec process.Spec) *process.Process {
	e.T.Helper()
	p, err := e.Group.Start(spec)
	if err != nil {
		e.T.Fatal(err)
	}
	e.T.Cleanup(func() {
		if e.T.Failed() {
			e.T.Logf("the manager's log ends:\n%s", e.Log(6000))
		}
	})
	return p
}

func (e *Env) logPath() string { return filepath.Join(e.Dir, "manager.log") }

// Log is the end of the manager's log.
func (e *Env) Log(last int) string {
	data, err := os.ReadFile(e.logPath())
	if err != nil {
		return err.Error()
	}
	return string(data[max(0, len(data)-last):])
}

// Eventually polls until check returns nil.
func (e *Env) Eventually(what string, check func() error) {
	e.T.Helper()
	limit := cmp.Or(e.Limit, 2*time.Minute)
	deadline := time.After(limit)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			e.T.Fatalf("%s: not within %s: %v", what, limit, err)
		case <-e.Ctx.Done():
			e.T.Fatal(e.Ctx.Err())
		}
	}
}
