// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"sigs.k8s.io/cloud-providers/common/provider"
)

// connectError means that a service could not be asked at all: there was no token, or it is not known which
// versions it has. What is in its chain says nothing about the object that was asked for.
type connectError struct {
	text  string // that of cause if empty
	cause error
	// final means that the configuration is wrong.
	final bool
}

func (e *connectError) Error() string {
	if e.text == "" {
		return e.cause.Error()
	}
	return e.text
}

func (e *connectError) Unwrap() error { return e.cause }

// asConnect marks an error as one that happened on the way.
func asConnect(err error) error { return &connectError{cause: err} }

// notConnected is Keystone's refusal, or that it does not answer.
func notConnected(id identity, err error) error {
	response, _ := anyResponseIn(err)
	r := refusal("authenticate with Keystone at "+id.keystone(), err)
	r.advice = ""
	final := false
	switch {
	case response.Actual == http.StatusUnauthorized || unknownToKeystone(response):
		final, r.advice = true, "check the credentials, the project and the domains in the cloud-config"
	case response.Actual == http.StatusBadRequest || response.Actual == http.StatusForbidden:
		final = true
	case response.Actual == http.StatusNotFound:
		r.advice = "check auth-url in the cloud-config"
	}
	if after, is := throttling(err); is {
		return &connectError{cause: &provider.ThrottledError{RetryAfter: after, Err: r}}
	}
	return &connectError{cause: r, final: final}
}

// unknownToKeystone reports whether Keystone itself says that it does not know the token, or the application
// credential, that was shown. Other 404s are those of a wrong address.
func unknownToKeystone(response gophercloud.ErrUnexpectedResponseCode) bool {
	var body struct {
		Error struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	return response.Actual == http.StatusNotFound && json.Unmarshal(response.Body, &body) == nil &&
		body.Error.Code == http.StatusNotFound && strings.HasPrefix(body.Error.Message, "Could not ")
}

// AtStart makes a configuration error, which ends the process, of credentials that Keystone refuses and of
// files that cannot be used: they will not do later either.
func AtStart(err error) error {
	var c *connectError
	if errors.As(err, &c) && c.final {
		return &provider.ConfigError{Err: err}
	}
	return err
}
