// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package instances finds the servers behind Nodes: many with few calls, in one region or several, and with
// "there is none", "nobody can say" and "not ours" as three different answers.
package instances

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/utils/clock"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/openstack/client"
	"sigs.k8s.io/cloud-providers/providers/openstack/config"
	"sigs.k8s.io/cloud-providers/providers/openstack/ids"
)

// Options say what Nodes get of their servers.
type Options struct {
	Networking config.Networking
	// Regional makes provider IDs say the region, as they do where several regions are served: other
	// managers serve the other regions.
	Regional bool
}

// Instances implements provider.Instances.
type Instances struct {
	options Options
	regions []*region
	names   []string
}

// New returns the instances of regions, the default one first.
func New(regions []*client.Region, o Options, clk clock.PassiveClock) *Instances {
	i := &Instances{options: o}
	for _, r := range regions {
		i.regions, i.names = append(i.regions, newRegion(r, clk)), append(i.names, r.Name)
	}
	return i
}

// InstanceLimits let one look-up be about all Nodes of a large cluster: it decides itself whether to list.
func (i *Instances) InstanceLimits() provider.InstanceLimits {
	return provider.InstanceLimits{BatchSize: 5 * pageSize, Window: 100 * time.Millisecond, Concurrency: 2}
}

// LookupInstances reads servers, and the ports of those that are to be described, in all regions at once.
// Ports are not read for those of which only the existence is asked, and whose Node has its addresses: the
// answer has none then, which means that they stay.
func (i *Instances) LookupInstances(ctx context.Context, refs []provider.InstanceRef) ([]provider.InstanceAnswer, error) {
	questions := make([]question, len(refs))
	for n, ref := range refs {
		questions[n] = i.options.parse(ref, i.names)
	}
	results := i.find(ctx, questions)
	if err := failed(results); err != nil {
		return nil, err
	}
	answers := make([]provider.InstanceAnswer, len(refs))
	servers := make([]*server, len(refs))
	in := make([]int, len(refs))
	for n, q := range questions {
		var answer *provider.InstanceAnswer
		if in[n], servers[n], answer = i.options.settle(q, results, i.names); answer != nil {
			answers[n] = *answer
		}
	}
	details := i.describe(ctx, refs, in, servers)
	for n, s := range servers {
		if s != nil {
			answers[n] = i.answer(refs[n], in[n], s, details[in[n]])
		}
	}
	return answers, throttledDetails(details)
}

// find asks each region for what may be there.
func (i *Instances) find(ctx context.Context, questions []question) []result {
	byID, byName := make([]map[string]bool, len(i.regions)), make([]map[string]bool, len(i.regions))
	for n := range i.regions {
		byID[n], byName[n] = map[string]bool{}, map[string]bool{}
	}
	for _, q := range questions {
		for _, n := range q.regions {
			if q.name != "" {
				byName[n][q.name] = true
			} else {
				byID[n][q.id] = true
			}
		}
	}
	results := make([]result, len(i.regions))
	var wg sync.WaitGroup
	for n, r := range i.regions {
		if results[n].found = newFound(); len(byID[n])+len(byName[n]) > 0 {
			wg.Go(func() {
				results[n].found, results[n].err = r.find(ctx, slices.Sorted(maps.Keys(byID[n])), slices.Sorted(maps.Keys(byName[n])))
			})
		}
	}
	wg.Wait()
	return results
}

// failed is the error of a look-up of which nothing can be trusted. Of several regions one may fail.
func failed(results []result) error {
	for _, r := range results {
		if r.err == nil {
			return nil
		}
	}
	return results[0].err
}

// detail is what else is known of the servers of one region.
type detail struct {
	*attached
	types map[flavor]string
	err   error
	// typeErrs say why types are not known.
	typeErrs map[flavor]error
}

// describe reads what Nodes need to know of their servers.
func (i *Instances) describe(ctx context.Context, refs []provider.InstanceRef, in []int, servers []*server) []detail {
	wanted := make([][]*server, len(i.regions))
	types := make([]map[flavor]bool, len(i.regions))
	for n, s := range servers {
		if s == nil || existenceOnly(refs[n]) {
			continue
		}
		if wanted[in[n]] = append(wanted[in[n]], s); types[in[n]] == nil {
			types[in[n]] = map[flavor]bool{}
		}
		types[in[n]][s.Flavor] = true
	}
	details := make([]detail, len(i.regions))
	var wg sync.WaitGroup
	for n, r := range i.regions {
		if len(wanted[n]) == 0 {
			continue
		}
		d := &details[n]
		wg.Go(func() { d.attached, d.err = r.attachments(ctx, wanted[n]) })
		wg.Go(func() {
			d.types, d.typeErrs = map[flavor]string{}, map[flavor]error{}
			for f := range types[n] {
				if name, err := r.typeOf(ctx, f); err != nil {
					d.typeErrs[f] = err
				} else {
					d.types[f] = name
				}
			}
		})
	}
	wg.Wait()
	return details
}

func existenceOnly(ref provider.InstanceRef) bool {
	return ref.Want == provider.FactsExistence && initialised(ref.Node)
}

// throttledDetails is the error of a look-up in one region that asked for fewer calls, which all readers
// have to know. Of several regions one does not speak for the others.
func throttledDetails(details []detail) error {
	if len(details) > 1 {
		return nil
	}
	if _, throttled := provider.Throttled(details[0].err); throttled {
		return details[0].err
	}
	return nil
}

// answer describes a server.
func (i *Instances) answer(ref provider.InstanceRef, in int, s *server, d detail) provider.InstanceAnswer {
	found := provider.Instance{
		ProviderID: ref.ProviderID, Name: s.Name, Zone: labelOf(s.Zone), Region: i.names[in],
		Labels: labels(s), Power: s.power(), CreatedAt: s.Created,
	}
	if found.ProviderID == "" {
		id := ids.ID{Server: s.ID}
		if i.options.regional(i.names) {
			id.Region = i.names[in]
		}
		found.ProviderID = id.String()
	}
	if existenceOnly(ref) {
		return provider.InstanceAnswer{State: provider.InstanceFound, Instance: found}
	}
	if d.err != nil {
		return *unknown("ports of server %s: %w", s.ID, d.err)
	}
	found.Type = d.types[s.Flavor]
	if err := d.typeErrs[s.Flavor]; err != nil && (ref.Node == nil || ref.Node.Labels[v1.LabelInstanceTypeStable] == "") {
		return *unknown("instance type of server %s: %w", s.ID, err)
	}
	ports := settled(d.ports[s.ID], ref.Node)
	found.Addresses = addresses(s, ports, d.subPorts(ports), i.options.Networking)
	return provider.InstanceAnswer{State: provider.InstanceFound, Instance: found}
}
