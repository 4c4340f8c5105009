// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/test/system"
)

var update = flag.Bool("update", false, "write golden files and the table of calls anew")

// TestDryRun asks the released program what it would do, and looks whether it did anything.
func TestDryRun(t *testing.T) {
	t.Parallel()
	e := newEnv(t, audited, func(o *system.Options) { o.Cloud.Addresses = 4 })
	m := e.manager("manager", often)
	e.nodes("n1", "n2")
	e.service("old")
	e.address("old")
	e.settledWith("old")

	e.run("nothing to do beside a leader", func(e *env) {
		code, out, _ := e.dryRun()
		if code != 0 || !strings.HasPrefix(out, "Nothing to do: ") {
			e.t.Errorf("exit code %d, want 0\n%s", code, out)
		}
	})

	if err := m.Terminate(30 * time.Second); err != nil {
		t.Fatal(err)
	}
	e.disorder()
	e.run("something to do", func(e *env) {
		code, out, log := e.dryRun()
		if code != 2 {
			e.t.Fatalf("exit code %d, want 2\n%s\n%s", code, out, log)
		}
		e.golden("dryrun.txt", e.normalised(out))
	})
	e.run("as JSON", func(e *env) {
		code, out, _ := e.dryRun("--dry-run-output=json")
		var plans struct {
			Plans []struct {
				Subject struct{ Kind, Name string }
				Changes []struct{ Operation string }
			}
		}
		if err := json.Unmarshal([]byte(out), &plans); err != nil {
			e.t.Fatalf("%v in\n%s", err, out)
		}
		changes := 0
		for _, p := range plans.Plans {
			changes += len(p.Changes)
		}
		if code != 2 || changes == 0 {
			e.t.Errorf("exit code %d and %d changes, want 2 and some", code, changes)
		}
	})
	e.run("a Service that cannot be planned", func(e *env) {
		e.service("wrong", func(s *v1.Service) {
			s.Annotations = map[string]string{"local.cloud-provider.sigs.k8s.io/proxy-protocol": "v3"}
		})
		code, out, log := e.dryRun()
		if code != 1 || !strings.Contains(out, "Service default/wrong\n  ! ") || !strings.Contains(log, "some objects cannot be planned") {
			e.t.Errorf("exit code %d, want 1\n%s\n%s", code, out, log)
		}
		e.deleteService("wrong")
	})
	e.run("what was planned is what a manager does", func(e *env) {
		m := e.manager("manager", often)
		e.address("new")
		e.eventually("the nodes have routes", func() error { return count(3, e.state().Routes["main"]) })
		e.eventually("nothing is left to do", func() error {
			code, out, _ := e.dryRun()
			if code != 0 {
				return errors.New(out)
			}
			return nil
		})
		if err := m.Terminate(30 * time.Second); err != nil {
			e.t.Fatal(err)
		}
	})
	e.run("a cloud that is away", func(e *env) {
		if err := e.Cloud.Kill(); err != nil {
			e.t.Fatal(err)
		}
		code, out, log := e.dryRunUnjudged()
		if code != 1 || !strings.Contains(log, "connection refused") || strings.Contains(log, "goroutine ") {
			e.t.Errorf("exit code %d, want 1\n%s\n%s", code, out, log)
		}
	})
}

