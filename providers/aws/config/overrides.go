// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net/url"
	"slices"
	"strings"
)

// Service is an AWS service that is called.
type Service string

// The services.
const (
	EC2   Service = "ec2"
	ELB   Service = "elb"
	ELBv2 Service = "elbv2"
	STS   Service = "sts"
	IMDS  Service = "imds"
	KMS   Service = "kms" // called by nobody since volumes are the CSI driver's
)

// services are the names that a file may use. The first is the service ID of SDK v2, which upstream reads
// since 2025; the others are the endpoint IDs that upstream and the in-tree provider read before.
var services = []struct {
	service Service
	names   []string
	doc     string
}{
	{EC2, []string{"EC2", "ec2"}, "EC2"},
	{ELB, []string{"Elastic Load Balancing", "elasticloadbalancing", "elb"}, "Classic load balancers; network load balancers too, unless they have an entry of their own"},
	{ELBv2, []string{"Elastic Load Balancing v2", "elasticloadbalancingv2", "elbv2"}, "network load balancers"},
	{STS, []string{"STS", "sts"}, "the call that assumes `RoleARN`"},
	{IMDS, []string{"ec2imds", "ec2metadata", "imds"}, "the instance metadata service; only the URL is used, in every region"},
	{KMS, []string{"KMS", "kms"}, "accepted without effect"},
}

// serviceNamed returns the service of that name; false if there is none.
func serviceNamed(name string) (Service, bool) {
	name = strings.ToLower(strings.Join(strings.Fields(name), ""))
	for _, s := range services {
		for _, n := range s.names {
			if name == strings.ToLower(strings.ReplaceAll(n, " ", "")) {
				return s.service, true
			}
		}
	}
	return "", false
}

// serviceNames are all names, for finding what a misspelt one meant.
func serviceNames() []string {
	var names []string
	for _, s := range services {
		names = append(names, s.names...)
	}
	return names
}

// isSDKName reports whether the name is the one that upstream honours today.
func isSDKName(name string) bool {
	return slices.ContainsFunc(services, func(s struct {
		service Service
		names   []string
		doc     string
	}) bool {
		return s.names[0] == name
	})
}

// Override is a custom endpoint.
type Override struct {
	// Label is the section's, for messages.
	Label   string
	Service Service
	Region  string
	URL     *url.URL
	// SigningRegion and SigningName are empty where the service's own are right.
	SigningRegion, SigningName string

	name string // of the service, as the file spells it
}

// Endpoint returns the override for a service in a region; nil means that AWS's own endpoint is right.
func (c *Config) Endpoint(service Service, region string) *Override {
	var found *Override
	for i := range c.Overrides {
		o := &c.Overrides[i]
		if o.Service == service && (o.Region == region || service == IMDS) && (found == nil || isSDKName(o.name) && !isSDKName(found.name)) {
			found = o
		}
	}
	if found == nil && service == ELBv2 { // both are at one host in AWS
		return c.Endpoint(ELB, region)
	}
	return found
}

// UnusedOverrides returns those that have no effect in a region.
func (c *Config) UnusedOverrides(region string) []Override {
	used := map[*Override]bool{}
	for _, s := range services {
		used[c.Endpoint(s.service, region)] = true
	}
	var unused []Override
	for i := range c.Overrides {
		if !used[&c.Overrides[i]] {
			unused = append(unused, c.Overrides[i])
		}
	}
	return unused
}
