// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	v1 "k8s.io/api/core/v1"
	cloudproviderapi "k8s.io/cloud-provider/api"
	nodehelpers "k8s.io/cloud-provider/node/helpers"

	"sigs.k8s.io/cloud-providers/common/controllers/nodes"
	"sigs.k8s.io/cloud-providers/common/provider"
)

// managedLabels is the annotation that records which additional labels are the cloud's.
const managedLabels = "cloud-provider.sigs.k8s.io/managed-labels"

// reservedLabel matches keys that additional labels may not have.
var reservedLabel = regexp.MustCompile(`(^|\.)(kubernetes|k8s)\.io/`)

// labelPair is an old label and the current one that took its place.
type labelPair struct{ old, current string }

var (
	typeLabels   = labelPair{v1.LabelInstanceType, v1.LabelInstanceTypeStable}
	zoneLabels   = labelPair{v1.LabelFailureDomainBetaZone, v1.LabelTopologyZone}
	regionLabels = labelPair{v1.LabelFailureDomainBetaRegion, v1.LabelTopologyRegion}
	labelPairs   = []labelPair{typeLabels, zoneLabels, regionLabels}
)

// change is what one Node needs.
type change struct {
	addresses    []v1.NodeAddress
	setAddresses bool
	patch        nodes.Patch
	// warnings become Warning events by reason.
	warnings map[string]string
}

func (c change) empty() bool { return !c.setAddresses && c.patch.Empty() }

// initialise decides what a tainted Node needs, given its instance. Addresses go first and the taint
// last, so that a Node is never schedulable while half initialised.
func initialise(node *v1.Node, instance provider.Instance) (change, error) {
	var c change
	if node.Spec.ProviderID == "" {
		c.patch.ProviderID = instance.ProviderID
	}
	addresses, err := wantedAddresses(node, instance.Addresses)
	if err != nil {
		return change{}, err
	}
	c.setAddresses = addresses != nil && !slices.Equal(addresses, node.Status.Addresses)
	c.addresses = addresses
	labels := map[string]string{}
	addPair(labels, typeLabels, instance.Type)
	addPair(labels, zoneLabels, instance.Zone)
	addPair(labels, regionLabels, instance.Region)
	for k, v := range instance.Labels {
		if _, there := node.Labels[k]; !there && !reservedLabel.MatchString(k) {
			labels[k] = v
		}
	}
	c.patch.Labels = different(node.Labels, labels)
	c.patch.Taints = nodes.Without(node.Spec.Taints, cloudproviderapi.TaintExternalCloudProvider)
	c.patch.SetTaints = len(c.patch.Taints) != len(node.Spec.Taints)
	return c, nil
}

// synchronise decides what an initialised Node needs to follow its instance.
func synchronise(node *v1.Node, instance provider.Instance, o Options) change {
	c := change{warnings: map[string]string{}}
	addresses, err := wantedAddresses(node, instance.Addresses)
	if err != nil {
		c.warnings["NodeAddressesRefused"] = err.Error()
	}
	c.setAddresses = err == nil && addresses != nil && !slices.Equal(addresses, node.Status.Addresses)
	c.addresses = addresses
	labels := map[string]string{}
	if differs(node, typeLabels, instance.Type) {
		addPair(labels, typeLabels, instance.Type)
	}
	for _, topology := range []struct {
		what  string
		pair  labelPair
		value string
	}{{"zone", zoneLabels, instance.Zone}, {"region", regionLabels, instance.Region}} {
		switch {
		case !differs(node, topology.pair, topology.value):
		case o.SyncTopology:
			addPair(labels, topology.pair, topology.value)
		default:
			c.warnings["NodeTopologyChanged"] = fmt.Sprintf("The instance is in %s %q, the node's labels say %q; volumes and pods are bound to the labels, so they stay. Delete the Node, or start the manager with --sync-node-topology.",
				topology.what, topology.value, node.Labels[topology.pair.current])
		}
	}
	c.patch.Labels = different(node.Labels, labels)
	if o.SyncLabels && instance.Labels != nil {
		syncAdditional(&c, node, instance.Labels)
	}
	return c
}

