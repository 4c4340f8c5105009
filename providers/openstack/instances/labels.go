// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// hostLabel tells which servers are on the same host. It is Nova's hash of host and project.
const hostLabel = "topology.openstack.org/host-id"

var notInLabels = regexp.MustCompile(`[^-a-zA-Z0-9_.]+`)

// labelOf makes a label's value of any text.
func labelOf(text string) string {
	const edges = "-_."
	text = strings.Trim(notInLabels.ReplaceAllString(text, "-"), edges)
	if len(text) > validation.LabelValueMaxLength {
		text = strings.TrimRight(text[:validation.LabelValueMaxLength], edges)
	}
	return text
}

// labels are a Node's additional labels.
func labels(s *server) map[string]string {
	all := map[string]string{}
	if s.HostID != "" && isLabel(s.HostID) {
		all[hostLabel] = s.HostID
	}
	return all
}
