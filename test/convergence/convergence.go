// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package convergence is for tests that go to the same end by different ways. States are texts with a line for
// each object.
package convergence

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Differences lists the lines that only one of two states has.
func Differences(got, want string) string {
	var b strings.Builder
	lines := func(text string) []string { return strings.Split(text, "\n") }
	for _, l := range lines(got) {
		if !slices.Contains(lines(want), l) {
			b.WriteString("\n+ " + l)
		}
	}
	for _, l := range lines(want) {
		if !slices.Contains(lines(got), l) {
			b.WriteString("\n- " + l)
		}
	}
	return b.String()
}

// CrashEverywhere runs something whose process dies at each call that changes something: before it is made, and
// after its answer was lost. run says in which state that ends, and how many calls of the first process changed
// something; it lets none die if cutAt is 0.
func CrashEverywhere(t *testing.T, run func(cutAt int, after bool) (state string, changes int)) {
	t.Helper()
	want, n := run(0, false)
	if n == 0 {
		t.Fatal("nothing is changed: the test tests nothing")
	}
	for cutAt := 1; cutAt <= n; cutAt++ {
		for _, after := range []bool{false, true} {
			if got, _ := run(cutAt, after); got != want {
				t.Errorf("died at change %d of %d (after it: %t): %s", cutAt, n, after, Differences(got, want))
				return
			}
		}
	}
}

// UID makes a UID of a name; the same one in every run.
func UID(name string) string {
	h := fmt.Sprintf("%x", []byte(name+strings.Repeat("#", 16)))[:32]
	return fmt.Sprintf("%s-%s-%s-%s-%s", h[:8], h[8:12], h[12:16], h[16:20], h[20:32])
}
