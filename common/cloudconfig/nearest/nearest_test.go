// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package nearest

import "testing"

func TestName(t *testing.T) {
	known := []string{"endpoint", "tokenFile", "region", "routeTable"}
	for name, want := range map[string]string{
		"enpoint":    "endpoint",
		"ednpoint":   "endpoint",
		"Endpoint":   "endpoint",
		"token-file": "tokenFile",
		"regoin":     "region",
		"zone":       "",
		"":           "",
	} {
		if got := Name(name, known); got != want {
			t.Errorf("nearest to %q: %q, want %q", name, got, want)
		}
	}
}
