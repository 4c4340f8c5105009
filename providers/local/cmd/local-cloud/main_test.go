// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"sigs.k8s.io/cloud-providers/providers/local/api"
)

// The test binary is the program itself when this is set.
const runMain = "LOCAL_CLOUD_TEST_RUN_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(runMain) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

type process struct {
	*exec.Cmd
	client *api.Client
	stderr *bytes.Buffer
}

// launch starts the program and waits until it says that it is ready.
func launch(t *testing.T, dataDir string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ready := filepath.Join(t.TempDir(), "ready")
	p := &process{Cmd: exec.Command(self, "--listen=127.0.0.1:0", "--data-dir="+dataDir, "--ipv4-pool=127.22.0.0/24", "--ready-file="+ready), stderr: &bytes.Buffer{}}
	p.Env = append(os.Environ(), runMain+"=1")
	p.Stderr = p.stderr
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill(); _ = p.Wait() })
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if url, err := os.ReadFile(ready); err == nil {
			p.client, err = api.NewClient(strings.TrimSpace(string(url)), api.ClientOptions{})
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		if time.Now().After(deadline) {
			t.Fatalf("local-cloud is not ready after 10 s: %s", p.stderr)
		}
	}
}

func backend(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return l.Addr().(*net.TCPAddr).Port
}

func get(t *testing.T, address string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	resp, err := client.Get("http://" + address)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	data, _ := io.ReadAll(resp.Body)
	return string(data)
}

func TestKilledCloudComesBackAsItWas(t *testing.T) {
	dir, port, ctx := t.TempDir(), backend(t), t.Context()
	first := launch(t, dir)
	if _, err := first.client.Admin().CreateMachines(ctx, api.Machine{ID: "m1", Name: "n1"}); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		_, err := first.client.CreateLoadBalancer(ctx, api.CreateLoadBalancerRequest{
			Name:  fmt.Sprint("lb", i),
			Owner: api.Owner{Cluster: "c1"},
			Spec: api.LoadBalancerSpec{
				Addressing: api.Addressing{Families: []api.Family{api.IPv4}},
				Listeners:  []api.Listener{{Protocol: api.TCP, Port: 8080, MemberPort: port}},
				Members:    []api.Member{{Name: "n1", Address: "127.0.0.1", Weight: 1}},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := first.client.DeleteLoadBalancer(ctx, "c1", "lb0"); err != nil {
		t.Fatal(err)
	}
	before, err := first.client.Admin().State(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.Wait()

	second := launch(t, dir)
	after, err := second.client.Admin().State(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(before, after) {
		t.Errorf("before the kill:\n%+v\nafter it:\n%+v", before, after)
	}
	for _, lb := range after.LoadBalancers {
		if got := get(t, lb.Addresses[0]+":8080"); got != "hello" {
			t.Errorf("%s at %s answers %q", lb.Name, lb.Addresses[0], got)
		}
	}
}

func TestTerminatedCloudStopsCleanly(t *testing.T) {
	p := launch(t, t.TempDir())
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil {
		t.Errorf("exit: %v\n%s", err, p.stderr)
	}
}

func TestBadFlagsAreExplained(t *testing.T) {
	for args, want := range map[string]string{
		"--ipv4-pool=127.0.0.1":                             "not a CIDR",
		"--ipv4-pool=::1/128":                               "not of family IPv4",
		"--ipv4-pool=a=127.1.0.0/16,always":                 "the only one is \"shared\"",
		"--ipv4-pool=127.1.0.0/16 --ipv4-pool=127.2.0.0/16": "two IPv4 pools with the name \"default\"",
		"--listen=10.0.0.1:80":                              "--allow-non-loopback",
		"nonsense":                                          "unknown command",
	} {
		cmd := command()
		cmd.SetArgs(append(strings.Fields(args), "--data-dir="+t.TempDir()))
		if err := cmd.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: err = %v, want it to contain %q", args, err, want)
		}
	}
}

func TestCommandLineClient(t *testing.T) {
	p := launch(t, t.TempDir())
	url, err := os.ReadFile(strings.TrimPrefix(p.Args[4], "--ready-file="))
	if err != nil {
		t.Fatal(err)
	}
	run := func(args string) string {
		t.Helper()
		var out bytes.Buffer
		cmd := command()
		cmd.SetOut(&out)
		cmd.SetArgs(append(strings.Fields(args), "--endpoint="+strings.TrimSpace(string(url))))
		if err := cmd.ExecuteContext(context.Background()); err != nil {
			t.Fatalf("%s: %v", args, err)
		}
		return out.String()
	}
	faults := filepath.Join(t.TempDir(), "faults.json")
	if err := os.WriteFile(faults, []byte(`{"faults":[{"operation":"ListRoutes","action":"status","skip":2}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	run("machine add n1 --id m1 --zone z1 --internal-ip 127.0.0.1")
	run("machine stop n1")
	for args, want := range map[string]string{
		"machine list":         "n1     m1   stopped   local    z1     -      127.0.0.1",
		"lb list":              "SERVICE",
		"calls --log":          "BEGAN",
		"calls --reset":        "0, of which 0",
		"faults set " + faults: "ListRoutes   status   2      ∞",
	} {
		if got := run(args); !strings.Contains(got, want) {
			t.Errorf("local-cloud %s prints\n%s\nwithout %q", args, got, want)
		}
	}
	run("faults clear")
	run("machine delete n1")
	if got := run("machine list"); strings.Contains(got, "n1") {
		t.Errorf("the deleted machine is still listed:\n%s", got)
	}
}
