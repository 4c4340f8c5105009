// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package binaries

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// kubernetesVersion is stamped into the programs. Without it they call themselves v0.0.0-master and
// clients that look at the server's version misbehave. It follows k8s.io/kubernetes in the control
// plane's go.mod; a test compares them.
const kubernetesVersion = "v1.37.1"

// programs are built in this order, smallest first.
var programs = []struct{ name, pkg string }{
	{"etcd", "go.etcd.io/etcd/server/v3"},
	{"kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"},
	{"kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager"},
}

func buildFlags() []string {
	major, rest, _ := strings.Cut(strings.TrimPrefix(kubernetesVersion, "v"), ".")
	minor, _, _ := strings.Cut(rest, ".")
	ldflags := []string{"-s", "-w"}
	for _, pkg := range []string{"k8s.io/component-base/version", "k8s.io/client-go/pkg/version"} {
		ldflags = append(ldflags,
			"-X", pkg+".gitVersion="+kubernetesVersion,
			"-X", pkg+".gitMajor="+major,
			"-X", pkg+".gitMinor="+minor,
			"-X", pkg+".gitTreeState=clean")
	}
	return []string{
		"-trimpath", "-buildvcs=false", "-mod=readonly",
		"-tags", "grpcnotrace", // lets the linker drop unused methods
		"-ldflags", strings.Join(ldflags, " "),
	}
}

// build makes all programs in a directory beside dir and renames it to dir at the end.
func build(ctx context.Context, module, dir string, progress io.Writer) error {
	began := time.Now()
	fmt.Fprintf(progress, "building the control plane (Kubernetes %s) into %s: about 6 minutes on 2 cores the first time, under 2 when Go's build cache has it; reused afterwards\n", kubernetesVersion, dir)
	if leftovers, err := filepath.Glob(dir + ".building-*"); err == nil {
		for _, l := range leftovers { // of a build that was killed; we hold the lock
			os.RemoveAll(l)
		}
	}
	temp, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+".building-*")
	if err != nil {
		return fmt.Errorf("making a directory to build in: %w", err)
	}
	defer os.RemoveAll(temp)
	for i, p := range programs {
		what := fmt.Sprintf("[%d/%d] %s", i+1, len(programs), p.name)
		stop := report(progress, what)
		args := append([]string{"build"}, buildFlags()...)
		cmd := goCommand(ctx, module, append(args, "-o", filepath.Join(temp, p.name), p.pkg)...)
		var output bytes.Buffer
		cmd.Stdout, cmd.Stderr = &output, &output
		err := cmd.Run()
		stop(err)
		if err != nil {
			return fmt.Errorf("building %s in %s: %w\n%s", p.name, module, err, output.String())
		}
	}
	if err := os.Chmod(temp, 0o755); err != nil {
		return fmt.Errorf("opening the build to readers: %w", err)
	}
	if err := os.Rename(temp, dir); err != nil {
		return fmt.Errorf("putting the build in its place: %w", err)
	}
	fmt.Fprintf(progress, "built the control plane in %s\n", time.Since(began).Round(time.Second))
	return nil
}

// report says each ten seconds what is being built and for how long. The function returned ends it.
func report(progress io.Writer, what string) func(error) {
	began := time.Now()
	elapsed := func() time.Duration { return time.Since(began).Round(time.Second) }
	fmt.Fprintf(progress, "%s: building\n", what)
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(10 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				fmt.Fprintf(progress, "%s: still building after %s\n", what, elapsed())
			case <-quit:
				return
			}
		}
	}()
	return func(err error) {
		close(quit)
		<-done
		if err != nil {
			fmt.Fprintf(progress, "%s: failed after %s\n", what, elapsed())
			return
		}
		fmt.Fprintf(progress, "%s: done in %s\n", what, elapsed())
	}
}

// goCommand runs go in the control plane's module and by its go.mod alone.
func goCommand(ctx context.Context, module string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}