// disorder makes work while no manager runs: a node that waits, a Service without a load balancer, a
// route that is missing and one too many.
func (e *env) disorder() {
	e.t.Helper()
	if err := e.AddMachines(e.ctx, []string{"zone-b"}, "n3"); err != nil {
		e.t.Fatal(err)
	}
	e.eventually("n3 has a CIDR and waits for nothing but its initialisation", func() error {
		if n := e.node("n3"); n.Spec.PodCIDR == "" || len(n.Spec.Taints) != 1 {
			return fmt.Errorf("CIDR %q, taints %v", n.Spec.PodCIDR, n.Spec.Taints)
		}
		return nil
	})
	e.service("new")
	e.update("old", func(s *v1.Service) { s.Spec.Ports[0].Port = 8081 })
	cidr := e.node("n1").Spec.PodCIDR
	if _, err := e.Cloud.DeleteRoutes(e.ctx, "main", api.RoutesRequest{Cluster: "kubernetes", Routes: []api.Route{{Destination: cidr}}}); err != nil {
		e.t.Fatal(err)
	}
	if _, err := e.Cloud.CreateRoutes(e.ctx, "main", api.RoutesRequest{Cluster: "kubernetes", Routes: []api.Route{{
		Destination: "10.244.200.0/24", Name: "stray", Cluster: "kubernetes", Machine: "n2"}}}); err != nil {
		e.t.Fatal(err)
	}
}

// dryRun runs the program and requires that it changes nothing. It returns exit code, output and log.
func (e *env) dryRun(args ...string) (int, string, string) {
	e.t.Helper()
	mark, err := e.Cluster.Audit().Mark()
	if err != nil {
		e.t.Fatal(err)
	}
	e.resetCalls()
	code, out, log := e.dryRunUnjudged(args...)
	requests, err := e.Cluster.Audit().Since(mark)
	if err != nil {
		e.t.Fatal(err)
	}
	mine := requests.ByUserAgent(dryProgram + "/")
	if len(mine) == 0 {
		e.t.Error("no request of it is in the audit log")
	}
	if writes := mine.Writes(); len(writes) > 0 {
		e.t.Errorf("the dry run wrote\n%s", writes)
	}
	calls, err := e.Cloud.Admin().Calls(e.ctx)
	if err != nil {
		e.t.Fatal(err)
	}
	for _, c := range calls.Calls {
		if c.Mutating && strings.HasPrefix(c.UserAgent, dryProgram+"/") {
			e.t.Errorf("the dry run called %s", c.Operation)
		}
	}
	return code, out, log
}

// dryProgram is the dry run's name in user agents.
const dryProgram = managerAgent + "-dry"

func (e *env) dryRunUnjudged(args ...string) (int, string, string) {
	e.t.Helper()
	dir := filepath.Join(e.Dir, "dry")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		e.t.Fatal(err)
	}
	spec, _, err := system.ManagerSpec(e.Programs.Manager, e.Cluster, e.Cloud.URL, system.ManagerOptions{
		Dir: dir, Program: dryProgram, Args: slices.Concat(quick, []string{"--dry-run"}, args)})
	if err != nil {
		e.t.Fatal(err)
	}
	var out, log bytes.Buffer
	cmd := exec.CommandContext(e.ctx, spec.Path, spec.Args...)
	cmd.Stdout, cmd.Stderr = &out, &log
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		e.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), log.String()
}

// normalised replaces what differs from run to run.
func (e *env) normalised(out string) string {
	for _, name := range []string{"n1", "n2", "n3"} {
		n := e.node(name)
		out = strings.ReplaceAll(out, n.Spec.PodCIDR, "<pods of "+name+">")
		for _, m := range e.machine(name).Addresses {
			out = regexp.MustCompile(regexp.QuoteMeta(m.Address)+`\b`).ReplaceAllString(out, "<address of "+name+">")
		}
	}
	for _, name := range []string{"old", "new"} {
		s := e.getService(name)
		out = strings.ReplaceAll(out, "a"+strings.ReplaceAll(string(s.UID), "-", "")[:31], "<load balancer of "+name+">")
		out = strings.ReplaceAll(out, string(s.UID), "<UID of "+name+">")
		for _, p := range s.Spec.Ports {
			out = strings.ReplaceAll(out, fmt.Sprint(p.NodePort), "<node port>")
		}
	}
	return out
}

// golden compares with a file of testdata, or writes it with -update.
func (e *env) golden(name, got string) {
	e.t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			e.t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		e.t.Fatal(err)
	}
	if got != string(want) {
		e.t.Errorf("got\n%s\nwant (%s; write it anew with -update)\n%s", got, path, want)
	}
}
