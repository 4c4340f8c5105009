// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"errors"
	"fmt"
	"time"
)

// The error codes.
const (
	CodeInvalidArgument  = "InvalidArgument"
	CodeTooManyItems     = "TooManyItems"
	CodeUnauthenticated  = "Unauthenticated"
	CodeForbidden        = "Forbidden"
	CodeNotFound         = "NotFound"
	CodeAlreadyExists    = "AlreadyExists"
	CodeOwnedByOther     = "OwnedByOther"
	CodeRevisionConflict = "RevisionConflict"
	CodePoolExhausted    = "PoolExhausted"
	CodeAddressInUse     = "AddressInUse"
	CodeThrottled        = "Throttled"
	CodeInternal         = "Internal"
)

// Error is the cloud's answer to a request that it refused.
type Error struct {
	Code      string `json:"code"`
	Message   string `json:"message"`
	RequestID string `json:"requestId,omitempty"`

	// Operation, Status and RetryAfter are what the client knows about the answer.
	Operation  string        `json:"-"`
	Status     int           `json:"-"`
	RetryAfter time.Duration `json:"-"`
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s (%s", e.Message, e.Code)
	if e.Operation != "" {
		s = e.Operation + ": " + s
	}
	if e.RequestID != "" {
		s += ", request " + e.RequestID
	}
	return s + ")"
}

// CodeOf returns the code of an answer of the cloud in err's chain, or "".
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

type errorBody struct {
	Error *Error `json:"error"`
}
