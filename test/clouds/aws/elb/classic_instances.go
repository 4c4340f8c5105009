// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb

import (
	"slices"
	"strings"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

type instancesInput struct {
	Name      string       `query:"LoadBalancerName,required"`
	Instances []instanceID `query:"Instances,required"`
}

type instancesOutput struct {
	Instances wire.Members[instanceID]
}

func unknownInstance(id string) error {
	return wire.Errorf("InvalidInstance", "Could not find EC2 instance %s.", id)
}

func byInstanceID(r Registered, id string) int { return strings.Compare(r.ID, id) }

// registerInstances takes instances in any state but terminated, as AWS does: one that is stopped is out
// of service.
func (s *Service) registerInstances(in *instancesInput) (any, error) {
	lb, err := s.classicNamed(in.Name)
	if err != nil {
		return nil, err
	}
	list := make([]Registered, len(lb.Instances), len(lb.Instances)+len(in.Instances))
	copy(list, lb.Instances)
	for _, x := range in.Instances {
		i, there := slices.BinarySearchFunc(list, x.InstanceId, byInstanceID)
		if there {
			continue
		}
		instance, ok := s.opts.Network.Instance(x.InstanceId)
		if !ok || instance.State == "terminated" {
			return nil, unknownInstance(x.InstanceId)
		}
		if instance.VPCID != lb.VPCID {
			return nil, wire.Errorf("InvalidInstance", "EC2 instance %s is not in the same VPC as ELB.", x.InstanceId)
		}
		list = slices.Insert(list, i, Registered{ID: x.InstanceId, At: s.Now()})
	}
	if len(list) > s.quotas.ClassicInstances {
		return nil, configuration(true, "The maximum number of registered instances per load balancer has been reached.")
	}
	lb.Instances = list
	s.classic.Put(lb.Name, lb)
	return &instancesOutput{instancesOut(list)}, nil
}

// deregisterInstances ignores instances that are not registered, but not those which do not exist.
func (s *Service) deregisterInstances(in *instancesInput) (any, error) {
	lb, err := s.classicNamed(in.Name)
	if err != nil {
		return nil, err
	}
	gone := map[string]bool{}
	for _, x := range in.Instances {
		_, registered := slices.BinarySearchFunc(lb.Instances, x.InstanceId, byInstanceID)
		if _, ok := s.opts.Network.Instance(x.InstanceId); !ok && !registered {
			return nil, unknownInstance(x.InstanceId)
		}
		gone[x.InstanceId] = true
	}
	lb.Instances = slices.DeleteFunc(slices.Clone(lb.Instances), func(r Registered) bool { return gone[r.ID] })
	s.classic.Put(lb.Name, lb)
	return &instancesOutput{instancesOut(lb.Instances)}, nil
}

type describeInstanceHealthInput struct {
	Name      string       `query:"LoadBalancerName,required"`
	Instances []instanceID `query:"Instances"`
}

type instanceState struct {
	InstanceId  string
	State       string
	ReasonCode  string
	Description string
}

type describeInstanceHealthOutput struct {
	InstanceStates wire.Members[instanceState]
}

func (s *Service) describeInstanceHealth(in *describeInstanceHealthInput) (any, error) {
	lb, err := s.classicSeen(in.Name)
	if err != nil {
		return nil, err
	}
	out := &describeInstanceHealthOutput{}
	if len(in.Instances) == 0 {
		for _, r := range lb.Instances {
			out.InstanceStates = append(out.InstanceStates, s.instanceState(lb, r.ID, true)...)
		}
		return out, nil
	}
	for _, x := range in.Instances {
		_, registered := slices.BinarySearchFunc(lb.Instances, x.InstanceId, byInstanceID)
		if _, ok := s.opts.Network.Instance(x.InstanceId); !ok && !registered {
			return nil, unknownInstance(x.InstanceId)
		}
		out.InstanceStates = append(out.InstanceStates, s.instanceState(lb, x.InstanceId, registered)...)
	}
	return out, nil
}

// instanceState returns nothing for a terminated instance.
func (s *Service) instanceState(lb *ClassicLoadBalancer, id string, registered bool) []instanceState {
	instance, ok := s.opts.Network.Instance(id)
	out := instanceState{InstanceId: id, State: "OutOfService", ReasonCode: "Instance"}
	i, _ := slices.BinarySearchFunc(lb.Instances, id, byInstanceID)
	switch {
	case !ok || instance.State == "terminated":
		return nil
	case !registered:
		out.Description = "Instance is not currently registered with the LoadBalancer."
	case instance.State != "running":
		out.Description = "Instance is in " + instance.State + " state."
	case !slices.ContainsFunc(lb.Attachments, func(a Attachment) bool { return a.Zone == instance.Zone }):
		out.ReasonCode = "ELB"
		out.Description = "Instance is in the EC2 Availability Zone for which LoadBalancer is not configured to route traffic to."
	case s.Now().Before(lb.Instances[i].At.Add(s.timing.Initial)):
		out.ReasonCode = "ELB"
		out.Description = "Instance registration is still in progress."
	default:
		out.State, out.ReasonCode, out.Description = "InService", "N/A", "N/A"
	}
	return []instanceState{out}
}
