// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb

import (
	"slices"
	"strconv"
	"time"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

type describeHealthInput struct {
	ARN     string        `query:"TargetGroupArn,required"`
	Targets []targetInput `query:"Targets"`
}

type targetHealthDescription struct {
	Target          targetOut
	HealthCheckPort string
	TargetHealth    targetHealth
}

type targetOut struct {
	Id               string
	Port             int32
	AvailabilityZone string `xml:",omitempty"`
}

type targetHealth struct {
	State       string
	Reason      string `xml:",omitempty"`
	Description string `xml:",omitempty"`
}

type describeHealthOutput struct {
	TargetHealthDescriptions wire.Members[targetHealthDescription]
}

func (s *Service) describeTargetHealth(in *describeHealthInput) (any, error) {
	tg, err := foundGroup(s.groups.Seen(in.ARN), in.ARN)
	if err != nil {
		return nil, err
	}
	targets, lb := live(tg.Targets, s.Now()), s.balancerOf(tg.ARN)
	out := &describeHealthOutput{}
	if len(in.Targets) == 0 {
		out.TargetHealthDescriptions = make(wire.Members[targetHealthDescription], len(targets))
		for i, t := range targets {
			out.TargetHealthDescriptions[i] = describeTarget(tg, t, s.health(lb, tg, t))
		}
		return out, nil
	}
	for _, x := range in.Targets {
		t := Target{ID: x.ID, Port: tg.Port}
		override(&t.Port, x.Port)
		health := targetHealth{"unused", "Target.NotRegistered", "Target is not registered to the target group"}
		if i, ok := slices.BinarySearchFunc(targets, t, compareTargets); ok {
			health = s.health(lb, tg, targets[i])
		}
		out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, describeTarget(tg, t, health))
	}
	return out, nil
}

func describeTarget(tg *TargetGroup, t Target, health targetHealth) targetHealthDescription {
	out := targetHealthDescription{Target: targetOut{Id: t.ID, Port: t.Port}, HealthCheckPort: tg.HealthCheck.Port, TargetHealth: health}
	if tg.TargetType == "ip" {
		out.Target.AvailabilityZone = t.Zone
	}
	if out.HealthCheckPort == "traffic-port" {
		out.HealthCheckPort = strconv.Itoa(int(t.Port))
	}
	return out
}

// health is what a load balancer, or none, thinks of a target.
func (s *Service) health(lb *LoadBalancer, tg *TargetGroup, t Target) targetHealth {
	if t.GoneAt != nil {
		return targetHealth{"draining", "Target.DeregistrationInProgress", "Target deregistration is in progress"}
	}
	if lb == nil {
		return targetHealth{"unused", "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"}
	}
	if tg.TargetType == "instance" {
		if instance, ok := s.opts.Network.Instance(t.ID); !ok || instance.State != "running" {
			state := "terminated"
			if ok {
				state = instance.State
			}
			return targetHealth{"unused", "Target.InvalidState", "Target is in the " + state + " state"}
		}
		if !slices.ContainsFunc(lb.Attachments, func(a Attachment) bool { return a.Zone == t.Zone }) && get(lb.Attributes, crossZone) != "true" {
			return targetHealth{"unused", "Target.NotInUse", "Target is in an Availability Zone that is not enabled for the load balancer"}
		}
	}
	if ready := later(t.At, lb.CreatedAt.Add(s.timing.Provisioning)).Add(s.timing.Initial); s.Now().Before(ready) {
		return targetHealth{"initial", "Elb.RegistrationInProgress", "Target registration is in progress"}
	}
	if t.Unhealthy != "" {
		return targetHealth{"unhealthy", t.Unhealthy, "Health checks failed"}
	}
	return targetHealth{State: "healthy"}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
