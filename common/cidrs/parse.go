// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cidrs

import (
	"fmt"
	"net/netip"
	"strings"
)

// Parse reads the value of a flag that takes one CIDR or a dual-stack pair.
func Parse(flag, value string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range strings.Split(value, ",") {
		prefix, err := netip.ParsePrefix(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("%s=%q: invalid CIDR address: %w", flag, value, err)
		}
		all = append(all, prefix.Masked())
	}
	if len(all) > 2 || len(all) == 2 && all[0].Addr().Is4() == all[1].Addr().Is4() {
		return nil, fmt.Errorf("%s=%q: more than one CIDR must be a pair of an IPv4 and an IPv6 CIDR", flag, value)
	}
	return all, nil
}
