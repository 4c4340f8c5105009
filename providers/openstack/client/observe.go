// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"k8s.io/klog/v2"
)

const (
	// traceLevel is the verbosity at which each request is logged, bodyLevel that of bodies, and usualLevel
	// that of refusals which belong to normal work.
	traceLevel, bodyLevel, usualLevel = 4, 6, 2
	// mostOfError is how much of an error's body is read.
	mostOfError = 64 << 10
)

// observer counts and logs requests, each with all its attempts.
type observer struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t *observer) RoundTrip(r *http.Request) (*http.Response, error) {
	o, ctx := operationOf(r), r.Context()
	traceRequest(ctx, o, r)
	start := time.Now()
	resp, err := t.next.RoundTrip(r)
	took := time.Since(start)
	duration.WithLabelValues(o.request).Observe(took.Seconds())
	total.WithLabelValues(o.request).Inc()
	if err != nil {
		failures.WithLabelValues(o.request).Inc()
		klog.FromContext(ctx).V(traceLevel).Info("OpenStack did not answer", "operation", o.name(), "took", took, "err", err)
		return resp, err
	}
	if failed(o, resp.StatusCode) {
		failures.WithLabelValues(o.request).Inc()
		logRefusal(ctx, o, resp.StatusCode, resp.Header, func() []byte { return peek(resp) })
	}
	traceAnswer(ctx, o, resp, took)
	return resp, nil
}

// failed tells errors from answers that are expected: what was to be deleted is not there, or the token has
// expired and will be renewed.
func failed(o operation, status int) bool {
	switch status {
	case http.StatusNotFound:
		return o.method != http.MethodDelete
	case http.StatusUnauthorized:
		return o.service == keystone
	}
	return status >= http.StatusBadRequest
}

// noteUnauthorized is gophercloud's RetryFunc, and repeats nothing. It sees errors that are final: a 401 that no
// new token mends, among others that the observer has seen.
func noteUnauthorized(ctx context.Context, method, address string, _ *gophercloud.RequestOpts, err error, _ uint) error {
	var response gophercloud.ErrUnexpectedResponseCode
	u, parseErr := url.Parse(address)
	if parseErr != nil || !errors.As(err, &response) || response.Actual != http.StatusUnauthorized {
		return err
	}
	if o := operationAt(method, u.Path); o.service != keystone {
		failures.WithLabelValues(o.request).Inc()
		logRefusal(ctx, o, response.Actual, response.ResponseHeader, func() []byte { return response.Body })
	}
	return err
}

// logRefusal keeps what events and conditions do not get: the request ID, which OpenStack's operators need.
func logRefusal(ctx context.Context, o operation, status int, h http.Header, body func() []byte) {
	logger := klog.FromContext(ctx)
	switch status {
	case http.StatusNotFound:
		return
	case http.StatusConflict, http.StatusPreconditionFailed, http.StatusTooManyRequests:
		logger = logger.V(usualLevel)
	}
	if logger.Enabled() {
		logger.Info("OpenStack refused a request", "operation", o.name(), "status", status, "message", answerIn(body()).message, "requestID", requestIDOf(h))
	}
}

func requestIDOf(h http.Header) string {
	if id := h.Get("X-Openstack-Request-Id"); id != "" {
		return id
	}
	return h.Get("X-Compute-Request-Id")
}

func traceRequest(ctx context.Context, o operation, r *http.Request) {
	logger := klog.FromContext(ctx)
	logger.V(traceLevel).Info("OpenStack request", "operation", o.name(), "method", r.Method, "url", r.URL.Redacted())
	if !logger.V(bodyLevel).Enabled() || r.GetBody == nil {
		return
	}
	body, err := r.GetBody()
	if err != nil {
		return
	}
	defer body.Close()
	if data, err := io.ReadAll(body); err == nil {
		logger.V(bodyLevel).Info("OpenStack request body", "operation", o.name(), "body", printable(o, data))
	}
}

func traceAnswer(ctx context.Context, o operation, resp *http.Response, took time.Duration) {
	logger := klog.FromContext(ctx)
	logger.V(traceLevel).Info("OpenStack answered", "operation", o.name(), "status", resp.StatusCode, "took", took, "requestID", requestIDOf(resp.Header))
	if logger.V(bodyLevel).Enabled() {
		data, err := io.ReadAll(resp.Body)
		resp.Body = rest(bytes.NewReader(data), resp.Body, err)
		logger.V(bodyLevel).Info("OpenStack answer body", "operation", o.name(), "body", printable(o, data))
	}
}

// peek returns the beginning of an answer's body, which stays readable.
func peek(resp *http.Response) []byte {
	data, err := io.ReadAll(io.LimitReader(resp.Body, mostOfError))
	resp.Body = rest(bytes.NewReader(data), resp.Body, err)
	return data
}

// rest is a body whose beginning has been read, with the error that ended the reading.
func rest(begin io.Reader, body io.ReadCloser, err error) io.ReadCloser {
	after := io.Reader(body)
	if err != nil {
		after = failing{err}
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(begin, after), body}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// secrets are the values of keys in JSON that nobody is to see.
var secrets = regexp.MustCompile(`(?i)("[^"]*(?:pass|password|secret|token|user_data|payload|private_key|passphrase)[^"]*"\s*:\s*)("(?:[^"\\]|\\.)*"|\{[^{}]*\}|\[[^\[\]]*\])`)

// printable is a body for the log. Those of Keystone and Barbican are nothing but secrets.
func printable(o operation, body []byte) string {
	switch o.service {
	case nova, neutron, octavia:
		return secrets.ReplaceAllString(string(body), `$1"***"`)
	}
	return "(not logged)"
}
