// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package upstream

import (
	"maps"
	"testing"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestCheckValues has the names and the syntax for which the contract gives values (9.2, 9.5).
func TestCheckValues(t *testing.T) {
	b := balancer{Provider: &Provider{Config: Config{ClusterID: "cluster-a", ClusterName: "test-cluster"}}}
	b.service = &v1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "service-a"}}
	if got, want := b.targetGroupName(v1.ServicePort{Port: 80, NodePort: 8080}, "TCP", health{}), "k8s-default-servicea-7fa2e07508"; got != want {
		t.Errorf("target group %s, and not %s", got, want)
	}
	b.service = &v1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "my-service", UID: "12345678-1234-1234-1234-123456789abc"}}
	if got, want := b.networkGroupName(), "k8s-default-myservic-b7cb8b02f0"; got != want {
		t.Errorf("security group %s, and not %s", got, want)
	}
	if got, want := loadBalancerName(b.service), "a12345678123412341234123456789ab"; got != want {
		t.Errorf("load balancer %s, and not %s", got, want)
	}
	if got, want := keyValues("K=V K1=V2,Key1====, =x, , 234,"), map[string]string{"K": "V K1", "Key1": "", "234": ""}; !maps.Equal(got, want) {
		t.Errorf("key values %v, and not %v", got, want)
	}
}
