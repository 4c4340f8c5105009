// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

// Call is a call that was made.
type Call struct {
	Time      time.Time `json:"time"`
	Service   string    `json:"service"` // ec2, elb, elbv2, sts, imds
	Operation string    `json:"operation"`
	Mutating  bool      `json:"mutating,omitempty"`
	// Parameters are those of the form, without secrets.
	Parameters map[string]string `json:"parameters,omitempty"`
	// Result is OK, an error code, Dropped or Canceled.
	Result string `json:"result"`
	// Lost says that the client got no answer, although the call was made.
	Lost      bool   `json:"lost,omitempty"`
	RequestID string `json:"requestID"`
	AccessKey string `json:"accessKey,omitempty"`
	UserAgent string `json:"userAgent,omitempty"`
	// SourceARN and SourceAccount are headers that AssumeRole may have, against the confused deputy.
	SourceARN     string `json:"sourceARN,omitempty"`
	SourceAccount string `json:"sourceAccount,omitempty"`
}

// Results that are no error code.
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
// "ec2:DescribeInstances".
func (c *Calls) Counts() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.counts)
}

// Mutating returns the calls that changed something, or would have.
func (c *Calls) Mutating() []Call {
	return slices.DeleteFunc(c.All(), func(call Call) bool { return !call.Mutating })
}

// Reset forgets all calls.
func (c *Calls) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log, c.counts = nil, map[string]int{}
}

// secrets are parameters that the log does not show.
var secrets = []string{"WebIdentityToken", "TokenCode", "UserData"}

// entry is the record of a call with its error, or nil.
func (s *Server) entry(r *wire.Request, err error) Call {
	parameters := make(map[string]string, len(r.Form))
	for key, values := range r.Form {
		switch {
		case key == "Action" || key == "Version":
		case slices.Contains(secrets, key):
			parameters[key] = "(secret)"
		default:
			parameters[key] = values[0]
		}
	}
	return Call{
		Time: s.Clock.Now(), Service: r.Protocol.Name, Operation: r.Action, Mutating: mutating(r.Action),
		Parameters: parameters, Result: result(r.Protocol, err), RequestID: r.RequestID, AccessKey: r.AccessKey,
		UserAgent: r.Header.Get("User-Agent"), SourceARN: r.Header.Get("X-Amz-Source-Arn"), SourceAccount: r.Header.Get("X-Amz-Source-Account"),
	}
}

func result(p wire.Protocol, err error) string {
	if err == nil {
		return OK
	}
	if e, ok := errors.AsType[*wire.Error](err); ok {
		return e.Code
	}
	return wire.AsError(p, err).Code
}
