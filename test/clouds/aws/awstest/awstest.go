// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package awstest starts a simulated AWS for a test, with clients of the real SDK that are pointed at it.
package awstest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"sigs.k8s.io/cloud-providers/test/clouds/aws"
)

// Cloud is a Server that listens on loopback until the test ends.
type Cloud struct {
	*aws.Server
	// URL is the endpoint of all its services.
	URL string
	// Config is for clients of any service. They try each call once, so that a test sees each error; give
	// it another Retryer for more.
	Config sdk.Config
}

// Start starts a cloud.
func Start(tb testing.TB, o aws.Options) *Cloud {
	tb.Helper()
	server := aws.New(o)
	listener := httptest.NewServer(server)
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	tb.Cleanup(func() {
		transport.CloseIdleConnections()
		listener.Close()
	})
	return &Cloud{Server: server, URL: listener.URL, Config: sdk.Config{
		Region:       server.Region(),
		BaseEndpoint: sdk.String(listener.URL),
		Credentials:  credentials.NewStaticCredentialsProvider("AKIATEST", "secret", ""),
		HTTPClient:   &http.Client{Transport: wholeBodies{transport}},
		Retryer:      func() sdk.Retryer { return sdk.NopRetryer{} },
	}}
}

// EC2Client returns a client of EC2.
func (c *Cloud) EC2Client() *ec2.Client { return ec2.NewFromConfig(c.Config) }

// ELBClient returns a client of Classic Load Balancers.
func (c *Cloud) ELBClient() *elasticloadbalancing.Client {
	return elasticloadbalancing.NewFromConfig(c.Config)
}

// ELBv2Client returns a client of version 2 load balancers.
func (c *Cloud) ELBv2Client() *elbv2.Client { return elbv2.NewFromConfig(c.Config) }

// STSClient returns a client of STS.
func (c *Cloud) STSClient() *sts.Client { return sts.NewFromConfig(c.Config) }

// wholeBodies gives net/http bodies of its own. The SDK closes its body when the answer's head is there,
// and a closed body fails the transport if that looks once more whether the body has ended, which it does
// after writing it. A server on the same machine can be faster than that, and about one call in 500 then
// fails with "use of closed network connection" (smithy-go 1.28, safeWriteToReadCloser.WriteTo).
type wholeBodies struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (w wholeBodies) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		return w.next.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	if closeErr := r.Body.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	return w.next.RoundTrip(r)
}
