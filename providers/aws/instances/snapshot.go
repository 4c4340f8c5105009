// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// When many Nodes join, their look-ups come one after the other for as long as they register. From the
// second on, one list of the VPC answers those that follow as well, unless the VPC is much larger than the
// cluster.
const (
	// snapshotAge is how long a list answers for Nodes that are being initialised, and only for instances
	// that were running: nothing that such a Node gets of them changes that fast.
	snapshotAge = 15 * time.Second
	// burstGap is how close together look-ups belong to one burst.
	burstGap = 10 * time.Second
	// burstSize is the fewest Nodes for which a list is considered.
	burstSize = 10
	// snapshotPages is the most pages that are read for a snapshot.
	snapshotPages = 3
	// scopeMemory is how long it is remembered that the VPC has more.
	scopeMemory = 10 * time.Minute
)

// snapshot is a list of the VPC.
type snapshot struct {
	at     time.Time
	byID   map[string]*ec2types.Instance
	byName map[string][]*ec2types.Instance // the cluster's
}

func (o Options) snapshot(list []ec2types.Instance, at time.Time) *snapshot {
	s := &snapshot{at: at, byID: map[string]*ec2types.Instance{}, byName: map[string][]*ec2types.Instance{}}
	for n := range list {
		i := &list[n]
		if i.State == nil || i.State.Name != ec2types.InstanceStateNameRunning {
			continue
		}
		s.byID[aws.ToString(i.InstanceId)] = i
		if name := aws.ToString(i.PrivateDnsName); name != "" && o.Cluster.Belongs(tags(i.Tags)) {
			s.byName[name] = append(s.byName[name], i)
		}
	}
	return s
}

// has reports whether the snapshot answers a question. It never says that something does not exist.
func (s *snapshot) has(q question, now time.Time) bool {
	if s == nil || now.Sub(s.at) > snapshotAge || !initialising(q.ref.Node) {
		return false
	}
	if q.id != "" {
		return s.byID[q.id] != nil
	}
	return q.name != "" && len(s.byName[q.name]) == 1
}

// burst is what is known of the look-ups for Nodes that join.
type burst struct {
	snapshot *snapshot
	last     time.Time // the last look-up
	tooLarge time.Time // until when no list is tried
}

// worthListing decides at a look-up for joining Nodes whether to list, given how many of its questions the
// snapshot does not answer.
func (b *burst) worthListing(open int, now time.Time) bool {
	follows := now.Sub(b.last) < burstGap
	b.last = now
	return open >= burstSize && follows && now.After(b.tooLarge)
}

// prepare returns a snapshot that answers some of the questions, or nil.
func (i *Instances) prepare(ctx context.Context, questions []question) *snapshot {
	now := i.clock.Now()
	i.mu.Lock()
	s := i.burst.snapshot
	joining, open := 0, 0
	for _, q := range questions {
		if q.settled != nil || q.id == "" && q.name == "" || !initialising(q.ref.Node) {
			continue
		}
		joining++
		if !s.has(q, now) {
			open++
		}
	}
	list := joining > 0 && i.burst.worthListing(open, now)
	i.mu.Unlock()
	if !list {
		return s
	}
	all, complete, err := i.store.pages(ctx, snapshotPages, filter("vpc-id", i.options.VPC))
	if err != nil {
		return s // the questions are asked one by one, which says what is wrong
	}
	i.store.add(i.options.ours(all, nil), now)
	i.mu.Lock()
	defer i.mu.Unlock()
	if !complete {
		i.burst.tooLarge = now.Add(scopeMemory)
	}
	i.burst.snapshot = i.options.snapshot(all, now)
	return i.burst.snapshot
}
