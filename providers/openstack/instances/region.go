// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"k8s.io/utils/clock"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/openstack/client"
)

const (
	// getsAtOnce is how many servers are asked for at once, each by a call of its own.
	getsAtOnce = 10
	// patience is how many of those may fail before the rest is not tried.
	patience = 10
)

// region is one region's Nova and Neutron, and what is remembered of them.
type region struct {
	client   *client.Region
	scope    atomic.Int64 // servers of the project when they were last listed
	ports    atomic.Int64 // ports of the project when they were last listed
	flavors  flavors
	networks networkNames
}

func newRegion(c *client.Region, clk clock.PassiveClock) *region {
	return &region{client: c, flavors: flavors{clock: clk}, networks: networkNames{clock: clk}}
}

// found is what Nova said of the servers that were asked for.
type found struct {
	byID map[string]*server
	// byName has lower case names: databases match them so.
	byName map[string][]*server
	// absent are IDs of which Nova said that there is no such server.
	absent map[string]bool
	// failed are IDs and names about which Nova gave no answer.
	failed map[string]error
	// nameless is true when there are servers of which Nova does not know the name now.
	nameless bool
}

func newFound() *found {
	return &found{byID: map[string]*server{}, byName: map[string][]*server{}, absent: map[string]bool{}, failed: map[string]error{}}
}

func (f *found) add(list []server) {
	for i := range list {
		s := &list[i]
		if f.byID[s.ID] != nil {
			continue
		}
		f.byID[s.ID] = s
		if s.Name == "" && s.unreachable() {
			f.nameless = true
		} else if !s.gone() {
			name := strings.ToLower(s.Name)
			f.byName[name] = append(f.byName[name], s)
		}
	}
}

// find looks servers up by ID and by name: one list of the project where that is less work than asking for
// each, and then each that is not in it, since what is missing in a list may still exist.
func (r *region) find(ctx context.Context, byID, byName []string) (*found, error) {
	f := newFound()
	calls := len(byID) + len(patterns(byName))
	if pages := worthListing(calls, len(byID)+len(byName), int(r.scope.Load())); pages > 0 {
		list, complete, err := r.list(ctx, "", pages)
		if err != nil {
			return nil, err
		}
		f.add(list)
		scope := len(list)
		if !complete {
			scope = max(int(r.scope.Load()), scope+pageSize)
		}
		r.scope.Store(int64(scope))
	}
	var missing, unnamed []string
	for _, id := range byID {
		if f.byID[id] == nil {
			missing = append(missing, id)
		}
	}
	for _, name := range byName {
		if len(f.byName[strings.ToLower(name)]) == 0 {
			unnamed = append(unnamed, name)
		}
	}
	return f, r.ask(ctx, f, missing, unnamed)
}

// worthListing returns how many pages of the project's servers are worth reading, instead of a number of
// calls for those that are wanted; 0 for none. Nova works for a page of a thousand servers about as long as
// for twenty calls. known is the size of the project, 0 if it is not known.
func worthListing(calls, wanted, known int) int {
	const pageCost = 20
	if calls < 2 {
		return 0
	}
	if known == 0 {
		// It has at least those, and more if the cluster is not alone: see how far the calls' worth gets.
		if cost(wanted, pageCost) > calls {
			return 0
		}
		return max(1, calls/(pageCost+1))
	}
	if cost(known, pageCost) > calls {
		return 0
	}
	return known/pageSize + 2 // it may have grown
}

func cost(servers, pageCost int) int {
	return (servers+pageSize-1)/pageSize + servers*pageCost/pageSize
}

// ask asks for servers by ID, each with a call, and by name, many with one.
func (r *region) ask(ctx context.Context, f *found, byID, byName []string) error {
	var mu sync.Mutex
	var failures atomic.Int64
	var last error
	fail := func(keys []string, err error) {
		failures.Add(1)
		mu.Lock()
		defer mu.Unlock()
		last = err
		for _, k := range keys {
			f.failed[k] = err
		}
	}
	questions := make([]func(), 0, len(byID)+1)
	for _, p := range patterns(byName) {
		questions = append(questions, func() {
			list, _, err := r.list(ctx, p.expression, 0)
			if err != nil {
				fail(p.names, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			f.add(list)
		})
	}
	for _, id := range byID {
		questions = append(questions, func() {
			if failures.Load() >= patience {
				mu.Lock()
				err := last
				mu.Unlock()
				fail([]string{id}, fmt.Errorf("not asked for server %s, because other calls failed: %w", id, err))
				return
			}
			s, there, err := r.show(ctx, id)
			mu.Lock()
			switch {
			case err != nil:
			case there:
				f.add([]server{*s})
			default:
				f.absent[id] = true
			}
			mu.Unlock()
			if err != nil {
				fail([]string{id}, err)
			}
		})
	}
	atOnce(getsAtOnce, questions)
	if _, throttled := provider.Throttled(last); throttled || last != nil && len(f.failed) == len(byID)+len(byName) && len(f.byID) == 0 {
		return last
	}
	return nil
}

// atOnce runs functions, up to a number at a time.
func atOnce(limit int, all []func()) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, limit)
	for _, f := range all {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			f()
		})
	}
	wg.Wait()
}
