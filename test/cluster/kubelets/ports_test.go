// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelets

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestWantedPorts(t *testing.T) {
	machines := []Machine{
		{Name: "a", Address: netip.MustParseAddr("127.0.1.1")},
		{Name: "b", Address: netip.MustParseAddr("127.0.1.2")},
		{Name: "without-address"},
	}
	yes, no := true, false
	ready := discoveryv1.EndpointConditions{Ready: &yes, Serving: &yes, Terminating: &no}
	ending := discoveryv1.EndpointConditions{Ready: &no, Serving: &yes, Terminating: &yes}
	unready := discoveryv1.EndpointConditions{Ready: &no, Serving: &no, Terminating: &no}
	on := func(node, ip string, conditions discoveryv1.EndpointConditions) discoveryv1.Endpoint {
		return discoveryv1.Endpoint{NodeName: &node, Addresses: []string{ip}, Conditions: conditions}
	}
	cases := []struct {
		what      string
		policy    corev1.ServiceExternalTrafficPolicy
		kind      corev1.ServiceType
		endpoints []discoveryv1.Endpoint
		want      map[string]string // machine, kind and port to endpoints
	}{
		{
			what:      "policy Cluster opens the port everywhere, to all ready endpoints",
			endpoints: []discoveryv1.Endpoint{on("a", "10.0.0.1", ready), on("b", "10.0.0.2", ready), on("b", "10.0.0.3", unready)},
			want:      map[string]string{"a tcp 30000": "10.0.0.1 10.0.0.2", "b tcp 30000": "10.0.0.1 10.0.0.2"},
		},
		{
			what:      "policy Local opens the port where endpoints are, and the health check everywhere",
			policy:    corev1.ServiceExternalTrafficPolicyLocal,
			endpoints: []discoveryv1.Endpoint{on("b", "10.0.0.2", ready)},
			want:      map[string]string{"a health 31000": "", "b health 31000": "10.0.0.2", "b tcp 30000": "10.0.0.2"},
		},
		{
			what:      "endpoints that end are used while there is no other",
			endpoints: []discoveryv1.Endpoint{on("a", "10.0.0.1", ending), on("b", "10.0.0.3", unready)},
			want:      map[string]string{"a tcp 30000": "10.0.0.1", "b tcp 30000": "10.0.0.1"},
		},
		{
			what:      "endpoints that end are not used beside ready ones",
			endpoints: []discoveryv1.Endpoint{on("a", "10.0.0.1", ending), on("b", "10.0.0.2", ready)},
			want:      map[string]string{"a tcp 30000": "10.0.0.2", "b tcp 30000": "10.0.0.2"},
		},
		{
			what: "without endpoints no port is open",
			want: map[string]string{},
		},
		{
			what:      "a Service of type ClusterIP opens nothing",
			kind:      corev1.ServiceTypeClusterIP,
			endpoints: []discoveryv1.Endpoint{on("a", "10.0.0.1", ready)},
			want:      map[string]string{},
		},
	}
	for _, c := range cases {
		t.Run(c.what, func(t *testing.T) {
			service := &corev1.Service{
				ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "s"},
				Spec: corev1.ServiceSpec{
					Type: corev1.ServiceTypeLoadBalancer, ExternalTrafficPolicy: c.policy,
					Ports: []corev1.ServicePort{{Name: "http", NodePort: 30000}},
				},
			}
			if c.kind != "" {
				service.Spec.Type = c.kind
			}
			if c.policy == corev1.ServiceExternalTrafficPolicyLocal {
				service.Spec.HealthCheckNodePort = 31000
			}
			name, port := "http", int32(8080)
			slice := &discoveryv1.EndpointSlice{
				ObjectMeta:  metav1.ObjectMeta{Namespace: "ns", Labels: map[string]string{discoveryv1.LabelServiceName: "s"}},
				AddressType: discoveryv1.AddressTypeIPv4,
				Ports:       []discoveryv1.EndpointPort{{Name: &name, Port: &port}},
				Endpoints:   c.endpoints,
			}
			otherFamily := slice.DeepCopy()
			otherFamily.AddressType = discoveryv1.AddressTypeIPv6

			got := map[string]string{}
			for key, b := range wantedPorts([]*corev1.Service{service}, []*discoveryv1.EndpointSlice{slice, otherFamily}, machines) {
				got[describe(key)] = endpointList(b.endpoints)
			}
			if !maps.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func describe(key portKey) string {
	kinds := map[portKind]string{tcpNodePort: "tcp", udpNodePort: "udp", healthCheck: "health"}
	return fmt.Sprintf("%s %s %d", key.machine, kinds[key.kind], key.port)
}

func endpointList(endpoints []endpoint) string {
	var all []string
	for _, e := range endpoints {
		all = append(all, e.address.Addr().String())
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}
