// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build scale

package scale

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sigs.k8s.io/cloud-providers/test/system"
)

var (
	programs     system.Programs
	stockProgram string
	report       Report

	measured struct {
		sync.Mutex
		runs []Run
	}
)

func TestMain(m *testing.M) {
	code, err := runAll(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runAll(m *testing.M) (int, error) {
	settings, err := ReadSettings(os.Getenv)
	if err != nil {
		return 1, err
	}
	root, err := system.Root()
	if err != nil {
		return 1, err
	}
	if settings.Out == "" {
		settings.Out = filepath.Join(root, "docs", "scale")
	}
	for _, dir := range []string{settings.Out, settings.Profile} {
		if dir == "" {
			continue
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return 1, err
		}
	}
	dir, err := os.MkdirTemp("", "cloud-providers-scale-*")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	if programs, err = system.BuildPrograms(ctx, dir); err != nil {
		return 1, err
	}
	if stockProgram, err = buildStock(ctx, root, dir); err != nil {
		return 1, err
	}
	report = Report{Machine: machine(), Date: time.Now().UTC().Truncate(time.Second), Command: command(), Settings: settings}
	if settings.Merge {
		if report.Runs, err = readRuns(settings.Out); err != nil {
			return 1, err
		}
	}
	return m.Run(), nil
}

// buildStock builds the stock manager as the programs of the local provider are built.
func buildStock(ctx context.Context, root, dir string) (string, error) {
	out := filepath.Join(dir, "stock-cloud-controller-manager")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-tags", "grpcnotrace", "-ldflags", "-s -w", "-o", out, "./scale/stockmanager")
	cmd.Dir = filepath.Join(root, "test")
	cmd.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("build the stock manager: %w\n%s", err, output.String())
	}
	return out, nil
}

func machine() Machine {
	m := Machine{Cores: cores(), Load: load()}
	if content, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(content)) {
			if name, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				m.CPU = strings.TrimSpace(v)
				break
			}
		}
	}
	if content, err := os.ReadFile("/proc/meminfo"); err == nil {
		var kib float64
		if _, err := fmt.Sscanf(string(content), "MemTotal: %f", &kib); err == nil {
			m.GiB = kib / (1 << 20)
		}
	}
	return m
}

// command is what repeats this run.
func command() string {
	var set []string
	for _, v := range os.Environ() {
		if strings.HasPrefix(v, "SCALE_") && !strings.HasPrefix(v, "SCALE_OUT=") && !strings.HasPrefix(v, "SCALE_PROFILE=") {
			set = append(set, v)
		}
	}
	slices.Sort(set)
	return strings.Join(append(set, "make test-scale"), " ")
}

func readRuns(dir string) ([]Run, error) {
	content, err := os.ReadFile(filepath.Join(dir, "results.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var old Report
	if err := json.Unmarshal(content, &old); err != nil {
		return nil, fmt.Errorf("results.json: %w", err)
	}
	return old.Runs, nil
}

// record adds a run to the results, which are written at once: a bench that is interrupted has results.
func record(t *testing.T, r Run) {
	t.Helper()
	measured.Lock()
	defer measured.Unlock()
	measured.runs = append(measured.runs, r)
	t.Logf("%s", Line(r))
	all := report
	all.Runs = Merge(report.Runs, measured.runs)
	if err := write(all); err != nil {
		t.Error(err)
	}
	for _, c := range Judge(all.Runs) {
		if c.Scenario == r.Scenario && c.Nodes == r.Nodes && r.Contender == Ours && !c.Met {
			t.Logf("missed: %s, measured %s", c.Aim, c.Measured)
			if c.Counted {
				t.Fail()
			}
		}
	}
}

func write(r Report) error {
	r.Checks, r.Fits = Judge(r.Runs), Fits(r.Runs)
	content, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	var errs []error
	for name, content := range map[string][]byte{
		"results.json": append(content, '\n'), "results.md": []byte(Markdown(r)), "join.svg": []byte(Plot(r.Runs)),
	} {
		errs = append(errs, os.WriteFile(filepath.Join(r.Settings.Out, name), content, 0o644))
	}
	return errors.Join(errs...)
}

// TestScale plays the scenarios. Each contender has a control plane of its own for each size.
func TestScale(t *testing.T) {
	s := report.Settings
	if s.part("join") || s.part("day") {
		for _, n := range s.Sizes {
			for _, c := range []Contender{Floor, Ours, Stock} {
				if s.runs(c, n) {
					t.Run(fmt.Sprintf("%d/%s", n, c), func(t *testing.T) { joinAndDay(t, s, c, n) })
				}
			}
		}
	}
	for _, c := range []Contender{Ours, Stock} {
		if s.part("faults") && s.runs(c, 0) {
			t.Run("faults/"+string(c), func(t *testing.T) { faults(t, s, c) })
		}
		if s.part("routes") && s.runs(c, 0) {
			t.Run("routes/"+string(c), func(t *testing.T) { routes(t, s, c) })
		}
	}
}
