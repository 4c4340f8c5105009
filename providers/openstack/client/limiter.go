// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"net/http"
)

// requestsAtOnce is how many requests a service gets at once. Octavia locks a project's quota and a load
// balancer for each change, and has few threads: more would only wait there.
const requestsAtOnce = 16

// limits are the places of each service. They outlive sessions.
type limits struct{ places map[string]chan struct{} }

func newLimits() *limits {
	l := &limits{map[string]chan struct{}{}}
	for _, service := range []string{nova, neutron, octavia, barbican, unknown} { // not Keystone: others wait for it
		l.places[service] = make(chan struct{}, requestsAtOnce)
	}
	return l
}

// limiter holds requests back while there are too many.
type limiter struct {
	next   http.RoundTripper
	limits *limits
}

// RoundTrip implements http.RoundTripper.
func (l *limiter) RoundTrip(r *http.Request) (*http.Response, error) {
	if places := l.limits.places[operationOf(r).service]; places != nil {
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	return l.next.RoundTrip(r)
}
