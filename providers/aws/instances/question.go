// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/aws/ids"
)

// question is a reference in EC2's words: one of an ID, a name and a Fargate address. settled is the answer
// to what EC2 need not be asked.
type question struct {
	ref     provider.InstanceRef
	id      string
	name    string
	fargate netip.Addr
	settled *provider.InstanceAnswer
}

// parse says what to ask for a Node.
func (o Options) parse(ref provider.InstanceRef) question {
	q := question{ref: ref}
	if ref.ProviderID != "" {
		id, err := ids.Parse(ref.ProviderID)
		switch {
		case errors.Is(err, ids.ErrForeign), err == nil && id.Elsewhere(o.Region):
			q.settled = &provider.InstanceAnswer{State: provider.InstanceForeign}
		case err != nil:
			q.settled = unknown("node %s: %w", ref.NodeName, err)
		default:
			q.id, q.fargate = id.Instance, id.Fargate
		}
		return q
	}
	if ref.NodeName == o.SelfName && o.SelfName != "" {
		q.id = o.SelfID
	} else if id, ok := ids.OfNodeName(ref.NodeName); ok {
		q.id = id
	} else {
		q.name = ref.NodeName
	}
	return q
}

func unknown(format string, args ...any) *provider.InstanceAnswer {
	return &provider.InstanceAnswer{State: provider.InstanceUnknown, Err: fmt.Errorf(format, args...)}
}

// found is what EC2 answered, by what was asked. Errors are of one kind of question each.
type found struct {
	byID      map[string]*ec2types.Instance
	byName    map[string][]*ec2types.Instance
	byAddress map[netip.Addr][]*ec2types.Instance
	fargate   map[netip.Addr][]ec2types.NetworkInterface

	namesErr, addressesErr, fargateErr error
}

// take answers a question from a snapshot.
func (f *found) take(q question, s *snapshot) {
	if f.byID == nil {
		f.byID = map[string]*ec2types.Instance{}
	}
	if f.byName == nil {
		f.byName = map[string][]*ec2types.Instance{}
	}
	if q.id != "" {
		f.byID[q.id] = s.byID[q.id]
		return
	}
	f.byName[q.name] = s.byName[q.name]
}

// all are the instances, some of them more than once.
func (f *found) all() []*ec2types.Instance {
	all := slices.Collect(maps.Values(f.byID))
	for _, list := range f.byName {
		all = append(all, list...)
	}
	for _, list := range f.byAddress {
		all = append(all, list...)
	}
	return all
}

// observe asks EC2. It fails when instances cannot be looked up by ID, or nothing could be looked up;
// otherwise what failed is in the result.
func (i *Instances) observe(ctx context.Context, questions []question) (*found, error) {
	known := i.prepare(ctx, questions)
	now := i.clock.Now()
	var wanted, names, fargate []string
	for _, q := range questions {
		switch {
		case q.settled != nil, known.has(q, now):
		case q.id != "":
			wanted = append(wanted, q.id)
		case q.name != "":
			names = append(names, q.name)
		default:
			fargate = append(fargate, q.fargate.String())
		}
	}
	f := &found{}
	var idsErr error
	var wg sync.WaitGroup
	if wanted = unique(wanted); len(wanted) > 0 {
		wg.Go(func() { f.byID, idsErr = i.store.read(ctx, wanted) })
	}
	if names = unique(names); len(names) > 0 {
		wg.Go(func() { f.byName, f.namesErr = i.readNames(ctx, names) })
	}
	if fargate = unique(fargate); len(fargate) > 0 {
		wg.Go(func() { f.fargate, f.fargateErr = i.readFargate(ctx, fargate) })
	}
	wg.Wait()
	switch {
	case idsErr != nil:
		return nil, idsErr
	case len(wanted) == 0 && len(fargate) == 0 && f.namesErr != nil:
		return nil, f.namesErr
	case len(wanted) == 0 && len(names) == 0 && f.fargateErr != nil:
		return nil, f.fargateErr
	}
	for _, q := range questions {
		if q.settled == nil && known.has(q, now) {
			f.take(q, known)
		}
	}
	if addresses := addressesToTry(questions, f); len(addresses) > 0 && f.namesErr == nil {
		f.byAddress, f.addressesErr = i.readAddresses(ctx, addresses)
	}
	return f, nil
}

