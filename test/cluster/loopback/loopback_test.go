// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loopback

import (
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// childEnv makes the test binary reserve all that is left and print how many that were.
const childEnv = "LOOPBACK_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		for range 3 {
			a, err := Reserve()
			if err != nil {
				os.Exit(1)
			}
			os.Stdout.WriteString(a.String() + "\n")
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestNoRangeIsGivenOutTwice(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	taken := map[netip.Addr]bool{}
	for range last - first + 1 - 3 {
		a, err := Reserve()
		if err != nil {
			t.Fatal(err)
		}
		if taken[a] {
			t.Fatalf("%s was given out twice", a)
		}
		taken[a] = true
	}
	child := func() []string {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childEnv+"=1")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("another process got no range: %v", err)
		}
		return strings.Fields(string(out))
	}
	for range 2 { // the second finds what the first, which has ended, had
		for _, a := range child() {
			if taken[netip.MustParseAddr(a)] {
				t.Errorf("%s was given to another process, too", a)
			}
		}
	}
	for range 3 {
		if _, err := Reserve(); err != nil {
			t.Fatal(err)
		}
	}
	if a, err := Reserve(); err == nil {
		t.Errorf("got %s although all are taken", a)
	}
}
