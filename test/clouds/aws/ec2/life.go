// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package ec2

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

type runInput struct {
	Min         int                `query:"MinCount,required"`
	Max         int                `query:"MaxCount,required"`
	ImageID     string             `query:"ImageId"`
	Type        string             `query:"InstanceType"`
	KeyName     string             `query:"KeyName"`
	ClientToken string             `query:"ClientToken"`
	SubnetID    string             `query:"SubnetId"`
	Groups      []string           `query:"SecurityGroupId"`
	GroupNames  []string           `query:"SecurityGroup"`
	PrivateIP   string             `query:"PrivateIpAddress"`
	IPv6Count   int                `query:"Ipv6AddressCount"`
	Placement   placementInput     `query:"Placement"`
	Interfaces  []interfaceInput   `query:"NetworkInterface"`
	Tags        []tagSpecification `query:"TagSpecification"`
}

type placementInput struct {
	Zone string `query:"AvailabilityZone"`
}

type interfaceInput struct {
	DeviceIndex int      `query:"DeviceIndex"`
	NetworkCard int      `query:"NetworkCardIndex"`
	SubnetID    string   `query:"SubnetId"`
	Groups      []string `query:"SecurityGroupId"`
	PrivateIP   string   `query:"PrivateIpAddress"`
	Public      *bool    `query:"AssociatePublicIpAddress"`
	IPv6Count   int      `query:"Ipv6AddressCount"`
	IPv6Prefix  int      `query:"Ipv6PrefixCount"`
	Secondary   int      `query:"SecondaryPrivateIpAddressCount"`
}

type runOutput struct {
	reservationItem
}

// launch is a checked wish for an instance.
type launch struct {
	instance   Instance
	interfaces []interfacePlan
	tags       Tags // of the interfaces
}

// interfacePlan is a checked wish for a network interface.
type interfacePlan struct {
	interfaceInput
	subnet *Subnet
}

func (s *Service) runInstances(in *runInput) (any, error) {
	if before := s.launchedWith(in.ClientToken); before != nil {
		return s.reservation(before), nil
	}
	l, err := s.plan(in)
	if err != nil {
		return nil, err
	}
	if in.Min < 1 || in.Max < in.Min {
		return nil, wire.Errorf("InvalidParameterValue", "Value (%d) for parameter minCount is invalid. It must be at least 1 and not exceed maxCount.", in.Min)
	}
	count := in.Max
	for _, p := range l.interfaces {
		count = min(count, s.pools[p.subnet.ID].free())
	}
	if count < in.Min {
		return nil, errNoAddress(l.interfaces[0].subnet.ID)
	}
	reservation := s.newID("r")
	var launched []*Instance
	for n := range count {
		l.instance.ReservationID, l.instance.LaunchIndex = reservation, n
		i, err := s.launch(l)
		if err != nil {
			return nil, err
		}
		launched = append(launched, i)
	}
	return s.reservation(launched), nil
}

func (s *Service) reservation(instances []*Instance) runOutput {
	out := runOutput{reservationItem{ID: instances[0].ReservationID, OwnerID: s.opts.Account}}
	for _, i := range instances {
		out.Instances = append(out.Instances, s.instanceItem(i, s.interfaces.Get))
	}
	return out
}

// launchedWith returns what a client has launched before with the same token, which it repeats if it has
// lost the answer.
func (s *Service) launchedWith(token string) []*Instance {
	var out []*Instance
	if token == "" {
		return nil
	}
	for _, i := range s.instances.All() {
		if i.ClientToken == token {
			out = append(out, i)
		}
	}
	return out
}

