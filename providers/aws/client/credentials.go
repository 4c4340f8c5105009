// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"sigs.k8s.io/cloud-providers/providers/aws/config"
)

// Sessions last 15 minutes. They are renewed up to expiryWindow early, at a random moment of it, so that
// no request is signed with credentials that expire on the way.
const expiryWindow = 2 * time.Minute

// assumedRole returns the credentials of RoleARN, one cache for all clients.
func (c *Connection) assumedRole(sdk aws.Config) aws.CredentialsProvider {
	client := sts.NewFromConfig(sdk, func(o *sts.Options) {
		o.APIOptions = append(o.APIOptions, observer{c.limits, sdk.Credentials}.add)
		o.HTTPClient, o.Retryer = c.httpClient(), newRetryer(sdk.RetryMode)
		if e := c.config.Endpoint(config.STS, sdk.Region); e != nil {
			o.EndpointResolverV2 = fixed[sts.EndpointParameters]{endpoint(e)}
		}
		for header, value := range sourceHeaders(c.config) {
			o.APIOptions = append(o.APIOptions, smithyhttp.SetHeaderValue(header, value))
		}
	})
	return aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(client, c.config.RoleARN), func(o *aws.CredentialsCacheOptions) {
		o.ExpiryWindow, o.ExpiryWindowJitterFrac = expiryWindow, 0.5
	})
}

// sourceHeaders are against confused deputies: STS gives them to the role's trust policy as conditions.
// The configuration was checked: the role is an ARN.
func sourceHeaders(cfg *config.Config) map[string]string {
	headers := map[string]string{}
	if role, err := arn.Parse(cfg.RoleARN); err == nil {
		headers["x-amz-source-account"] = role.AccountID
	}
	if cfg.SourceARN != "" {
		headers["x-amz-source-arn"] = cfg.SourceARN
	}
	return headers
}
