// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"errors"
	"fmt"
	"testing"
)

func TestIsUserError(t *testing.T) {
	user, other := UserErrorf("wrong port"), errors.New("timeout")
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"nothing":             {nil, false},
		"one":                 {user, true},
		"wrapped":             {fmt.Errorf("listener: %w", user), true},
		"another":             {other, false},
		"caused by the cloud": {&UserError{Problems: []string{"quota"}, Cause: other}, true},
		"all of several":      {fmt.Errorf("plan: %w", errors.Join(user, fmt.Errorf("pool: %w", user))), true},
		"some of several":     {errors.Join(user, other), false}, // the rest may work soon
	} {
		if got := IsUserError(test.err); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