func unique(values []string) []string {
	slices.Sort(values)
	return slices.Compact(values)
}

// living are the states in which an instance can be a Node's. Terminated ones keep no name.
var living = []string{"pending", "running", "shutting-down", "stopping", "stopped"}

// readNames asks by private DNS name. Instances without the cluster's tag are dropped: names are the same
// in other VPCs.
func (i *Instances) readNames(ctx context.Context, names []string) (map[string][]*ec2types.Instance, error) {
	asked := i.clock.Now()
	list, err := i.store.readBy(ctx, "private-dns-name", names, filter("instance-state-name", living...))
	if err != nil {
		return nil, err
	}
	list = i.options.ours(list, nil)
	i.store.add(list, asked)
	byName := map[string][]*ec2types.Instance{}
	for n := range list {
		name := aws.ToString(list[n].PrivateDnsName)
		byName[name] = append(byName[name], &list[n])
	}
	return byName, nil
}

// readAddresses asks by private address, within the VPC.
func (i *Instances) readAddresses(ctx context.Context, addresses []string) (map[netip.Addr][]*ec2types.Instance, error) {
	asked := i.clock.Now()
	list, err := i.store.readBy(ctx, "private-ip-address", addresses, filter("vpc-id", i.options.VPC), filter("instance-state-name", living...))
	if err != nil {
		return nil, err
	}
	list = i.options.ours(list, nil)
	i.store.add(list, asked)
	byAddress := map[netip.Addr][]*ec2types.Instance{}
	for n := range list {
		if a, err := netip.ParseAddr(aws.ToString(list[n].PrivateIpAddress)); err == nil {
			byAddress[a] = append(byAddress[a], &list[n])
		}
	}
	return byAddress, nil
}

// addressesToTry are those of Nodes whose name EC2 does not know: with a DHCP domain of one's own, or a
// short host name, the Node is not called what EC2 calls the instance.
func addressesToTry(questions []question, f *found) []string {
	var try []string
	for _, q := range questions {
		if q.settled == nil && q.name != "" && len(f.byName[q.name]) == 0 {
			for _, a := range addressesOf(q.ref) {
				try = append(try, a.String())
			}
		}
	}
	return unique(try)
}

// addressesOf are the private IPv4 addresses by which a Node may be found: those that its kubelet reports,
// else the one in its name.
func addressesOf(ref provider.InstanceRef) []netip.Addr {
	var addresses []netip.Addr
	if ref.Node != nil {
		for _, a := range ref.Node.Status.Addresses {
			if ip, err := netip.ParseAddr(a.Address); a.Type == v1.NodeInternalIP && err == nil && ip.Is4() {
				addresses = append(addresses, ip)
			}
		}
	}
	if ip, ok := ids.AddressOfNodeName(ref.NodeName); ok && len(addresses) == 0 {
		addresses = append(addresses, ip)
	}
	return addresses
}

// ours keeps the instances that carry the cluster's tag, and those that are named.
func (o Options) ours(list []ec2types.Instance, named []string) []ec2types.Instance {
	var kept []ec2types.Instance
	for _, i := range list {
		_, isNamed := slices.BinarySearch(named, aws.ToString(i.InstanceId))
		if isNamed || o.Cluster.Belongs(tags(i.Tags)) {
			kept = append(kept, i)
		}
	}
	return kept
}

func tags(list []ec2types.Tag) map[string]string {
	m := make(map[string]string, len(list))
	for _, t := range list {
		m[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return m
}
