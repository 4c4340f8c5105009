// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package instances finds the EC2 instances, and the Fargate nodes, behind Nodes: many with one call, and
// with "there is none", "nobody can say" and "not ours" as three different answers.
package instances

import (
	"context"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"k8s.io/utils/clock"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/aws/cluster"
)

// Options say which instances are whose, and what Nodes get of them.
type Options struct {
	Region  string
	VPC     string
	Cluster cluster.Identity
	// SelfID and SelfName are the instance on which this process runs, and its private DNS name; empty
	// outside of the VPC.
	SelfID, SelfName string
	// Families are "ipv4" and "ipv6" in the order of a Node's addresses.
	Families []string
	// TopologyTypes matches instance types whose network topology must be known before their Node is
	// initialised.
	TopologyTypes *regexp.Regexp
}

// Instances implements provider.Instances and provider.InstanceLister.
type Instances struct {
	options  Options
	client   *ec2.Client
	store    *Store
	clock    clock.PassiveClock
	zones    *zones
	topology *topology
	scope    atomic.Int64 // instances that the last list went through; 0 before

	mu    sync.Mutex
	burst burst
}

// New returns the instances of one region.
func New(client *ec2.Client, store *Store, o Options, c clock.PassiveClock) *Instances {
	return &Instances{
		options: o, client: client, store: store, clock: c,
		zones:    newZones(client, c),
		topology: newTopology(client, o.TopologyTypes, c),
	}
}

const (
	batchSize = 1000
	// window is what upstream's batcher waited.
	window = 100 * time.Millisecond
	// listFrom is from where on a page of 1,000 costs no more than look-ups of 200.
	listFrom = 2*filterValues + 1
)

// InstanceLimits are those of EC2's filters and pages.
func (i *Instances) InstanceLimits() provider.InstanceLimits {
	return provider.InstanceLimits{BatchSize: batchSize, Window: window, Concurrency: 2, ListFrom: listFrom}
}

// LookupInstances reads, in parallel, instances by ID and by private DNS name, and Fargate nodes by address:
// with up to 200 of a kind that is one call for each kind. Names that EC2 does not know are tried by
// address. While many Nodes join, a list answers for several look-ups.
func (i *Instances) LookupInstances(ctx context.Context, refs []provider.InstanceRef) ([]provider.InstanceAnswer, error) {
	questions := make([]question, len(refs))
	for n, ref := range refs {
		questions[n] = i.options.parse(ref)
	}
	found, err := i.observe(ctx, questions)
	if err != nil {
		return nil, err
	}
	i.learnZones(found)
	now := i.clock.Now()
	answers := make([]provider.InstanceAnswer, len(refs))
	for n, q := range questions {
		answers[n] = i.options.answer(q, found, now)
	}
	i.addLabels(ctx, refs, answers)
	return answers, nil
}

// ListInstances lists the cluster's instances: those in the VPC that carry its tag, and those that Nodes
// name without it. In a VPC where most instances are others', looking up the known ones is cheaper than a
// list.
func (i *Instances) ListInstances(ctx context.Context) ([]provider.Instance, error) {
	known := i.store.known()
	asked := i.clock.Now()
	var list []ec2types.Instance
	if pagesOf(int(i.scope.Load()), pageSize) > pagesOf(len(known), filterValues) {
		read, err := i.store.read(ctx, known)
		if err != nil {
			return nil, err
		}
		for _, instance := range read {
			list = append(list, *instance)
		}
	} else {
		all, _, err := i.store.pages(ctx, 0, filter("vpc-id", i.options.VPC))
		if err != nil {
			return nil, err
		}
		i.scope.Store(int64(len(all)))
		list = i.options.ours(all, known)
		i.store.add(list, asked)
	}
	instances := make([]provider.Instance, 0, len(list))
	for n := range list {
		if exists(&list[n]) {
			instances = append(instances, i.options.instance(&list[n]))
		}
	}
	return instances, nil
}

func pagesOf(n, size int) int { return (n + size - 1) / size }

func filter(name string, values ...string) ec2types.Filter {
	return ec2types.Filter{Name: &name, Values: values}
}
