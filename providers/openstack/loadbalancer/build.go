// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/common/annotations"
	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/openstack/config"
)

// builder makes Wanted of one Service. Values of annotations that cannot be are replaced by their defaults,
// as upstream does, and told; what nobody can make sense of is a mistake.
type builder struct {
	Settings
	in       provider.LoadBalancerInput
	service  *v1.Service
	values   annotations.Values
	class    config.Class
	wanted   Wanted
	backends []backend
	problems []string
}

func (b *builder) problem(format string, args ...any) {
	b.problems = append(b.problems, fmt.Sprintf(format, args...))
}

func (b *builder) warn(format string, args ...any) {
	b.wanted.Warnings = append(b.wanted.Warnings, fmt.Sprintf(format, args...))
}

// build makes what a Service asks for, or says all that is wrong with it.
func build(in provider.LoadBalancerInput, s Settings) (Wanted, error) {
	b := &builder{Settings: s, in: in, service: in.Service}
	b.read()
	name := nameOf(in.ClusterName, in.Service)
	b.wanted.Service, b.wanted.UID = in.Service.Namespace+"/"+in.Service.Name, string(in.Service.UID)
	b.wanted.Name, b.wanted.Description = name, description(in.ClusterName, in.Service)
	b.wanted.Tags = append([]string{name}, balancerTags.Get(b.values)...)
	b.wanted.Given = b.service.Annotations[balancerID.Key()]
	b.wanted.MaxShared, b.wanted.ShareInternal = s.MaxShared, shareable.Get(b.values)
	b.wanted.Serial, b.wanted.Nodes = s.SerialCalls, len(in.Nodes)
	b.wanted.TLSCheck = s.ContainerStore == "barbican"
	b.chooseClass()
	b.octavia()
	b.family()
	b.choose()
	b.place()
	b.floating()
	b.publish()
	b.ranges()
	b.ports(name)
	b.group()
	if len(b.problems) > 0 {
		return b.wanted, &provider.UserError{Problems: b.problems}
	}
	return b.wanted, nil
}

// read reads the annotations.
func (b *builder) read() {
	values, err := Set.Read(b.service.Annotations)
	b.values = values
	b.wanted.Warnings = append(b.wanted.Warnings, values.Warnings...)
	var mistakes *provider.UserError
	if errors.As(err, &mistakes) {
		for _, m := range mistakes.Problems {
			b.warn("%s; the default counts", m)
		}
	}
	if text := b.service.Annotations[method.Key()]; text != "" {
		if _, known := method.Lookup(values); !known {
			b.wanted.MethodRefused = text
		}
	}
}

func (b *builder) chooseClass() {
	name := class.Get(b.values)
	if name == "" {
		return
	}
	c, ok := b.Classes[name]
	if !ok {
		b.problem("annotation %s: there is no class %q; add a section [LoadBalancerClass %q] to the cloud-config, or name another class", class.Key(), name, name)
	}
	b.class = c
}

// octavia takes over what load balancers are made with and keep.
func (b *builder) octavia() {
	b.wanted.Provider = cmp.Or(octavia.Get(b.values), b.Settings.Provider)
	b.wanted.Flavor = cmp.Or(flavorID.Get(b.values), b.FlavorID)
	b.wanted.Zone = cmp.Or(zone.Get(b.values), b.AvailabilityZone)
	b.wanted.Internal = b.Settings.Internal || internal.Get(b.values)
}

func (b *builder) family() {
	families := b.service.Spec.IPFamilies
	if len(families) == 0 {
		return
	}
	b.wanted.Family = "4"
	if families[0] == v1.IPv6Protocol {
		b.wanted.Family = "6"
	}
	policy := b.service.Spec.IPFamilyPolicy
	if dualStack.Get(b.values) && policy != nil && *policy != v1.IPFamilyPolicySingleStack {
		b.wanted.VIP.Both = true
		b.wanted.VIP.RequireBoth = *policy == v1.IPFamilyPolicyRequireDualStack
	}
}

