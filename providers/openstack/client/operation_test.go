// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestOperations has the names of upstream's metrics, and those of requests that upstream does not count.
func TestOperations(t *testing.T) {
	for _, test := range []struct {
		request, want string
		reads         bool
	}{
		{"GET /compute/v2.1/servers/detail", "nova.server_list", true},
		{"GET /compute/v2.1/0123456789abcdef0123456789abcdef/servers/detail", "nova.server_list", true},
		{"GET /v2.1/servers/i", "nova.server_get", true},
		{"POST /v2.1/servers/i/action", "nova.server_update", false},
		{"GET /v2.1/servers/i/os-interface", "nova.server_interface_list", true},
		{"GET /v2.1/flavors/f", "nova.flavor_get", true},
		{"GET /network/v2.0/networks", "neutron.network_list", true},
		{"GET /env2/network/v2.0/subnets/s", "neutron.subnet_get", true},
		{"GET /v2.0/subnets", "neutron.subnet_list", true},
		{"GET /v2.0/ports", "neutron.port_list", true},
		{"PUT /v2.0/ports/p", "neutron.port_update", false},
		{"DELETE /v2.0/ports/p/tags/v1", "neutron.port_tag_delete", false},
		{"PUT /v2.0/ports/p/tags/t", "neutron.port_tag_update", false},
		{"GET /v2.0/routers/r", "neutron.router_get", true},
		{"PUT /v2.0/routers/r", "neutron.router_update", false},
		{"PUT /v2.0/routers/r/add_extraroutes", "neutron.router_update", false},
		{"GET /v2.0/extensions", "neutron.network_extension_list", true},
		{"POST /v2.0/floatingips", "neutron.floating_ip_create", false},
		{"GET /v2.0/floatingips", "neutron.floating_ip_list", true},
		{"PUT /v2.0/floatingips/f", "neutron.floating_ip_update", false},
		{"DELETE /v2.0/floatingips/f", "neutron.floating_ip_delete", false},
		{"POST /v2.0/security-groups", "neutron.security_group_create", false},
		{"DELETE /v2.0/security-groups/g", "neutron.security_group_delete", false},
		{"POST /v2.0/security-group-rules", "neutron.security_group_rule_create", false},
		{"GET /v2.0/security-group-rules", "neutron.security_group_rule_list", true},
		{"GET /load-balancer/v2.0/lbaas/loadbalancers", "octavia.loadbalancer_list", true},
		{"POST /v2.0/lbaas/loadbalancers", "octavia.loadbalancer_create", false},
		{"GET /v2.0/lbaas/loadbalancers/l", "octavia.loadbalancer_get", true},
		{"GET /v2.0/lbaas/loadbalancers/l/status", "octavia.loadbalancer_status_get", true},
		{"PUT /v2.0/lbaas/loadbalancers/l", "octavia.loadbalancer_update", false},
		{"DELETE /v2.0/lbaas/loadbalancers/l", "octavia.loadbalancer_delete", false},
		{"GET /v2.0/lbaas/listeners", "octavia.loadbalancer_listener_list", true},
		{"DELETE /v2.0/lbaas/listeners/l", "octavia.loadbalancer_listener_delete", false},
		{"POST /v2.0/lbaas/pools", "octavia.loadbalancer_pool_create", false},
		{"GET /v2.0/lbaas/pools/p/members", "octavia.loadbalancer_member_list", true},
		{"PUT /v2.0/lbaas/pools/p/members", "octavia.loadbalancer_members_update", false},
		{"POST /v2.0/lbaas/pools/p/members", "octavia.loadbalancer_member_create", false},
		{"DELETE /v2.0/lbaas/pools/p/members/m", "octavia.loadbalancer_member_delete", false},
		{"GET /v2.0/lbaas/healthmonitors/m", "octavia.loadbalancer_healthmonitor_get", true},
		{"PUT /v2.0/lbaas/healthmonitors/m", "octavia.loadbalancer_healthmonitor_update", false},
		{"GET /v2.0/lbaas/flavors", "octavia.loadbalancer_other_list", true},
		{"GET /key-manager/v1/containers/c", "barbican.container_get", true},
		{"GET /v1/secrets/s", "barbican.secret_get", true},
		{"POST /identity/v3/auth/tokens", "keystone.token_create", true},
		{"GET /identity/v3/auth/tokens", "keystone.token_get", true},
		{"GET /", "openstack.other_list", true},
		{"POST /v2.0/whatever/x/y", "openstack.other_create", false},
	} {
		method, path, _ := strings.Cut(test.request, " ")
		if o := operationAt(method, path); o.name() != test.want || o.reads() != test.reads {
			t.Errorf("%s is %s (reads: %t), want %s", test.request, o.name(), o.reads(), test.want)
		}
	}
}

func TestTheContextNamesRequestsForVersions(t *testing.T) {
	for path, want := range map[string]string{"/load-balancer/": "octavia.version_list", "/load-balancer/v2.0/lbaas/pools": "octavia.loadbalancer_pool_list"} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		if o := operationOf(r.WithContext(doing(r.Context(), octavia, "version_list"))); o.name() != want || !o.reads() {
			t.Errorf("%s is %s, want %s", path, o.name(), want)
		}
	}
}
