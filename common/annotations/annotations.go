// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package annotations reads the annotations by which users steer load balancers. Each is declared once,
// with its type, default, documentation and check; a Set reads all of a Service's at once, reports all
// mistakes together, and writes the reference page.
//
//	var (
//		set  = annotations.NewSet("example.com/")
//		mode = annotations.Enum(set, "mode", "fast", "How packets travel.", "fast", "safe")
//	)
//
//	values, err := set.Read(service.Annotations)
//	m := mode.Get(values)
package annotations

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/cloud-providers/common/cloudconfig/nearest"
	"sigs.k8s.io/cloud-providers/common/provider"
)

// Set is the annotations that a provider understands. It is filled by the declarations of package
// variables, and only read afterwards.
type Set struct {
	prefix    string
	declared  []declaration
	elsewhere map[string]string
}

// declaration is an annotation without the type of its value.
type declaration struct {
	key, kind, allowed, defaultText, doc string
	parse                                func(string) (any, error)
}

// NewSet returns an empty set. The prefix, with its slash, is the provider's own: what has it and is not
// declared is a mistake.
func NewSet(prefix string) *Set { return &Set{prefix: prefix} }

// Elsewhere names annotations with this set's prefix that are other programs'. A Service that has one gets a
// warning with that clause, for example "is for the ingress controller, and has no effect here".
func (s *Set) Elsewhere(clause string, names ...string) {
	if s.elsewhere == nil {
		s.elsewhere = map[string]string{}
	}
	for _, name := range names {
		s.elsewhere[s.prefix+name] = clause
	}
}

// Annotation is a declared annotation whose values have type T.
type Annotation[T any] struct {
	key      string
	fallback T
}

// Key returns the full key.
func (a *Annotation[T]) Key() string { return a.key }

// Get returns the value, or the default when the Service does not have the annotation.
func (a *Annotation[T]) Get(v Values) T {
	value, _ := a.Lookup(v)
	return value
}

// Lookup returns the value and whether the Service has the annotation.
func (a *Annotation[T]) Lookup(v Values) (T, bool) {
	value, ok := v.parsed[a.key].(T)
	if !ok {
		return a.fallback, false
	}
	return value, true
}

// Values is what a Service's annotations say.
type Values struct {
	parsed map[string]any
	// Warnings name annotations with the provider's prefix that do not exist, in the order of their keys.
	// They are for the user to see, and do not stand in the way of a load balancer.
	Warnings []string
}

// Read reads the annotations of an object. The error is a *provider.UserError with a sentence for each
// value that is wrong; the values are those that are right, so that a caller can find further mistakes.
func (s *Set) Read(all map[string]string) (Values, error) {
	v := Values{parsed: map[string]any{}}
	var problems []string
	for _, d := range s.declared {
		text, ok := all[d.key]
		if !ok {
			continue
		}
		value, err := d.parse(text)
		if err != nil {
			problems = append(problems, fmt.Sprintf("annotation %s: %v", d.key, err))
			continue
		}
		v.parsed[d.key] = value
	}
	v.Warnings = s.unknown(all)
	if len(problems) > 0 {
		return v, &provider.UserError{Problems: problems}
	}
	return v, nil
}

// unknown describes the annotations that only look like ours.
func (s *Set) unknown(all map[string]string) []string {
	keys := s.Keys()
	var warnings []string
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if !strings.HasPrefix(key, s.prefix) || slices.Contains(keys, key) {
			continue
		}
		if clause := s.elsewhere[key]; clause != "" {
			warnings = append(warnings, fmt.Sprintf("annotation %s %s", key, clause))
			continue
		}
		w := fmt.Sprintf("annotation %s does not exist and has no effect", key)
		if near := s.nearest(key, keys); near != "" {
			w += fmt.Sprintf("; did you mean %s?", near)
		}
		warnings = append(warnings, w)
	}
	return warnings
}

// nearest compares what follows the prefix, so that the prefix does not make everything alike.
func (s *Set) nearest(key string, keys []string) string {
	var names []string
	for _, k := range keys {
		if name, ok := strings.CutPrefix(k, s.prefix); ok {
			names = append(names, name)
		}
	}
	if near := nearest.Name(strings.TrimPrefix(key, s.prefix), names); near != "" {
		return s.prefix + near
	}
	return ""
}

// Keys returns the keys of all declared annotations, in the order of their declaration.
func (s *Set) Keys() []string {
	var keys []string
	for _, d := range s.declared {
		keys = append(keys, d.key)
	}
	return keys
}

// declare adds an annotation. A name with a slash is a whole key, for annotations that are not the
// provider's own; others get the prefix.
func declare[T any](s *Set, name, kind, allowed string, fallback T, defaultText, doc string, parse func(string) (T, error)) *Annotation[T] {
	key := name
	if !strings.Contains(name, "/") {
		key = s.prefix + name
	}
	if slices.Contains(s.Keys(), key) {
		panic("annotations: " + key + " is declared twice") // a mistake of the program, found at its start
	}
	s.declared = append(s.declared, declaration{
		key: key, kind: kind, allowed: allowed, defaultText: defaultText, doc: doc,
		parse: func(text string) (any, error) {
			v, err := parse(strings.TrimSpace(text))
			if err != nil {
				return nil, err
			}
			return v, nil
		},
	})
	return &Annotation[T]{key: key, fallback: fallback}
}

// wrong is the sentence that every check uses.
func wrong(text, allowed string) error {
	const most = 60 // characters of a value that are repeated in an event
	if len(text) > most {
		text = text[:most] + "…"
	}
	return fmt.Errorf("%s is not allowed; use %s", strconv.Quote(text), allowed)
}
