// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package ec2

import (
	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

// stateCodes are the numbers of instance states.
var stateCodes = map[string]int{
	"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80,
}

type stateItem struct {
	Code int    `xml:"code"`
	Name string `xml:"name"`
}

func newStateItem(name string) stateItem { return stateItem{stateCodes[name], name} }

type instanceItem struct {
	ID              string                            `xml:"instanceId"`
	ImageID         string                            `xml:"imageId"`
	State           stateItem                         `xml:"instanceState"`
	PrivateDNS      string                            `xml:"privateDnsName"`
	PublicDNS       string                            `xml:"dnsName"`
	Reason          string                            `xml:"reason"`
	StateReason     *stateReason                      `xml:"stateReason"`
	KeyName         string                            `xml:"keyName,omitempty"`
	LaunchIndex     int                               `xml:"amiLaunchIndex"`
	ProductCodes    wire.Items[struct{}]              `xml:"productCodes"`
	Type            string                            `xml:"instanceType"`
	LaunchTime      string                            `xml:"launchTime"`
	Placement       placementItem                     `xml:"placement"`
	Monitoring      cidrState                         `xml:"monitoring"`
	SubnetID        string                            `xml:"subnetId,omitempty"`
	VPCID           string                            `xml:"vpcId,omitempty"`
	PrivateIP       string                            `xml:"privateIpAddress,omitempty"`
	PublicIP        string                            `xml:"ipAddress,omitempty"`
	IPv6            string                            `xml:"ipv6Address,omitempty"`
	SourceDestCheck *bool                             `xml:"sourceDestCheck"`
	Groups          wire.Items[groupRef]              `xml:"groupSet"`
	Architecture    string                            `xml:"architecture"`
	RootDeviceType  string                            `xml:"rootDeviceType"`
	RootDeviceName  string                            `xml:"rootDeviceName"`
	BlockDevices    wire.Items[struct{}]              `xml:"blockDeviceMapping"`
	Virtualization  string                            `xml:"virtualizationType"`
	ClientToken     string                            `xml:"clientToken"`
	Tags            wire.Items[tagItem]               `xml:"tagSet,omitempty"`
	Hypervisor      string                            `xml:"hypervisor"`
	Interfaces      wire.Items[instanceInterfaceItem] `xml:"networkInterfaceSet"`
	EBSOptimized    bool                              `xml:"ebsOptimized"`
	ENA             bool                              `xml:"enaSupport"`
	Platform        string                            `xml:"platformDetails"`
	Names           *dnsOptions                       `xml:"privateDnsNameOptions"`
}

type stateReason struct {
	Code    string `xml:"code"`
	Message string `xml:"message"`
}

type placementItem struct {
	Zone    string `xml:"availabilityZone"`
	ZoneID  string `xml:"availabilityZoneId,omitempty"`
	Group   string `xml:"groupName"`
	Tenancy string `xml:"tenancy"`
}

type groupRef struct {
	ID   string `xml:"groupId"`
	Name string `xml:"groupName"`
}

func (s *Service) groupRefs(ids []string) wire.Items[groupRef] {
	out := make(wire.Items[groupRef], len(ids))
	for i, id := range ids {
		out[i] = groupRef{id, s.groupName(id)}
	}
	return out
}

// instanceItem is an instance as answers have it, with the interfaces that readers or, just after a
// change, writers see. A terminated one has lost its network.
func (s *Service) instanceItem(v *Instance, networkInterface func(id string) *NetworkInterface) instanceItem {
	out := instanceItem{
		ID: v.ID, ImageID: v.ImageID, State: newStateItem(v.State), PrivateDNS: v.PrivateDNS, PublicDNS: v.PublicDNS,
		Reason: v.Reason, KeyName: v.KeyName, LaunchIndex: v.LaunchIndex, Type: v.Type,
		LaunchTime: wire.Timestamp(v.LaunchTime), Placement: placementItem{Zone: v.Zone, ZoneID: s.zoneID(v.Zone), Tenancy: "default"},
		Monitoring: cidrState{State: "disabled"}, SubnetID: v.SubnetID, VPCID: v.VPCID, PrivateIP: v.PrivateIP,
		PublicIP: v.PublicIP, Architecture: v.Architecture, RootDeviceType: "ebs", RootDeviceName: "/dev/xvda",
		Virtualization: "hvm", ClientToken: v.ClientToken, Tags: v.Tags.sorted(), Hypervisor: "xen", ENA: true,
		Platform: "Linux/UNIX",
	}
	if v.Reason != "" {
		out.StateReason = &stateReason{"Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown"}
	}
	for i, id := range v.Interfaces {
		ni := networkInterface(id)
		if ni == nil || ni.Attachment == nil {
			continue
		}
		if i == 0 {
			out.SourceDestCheck = &ni.SourceDestCheck
			out.Groups = s.groupRefs(ni.Groups)
			if len(ni.IPv6) > 0 {
				out.IPv6 = ni.IPv6[0]
			}
		}
		out.Interfaces = append(out.Interfaces, s.instanceInterfaceItem(ni))
	}
	if v.SubnetID != "" {
		names := newDNSOptions(v.resourceNamed())
		out.Names = &names
	}
	return out
}

// resourceNamed says whether the private name is made of the ID, not of the address.
func (i *Instance) resourceNamed() bool { return len(i.PrivateDNS) > 1 && i.PrivateDNS[:2] == "i-" }

type reservationItem struct {
	ID        string                   `xml:"reservationId"`
	OwnerID   string                   `xml:"ownerId"`
	Groups    wire.Items[groupRef]     `xml:"groupSet"`
	Instances wire.Items[instanceItem] `xml:"instancesSet"`
}

type describeInstancesInput struct {
	IDs []string `query:"InstanceId"`
	page
}

type describeInstancesOutput struct {
	Reservations wire.Items[reservationItem] `xml:"reservationSet"`
	Next         string                      `xml:"nextToken,omitempty"`
}

func (s *Service) describeInstances(in *describeInstancesInput) (any, error) {
	found, next, err := s.instances.describe(in.IDs, in.page, limits{min: 5, max: 1000, list: "instancesSet"})
	if err != nil {
		return nil, err
	}
	out := describeInstancesOutput{Next: next}
	for _, v := range found {
		if n := len(out.Reservations); n == 0 || out.Reservations[n-1].ID != v.ReservationID {
			out.Reservations = append(out.Reservations, reservationItem{ID: v.ReservationID, OwnerID: s.opts.Account})
		}
		r := &out.Reservations[len(out.Reservations)-1]
		r.Instances = append(r.Instances, s.instanceItem(v, s.interfaces.Seen))
	}
	return out, nil
}

type instanceInput struct {
	InstanceID string `query:"InstanceId,required"`
	Attribute  string `query:"Attribute"`
	Value      string `query:"Value"`
	// SourceDestCheck and the others are structs of one field on the wire.
	SourceDestCheck *boolValue   `query:"SourceDestCheck"`
	InstanceType    *stringValue `query:"InstanceType"`
	Groups          []string     `query:"GroupId"`
}

type boolValue struct {
	Value bool `query:"Value" xml:"value"`
}

type stringValue struct {
	Value string `query:"Value" xml:"value"`
}

// modifyInstance changes what belongs to the only interface of an instance, or its type while it is stopped.
func (s *Service) modifyInstance(in *instanceInput) (any, error) {
	i, err := s.instances.one(in.InstanceID)
	if err != nil {
		return nil, err
	}
	if in.Attribute == "sourceDestCheck" && in.SourceDestCheck == nil {
		in.SourceDestCheck = &boolValue{in.Value == "true"}
	}
	switch {
	case in.SourceDestCheck != nil || in.Groups != nil:
		id, err := s.onlyInterface(i.ID)
		if err != nil {
			return nil, err
		}
		if in.Groups != nil {
			if err := s.checkInterfaceGroups(in.Groups, i.VPCID); err != nil {
				return nil, err
			}
			s.interfaces.change(id, func(v *NetworkInterface) { v.Groups = in.Groups })
		}
		if in.SourceDestCheck != nil {
			s.setSourceDestCheck(id, in.SourceDestCheck.Value)
		}
	case in.InstanceType != nil:
		if i.State != "stopped" {
			return nil, wire.Errorf("IncorrectInstanceState", "The instance '%s' is not in the 'stopped' state.", i.ID)
		}
		s.instances.change(i.ID, func(v *Instance) { v.Type = in.InstanceType.Value })
	default:
		return nil, wire.Errorf("InvalidParameterCombination", "No attributes specified.")
	}
	return done{true}, nil
}

// setSourceDestCheck changes an interface, and the instance whose primary interface it is.
func (s *Service) setSourceDestCheck(id string, check bool) {
	s.interfaces.change(id, func(v *NetworkInterface) { v.SourceDestCheck = check })
	if i := s.instances.Get(s.instanceOf(id)); i != nil && i.Interfaces[0] == id {
		s.instances.change(i.ID, func(v *Instance) { v.SourceDestCheck = check })
	}
}

type instanceAttributeOutput struct {
	ID              string               `xml:"instanceId"`
	SourceDestCheck *boolValue           `xml:"sourceDestCheck"`
	Type            *stringValue         `xml:"instanceType"`
	Groups          wire.Items[groupRef] `xml:"groupSet,omitempty"`
	Terminable      *boolValue           `xml:"disableApiTermination"`
	Stoppable       *boolValue           `xml:"disableApiStop"`
	EBSOptimized    *boolValue           `xml:"ebsOptimized"`
	ENA             *boolValue           `xml:"enaSupport"`
	RootDevice      *stringValue         `xml:"rootDeviceName"`
	Behavior        *stringValue         `xml:"instanceInitiatedShutdownBehavior"`
}

func (s *Service) instanceAttribute(in *instanceInput) (any, error) {
	found, err := s.instances.findSeen([]string{in.InstanceID})
	if err != nil {
		return nil, err
	}
	i := found[0]
	out := instanceAttributeOutput{ID: i.ID}
	switch in.Attribute {
	case "sourceDestCheck":
		if _, err := s.onlyInterface(i.ID); err != nil {
			return nil, err
		}
		out.SourceDestCheck = &boolValue{i.SourceDestCheck}
	case "instanceType":
		out.Type = &stringValue{i.Type}
	case "groupSet":
		if len(i.Interfaces) > 0 {
			out.Groups = s.groupRefs(s.interfaces.Get(i.Interfaces[0]).Groups)
		}
	case "disableApiTermination":
		out.Terminable = &boolValue{}
	case "disableApiStop":
		out.Stoppable = &boolValue{}
	case "ebsOptimized":
		out.EBSOptimized = &boolValue{}
	case "enaSupport":
		out.ENA = &boolValue{true}
	case "rootDeviceName":
		out.RootDevice = &stringValue{"/dev/xvda"}
	case "instanceInitiatedShutdownBehavior":
		out.Behavior = &stringValue{"stop"}
	case "":
		return nil, wire.Errorf("MissingParameter", "The request must contain the parameter attribute")
	default:
		return nil, wire.Errorf("InvalidParameterValue", "Value (%s) for parameter attribute is invalid. Unknown attribute.", in.Attribute)
	}
	return out, nil
}
