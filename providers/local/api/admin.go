// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package api

import "time"

// FaultAction is what a fault does to a request.
type FaultAction string

// The actions of a fault.
const (
	// FaultDelay lets the request go on after Latency.
	FaultDelay FaultAction = "delay"
	// FaultStatus answers with Status and Code, and changes nothing.
	FaultStatus FaultAction = "status"
	// FaultThrottle answers 429 with RetryAfter: every request, or those above PerSecond.
	FaultThrottle FaultAction = "throttle"
	// FaultDropBefore closes the connection without doing anything.
	FaultDropBefore FaultAction = "drop-before"
	// FaultDropAfter does what is asked and closes the connection without an answer.
	FaultDropAfter FaultAction = "drop-after"
	// FaultHoldBefore keeps the request waiting until it is released, and forgets it when its client
	// goes away.
	FaultHoldBefore FaultAction = "hold-before"
	// FaultHoldAfter does what is asked and keeps the answer until it is released.
	FaultHoldAfter FaultAction = "hold-after"
	// FaultHideNew leaves what was created less than Latency ago out of look-ups and lists, as clouds do
	// whose reads are eventually consistent.
	FaultHideNew FaultAction = "hide-new"
	// FaultPartial leaves every second item out of look-ups and lists without a word.
	FaultPartial FaultAction = "partial"
)

// Fault disturbs requests. The first fault that matches a request and is due is the one that acts.
type Fault struct {
	// Operation is the name of an operation; empty means all.
	Operation string `json:"operation,omitempty"`
	// Mutating restricts the fault to operations that change something.
	Mutating bool `json:"mutating,omitempty"`
	// UserAgent restricts the fault to clients whose user agent contains it.
	UserAgent string `json:"userAgent,omitempty"`
	// Skip lets that many matching requests pass first.
	Skip int `json:"skip,omitempty"`
	// Count is how many requests the fault acts on; 0 means all.
	Count int `json:"count,omitempty"`
	// Rate is the share of requests it acts on; 0 means all.
	Rate   float64     `json:"rate,omitempty"`
	Action FaultAction `json:"action"`
	// Status is the HTTP status of FaultStatus; 0 means 500.
	Status int `json:"status,omitempty"`
	// Code is the error code of FaultStatus.
	Code string `json:"code,omitempty"`
	// RetryAfter is sent with FaultStatus and FaultThrottle, rounded up to seconds.
	RetryAfter Duration `json:"retryAfter,omitzero"`
	// PerSecond is the rate that FaultThrottle lets pass.
	PerSecond float64 `json:"perSecond,omitempty"`
	// Latency is the time of FaultDelay and FaultHideNew.
	Latency Duration `json:"latency,omitzero"`
}

// FaultList is all the faults.
type FaultList struct {
	Faults []Fault `json:"faults"`
}

// Hold is a request that a fault keeps waiting.
type Hold struct {
	ID        int64       `json:"id"`
	Operation string      `json:"operation"`
	Action    FaultAction `json:"action"`
	UserAgent string      `json:"userAgent,omitempty"`
}

// HoldList is all the requests that wait.
type HoldList struct {
	Holds []Hold `json:"holds"`
}

// Call is one request in the log.
type Call struct {
	ID        int64  `json:"id"`
	Operation string `json:"operation"`
	Mutating  bool   `json:"mutating,omitempty"`
	Method    string `json:"method"`
	Path      string `json:"path"`
	UserAgent string `json:"userAgent,omitempty"`
	RequestID string `json:"requestId"`
	// Began is when the request's header had arrived, by the wall clock, and SinceStart by the clock
	// that starts with the process and never jumps.
	Began      time.Time `json:"began"`
	SinceStart Duration  `json:"sinceStart"`
	Took       Duration  `json:"took"`
	// Status is 0 when the connection was closed without an answer, or while the request runs.
	Status int `json:"status"`
	// Fault is the action that disturbed the request.
	Fault FaultAction `json:"fault,omitempty"`
	// Code is the error code of the answer.
	Code string `json:"code,omitempty"`
}

// CallLog is the requests since the start or the last reset. The log keeps the last 10,000; the counts
// are complete.
type CallLog struct {
	Counts   map[string]int `json:"counts"`
	Mutating int            `json:"mutating"`
	Total    int            `json:"total"`
	Calls    []Call         `json:"calls"`
}

// State is everything there is, sorted.
type State struct {
	Machines      []Machine          `json:"machines"`
	LoadBalancers []LoadBalancer     `json:"loadBalancers"`
	Routes        map[string][]Route `json:"routes"`
}

// Version is the answer that proves an endpoint and a token.
type Version struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}
