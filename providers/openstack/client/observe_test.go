// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"strings"
	"testing"
)

func TestSecretsAreNotPrinted(t *testing.T) {
	for _, test := range []struct{ service, body, want string }{
		{nova, `{"server": {"adminPass": "s3cret", "name": "n", "OS-EXT-SRV-ATTR:user_data": "czNjcmV0"}}`, `{"server": {"adminPass": "***", "name": "n", "OS-EXT-SRV-ATTR:user_data": "***"}}`},
		{nova, `{"user_data": "a\"s3cret", "x": 1}`, `{"user_data": "***", "x": 1}`},
		{neutron, `{"port": {"id": "1"}}`, `{"port": {"id": "1"}}`},
		{octavia, `{"pool": {"tls_token": ["s3cret"], "session_persistence": {"type": "SOURCE_IP"}}}`, `{"pool": {"tls_token": "***", "session_persistence": {"type": "SOURCE_IP"}}}`},
		{keystone, `{"auth": "s3cret"}`, "(not logged)"},
		{barbican, `s3cret`, "(not logged)"},
		{unknown, `s3cret`, "(not logged)"},
	} {
		if got := printable(operation{service: test.service}, []byte(test.body)); got != test.want || strings.Contains(got, "s3cret") {
			t.Errorf("%s: %s, want %s", test.body, got, test.want)
		}
	}
}
