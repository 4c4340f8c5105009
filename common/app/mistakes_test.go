// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	cloudprovider "k8s.io/cloud-provider"

	"sigs.k8s.io/cloud-providers/common/provider"
)

// TestMain is also the program of TestMistakes.
func TestMain(m *testing.M) {
	if os.Getenv("BE_A_PROGRAM") == "stubborn" {
		Main(sampleProgram(&nothing{}, Controller{Name: "stubborn-controller", ClientName: "stubborn", New: newStubborn}))
	}
	if os.Getenv("BE_A_PROGRAM") != "" {
		Main(Program{Name: "sample", ProviderName: "sample", Controllers: stockLike, NewCloud: func(_ context.Context, s provider.Setup) (cloudprovider.Interface, error) {
			if s.Config != nil {
				return nil, errors.New(s.ConfigPath + ":3: unknown key \"regoin\"; did you mean \"region\"?")
			}
			return &nothing{}, nil
		}})
	}
	os.Exit(m.Run())
}

// TestMistakes runs the program with wrong configurations: one line that says what is wrong, exit code 1.
func TestMistakes(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	api := newFakeAPI(t)
	kubeconfig := api.kubeconfig(t)
	const ok = "--cloud-provider=sample"
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "--cloud-provider cannot be empty"},
		{[]string{"--cloud-provider=aws"}, `--cloud-provider=aws: this program contains only the provider "sample"`},
		{[]string{ok}, "--kubeconfig or --master is needed outside a cluster"},
		{[]string{ok, "--kubeconfig=/absent"}, "--kubeconfig /absent: stat /absent: no such file or directory"},
		{[]string{ok, "--kubeconfig=" + file("broken", "{")}, "--kubeconfig "},
		{[]string{ok, "--kubeconfig=" + kubeconfig, "--cloud-config=/absent"}, "--cloud-config: open /absent: no such file or directory"},
		{[]string{ok, "--kubeconfig=" + kubeconfig, "--cloud-config=" + file("cloud", "x")}, `unknown key "regoin"; did you mean "region"?`},
		{[]string{ok, "--controllers=foo"}, `"foo" is not in the list of known controllers`},
		{[]string{ok, "--no-such-flag"}, "unknown flag: --no-such-flag"},
		{[]string{ok, "--kube-api-qps=many"}, `invalid argument "many" for "--kube-api-qps" flag`},
		{[]string{ok, "surplus"}, `"sample" takes no arguments, only flags, but got ["surplus"]`},
		{[]string{ok, "--concurrent-node-syncs=0"}, "concurrent-node-syncs must be a positive number"},
		{[]string{ok, "--concurrent-node-status-updates=-1"}, "concurrent-node-status-updates cannot be a negative number"},
		{[]string{ok, "--concurrent-node-lifecycle-syncs=0"}, "concurrent-node-lifecycle-syncs must be at least 1, but got 0"},
		{[]string{ok, "--concurrent-service-syncs=0"}, "concurrent-service-syncs must be a positive number"},
		{[]string{ok, "--node-monitor-period=0"}, "--node-monitor-period must be more than 0, but is 0s"},
		{[]string{ok, "--route-reconciliation-period=-1s"}, "--route-reconciliation-period must be more than 0, but is -1s"},
		{[]string{ok, "--leader-elect-resource-lock=endpoints"}, `resourceLock value must be "leases"`},
		{[]string{ok, "--leader-elect-lease-duration=5s"}, "--leader-elect-lease-duration must be more than --leader-elect-renew-deadline, but is 5s against 10s"},
		{[]string{ok, "--secure-port=70000"}, "--secure-port 70000 must be between 0 and 65535, inclusive"},
		{[]string{ok, "--webhook-secure-port=10258"}, "--webhook-secure-port cannot be the same value as --secure-port"},
		{[]string{ok, "--tls-cert-file=/x"}, "--tls-cert-file and --tls-private-key-file need each other"},
		{[]string{ok, "--webhooks=foo"}, `"foo" is not in the list of known webhooks`},
		{[]string{ok, "--feature-gates=NoSuchGate=true"}, "unrecognized feature gate: NoSuchGate"},
		{[]string{ok, "--capabilities=routes"}, `"routes" is not of the form`},
		{[]string{ok, "--dry-run-output=xml"}, `--dry-run-output must be text or json, but is "xml"`},
		{[]string{ok, "--logging-format=xml"}, "logging"},
		{[]string{ok, "--config=/absent"}, "--config: open /absent: no such file or directory"},
		{[]string{ok, "--config=" + file("config", "apiVersion: cloudcontrollermanager.config.k8s.io/v1alpha1\nkind: CloudControllerManagerConfiguration\nGeneric: {Tea: 1}\n")}, `unknown field "Generic.Tea"`},
		{[]string{ok, "--enable-leader-migration", "--leader-migration-config=" + file("endpoints", "apiVersion: controllermanager.config.k8s.io/v1alpha1\nkind: LeaderMigrationConfiguration\nleaderName: x\nresourceLock: endpoints\ncontrollerLeaders: []\n")}, `resourceLock: "endpoints" is not supported any more`},
		{[]string{ok, "--enable-leader-migration", "--leader-migration-config=" + file("unknown", "apiVersion: controllermanager.config.k8s.io/v1\nkind: LeaderMigrationConfiguration\nleaderName: x\ncontrollerLeaders: [{name: tea, component: '*'}]\n")}, `"tea" is not a controller`},
		{[]string{ok, "--kubeconfig=" + kubeconfig, "--secure-port=0", "--authentication-kubeconfig=/absent", "--dry-run=false", "--client-ca-file=/absent", "--secure-port=0", "--kube-api-burst=0"}, "--kube-api-burst must be more than 0"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], c.args...)
			cmd.Env = append(os.Environ(), "BE_A_PROGRAM=1")
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			err := cmd.Run()
			if code := cmd.ProcessState.ExitCode(); code != 1 {
				t.Errorf("exit code %d (%v), want 1", code, err)
			}
			line := stderr.String()
			if !strings.HasPrefix(line, "sample: ") || !strings.Contains(line, c.want) || strings.Count(line, "\n") != 1 {
				t.Errorf("standard error:\n%s\nwant one line, sample: … %s", line, c.want)
			}
			if stdout.Len() > 0 {
				t.Errorf("standard output: %s", stdout.String())
			}
		})
	}
}

