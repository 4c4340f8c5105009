// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"net/netip"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/aws/ids"
)

// grace is how young a Node must be for EC2 not to know its instance yet: its answers become complete only
// some time after the launch.
const grace = 5 * time.Minute

// answer says what EC2 knows about a Node. Only a complete answer about this very instance makes it absent.
func (o Options) answer(q question, f *found, now time.Time) provider.InstanceAnswer {
	switch {
	case q.settled != nil:
		return *q.settled
	case q.id != "":
		return o.answerInstance(q, f.byID[q.id], now)
	case q.name != "":
		return o.answerName(q, f, now)
	}
	return o.answerFargate(q, f, now)
}

func (o Options) answerInstance(q question, i *ec2types.Instance, now time.Time) provider.InstanceAnswer {
	switch {
	case i == nil || i.State == nil || i.State.Name == "":
		return absent(q, now)
	case !exists(i): // EC2 remembers it as terminated: that is certain
		return provider.InstanceAnswer{State: provider.InstanceNotFound}
	}
	answer := provider.InstanceAnswer{State: provider.InstanceFound, Instance: o.instance(i)}
	if q.ref.ProviderID != "" { // immutable, even where its zone is wrong
		answer.Instance.ProviderID = q.ref.ProviderID
	}
	return answer
}

// answerName is for Nodes without provider ID: by private DNS name, else by address.
func (o Options) answerName(q question, f *found, now time.Time) provider.InstanceAnswer {
	if f.namesErr != nil {
		return provider.InstanceAnswer{State: provider.InstanceUnknown, Err: f.namesErr}
	}
	switch matches := f.byName[q.name]; len(matches) {
	case 0:
	case 1:
		return o.answerInstance(q, matches[0], now)
	default:
		return *unknown("%d instances of the cluster have the private DNS name %s: %s and %s are two; give the kubelet --provider-id",
			len(matches), q.name, aws.ToString(matches[0].InstanceId), aws.ToString(matches[1].InstanceId))
	}
	if f.addressesErr != nil {
		return provider.InstanceAnswer{State: provider.InstanceUnknown, Err: f.addressesErr}
	}
	return o.answerAddress(q, f.byAddress, now)
}

func (o Options) answerAddress(q question, byAddress map[netip.Addr][]*ec2types.Instance, now time.Time) provider.InstanceAnswer {
	var match *ec2types.Instance
	for _, a := range addressesOf(q.ref) {
		for _, i := range byAddress[a] {
			if match != nil && aws.ToString(match.InstanceId) != aws.ToString(i.InstanceId) {
				return *unknown("no instance has the private DNS name %s, and the node's addresses are those of %s and of %s; give the kubelet --provider-id",
					q.name, aws.ToString(match.InstanceId), aws.ToString(i.InstanceId))
			}
			match = i
		}
	}
	return o.answerInstance(q, match, now)
}

// absent is the answer for what EC2 did not return; for a young Node it may come yet.
func absent(q question, now time.Time) provider.InstanceAnswer {
	if n := q.ref.Node; n != nil {
		if age := now.Sub(n.CreationTimestamp.Time); age < grace {
			return *unknown("EC2 does not know the instance of node %s (yet): the node is only %s old; it is asked again. Should it stay unknown, check that the instance has the cluster's tag and that the node has the instance's private DNS name, or give the kubelet --provider-id",
				q.ref.NodeName, age.Round(time.Second))
		}
	}
	return provider.InstanceAnswer{State: provider.InstanceNotFound}
}

// exists reports whether EC2 has the instance. One without a state is an answer to nothing.
func exists(i *ec2types.Instance) bool {
	return i != nil && i.State != nil && i.State.Name != "" && i.State.Name != ec2types.InstanceStateNameTerminated
}

// power is what a Node's shutdown taint depends on: only a stopped instance has it.
func power(i *ec2types.Instance) provider.PowerState {
	switch i.State.Name {
	case ec2types.InstanceStateNameStopped:
		return provider.PowerStopped
	case ec2types.InstanceStateNamePending, ec2types.InstanceStateNameRunning:
		return provider.PowerRunning
	}
	return provider.PowerUnknown
}

// instance is an instance that exists, in Kubernetes' words.
func (o Options) instance(i *ec2types.Instance) provider.Instance {
	p := provider.Instance{
		Name: aws.ToString(i.PrivateDnsName), Type: string(i.InstanceType), Region: o.Region,
		Addresses: addresses(i, o.Families), Power: power(i), CreatedAt: aws.ToTime(i.LaunchTime),
	}
	if i.Placement != nil {
		p.Zone = aws.ToString(i.Placement.AvailabilityZone)
	}
	p.ProviderID = ids.Format(p.Zone, aws.ToString(i.InstanceId))
	return p
}
