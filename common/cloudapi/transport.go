// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cloudapi is what lies under every SDK: the HTTP transport that gives each call a deadline,
// counts it, logs no secret, and lets no change begin once the leader's lease may be lost.
package cloudapi

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Options of a transport.
type Options struct {
	// Provider is the value of the provider label.
	Provider string
	// Gate refuses mutations after the renew deadline; nil allows all.
	Gate *Gate
	// Operation names the cloud operation of a request, for metrics. Nil means method and path.
	Operation func(*http.Request) string
	// Mutates tells reads from changes. Nil means that every method but GET, HEAD and OPTIONS changes
	// something.
	Mutates func(*http.Request) bool
	// Deadline bounds one request including its body, when the caller's context sets no earlier one;
	// 0 means 60 s.
	Deadline time.Duration
}

// NewTransport wraps base, or http.DefaultTransport if base is nil.
func NewTransport(base http.RoundTripper, opts Options) http.RoundTripper {
	registerMetrics()
	if base == nil {
		base = http.DefaultTransport
	}
	if opts.Operation == nil {
		opts.Operation = func(r *http.Request) string { return r.Method }
	}
	if opts.Mutates == nil {
		opts.Mutates = mutatesByMethod
	}
	if opts.Deadline == 0 {
		opts.Deadline = time.Minute
	}
	return &transport{base: base, opts: opts}
}

func mutatesByMethod(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	return true
}

type transport struct {
	base http.RoundTripper
	opts Options
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	operation := t.opts.Operation(r)
	if t.opts.Mutates(r) {
		if err := t.opts.Gate.Check(); err != nil {
			requests.WithLabelValues(t.opts.Provider, operation, "refused").Inc()
			return nil, fmt.Errorf("%s: %w", operation, err)
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), t.opts.Deadline)
	start := time.Now()
	resp, err := t.base.RoundTrip(r.WithContext(ctx))
	duration.WithLabelValues(t.opts.Provider, operation).Observe(time.Since(start).Seconds())
	if err != nil {
		cancel()
		requests.WithLabelValues(t.opts.Provider, operation, "error").Inc()
		return nil, err
	}
	requests.WithLabelValues(t.opts.Provider, operation, strconv.Itoa(resp.StatusCode)).Inc()
	if resp.StatusCode == http.StatusTooManyRequests {
		throttled.WithLabelValues(t.opts.Provider, operation).Inc()
	}
	resp.Body = &cancelOnClose{resp.Body, cancel}
	return resp, nil
}

// cancelOnClose ends the request's deadline with its body.
type cancelOnClose struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (c *cancelOnClose) Close() error {
	defer c.cancel()
	return c.ReadCloser.Close()
}
