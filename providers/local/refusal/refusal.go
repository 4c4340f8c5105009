// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package refusal translates what local-cloud refuses into the errors that the shared controllers know.
package refusal

import (
	"errors"
	"net/http"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/local/api"
)

// Translate returns err in the contract's words: throttling as *provider.ThrottledError, what only the
// user can mend as *provider.UserError, and everything else as it is. The cloud's answer stays in the
// chain, with its code and request ID.
func Translate(err error) error {
	var refused *api.Error
	if !errors.As(err, &refused) {
		return err
	}
	switch {
	case refused.Status == http.StatusTooManyRequests:
		return &provider.ThrottledError{RetryAfter: refused.RetryAfter, Err: err}
	case refused.Status == http.StatusBadRequest,
		refused.Code == api.CodeInvalidArgument, // results of a batch have no status
		refused.Code == api.CodePoolExhausted,
		refused.Code == api.CodeAddressInUse,
		refused.Code == api.CodeOwnedByOther:
		return &provider.UserError{Problems: []string{"the cloud refuses: " + refused.Error()}, Cause: err}
	}
	return err
}

// AtStart is Translate for the first call: refused credentials cannot work later either.
func AtStart(err error) error {
	switch Status(err) {
	case http.StatusUnauthorized, http.StatusForbidden:
		return &provider.ConfigError{Err: err}
	}
	return Translate(err)
}

// Status returns the HTTP status of the cloud's refusal in err's chain, or 0.
func Status(err error) int {
	var refused *api.Error
	if errors.As(err, &refused) {
		return refused.Status
	}
	return 0
}
