// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cidrs

import "testing"

func TestParse(t *testing.T) {
	for value, ok := range map[string]bool{
		"10.0.0.0/8": true, "10.0.0.0/8,fd00::/48": true, "fd00::/48, 10.0.0.0/8": true,
		"": false, "x": false, "10.0.0.0/8,10.1.0.0/16": false, "10.0.0.0/8,fd00::/48,fd01::/48": false,
	} {
		if _, err := Parse("--cluster-cidr", value); (err == nil) != ok {
			t.Errorf("%q: %v", value, err)
		}
	}
}
