// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cloudconfig reads the files that --cloud-config names, strictly: a mistake is an error that
// says in which line it is, and what was probably meant.
//
// The structs that are filled name their keys in json tags. Fields may be strings, booleans, numbers,
// time.Duration, encoding.TextUnmarshaler, and structs, pointers, slices and maps of such.
package cloudconfig

import (
	"fmt"
	"strings"
)

// Error is one mistake in a file.
type Error struct {
	// Path and Line say where it is; Line counts from 1, and is 0 when the file as a whole is wrong.
	Path string
	Line int
	// Key is the path of the key within the file, for example "loadBalancer.pool".
	Key     string
	Message string
}

func (e *Error) Error() string {
	where := e.Path
	if e.Line > 0 {
		where = fmt.Sprintf("%s:%d", e.Path, e.Line)
	}
	if e.Key != "" {
		return fmt.Sprintf("%s: %s: %s", where, e.Key, e.Message)
	}
	return fmt.Sprintf("%s: %s", where, e.Message)
}

// Option changes how a file is read.
type Option func(*decoder)

// UnknownKeysAreWarnings is for files that a cloud's older programs read leniently.
func UnknownKeysAreWarnings(d *decoder) { d.lenient = true }

// joinKey returns the path of a key within another.
func joinKey(parent, key string) string {
	if parent == "" {
		return key
	}
	return parent + "." + key
}

func quoted(names []string) string {
	return `"` + strings.Join(names, `", "`) + `"`
}
