// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package aws is a simulated AWS: EC2, both versions of Elastic Load Balancing, STS and the instance
// metadata service of one account in one region, over HTTP, as SDKs and the command line expect them.
//
// A Server is an http.Handler for all of them at one address; requests are told apart by the scope of
// their signature and the version of the interface. Tests in the same process use the Server's methods;
// others use the paths under /_control, which are neither counted nor disturbed.
package aws

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/elb"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
	"sigs.k8s.io/cloud-providers/test/clouds/sim"
)

// Options of a Server. The zero value is a cloud where everything happens at once and any key is good.
type Options struct {
	// Region and Account that it is; empty means us-west-2 and 123456789012.
	Region, Account string
	// Zones of the region; none means ec2.DefaultZones.
	Zones []ec2.Zone
	// AccessKeys are the IDs that may sign; none means any. Keys that STS gave out are always good until
	// they expire.
	AccessKeys []string
	// Latency of each call. No lock is held meanwhile.
	Latency time.Duration
	// Lag is how far reads are behind: what is changed or created is seen by Describe calls only after it.
	Lag time.Duration
	// RateLimits apply in their order: the first that fits a call decides. EC2RateLimits has AWS's.
	RateLimits []RateLimit
	// Start is where the clock starts; zero is now. The clock runs until it is stopped.
	Start time.Time

	// Starting, Stopping and Terminating are how long instances take for it.
	Starting, Stopping, Terminating time.Duration
	EC2Quotas                       ec2.Quotas
	ELBQuotas                       elb.Quotas
	ELBTiming                       elb.Timing
	// Certificates are the ARNs of the certificates that listeners may have.
	Certificates []string

	// MetadataV1 lets the instance metadata service answer without a token too.
	MetadataV1 bool
}

// Server is a simulated AWS.
type Server struct {
	// EC2 and ELB are the services, to build and look at what they have.
	EC2 *ec2.Service
	ELB *elb.Service
	// Clock is what they go by.
	Clock *Clock
	// Faults has the failures that are to happen.
	Faults *Faults
	// Calls has what was called.
	Calls *Calls

	opts     Options
	latency  atomic.Int64
	limiter  limiter
	sts      *sts
	metadata *metadata
	services []service
	control  http.Handler
}

// service is one interface with its operations.
type service struct {
	wire.Protocol
	operations map[string]wire.Operation
}

// New returns a cloud that has nothing, not even a default VPC.
func New(o Options) *Server {
	o.Region = cmp.Or(o.Region, "us-west-2")
	o.Account = cmp.Or(o.Account, "123456789012")
	s := &Server{opts: o, Clock: sim.NewClock(o.Start), Faults: &Faults{}, Calls: newCalls()}
	s.Clock.SetLag(o.Lag)
	s.latency.Store(int64(o.Latency))
	s.limiter.clock = s.Clock
	s.limiter.set(o.RateLimits)
	s.EC2 = ec2.New(ec2.Options{
		Region: o.Region, Account: o.Account, Zones: o.Zones, Clock: s.Clock, Quotas: o.EC2Quotas,
		Starting: o.Starting, Stopping: o.Stopping, Terminating: o.Terminating,
	})
	s.ELB = elb.New(elb.Options{
		Region: o.Region, Account: o.Account, Partition: partition(o.Region), DNSSuffix: dnsSuffix(o.Region), Clock: s.Clock,
		Network: s.EC2, Quotas: o.ELBQuotas, Timing: o.ELBTiming, Certificates: o.Certificates,
	})
	s.sts = newSTS(s.Clock, o)
	s.metadata = &metadata{server: s, tokens: map[string]time.Time{}}
	s.services = []service{
		{wire.EC2, s.EC2.Operations()},
		{wire.ELB, s.ELB.Classic()},
		{wire.ELBv2, s.ELB.V2()},
		{wire.STS, s.sts.operations()},
	}
	s.control = s.controlHandler()
	return s
}

func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	case strings.HasPrefix(region, "eusc-"):
		return "aws-eusc"
	}
	return "aws"
}

func dnsSuffix(region string) string {
	return map[string]string{"aws-cn": "amazonaws.com.cn", "aws-eusc": "amazonaws.eu"}[partition(region)]
}

// Region is the region's name.
func (s *Server) Region() string { return s.opts.Region }

// SetLatency changes how long each call takes from now on.
func (s *Server) SetLatency(d time.Duration) { s.latency.Store(int64(d)) }

// SetRateLimits replaces the limits; their buckets are full.
func (s *Server) SetRateLimits(limits ...RateLimit) { s.limiter.set(limits) }

// SetMetadataInstance has the instance metadata service speak for an instance.
func (s *Server) SetMetadataInstance(id string) { s.metadata.setInstance(id) }

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasPrefix(r.URL.Path, "/_control/"):
		s.control.ServeHTTP(w, r)
	case strings.HasPrefix(r.URL.Path, "/latest/"):
		s.metadata.ServeHTTP(w, r)
	default:
		s.serveCall(w, r)
	}
}

func (s *Server) serveCall(w http.ResponseWriter, hr *http.Request) {
	r, err := wire.Parse(w, hr)
	if err != nil {
		wire.Send(w, &wire.Request{RequestID: wire.NewRequestID(), Protocol: wire.STS}, nil, err)
		return
	}
	svc, err := s.route(r)
	if err == nil {
		err = s.authenticate(r)
	}
	if err != nil {
		s.Calls.add(s.entry(r, err))
		wire.Send(w, r, nil, err)
		return
	}
	s.perform(hr.Context(), w, r, svc)
}

// perform runs a call that is authentic, with what may go wrong on its way.
func (s *Server) perform(ctx context.Context, w http.ResponseWriter, r *wire.Request, svc service) {
	fault := s.Faults.Next(r.Protocol.Name, r.Action)
	if !wait(ctx, time.Duration(s.latency.Load())+time.Duration(fault.Delay)) {
		s.Calls.add(s.entry(r, &wire.Error{Code: Canceled}))
		return
	}
	if err := s.limiter.take(r); err != nil {
		s.Calls.add(s.entry(r, err))
		wire.Send(w, r, nil, err)
		return
	}
	if fault.Kind == Drop {
		s.Calls.add(s.entry(r, &wire.Error{Code: Dropped}))
		panic(http.ErrAbortHandler)
	}
	if err := faultError(fault, r.Protocol); err != nil {
		s.Calls.add(s.entry(r, err))
		wire.Send(w, r, nil, err)
		return
	}
	answer, err := wire.Call(ctx, svc.operations, r)
	if fault.Kind == Lose {
		// The log says what happened rather than what the client saw, which is nothing.
		e := s.entry(r, err)
		e.Lost = true
		s.Calls.add(e)
		panic(http.ErrAbortHandler)
	}
	s.Calls.add(s.entry(r, err))
	wire.Send(w, r, answer, err)
}

// wait returns false if the client went away first.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// route finds the service of a call by its version; the scope of the signature must agree (authenticate).
func (s *Server) route(r *wire.Request) (service, error) {
	parseScope(r)
	for _, svc := range s.services {
		if svc.Version == r.Version {
			r.Protocol = svc.Protocol
			return svc, nil
		}
	}
	// The error is in the form of the service that was meant.
	r.Protocol = wire.STS
	for _, svc := range s.services {
		if svc.Service == r.Service {
			r.Protocol = svc.Protocol
			break
		}
	}
	if r.Version == "" {
		return service{}, wire.Errorf("MissingParameter", "The request must contain the parameter Version")
	}
	return service{}, wire.Errorf("NoSuchVersion", "The requested version (%s) of the service does not exist", r.Version)
}
