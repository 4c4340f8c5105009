// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package wire has the query protocols of AWS, which EC2, Elastic Load Balancing and STS speak: requests
// are forms whose keys spell out nested lists, answers are XML. It knows no service.
//
// A service is a map of Operations by action. An operation decodes its parameters with Request.Decode and
// returns a struct with encoding/xml tags, or an *Error:
//
//	type describeThingsInput struct {
//		IDs   []string `query:"ThingId"`         // ThingId.1=… or ThingId.member.1=…; nil if absent, empty if sent as "ThingId="
//		Names *string  `query:"Name,required"`   // MissingParameter, or ValidationError, if absent
//	}
//	type describeThingsOutput struct {
//		Things wire.Members[thing] `xml:"Things"` // <Things><member>…</member></Things>, written also if empty
//	}
//
// What lies between the Response element and these fields is the protocol's business, not the operation's.
package wire

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Protocol is how one version of a service's interface looks on the wire.
type Protocol struct {
	// Name is what the command line calls it: ec2, elb, elbv2, sts.
	Name string
	// Service is the name of the service in a signature's scope.
	Service string
	// Version is what requests say in their parameter Version.
	Version string
	// Namespace is the XML namespace of answers.
	Namespace string
	// EC2 selects EC2's dialect: no Result element, no ".member" in lists, its own error body.
	EC2 bool
}

// The protocols of the services that are simulated.
var (
	EC2   = Protocol{Name: "ec2", Service: "ec2", Version: "2016-11-15", Namespace: "http://ec2.amazonaws.com/doc/2016-11-15/", EC2: true}
	ELB   = Protocol{Name: "elb", Service: "elasticloadbalancing", Version: "2012-06-01", Namespace: "http://elasticloadbalancing.amazonaws.com/doc/2012-06-01/"}
	ELBv2 = Protocol{Name: "elbv2", Service: "elasticloadbalancing", Version: "2015-12-01", Namespace: "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"}
	STS   = Protocol{Name: "sts", Service: "sts", Version: "2011-06-15", Namespace: "https://sts.amazonaws.com/doc/2011-06-15/"}
)

// Request is one call.
type Request struct {
	Action  string
	Version string
	Form    url.Values
	// AccessKey, Region and Service are from the signature; empty if the call is not signed.
	AccessKey string
	Region    string
	Service   string
	// Header is that of the HTTP request.
	Header http.Header
	// RequestID is what the answer will carry.
	RequestID string
	// Protocol is what the call came in.
	Protocol Protocol
}

// Operation does what an action asks for. The answer is a struct with encoding/xml tags, or nil if there
// is nothing to say. An error that is no *Error becomes InternalError (InternalFailure outside EC2).
type Operation = func(ctx context.Context, r *Request) (any, error)

// Call runs the operation of a request, or refuses its action as AWS does.
func Call(ctx context.Context, operations map[string]Operation, r *Request) (any, error) {
	op, ok := operations[r.Action]
	switch {
	case ok:
		return op(ctx, r)
	case r.Action == "":
		return nil, &Error{Code: "MissingAction", Message: "No action was supplied with this request"}
	case r.Protocol.EC2:
		return nil, Errorf("InvalidAction", "The action %s is not valid for this web service.", r.Action)
	default:
		return nil, Errorf("InvalidAction", "Could not find operation %s for version %s", r.Action, r.Version)
	}
}

// NewRequestID returns an ID in the form of AWS's.
func NewRequestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, says its documentation
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Timestamp formats a time as AWS's XML does.
func Timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
