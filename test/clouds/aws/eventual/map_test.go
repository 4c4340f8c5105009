// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package eventual

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

type handClock struct {
	now time.Time
	lag time.Duration
}

func (c *handClock) Now() time.Time     { return c.now }
func (c *handClock) Lag() time.Duration { return c.lag }

func keep[T any](v T) *T { return &v }

// seen returns what readers see, as "id=value".
func seen(m *Map[string]) []string {
	var out []string
	for item := range m.AllSeen(0) {
		out = append(out, item.ID+"="+*item.Value)
	}
	return out
}

func TestReadersLagBehindWriters(t *testing.T) {
	clock := &handClock{now: time.Unix(0, 0), lag: 5 * time.Second}
	m := NewMap[string](clock)
	check := func(when, newest string, want ...string) {
		t.Helper()
		got := ""
		if v := m.Get("a"); v != nil {
			got = *v
		}
		if got != newest {
			t.Errorf("%s: Get is %q, want %q", when, got, newest)
		}
		if s := seen(m); !slices.Equal(s, want) {
			t.Errorf("%s: readers see %v, want %v", when, s, want)
		}
	}
	m.Put("a", keep("1"))
	check("just created", "1")
	clock.now = clock.now.Add(3 * time.Second)
	m.Put("a", keep("2"))
	clock.now = clock.now.Add(2 * time.Second)
	check("after 5 s", "2", "a=1")
	clock.now = clock.now.Add(3 * time.Second)
	check("after 8 s", "2", "a=2")
	m.Delete("a")
	check("just deleted", "", "a=2")
	if m.Seen("a") == nil {
		t.Error("Seen does not see what AllSeen sees")
	}
	clock.now = clock.now.Add(5 * time.Second)
	check("long deleted", "")
}

func TestWithoutLagEverythingIsSeenAtOnce(t *testing.T) {
	m := NewMap[string](&handClock{now: time.Unix(0, 0)})
	for i := range 100 {
		m.Put(fmt.Sprint(i), keep("x"))
	}
	for i := range 98 {
		m.Delete(fmt.Sprint(i))
	}
	m.Put("0", keep("again"))
	if got, want := seen(m), []string{"98=x", "99=x", "0=again"}; !slices.Equal(got, want) {
		t.Errorf("readers see %v, want %v", got, want)
	}
	if m.Len() != 3 || len(m.entries) != 3 || len(m.order) > 40 {
		t.Errorf("%d values in %d entries, order of %d: deletions are not forgotten", m.Len(), len(m.entries), len(m.order))
	}
}

func TestDeletionsAreForgottenOnceSeen(t *testing.T) {
	clock := &handClock{now: time.Unix(0, 0), lag: time.Second}
	m := NewMap[string](clock)
	for i := range 1000 {
		m.Put(fmt.Sprint(i), keep("x"))
		m.Delete(fmt.Sprint(i))
		clock.now = clock.now.Add(time.Second)
	}
	if len(m.order) > 100 {
		t.Errorf("%d entries are kept for nothing", len(m.order))
	}
}

func TestPagesContinueWhereTheyEnded(t *testing.T) {
	m := NewMap[string](&handClock{now: time.Unix(0, 0)})
	for i := range 10 {
		m.Put(fmt.Sprint(i), keep("x"))
	}
	var last int64
	for item := range m.AllSeen(0) {
		last = item.Seq
		if item.ID == "4" {
			break
		}
	}
	m.Delete("4") // the page's last one may go meanwhile
	for item := range m.AllSeen(last) {
		if item.ID != "5" {
			t.Errorf("the next page begins with %s, want 5", item.ID)
		}
		break
	}
}
