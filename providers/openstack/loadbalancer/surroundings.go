// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	servicehelpers "k8s.io/cloud-provider/service/helpers"

	"sigs.k8s.io/cloud-providers/common/provider"
)

// floatingIPs reads the floating IP on the VIP, and the one with the address that is asked for or was shown.
func (l *LoadBalancers) floatingIPs(ctx context.Context, q *question) error {
	a := &q.actual
	if q.same {
		a.Floating, a.Spare = q.known.actual.Floating, q.known.actual.Spare
		return nil
	}
	if a.Balancer != nil && a.Balancer.PortID != "" && isIPv4(a.Balancer.Address) {
		on, err := l.floatingOn(ctx, a.Balancer.PortID)
		if err != nil {
			return err
		}
		a.Floating = on
	}
	for _, ip := range q.otherAddresses() {
		spare, err := l.floatingBy(ctx, "floating_ip_address", ip)
		if err != nil {
			return err
		}
		if spare != nil {
			a.Spare = spare
			break
		}
	}
	return nil
}

// otherAddresses are addresses that a floating IP may have which is not on the VIP.
func (q *question) otherAddresses() []string {
	a := &q.actual
	var all []string
	ask := func(ip string) {
		own := a.Balancer != nil && a.Balancer.Address == ip || a.Floating != nil && a.Floating.Address == ip
		if isIPv4(ip) && !own && !slices.Contains(all, ip) {
			all = append(all, ip)
		}
	}
	switch {
	case a.Removing:
	case q.wanted.Internal:
		return nil
	case q.wanted.Floating.Address != "":
		ask(q.wanted.Floating.Address)
	}
	if a.Floating == nil {
		for _, ip := range a.Published {
			ask(ip)
		}
	}
	return all
}

func isIPv4(text string) bool {
	ip, err := netip.ParseAddr(text)
	return err == nil && ip.Unmap().Is4()
}

// placement finds what a load balancer, or a floating IP, that has to be made needs to know.
func (l *LoadBalancers) placement(ctx context.Context, q *question) error {
	a := &q.actual
	if a.Balancer == nil || a.Balancer.Status == failed {
		if err := l.placeVIP(ctx, q); err != nil {
			return err
		}
	}
	if q.wanted.Group != nil {
		id := q.wanted.MemberSubnet
		if id == "" && a.Balancer != nil {
			id = a.Balancer.SubnetID
		}
		if id = cmp.Or(id, a.Place.VIP); id != "" {
			subnet, err := l.subnet(ctx, id)
			if err != nil {
				return err
			}
			a.Place.MemberSubnet = subnet
		}
	}
	if !needsFloating(q.wanted, *a) {
		return nil
	}
	return l.placeFloating(ctx, q)
}

// placeVIP finds subnets where none are named.
func (l *LoadBalancers) placeVIP(ctx context.Context, q *question) error {
	v, place := q.wanted.VIP, &q.actual.Place
	switch {
	case v.Port != "" || v.Subnet != "" && !v.Both:
		return nil
	case v.From != "":
		if err := l.subnetOfNode(ctx, q); err != nil {
			return err
		}
	case v.Network == "" && v.Subnet == "":
		place.Problem = "no subnet is configured for load balancers and there is no Node whose subnet could be taken; set subnet-id in the cloud-config, or annotation " + subnetID.Key()
		return nil
	}
	network := v.Network
	if network == "" {
		known, err := l.subnet(ctx, cmp.Or(v.Subnet, place.VIP))
		if err != nil {
			return err
		}
		if known != nil {
			network = known.NetworkID
		}
	}
	if q.wanted.Family != "6" && !v.Both || network == "" {
		return nil // Octavia prefers IPv4 by itself
	}
	subnets, err := l.subnetsOf(ctx, network)
	if err != nil {
		return err
	}
	one := firstOf(subnets, q.wanted.Family)
	if v.Subnet == "" && place.VIP == "" {
		if one == "" {
			place.Problem = fmt.Sprintf("network %s has no subnet for IPv%s addresses that can be seen; name another in annotation %s, or a subnet in %s", network, q.wanted.Family, networkID.Key(), subnetID.Key())
			return nil
		}
		place.VIP = one
	}
	if v.Both {
		other := map[string]string{"4": "6", "6": "4"}[q.wanted.Family]
		if place.Second = firstOf(subnets, other); place.Second == "" && v.RequireBoth {
			place.Problem = fmt.Sprintf("spec.ipFamilyPolicy is RequireDualStack, and network %s has no subnet for IPv%s addresses that can be seen; use PreferDualStack", network, other)
		}
	}
	return nil
}

func firstOf(subnets []Subnet, family string) string {
	for _, s := range subnets {
		if fmt.Sprint(s.IPVersion) == family {
			return s.ID
		}
	}
	return ""
}

// subnetOfNode finds the subnet of the first Node's address.
func (l *LoadBalancers) subnetOfNode(ctx context.Context, q *question) error {
	v := q.wanted.VIP
	ports, err := l.serverPorts(ctx, []string{v.From})
	if err != nil {
		return err
	}
	for _, p := range ports {
		for _, ip := range p.FixedIPs {
			if ip.IP == v.FromAddress {
				q.actual.Place.VIP = ip.SubnetID
				return nil
			}
		}
	}
	return fmt.Errorf("no subnet is configured for load balancers, and no port of server %s has its Node's address %s; set subnet-id in the cloud-config", v.From, v.FromAddress)
}