// place finds where the VIP and the members are to be.
func (b *builder) place() {
	vip := &b.wanted.VIP
	network := cmp.Or(networkID.Get(b.values), b.class.Placement.NetworkID, b.Placement.NetworkID)
	subnet := cmp.Or(subnetID.Get(b.values), b.class.Placement.SubnetID, b.Placement.SubnetID)
	b.wanted.MemberSubnet = cmp.Or(memberSubnetID.Get(b.values), b.class.Placement.MemberSubnetID, b.Placement.MemberSubnetID, b.Placement.SubnetID, subnet)
	vip.Port = portID.Get(b.values)
	switch {
	case vip.Port != "":
	case network == "" && subnet == "":
		if node, address := b.firstNode(); node != "" {
			vip.From, vip.FromAddress = node, address
		}
	case b.wanted.Internal:
		vip.Network, vip.Subnet = network, subnet
	default: // a class counts more for external load balancers, and less for internal ones: so it is upstream
		vip.Network = cmp.Or(b.class.Placement.NetworkID, network)
		vip.Subnet = cmp.Or(b.class.Placement.SubnetID, subnet)
	}
	if ip := b.service.Spec.LoadBalancerIP; ip != "" && vip.Port == "" && (b.wanted.Internal || b.wanted.Family == "6") {
		vip.Address = ip
	}
	if ip := b.service.Spec.LoadBalancerIP; ip != "" {
		if _, err := netip.ParseAddr(ip); err != nil {
			b.problem("spec.loadBalancerIP: %q is not an IP address", ip)
		}
	}
}

// firstNode is the Node in whose network the load balancer goes when nothing else is said.
func (b *builder) firstNode() (server, address string) {
	for _, n := range b.in.Nodes {
		id, ok := serverOf(n)
		if a := b.addressOf(n); ok && a != "" {
			return id, a
		}
	}
	return "", ""
}

func (b *builder) floating() {
	f := &b.wanted.Floating
	f.Description = floatingDescription(b.in.ClusterName, b.service)
	f.Keep = keepFloating.Get(b.values)
	f.Address = b.service.Spec.LoadBalancerIP
	f.Published = published(b.service)
	asked, there := b.service.Annotations[floatingNetwork.Key()]
	f.None = there && asked == "" && b.class.Floating.NetworkID == ""
	f.Network = cmp.Or(b.class.Floating.NetworkID, asked, b.Floating.NetworkID)
	own := config.Floating{SubnetID: floatingSubnetID.Get(b.values), Subnet: floatingSubnet.Get(b.values), SubnetTags: floatingSubnetTags.Get(b.values)}
	chosen := b.Floating
	for _, better := range []config.Floating{own, b.class.Floating} {
		if better.SubnetID != "" || better.Subnet != "" || better.SubnetTags != "" {
			chosen = better
		}
	}
	f.Subnet, f.Pattern, f.TagsText = chosen.SubnetID, chosen.Subnet, chosen.SubnetTags
	if f.chosen() {
		if _, err := newSubnetMatch(f.Pattern, f.TagsText); err != nil {
			b.problem("floating-subnet: %v", err)
		}
	}
}

// published are the addresses that a Service has shown.
func published(service *v1.Service) []string {
	var all []string
	for _, i := range service.Status.LoadBalancer.Ingress {
		if i.IP != "" {
			all = append(all, i.IP)
		}
	}
	if a := service.Annotations[address.Key()]; a != "" && !slices.Contains(all, a) {
		all = append(all, a)
	}
	return all
}

func (b *builder) publish() {
	p := &b.wanted.Publish
	p.Hostname = hostname.Get(b.values)
	p.Proxy = proxyProtocol.Get(b.values) != ""
	if p.Proxy && b.IngressHostname {
		p.Suffix = b.IngressHostnameSuffix
	}
}

// ranges finds who may connect.
func (b *builder) ranges() {
	asked := b.service.Spec.LoadBalancerSourceRanges
	from := "spec.loadBalancerSourceRanges"
	if len(asked) == 0 {
		asked, from = sourceRanges.Get(b.values), "annotation "+sourceRanges.Key()
	}
	if len(asked) > 0 {
		ranges, err := annotations.Networks(asked)
		if err != nil {
			b.problem("%s: %v", from, err)
		}
		b.wanted.Ranges, b.wanted.RangesAsked = ranges, true
		return
	}
	b.wanted.Ranges = []string{"0.0.0.0/0"}
	switch {
	case b.wanted.VIP.Both:
		b.wanted.Ranges = []string{"0.0.0.0/0", "::/0"}
	case b.wanted.Family == "6":
		b.wanted.Ranges = []string{"::/0"}
	}
}

func (b *builder) group() {
	if !b.ManageSecurityGroups {
		return
	}
	g := &GroupWanted{Name: groupName(b.service), Description: groupDescription(b.in.ClusterName, b.service), HealthPort: int(b.service.Spec.HealthCheckNodePort)}
	for _, c := range b.backends {
		id, ok := serverOf(c.node)
		if !ok {
			b.warn("node %s has no provider ID of OpenStack, so that its ports do not get the security group", c.node.Name)
			continue
		}
		g.Nodes = append(g.Nodes, NodeWanted{c.node.Name, id, c.address})
	}
	b.wanted.Group = g
}
