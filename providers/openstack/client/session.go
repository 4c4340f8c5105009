// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	sdk "github.com/gophercloud/gophercloud/v2/openstack"

	"sigs.k8s.io/cloud-providers/common/cloudapi"
)

// session is a token with the connections that use it.
type session struct {
	identity identity
	provider *gophercloud.ProviderClient
	base     *http.Transport
	// issued is when the token was, in nanoseconds since 1970.
	issued atomic.Int64
}

const (
	// idleConnections are kept to each host; as many as requests are made at once.
	idleConnections = requestsAtOnce
	// redirects is how often a request may be sent elsewhere.
	redirects = 3
	// fresh is how long a token is known to be good: who is refused with it has no other reason to hope.
	fresh = time.Minute
)

// connect authenticates.
func (c *Connection) connect(ctx context.Context, id identity) (*session, error) {
	s, err := c.newSession(id)
	if err != nil {
		return nil, &connectError{cause: err, final: true}
	}
	ctx, cancel := context.WithTimeout(ctx, c.config.RequestTimeout)
	defer cancel()
	if err := sdk.Authenticate(doing(ctx, keystone, "version_list"), s.provider, id.options()); err != nil {
		s.base.CloseIdleConnections()
		return nil, notConnected(id, err)
	}
	s.issued.Store(c.clock.Now().UnixNano())
	s.renewOnce(c)
	return s, nil
}

func (c *Connection) newSession(id identity) (*session, error) {
	security, err := id.tls()
	if err != nil {
		return nil, err
	}
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.TLSClientConfig, base.MaxIdleConnsPerHost = security, idleConnections
	p, err := sdk.NewClient(id.keystone())
	if err != nil {
		return nil, err
	}
	// gophercloud takes what looks like a version anywhere in the path for one: /env2/ too.
	p.IdentityBase, p.IdentityEndpoint = id.keystone()[:len(id.keystone())-len("v3/")], id.keystone()
	if c.setup.UserAgent != "" {
		p.UserAgent.Prepend(c.setup.UserAgent)
	}
	s := &session{identity: id, provider: p, base: base}
	p.HTTPClient = http.Client{CheckRedirect: sameHost, Transport: c.transport(s)}
	return s, nil
}

// transport is what each request passes: it is observed as a whole, tried again where that may help, held
// back where there are too many at once, and counted and ended in time one attempt at a time.
func (c *Connection) transport(s *session) http.RoundTripper {
	attempt := c.setup.Transport(s.base, cloudapi.Options{
		Provider:  ProviderName,
		Operation: func(r *http.Request) string { return operationOf(r).name() },
		Mutates:   func(r *http.Request) bool { return !operationOf(r).reads() },
		Deadline:  c.config.RequestTimeout,
	})
	return &observer{next: &retrier{next: &limiter{next: attempt, limits: c.limits}, clock: c.clock}, refused: s.refused, clock: c.clock}
}

// renewOnce lets gophercloud renew the token for all callers at once (it takes care that there is one renewal
// at a time), and for as long as a request may take: the end of the one that was first is not that of others.
func (s *session) renewOnce(c *Connection) {
	renew := s.provider.ReauthFunc
	if renew == nil {
		return
	}
	s.provider.ReauthFunc = func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.config.RequestTimeout)
		defer cancel()
		err := renew(doing(ctx, keystone, "version_list"))
		if err != nil {
			c.hurry.Store(true)
			return err
		}
		s.issued.Store(c.clock.Now().UnixNano())
		return nil
	}
}

// refused tells whether a 401 is final: it came for a token that has just been issued, or for a request for
// one. Others are how a session learns that its token has expired.
func (s *session) refused(r *http.Request, now time.Time) bool {
	if operationOf(r).service == keystone || s.provider.ReauthFunc == nil {
		return true
	}
	return r.Header.Get("X-Auth-Token") == s.provider.Token() && now.Sub(time.Unix(0, s.issued.Load())) < fresh
}

// sameHost follows redirects within a host. Elsewhere they would carry the token away.
func sameHost(r *http.Request, via []*http.Request) error {
	if len(via) > redirects || r.URL.Host != via[0].URL.Host || r.URL.Scheme != via[0].URL.Scheme {
		return http.ErrUseLastResponse
	}
	return nil
}
