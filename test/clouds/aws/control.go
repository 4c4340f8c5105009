// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/elb"
)

// State is everything that a Server has, in a stable order, so that it can be kept in a file and compared.
type State struct {
	// Time is the clock's when it was dumped. Loading does not move the clock.
	Time time.Time  `json:"time"`
	EC2  *ec2.State `json:"ec2,omitempty"`
	ELB  *elb.State `json:"elb,omitempty"`
	// MetadataInstance is whom the instance metadata service speaks for.
	MetadataInstance string `json:"metadataInstance,omitempty"`
}

// State returns everything, as it is now. What it points to belongs to the Server: nobody may change it.
func (s *Server) State() *State {
	balancing := s.ELB.Dump()
	s.metadata.mu.Lock()
	defer s.metadata.mu.Unlock()
	return &State{Time: s.Clock.Now().UTC(), EC2: s.EC2.State(), ELB: &balancing, MetadataInstance: s.metadata.instance}
}

// Load replaces everything by a State. Parts that it has not become empty.
func (s *Server) Load(state *State) error {
	network, balancing := state.EC2, state.ELB
	if network == nil {
		network = &ec2.State{}
	}
	if balancing == nil {
		balancing = &elb.State{}
	}
	s.SetMetadataInstance(state.MetadataInstance)
	return errors.Join(s.EC2.Load(network), s.ELB.Load(*balancing))
}

// DumpJSON writes the State.
func (s *Server) DumpJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(s.State())
}

// LoadJSON loads a State.
func (s *Server) LoadJSON(r io.Reader) error {
	var state State
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(&state); err != nil {
		return fmt.Errorf("decoding the state: %w", err)
	}
	return s.Load(&state)
}

// CallLog is the answer of GET /_control/calls.
type CallLog struct {
	Counts map[string]int `json:"counts"`
	Calls  []Call         `json:"calls"`
}

// Settings is the request of POST /_control/settings; what is not given stays.
type Settings struct {
	Latency    *Duration    `json:"latency,omitempty"`
	Lag        *Duration    `json:"lag,omitempty"`
	RateLimits *[]RateLimit `json:"rateLimits,omitempty"`
	EC2Quotas  *ec2.Quotas  `json:"ec2Quotas,omitempty"`
	ELBQuotas  *elb.Quotas  `json:"elbQuotas,omitempty"`
	// MetadataInstance is whom the instance metadata service speaks for.
	MetadataInstance *string `json:"metadataInstance,omitempty"`
}

// controlHandler serves /_control.
func (s *Server) controlHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_control/state", func(w http.ResponseWriter, _ *http.Request) { reply(w, s.State(), nil) })
	mux.HandleFunc("PUT /_control/state", func(w http.ResponseWriter, r *http.Request) { reply(w, struct{}{}, s.LoadJSON(r.Body)) })
	mux.HandleFunc("GET /_control/calls", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, CallLog{s.Calls.Counts(), s.Calls.All()}, nil)
	})
	mux.HandleFunc("POST /_control/reset-calls", func(w http.ResponseWriter, _ *http.Request) {
		s.Calls.Reset()
		reply(w, struct{}{}, nil)
	})
	mux.HandleFunc("POST /_control/faults", func(w http.ResponseWriter, r *http.Request) {
		faults, err := read[[]Fault](r)
		if err == nil {
			err = s.Faults.Add(faults...)
		}
		reply(w, struct{}{}, err)
	})
	mux.HandleFunc("DELETE /_control/faults", func(w http.ResponseWriter, _ *http.Request) {
		s.Faults.Clear()
		reply(w, struct{}{}, nil)
	})
	mux.HandleFunc("POST /_control/clock", func(w http.ResponseWriter, r *http.Request) {
		change, err := read[ClockChange](r)
		if err == nil {
			s.Clock.Change(change)
		}
		reply(w, map[string]time.Time{"time": s.Clock.Now().UTC()}, err)
	})
	mux.HandleFunc("POST /_control/settings", func(w http.ResponseWriter, r *http.Request) {
		settings, err := read[Settings](r)
		if err == nil {
			s.apply(settings)
		}
		reply(w, struct{}{}, err)
	})
	return mux
}

func (s *Server) apply(settings Settings) {
	if settings.Latency != nil {
		s.SetLatency(time.Duration(*settings.Latency))
	}
	if settings.Lag != nil {
		s.Clock.SetLag(time.Duration(*settings.Lag))
	}
	if settings.RateLimits != nil {
		s.SetRateLimits(*settings.RateLimits...)
	}
	if settings.EC2Quotas != nil {
		s.EC2.SetQuotas(*settings.EC2Quotas)
	}
	if settings.ELBQuotas != nil {
		s.ELB.SetQuotas(*settings.ELBQuotas)
	}
	if settings.MetadataInstance != nil {
		s.SetMetadataInstance(*settings.MetadataInstance)
	}
}

func read[T any](r *http.Request) (T, error) {
	var v T
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	err := d.Decode(&v)
	return v, err
}

func reply(w http.ResponseWriter, v any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		v = map[string]string{"error": err.Error()}
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(v) // a client that has gone misses nothing
}
