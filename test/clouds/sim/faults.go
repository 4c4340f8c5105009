// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package sim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path"
	"sync"
	"time"
)

// Kind says what goes wrong.
type Kind string

// The kinds of faults.
const (
	// Fail answers with an error code instead of doing what was asked.
	Fail Kind = "error"
	// Drop closes the connection before anything is done.
	Drop Kind = "drop"
	// Lose does what was asked, then closes the connection instead of answering.
	Lose Kind = "lose"
	// Slow only takes Delay longer.
	Slow Kind = "slow"
)

// Fault is a failure that is to happen to calls.
type Fault struct {
	// Service and Operation are as the cloud names them in its log of calls. Both are patterns of
	// path.Match (Describe*); empty means all.
	Service   string `json:"service,omitempty"`
	Operation string `json:"operation,omitempty"`
	// Skip lets that many calls pass first.
	Skip int `json:"skip,omitempty"`
	// Calls is how many calls it happens to; 0 means all.
	Calls int `json:"calls,omitempty"`
	// Ratio is the share of calls that it happens to, evenly spread: 0.25 is each fourth; 0 means each.
	Ratio float64 `json:"ratio,omitempty"`
	// Kind is Fail if empty.
	Kind Kind `json:"kind,omitempty"`
	// Code, Message and Status of the error; what is not given is up to the cloud.
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	Status  int    `json:"status,omitempty"`
	// Delay comes before whatever happens.
	Delay Duration `json:"delay,omitempty"`
}

// Duration is a time.Duration that is "1.5s" in JSON.
type Duration time.Duration

// MarshalJSON implements json.Marshaler.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// UnmarshalJSON implements json.Unmarshaler.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("a duration is a string such as \"1.5s\": %w", err)
	}
	parsed, err := time.ParseDuration(s)
	*d = Duration(parsed)
	return err
}

// Faults has the faults that are to happen.
type Faults struct {
	mu     sync.Mutex
	faults []*pending
}

// pending is a fault with what it has done so far.
type pending struct {
	Fault
	seen, hit int
	share     float64
}

// Add adds faults. If several fit a call, the first one that is due happens.
func (f *Faults) Add(faults ...Fault) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range faults {
		fault.Kind = cmp.Or(fault.Kind, Fail)
		for _, pattern := range []string{fault.Service, fault.Operation} {
			if _, err := path.Match(pattern, ""); err != nil {
				return fmt.Errorf("fault: %q is no pattern: %w", pattern, err)
			}
		}
		switch fault.Kind {
		case Fail, Drop, Lose, Slow:
		default:
			return fmt.Errorf("fault: %q is no kind; there are %q, %q, %q and %q", fault.Kind, Fail, Drop, Lose, Slow)
		}
		f.faults = append(f.faults, &pending{Fault: fault})
	}
	return nil
}

// Clear removes all faults.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = nil
}

// Next returns what happens to a call, which is usually nothing: the zero Fault.
func (f *Faults) Next(service, operation string) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.faults {
		if Fits(p.Service, service) && Fits(p.Operation, operation) && p.due() {
			p.hit++
			return p.Fault
		}
	}
	return Fault{}
}

func (p *pending) due() bool {
	p.seen++
	if p.seen <= p.Skip || p.Calls > 0 && p.hit >= p.Calls {
		return false
	}
	if p.Ratio <= 0 || p.Ratio >= 1 {
		return true
	}
	if p.share += p.Ratio; p.share < 1 {
		return false
	}
	p.share--
	return true
}

// Fits says whether a name fits a pattern of path.Match; an empty pattern fits all.
func Fits(pattern, name string) bool {
	ok, _ := path.Match(pattern, name) // checked by Add
	return pattern == "" || ok
}
