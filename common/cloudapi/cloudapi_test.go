// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheGateClosesARenewDeadlineAfterTheLastRenewalWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Gate
		if err := g.Check(); err != nil {
			t.Errorf("without a lease: %v", err)
		}
		sent := time.Now()
		time.Sleep(3 * time.Second) // the answer took three seconds
		g.Renewed(sent, 10*time.Second)
		time.Sleep(6 * time.Second)
		if err := g.Check(); err != nil {
			t.Errorf("9 s after the renewal was sent: %v", err)
		}
		time.Sleep(2 * time.Second)
		if err := g.Check(); !errors.Is(err, ErrLeaseStale) {
			t.Errorf("11 s after the renewal was sent: %v", err)
		}
		g.Renewed(time.Now(), 10*time.Second)
		if err := g.Check(); err != nil {
			t.Errorf("renewed: %v", err)
		}
		g.Close()
		if err := g.Check(); !errors.Is(err, ErrLeaseStale) {
			t.Errorf("closed: %v", err)
		}
		var none *Gate
		if err := none.Check(); err != nil {
			t.Errorf("no gate: %v", err)
		}
	})
}

func get(t *testing.T, c *http.Client, ctx context.Context, method, url string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c.Do(req)
}

func TestAClosedGateLetsReadsThroughAndNoChange(t *testing.T) {
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls++ }))
	defer server.Close()
	gate := &Gate{}
	gate.Close()
	client := &http.Client{Transport: NewTransport(nil, Options{Provider: "test", Gate: gate})}
	if resp, err := get(t, client, t.Context(), http.MethodGet, server.URL); err != nil {
		t.Errorf("a read: %v", err)
	} else {
		resp.Body.Close()
	}
	if _, err := get(t, client, t.Context(), http.MethodPost, server.URL); !errors.Is(err, ErrLeaseStale) {
		t.Errorf("a change: %v", err)
	}
	if calls != 1 {
		t.Errorf("%d requests reached the cloud, want 1", calls)
	}
}

func TestEachRequestHasADeadlineThatCoversItsBody(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		<-release // the body never comes
	}))
	defer server.Close()
	defer close(release)
	client := &http.Client{Transport: NewTransport(nil, Options{Provider: "test", Deadline: 50 * time.Millisecond})}
	resp, err := get(t, client, t.Context(), http.MethodGet, server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.ReadAll(resp.Body); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the body ended with %v, want the deadline", err)
	}
}