// syncAdditional makes the cloud's additional labels current and removes those that vanished there. Only
// labels that the annotation records as ours are changed or removed.
func syncAdditional(c *change, node *v1.Node, wanted map[string]string) {
	ours := map[string]bool{}
	for _, k := range strings.Split(node.Annotations[managedLabels], ",") {
		ours[k] = k != ""
	}
	var record []string
	set := map[string]string{}
	for k, v := range wanted {
		if reservedLabel.MatchString(k) {
			continue
		}
		if have, there := node.Labels[k]; !there || ours[k] || have == v {
			set[k] = v
			record = append(record, k)
		}
	}
	for k, v := range different(node.Labels, set) {
		if c.patch.Labels == nil {
			c.patch.Labels = map[string]*string{}
		}
		c.patch.Labels[k] = v
	}
	for k := range ours {
		if _, still := set[k]; ours[k] && !still {
			if _, there := node.Labels[k]; there {
				if c.patch.Labels == nil {
					c.patch.Labels = map[string]*string{}
				}
				c.patch.Labels[k] = nil
			}
		}
	}
	slices.Sort(record)
	if value := strings.Join(record, ","); value != node.Annotations[managedLabels] {
		c.patch.Annotations = map[string]*string{managedLabels: &value}
	}
}

// migrateLabels sets each current label to the old one's value where the old one is there: what the
// stock controller does for initialised Nodes.
func migrateLabels(node *v1.Node) nodes.Patch {
	wanted := map[string]string{}
	for _, p := range labelPairs {
		if old, ok := node.Labels[p.old]; ok {
			wanted[p.current] = old
		}
	}
	return nodes.Patch{Labels: different(node.Labels, wanted)}
}

// wantedAddresses returns the addresses that the Node should have; nil means that they stay.
func wantedAddresses(node *v1.Node, cloud []v1.NodeAddress) ([]v1.NodeAddress, error) {
	provided, hasProvided := node.Annotations[cloudproviderapi.AnnotationAlphaProvidedIPAddr]
	if len(cloud) == 0 {
		if hasProvided && nodes.Uninitialized(node) {
			return nil, fmt.Errorf("node %s has %s=%q, and the cloud knows no address of it", node.Name, cloudproviderapi.AnnotationAlphaProvidedIPAddr, provided)
		}
		return nil, nil
	}
	addresses := slices.Clone(cloud)
	if !slices.ContainsFunc(cloud, func(a v1.NodeAddress) bool { return a.Type == v1.NodeHostName }) {
		for _, a := range node.Status.Addresses {
			if a.Type == v1.NodeHostName {
				addresses = append(addresses, a)
			}
		}
	}
	if hasProvided {
		preferred, err := nodehelpers.GetNodeAddressesFromNodeIP(provided, addresses)
		if err != nil {
			return nil, fmt.Errorf("node %s: %w", node.Name, err)
		}
		addresses = preferred
	}
	return unique(addresses), nil
}

// unique drops repeated addresses: the API server refuses a list with the same type and address twice.
func unique(addresses []v1.NodeAddress) []v1.NodeAddress {
	seen := map[v1.NodeAddress]bool{}
	return slices.DeleteFunc(addresses, func(a v1.NodeAddress) bool {
		twice := seen[a]
		seen[a] = true
		return twice
	})
}

func differs(node *v1.Node, p labelPair, value string) bool {
	return value != "" && node.Labels[p.current] != value
}

func addPair(labels map[string]string, p labelPair, value string) {
	if value != "" {
		labels[p.old], labels[p.current] = value, value
	}
}

// different returns those of wanted that have does not have, as a patch.
func different(have, wanted map[string]string) map[string]*string {
	var patch map[string]*string
	for _, k := range slices.Sorted(maps.Keys(wanted)) {
		if v, ok := have[k]; !ok || v != wanted[k] {
			if patch == nil {
				patch = map[string]*string{}
			}
			value := wanted[k]
			patch[k] = &value
		}
	}
	return patch
}
