// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack"
)

// begin runs the program until the test ends, and returns its URL.
func begin(t *testing.T, f flags) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	f.listen, f.readyFile = "127.0.0.1:0", filepath.Join(t.TempDir(), "ready")
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, f) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if url, err := os.ReadFile(f.readyFile); err == nil && strings.HasSuffix(string(url), "\n") {
			return strings.TrimSpace(string(url))
		}
	}
	t.Fatal("the program does not get ready")
	return ""
}

func TestBuildsAndLoads(t *testing.T) {
	state := func(url string) (raw string, s openstack.State) {
		t.Helper()
		resp, err := http.Get(url + "/_control/state")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if err := json.NewDecoder(resp.Body).Decode(&s); err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return string(b), s
	}
	raw, built := state(begin(t, flags{cluster: "demo", nodes: 3}))
	if len(built.Nova.Servers) != 3 {
		t.Errorf("built %d servers", len(built.Nova.Servers))
	}
	file := filepath.Join(t.TempDir(), "state.json")
	if err := os.WriteFile(file, []byte(raw), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, loaded := state(begin(t, flags{state: file})); loaded.LastID < built.LastID || len(loaded.Nova.Servers) != 3 {
		t.Errorf("loaded %+v", loaded.Nova)
	}
}

func TestRefuses(t *testing.T) {
	for want, f := range map[string]flags{
		"loopback":               {listen: "0.0.0.0:0"},
		"--nodes needs":          {listen: "127.0.0.1:0", nodes: 3},
		"cannot be given":        {listen: "127.0.0.1:0", state: "x", cluster: "y"},
		"opening --state":        {listen: "127.0.0.1:0", state: "testdata/none.json"},
		"is not a loopback addr": {listen: "nonsense"},
	} {
		if err := run(t.Context(), f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want it to say %q", f, err, want)
		}
	}
}
