// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"strings"
	"time"
)

// QuotaExceeded reports whether a quota is used up.
func QuotaExceeded(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "OverQuota") || strings.Contains(err.Error(), "Quota has been met"))
}

// ObserveReconcile counts a pass over a load balancer.
func ObserveReconcile(string, time.Time, error) {}
