// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package client proves the clients of the OpenStack provider on the simulated OpenStack: every way to
// authenticate, that tokens and credentials are renewed, what is tried again, and how little is asked.
package client

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
	testclock "k8s.io/utils/clock/testing"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/openstack/client"
	"sigs.k8s.io/cloud-providers/providers/openstack/config"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/openstacktest"
	"sigs.k8s.io/cloud-providers/test/clouds/sim"
)

// TestMain keeps what is logged out of the tests' output.
func TestMain(m *testing.M) {
	klog.SetLogger(logr.Discard())
	os.Exit(m.Run())
}

// hasty is a clock whose timers have always just fired; it goes on by what they were for.
type hasty struct{ *testclock.FakeClock }

func (h hasty) NewTimer(d time.Duration) clock.Timer {
	t := h.FakeClock.NewTimer(d)
	h.Step(d)
	return t
}

func newClock() hasty { return hasty{testclock.NewFakeClock(time.Unix(1_700_000_000, 0))} }

// text is a cloud-config for a user: demo's password unless lines say otherwise.
func text(cloud *openstacktest.Cloud, lines ...string) string {
	if len(lines) == 0 {
		lines = []string{"username = demo", "password = secret", "domain-name = Default", "tenant-id = " + cloud.Project.ID}
	}
	return strings.Join(append([]string{"[Global]", "auth-url = " + cloud.AuthURL + "/v3", "region = " + cloud.Region()}, lines...), "\n") + "\n"
}

// prepare makes a connection that has asked nothing yet.
func prepare(t *testing.T, setup provider.Setup, content string, options ...client.Option) *client.Connection {
	t.Helper()
	cfg, err := config.Read("cloud.conf", strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.Prepare(t.Context(), setup, cfg, append([]client.Option{client.WithClock(newClock())}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// use asks Neutron for something.
func use(t *testing.T, c *client.Connection) error {
	t.Helper()
	return get(t, c.Default(), "networks")
}

func get(t *testing.T, r *client.Region, path string) error {
	t.Helper()
	s, err := r.Network(t.Context())
	if err != nil {
		return err
	}
	_, err = s.Get(t.Context(), s.ServiceURL(path), &struct{}{}, nil)
	return client.Explain("get "+path, err)
}

func start(t *testing.T, o openstack.Options) *openstacktest.Cloud {
	t.Helper()
	cloud := openstacktest.Start(t, o)
	return cloud
}

func fault(t *testing.T, cloud *openstacktest.Cloud, faults ...sim.Fault) {
	t.Helper()
	if err := cloud.Faults.Add(faults...); err != nil {
		t.Fatal(err)
	}
}

// wantCalls checks what was called since the last time, and forgets it.
func wantCalls(t *testing.T, cloud *openstacktest.Cloud, want map[string]int) {
	t.Helper()
	if got := cloud.Calls.Counts(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("calls %v, want %v", got, want)
	}
	cloud.Calls.Reset()
}

// write puts a file in place as kubelets do: at once.
func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// log collects what is logged.
type log struct {
	mu    sync.Mutex
	lines []string
}

// watch returns a log of what is logged at a verbosity.
func watch(t *testing.T, verbosity int) (*log, klog.Logger) {
	t.Helper()
	l := &log{}
	return l, funcr.New(func(_, args string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.lines = append(l.lines, args)
	}, funcr.Options{Verbosity: verbosity})
}

func (l *log) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := l.lines
	l.lines = nil
	return lines
}

// secure is a cloud behind TLS, with its certificate in a file.
func secure(t *testing.T) (*openstack.Server, *httptest.Server, string) {
	t.Helper()
	cloud := openstack.New(openstack.Options{})
	server := httptest.NewTLSServer(cloud)
	server.Config.ErrorLog = nil
	t.Cleanup(server.Close)
	path := filepath.Join(t.TempDir(), "ca.pem")
	write(t, path, pemOf(server.Certificate().Raw))
	return cloud, server, path
}

// newServer serves on loopback until the test ends.
func newServer(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}
