// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb

import (
	"cmp"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

// classicOut is a LoadBalancerDescription.
type classicOut struct {
	LoadBalancerName          string
	DNSName                   string
	CanonicalHostedZoneName   string `xml:",omitempty"`
	CanonicalHostedZoneNameID string
	ListenerDescriptions      wire.Members[listenerDescription]
	Policies                  policiesOut
	BackendServerDescriptions wire.Members[backendOut]
	AvailabilityZones         wire.Members[string]
	Subnets                   wire.Members[string]
	VPCId                     string
	Instances                 wire.Members[instanceID]
	HealthCheck               HealthCheck
	SourceSecurityGroup       sourceSecurityGroup
	SecurityGroups            wire.Members[string]
	CreatedTime               string
	Scheme                    string
}

type listenerDescription struct {
	Listener    listenerOut
	PolicyNames wire.Members[string]
}

type listenerOut struct {
	Protocol         string
	LoadBalancerPort int32
	InstanceProtocol string
	InstancePort     int32
	SSLCertificateId string `xml:",omitempty"`
}

type policiesOut struct {
	AppCookieStickinessPolicies wire.Members[struct{}]
	LBCookieStickinessPolicies  wire.Members[struct{}]
	OtherPolicies               wire.Members[string]
}

type backendOut struct {
	InstancePort int32
	PolicyNames  wire.Members[string]
}

type instanceID struct {
	InstanceId string `query:"InstanceId"`
}

type sourceSecurityGroup struct {
	OwnerAlias string
	GroupName  string
}

func (s *Service) classicOut(lb *ClassicLoadBalancer) classicOut {
	out := classicOut{
		LoadBalancerName:          lb.Name,
		DNSName:                   lb.DNSName,
		CanonicalHostedZoneNameID: hostedZone(s.opts.Region, false),
		AvailabilityZones:         attachmentZones(lb.Attachments),
		Subnets:                   attachmentSubnets(lb.Attachments),
		VPCId:                     lb.VPCID,
		Instances:                 instancesOut(lb.Instances),
		HealthCheck:               lb.HealthCheck,
		SecurityGroups:            lb.SecurityGroups,
		CreatedTime:               wire.Timestamp(lb.CreatedAt),
		Scheme:                    lb.Scheme,
	}
	if lb.Scheme != "internal" {
		out.CanonicalHostedZoneName = lb.DNSName
	}
	for _, l := range lb.Listeners {
		out.ListenerDescriptions = append(out.ListenerDescriptions, listenerDescription{
			Listener:    listenerOut{l.Protocol, l.Port, l.InstanceProtocol, l.InstancePort, l.CertificateID},
			PolicyNames: l.Policies,
		})
	}
	for _, p := range lb.Policies {
		out.Policies.OtherPolicies = append(out.Policies.OtherPolicies, p.Name)
	}
	for _, b := range lb.Backends {
		out.BackendServerDescriptions = append(out.BackendServerDescriptions, backendOut{b.Port, b.Policies})
	}
	if sg, ok := s.opts.Network.SecurityGroup(lb.SecurityGroups[0]); ok {
		out.SourceSecurityGroup = sourceSecurityGroup{OwnerAlias: sg.OwnerID, GroupName: sg.Name}
	}
	return out
}

func instancesOut(list []Registered) wire.Members[instanceID] {
	out := make(wire.Members[instanceID], len(list))
	for i, r := range list {
		out[i] = instanceID{r.ID}
	}
	return out
}

// hostedZones are the Route 53 zones of load balancers' names, from AWS's table of service endpoints: the
// zone of Classic and Application Load Balancers, and the zone of Network Load Balancers.
var hostedZones = map[string][2]string{
	"us-east-1":      {"Z35SXDOTRQ7X7K", "Z26RNL4JYFTOTI"},
	"us-east-2":      {"Z3AADJGX6KTTL2", "ZLMOA37VPKANP"},
	"us-west-1":      {"Z368ELLRRE2KJ0", "Z24FKFUX50B4VW"},
	"us-west-2":      {"Z1H1FL5HABSF5", "Z18D5FSROUN65G"},
	"eu-west-1":      {"Z32O12XQLNTSW2", "Z2IFOLAFXWLO4F"},
	"eu-central-1":   {"Z215JYRZR1TBD5", "Z3F0SRJ5LGBH90"},
	"ap-northeast-1": {"Z14GRHDCWA56QT", "Z31USIVHYNEOWT"},
}

func hostedZone(region string, network bool) string {
	zones := hostedZones[region]
	if network {
		return cmp.Or(zones[1], "Z00000000SIMNLB")
	}
	return cmp.Or(zones[0], "Z00000000SIMELB")
}

type limitOut struct {
	Name string
	Max  int
}

type limitsOutput struct {
	Limits wire.Members[limitOut]
}

func (s *Service) describeClassicLimits(*struct{}) (any, error) {
	return &limitsOutput{Limits: wire.Members[limitOut]{
		{"classic-load-balancers", s.quotas.ClassicLoadBalancers},
		{"classic-listeners", s.quotas.ClassicListeners},
		{"classic-registered-instances", s.quotas.ClassicInstances},
	}}, nil
}
