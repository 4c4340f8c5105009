// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"sigs.k8s.io/cloud-providers/common/cloudapi"
	"sigs.k8s.io/cloud-providers/common/provider"
)

// newRetryer returns the SDK's retryer of AWS_RETRY_MODE, with a budget of its own: three attempts unless
// AWS_MAX_ATTEMPTS says otherwise, which the SDK applies itself. It is the only layer that retries.
func newRetryer(mode aws.RetryMode) aws.Retryer {
	options := func(o *retry.StandardOptions) {
		o.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(final)}, o.Retryables...)
	}
	if mode == aws.RetryModeAdaptive {
		return retry.NewAdaptiveMode(func(o *retry.AdaptiveModeOptions) {
			o.StandardOptions = append(o.StandardOptions, options)
		})
	}
	return retry.NewStandard(options)
}

// final vetoes retries of what our own transport and limiter refused: the SDK would take the first for a
// broken connection.
func final(err error) aws.Ternary {
	var throttled *provider.ThrottledError
	if errors.Is(err, cloudapi.ErrLeaseStale) || errors.As(err, &throttled) {
		return aws.FalseTernary
	}
	return aws.UnknownTernary
}
