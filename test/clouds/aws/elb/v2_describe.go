// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb

import (
	"slices"
	"strings"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

// balancerOut is a LoadBalancer of version 2.
type balancerOut struct {
	LoadBalancerArn                                      string
	LoadBalancerName                                     string
	DNSName                                              string
	CanonicalHostedZoneId                                string
	CreatedTime                                          string
	Scheme                                               string
	VpcId                                                string
	State                                                stateOut
	Type                                                 string
	AvailabilityZones                                    wire.Members[zoneOut]
	SecurityGroups                                       wire.Members[string] `xml:",omitempty"`
	IpAddressType                                        string
	EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic string `xml:",omitempty"`
	EnablePrefixForIpv6SourceNat                         string `xml:",omitempty"`
}

const provisioning = "provisioning"

type stateOut struct {
	Code   string
	Reason string `xml:",omitempty"`
}

type zoneOut struct {
	ZoneName              string
	SubnetId              string
	LoadBalancerAddresses wire.Members[addressOut]
}

type addressOut struct {
	IpAddress          string `xml:",omitempty"`
	AllocationId       string `xml:",omitempty"`
	PrivateIPv4Address string `xml:",omitempty"`
}

func (s *Service) balancerOut(lb *LoadBalancer) balancerOut {
	return balancerOut{
		LoadBalancerArn:       lb.ARN,
		LoadBalancerName:      lb.Name,
		DNSName:               lb.DNSName,
		CanonicalHostedZoneId: hostedZone(s.opts.Region, lb.Type == network),
		CreatedTime:           wire.Timestamp(lb.CreatedAt),
		Scheme:                lb.Scheme,
		VpcId:                 lb.VPCID,
		State:                 s.state(lb),
		Type:                  lb.Type,
		AvailabilityZones:     zonesOut(lb.Attachments),
		SecurityGroups:        lb.SecurityGroups,
		IpAddressType:         lb.IPAddressType,
		EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: lb.EnforcePrivateLink,
		EnablePrefixForIpv6SourceNat:                         lb.SourceNATPrefix,
	}
}

func (s *Service) state(lb *LoadBalancer) stateOut {
	switch {
	case lb.Failed != "":
		return stateOut{Code: "failed", Reason: lb.Failed}
	case s.Now().Before(lb.CreatedAt.Add(s.timing.Provisioning)):
		return stateOut{Code: provisioning}
	case lb.Impaired != "":
		return stateOut{Code: "active_impaired", Reason: lb.Impaired}
	}
	return stateOut{Code: "active"}
}

func zonesOut(list []Attachment) wire.Members[zoneOut] {
	out := make(wire.Members[zoneOut], len(list))
	for i, a := range list {
		out[i] = zoneOut{ZoneName: a.Zone, SubnetId: a.SubnetID}
		if a.PublicIP != "" || a.PrivateIPv4 != "" {
			out[i].LoadBalancerAddresses = wire.Members[addressOut]{{a.PublicIP, a.AllocationID, a.PrivateIPv4}}
		}
	}
	return out
}

type describeBalancersInput struct {
	ARNs     []string `query:"LoadBalancerArns"`
	Names    []string `query:"Names"`
	Marker   *string  `query:"Marker"`
	PageSize *int32   `query:"PageSize"`
}

func (s *Service) describeBalancers(in *describeBalancersInput) (any, error) {
	out := &balancersOutput{}
	found, next, err := s.findBalancers(in)
	if err != nil {
		return nil, err
	}
	out.NextMarker = next
	for _, lb := range found {
		out.LoadBalancers = append(out.LoadBalancers, s.balancerOut(lb))
	}
	return out, nil
}

func (s *Service) findBalancers(in *describeBalancersInput) (found []*LoadBalancer, next string, err error) {
	switch {
	case len(in.ARNs) > 0 && len(in.Names) > 0:
		return nil, "", invalid("Load balancer names and load balancer ARNs cannot be specified at the same time")
	case len(in.ARNs) > maxDescribed || len(in.Names) > maxDescribed:
		return nil, "", invalid("Cannot have more than %d resources described", maxDescribed)
	case len(in.ARNs) == 0 && len(in.Names) == 0:
		return page(s.balancers, paging{in.Marker, in.PageSize}, everything)
	}
	var missing []string
	for _, arn := range unique(in.ARNs) {
		if !balancerARN.MatchString(arn) {
			return nil, "", invalid("'%s' is not a valid load balancer ARN", arn)
		}
		if lb := s.balancers.Seen(arn); lb != nil {
			found = append(found, lb)
		} else {
			missing = append(missing, arn)
		}
	}
	named := s.balancersNamed(in.Names)
	for _, name := range unique(in.Names) {
		if lb := named[name]; lb != nil {
			found = append(found, lb)
		} else {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return nil, "", wire.Errorf("LoadBalancerNotFound", "Load balancers '[%s]' not found", strings.Join(missing, ", "))
	}
	return found, "", nil
}

// balancersNamed returns those load balancers which readers see under names.
func (s *Service) balancersNamed(names []string) map[string]*LoadBalancer {
	out := map[string]*LoadBalancer{}
	if len(names) == 0 {
		return out
	}
	for item := range s.balancers.AllSeen(0) {
		if slices.Contains(names, item.Value.Name) {
			out[item.Value.Name] = item.Value
		}
	}
	return out
}
