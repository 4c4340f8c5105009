// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// UserError is a mistake that only the user can mend: a wrong annotation, an exhausted quota, a missing
// tag. It becomes one Warning event on the object and is retried slowly, or when the object changes.
type UserError struct {
	// Problems lists every mistake, each a sentence that names the value and the fix.
	Problems []string
	// Cause is the cloud's own answer, if there was one.
	Cause error
}

// UserErrorf returns a UserError with one problem.
func UserErrorf(format string, args ...any) *UserError {
	return &UserError{Problems: []string{fmt.Sprintf(format, args...)}}
}

func (e *UserError) Error() string { return strings.Join(e.Problems, "; ") }
func (e *UserError) Unwrap() error { return e.Cause }

// IsUserError reports whether err is, or wraps, a UserError.
// Of several errors that were joined all have to be.
func IsUserError(err error) bool {
	switch e := err.(type) { //nolint:errorlint // the chain is walked here
	case nil:
		return false
	case *UserError:
		return true
	case interface{ Unwrap() []error }:
		all := e.Unwrap()
		return len(all) > 0 && !slices.ContainsFunc(all, func(one error) bool { return !IsUserError(one) })
	}
	return IsUserError(errors.Unwrap(err))
}

// ConfigError means that the configuration or the credentials cannot work. The process ends at start.
type ConfigError struct{ Err error }

func (e *ConfigError) Error() string { return e.Err.Error() }
func (e *ConfigError) Unwrap() error { return e.Err }

// BadItemsError means that some items of a batch were unacceptable and nothing was answered. The caller
// asks again without Refs, or splits the batch when Refs is empty.
type BadItemsError struct {
	Refs []InstanceRef
	Err  error
}

func (e *BadItemsError) Error() string { return e.Err.Error() }
func (e *BadItemsError) Unwrap() error { return e.Err }

// ThrottledError means that the cloud asks for fewer calls. It is never answered by splitting a batch.
type ThrottledError struct {
	// RetryAfter is the cloud's wish; 0 if it gave none.
	RetryAfter time.Duration
	Err        error
}

func (e *ThrottledError) Error() string { return e.Err.Error() }
func (e *ThrottledError) Unwrap() error { return e.Err }

// Throttled returns how long the cloud asked to wait, if err is a throttling answer.
func Throttled(err error) (time.Duration, bool) {
	var t *ThrottledError
	if !errors.As(err, &t) {
		return 0, false
	}
	return t.RetryAfter, true
}
