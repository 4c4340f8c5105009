// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"golang.org/x/sync/errgroup"
	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/aws/client"
	"sigs.k8s.io/cloud-providers/providers/aws/ids"
)

// readers is how many load balancers are read at once. ELB's read limits are per account and region.
const readers = 8

// question is one Service in an observation.
type question struct {
	in       provider.LoadBalancerInput
	name     string
	removing bool
	kinds    map[Kind]bool
	actual   Actual
}

// Observe reads what exists for some Services. What serves several of them is read once.
func (l *LoadBalancers) Observe(ctx context.Context, inputs []provider.LoadBalancerInput) ([]Actual, error) {
	questions := make([]*question, len(inputs))
	var unknown []*question
	for i, in := range inputs {
		q := l.question(in, len(inputs) > 1)
		questions[i] = q
		if known, ok := l.memory.get(in.Service.UID); ok && in.NodesOnly && !q.removing {
			q.actual = known
		} else {
			q.actual.UserTags = known.UserTags // what else is known may have changed, but not what we did
			unknown = append(unknown, q)
		}
	}
	if err := l.find(ctx, unknown); err != nil {
		return nil, err
	}
	l.details(ctx, questions, unknown)
	if err := l.surroundings(ctx, questions); err != nil {
		return nil, err
	}
	actual := make([]Actual, len(questions))
	for i, q := range questions {
		if q.removing {
			l.memory.drop(q.in.Service.UID)
		}
		actual[i] = q.actual
	}
	return actual, nil
}

// question decides what has to be read for a Service. The kind that it does not ask for is looked up when
// it is cheap, when the published hostname speaks of it, and when everything has to go.
func (l *LoadBalancers) question(in provider.LoadBalancerInput, bulk bool) *question {
	s := in.Service
	q := &question{in: in, name: name(s), kinds: map[Kind]bool{}}
	q.removing = in.Removing || s.DeletionTimestamp != nil || s.Spec.Type != v1.ServiceTypeLoadBalancer
	both := bulk || q.removing || elsewhere(s)
	if ingress := s.Status.LoadBalancer.Ingress; len(ingress) == 0 || ingress[0].Hostname == "" || kindOfHostname(ingress[0].Hostname, l.region) != kindOf(s) {
		both = true // the kind may have been changed before a hostname was published
	}
	q.kinds[Classic], q.kinds[Network] = both, both
	q.kinds[kindOf(s)] = true
	q.actual = Actual{Name: q.name, Service: s.Namespace + "/" + s.Name, UID: string(s.UID)}
	return q
}

// find looks the load balancers up: one by its name, several in the list of all, since one name that does
// not exist makes AWS refuse the others.
func (l *LoadBalancers) find(ctx context.Context, questions []*question) error {
	if len(questions) == 0 {
		return nil
	}
	byName := map[string]*question{}
	wanted := map[Kind][]string{}
	for _, q := range questions {
		byName[q.name] = q
		for kind, yes := range q.kinds {
			if yes {
				wanted[kind] = append(wanted[kind], q.name)
			}
		}
	}
	group, both := errgroup.WithContext(ctx)
	group.Go(func() error { return l.findClassic(both, wanted[Classic], byName) })
	group.Go(func() error { return l.findNetwork(both, wanted[Network], byName) })
	if err := group.Wait(); err != nil {
		return err
	}
	return l.findTargetGroups(ctx, questions)
}

// details reads the parts of each load balancer. An error is that Service's alone.
func (l *LoadBalancers) details(ctx context.Context, questions, unknown []*question) {
	l.readTags(ctx, unknown)
	var group errgroup.Group
	group.SetLimit(readers)
	for _, q := range questions {
		group.Go(func() error {
			if q.actual.Err == nil {
				q.actual.Err = l.detail(ctx, q, slices.Contains(unknown, q))
			}
			return nil
		})
	}
	_ = group.Wait() // each question has its own error
}

func (l *LoadBalancers) detail(ctx context.Context, q *question, unknown bool) error {
	a := &q.actual
	var err error
	now := l.vpc.Now()
	if !unknown && now.Sub(a.TargetsAt) < targetsAge {
		return nil // nodes that come one after the other: what we did a moment ago is what is there
	}
	a.TargetsAt = now
	switch {
	case q.removing: // all of it goes, whatever it is like
		return nil
	case !unknown && a.Network != nil:
		return l.readTargets(ctx, a.Network)
	case !unknown && a.Classic != nil:
		return l.readInstances(ctx, a)
	case a.Network != nil:
		err = l.readNetwork(ctx, a.Network, q.in.Service)
	}
	if a.Classic != nil && err == nil {
		err = l.readClassic(ctx, a)
	}
	return err
}

