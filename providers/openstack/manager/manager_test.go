// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"strings"
	"testing"
)

func TestUserAgent(t *testing.T) {
	if got := userAgent([]string{"a/b", "site c/d"}); !strings.HasPrefix(got, "site c/d a/b openstack-cloud-controller-manager/v") {
		t.Errorf("%q", got)
	}
	if got := userAgent(nil); !strings.HasPrefix(got, "openstack-cloud-controller-manager/v") {
		t.Errorf("%q", got)
	}
}
