// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestArguments(t *testing.T) {
	for _, test := range []struct {
		args     string
		out, err string
	}{
		{"--version", "v", ""},
		{"get-credentials", "", "not JSON"}, // ignored, and the request is read
		{"", "", "not JSON"},
		{"--unknown", "", "unknown flag"},
	} {
		var out bytes.Buffer
		err := run(t.Context(), strings.Fields(test.args), strings.NewReader("x"), &out)
		if (err != nil) != (test.err != "") || err != nil && !strings.Contains(err.Error(), test.err) || !strings.HasPrefix(out.String(), test.out) {
			t.Errorf("%q: %v, %q", test.args, err, out.String())
		}
	}
}
