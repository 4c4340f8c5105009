// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"

	"sigs.k8s.io/cloud-providers/common/provider"
)

// Refusal is AWS's answer to a call that it did not carry out. Its text names what to do, and leaves out
// what differs from call to call (request IDs, encoded messages), so that events about the same failure
// count as one. The SDK's error with all of it stays in the chain.
type Refusal struct {
	// Action is the IAM action of the call, such as ec2:DescribeInstances.
	Action string
	// Code and Message are AWS's.
	Code, Message string

	advice string
	cause  error
}

func (r *Refusal) Error() string {
	text := r.Code
	if r.Message != "" {
		text += ": " + r.Message
	}
	if r.advice != "" {
		text += " (" + r.advice + ")"
	}
	return text
}

// Unwrap returns the SDK's error.
func (r *Refusal) Unwrap() error { return r.cause }

// Code is AWS's error code in err's chain, or "".
func Code(err error) string {
	var r *Refusal
	if errors.As(err, &r) {
		return r.Code
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// HasCode reports whether AWS answered with one of the codes.
func HasCode(err error, codes ...string) bool {
	code := Code(err)
	return code != "" && slices.Contains(codes, code)
}

// Denied reports whether the caller may not do this. Calls that upstream does not make must degrade then:
// existing clusters do not have the permission.
func Denied(err error) bool {
	return HasCode(err, "UnauthorizedOperation", "AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation")
}

// AtStart makes a configuration error, which ends the process, of refused credentials: they will not do
// later either. Expired ones are renewed by whoever gives them, so that they are tried again.
func AtStart(err error) error {
	if Denied(err) || HasCode(err, "AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch",
		"IncompleteSignature", "MissingAuthenticationToken", "OptInRequired", "InvalidAccessKeyId") {
		return &provider.ConfigError{Err: err}
	}
	return err
}

func isThrottle(code string) bool {
	_, is := retry.DefaultThrottleErrorCodes[code]
	return is
}

func messageOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorMessage()
	}
	return ""
}

// translate puts an error of the SDK into the contract's words.
func translate(o operation, err error) error {
	var before *Refusal
	var limited *provider.ThrottledError
	if errors.As(err, &before) || errors.As(err, &limited) {
		return err // of the call that fetched credentials, or of our limiter
	}
	var api smithy.APIError
	if !errors.As(err, &api) {
		return &failure{text: requestID.ReplaceAllString(err.Error(), ""), cause: err}
	}
	r := &Refusal{Action: o.iam(), Code: api.ErrorCode(), Message: strings.TrimSpace(encoded.ReplaceAllString(api.ErrorMessage(), "")), cause: err}
	r.advice = advice(r)
	if isThrottle(r.Code) {
		return &provider.ThrottledError{Err: r}
	}
	return r
}

func expired(err error) bool {
	return HasCode(err, "ExpiredToken", "ExpiredTokenException", "RequestExpired")
}

// advice says what the user can do.
func advice(r *Refusal) string {
	switch {
	case Denied(r):
		return fmt.Sprintf("the identity of the manager needs the IAM action %s", r.Action)
	case expired(r):
		return "the credentials of the manager have expired, or its clock is wrong"
	case HasCode(r, "AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidAccessKeyId"):
		return "AWS does not accept the credentials of the manager in this region and partition"
	case HasCode(r, "OptInRequired"):
		return "the account is not enabled for this region or service"
	}
	return ""
}

var (
	requestID = regexp.MustCompile(`, (RequestID|HostID): [^,\s]*`)
	encoded   = regexp.MustCompile(`\s*Encoded authorization failure message: \S+`)
)

// failure is an error that is no answer of AWS's API, without request IDs in its text.
type failure struct {
	text  string
	cause error
}

func (f *failure) Error() string { return f.text }
func (f *failure) Unwrap() error { return f.cause }
