// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Facts says which facts of an instance a reader needs.
type Facts int

// The facts. Batched providers answer all of them at once and ignore the difference; it spares plain
// providers calls that nobody needs.
const (
	// FactsMetadata: everything but power.
	FactsMetadata Facts = iota
	// FactsExistence: state and power.
	FactsExistence
)

// InstanceRef asks for the instance behind a Node.
type InstanceRef struct {
	// ProviderID is the Node's spec.providerID; empty until the Node is initialised.
	ProviderID string
	// NodeName finds the instance when there is no provider ID.
	NodeName string
	// NodeUID tells a re-created Node from the one that had its name before.
	NodeUID types.UID
	// Want says which facts are needed.
	Want Facts
	// Node is the Node itself, for providers that look at its labels or annotations. Not to be changed.
	Node *v1.Node
}

// InstanceKey identifies what a reference asks for. It is a map key.
type InstanceKey struct {
	ProviderID, NodeName string
	NodeUID              types.UID
}

// Key returns the identity of the question, whichever facts are wanted.
func (r InstanceRef) Key() InstanceKey {
	return InstanceKey{ProviderID: r.ProviderID, NodeName: r.NodeName, NodeUID: r.NodeUID}
}

// RefOf returns the reference to a Node's instance.
func RefOf(node *v1.Node) InstanceRef {
	return InstanceRef{ProviderID: node.Spec.ProviderID, NodeName: node.Name, NodeUID: node.UID, Node: node}
}

// Scheme returns the part of a provider ID before "://", which names the provider that owns it.
func Scheme(providerID string) string {
	scheme, _, ok := strings.Cut(providerID, "://")
	if !ok {
		return ""
	}
	return scheme
}

// PowerState is whether an instance runs.
type PowerState int

// The power states. Only PowerStopped taints a Node; a provider maps what it does not know to unknown.
const (
	PowerUnknown PowerState = iota
	PowerRunning
	PowerStopped
)

// Instance is what the cloud says of one machine.
type Instance struct {
	ProviderID string
	// Name is the Node name under which the cloud knows the machine; lists are matched by it.
	Name      string
	Type      string
	Zone      string
	Region    string
	Addresses []v1.NodeAddress
	// Labels are additional Node labels; nil says that they were not read this time, which is not that there
	// are none.
	Labels    map[string]string
	Power     PowerState
	CreatedAt time.Time
}

// InstanceState is what a look-up found out.
type InstanceState int

// The states of an answer. The zero value is unknown, so that an answer that somebody forgot is never
// taken for absence.
const (
	// InstanceUnknown: the cloud gave no reliable answer; Err says why.
	InstanceUnknown InstanceState = iota
	// InstanceFound: the instance exists.
	InstanceFound
	// InstanceNotFound: the cloud said, in a successful answer to a question about this very instance,
	// that it does not exist.
	InstanceNotFound
	// InstanceForeign: the provider ID belongs to another provider or scope. Such Nodes are left alone.
	InstanceForeign
)

func (s InstanceState) String() string {
	return [...]string{"unknown", "found", "not_found", "foreign"}[s]
}

// InstanceAnswer is the answer to one InstanceRef.
type InstanceAnswer struct {
	State    InstanceState
	Instance Instance
	// Err explains InstanceUnknown.
	Err error
}

// InstanceLimits says how a cloud likes to be asked.
type InstanceLimits struct {
	// BatchSize is the most references one look-up may carry; 0 means 1.
	BatchSize int
	// Window is how long a look-up waits for company after the first reference; 0 means 50 ms.
	Window time.Duration
	// Concurrency is the most look-ups in flight; 0 means 1.
	Concurrency int
	// ListFrom is the number of references from which one list is cheaper than look-ups by ID;
	// 0 means that sweeps never list.
	ListFrom int
}

// Instances looks up many instances with one call.
//
// LookupInstances returns one answer per reference, in their order. An error means that no answer can be
// trusted; wrap a *BadItemsError when only some references were unacceptable, so that the others can be
// asked again without them. Implementations never return a state that they are not sure of.
type Instances interface {
	InstanceLimits() InstanceLimits
	LookupInstances(ctx context.Context, refs []InstanceRef) ([]InstanceAnswer, error)
}

// InstanceLister is implemented by Instances whose cloud can list the cluster's whole scope. An instance
// that is not in the list may still exist: absence from a list is only a hint.
type InstanceLister interface {
	ListInstances(ctx context.Context) ([]Instance, error)
}
