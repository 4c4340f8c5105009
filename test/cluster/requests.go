// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// RequestKind is what requests are counted by.
type RequestKind struct {
	UserAgent   string
	User        string
	Verb        string // get, list, watch, create, update, patch, delete, deletecollection; the method's otherwise
	Group       string // "" for core
	Resource    string // "" for a path that is no resource, like /readyz
	Subresource string
	Code        int // of the response
}

// Request is one request that the API server answered.
type Request struct {
	RequestKind
	Time      time.Time
	Namespace string
	Name      string
	URI       string
}

// Requests of an [AuditLog], in the order of their answers.
type Requests []Request

// Where returns the requests for which keep is true.
func (r Requests) Where(keep func(Request) bool) Requests {
	var kept Requests
	for _, request := range r {
		if keep(request) {
			kept = append(kept, request)
		}
	}
	return kept
}

// ByUser returns the requests of a user.
func (r Requests) ByUser(user string) Requests {
	return r.Where(func(q Request) bool { return q.User == user })
}

// ByUserAgent returns the requests whose user agent begins with a prefix, such as
// "kube-controller-manager/".
func (r Requests) ByUserAgent(prefix string) Requests {
	return r.Where(func(q Request) bool { return strings.HasPrefix(q.UserAgent, prefix) })
}

// Forbidden returns the requests that the user was not allowed to make.
func (r Requests) Forbidden() Requests {
	return r.Where(func(q Request) bool { return q.Code == 403 })
}

// Writes returns the requests that change objects.
func (r Requests) Writes() Requests {
	return r.Where(func(q Request) bool {
		switch q.Verb {
		case "create", "update", "patch", "delete", "deletecollection":
			return true
		}
		return false
	})
}

// Count returns how many requests of each kind there are.
func (r Requests) Count() map[RequestKind]int {
	count := map[RequestKind]int{}
	for _, request := range r {
		count[request.RequestKind]++
	}
	return count
}

// String returns a table of the kinds of requests, the most frequent first.
func (r Requests) String() string {
	count := r.Count()
	kinds := make([]RequestKind, 0, len(count))
	for kind := range count {
		kinds = append(kinds, kind)
	}
	slices.SortFunc(kinds, func(a, b RequestKind) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a.String(), b.String()))
	})
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	for _, kind := range kinds {
		fmt.Fprintf(w, "%d\t%s\n", count[kind], kind)
	}
	w.Flush()
	return table.String()
}

// String returns the kind as one line, separated by tabs.
func (k RequestKind) String() string {
	resource := k.Resource
	if k.Group != "" {
		resource += "." + k.Group
	}
	if k.Subresource != "" {
		resource += "/" + k.Subresource
	}
	agent, _, _ := strings.Cut(k.UserAgent, " ")
	return fmt.Sprintf("%s\t%s\t%d\t%s\t%s", k.Verb, resource, k.Code, k.User, agent)
}
