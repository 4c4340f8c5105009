// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gophercloud/gophercloud/v2"
)

// responseIn returns the answer in err's chain that refused the request itself, or a zero one, and looks into gophercloud's
// errors that cannot be unwrapped. Refusals on the way to a service (of a token, of a list of versions) are
// not it: the 404 of a wrong address must never be taken for that of a server.
func responseIn(err error) gophercloud.ErrUnexpectedResponseCode {
	var connect *connectError
	var renewal *gophercloud.ErrUnableToReauthenticate
	if errors.As(err, &connect) || errors.As(err, &renewal) {
		return gophercloud.ErrUnexpectedResponseCode{}
	}
	response, _ := anyResponseIn(err)
	return response
}

func anyResponseIn(err error) (gophercloud.ErrUnexpectedResponseCode, bool) {
	var again *gophercloud.ErrErrorAfterReauthentication
	if errors.As(err, &again) {
		return anyResponseIn(again.ErrOriginal)
	}
	var byPointer *gophercloud.ErrUnexpectedResponseCode
	if errors.As(err, &byPointer) {
		return *byPointer, true
	}
	var answer gophercloud.ErrUnexpectedResponseCode
	found := errors.As(err, &answer)
	return answer, found
}

// Status is the HTTP status of the answer in err's chain, or 0. That no token could be had is no answer.
func Status(err error) int {
	return responseIn(err).Actual
}

// NotFound reports whether the service says that the object is not there. A 404 that a proxy made says nothing
// about objects.
func NotFound(err error) bool {
	response := responseIn(err)
	return response.Actual == http.StatusNotFound && answerIn(response.Body).own
}

// Body is that of the answer in err's chain, for what only the service's own words tell.
func Body(err error) []byte { return responseIn(err).Body }

// Conflict reports whether the object's state does not allow the change now.
func Conflict(err error) bool { return Status(err) == http.StatusConflict && !QuotaExceeded(err) }

// PreconditionFailed reports whether the object has changed since it was read.
func PreconditionFailed(err error) bool { return Status(err) == http.StatusPreconditionFailed }

// Unsupported reports whether the service, or the driver behind it, cannot do that.
func Unsupported(err error) bool { return Status(err) == http.StatusNotImplemented }

// Denied reports whether the user may not do this. An application credential with access rules is refused
// with 401, by new tokens too.
func Denied(err error) bool {
	switch Status(err) {
	case http.StatusForbidden:
		return !QuotaExceeded(err)
	case http.StatusUnauthorized:
		return true
	}
	return false
}

// QuotaExceeded reports whether a quota is used up.
func QuotaExceeded(err error) bool {
	response := responseIn(err)
	switch a := answerIn(response.Body); response.Actual {
	case http.StatusConflict: // Neutron
		return a.kind == "OverQuota"
	case http.StatusForbidden, http.StatusRequestEntityTooLarge: // Octavia and Nova
		text := strings.ToLower(a.message)
		return strings.Contains(text, "quota has been met") || strings.Contains(text, "quota exceeded")
	}
	return false
}
