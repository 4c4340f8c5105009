// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package openstack

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/barbican"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/keystone"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/neutron"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/nova"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/octavia"
	"sigs.k8s.io/cloud-providers/test/clouds/sim"
)

// State is everything that a Server has but tokens, in a stable order, so that it can be kept in a file and
// compared.
type State struct {
	// Time is the clock's when it was dumped. Loading does not move the clock.
	Time time.Time `json:"time"`
	// LastID is how many IDs were given out.
	LastID   uint64         `json:"lastID"`
	Keystone keystone.State `json:"keystone"`
	Nova     nova.State     `json:"nova"`
	Neutron  neutron.State  `json:"neutron"`
	Octavia  octavia.State  `json:"octavia"`
	Barbican barbican.State `json:"barbican"`
}

// State returns everything, as it is now. Nobody may change what it points to.
func (s *Server) State() *State {
	return &State{
		Time: s.Clock.Now().UTC(), LastID: s.ids.Last(), Octavia: s.Octavia.State(), Keystone: s.Keystone.State(), Nova: s.Nova.State(),
		Neutron: s.Neutron.State(), Barbican: s.Barbican.State(),
	}
}

// Load replaces everything by a State. If that has no users, those that are there stay.
func (s *Server) Load(state *State) {
	s.ids.SetLast(max(s.ids.Last(), state.LastID))
	if len(state.Keystone.Users) > 0 {
		s.Keystone.Load(state.Keystone)
	}
	s.Nova.Load(state.Nova)
	s.Neutron.Load(state.Neutron)
	s.Octavia.Load(state.Octavia)
	s.Barbican.Load(state.Barbican)
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
	s.Load(&state)
	return nil
}

// CallLog is the answer of GET /_control/calls.
type CallLog struct {
	Counts map[string]int `json:"counts"`
	Calls  []Call         `json:"calls"`
}

// Settings is the request of POST /_control/settings; what is not given stays.
type Settings struct {
	Latency    *sim.Duration   `json:"latency,omitempty"`
	AddressLag *sim.Duration   `json:"addressLag,omitempty"`
	Timing     *octavia.Timing `json:"timing,omitempty"`
	// FailNext is how many changes of load balancers end in ERROR.
	FailNext       *int          `json:"failNext,omitempty"`
	OctaviaVersion *int          `json:"octaviaVersion,omitempty"`
	Microversion   *int          `json:"microversion,omitempty"`
	TokenLifetime  *sim.Duration `json:"tokenLifetime,omitempty"`
	// RevokeTokens makes all tokens useless, once.
	RevokeTokens bool     `json:"revokeTokens,omitempty"`
	Extensions   []string `json:"extensions,omitempty"`
}

func (s *Server) apply(in Settings) {
	set(in.Latency, func(d sim.Duration) { s.SetLatency(time.Duration(d)) })
	set(in.AddressLag, func(d sim.Duration) { s.Nova.SetAddressLag(time.Duration(d)) })
	set(in.Timing, s.Octavia.SetTiming)
	set(in.FailNext, s.Octavia.FailNext)
	set(in.OctaviaVersion, s.Octavia.SetVersion)
	set(in.Microversion, s.Nova.SetMicroversion)
	set(in.TokenLifetime, func(d sim.Duration) { s.Keystone.SetLifetime(time.Duration(d)) })
	if in.RevokeTokens {
		s.Keystone.RevokeTokens()
	}
	if in.Extensions != nil {
		s.Neutron.SetExtensions(in.Extensions)
	}
}

func set[T any](v *T, f func(T)) {
	if v != nil {
		f(*v)
	}
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
		faults, err := read[[]sim.Fault](r)
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
		change, err := read[sim.ClockChange](r)
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
