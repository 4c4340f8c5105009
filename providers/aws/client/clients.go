// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package client makes the AWS clients of the provider: aws-sdk-go-v2 over the shared transport, with
// retries in one layer (the SDK's), a rate that follows what AWS allows, metrics of each operation, and
// errors that say what to do.
package client

import (
	"context"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/smithy-go/logging"
	"k8s.io/component-base/version"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/aws/config"
)

// ProviderName is the value of --cloud-provider, and of the provider label in metrics.
const ProviderName = "aws"

// Clients are the clients of one region. Their errors need no translation: see Refusal.
type Clients struct {
	Region string
	EC2    *ec2.Client
	ELB    *elasticloadbalancing.Client
	ELBv2  *elasticloadbalancingv2.Client
}

// Connection is what clients are made from. It is made before the region is known, which only the
// metadata service may know.
type Connection struct {
	setup  provider.Setup
	config *config.Config
	sdk    aws.Config
	base   *http.Transport
	imds   *imds.Client
	limits *limits
}

// Prepare reads the SDK's environment and files, and no network.
func Prepare(ctx context.Context, setup provider.Setup, cfg *config.Config) (*Connection, error) {
	registerMetrics()
	// Credential providers of the SDK's chain are made here, and use this HTTP client.
	plain := awshttp.NewBuildableClient().WithTimeout(attemptTimeout)
	sdk, err := awsconfig.LoadDefaultConfig(ctx,
		awsconfig.WithHTTPClient(plain),
		awsconfig.WithLogger(logging.Nop{}), // it would print without levels
		awsconfig.WithDefaultsMode(aws.DefaultsModeInRegion),
	)
	if err != nil {
		return nil, fmt.Errorf("the environment and configuration files of the AWS SDK: %w", err)
	}
	sdk.ClientLogMode = 0
	c := &Connection{setup: setup, config: cfg, sdk: sdk, base: plain.GetTransport(), limits: newLimits()}
	if b, ok := sdk.HTTPClient.(*awshttp.BuildableClient); ok {
		c.base = b.GetTransport() // with AWS_CA_BUNDLE
	}
	c.imds = c.metadataClient()
	return c, nil
}

// DefaultRegion is the region of the SDK's environment and files, such as AWS_REGION; it may be empty.
func (c *Connection) DefaultRegion() string { return c.sdk.Region }

// Clients makes the clients of a region.
func (c *Connection) Clients(region string) *Clients {
	sdk := c.sdk.Copy()
	sdk.Region = region
	if c.config.RoleARN != "" {
		sdk.Credentials = c.assumedRole(sdk)
	}
	sdk.APIOptions = append(sdk.APIOptions, observer{c.limits, sdk.Credentials}.add,
		awsmiddleware.AddUserAgentKeyValue("kubernetes", version.Get().String()))
	return &Clients{
		Region: region,
		EC2: ec2.NewFromConfig(sdk, func(o *ec2.Options) {
			o.HTTPClient, o.Retryer = c.httpClient(), newRetryer(sdk.RetryMode)
			if e := c.config.Endpoint(config.EC2, region); e != nil {
				o.EndpointResolverV2 = fixed[ec2.EndpointParameters]{endpoint(e)}
			}
		}),
		ELB: elasticloadbalancing.NewFromConfig(sdk, func(o *elasticloadbalancing.Options) {
			o.HTTPClient, o.Retryer = c.httpClient(), newRetryer(sdk.RetryMode)
			if e := c.config.Endpoint(config.ELB, region); e != nil {
				o.EndpointResolverV2 = fixed[elasticloadbalancing.EndpointParameters]{endpoint(e)}
			}
		}),
		ELBv2: elasticloadbalancingv2.NewFromConfig(sdk, func(o *elasticloadbalancingv2.Options) {
			o.HTTPClient, o.Retryer = c.httpClient(), newRetryer(sdk.RetryMode)
			if e := c.config.Endpoint(config.ELBv2, region); e != nil {
				o.EndpointResolverV2 = fixed[elasticloadbalancingv2.EndpointParameters]{endpoint(e)}
			}
		}),
	}
}
