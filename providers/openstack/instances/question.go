// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"errors"
	"fmt"
	"strings"

	v1 "k8s.io/api/core/v1"
	cloudproviderapi "k8s.io/cloud-provider/api"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/openstack/ids"
)

// question is a reference in Nova's words: an ID in one region, or a name in all. answer is set for what
// Nova need not be asked.
type question struct {
	ref     provider.InstanceRef
	id      string
	name    string
	regions []int
	answer  *provider.InstanceAnswer
}

// parse says what to ask for a Node.
func (o Options) parse(ref provider.InstanceRef, regions []string) question {
	q := question{ref: ref}
	if ref.ProviderID == "" {
		q.name = ref.NodeName
		for i := range regions {
			q.regions = append(q.regions, i)
		}
		return q
	}
	id, err := ids.Parse(ref.ProviderID)
	if errors.Is(err, ids.ErrForeign) {
		q.answer = &provider.InstanceAnswer{State: provider.InstanceForeign}
		return q
	}
	if err != nil {
		q.answer = unknown("node %s: %w", ref.NodeName, err)
		return q
	}
	q.id = id.Server
	if id.Region == "" { // from before there were several
		q.regions = []int{0}
		return q
	}
	for i, name := range regions {
		if name == id.Region {
			q.regions = []int{i}
			return q
		}
	}
	if o.regional(regions) { // each region has a manager of its own
		q.answer = &provider.InstanceAnswer{State: provider.InstanceForeign}
		return q
	}
	q.answer = unknown("node %s: provider ID %q is of region %q, and this manager serves %q: correct region in the cloud-config, or set OS_CCM_REGIONAL=true where other managers serve other regions",
		ref.NodeName, ref.ProviderID, id.Region, strings.Join(regions, ", "))
	return q
}

// regional reports whether provider IDs say the region.
func (o Options) regional(regions []string) bool { return o.Regional || len(regions) > 1 }

func unknown(format string, args ...any) *provider.InstanceAnswer {
	return &provider.InstanceAnswer{State: provider.InstanceUnknown, Err: fmt.Errorf(format, args...)}
}

// initialised reports whether a Node has what it needs of the cloud.
func initialised(node *v1.Node) bool {
	if node == nil || node.Spec.ProviderID == "" {
		return false
	}
	for _, t := range node.Spec.Taints {
		if t.Key == cloudproviderapi.TaintExternalCloudProvider {
			return false
		}
	}
	return true
}

// result is what one region said: found, or why nothing.
type result struct {
	found *found
	err   error
}

// settle says which server a question is about; -1 and an answer if there is none to describe.
func (o Options) settle(q question, results []result, regions []string) (int, *server, *provider.InstanceAnswer) {
	switch {
	case q.answer != nil:
		return -1, nil, q.answer
	case q.name != "":
		return o.settleName(q, results, regions)
	}
	in := q.regions[0]
	r := results[in]
	if r.err != nil {
		return -1, nil, unknown("node %s: %w", q.ref.NodeName, r.err)
	}
	s := r.found.byID[q.id]
	switch {
	case s != nil && s.gone(), s == nil && r.found.absent[q.id]:
		return -1, nil, &provider.InstanceAnswer{State: provider.InstanceNotFound}
	case s == nil && r.found.failed[q.id] != nil:
		return -1, nil, unknown("node %s: %w", q.ref.NodeName, r.found.failed[q.id])
	case s == nil:
		return -1, nil, unknown("node %s: nova did not answer about server %s", q.ref.NodeName, q.id)
	case s.unreachable():
		return -1, nil, unknown("node %s: server %s is in a cell that Nova cannot reach now", q.ref.NodeName, q.id)
	}
	return in, s, nil
}

// settleName is for Nodes without provider ID: they have the name of their server. A region without an
// answer does not hold up Nodes whose server is in another one.
func (o Options) settleName(q question, results []result, regions []string) (int, *server, *provider.InstanceAnswer) {
	in, problem := -1, error(nil)
	var match *server
	for _, i := range q.regions {
		r := results[i]
		if r.err != nil {
			problem = r.err
			continue
		}
		some := called(r.found.byName[strings.ToLower(q.name)], q.name)
		switch {
		case len(some) > 1 || len(some) == 1 && match != nil:
			return -1, nil, unknown("multiple results: several servers are named %s; rename all but the node's, or give its kubelet --provider-id", q.name)
		case len(some) == 1:
			in, match = i, some[0]
		case r.found.failed[q.name] != nil:
			problem = r.found.failed[q.name]
		case r.found.nameless:
			problem = errors.New("some servers are in a cell that Nova cannot reach now, so that their names are not known")
		}
	}
	switch {
	case match != nil:
		return in, match, nil
	case problem != nil:
		return -1, nil, unknown("node %s: %w", q.name, problem)
	case o.Regional:
		return -1, nil, unknown("no server is named %s in region %s; another region's manager may know it", q.name, strings.Join(regions, ", "))
	}
	return -1, nil, &provider.InstanceAnswer{State: provider.InstanceNotFound}
}

// called are the servers of a name: those that have just that name, if there are any, else those that have
// it in another case.
func called(some []*server, name string) []*server {
	var exact []*server
	for _, s := range some {
		if s.Name == name {
			exact = append(exact, s)
		}
	}
	if len(exact) > 0 {
		return exact
	}
	return some
}
