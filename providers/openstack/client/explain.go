// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gophercloud/gophercloud/v2"

	"sigs.k8s.io/cloud-providers/common/provider"
)

// Refusal is OpenStack's answer to a request that it did not carry out, or the reason why there was none. Its
// text leaves out what differs from call to call, so that events about the same failure count as one; the
// SDK's error stays in the chain.
type Refusal struct {
	// Doing is what was to be done, Message what the service says.
	Doing, Message string
	// Status is the HTTP status; 0 if there was no answer.
	Status int

	advice string
	cause  error
}

func (r *Refusal) Error() string {
	text := r.Message
	if r.Status != 0 {
		text = strings.TrimSuffix(text, ".") + fmt.Sprintf(" (HTTP %d)", r.Status)
	}
	if r.Doing != "" {
		text = r.Doing + ": " + text
	}
	if r.advice != "" {
		text += "; " + r.advice
	}
	return text
}

// Unwrap returns the SDK's error.
func (r *Refusal) Unwrap() error { return r.cause }

// Explain says what was to be done when the error came, with the service's own message. Mistakes that only
// the user can mend become a provider.UserError, throttling a provider.ThrottledError; errors that are one
// already, or were explained, keep their kind.
func Explain(doing string, err error) error {
	var user *provider.UserError
	var limited *provider.ThrottledError
	var before *Refusal
	switch {
	case err == nil || errors.As(err, &user) || errors.As(err, &limited):
		return err
	case errors.As(err, &before):
		return fmt.Errorf("%s: %w", doing, err)
	}
	r := refusal(doing, err)
	if after, is := throttling(err); is {
		return &provider.ThrottledError{RetryAfter: after, Err: r}
	}
	if onlyUserCanMend(err) {
		return &provider.UserError{Problems: []string{r.Error()}, Cause: r}
	}
	return r
}

// throttling reports whether there were too many requests, also while a token was renewed, and how long the
// service asks to wait.
func throttling(err error) (time.Duration, bool) {
	var renewal *gophercloud.ErrUnableToReauthenticate
	if errors.As(err, &renewal) {
		err = renewal.ErrReauth
	}
	response, _ := anyResponseIn(err)
	if !throttled(response.Actual) || QuotaExceeded(err) {
		return 0, false
	}
	return max(0, retryAfter(response.ResponseHeader, time.Now())), true
}

// onlyUserCanMend reports whether repeating the request is of no use until something else has changed.
func onlyUserCanMend(err error) bool {
	response := responseIn(err)
	switch response.Actual {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusNotImplemented:
		return true
	case http.StatusConflict, http.StatusRequestEntityTooLarge:
		return QuotaExceeded(err)
	case http.StatusNotFound: // what is created refers to something that is not there
		return response.Method == http.MethodPost && NotFound(err)
	}
	return false
}

// refusal puts an error into words.
func refusal(doing string, err error) *Refusal {
	r := &Refusal{Doing: doing, cause: err}
	var renewal *gophercloud.ErrUnableToReauthenticate
	var request *url.Error
	response, answered := anyResponseIn(err)
	switch {
	case errors.As(err, &renewal):
		why := refusal("", renewal.ErrReauth)
		why.advice = ""
		r.Message = "the token has expired, and there is no new one: " + why.Error()
	case answered:
		r.Status, r.Message, r.advice = response.Actual, answerIn(response.Body).message, advice(err)
		if r.Message == "" {
			r.Message = strings.ToLower(http.StatusText(response.Actual))
		}
	case errors.As(err, &request): // without the path, which is long and differs
		r.Message = withoutIDs(request.Err.Error())
		if u, err := url.Parse(request.URL); err == nil {
			r.Message = u.Host + ": " + r.Message
		}
	default:
		r.Message = withoutIDs(err.Error())
	}
	return r
}

// advice says what the user can do.
func advice(err error) string {
	switch {
	case QuotaExceeded(err):
		return "the quota of the project is used up: free something, or ask for a larger one"
	case Status(err) == http.StatusForbidden:
		return "the user of the cloud-config needs a role that allows it"
	case Status(err) == http.StatusUnauthorized:
		return "the token of the cloud-config has expired, or the access rules of its application credential do not allow the request"
	}
	return ""
}