// plan checks everything about a launch but the addresses.
func (s *Service) plan(in *runInput) (*launch, error) {
	switch {
	case in.ImageID == "":
		return nil, wire.Errorf("MissingParameter", "The request must contain the parameter ImageId")
	case !wellFormed(in.ImageID, "ami"):
		return nil, wire.Errorf("InvalidAMIID.Malformed", "Invalid id: \"%s\"", in.ImageID)
	case len(in.Interfaces) > 0 && (in.SubnetID != "" || in.Groups != nil || in.GroupNames != nil):
		return nil, wire.Errorf("InvalidParameterCombination", "Network interfaces and an instance-level subnet ID or security groups may not be specified on the same request")
	}
	tags, err := s.tagsFor(in.Tags, "instance", "volume", "network-interface", "spot-instances-request")
	if err != nil {
		return nil, err
	}
	wishes := in.Interfaces
	if len(wishes) == 0 {
		wishes = []interfaceInput{{SubnetID: in.SubnetID, Groups: in.Groups, PrivateIP: in.PrivateIP, IPv6Count: in.IPv6Count}}
	}
	l := &launch{tags: tags["network-interface"]}
	for _, w := range wishes {
		p, err := s.planInterface(w, in)
		if err != nil {
			return nil, err
		}
		l.interfaces = append(l.interfaces, p)
	}
	slices.SortStableFunc(l.interfaces, func(a, b interfacePlan) int {
		return cmp.Or(cmp.Compare(a.NetworkCard, b.NetworkCard), cmp.Compare(a.DeviceIndex, b.DeviceIndex))
	})
	first := l.interfaces[0].subnet
	l.instance = Instance{
		Type: cmp.Or(in.Type, "m1.small"), ImageID: in.ImageID, KeyName: in.KeyName, ClientToken: in.ClientToken,
		Zone: first.Zone, VPCID: first.VPCID, SubnetID: first.ID, Tags: tags["instance"],
	}
	return l, nil
}

func (s *Service) planInterface(w interfaceInput, in *runInput) (p interfacePlan, err error) {
	p = interfacePlan{interfaceInput: w}
	if w.SubnetID == "" {
		p.subnet, err = s.defaultSubnet(in.Placement.Zone)
	} else {
		p.subnet, err = s.subnets.one(w.SubnetID)
	}
	if err != nil {
		return p, err
	}
	if in.Placement.Zone != "" && in.Placement.Zone != p.subnet.Zone {
		return p, wire.Errorf("InvalidParameterValue", "Invalid availability zone: [%s]", in.Placement.Zone)
	}
	for _, name := range in.GroupNames {
		g := s.groupNamed(name, p.subnet.VPCID)
		if g == nil {
			return p, wire.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist", name)
		}
		p.Groups = append(slices.Clip(p.Groups), g.ID)
	}
	if len(p.Groups) == 0 {
		p.Groups = []string{s.groupNamed("default", p.subnet.VPCID).ID}
	}
	if p.subnet.IPv6CIDR == "" && w.IPv6Count+w.IPv6Prefix > 0 {
		return p, wire.Errorf("InvalidParameterValue", "The subnet '%s' does not have an IPv6 CIDR block", p.subnet.ID)
	}
	return p, s.checkInterfaceGroups(p.Groups, p.subnet.VPCID)
}

// architecture of an instance type, by the letter after the generation: those of Amazon's own processors
// have a g.
func architecture(instanceType string) string {
	family, _, _ := strings.Cut(instanceType, ".")
	if i := strings.IndexAny(family, "0123456789"); i > 0 && strings.Contains(family[i:], "g") {
		return "arm64"
	}
	return "x86_64"
}

// launch makes an instance that is pending.
func (s *Service) launch(l *launch) (*Instance, error) {
	i := l.instance
	i.ID = s.newID("i")
	i.Architecture = architecture(i.Type)
	i.LaunchTime = s.Now().UTC()
	i.State, i.NextState, i.NextAt = "pending", "running", i.LaunchTime.Add(s.opts.Starting)
	for n, p := range l.interfaces {
		ni, err := s.instanceInterface(i.ID, p, n == 0 && len(l.interfaces) == 1)
		if err != nil {
			return nil, err
		}
		ni.Tags = l.tags
		if n == 0 {
			i.PrivateIP, i.PrivateDNS, i.SourceDestCheck = ni.Addresses[0].Private, ni.PrivateDNS, true
			s.setPublic(&i, ni.Addresses[0].Public)
		}
		if p.subnet.ResourceNames {
			ni.PrivateDNS = i.ID + "." + s.internalDomain()
			i.PrivateDNS = ni.PrivateDNS
		}
		i.Interfaces = append(i.Interfaces, ni.ID)
		s.interfaces.Put(ni.ID, ni)
	}
	s.instances.Put(i.ID, &i)
	s.at(i.NextAt, i.ID, s.advance)
	return &i, nil
}

func (s *Service) setPublic(i *Instance, address string) {
	i.PublicIP, i.PublicDNS = address, ""
	if address != "" {
		i.PublicDNS = s.publicName(address)
	}
}