// surroundings adds what load balancers share: subnets, security groups, machines, and what other Services
// need.
func (l *LoadBalancers) surroundings(ctx context.Context, questions []*question) error {
	var targets, groups []string
	for _, q := range questions {
		targets = append(targets, nodeIDs(q.in.Nodes)...)
		groups = append(groups, q.groupIDs()...)
	}
	slices.Sort(targets)
	machines, err := l.machines(ctx, slices.Compact(targets))
	if err != nil {
		return err
	}
	for _, m := range machines {
		groups = append(groups, m.Groups...)
	}
	network, err := l.vpc.Network(ctx)
	if err != nil {
		return err
	}
	known, err := l.vpc.Groups(ctx, groups)
	if err != nil {
		return err
	}
	others := l.needs()
	for _, q := range questions {
		classicName, description := classicGroup(q.in.Service)
		q.actual.Surroundings = Surroundings{
			Cluster: l.settings.Cluster, VPC: network, Groups: known, Machines: machines, Removing: q.removing,
			ClassicGroupName: classicName, ClassicGroupDescription: description,
			NetworkGroupName: networkGroup(q.in.ClusterName, q.in.Service),
			FirstGroup:       l.firstGroup(q.in.Service),
			Spared:           l.spared(q.in.Service), LeaveNodeGroups: l.settings.LeaveNodeGroups,
			Others: others,
		}
	}
	return nil
}

// spared are the security groups that are the user's, whatever they look like.
func (l *LoadBalancers) spared(s *v1.Service) []string {
	ids := append(split(s.Annotations[securityGroups.Key()]), split(s.Annotations[extraGroups.Key()])...)
	if l.settings.ClassicGroup != "" {
		ids = append(ids, l.settings.ClassicGroup)
	}
	return ids
}

func (l *LoadBalancers) firstGroup(s *v1.Service) string {
	if given := split(s.Annotations[securityGroups.Key()]); len(given) > 0 {
		return given[0]
	}
	return l.settings.ClassicGroup
}

// groupIDs are the security groups of the load balancer itself.
func (q *question) groupIDs() []string {
	var ids []string
	if c := q.actual.Classic; c != nil {
		ids = append(ids, c.Groups...)
	}
	if n := q.actual.Network; n != nil {
		ids = append(ids, n.Groups...)
	}
	return ids
}

// machines reads the instances of targets, from what all controllers share where that is fresh.
func (l *LoadBalancers) machines(ctx context.Context, ids []string) (map[string]Machine, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	machines := make(map[string]Machine, len(ids))
	read := func(ids []string, age time.Duration) error {
		found, err := l.store.Machines(ctx, ids, age)
		if err != nil {
			return fmt.Errorf("read the instances of Nodes: %w", err)
		}
		for _, id := range ids {
			if i, there := found[id]; there {
				machines[id] = machine(i)
			} else {
				delete(machines, id)
			}
		}
		return nil
	}
	if err := read(ids, machineAge); err != nil {
		return nil, err
	}
	var idle []string // what does not run may have begun to since
	for id, m := range machines {
		if m.State != stateRunning {
			idle = append(idle, id)
		}
	}
	if len(idle) == 0 {
		return machines, nil
	}
	slices.Sort(idle)
	return machines, read(idle, idleAge)
}

func machine(i ec2types.Instance) Machine {
	m := Machine{ID: aws.ToString(i.InstanceId), Tags: map[string]string{}}
	if i.State != nil {
		m.State = string(i.State.Name)
	}
	for _, g := range i.SecurityGroups {
		m.Groups = append(m.Groups, aws.ToString(g.GroupId))
	}
	for _, t := range i.Tags {
		m.Tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return m
}

// readTags reads the tags of the load balancers that were found, 20 at a time. Clusters whose role may not
// do so on the day of the swap go by names.
func (l *LoadBalancers) readTags(ctx context.Context, questions []*question) {
	var classic []*ClassicActual
	var names []string
	var network []*NetworkActual
	for _, q := range questions {
		if q.actual.Classic != nil {
			classic, names = append(classic, q.actual.Classic), append(names, q.name)
		}
		if q.actual.Network != nil {
			network = append(network, q.actual.Network)
		}
	}
	for start := 0; start < len(names); start += tagPage {
		end := min(start+tagPage, len(names))
		if err := l.readClassicTags(ctx, names[start:end], classic[start:end]); err != nil && !client.Denied(err) {
			spoil(questions, err, func(a *Actual) bool { return slices.Contains(classic[start:end], a.Classic) })
		}
	}
	for chunk := range slices.Chunk(network, tagPage) {
		if err := l.readNetworkTags(ctx, chunk); err != nil && !client.Denied(err) {
			spoil(questions, err, func(a *Actual) bool { return slices.Contains(chunk, a.Network) })
		}
	}
}

// spoil leaves an error with the Services that it concerns.
func spoil(questions []*question, err error, concerns func(*Actual) bool) {
	for _, q := range questions {
		if concerns(&q.actual) {
			q.actual.Err = err
		}
	}
}

// nodeIDs returns the instances of Nodes.
func nodeIDs(nodes []*v1.Node) []string {
	var all []string
	for _, n := range nodes {
		if id, ok := ids.Instance(n.Spec.ProviderID); ok {
			all = append(all, id)
		}
	}
	return all
}
