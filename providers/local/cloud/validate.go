// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cloud

import (
	"net/netip"
	"slices"

	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/providers/local/cloud/pool"
)

// checkLoadBalancer refuses what cannot be carried out. Whether addresses are to be had is not its
// business.
func checkLoadBalancer(lb api.LoadBalancer) error {
	if lb.Name == "" || lb.Owner.Cluster == "" {
		return invalid("a load balancer needs a name and an owner with a cluster")
	}
	for _, check := range []error{
		checkAddressing(lb.Spec.Addressing),
		checkSettings(lb.Spec.Settings),
		checkListeners(lb.Spec.Listeners),
		checkMembers(lb.Spec.Members),
	} {
		if check != nil {
			return check
		}
	}
	return nil
}

func checkAddressing(a api.Addressing) error {
	if len(a.Families) == 0 || len(a.Families) > 2 {
		return invalid("addressing.families must have IPv4, IPv6 or both")
	}
	for i, f := range a.Families {
		if f != api.IPv4 && f != api.IPv6 || slices.Contains(a.Families[:i], f) {
			return invalid("addressing.families: %q is unknown or there twice", f)
		}
	}
	seen := map[api.Family]bool{}
	for _, s := range a.Requested {
		addr, err := netip.ParseAddr(s)
		if err != nil {
			return invalid("addressing.requested: %q is not an IP address", s)
		}
		family := pool.FamilyOf(addr)
		if !slices.Contains(a.Families, family) || seen[family] {
			return invalid("addressing.requested: %s is not of the load balancer's families %v, or the second of its own", s, a.Families)
		}
		seen[family] = true
	}
	return nil
}

func checkSettings(s api.Settings) error {
	for _, cidr := range s.SourceRanges {
		if _, err := netip.ParsePrefix(cidr); err != nil {
			return invalid("settings.sourceRanges: %q is not a CIDR", cidr)
		}
	}
	if !slices.Contains([]string{"", "v1", "v2"}, s.ProxyProtocol) {
		return invalid("settings.proxyProtocol: %q is neither \"v1\" nor \"v2\"", s.ProxyProtocol)
	}
	if s.Affinity < 0 || s.IdleTimeout < 0 || s.UDPIdleTimeout < 0 || s.DrainTimeout < 0 {
		return invalid("settings: times cannot be negative")
	}
	h := s.HealthCheck
	switch {
	case h == nil:
		return nil
	case h.Protocol != "http" && h.Protocol != "tcp":
		return invalid("settings.healthCheck.protocol: %q is neither \"http\" nor \"tcp\"", h.Protocol)
	case !validPort(h.Port):
		return invalid("settings.healthCheck.port: %d is not from 1 to 65535", h.Port)
	case h.Path != "" && h.Path[0] != '/':
		return invalid("settings.healthCheck.path: %q does not begin with a slash", h.Path)
	case h.Interval < 0 || h.Timeout < 0 || h.HealthyThreshold < 0 || h.UnhealthyThreshold < 0:
		return invalid("settings.healthCheck: times and thresholds cannot be negative")
	}
	return nil
}

func checkListeners(listeners []api.Listener) error {
	seen := map[pool.Port]bool{}
	for _, l := range listeners {
		if l.Protocol != api.TCP && l.Protocol != api.UDP {
			return invalid("listeners: protocol %q is neither TCP nor UDP", l.Protocol)
		}
		if !validPort(l.Port) || !validPort(l.MemberPort) {
			return invalid("listeners: port %d with member port %d: ports are from 1 to 65535", l.Port, l.MemberPort)
		}
		key := pool.Port{Protocol: l.Protocol, Port: l.Port}
		if seen[key] {
			return invalid("listeners: port %d/%s is there twice", l.Port, l.Protocol)
		}
		seen[key] = true
	}
	return nil
}

func checkMembers(members []api.Member) error {
	seen := map[string]bool{}
	for _, m := range members {
		if _, err := netip.ParseAddr(m.Address); err != nil {
			return invalid("members: %s: %q is not an IP address", m.Name, m.Address)
		}
		if m.Weight < 0 || m.Weight > 1000 {
			return invalid("members: %s: weight %d is not from 0 to 1000", m.Name, m.Weight)
		}
		if key := m.Name + "/" + m.Address; seen[key] {
			return invalid("members: %s is there twice", m.Name)
		} else {
			seen[key] = true
		}
	}
	return nil
}

func validPort(p int) bool { return p >= 1 && p <= 65535 }
