// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package ids

import (
	"errors"
	"testing"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]ID{
		"openstack:///2f4c": {"", "2f4c"}, "openstack://RegionOne/2f4c": {"RegionOne", "2f4c"}, "openstack:///no-uuid": {"", "no-uuid"},
		"/abc": {"", "abc"}, "us-east-1/abc": {"us-east-1", "abc"},
	} {
		if got, err := Parse(text); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for text, foreign := range map[string]bool{
		"": false, "openstack://abc": false, "abc": false, "openstack:///a/b": false, "openstack:///": false,
		"aws:///us-west-2a/i-1": true, "://a/b": true,
	} {
		if _, err := Parse(text); err == nil || errors.Is(err, ErrForeign) != foreign {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestStringIsWhatParseReads(t *testing.T) {
	for _, id := range []ID{{"", "a"}, {"r", "a"}} {
		if got, err := Parse(id.String()); err != nil || got != id {
			t.Errorf("%v: %v, %v", id, got, err)
		}
	}
}
