// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package nodes

import (
	"context"
	"encoding/json"
	"fmt"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clientset "k8s.io/client-go/kubernetes"
)

// Patch is a change to a Node's metadata and spec. Taints are one atomic list in the API: a patch that
// carries them carries the resource version that they were computed from.
type Patch struct {
	ProviderID  string
	Labels      map[string]*string // nil deletes
	Annotations map[string]*string
	Taints      []v1.Taint
	SetTaints   bool
}

// Empty reports whether the patch changes nothing.
func (p Patch) Empty() bool {
	return p.ProviderID == "" && len(p.Labels) == 0 && len(p.Annotations) == 0 && !p.SetTaints
}

// JSON returns the merge patch.
func (p Patch) JSON(uid types.UID, resourceVersion string) ([]byte, error) {
	meta := map[string]any{"uid": uid}
	if p.SetTaints {
		meta["resourceVersion"] = resourceVersion
	}
	if len(p.Labels) > 0 {
		meta["labels"] = p.Labels
	}
	if len(p.Annotations) > 0 {
		meta["annotations"] = p.Annotations
	}
	spec := map[string]any{}
	if p.ProviderID != "" {
		spec["providerID"] = p.ProviderID
	}
	if p.SetTaints {
		if len(p.Taints) == 0 {
			spec["taints"] = nil
		} else {
			spec["taints"] = p.Taints
		}
	}
	patch := map[string]any{"metadata": meta}
	if len(spec) > 0 {
		patch["spec"] = spec
	}
	return json.Marshal(patch)
}

// Apply sends the patch. The node's UID goes along, so that a Node re-created under the same name is
// not patched with what was meant for the old one.
func (p Patch) Apply(ctx context.Context, client clientset.Interface, node *v1.Node) (*v1.Node, error) {
	body, err := p.JSON(node.UID, node.ResourceVersion)
	if err != nil {
		return nil, fmt.Errorf("encode patch of node %s: %w", node.Name, err)
	}
	patched, err := client.CoreV1().Nodes().Patch(ctx, node.Name, types.MergePatchType, body, metav1.PatchOptions{})
	if err != nil {
		return nil, fmt.Errorf("patch node %s: %w", node.Name, err)
	}
	return patched, nil
}

// PatchAddresses replaces status.addresses. A merge patch replaces the list as a whole; a strategic one
// would merge by type and lose all but one address of each.
func PatchAddresses(ctx context.Context, client clientset.Interface, node *v1.Node, addresses []v1.NodeAddress) (*v1.Node, error) {
	body, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": node.UID},
		"status":   map[string]any{"addresses": addresses},
	})
	if err != nil {
		return nil, fmt.Errorf("encode addresses of node %s: %w", node.Name, err)
	}
	patched, err := client.CoreV1().Nodes().Patch(ctx, node.Name, types.MergePatchType, body, metav1.PatchOptions{}, "status")
	if err != nil {
		return nil, fmt.Errorf("patch addresses of node %s: %w", node.Name, err)
	}
	return patched, nil
}
