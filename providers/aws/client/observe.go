// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go/middleware"
	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/cloudapi"
)

// traceLevel is the verbosity at which each request is logged.
const traceLevel = 4

// observer is around the calls of a client.
type observer struct {
	limits      *limits
	credentials aws.CredentialsProvider // those that the client signs with
}

// add puts around each attempt the limiter and what is known of it, and around all attempts of a call the
// metrics and the translation of errors.
func (b observer) add(stack *middleware.Stack) error {
	call := middleware.InitializeMiddlewareFunc("CloudProviderCall", observeCall)
	if err := stack.Initialize.Add(call, middleware.Before); err != nil {
		return err
	}
	return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("CloudProviderAttempt", b.attempt), "Retry", middleware.After)
}

func observeCall(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	o := operationOf(ctx)
	start := time.Now()
	if logger := klog.FromContext(ctx).V(traceLevel); logger.Enabled() {
		logger.Info("AWS call", "service", o.serviceID, "operation", o.action, "input", printable(o, in.Parameters))
	}
	out, metadata, err := next.HandleInitialize(ctx, in)
	if err == nil {
		duration.WithLabelValues(o.request()).Observe(time.Since(start).Seconds())
		return out, metadata, nil
	}
	failures.WithLabelValues(o.request()).Inc()
	if isThrottle(Code(err)) {
		throttled.WithLabelValues(o.action).Inc()
	}
	logFailure(ctx, o, err)
	return out, metadata, translate(o, err)
}

func (b observer) attempt(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
	o := operationOf(ctx)
	of := class{o.service(), o.mutates()}
	if err := b.limits.wait(ctx, of); err != nil {
		return middleware.FinalizeOutput{}, middleware.Metadata{}, err
	}
	out, metadata, err := next.HandleFinalize(ctx, in)
	if err == nil {
		if logger := klog.FromContext(ctx).V(traceLevel); logger.Enabled() {
			id, _ := awsmiddleware.GetRequestIDMetadata(metadata)
			logger.Info("AWS answered", "service", o.serviceID, "operation", o.action, "status", 200, "requestID", id)
		}
		return out, metadata, nil
	}
	if nested(err) {
		return out, metadata, err
	}
	if status := statusOf(err); status >= 400 {
		statuses.WithLabelValues(o.serviceID, o.action, strconv.Itoa(status)).Inc()
	}
	if isThrottle(Code(err)) {
		b.limits.throttled(of)
		cloudapi.CountThrottled(ProviderName, o.name())
	}
	if cache, ok := b.credentials.(*aws.CredentialsCache); ok && expired(err) {
		cache.Invalidate() // the next call asks for new ones, although these claim to be good
	}
	return out, metadata, err
}

// nested reports whether the failure is that of another call within this one, which got its credentials:
// that call has been counted itself.
func nested(err error) bool {
	var r *Refusal
	return errors.As(err, &r)
}

func statusOf(err error) int {
	var r *awshttp.ResponseError
	if errors.As(err, &r) {
		return r.HTTPStatusCode()
	}
	return 0
}

// logFailure keeps what events and conditions do not get: the request ID, which AWS support asks for.
func logFailure(ctx context.Context, o operation, err error) {
	var r *awshttp.ResponseError
	if nested(err) || !errors.As(err, &r) {
		return
	}
	klog.FromContext(ctx).V(2).Info("AWS refused a call", "service", o.serviceID, "operation", o.action,
		"code", Code(err), "status", r.HTTPStatusCode(), "requestID", r.ServiceRequestID(), "message", messageOf(err))
}

// printable is a call's input for the log, without what is not set. Only the services whose inputs hold no
// secrets are printed: those of STS are tokens.
func printable(o operation, input any) string {
	switch o.service() {
	case "ec2", "elb", "elbv2":
	default:
		return "(not logged)"
	}
	data, err := json.Marshal(input)
	if err != nil {
		return ""
	}
	var tree any
	if json.Unmarshal(data, &tree) != nil {
		return ""
	}
	data, err = json.Marshal(withoutNulls(tree))
	if err != nil {
		return ""
	}
	return string(data)
}

func withoutNulls(tree any) any {
	switch t := tree.(type) {
	case map[string]any:
		for k, v := range t {
			if v == nil || v == "" {
				delete(t, k)
				continue
			}
			t[k] = withoutNulls(v)
		}
	case []any:
		for i, v := range t {
			t[i] = withoutNulls(v)
		}
	}
	return tree
}
