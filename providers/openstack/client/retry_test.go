// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/utils/clock"
	testclock "k8s.io/utils/clock/testing"

	"sigs.k8s.io/cloud-providers/common/cloudapi"
)

func TestBackoff(t *testing.T) {
	const none = -1 * time.Second
	refused := &url.Error{Op: "Get", Err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}
	reset := &url.Error{Op: "Get", Err: &net.OpError{Op: "read", Err: syscall.ECONNRESET}}
	for _, test := range []struct {
		what string
		o    outcome
		want time.Duration // negative: no further attempt
	}{
		{"an answer", outcome{attempt: 1, reads: true, status: 200, after: none}, none},
		{"a mistake", outcome{attempt: 1, reads: true, status: 404, after: none}, none},
		{"a read fails", outcome{attempt: 1, reads: true, status: 500, after: none}, firstBackoff},
		{"a read fails again", outcome{attempt: 2, reads: true, status: 502, after: none}, 2 * firstBackoff},
		{"a read fails for good", outcome{attempt: attempts, reads: true, status: 502, after: none}, none},
		{"a read that is not supported", outcome{attempt: 1, reads: true, status: 501, after: none}, none},
		{"a change fails, and may have been carried out", outcome{attempt: 1, status: 500, after: none}, none},
		{"a change meets a proxy without a service", outcome{attempt: 1, status: 503, after: none}, none},
		{"a change meets a service that will be back", outcome{attempt: 1, status: 503, after: time.Second}, time.Second},
		{"but not soon", outcome{attempt: 1, status: 503, after: time.Minute}, none},
		{"a change is throttled", outcome{attempt: 1, status: 429, after: none}, throttledBackoff},
		{"a read is throttled for long", outcome{attempt: 1, reads: true, status: 429, after: 30 * time.Second}, none},
		{"a read is throttled and may come at once", outcome{attempt: 1, reads: true, status: 429, after: 0}, 0},
		{"Nova's old way to throttle", outcome{attempt: 1, status: 413, after: 2 * time.Second}, 2 * time.Second},
		{"a change is not even sent", outcome{attempt: 1, err: refused}, firstBackoff},
		{"a read is broken off", outcome{attempt: 1, reads: true, err: reset}, firstBackoff},
		{"a read ends without an answer", outcome{attempt: 1, reads: true, err: io.EOF}, firstBackoff},
		{"a change is broken off", outcome{attempt: 1, err: reset}, none},
		{"a change ends without an answer", outcome{attempt: 1, err: io.EOF}, none},
		{"the caller has gone", outcome{attempt: 1, reads: true, err: &url.Error{Op: "Get", Err: context.Canceled}}, none},
		{"the time limit", outcome{attempt: 1, reads: true, err: fmt.Errorf("x: %w", context.DeadlineExceeded)}, none},
		{"the lease is lost", outcome{attempt: 1, err: cloudapi.ErrLeaseStale}, none},
	} {
		if wait, again := backoff(test.o); again != (test.want >= 0) || again && wait != test.want {
			t.Errorf("%s: another attempt %t after %s, want %s", test.what, again, wait, test.want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": -1, "3": 3 * time.Second, "0": 0, "-3": -1, "soon": -1, "99999999999999": -1,
		"Fri, 02 Jan 2026 03:04:35 GMT": 30 * time.Second, "Fri, 02 Jan 2026 03:04:00 GMT": 0,
	} {
		if got := retryAfter(http.Header{"Retry-After": {text}}, now); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// hasty is a clock whose timers have always just fired; it goes on by what they were for.
type hasty struct{ *testclock.FakeClock }

func (h hasty) NewTimer(d time.Duration) clock.Timer {
	t := h.FakeClock.NewTimer(d)
	h.Step(d)
	return t
}

func TestRetriesRepeatTheBody(t *testing.T) {
	var bodies []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies = append(bodies, string(body))
		if len(bodies) < attempts {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	}))
	defer server.Close()
	clk := hasty{testclock.NewFakeClock(time.Unix(0, 0))}
	client := &http.Client{Transport: &retrier{next: http.DefaultTransport, clock: clk}}
	resp, err := client.Post(server.URL+"/v2.0/ports", "application/json", strings.NewReader("body"))
	if err != nil || resp.StatusCode != http.StatusOK || strings.Join(bodies, " ") != "body body body" {
		t.Fatalf("%v, %v after %q", resp, err, bodies)
	}
	resp.Body.Close()
	if waited := clk.Now().Sub(time.Unix(0, 0)); waited < 2*time.Second || waited > 3*time.Second {
		t.Errorf("waited %s, want what was asked for and a little more", waited)
	}
}

func TestNobodyWaitsBeyondItsTime(t *testing.T) {
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls++
		w.Header().Set("Retry-After", "2")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/v2.0/ports", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&retrier{next: http.DefaultTransport, clock: clock.RealClock{}}).RoundTrip(r)
	if err != nil || resp.StatusCode != http.StatusTooManyRequests || calls != 1 {
		t.Fatalf("%v, %v after %d calls", resp, err, calls)
	}
	resp.Body.Close()
}

// roundTripper is a function.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestTheLimitOfOneServiceIsNotThatOfAnother(t *testing.T) {
	l := &limiter{limits: newLimits(), next: roundTripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("through") })}
	for range requestsAtOnce {
		l.limits.places[octavia] <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for path, want := range map[string]string{"/v2.0/lbaas/pools": "context canceled", "/v2.0/ports": "through", "/v3/auth/tokens": "through"} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		if path == "/v2.0/lbaas/pools" {
			r = r.WithContext(ctx)
		}
		if _, err := l.RoundTrip(r); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
}
