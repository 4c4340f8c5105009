// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package appparity

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// binaries are the programs whose size is bounded, relative to this folder, and their limits in bytes.
var binaries = []struct {
	dir   string
	limit int64
}{
	{"./samplemain", sampleLimit},
	{"./kcmmain", sampleLimit},
	{"../../providers/local/cmd/local-cloud-controller-manager", localLimit},
}

// The limits, a little above what was measured with Go 1.26 on linux/amd64. What they are made of: a program
// that only makes a clientset and lists Nodes is 26.7 MB, because importing k8s.io/cloud-provider keeps the
// types of all API groups alive; with client-go's informers and leader election it is 29.7 MB. Serving,
// metrics, logging and flags add 4.9 MB, our controllers and the local provider 1.1 MB. Losing dead-code
// elimination would cost 20 MB more.
const (
	sampleLimit = 35_500_000
	localLimit  = 36_500_000
)

// TestBinaries builds each program as a release is built. It fails when the linker's dead-code
// elimination is lost, and when a program has grown beyond its limit.
func TestBinaries(t *testing.T) {
	if testing.Short() {
		t.Skip("links programs")
	}
	for _, b := range binaries {
		t.Run(filepath.Base(b.dir), func(t *testing.T) {
			if _, err := os.Stat(filepath.Join(b.dir, "main.go")); err != nil {
				t.Skipf("no program yet: %v", err)
			}
			out := filepath.Join(t.TempDir(), "program")
			dump := build(t, b.dir, out, "-s -w -dumpdep")
			for _, line := range reflectMethods(dump) {
				t.Errorf("dead-code elimination is lost: methods are called by name here: %s", line)
			}
			info, err := os.Stat(out)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s: %d bytes stripped", b.dir, info.Size())
			if info.Size() > b.limit {
				t.Errorf("%s: %d bytes, more than %d", b.dir, info.Size(), b.limit)
			}
		})
	}
}

// TestReflectMethodIsFound proves that the check fails when it should: text/template calls methods by name.
func TestReflectMethodIsFound(t *testing.T) {
	if testing.Short() {
		t.Skip("links programs")
	}
	dir := t.TempDir()
	program := "package main\n\nimport (\n\t\"os\"\n\t\"text/template\"\n)\n\nfunc main() { template.Must(template.New(\"\").Parse(os.Args[0])).Execute(os.Stdout, os.Args) }\n"
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	dump := build(t, filepath.Join(dir, "main.go"), filepath.Join(dir, "program"), "-dumpdep")
	if len(reflectMethods(dump)) == 0 {
		t.Error("no <ReflectMethod> in what the linker prints for a program with text/template: has its form changed?")
	}
}

func build(t *testing.T, target, out, ldflags string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "build", "-tags", "grpcnotrace", "-trimpath", "-ldflags", ldflags, "-o", out, target)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	dump, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, dump[max(0, len(dump)-2000):])
	}
	return dump
}

// reflectMethods returns the linker's lines about functions that call methods by name. One such function
// that is reached makes the linker keep every exported method of every type.
func reflectMethods(dump []byte) []string {
	var found []string
	lines := bufio.NewScanner(bytes.NewReader(dump))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "<ReflectMethod>") {
			found = append(found, lines.Text())
		}
	}
	return found
}
