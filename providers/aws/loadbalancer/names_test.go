// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"testing"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func named(namespace, name, uid string) *v1.Service {
	return &v1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID(uid)}}
}

// TestNames has what upstream's names are for the same inputs.
func TestNames(t *testing.T) {
	s := named("default", "my-service", "12345678-1234-1234-1234-123456789abc")
	if got := name(s); got != "a1234567812341234123412345678"+"9ab" || len(got) != 32 {
		t.Errorf("load balancer %s", got)
	}
	if got := networkGroup("test-cluster", s); got != "k8s-default-myservic-b7cb8b02f0" {
		t.Errorf("security group %s", got)
	}
	if got := targetGroup("cluster-a", named("default", "service-a", "x"), groupKey{servicePort: 80, nodePort: 8080, protocol: "TCP"}); got != "k8s-default-servicea-7fa2e07508" {
		t.Errorf("target group %s", got)
	}
	groupName, description := classicGroup(s)
	if groupName != "k8s-elb-a12345678123412341234123456789ab" || description != "Security group for Kubernetes ELB a12345678123412341234123456789ab (default/my-service)" {
		t.Errorf("security group %q: %q", groupName, description)
	}
}

func TestKindOfHostname(t *testing.T) {
	tests := map[string]struct {
		region string
		want   Kind
	}{
		"a1-123456.eu-west-1.elb.amazonaws.com":          {"eu-west-1", Classic},
		"internal-a1-123456.eu-west-1.elb.amazonaws.com": {"eu-west-1", Classic},
		"a1-0a1b2c.elb.eu-west-1.amazonaws.com":          {"eu-west-1", Network},
		"a1-123456.cn-north-1.elb.amazonaws.com.cn":      {"cn-north-1", Classic},
		"a1-0a1b2c.elb.cn-north-1.amazonaws.com.cn":      {"cn-north-1", Network},
		"a1-0a1b2c.elb.eusc-de-east-1.amazonaws.eu":      {"eusc-de-east-1", Network},
		"a1-123456.us-iso-east-1.elb.c2s.ic.gov":         {"us-iso-east-1", Classic},
		"balancer.example.com":                           {"eu-west-1", ""},
		"a1-123456.elb.us-east-1.amazonaws.com":          {"eu-west-1", ""},
		"elb.example.com":                                {"eu-west-1", ""},
	}
	for hostname, test := range tests {
		if got := kindOfHostname(hostname, test.region); got != test.want {
			t.Errorf("%s: %q", hostname, got)
		}
	}
}
