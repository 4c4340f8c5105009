// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"strings"
	"unicode"

	"github.com/aws/smithy-go/middleware"
)

// operation is what a request does. The SDK leaves it in the context.
type operation struct {
	serviceID string // the SDK's: "Elastic Load Balancing v2"
	action    string // "DescribeLoadBalancers"
}

func operationOf(ctx context.Context) operation {
	return operation{middleware.GetServiceID(ctx), middleware.GetOperationName(ctx)}
}

// service is the short name: the words of the cloud-config file.
func (o operation) service() string {
	switch o.serviceID {
	case "Elastic Load Balancing":
		return "elb"
	case "Elastic Load Balancing v2":
		return "elbv2"
	}
	return strings.ToLower(strings.ReplaceAll(o.serviceID, " ", ""))
}

// name is for metrics: "elbv2.DescribeLoadBalancers".
func (o operation) name() string { return o.service() + "." + o.action }

// iam is the IAM action that allows it; both load balancer APIs share a prefix there.
func (o operation) iam() string {
	if s := o.service(); s == "elb" || s == "elbv2" {
		return "elasticloadbalancing:" + o.action
	}
	return o.service() + ":" + o.action
}

// mutates tells changes from reads. What is not known to read may change something.
func (o operation) mutates() bool {
	for _, prefix := range []string{"Describe", "Get", "List", "Search", "Assume"} {
		if strings.HasPrefix(o.action, prefix) {
			return false
		}
	}
	return true
}

// request is the value of the label request in upstream's metrics: "describe_security_groups". The load
// balancer services get a prefix, since upstream never counted them and their actions have equal names.
func (o operation) request() string {
	if o.action == "DescribeInstances" && o.service() == "ec2" {
		return "describe_instance" // upstream's singular
	}
	var b strings.Builder
	if s := o.service(); s != "ec2" {
		b.WriteString(s + "_")
	}
	for i, r := range o.action {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
