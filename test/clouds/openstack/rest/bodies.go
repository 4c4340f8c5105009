// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package rest

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"sync"
)

// Overlay puts the fields of a body over a struct that is a plain copy of another: what the two share is
// replaced rather than changed, and null makes a field empty.
func Overlay(v any, body map[string]json.RawMessage) error {
	s := reflect.ValueOf(v).Elem()
	names := indexes(s.Type())
	for name, raw := range body {
		index, ok := names[name]
		if !ok {
			continue
		}
		field := s.FieldByIndex(index)
		switch field.Kind() {
		case reflect.Slice, reflect.Map, reflect.Pointer:
			field.SetZero()
		default:
		}
		if string(raw) == "null" {
			field.SetZero()
			continue
		}
		if err := json.Unmarshal(unquoted(raw, field.Type()), field.Addr().Interface()); err != nil {
			return Errorf(400, "HTTPBadRequest", "Invalid input for field/attribute %s. Value: '%s'. %v", name, raw, err)
		}
	}
	return nil
}

// unquoted takes numbers out of quotes, as the services do.
func unquoted(raw json.RawMessage, t reflect.Type) json.RawMessage {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var text string
	if t.Kind() != reflect.Int || json.Unmarshal(raw, &text) != nil {
		return raw
	}
	return json.RawMessage(text)
}

// Unknown returns the first field of a body that is not allowed, or "".
func Unknown(body map[string]json.RawMessage, allowed []string) string {
	for _, name := range slices.Sorted(maps.Keys(body)) {
		if !slices.Contains(allowed, name) {
			return name
		}
	}
	return ""
}

// Locked has operations run under a lock, until their answer is encoded.
func Locked(mu *sync.Mutex, operations []Operation) []Operation {
	for i := range operations {
		do := operations[i].Do
		operations[i].Do = func(r *Request) (*Response, error) {
			mu.Lock()
			defer mu.Unlock()
			answer, err := do(r)
			if err != nil || answer.Body == nil {
				return answer, err
			}
			if _, ok := answer.Body.(Raw); ok {
				return answer, nil
			}
			raw, err := json.Marshal(answer.Body)
			answer.Body = json.RawMessage(raw)
			return answer, err
		}
	}
	return operations
}
