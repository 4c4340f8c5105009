// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"sync"

	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

// state is what a controller is doing in this process.
type state string

// The states of a controller.
const (
	stateOff           state = "off"            // switched off by configuration; the reason says by what
	stateNotApplicable state = "not-applicable" // there is nothing for it to do with this provider
	stateWaiting       state = "waiting"        // for the lease
	stateStarting      state = "starting"       // being made, or waiting for its caches
	stateRunning       state = "running"
	stateStopped       state = "stopped"
	stateFailed        state = "failed"
)

// controllerState is one controller's state and why.
type controllerState struct {
	Name   string
	State  state
	Reason string
}

var (
	controllerStates = metrics.NewGaugeVec(&metrics.GaugeOpts{
		Name:           "cloud_provider_controller_state",
		Help:           "1 for the state that a controller is in, with the reason",
		StabilityLevel: metrics.ALPHA,
	}, []string{"name", "state", "reason"})
	permissionsMissing = metrics.NewGaugeVec(&metrics.GaugeOpts{
		Name:           "cloud_provider_permission_missing",
		Help:           "1 for each permission that a controller needs and, as asked at start, does not have",
		StabilityLevel: metrics.ALPHA,
	}, []string{"controller", "verb", "resource"})
	registerOnce sync.Once
)

func registerMetrics() {
	registerOnce.Do(func() { legacyregistry.MustRegister(controllerStates, permissionsMissing) })
}

// states is the states of all controllers, for /statusz and the metric.
type states struct {
	mu  sync.Mutex
	all map[string]controllerState
}

func newStates() *states {
	registerMetrics()
	return &states{all: map[string]controllerState{}}
}

func (s *states) set(name string, st state, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if before, ok := s.all[name]; ok {
		controllerStates.DeleteLabelValues(name, string(before.State), before.Reason)
	}
	s.all[name] = controllerState{name, st, reason}
	controllerStates.WithLabelValues(name, string(st), reason).Set(1)
}

// list returns the states in the order of names.
func (s *states) list() []controllerState {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []controllerState
	for _, name := range sortedKeys(s.all) {
		list = append(list, s.all[name])
	}
	return list
}
