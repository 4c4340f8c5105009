// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package rest

import "slices"

// Store keeps objects in the order of their creation. It has no lock of its own.
type Store[T any] struct {
	id    func(*T) string
	order []*T
	index map[string]*T
}

// NewStore returns an empty one, whose objects have the IDs that the function finds.
func NewStore[T any](id func(*T) string) *Store[T] {
	return &Store[T]{id: id, index: map[string]*T{}}
}

// Get returns the object of an ID, or nil.
func (s *Store[T]) Get(id string) *T { return s.index[id] }

// All returns the objects, the oldest first. Nobody may change the list.
func (s *Store[T]) All() []*T { return s.order }

// Len is how many there are.
func (s *Store[T]) Len() int { return len(s.order) }

// Add adds an object.
func (s *Store[T]) Add(v *T) {
	s.order = append(s.order, v)
	s.index[s.id(v)] = v
}

// Remove removes the object of an ID.
func (s *Store[T]) Remove(id string) {
	if v := s.index[id]; v != nil {
		delete(s.index, id)
		s.order = slices.DeleteFunc(slices.Clone(s.order), func(o *T) bool { return o == v })
	}
}

// Copies returns copies of all objects.
func (s *Store[T]) Copies() []T {
	all := make([]T, 0, len(s.order))
	for _, v := range s.order {
		all = append(all, *v)
	}
	return all
}

// Load replaces all objects.
func (s *Store[T]) Load(all []T) {
	s.order, s.index = nil, map[string]*T{}
	for i := range all {
		v := all[i]
		s.Add(&v)
	}
}

// Select returns the objects that fit.
func (s *Store[T]) Select(fits func(*T) bool) []*T {
	var some []*T
	for _, v := range s.order {
		if fits(v) {
			some = append(some, v)
		}
	}
	return some
}
