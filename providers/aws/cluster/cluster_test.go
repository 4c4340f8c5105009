// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"strings"
	"testing"
)

func TestWhoseResourceItIs(t *testing.T) {
	ours := Identity{ID: "prod"}
	tests := map[string]struct {
		tags                      map[string]string
		belongs, isOwned, foreign bool
	}{
		"no tags":                 {nil, false, false, false},
		"owned":                   {map[string]string{"kubernetes.io/cluster/prod": "owned"}, true, true, false},
		"shared":                  {map[string]string{"kubernetes.io/cluster/prod": "shared"}, true, false, false},
		"empty value":             {map[string]string{"kubernetes.io/cluster/prod": ""}, true, false, false},
		"legacy":                  {map[string]string{"KubernetesCluster": "prod"}, true, true, false},
		"another's":               {map[string]string{"kubernetes.io/cluster/dev": "owned"}, false, false, true},
		"ours and another's":      {map[string]string{"kubernetes.io/cluster/dev": "owned", "kubernetes.io/cluster/prod": "shared"}, true, false, false},
		"another's in legacy tag": {map[string]string{"KubernetesCluster": "dev"}, false, false, false},
	}
	for name, test := range tests {
		if got := ours.Belongs(test.tags); got != test.belongs {
			t.Errorf("%s: belongs = %t", name, got)
		}
		if got := ours.Owned(test.tags); got != test.isOwned {
			t.Errorf("%s: owned = %t", name, got)
		}
		if got := ours.Foreign(test.tags); got != test.foreign {
			t.Errorf("%s: foreign = %t", name, got)
		}
	}
}

func TestFromTags(t *testing.T) {
	tests := map[string]struct {
		tags map[string]string
		want Identity
		err  string
	}{
		"none":           {nil, Identity{}, ""},
		"new":            {map[string]string{"kubernetes.io/cluster/a": "shared"}, Identity{ID: "a"}, ""},
		"legacy":         {map[string]string{"KubernetesCluster": "a"}, Identity{ID: "a", Legacy: true}, ""},
		"both":           {map[string]string{"kubernetes.io/cluster/a": "owned", "KubernetesCluster": "a"}, Identity{ID: "a", Legacy: true}, ""},
		"two clusters":   {map[string]string{"kubernetes.io/cluster/a": "owned", "kubernetes.io/cluster/b": ""}, Identity{}, "kubernetes.io/cluster/a and kubernetes.io/cluster/b"},
		"contradictions": {map[string]string{"kubernetes.io/cluster/a": "owned", "KubernetesCluster": "b"}, Identity{}, "different clusters"},
	}
	for name, test := range tests {
		got, err := FromTags(test.tags)
		if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
