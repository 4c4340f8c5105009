// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"cmp"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
	"sigs.k8s.io/cloud-providers/test/clouds/sim"
)

// What all simulated clouds have.
type (
	// Clock is what the services go by.
	Clock = sim.Clock
	// ClockChange is the request of POST /_control/clock.
	ClockChange = sim.ClockChange
	// Duration is a time.Duration that is "1.5s" in JSON.
	Duration = sim.Duration
	// Fault is a failure that is to happen to calls. Its Service is ec2, elb, elbv2 or sts, its Operation
	// an action such as CreateTags. The status is that of the code if 0, the code InternalError, or
	// InternalFailure outside EC2, if empty.
	Fault = sim.Fault
	// Faults has the faults that are to happen.
	Faults = sim.Faults
	// Kind says what goes wrong.
	Kind = sim.Kind
)

// The kinds of faults.
const (
	Fail = sim.Fail
	Drop = sim.Drop
	Lose = sim.Lose
	Slow = sim.Slow
)

// faultError is the error that a fault answers with, or nil.
func faultError(f Fault, p wire.Protocol) error {
	if f.Kind != Fail {
		return nil
	}
	code := f.Code
	switch {
	case code != "":
	case p.EC2:
		code = "InternalError"
	default:
		code = "InternalFailure"
	}
	return &wire.Error{Status: f.Status, Code: code, Message: cmp.Or(f.Message, "simulated fault")}
}
