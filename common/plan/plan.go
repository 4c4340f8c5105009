// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package plan describes changes to a cloud or to the cluster as data: what is changed, why, in which
// order. A plan is made by pure code from what is wanted and what is there; the same plan is printed by
// --dry-run, compared by tests, logged, and applied.
package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Operation says what a change does to its object.
type Operation string

// The operations, in the order in which people read them.
const (
	Create  Operation = "create"
	Update  Operation = "update"
	Replace Operation = "replace"
	Delete  Operation = "delete"
)

// Object names a resource of the cloud, or an object of the cluster, in its owner's words.
type Object struct {
	// Kind is the cloud's word for the resource, for example "load balancer" or "target group".
	Kind string `json:"kind"`
	// Name is the name that the resource has or will have.
	Name string `json:"name"`
	// ID is the cloud's identifier; empty until the resource exists.
	ID string `json:"id,omitempty"`
}

func (o Object) String() string {
	if o.ID != "" && o.ID != o.Name {
		return fmt.Sprintf("%s %s (%s)", o.Kind, o.Name, o.ID)
	}
	return o.Kind + " " + o.Name
}

// Field is one difference between what is there and what is wanted. An empty From or To means that the
// field is not set on that side.
type Field struct {
	Path string `json:"path"`
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// Change is one call that changes something. Changes are idempotent: applying one twice is harmless.
type Change struct {
	// ID is unique within the plan; After refers to it.
	ID        string    `json:"id"`
	Operation Operation `json:"operation"`
	Object    Object    `json:"object"`
	// Reason is a clause that completes "because …".
	Reason string  `json:"reason,omitempty"`
	Fields []Field `json:"fields,omitempty"`
	// After lists the IDs of the changes that must have succeeded before this one begins.
	After []string `json:"after,omitempty"`
	// Spec carries what the provider needs to make the change. It is neither printed nor compared.
	Spec any `json:"-"`
}

// Subject is the Kubernetes object for which a plan is made.
type Subject struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

func (s Subject) String() string {
	if s.Namespace == "" {
		return s.Kind + " " + s.Name
	}
	return s.Kind + " " + s.Namespace + "/" + s.Name
}

// Plan is the changes that take one subject from its actual to its wanted state.
type Plan struct {
	Subject Subject  `json:"subject"`
	Changes []Change `json:"changes,omitempty"`
	// Problem says why no plan, or only a part of it, could be made, for example a wrong annotation.
	Problem string `json:"problem,omitempty"`
}

// Empty reports whether there is nothing to do.
func (p *Plan) Empty() bool { return p == nil || len(p.Changes) == 0 }

// Add appends changes and returns the plan.
func (p *Plan) Add(changes ...Change) *Plan {
	p.Changes = append(p.Changes, changes...)
	return p
}

// Count returns the number of changes by operation.
func (p *Plan) Count() map[Operation]int {
	n := map[Operation]int{}
	if p != nil {
		for _, c := range p.Changes {
			n[c.Operation]++
		}
	}
	return n
}

// Validate reports a duplicate ID, an unknown prerequisite or a cycle: mistakes of the code that made
// the plan, found before anything is changed.
func (p *Plan) Validate() error {
	index := make(map[string]int, len(p.Changes))
	for i, c := range p.Changes {
		if c.ID == "" {
			return fmt.Errorf("plan of %s: change %d (%s %s) has no ID", p.Subject, i, c.Operation, c.Object)
		}
		if _, dup := index[c.ID]; dup {
			return fmt.Errorf("plan of %s: two changes have the ID %q", p.Subject, c.ID)
		}
		index[c.ID] = i
	}
	for _, c := range p.Changes {
		for _, a := range c.After {
			if _, ok := index[a]; !ok {
				return fmt.Errorf("plan of %s: change %q waits for %q, which is not in the plan", p.Subject, c.ID, a)
			}
		}
	}
	return p.findCycle(index)
}

func (p *Plan) findCycle(index map[string]int) error {
	const visiting, done = 1, 2
	state := make([]int, len(p.Changes))
	var visit func(i int, path []string) error
	visit = func(i int, path []string) error {
		path = append(path, p.Changes[i].ID)
		switch state[i] {
		case done:
			return nil
		case visiting:
			return fmt.Errorf("plan of %s: changes wait for each other: %s", p.Subject, strings.Join(path, " → "))
		}
		state[i] = visiting
		for _, a := range p.Changes[i].After {
			if err := visit(index[a], path); err != nil {
				return err
			}
		}
		state[i] = done
		return nil
	}
	for i := range p.Changes {
		if err := visit(i, nil); err != nil {
			return err
		}
	}
	return nil
}

// Merge makes one plan of all plans of a subject, for printing what several controllers would do to it.
// The changes of different plans do not wait for each other.
func Merge(plans []*Plan) []*Plan {
	bySubject := map[Subject]*Plan{}
	var merged []*Plan
	for _, p := range plans {
		m := bySubject[p.Subject]
		if m == nil {
			m = &Plan{Subject: p.Subject}
			bySubject[p.Subject] = m
			merged = append(merged, m)
		}
		m.Changes = append(m.Changes, p.Changes...)
		if p.Problem != "" {
			m.Problem = strings.TrimPrefix(m.Problem+"; "+p.Problem, "; ")
		}
	}
	return merged
}

// Sort orders plans by subject, for output that does not change from run to run.
func Sort(plans []*Plan) {
	slices.SortStableFunc(plans, func(a, b *Plan) int {
		return cmp.Or(
			cmp.Compare(a.Subject.Kind, b.Subject.Kind),
			cmp.Compare(a.Subject.Namespace, b.Subject.Namespace),
			cmp.Compare(a.Subject.Name, b.Subject.Name),
		)
	})
}
