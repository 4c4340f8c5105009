// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/gophercloud/gophercloud/v2"
)

// Status is the HTTP status of the answer in err's chain, or 0.
func Status(err error) int {
	var again *gophercloud.ErrErrorAfterReauthentication
	if errors.As(err, &again) {
		return Status(again.ErrOriginal)
	}
	var answer gophercloud.ErrUnexpectedResponseCode
	if errors.As(err, &answer) {
		return answer.Actual
	}
	return 0
}

// NotFound reports whether the object is not there.
func NotFound(err error) bool { return Status(err) == http.StatusNotFound }

// Conflict reports whether the object's state does not allow the change now.
func Conflict(err error) bool { return Status(err) == http.StatusConflict }

// Explain says what was to be done when the error came, with the service's own message. Mistakes that only
// the user can mend become a provider.UserError, throttling a provider.ThrottledError.
func Explain(doing string, err error) error { return fmt.Errorf("%s: %w", doing, err) }
