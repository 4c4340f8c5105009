// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	v1 "k8s.io/api/core/v1"
	cloudproviderapi "k8s.io/cloud-provider/api"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/aws/ids"
)

const (
	// LabelZoneID has the ID of the Node's zone, which is the same in all accounts.
	LabelZoneID = "topology.k8s.aws/zone-id"
	// LabelLayerPrefix and a number from 1 name the layers of the network above an instance; the highest
	// number is the nearest.
	LabelLayerPrefix = "topology.k8s.aws/network-node-layer-"
)

// addLabels gives Nodes that are being initialised their labels. For others they would be read for nothing:
// they are not set later. What cannot be known makes an answer unknown, so that the Node waits.
func (i *Instances) addLabels(ctx context.Context, refs []provider.InstanceRef, answers []provider.InstanceAnswer) {
	names := map[string]bool{}
	var machines []machine
	for n, a := range answers {
		if a.State != provider.InstanceFound || !initialising(refs[n].Node) {
			continue
		}
		if _, there := refs[n].Node.Labels[LabelZoneID]; !there {
			names[a.Instance.Zone] = true
		}
		if m := (machine{id: instanceID(a.Instance), kind: a.Instance.Type}); m.id != "" && m.kind != "" && wantsLayers(refs[n].Node) {
			machines = append(machines, m)
		}
	}
	var zoneIDs map[string]string
	var zoneErr error
	if len(names) > 0 {
		zoneIDs, zoneErr = i.zones.lookup(ctx, names)
	}
	layers := i.topology.lookup(ctx, machines)
	for n := range answers {
		a := &answers[n]
		if a.State != provider.InstanceFound || !initialising(refs[n].Node) {
			continue
		}
		*a = labelled(*a, refs[n].Node, zoneIDs, zoneErr, layers[instanceID(a.Instance)])
	}
}

// learnZones takes the zone IDs that instances and interfaces say themselves, which spares a call.
func (i *Instances) learnZones(f *found) {
	for _, instance := range f.all() {
		if p := instance.Placement; p != nil && p.AvailabilityZone != nil && aws.ToString(p.AvailabilityZoneId) != "" {
			i.zones.learn(*p.AvailabilityZone, *p.AvailabilityZoneId)
		}
	}
	for _, enis := range f.fargate {
		for _, eni := range enis {
			if eni.AvailabilityZone != nil && aws.ToString(eni.AvailabilityZoneId) != "" {
				i.zones.learn(*eni.AvailabilityZone, *eni.AvailabilityZoneId)
			}
		}
	}
}

// labelled is an answer with its labels, or why it has to wait for them.
func labelled(a provider.InstanceAnswer, node *v1.Node, zoneIDs map[string]string, zoneErr error, layers layers) provider.InstanceAnswer {
	labels := map[string]string{}
	if _, there := node.Labels[LabelZoneID]; !there {
		id, known := zoneIDs[a.Instance.Zone]
		switch {
		case known:
			labels[LabelZoneID] = id
		case zoneErr != nil:
			return *unknown("label %s of node %s: %w", LabelZoneID, node.Name, zoneErr)
		default:
			return *unknown("label %s of node %s: EC2 does not know the zone %q", LabelZoneID, node.Name, a.Instance.Zone)
		}
	}
	if wantsLayers(node) {
		if layers.err != nil {
			return *unknown("network topology of node %s: %w", node.Name, layers.err)
		}
		for n, name := range layers.nodes {
			labels[LabelLayerPrefix+strconv.Itoa(n+1)] = name
		}
	}
	a.Instance.Labels = labels
	return a
}

func initialising(node *v1.Node) bool {
	if node == nil {
		return false
	}
	for _, t := range node.Spec.Taints {
		if t.Key == cloudproviderapi.TaintExternalCloudProvider {
			return true
		}
	}
	return false
}

func wantsLayers(node *v1.Node) bool {
	_, there := node.Labels[LabelLayerPrefix+"1"]
	return !there
}

func instanceID(i provider.Instance) string {
	id, _ := ids.Instance(i.ProviderID)
	return id
}

// layers are the network nodes above an instance, the farthest first, or why the Node has to wait.
type layers struct {
	nodes []string
	err   error
}
