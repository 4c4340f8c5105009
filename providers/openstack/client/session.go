// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"net/http"

	"github.com/gophercloud/gophercloud/v2"
	sdk "github.com/gophercloud/gophercloud/v2/openstack"

	"sigs.k8s.io/cloud-providers/common/cloudapi"
)

// session is a token with the connections that use it.
type session struct {
	identity identity
	provider *gophercloud.ProviderClient
	base     *http.Transport
}

const (
	// idleConnections are kept to each host; as many as requests are made at once.
	idleConnections = requestsAtOnce
	// redirects is how often a request may be sent elsewhere.
	redirects = 3
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
	p.RetryFunc = noteUnauthorized
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
	return &observer{next: &retrier{next: &limiter{next: attempt, limits: c.limits}, clock: c.clock}}
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
		c.hurry.Store(err != nil)
		return err
	}
}

// sameHost follows redirects within a host. Elsewhere they would carry the token away.
func sameHost(r *http.Request, via []*http.Request) error {
	if len(via) > redirects || r.URL.Host != via[0].URL.Host || r.URL.Scheme != via[0].URL.Scheme {
		return http.ErrUseLastResponse
	}
	return nil
}
