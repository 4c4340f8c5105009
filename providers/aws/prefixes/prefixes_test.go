// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package prefixes

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func TestAnswer(t *testing.T) {
	machine := func(prefixes ...string) ec2types.Instance {
		var m ec2types.Instance
		for _, p := range prefixes { // one interface each
			m.NetworkInterfaces = append(m.NetworkInterfaces, ec2types.InstanceNetworkInterface{Ipv6Prefixes: []ec2types.InstanceIpv6Prefix{{Ipv6Prefix: aws.String(p)}}})
		}
		return m
	}
	tests := map[string]struct {
		machine   ec2types.Instance
		want, err string
	}{
		"none yet":   {machine(), "[]", ""},
		"one":        {machine("2001:db8:1::/80"), "[2001:db8:1::/80]", ""},
		"several":    {machine("2001:db8:1::/80", "2001:db8:2::/80"), "[]", "has 2 IPv6 prefixes"},
		"unreadable": {machine("2001:db8"), "[]", "2001:db8"},
	}
	for name, test := range tests {
		got := answer("i-1", test.machine)
		if fmt.Sprint(got.CIDRs) != test.want || (got.Err == nil) != (test.err == "") || got.Err != nil && !strings.Contains(got.Err.Error(), test.err) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