func TestAllMistakesAtOnce(t *testing.T) {
	var stderr bytes.Buffer
	code := Run(t.Context(), sampleProgram(&nothing{}), []string{"--cloud-provider=x", "--node-monitor-period=0", "--concurrent-service-syncs=0"}, &stderr, &stderr)
	if code != 1 || strings.Count(stderr.String(), "; ") != 2 || strings.Count(stderr.String(), "\n") != 1 {
		t.Errorf("exit code %d: %s", code, stderr.String())
	}
}

// newStubborn makes a controller that says on standard output where it is, and never ends.
func newStubborn(context.Context, Deps) (Runnable, error) {
	return RunnableFunc(func(accept, _ context.Context) error {
		fmt.Println("working")
		<-accept.Done()
		fmt.Println("stopping")
		select {}
	}), nil
}

// TestSecondSignal: the first signal waits for running work, the second one does not.
func TestSecondSignal(t *testing.T) {
	api := newFakeAPI(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0], sampleArgs(t, api)...)
	cmd.Env = append(os.Environ(), "BE_A_PROGRAM=stubborn")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	for _, want := range []string{"working", "stopping"} {
		if !lines.Scan() || lines.Text() != want {
			t.Fatalf("got %q, want %q", lines.Text(), want)
		}
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if api.holder() == "" {
		t.Error("the lease was released although work was running")
	}
}
