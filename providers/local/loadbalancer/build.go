// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
	cloudprovider "k8s.io/cloud-provider"
	servicehelpers "k8s.io/cloud-provider/service/helpers"

	"sigs.k8s.io/cloud-providers/common/annotations"
	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/providers/local/config"
)

// Wanted is the load balancer that a Service asks for.
type Wanted struct {
	Name  string
	Owner api.Owner
	Spec  api.LoadBalancerSpec
	// Warnings are mistakes that do not stand in its way.
	Warnings []string
}

// build returns what a Service asks for, or all that is wrong with it.
func build(in provider.LoadBalancerInput, defaults config.LoadBalancer) (Wanted, error) {
	b := &builder{service: in.Service, defaults: defaults}
	values, err := set.Read(in.Service.Annotations)
	var user *provider.UserError
	if errors.As(err, &user) {
		b.problems = user.Problems
	}
	b.values = values
	w := Wanted{
		Name: cloudprovider.DefaultLoadBalancerName(in.Service),
		Owner: api.Owner{
			Cluster: in.ClusterName, Namespace: in.Service.Namespace, Service: in.Service.Name, UID: string(in.Service.UID),
		},
		Warnings: values.Warnings,
	}
	w.Spec.Addressing = b.addressing()
	w.Spec.Listeners = b.listeners()
	w.Spec.Settings = b.settings()
	w.Spec.Members = b.members(in.Nodes, w.Spec.Addressing.Families)
	if len(b.problems) > 0 {
		return Wanted{}, &provider.UserError{Problems: b.problems}
	}
	return w, nil
}

// builder collects the problems of a Service while its parts are built.
type builder struct {
	service  *v1.Service
	values   annotations.Values
	defaults config.LoadBalancer
	problems []string
}

func (b *builder) problem(format string, args ...any) {
	b.problems = append(b.problems, fmt.Sprintf(format, args...))
}

func (b *builder) addressing() api.Addressing {
	a := api.Addressing{Pool: b.defaults.Pool}
	for _, f := range b.service.Spec.IPFamilies {
		a.Families = append(a.Families, api.Family(f))
	}
	if len(a.Families) == 0 { // an API server always sets them; tests and other callers may not
		a.Families = []api.Family{api.IPv4}
	}
	if pool, ok := poolName.Lookup(b.values); ok {
		a.Pool = pool
	}
	requested, from := addresses.Get(b.values), "annotation "+addresses.Key()
	if len(requested) == 0 && b.service.Spec.LoadBalancerIP != "" {
		from = "spec.loadBalancerIP"
		addr, err := netip.ParseAddr(b.service.Spec.LoadBalancerIP)
		if err != nil {
			b.problem("%s: %q is not an IP address", from, b.service.Spec.LoadBalancerIP)
			return a
		}
		requested = []netip.Addr{addr}
	}
	seen := map[api.Family]bool{}
	for _, addr := range requested {
		family := familyOf(addr)
		switch {
		case !slices.Contains(a.Families, family):
			b.problem("%s: %s is an %s address, and the Service's spec.ipFamilies are %v", from, addr, family, a.Families)
		case seen[family]:
			b.problem("%s: %s is the second %s address; a load balancer has one of each family", from, addr, family)
		}
		seen[family] = true
		a.Requested = append(a.Requested, addr.String())
	}
	return a
}

func (b *builder) listeners() []api.Listener {
	var all []api.Listener
	for _, p := range b.service.Spec.Ports {
		name := fmt.Sprintf("port %d/%s", p.Port, protocolOf(p))
		if protocolOf(p) != v1.ProtocolTCP && protocolOf(p) != v1.ProtocolUDP {
			b.problem("%s: the local cloud balances TCP and UDP only; remove the port", name)
			continue
		}
		if p.NodePort == 0 {
			b.problem("%s has no node port, and the local cloud needs one; set spec.allocateLoadBalancerNodePorts to true", name)
			continue
		}
		all = append(all, api.Listener{Protocol: api.Protocol(protocolOf(p)), Port: int(p.Port), MemberPort: int(p.NodePort)})
	}
	slices.SortFunc(all, compareListeners)
	return all
}

func protocolOf(p v1.ServicePort) v1.Protocol {
	if p.Protocol == "" {
		return v1.ProtocolTCP
	}
	return p.Protocol
}

