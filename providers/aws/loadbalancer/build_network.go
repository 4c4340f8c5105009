// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	v1 "k8s.io/api/core/v1"
)

// The health checks of target groups, by traffic policy.
var (
	clusterHealth = Health{Protocol: "TCP", Port: trafficPort, Interval: 30, Healthy: 3, Unhealthy: 3}
	localHealth   = Health{Protocol: "HTTP", Path: localHealthPath, Interval: 10, Healthy: 2, Unhealthy: 2}
)

// The attributes of network load balancers that are kept as they are wanted.
const (
	attributeCrossZone  = "load_balancing.cross_zone.enabled"
	attributeLogEnabled = "access_logs.s3.enabled"
	attributeLogBucket  = "access_logs.s3.bucket"
	attributeLogPrefix  = "access_logs.s3.prefix"
)

func (b *builder) network(ports []v1.ServicePort) {
	n := &NetworkWanted{Allocations: eipAllocations.Get(b.values), Addresses: privateAddresses.Get(b.values)}
	b.wanted.Network = n
	if _, there := b.service.Annotations[extraGroups.Key()]; there {
		b.problem("annotation %s is for Classic load balancers: remove it; network load balancers take %s with NLBSecurityGroupMode=Managed", extraGroups.Key(), securityGroups.Key())
	}
	attributes := groupAttributes.Get(b.values)
	if attributes[preserveClientIP] == "false" && slices.ContainsFunc(ports, func(p v1.ServicePort) bool { return p.Protocol == v1.ProtocolUDP }) {
		b.problem("annotation %s: %s=false is not possible with UDP ports", groupAttributes.Key(), preserveClientIP)
	}
	n.Listeners = b.networkListeners(ports, attributes)
	n.Attributes = b.networkAttributes()
	n.AddressType = b.networkAddressType()
	b.pairing()
	n.Rules = b.nodeRules(attributes[preserveClientIP] == "false")
	b.networkGroups(ports)
}

func (b *builder) networkGroups(ports []v1.ServicePort) {
	g := &b.wanted.Groups
	managed := &ManagedGroup{Name: networkGroup(b.in.ClusterName, b.service), Description: networkGroupDescription,
		Rules: b.managedRules(ports), Tags: b.managedTags()}
	switch given := securityGroups.Get(b.values); {
	case !b.ManageNetworkGroups:
		g.Former = managed
	case len(given) > 0:
		g.Given = given
	default:
		g.Managed = managed
	}
}

// pairing checks what goes with the subnets by position, as far as their number is known.
func (b *builder) pairing() {
	n := b.wanted.Network
	for _, list := range []struct {
		key   string
		items []string
	}{{eipAllocations.Key(), n.Allocations}, {privateAddresses.Key(), n.Addresses}} {
		if len(list.items) > 0 && len(b.wanted.Subnets) > 0 && len(list.items) != len(b.wanted.Subnets) {
			b.problem("annotation %s: Must have same number of items and subnets, and there are %d and %d", list.key, len(list.items), len(b.wanted.Subnets))
		}
	}
	if len(n.Allocations) > 0 && len(n.Addresses) > 0 {
		b.problem("annotations %s and %s exclude each other", eipAllocations.Key(), privateAddresses.Key())
	}
	if len(n.Allocations) > 0 && b.wanted.Internal {
		b.problem("annotation %s: an internal load balancer has no Elastic IP addresses; use %s", eipAllocations.Key(), privateAddresses.Key())
	}
	if len(n.Addresses) > 0 && !b.wanted.Internal {
		b.problem("annotation %s: only an internal load balancer takes private addresses; add %s, or use %s", privateAddresses.Key(), internal.Key(), eipAllocations.Key())
	}
}

func (b *builder) networkAddressType() string {
	policy := b.service.Spec.IPFamilyPolicy
	switch t := addressType.Get(b.values); {
	case t != "auto":
		return t
	case policy != nil && *policy == v1.IPFamilyPolicyRequireDualStack:
		return "require"
	case policy != nil && *policy == v1.IPFamilyPolicyPreferDualStack:
		return "prefer"
	}
	return "ipv4"
}

func (b *builder) networkAttributes() map[string]string {
	enabled := accessLogEnabled.Get(b.values)
	a := map[string]string{
		attributeCrossZone:  strconv.FormatBool(crossZone.Get(b.values)),
		attributeLogEnabled: strconv.FormatBool(enabled),
	}
	if !enabled {
		return a
	}
	if accessLogBucket.Get(b.values) == "" {
		b.problem("annotation %s is true, and no bucket is named; add annotation %s", accessLogEnabled.Key(), accessLogBucket.Key())
	}
	a[attributeLogBucket] = accessLogBucket.Get(b.values)
	a[attributeLogPrefix] = accessLogPrefix.Get(b.values)
	return a
}