// placeFloating finds the network and the subnets of a floating IP.
func (l *LoadBalancers) placeFloating(ctx context.Context, q *question) error {
	f, place := q.wanted.Floating, &q.actual.Place
	network := f.Network
	if network == "" {
		found, err := l.externalNetwork(ctx)
		if err != nil {
			return err
		}
		if found == "" {
			place.SearchFailed = "no external network with IPv4 addresses can be seen"
			return nil
		}
		network = found
	}
	place.Floating = network
	if f.Subnet != "" {
		subnet, err := l.subnet(ctx, f.Subnet)
		if err != nil {
			return err
		}
		if subnet != nil && subnet.NetworkID != network { // one that cannot be seen may be right
			place.Problem = fmt.Sprintf("floating-subnet-id %s is a subnet of network %s and not of the floating network %s; name a subnet of that", f.Subnet, subnet.NetworkID, network)
		}
		place.Subnets = []string{f.Subnet}
		return nil
	}
	if !f.chosen() || f.Address != "" {
		return nil
	}
	match, err := newSubnetMatch(f.Pattern, f.TagsText)
	if err != nil {
		return nil //nolint:nilerr // told when the Service was read
	}
	subnets, err := l.subnetsOf(ctx, network)
	if err != nil {
		return err
	}
	for _, s := range subnets {
		if s.IPVersion == 4 && match.fits(s.Name, s.Tags) {
			place.Subnets = append(place.Subnets, s.ID)
		}
	}
	if len(place.Subnets) == 0 {
		place.Problem = fmt.Sprintf("none of the %d subnets of the floating network %s that can be seen fits floating-subnet %q and floating-subnet-tags %q", len(subnets), network, f.Pattern, f.TagsText)
	}
	return nil
}

// groups reads the security group of members, and the ports that have it or are to get it.
func (l *LoadBalancers) groups(ctx context.Context, q *question, all *everything) error {
	a := &q.actual
	wanted := q.wanted.Group
	leftover := wanted == nil && !q.known.noGroup && (servicehelpers.HasLBFinalizer(q.in.Service) || len(a.Published) > 0)
	if wanted == nil && !leftover { // a new Service has no group that was left
		l.memory.edit(q.in.Service.UID, func(r *remembered) { r.noGroup = true })
		return nil
	}
	if q.same && wanted != nil {
		a.Group, a.Groups, a.Carriers = q.known.actual.Group, q.known.actual.Groups, q.known.actual.Carriers
	} else if err := l.readGroup(ctx, q, all); err != nil {
		return err
	}
	if wanted == nil || a.Removing {
		return nil
	}
	servers := make([]string, 0, len(wanted.Nodes))
	for _, n := range wanted.Nodes {
		servers = append(servers, n.Server)
	}
	ports, err := l.serverPorts(ctx, servers)
	a.NodePorts = ports
	return err
}

func (l *LoadBalancers) readGroup(ctx context.Context, q *question, all *everything) error {
	a := &q.actual
	name := groupName(q.in.Service)
	if all != nil && len(all.groups[name]) == 0 {
		l.memory.edit(q.in.Service.UID, func(r *remembered) { r.noGroup = true })
		return nil
	}
	found, err := l.groupsNamed(ctx, name)
	if err != nil {
		return err
	}
	a.Groups = len(found)
	if len(found) == 0 {
		l.memory.edit(q.in.Service.UID, func(r *remembered) { r.noGroup = true })
		return nil
	}
	a.Group = &found[0]
	a.Carriers, err = l.carriers(ctx, a.Group.ID)
	return err
}

// certificates checks that the TLS references which are new exist.
func (l *LoadBalancers) certificates(ctx context.Context, q *question) error {
	if !q.wanted.TLSCheck {
		return nil
	}
	refs := map[string]bool{}
	for _, p := range q.wanted.Ports {
		if p.Listener.TLS == "" {
			continue
		}
		if q.actual.Balancer != nil {
			if have := q.actual.Balancer.listener(p.Listener.Protocol, p.Listener.Port); have != nil && have.TLS == p.Listener.TLS {
				continue
			}
		}
		refs[p.Listener.TLS] = true
	}
	for ref := range refs {
		if err := l.certificate(ctx, ref); err != nil {
			return err
		}
	}
	return nil
}

// certificate checks one reference. The last two parts of its path are what counts.
func (l *LoadBalancers) certificate(ctx context.Context, ref string) error {
	parts := strings.Split(ref, "/")
	const least = 2
	if len(parts) < least || !referencePath.MatchString(ref) {
		return provider.UserErrorf("the TLS reference %q does not end in containers/<ID> or secrets/<ID>; name a Barbican container or secret in annotation %s", ref, tlsReference.Key())
	}
	kind, id := parts[len(parts)-2], parts[len(parts)-1]
	return l.keyExists(ctx, kind, id)
}