func (b *builder) settings() api.Settings {
	s := api.Settings{
		HealthCheck:    b.healthCheck(),
		SourceRanges:   b.sourceRanges(),
		ProxyProtocol:  proxyProtocol.Get(b.values),
		IdleTimeout:    b.duration(idleTimeout, b.defaults.IdleTimeout),
		UDPIdleTimeout: b.duration(udpIdleTimeout, udpIdleTimeout.Get(b.values)),
		DrainTimeout:   b.duration(drainTimeout, b.defaults.DrainTimeout),
	}
	if b.service.Spec.SessionAffinity == v1.ServiceAffinityClientIP {
		seconds := v1.DefaultClientIPServiceAffinitySeconds
		if c := b.service.Spec.SessionAffinityConfig; c != nil && c.ClientIP != nil && c.ClientIP.TimeoutSeconds != nil {
			seconds = *c.ClientIP.TimeoutSeconds
		}
		s.Affinity = api.Duration(time.Duration(seconds) * time.Second)
	}
	return s
}

func (b *builder) duration(a *annotations.Annotation[time.Duration], fallback time.Duration) api.Duration {
	if d, ok := a.Lookup(b.values); ok {
		return api.Duration(d)
	}
	return api.Duration(fallback)
}

// healthCheck asks kube-proxy whether the Node serves at all or, with externalTrafficPolicy: Local,
// whether it has endpoints of this Service.
func (b *builder) healthCheck() *api.HealthCheck {
	h := &api.HealthCheck{
		Protocol:           healthCheckProtocol.Get(b.values),
		Port:               b.defaults.HealthCheckPort,
		Path:               "/healthz",
		Interval:           b.duration(healthCheckInterval, b.defaults.HealthCheckInterval),
		Timeout:            api.Duration(healthCheckTimeout.Get(b.values)),
		HealthyThreshold:   healthyThreshold.Get(b.values),
		UnhealthyThreshold: unhealthyThreshold.Get(b.values),
	}
	if path, port := servicehelpers.GetServiceHealthCheckPathPort(b.service); port != 0 {
		h.Protocol, h.Path, h.Port = "http", path, int(port)
		return h
	}
	port, hasPort := healthCheckPort.Lookup(b.values)
	switch h.Protocol {
	case "none":
		return nil
	case "tcp":
		h.Path = ""
		h.Port = b.firstTCPNodePort()
		if h.Port == 0 && !hasPort {
			b.problem("annotation %s: \"tcp\" needs a TCP port, and the Service has none; set %s too, or use \"http\"", healthCheckProtocol.Key(), healthCheckPort.Key())
		}
	}
	if hasPort {
		h.Port = port
	}
	return h
}

func (b *builder) firstTCPNodePort() int {
	for _, p := range b.service.Spec.Ports {
		if protocolOf(p) == v1.ProtocolTCP {
			return int(p.NodePort)
		}
	}
	return 0
}

// sourceRanges returns the networks that may connect, sorted; none when all may.
func (b *builder) sourceRanges() []string {
	if len(b.service.Spec.LoadBalancerSourceRanges) == 0 && b.service.Annotations[sourceRanges.Key()] != "" {
		if _, ok := sourceRanges.Lookup(b.values); !ok {
			return nil // a problem of the annotation, reported already
		}
	}
	nets, err := servicehelpers.GetLoadBalancerSourceRanges(b.service)
	if err != nil {
		b.problem("%v", err)
		return nil
	}
	all := nets.StringSlice()
	slices.Sort(all)
	if slices.Equal(all, []string{"0.0.0.0/0"}) || slices.Equal(all, []string{"0.0.0.0/0", "::/0"}) {
		return nil // the helper's word for "no restriction", of either family
	}
	return all
}

// members are the Nodes that have an internal address of a wanted family; the first of them that fits
// serves all families, since the balancer opens connections of its own.
func (b *builder) members(nodes []*v1.Node, families []api.Family) []api.Member {
	shares := weights.Get(b.values)
	var all []api.Member
	for _, n := range nodes {
		address := internalIP(n, families)
		if address == "" {
			continue
		}
		weight, ok := shares[n.Name]
		if !ok {
			weight = 1
		}
		all = append(all, api.Member{Name: n.Name, Address: address, Weight: weight})
	}
	slices.SortFunc(all, func(a, b api.Member) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func internalIP(n *v1.Node, families []api.Family) string {
	for _, family := range families {
		for _, a := range n.Status.Addresses {
			if addr, err := netip.ParseAddr(a.Address); err == nil && a.Type == v1.NodeInternalIP && familyOf(addr) == family {
				return addr.String()
			}
		}
	}
	return ""
}

func familyOf(a netip.Addr) api.Family {
	if a.Unmap().Is4() {
		return api.IPv4
	}
	return api.IPv6
}
