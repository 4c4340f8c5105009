// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	"sigs.k8s.io/cloud-providers/providers/aws/client"
)

const (
	// topologyBatch is the most instances in one question.
	topologyBatch = 100
	// topologyMemory is how long an answer is remembered, also that there is none.
	topologyMemory = 24 * time.Hour
	// topologyTries is how often a Node waits for its topology: no Node is to wait for ever.
	topologyTries = 10
)

// machine is what topology depends on.
type machine struct{ id, kind string }

// topology knows where instances are in AWS's network.
type topology struct {
	client  *ec2.Client
	pattern *regexp.Regexp
	clock   clock.PassiveClock
	turn    chan struct{} // one question at a time: the first teaches which types need none

	mu     sync.Mutex
	memory memory
}

// memory is what was learnt, until when.
type memory struct {
	region time.Time            // the region has no such data, or we may not read it
	kinds  map[string]time.Time // nor have the instance types
	ids    map[string]fact
}

// fact is what is known of one instance.
type fact struct {
	until time.Time
	nodes []string // its layers
	none  bool     // it has none
	tries int      // that failed
}

func newMemory() memory {
	return memory{kinds: map[string]time.Time{}, ids: map[string]fact{}}
}

func newTopology(c *ec2.Client, pattern *regexp.Regexp, clk clock.PassiveClock) *topology {
	return &topology{client: c, pattern: pattern, clock: clk, turn: make(chan struct{}, 1), memory: newMemory()}
}

// lookup returns the layers of machines by instance ID.
func (t *topology) lookup(ctx context.Context, machines []machine) map[string]layers {
	if len(machines) == 0 {
		return nil
	}
	result := map[string]layers{}
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		for _, m := range machines {
			result[m.id] = layers{err: context.Cause(ctx)}
		}
		return result
	}
	asked := map[string]bool{}
	for {
		batch := t.next(machines, asked)
		if len(batch) == 0 {
			break
		}
		answer, err := t.ask(ctx, batch)
		t.mu.Lock()
		for _, m := range batch {
			asked[m.id] = true
			result[m.id] = t.learn(ctx, m, answer[m.id], err)
		}
		t.memory.prune(t.clock.Now())
		t.mu.Unlock()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, m := range machines {
		if f := t.memory.ids[m.id]; f.nodes != nil {
			result[m.id] = layers{nodes: f.nodes}
		}
	}
	return result
}

// next chooses what to ask next.
func (t *topology) next(machines []machine, asked map[string]bool) []machine {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.memory.next(machines, asked, t.clock.Now())
}

// next chooses the next batch among what is not known. Types come in turns, so that the first batch teaches
// about as many as possible.
func (m *memory) next(machines []machine, asked map[string]bool, now time.Time) []machine {
	if now.Before(m.region) {
		return nil
	}
	byKind := map[string][]machine{}
	var kinds []string
	for _, x := range machines {
		f := m.ids[x.id]
		if asked[x.id] || now.Before(m.kinds[x.kind]) || now.Before(f.until) && (f.none || f.nodes != nil) {
			continue
		}
		if byKind[x.kind] == nil {
			kinds = append(kinds, x.kind)
		}
		if !slices.Contains(byKind[x.kind], x) {
			byKind[x.kind] = append(byKind[x.kind], x)
		}
	}
	var batch []machine
	for round, more := 0, true; more && len(batch) < topologyBatch; round++ {
		more = false
		for _, kind := range kinds {
			if round < len(byKind[kind]) && len(batch) < topologyBatch {
				batch = append(batch, byKind[kind][round])
				more = true
			}
		}
	}
	return batch
}

// instanceIDs finds those that EC2's error names.
var instanceIDs = regexp.MustCompile(`\bi-[0-9a-zA-Z]+\b`)

// ask reads the layers of up to 100 instances. One that EC2 does not know yet fails a question; it is asked
// again without it.
func (t *topology) ask(ctx context.Context, batch []machine) (map[string][]string, error) {
	wanted := make([]string, 0, len(batch))
	for _, m := range batch {
		wanted = append(wanted, m.id)
	}
	for {
		found, err := t.read(ctx, wanted)
		if !strings.HasPrefix(client.Code(err), "InvalidInstanceID") {
			return found, err
		}
		bad := instanceIDs.FindAllString(err.Error(), -1)
		rest := slices.DeleteFunc(slices.Clone(wanted), func(id string) bool { return slices.Contains(bad, id) })
		if len(rest) == len(wanted) || len(rest) == 0 {
			return nil, err
		}
		wanted = rest
	}
}

func (t *topology) read(ctx context.Context, wanted []string) (map[string][]string, error) {
	found := map[string][]string{}
	pages := ec2.NewDescribeInstanceTopologyPaginator(t.client, &ec2.DescribeInstanceTopologyInput{InstanceIds: wanted})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the network topology of %d instances: %w", len(wanted), err)
		}
		for _, i := range page.Instances {
			found[aws.ToString(i.InstanceId)] = i.NetworkNodes
		}
	}
	return found, nil
}

// learn remembers an answer about one machine and says what it means for its Node. The lock is held.
func (t *topology) learn(ctx context.Context, m machine, nodes []string, err error) layers {
	must := t.pattern.MatchString(m.kind)
	verdict := t.memory.learn(m, nodes, err, must, t.clock.Now())
	switch {
	case verdict.regionClosed:
		klog.FromContext(ctx).Info("Nodes get no network topology labels for a day: the region does not offer it, or the manager may not read it (IAM action ec2:DescribeInstanceTopology)", "err", err)
	case err != nil && verdict.err == nil && !verdict.known:
		klog.FromContext(ctx).Info("A Node gets no network topology labels", "instance", m.id, "type", m.kind, "err", err)
	}
	return layers{nodes: verdict.nodes, err: verdict.err}
}

// verdict is what an answer means.
type verdict struct {
	nodes        []string
	err          error // the Node waits
	regionClosed bool  // for the first time
	known        bool  // that there is none
}

// learn takes in an answer. must: the Node should not be initialised without.
func (m *memory) learn(x machine, nodes []string, err error, must bool, now time.Time) verdict {
	until := now.Add(topologyMemory)
	switch {
	case err == nil && len(nodes) > 0:
		m.ids[x.id] = fact{until: until, nodes: nodes}
		return verdict{nodes: nodes, known: true}
	case err == nil && must:
		m.ids[x.id] = fact{until: until, none: true}
		return verdict{known: true}
	case err == nil:
		m.kinds[x.kind] = until
		return verdict{known: true}
	case notOffered(err):
		first := !now.Before(m.region)
		m.region = until
		return verdict{known: true, regionClosed: first}
	case !must:
		return verdict{}
	}
	f := fact{until: until, tries: m.ids[x.id].tries + 1}
	f.none = f.tries >= topologyTries
	m.ids[x.id] = f
	if f.none {
		return verdict{}
	}
	return verdict{err: err}
}

// prune forgets what is no longer valid.
func (m *memory) prune(now time.Time) {
	maps.DeleteFunc(m.ids, func(_ string, f fact) bool { return now.After(f.until) })
	maps.DeleteFunc(m.kinds, func(_ string, until time.Time) bool { return now.After(until) })
}

// notOffered reports whether EC2 does not have the data in this region or not for us. Regions that do not
// know the action at all say so in several ways.
func notOffered(err error) bool {
	return client.Denied(err) || client.HasCode(err, "UnsupportedOperation", "InvalidAction", "UnknownOperation", "UnknownOperationException", "UnsupportedAction")
}
