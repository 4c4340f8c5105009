// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"k8s.io/utils/clock"

	"sigs.k8s.io/cloud-providers/common/cloudapi"
)

const (
	// attempts is how often a request is made at most.
	attempts = 3
	// firstBackoff is doubled with each attempt.
	firstBackoff = 200 * time.Millisecond
	// throttledBackoff is that of services that do not say how long they want.
	throttledBackoff = time.Second
	// longestPause is what a request waits at most before its next attempt. Who is asked to wait longer tells
	// its caller, which has other work meanwhile.
	longestPause = 2 * time.Second
	// tokenRate is a status that some proxies have for too many requests with a token.
	tokenRate = 498
)

// outcome is how an attempt ended.
type outcome struct {
	attempt int
	// reads: the request changes nothing, so that a second one does no harm.
	reads  bool
	status int
	// after is the service's wish; negative if it gave none.
	after time.Duration
	err   error
}

// backoff says how long to wait before the next attempt, if there is to be one. A change is made again only
// when the service says, or the lack of a connection shows, that it was not carried out.
func backoff(o outcome) (time.Duration, bool) {
	if o.attempt >= attempts {
		return 0, false
	}
	wait := firstBackoff << (o.attempt - 1)
	switch {
	case o.err != nil:
		return wait, neverSent(o.err) || o.reads && broken(o.err)
	case throttled(o.status):
		wait = throttledBackoff
	case o.status == http.StatusServiceUnavailable && o.after >= 0: // it knows when it is back, and did nothing
	case o.reads && o.status >= http.StatusInternalServerError && o.status != http.StatusNotImplemented:
	default:
		return 0, false
	}
	if o.after >= 0 {
		wait = o.after
	}
	return wait, wait <= longestPause
}

// throttled reports whether a status asks for fewer requests. 413 is Nova's from before 429 was invented.
func throttled(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusRequestEntityTooLarge || status == tokenRate
}

// neverSent reports whether there was not even a connection.
func neverSent(err error) bool {
	var dial *net.OpError
	return errors.As(err, &dial) && dial.Op == "dial" && !ended(err)
}

// broken reports whether a connection ended before its answer.
func broken(err error) bool {
	var certificate *tls.CertificateVerificationError
	var network *net.OpError
	return !ended(err) && !errors.As(err, &certificate) &&
		(errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET))
}

// ended reports whether a time limit, the caller or our own gate stopped the request.
func ended(err error) bool {
	var limit net.Error
	return errors.Is(err, context.Canceled) || errors.Is(err, cloudapi.ErrLeaseStale) || errors.As(err, &limit) && limit.Timeout()
}

// retrier makes a request again where that may help. It is the only layer that does.
type retrier struct {
	next  http.RoundTripper
	clock clock.Clock
}

// RoundTrip implements http.RoundTripper.
func (t *retrier) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, o := r.Context(), operationOf(r)
	for attempt := 1; ; attempt++ {
		resp, err := t.next.RoundTrip(r)
		how := outcome{attempt: attempt, reads: o.reads(), after: -1, err: err}
		if resp != nil {
			how.status, how.after = resp.StatusCode, retryAfter(resp.Header, t.clock.Now())
			if throttled(resp.StatusCode) && resp.StatusCode != http.StatusTooManyRequests {
				cloudapi.CountThrottled(ProviderName, o.name()) // the shared transport counts 429
			}
		}
		wait, again := backoff(how)
		if again = again && replayable(r); !again || !pause(ctx, t.clock, jittered(wait, how.after)) {
			return resp, err
		}
		if resp != nil {
			discard(resp.Body)
		}
		if r, err = replay(r); err != nil {
			return nil, err
		}
	}
}

// jittered shortens a wait by up to a half, so that many do not come back at once; what the service asked for
// is rather made longer.
func jittered(wait, after time.Duration) time.Duration {
	part := rand.N(wait/2 + 1) //nolint:gosec // it spreads load
	if after >= 0 {
		return wait + part/4
	}
	return wait - part
}

// retryAfter reads the header, in seconds or as a date; negative if there is none.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second //nolint:gosec // it has 31 bits
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return -1
}

func replayable(r *http.Request) bool {
	return r.Body == nil || r.Body == http.NoBody || r.GetBody != nil
}

// replay is the same request with its body from the beginning.
func replay(r *http.Request) (*http.Request, error) {
	again := r.Clone(r.Context())
	if r.GetBody != nil {
		body, err := r.GetBody()
		if err != nil {
			return nil, fmt.Errorf("repeating the body of a request: %w", err)
		}
		again.Body = body
	}
	return again, nil
}

// discard reads a body to its end, so that the connection can be used again.
func discard(body io.ReadCloser) {
	const most = 1 << 20
	_, _ = io.Copy(io.Discard, io.LimitReader(body, most)) // a connection that cannot be used again is replaced
	_ = body.Close()
}