// networkListeners makes one listener of each port, and one of a TCP and a UDP port that coincide.
func (b *builder) networkListeners(ports []v1.ServicePort, attributes map[string]string) []ListenerWanted {
	health := b.networkHealth()
	var all []ListenerWanted
	for _, p := range ports {
		protocol, target := string(p.Protocol), string(p.Protocol)
		twin := slices.ContainsFunc(ports, func(o v1.ServicePort) bool {
			return o.Port == p.Port && o.NodePort == p.NodePort && o.Protocol != p.Protocol
		})
		l := ListenerWanted{Port: p.Port}
		clash := slices.ContainsFunc(ports, func(o v1.ServicePort) bool {
			return o.Port == p.Port && o.NodePort != p.NodePort && o.Protocol != p.Protocol
		})
		if clash && p.Protocol == v1.ProtocolTCP {
			b.problem("port %d is there for TCP and for UDP with different node ports; give both the same spec.ports[].nodePort, so that one TCP_UDP listener can serve them", p.Port)
		}
		switch {
		case twin && p.Protocol == v1.ProtocolUDP:
			continue // served by the TCP port's listener
		case twin:
			protocol, target = "TCP_UDP", "TCP_UDP"
		case p.Protocol == v1.ProtocolTCP && b.secured(p):
			protocol = "TLS"
			l.Certificate, l.Policy = sslCert.Get(b.values), sslPolicy.Get(b.values)
			if backendProtocol.Get(b.values) == "ssl" {
				target = "TLS"
			}
		}
		l.Protocol = protocol
		l.Group = TargetGroupWanted{
			Protocol: target, NodePort: p.NodePort, Health: health, Attributes: maps.Clone(attributes),
			Name: targetGroup(b.Cluster.ID, b.service, groupKey{p.Port, p.NodePort, target, health.Protocol, health.Interval}),
		}
		all = append(all, l)
	}
	return all
}

// networkHealth is the same for all target groups of a Service.
func (b *builder) networkHealth() Health {
	h := clusterHealth
	if b.localHealthCheck() {
		h = localHealth
		h.Port = strconv.Itoa(int(b.service.Spec.HealthCheckNodePort))
	}
	if p := healthProtocol.Get(b.values); p != "" {
		h.Protocol = strings.ToUpper(p)
	} else if _, there := healthProtocol.Lookup(b.values); there {
		b.problem("annotation %s is empty; use tcp, http or https, or remove it", healthProtocol.Key())
	}
	switch h.Protocol {
	case "HTTP", "HTTPS":
		h.Path = cmp.Or(healthPath.Get(b.values), h.Path, "/")
	case "TCP":
		h.Path = ""
	default:
		b.problem("annotation %s: %q is not a protocol of health checks; use tcp, http or https", healthProtocol.Key(), healthProtocol.Get(b.values))
	}
	h.Port = cmp.Or(healthPort.Get(b.values), h.Port)
	if b.Shared && b.service.Spec.ExternalTrafficPolicy != v1.ServiceExternalTrafficPolicyLocal {
		// Over the annotations too, unlike with Classic load balancers: so it has always been.
		h.Protocol, h.Port, h.Path = "HTTP", strconv.Itoa(int(b.SharedPort)), b.SharedPath
	}
	h.Interval = numberOr(healthInterval.Get(b.values), h.Interval)
	h.Timeout = numberOr(healthTimeout.Get(b.values), 0)
	h.Healthy = numberOr(healthyThreshold.Get(b.values), h.Healthy)
	h.Unhealthy = numberOr(unhealthyThreshold.Get(b.values), h.Unhealthy)
	return h
}

// nodeRules collects the ports that nodes have to open.
func (b *builder) nodeRules(viaSubnets bool) NodeRules {
	// Who lets everybody in lets the load balancer in.
	r := NodeRules{ViaSubnets: viaSubnets && !slices.Contains(b.wanted.Ranges, "0.0.0.0/0")}
	udp := slices.ContainsFunc(b.wanted.Network.Listeners, func(l ListenerWanted) bool { return strings.Contains(l.Protocol, "UDP") })
	for _, l := range b.wanted.Network.Listeners {
		switch {
		case l.Protocol == "TCP_UDP":
			r.Client = append(r.Client, PortRange{"tcp", l.Group.NodePort}, PortRange{"udp", l.Group.NodePort})
		case l.Protocol == "UDP":
			r.Client = append(r.Client, PortRange{"udp", l.Group.NodePort})
		case udp && !mixedProtocols.Get(b.values):
			r.Client = append(r.Client, PortRange{"udp", l.Group.NodePort})
		default:
			r.Client = append(r.Client, PortRange{"tcp", l.Group.NodePort})
		}
		port := l.Group.NodePort
		if n, err := strconv.ParseInt(l.Group.Health.Port, 10, 32); err == nil {
			port = int32(n)
		}
		if p := (PortRange{"tcp", port}); !slices.Contains(r.Health, p) {
			r.Health = append(r.Health, p)
		}
	}
	return r
}
