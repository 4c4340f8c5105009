// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package ec2

import (
	"strconv"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/eventual"
)

func (s *Service) defineInstances() {
	// of makes a filter of a field of an instance's interfaces.
	of := func(field func(*NetworkInterface) []string) func(*Instance) []string {
		return func(v *Instance) (out []string) {
			for _, id := range v.Interfaces {
				if ni := s.interfaces.Seen(id); ni != nil {
					out = append(out, field(ni)...)
				}
			}
			return out
		}
	}
	s.instances = &collection[Instance]{
		Map: eventual.NewMap[Instance](s), kind: "instance", prefix: "i", label: "instance ID", labels: "instance IDs",
		notFound: "InvalidInstanceID.NotFound", malformed: "InvalidInstanceID.Malformed",
		tags: func(v *Instance) *Tags { return &v.Tags },
		filters: map[string]func(*Instance) []string{
			"instance-id":                            get(func(v *Instance) string { return v.ID }),
			"reservation-id":                         get(func(v *Instance) string { return v.ReservationID }),
			"image-id":                               get(func(v *Instance) string { return v.ImageID }),
			"instance-type":                          get(func(v *Instance) string { return v.Type }),
			"architecture":                           get(func(v *Instance) string { return v.Architecture }),
			"key-name":                               get(func(v *Instance) string { return v.KeyName }),
			"client-token":                           get(func(v *Instance) string { return v.ClientToken }),
			"instance-state-name":                    get(func(v *Instance) string { return v.State }),
			"instance-state-code":                    get(func(v *Instance) string { return strconv.Itoa(stateCodes[v.State]) }),
			"availability-zone":                      get(func(v *Instance) string { return v.Zone }),
			"availability-zone-id":                   get(func(v *Instance) string { return s.zoneID(v.Zone) }),
			"vpc-id":                                 get(func(v *Instance) string { return v.VPCID }),
			"subnet-id":                              get(func(v *Instance) string { return v.SubnetID }),
			"private-ip-address":                     get(func(v *Instance) string { return v.PrivateIP }),
			"ip-address":                             get(func(v *Instance) string { return v.PublicIP }),
			"private-dns-name":                       get(func(v *Instance) string { return v.PrivateDNS }),
			"dns-name":                               get(func(v *Instance) string { return v.PublicDNS }),
			"source-dest-check":                      get(func(v *Instance) string { return strconv.FormatBool(v.SourceDestCheck) }),
			"owner-id":                               always[Instance](s.opts.Account),
			"instance.group-id":                      of(func(ni *NetworkInterface) []string { return ni.Groups }),
			"group-id":                               of(func(ni *NetworkInterface) []string { return ni.Groups }),
			"instance.group-name":                    of(func(ni *NetworkInterface) []string { return s.groupNames(ni.Groups) }),
			"network-interface.network-interface-id": func(v *Instance) []string { return v.Interfaces },
			"network-interface.subnet-id":            of(get(func(ni *NetworkInterface) string { return ni.SubnetID })),
			"network-interface.vpc-id":               of(get(func(ni *NetworkInterface) string { return ni.VPCID })),
			"network-interface.group-id":             of(func(ni *NetworkInterface) []string { return ni.Groups }),
			"network-interface.private-dns-name":     of(get(func(ni *NetworkInterface) string { return ni.PrivateDNS })),
			"network-interface.addresses.private-ip-address": of((*NetworkInterface).PrivateIPs),
			"network-interface.ipv6-addresses.ipv6-address":  of(func(ni *NetworkInterface) []string { return ni.IPv6 }),
		},
	}
}

func (s *Service) defineInterfaces() {
	attachment := func(field func(*Attachment) string) func(*NetworkInterface) []string {
		return get(func(v *NetworkInterface) string {
			if v.Attachment == nil {
				return ""
			}
			return field(v.Attachment)
		})
	}
	s.interfaces = &collection[NetworkInterface]{
		Map: eventual.NewMap[NetworkInterface](s), kind: "network-interface", prefix: "eni",
		label: "networkInterface ID", labels: "networkInterface IDs",
		notFound: "InvalidNetworkInterfaceID.NotFound", malformed: "InvalidNetworkInterfaceId.Malformed",
		tags: func(v *NetworkInterface) *Tags { return &v.Tags },
		filters: map[string]func(*NetworkInterface) []string{
			"network-interface-id":         get(func(v *NetworkInterface) string { return v.ID }),
			"vpc-id":                       get(func(v *NetworkInterface) string { return v.VPCID }),
			"subnet-id":                    get(func(v *NetworkInterface) string { return v.SubnetID }),
			"availability-zone":            get(func(v *NetworkInterface) string { return v.Zone }),
			"availability-zone-id":         get(func(v *NetworkInterface) string { return s.zoneID(v.Zone) }),
			"description":                  get(func(v *NetworkInterface) string { return v.Description }),
			"interface-type":               get(func(v *NetworkInterface) string { return v.Type }),
			"requester-id":                 get(func(v *NetworkInterface) string { return v.RequesterID }),
			"requester-managed":            get(func(v *NetworkInterface) string { return strconv.FormatBool(v.RequesterID != "") }),
			"status":                       get((*NetworkInterface).status),
			"private-ip-address":           (*NetworkInterface).PrivateIPs,
			"addresses.private-ip-address": (*NetworkInterface).PrivateIPs,
			"private-dns-name":             get(func(v *NetworkInterface) string { return v.PrivateDNS }),
			"ipv6-addresses.ipv6-address":  func(v *NetworkInterface) []string { return v.IPv6 },
			"group-id":                     func(v *NetworkInterface) []string { return v.Groups },
			"group-name":                   func(v *NetworkInterface) []string { return s.groupNames(v.Groups) },
			"mac-address":                  get((*NetworkInterface).MAC),
			"source-dest-check":            get(func(v *NetworkInterface) string { return strconv.FormatBool(v.SourceDestCheck) }),
			"owner-id":                     always[NetworkInterface](s.opts.Account),
			"attachment.attachment-id":     attachment(func(a *Attachment) string { return a.ID }),
			"attachment.instance-id":       attachment(func(a *Attachment) string { return a.InstanceID }),
			"attachment.status":            attachment(func(*Attachment) string { return "attached" }),
			"attachment.device-index":      attachment(func(a *Attachment) string { return strconv.Itoa(a.DeviceIndex) }),
			"attachment.instance-owner-id": attachment(func(a *Attachment) string { return s.attachmentOwner(a) }),
			"association.public-ip":        get((*NetworkInterface).publicIP),
			"association.allocation-id":    get(func(v *NetworkInterface) string { return v.Addresses[0].AllocationID }),
		},
	}
}
