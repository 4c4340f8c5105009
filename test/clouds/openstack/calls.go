// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package openstack

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
)

// Call is a call that was made.
type Call struct {
	Time      time.Time `json:"time"`
	Service   string    `json:"service"`   // nova, neutron, octavia, keystone, barbican
	Operation string    `json:"operation"` // CreateLoadBalancer; method and path of those that are unknown
	Mutating  bool      `json:"mutating,omitempty"`
	Method    string    `json:"method"`
	// Path has the parameters, too. Body is that of the request, but for Keystone's.
	Path string `json:"path"`
	Body string `json:"body,omitempty"`
	// Result is OK, the status of an error with its type, if it has one (409 OverQuota), Dropped or Canceled.
	Result string `json:"result"`
	// Lost says that the client got no answer, although the call was made.
	Lost      bool   `json:"lost,omitempty"`
	RequestID string `json:"requestID"`
	UserID    string `json:"userID,omitempty"`
	ProjectID string `json:"projectID,omitempty"`
	UserAgent string `json:"userAgent,omitempty"`
}

// Results that are no error.
const (
	OK       = "OK"
	Dropped  = "(dropped)"
	Canceled = "(canceled)"
)

// maxCalls is how many calls are remembered in detail. The counts go on.
const maxCalls = 100_000

// Calls remembers calls.
type Calls struct {
	mu     sync.Mutex
	log    []Call
	counts map[string]int
}

func newCalls() *Calls { return &Calls{counts: map[string]int{}} }

func (c *Calls) add(call Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[call.Service+":"+call.Operation]++
	if len(c.log) == maxCalls {
		c.log = slices.Delete(c.log, 0, maxCalls/10)
	}
	c.log = append(c.log, call)
}

// All returns the calls, the oldest first.
func (c *Calls) All() []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.log)
}

// Counts returns how many calls there were, whatever their result, by service and operation:
// "octavia:ListLoadBalancers".
func (c *Calls) Counts() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.counts)
}

// Mutating returns the calls that changed something, or would have; tokens do not count.
func (c *Calls) Mutating() []Call {
	return slices.DeleteFunc(c.All(), func(call Call) bool { return !call.Mutating })
}

// Reset forgets all calls.
func (c *Calls) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log, c.counts = nil, map[string]int{}
}

func (s *Server) entry(r *rest.Request, result string) Call {
	call := Call{
		Time: s.Clock.Now(), Service: r.Service, Operation: r.Operation, Method: r.Method, Path: r.Request.URL.RequestURI(), Result: result,
		Mutating:  r.Method != http.MethodGet && r.Method != http.MethodHead && r.Service != "keystone",
		RequestID: r.RequestID, UserID: r.UserID, ProjectID: r.ProjectID, UserAgent: r.Header.Get("User-Agent"),
	}
	if r.Service != "keystone" {
		call.Body = string(r.Content)
	}
	return call
}

func result(err error) string {
	if err == nil {
		return OK
	}
	e, ok := errors.AsType[*rest.Error](err)
	switch {
	case !ok:
		return "500"
	case e.Type == "":
		return strconv.Itoa(e.Status)
	}
	return strconv.Itoa(e.Status) + " " + e.Type
}
