// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package eventual has the store of the simulated services: a map whose readers may lag behind its
// writers, as those of the real services do.
//
// Whoever changes something sees the newest state (Get, All); whoever only describes sees the state of a
// moment ago (Seen, AllSeen). Values are never changed in place: a change puts a changed copy.
package eventual

import (
	"slices"
	"sort"
	"time"
)

// Clock says what time it is and how far reads are behind. It may be asked at any time, under the lock of
// the service that owns the map.
type Clock interface {
	Now() time.Time
	// Lag is the delay after which a change that is made now is seen.
	Lag() time.Duration
}

// Map holds values by ID, in the order in which they were created. It is not safe for concurrent use:
// the mutex of the service that owns it guards it.
type Map[T any] struct {
	clock   Clock
	entries map[string]*entry[T]
	order   []*entry[T] // by seq; may hold entries that are gone
	gone    int         // how many of order are gone
	next    int64
	deleted int // since the last tidy
}

type entry[T any] struct {
	id       string
	seq      int64
	versions []version[T] // the oldest first; only those that someone may still see
	gone     bool
}

// version is what an entry was from a moment on; a nil value says that it did not exist.
type version[T any] struct {
	from  time.Time
	value *T
}

// NewMap returns an empty map.
func NewMap[T any](clock Clock) *Map[T] {
	return &Map[T]{clock: clock, entries: map[string]*entry[T]{}}
}

// Put creates or replaces the value of an ID. The map keeps v: it must not be changed any more.
func (m *Map[T]) Put(id string, v *T) {
	e := m.entries[id]
	if e == nil {
		m.next++
		e = &entry[T]{id: id, seq: m.next}
		m.entries[id] = e
		m.order = append(m.order, e)
	}
	m.push(e, v)
}

// Delete removes an ID, if it is there.
func (m *Map[T]) Delete(id string) {
	e := m.entries[id]
	if e == nil || e.newest() == nil {
		return
	}
	m.push(e, nil)
	m.drop(e)
	if m.deleted++; m.deleted > len(m.order)/2+16 {
		m.deleted = 0
		m.Tidy()
	}
}

func (m *Map[T]) push(e *entry[T], v *T) {
	now := m.clock.Now()
	lag := m.clock.Lag()
	if lag <= 0 {
		e.versions = append(e.versions[:0], version[T]{now, v})
		return
	}
	if seen := e.current(now); seen > 0 {
		e.versions = slices.Delete(e.versions, 0, seen)
	}
	e.versions = append(e.versions, version[T]{now.Add(lag), v})
}

// drop forgets an entry which nobody sees any more, and now and then tidies the order.
func (m *Map[T]) drop(e *entry[T]) {
	if e.gone || len(e.versions) != 1 || e.versions[0].value != nil {
		return
	}
	e.gone = true
	delete(m.entries, e.id)
	m.gone++
	if m.gone > len(m.order)/2+16 {
		m.order = slices.DeleteFunc(m.order, func(e *entry[T]) bool { return e.gone })
		m.gone = 0
	}
}

// current is the index of the version which readers see now, or -1.
func (e *entry[T]) current(now time.Time) int {
	for i := len(e.versions) - 1; i >= 0; i-- {
		if !e.versions[i].from.After(now) {
			return i
		}
	}
	return -1
}

func (e *entry[T]) seen(now time.Time) *T {
	if i := e.current(now); i >= 0 {
		return e.versions[i].value
	}
	return nil
}

func (e *entry[T]) newest() *T { return e.versions[len(e.versions)-1].value }

// Get returns the newest value of an ID, or nil.
func (m *Map[T]) Get(id string) *T {
	if e := m.entries[id]; e != nil {
		return e.newest()
	}
	return nil
}

// Seen returns the value of an ID which readers see, or nil.
func (m *Map[T]) Seen(id string) *T {
	if e := m.entries[id]; e != nil {
		return e.seen(m.clock.Now())
	}
	return nil
}

// All yields the newest values with their IDs in the order of creation.
func (m *Map[T]) All() func(yield func(string, *T) bool) {
	return func(yield func(string, *T) bool) {
		for _, e := range m.order {
			if v := e.newest(); !e.gone && v != nil && !yield(e.id, v) {
				return
			}
		}
	}
}

// Item is a value with its place in the order, which does not change while the value exists.
type Item[T any] struct {
	ID    string
	Seq   int64
	Value *T
}

// AllSeen yields the values which readers see, in the order of creation, those after a place in the order
// only: 0 begins at the beginning, and Item.Seq of the last one continues.
func (m *Map[T]) AllSeen(after int64) func(yield func(Item[T]) bool) {
	now := m.clock.Now()
	return func(yield func(Item[T]) bool) {
		start := sort.Search(len(m.order), func(i int) bool { return m.order[i].seq > after })
		for _, e := range m.order[start:] {
			if e.gone {
				continue
			}
			if v := e.seen(now); v != nil && !yield(Item[T]{e.id, e.seq, v}) {
				return
			}
		}
	}
}

// Tidy forgets deletions that everybody has seen. Delete does it now and then; owners may do it more often.
func (m *Map[T]) Tidy() {
	now := m.clock.Now()
	for _, e := range slices.Clone(m.order) {
		if i := e.current(now); i > 0 {
			e.versions = slices.Delete(e.versions, 0, i)
		}
		m.drop(e)
	}
}

// Len is how many values there are, by the newest state.
func (m *Map[T]) Len() int {
	n := 0
	for range m.All() {
		n++
	}
	return n
}

// Clear removes everything at once, for a new state to be loaded.
func (m *Map[T]) Clear() {
	*m = Map[T]{clock: m.clock, entries: map[string]*entry[T]{}}
}
