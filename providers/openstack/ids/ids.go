// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package ids reads and writes the provider IDs of OpenStack's servers: openstack:///<server>, and
// openstack://<region>/<server> where a cluster has Nodes in several regions.
package ids

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/common/provider"
)

const scheme = "openstack"

// ErrForeign means that an ID is another provider's.
var ErrForeign = errors.New("another provider's")

// ID names a server. Region is empty where the ID does not say it.
type ID struct{ Region, Server string }

var form = regexp.MustCompile(`^` + scheme + `://([^/]*)/([^/]+)$`)

// Parse reads a provider ID. What has no scheme is read as if it had ours: the in-tree provider's early IDs
// have none.
func Parse(text string) (ID, error) {
	whole := text
	if !strings.Contains(text, "://") {
		whole = scheme + "://" + text
	}
	if provider.Scheme(whole) != scheme {
		return ID{}, fmt.Errorf("provider ID %q is %w", text, ErrForeign)
	}
	parts := form.FindStringSubmatch(whole)
	if parts == nil {
		return ID{}, fmt.Errorf("provider ID %q is neither openstack:///<server> nor openstack://<region>/<server>", text)
	}
	return ID{Region: parts[1], Server: parts[2]}, nil
}

// String is the provider ID.
func (id ID) String() string { return scheme + "://" + id.Region + "/" + id.Server }

// OfNode is the ID of a Node's server; false if the Node has none, or another provider's.
func OfNode(node *v1.Node) (ID, bool) {
	if node.Spec.ProviderID == "" {
		return ID{}, false
	}
	id, err := Parse(node.Spec.ProviderID)
	return id, err == nil
}