// advance takes an instance to its next state, if that is due.
func (s *Service) advance(id string) {
	i := s.instances.Get(id)
	if i == nil || i.NextAt.IsZero() || i.NextAt.After(s.Now()) {
		return // it was sent elsewhere meanwhile
	}
	switch i.NextState {
	case "": // a terminated one is forgotten
		s.instances.Delete(id)
		return
	case "terminated":
		s.terminated(i)
		return
	case "stopped":
		s.losePublic(i)
	}
	s.instances.change(id, func(v *Instance) { v.State, v.NextState, v.NextAt = v.NextState, "", time.Time{} })
}

// losePublic takes from a stopped instance the public address that was not its own to keep.
func (s *Service) losePublic(i *Instance) {
	if i.PublicIP == "" || s.addressNamed(i.PublicIP) != nil {
		return
	}
	s.interfaces.change(i.Interfaces[0], func(v *NetworkInterface) {
		v.Addresses = slices.Clone(v.Addresses)
		v.Addresses[0].Public = ""
	})
	s.instances.change(i.ID, func(v *Instance) { v.PublicIP, v.PublicDNS = "", "" })
}

// terminated removes all that an instance had in the network; what is left is a record that stays an hour.
func (s *Service) terminated(i *Instance) {
	for _, id := range i.Interfaces {
		s.removeInterface(id)
	}
	until := i.NextAt.Add(s.opts.TerminatedFor)
	s.instances.change(i.ID, func(v *Instance) {
		v.State, v.NextState, v.NextAt = "terminated", "", until
		v.VPCID, v.SubnetID, v.PrivateIP, v.PublicIP, v.PrivateDNS, v.PublicDNS = "", "", "", "", "", ""
		v.Interfaces, v.SourceDestCheck = nil, false
	})
	s.at(until, i.ID, s.advance)
}

type idsInput struct {
	IDs []string `query:"InstanceId,required"`
}

type stateChangesOutput struct {
	Changes wire.Items[stateChange] `xml:"instancesSet"`
}

type stateChange struct {
	ID       string    `xml:"instanceId"`
	Current  stateItem `xml:"currentState"`
	Previous stateItem `xml:"previousState"`
}

// transition is a call that sends instances to another state.
type transition struct {
	// from has the states in which it does something; in those of noop, nothing.
	from, noop []string
	// via is the state at once, to the one that follows.
	via, to string
	after   time.Duration
	verb    string
	reason  bool
}

// move makes an operation of a transition. One instance that cannot make it fails all.
func (s *Service) move(t transition) func(*idsInput) (any, error) {
	return func(in *idsInput) (any, error) {
		found, err := s.instances.find(unique(in.IDs)...)
		if err != nil {
			return nil, err
		}
		for _, i := range found {
			if !slices.Contains(t.from, i.State) && !slices.Contains(t.noop, i.State) {
				return nil, wire.Errorf("IncorrectInstanceState", "The instance '%s' is not in a state from which it can be %s.", i.ID, t.verb)
			}
		}
		out := stateChangesOutput{}
		for _, i := range found {
			change := stateChange{i.ID, newStateItem(i.State), newStateItem(i.State)}
			if slices.Contains(t.from, i.State) {
				s.send(i, t)
				change.Current = newStateItem(t.via)
			}
			out.Changes = append(out.Changes, change)
		}
		return out, nil
	}
}

func (s *Service) send(i *Instance, t transition) {
	now := s.Now().UTC()
	at := now.Add(t.after)
	s.instances.change(i.ID, func(v *Instance) {
		v.State, v.NextState, v.NextAt, v.Reason = t.via, t.to, at, ""
		if t.reason {
			v.Reason = fmt.Sprintf("User initiated (%s)", now.Format("2006-01-02 15:04:05 MST"))
		}
		if t.via == "pending" {
			v.LaunchTime = now
		}
	})
	s.at(at, i.ID, s.advance)
}

func (s *Service) starting() transition {
	return transition{from: []string{"stopped"}, noop: []string{"pending", "running"}, via: "pending", to: "running",
		after: s.opts.Starting, verb: "started"}
}

func (s *Service) stopping() transition {
	return transition{from: []string{"running"}, noop: []string{"stopping", "stopped"}, via: "stopping", to: "stopped",
		after: s.opts.Stopping, verb: "stopped", reason: true}
}

func (s *Service) terminating() transition {
	return transition{from: []string{"pending", "running", "stopping", "stopped"}, noop: []string{"shutting-down", "terminated"},
		via: "shutting-down", to: "terminated", after: s.opts.Terminating, verb: "terminated", reason: true}
}
