// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"k8s.io/utils/clock"
)

const (
	// filterValues is the most values that EC2 takes in one filter. IDs are asked for by filter: unknown
	// ones are then absent, where a list of IDs fails as a whole for one of them.
	filterValues = 200
	// pageSize is the most instances in one page.
	pageSize = 1000
	// readsAtOnce bounds the calls of one read. EC2 gives reads a bucket of 100 with 20 per second.
	readsAtOnce = 5
	// absenceMemory is how long "there is none" serves readers other than the node controllers: a new
	// instance may be invisible for seconds.
	absenceMemory = 30 * time.Second
	// keepRecords is how long what nobody reads is kept.
	keepRecords = 30 * time.Minute
)

// Store is what EC2 said of instances, by ID. The node controllers fill it; load balancers and routes read
// it, and it reads for them what is missing or too old. It is safe for concurrent use.
type Store struct {
	client *ec2.Client
	clock  clock.PassiveClock
	// turn is taken to read for Machines: who waits for it mostly finds the answer in memory.
	turn chan struct{}

	mu      sync.Mutex
	records map[string]record
}

// record is an answer. A nil instance means that there is none.
type record struct {
	instance *ec2types.Instance
	asked    time.Time
}

// NewStore returns an empty store.
func NewStore(client *ec2.Client, c clock.PassiveClock) *Store {
	return &Store{client: client, clock: c, turn: make(chan struct{}, 1), records: map[string]record{}}
}

// Machines returns the instances with those IDs, none asked for longer than maxAge ago. What does not
// exist, or has terminated, is left out. The instances are shared and not to be changed.
func (s *Store) Machines(ctx context.Context, ids []string, maxAge time.Duration) (map[string]ec2types.Instance, error) {
	found, missing := s.cached(ids, maxAge)
	if len(missing) == 0 {
		return found, nil
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, fmt.Errorf("read instances: %w", context.Cause(ctx))
	}
	found, missing = s.cached(ids, maxAge)
	read, err := s.read(ctx, missing)
	if err != nil {
		return nil, err
	}
	for id, i := range read {
		if exists(i) {
			found[id] = *i
		}
	}
	return found, nil
}

// cached splits IDs into what memory answers and what has to be read.
func (s *Store) cached(ids []string, maxAge time.Duration) (found map[string]ec2types.Instance, missing []string) {
	now := s.clock.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	found = map[string]ec2types.Instance{}
	seen := map[string]bool{}
	for _, id := range ids {
		if seen[id] {
			continue
		}
		seen[id] = true
		r, ok := s.records[id]
		age := now.Sub(r.asked)
		switch {
		case !ok || age > maxAge || r.instance == nil && age > absenceMemory:
			missing = append(missing, id)
		case exists(r.instance):
			found[id] = *r.instance
		}
	}
	return found, missing
}

// read asks EC2 for instances by ID and remembers the answers. An ID that is not in the result is absent in
// a successful answer to a question about it.
func (s *Store) read(ctx context.Context, ids []string) (map[string]*ec2types.Instance, error) {
	asked := s.clock.Now()
	list, err := s.readBy(ctx, "instance-id", ids)
	if err != nil {
		return nil, err
	}
	found := s.add(list, asked)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if found[id] == nil && !s.records[id].asked.After(asked) {
			s.records[id] = record{asked: asked}
		}
	}
	s.prune(asked)
	return found, nil
}

// readBy asks for the instances with one of the values, as many at a time as a filter takes. Where the
// values say little about which cluster it is, further filters do.
func (s *Store) readBy(ctx context.Context, filter string, values []string, further ...ec2types.Filter) ([]ec2types.Instance, error) {
	chunks := slices.Collect(slices.Chunk(values, filterValues))
	results := make([][]ec2types.Instance, len(chunks))
	err := atOnce(len(chunks), readsAtOnce, func(n int) error {
		filters := append([]ec2types.Filter{{Name: &filter, Values: chunks[n]}}, further...)
		var err error
		results[n], _, err = s.pages(ctx, 0, filters...)
		return err
	})
	return slices.Concat(results...), err
}

// pages reads what the filters match, up to a number of pages if that is positive, and whether that is all.
func (s *Store) pages(ctx context.Context, limit int, filters ...ec2types.Filter) ([]ec2types.Instance, bool, error) {
	var all []ec2types.Instance
	pages := ec2.NewDescribeInstancesPaginator(s.client, &ec2.DescribeInstancesInput{Filters: filters, MaxResults: aws.Int32(pageSize)})
	for read := 0; pages.HasMorePages(); read++ {
		if limit > 0 && read == limit {
			return all, false, nil
		}
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, false, fmt.Errorf("read instances: %w", err)
		}
		for _, r := range page.Reservations {
			all = append(all, r.Instances...)
		}
	}
	return all, true, nil
}

// add remembers instances.
func (s *Store) add(list []ec2types.Instance, asked time.Time) map[string]*ec2types.Instance {
	found := make(map[string]*ec2types.Instance, len(list))
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := range list {
		i := slim(&list[n])
		id := aws.ToString(i.InstanceId)
		found[id] = i
		if !s.records[id].asked.After(asked) {
			s.records[id] = record{instance: i, asked: asked}
		}
	}
	return found
}

// known returns the IDs of instances that exist as far as memory goes, and somebody asks for.
func (s *Store) known() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for id, r := range s.records {
		if exists(r.instance) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// prune forgets what has not been renewed. The lock is held.
func (s *Store) prune(now time.Time) {
	for id, r := range s.records {
		if now.Sub(r.asked) > keepRecords {
			delete(s.records, id)
		}
	}
}

// atOnce calls f for 0 to n-1, at most limit at a time, and returns the first error.
func atOnce(n, limit int, f func(int) error) error {
	var wg sync.WaitGroup
	slots := make(chan struct{}, limit)
	errs := make([]error, n)
	for i := range n {
		slots <- struct{}{}
		wg.Go(func() {
			errs[i] = f(i)
			<-slots
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
