// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cluster says which AWS resources are this cluster's, by their tags.
package cluster

import (
	"fmt"
	"strings"
)

// The tags that mark resources.
const (
	// TagPrefix is followed by the cluster ID; the value says who owns the resource.
	TagPrefix = "kubernetes.io/cluster/"
	// LegacyTag has the cluster ID as its value. It is written only in clusters that already use it.
	LegacyTag = "KubernetesCluster"
	// ServiceTag has the namespace and name of the Service for which a resource was made.
	ServiceTag = "kubernetes.io/service-name"

	owned = "owned"
)

// Identity is the cluster's ID and how it is written in tags.
type Identity struct {
	ID string
	// Legacy: the cluster's ID was found in the tag KubernetesCluster, which is then written too.
	Legacy bool
}

// Tag is the key of the tag that marks this cluster's resources.
func (i Identity) Tag() string { return TagPrefix + i.ID }

// Belongs reports whether the resource is this cluster's to use.
func (i Identity) Belongs(tags map[string]string) bool {
	_, ok := tags[i.Tag()]
	return ok || i.ID != "" && tags[LegacyTag] == i.ID
}

// Owned reports whether the resource lives and dies with this cluster.
func (i Identity) Owned(tags map[string]string) bool {
	return tags[i.Tag()] == owned || i.ID != "" && tags[LegacyTag] == i.ID
}

// Foreign reports whether the resource is marked as other clusters' and not as ours.
func (i Identity) Foreign(tags map[string]string) bool {
	return Marked(tags) && !i.Belongs(tags)
}

// Marked reports whether the resource carries some cluster's tag.
func Marked(tags map[string]string) bool {
	for key := range tags {
		if strings.HasPrefix(key, TagPrefix) {
			return true
		}
	}
	return false
}

// Tags are the tags of what the provider makes.
func (i Identity) Tags() map[string]string {
	tags := map[string]string{i.Tag(): owned}
	if i.Legacy {
		tags[LegacyTag] = i.ID
	}
	return tags
}

// FromTags finds the cluster ID in the tags of a machine of the cluster.
func FromTags(tags map[string]string) (Identity, error) {
	identity := Identity{}
	for key := range tags {
		id, ok := strings.CutPrefix(key, TagPrefix)
		switch {
		case !ok:
			continue
		case identity.ID != "":
			return Identity{}, fmt.Errorf("the instance has the tags %s%s and %s%s; one instance belongs to one cluster: remove one, or set KubernetesClusterID", TagPrefix, min(id, identity.ID), TagPrefix, max(id, identity.ID))
		}
		identity.ID = id
	}
	legacy := tags[LegacyTag]
	switch {
	case legacy == "":
		return identity, nil
	case identity.ID != "" && identity.ID != legacy:
		return Identity{}, fmt.Errorf("the instance's tags %s=%s and %s%s name different clusters; make them equal, or set KubernetesClusterID", LegacyTag, legacy, TagPrefix, identity.ID)
	}
	return Identity{ID: legacy, Legacy: true}, nil
}
