// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Error is the failure of a call, as the client sees it.
type Error struct {
	// Status is the HTTP status; 0 means the one that goes with the code, which is 400 for most.
	Status  int
	Code    string
	Message string
}

// Errorf returns an error with the status that goes with the code.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// statuses has the codes that are not answered with 400, from the lists of common errors of EC2 and of
// the query services.
var statuses = map[string]int{
	"AuthFailure":                  http.StatusUnauthorized,
	"OptInRequired":                http.StatusForbidden,
	"UnauthorizedOperation":        http.StatusForbidden,
	"AccessDenied":                 http.StatusForbidden,
	"AccessDeniedException":        http.StatusForbidden,
	"MissingAuthenticationToken":   http.StatusForbidden,
	"IncompleteSignature":          http.StatusBadRequest,
	"InvalidClientTokenId":         http.StatusForbidden,
	"SignatureDoesNotMatch":        http.StatusForbidden,
	"ExpiredToken":                 http.StatusForbidden,
	"RequestExpired":               http.StatusBadRequest,
	"RequestLimitExceeded":         http.StatusServiceUnavailable,
	"Unavailable":                  http.StatusServiceUnavailable,
	"ServiceUnavailable":           http.StatusServiceUnavailable,
	"InsufficientInstanceCapacity": http.StatusInternalServerError,
	"InternalError":                http.StatusInternalServerError,
	"InternalFailure":              http.StatusInternalServerError,
}

// HTTPStatus is the status that the error is answered with.
func (e *Error) HTTPStatus() int {
	if e.Status != 0 {
		return e.Status
	}
	if status, ok := statuses[e.Code]; ok {
		return status
	}
	return http.StatusBadRequest
}

// AsError returns err as an *Error: itself, or an internal error of the protocol.
func AsError(p Protocol, err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if p.EC2 {
		return Errorf("InternalError", "An internal error has occurred: %v", err)
	}
	return Errorf("InternalFailure", "%v", err)
}

// missing is what a protocol says if a required parameter is not there.
func missing(p Protocol, name string) *Error {
	if p.EC2 {
		return Errorf("MissingParameter", "The request must contain the parameter %s", name)
	}
	return Errorf("ValidationError", "1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", lowerFirst(name))
}

// malformed is what a protocol says if a parameter is not of its type.
func malformed(p Protocol, e *ValueError) *Error {
	if p.EC2 {
		return Errorf("InvalidParameterValue", "Invalid value '%s' for %s", e.Value, e.Name)
	}
	return Errorf("MalformedInput", "Value '%s' at '%s' is not of type %s", e.Value, lowerFirst(e.Name), e.Want)
}

func lowerFirst(name string) string {
	parts := strings.Split(name, ".")
	for i, s := range parts {
		if s != "" {
			parts[i] = strings.ToLower(s[:1]) + s[1:]
		}
	}
	return strings.Join(parts, ".")
}
