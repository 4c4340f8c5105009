// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"sigs.k8s.io/cloud-providers/common/cloudapi"
)

const (
	// attemptTimeout bounds one attempt including its answer's body: an endless answer would make the
	// SDK's clock-skew correction poison all later calls.
	attemptTimeout = 30 * time.Second
	// connectTimeout is that of the SDK's defaults mode "in-region", for the TCP connection and for TLS.
	connectTimeout = 1100 * time.Millisecond
	keepAlive      = 30 * time.Second
)

// httpClient returns an HTTP client with connections of its own. It follows no redirect: a signature is
// for one host.
func (c *Connection) httpClient() *http.Client {
	base := c.base.Clone()
	base.DialContext = (&net.Dialer{Timeout: connectTimeout, KeepAlive: keepAlive}).DialContext
	base.TLSHandshakeTimeout = connectTimeout
	return &http.Client{
		CheckRedirect: noRedirect,
		Transport: c.setup.Transport(wholeBodies{base}, cloudapi.Options{
			Provider:  ProviderName,
			Operation: func(r *http.Request) string { return operationOf(r.Context()).name() },
			Mutates:   func(r *http.Request) bool { return operationOf(r.Context()).mutates() },
			Deadline:  attemptTimeout,
		}),
	}
}

// wholeBodies gives net/http bodies of its own. The SDK closes its request body as soon as the head of the
// answer is there, and net/http, which looks once more whether the body has ended, then takes the closed
// body for a broken connection: about one call in 500 to a near server (smithy-go 1.28, Request.Build).
type wholeBodies struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (w wholeBodies) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return w.next.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	if closeErr := r.Body.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, fmt.Errorf("reading the body of a request: %w", err)
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	return w.next.RoundTrip(r)
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
