// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package instances finds the machines behind Nodes.
package instances

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/providers/local/refusal"
)

// Scheme is the part of provider IDs that says that they are ours: local://<region>/<id>.
const Scheme = "local"

// ProviderID returns the provider ID of a machine.
func ProviderID(m api.Machine) string { return Scheme + "://" + m.Region + "/" + m.ID }

// Instances implements provider.Instances and provider.InstanceLister.
type Instances struct {
	client *api.Client
	region string
}

// New returns the machines of one region, or of all with an empty one.
func New(client *api.Client, region string) *Instances {
	return &Instances{client: client, region: region}
}

// InstanceLimits are those of local-cloud. A list costs one call per 1000 machines as a look-up does, and
// needs no references, so sweeps list.
func (i *Instances) InstanceLimits() provider.InstanceLimits {
	return provider.InstanceLimits{
		BatchSize:   api.MaxLookup,
		Window:      20 * time.Millisecond, // the cloud is on this machine
		Concurrency: 2,
		ListFrom:    api.MaxLookup,
	}
}

// LookupInstances asks for machines by ID, and by name for Nodes without one, in one call.
func (i *Instances) LookupInstances(ctx context.Context, refs []provider.InstanceRef) ([]provider.InstanceAnswer, error) {
	answers := make([]provider.InstanceAnswer, len(refs))
	questions := make([]question, len(refs))
	var request api.LookupMachinesRequest
	for n, ref := range refs {
		q, answer := i.parse(ref)
		questions[n], answers[n] = q, answer
		switch {
		case q.id != "":
			request.IDs = append(request.IDs, q.id)
		case q.name != "":
			request.Names = append(request.Names, q.name)
		}
	}
	if len(request.IDs)+len(request.Names) == 0 {
		return answers, nil
	}
	found, err := i.client.LookupMachines(ctx, request)
	if err != nil {
		return nil, badItems(refusal.Translate(err))
	}
	index := newIndex(found)
	for n, q := range questions {
		if q.id != "" || q.name != "" {
			answers[n] = i.answer(q, index)
		}
	}
	return answers, nil
}

// badItems marks the refusal of a request as a whole, which the caller may split.
func badItems(err error) error {
	if refusal.Status(err) == http.StatusBadRequest {
		return &provider.BadItemsError{Err: err}
	}
	return err
}

// ListInstances lists the machines of the region.
func (i *Instances) ListInstances(ctx context.Context) ([]provider.Instance, error) {
	machines, err := i.client.ListMachines(ctx, i.region)
	if err != nil {
		return nil, refusal.Translate(err)
	}
	list := make([]provider.Instance, 0, len(machines))
	for _, m := range machines {
		list = append(list, instance(m))
	}
	return list, nil
}

// question is a reference in the cloud's words: an ID with the region that was said with it, or a name.
type question struct{ id, region, name string }

// parse returns the question, or the answer to a reference that the cloud need not be asked about.
func (i *Instances) parse(ref provider.InstanceRef) (question, provider.InstanceAnswer) {
	if ref.ProviderID == "" {
		return question{name: ref.NodeName}, provider.InstanceAnswer{}
	}
	rest, ours := strings.CutPrefix(ref.ProviderID, Scheme+"://")
	if !ours && provider.Scheme(ref.ProviderID) != "" {
		return question{}, provider.InstanceAnswer{State: provider.InstanceForeign}
	}
	region, id, ok := strings.Cut(rest, "/")
	if !ours || !ok || id == "" || strings.Contains(id, "/") {
		return question{}, provider.InstanceAnswer{
			State: provider.InstanceUnknown,
			Err:   fmt.Errorf("provider ID %q of node %s is not of the form local://<region>/<id>", ref.ProviderID, ref.NodeName),
		}
	}
	if i.region != "" && region != i.region {
		return question{}, provider.InstanceAnswer{State: provider.InstanceForeign}
	}
	return question{id: id, region: region}, provider.InstanceAnswer{}
}

// index is an answer of the cloud by reference.
type index struct {
	byID, byName               map[string]api.Machine
	missingIDs, missingMachine map[string]bool
}

func newIndex(found api.LookupMachinesResponse) index {
	x := index{map[string]api.Machine{}, map[string]api.Machine{}, map[string]bool{}, map[string]bool{}}
	for _, m := range found.Machines {
		x.byID[m.ID], x.byName[m.Name] = m, m
	}
	for _, id := range found.MissingIDs {
		x.missingIDs[id] = true
	}
	for _, name := range found.MissingNames {
		x.missingMachine[name] = true
	}
	return x
}

// answer says what the cloud knows. Only what it names as missing does not exist.
func (i *Instances) answer(q question, x index) provider.InstanceAnswer {
	m, found := x.byID[q.id]
	missing := x.missingIDs[q.id]
	if q.name != "" {
		m, found = x.byName[q.name]
		missing = x.missingMachine[q.name]
	}
	switch {
	case found && q.id != "" && m.Region != q.region:
		return provider.InstanceAnswer{State: provider.InstanceUnknown,
			Err: fmt.Errorf("machine %s is in region %q, and the provider ID of node %s says %q", m.ID, m.Region, m.Name, q.region)}
	case found && i.region != "" && m.Region != i.region:
		return provider.InstanceAnswer{State: provider.InstanceForeign}
	case found:
		return provider.InstanceAnswer{State: provider.InstanceFound, Instance: instance(m)}
	case missing:
		return provider.InstanceAnswer{State: provider.InstanceNotFound}
	}
	return provider.InstanceAnswer{State: provider.InstanceUnknown,
		Err: fmt.Errorf("the cloud's answer does not mention machine %s%s", q.id, q.name)}
}

// instance says what the cloud knows of a machine in Kubernetes' words.
func instance(m api.Machine) provider.Instance {
	i := provider.Instance{
		ProviderID: ProviderID(m), Name: m.Name, Type: m.Type, Zone: m.Zone, Region: m.Region,
		Labels: m.Labels, CreatedAt: m.CreatedAt,
	}
	if i.Labels == nil {
		i.Labels = map[string]string{}
	}
	switch m.State {
	case api.MachineRunning:
		i.Power = provider.PowerRunning
	case api.MachineStopped:
		i.Power = provider.PowerStopped
	}
	for _, a := range m.Addresses {
		i.Addresses = append(i.Addresses, v1.NodeAddress{Type: v1.NodeAddressType(a.Type), Address: a.Address})
	}
	i.Addresses = append(i.Addresses, v1.NodeAddress{Type: v1.NodeHostName, Address: m.Name})
	return i
}
