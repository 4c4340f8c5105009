// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package neutron

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"testing"
)

func TestSplitFitsURLs(t *testing.T) {
	var values []string
	for i := range 1000 {
		values = append(values, fmt.Sprintf("ip_address=10.0.%d.%d", i/256, i%256))
	}
	const room = 500
	var back []string
	for _, part := range split("fixed_ips", values, room) {
		if n := len("?" + url.Values{"fixed_ips": part}.Encode()); n > room {
			t.Errorf("a query of %d characters", n)
		}
		back = append(back, part...)
	}
	if !slices.Equal(back, values) {
		t.Errorf("%d values of %d", len(back), len(values))
	}
	if got := split("id", []string{"a"}, 0); len(got) != 1 {
		t.Errorf("one value without room: %v", got)
	}
	if got := split("id", nil, room); got != nil {
		t.Errorf("no values: %v", got)
	}
}

func TestNextPage(t *testing.T) {
	for _, test := range []struct {
		links, want string
		err         bool
	}{
		{"", "", false},
		{"[]", "", false},
		{`[{"rel":"previous","href":"http://x/v2.0/ports?marker=a"}]`, "", false},
		{`[{"rel":"next","href":"http://inside:9696/v2.0/ports?limit=2&marker=b"}]`, "limit=2&marker=b", false},
		{`[{"rel":"next","href":"http://inside:9696/v2.0/ports"}]`, "", true},
		{`{}`, "", true},
	} {
		got, err := nextPage(json.RawMessage(test.links))
		if got != test.want || (err != nil) != test.err {
			t.Errorf("%s: %q, %v", test.links, got, err)
		}
	}
}

func TestPortsAreInTheOrderOfTheirAge(t *testing.T) {
	var got []string
	for _, p := range inOrder([]Port{{ID: "c", CreatedAt: "2026-01-02T00:00:00Z"}, {ID: "b", CreatedAt: "2026-01-01T00:00:00Z"}, {ID: "a", CreatedAt: "2026-01-02T00:00:00Z"}, {ID: "c", CreatedAt: "2026-01-02T00:00:00Z"}}) {
		got = append(got, p.ID)
	}
	if !slices.Equal(got, []string{"b", "a", "c"}) {
		t.Errorf("order %v", got)
	}
}

func TestSecured(t *testing.T) {
	yes, no := true, false
	for p, want := range map[*bool]bool{nil: true, &yes: true, &no: false} {
		if got := (Port{PortSecurityEnabled: p}).Secured(); got != want {
			t.Errorf("%v: %t", p, got)
		}
	}
}
