// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"cmp"
	"net/netip"
	"strings"

	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/providers/openstack/config"
	"sigs.k8s.io/cloud-providers/providers/openstack/ids"
)

// The protocols of listeners and pools.
const (
	tcp             = "TCP"
	udp             = "UDP"
	sctp            = "SCTP"
	httpProtocol    = "HTTP"
	terminatedHTTPS = "TERMINATED_HTTPS"
	proxyV1         = "PROXY"
	proxyV2         = "PROXYV2"
	sourceIP        = "SOURCE_IP"
)

// ports makes the listeners with all below them.
func (b *builder) ports(name string) {
	if len(b.service.Spec.Ports) == 0 {
		b.problem("the Service has no ports; add one to spec.ports")
		return
	}
	headers := b.headers()
	if len(headers) > 0 && proxyProtocol.Get(b.values) != "" {
		b.problem("annotations %s and %s exclude each other: headers can only be put into HTTP requests; remove one", forwardedFor.Key(), proxyProtocol.Key())
	}
	for i, p := range b.service.Spec.Ports {
		protocol := p.Protocol
		if protocol == "" {
			protocol = v1.ProtocolTCP
		}
		port := Port{Index: i, NodePort: int(p.NodePort), Protocol: string(protocol)}
		port.Listener = b.listener(name, i, p, string(protocol), headers)
		port.Pool = b.pool(name, i, port.Listener.Protocol)
		port.Monitor = b.monitor(name, i, string(protocol))
		port.Members = b.membersOf(p)
		b.wanted.Ports = append(b.wanted.Ports, port)
	}
}

func (b *builder) headers() map[string]string {
	headers := map[string]string{}
	for header, on := range map[string]bool{
		"X-Forwarded-For": forwardedFor.Get(b.values), "X-Forwarded-Port": forwardedPort.Get(b.values), "X-Forwarded-Proto": forwardedProto.Get(b.values),
	} {
		if on {
			headers[header] = "true"
		}
	}
	return headers
}

// tls is the reference of the certificate, or empty.
func (b *builder) tls() string {
	if text, ok := b.service.Annotations[tlsReference.Key()]; ok {
		return strings.TrimSpace(text)
	}
	return b.TLSContainerRef
}

func (b *builder) listener(name string, index int, p v1.ServicePort, protocol string, headers map[string]string) Listener {
	l := Listener{
		Name: listenerName(index, name), Protocol: protocol, Port: int(p.Port),
		ConnectionLimit: connectionLimit.Get(b.values),
		Timeouts:        Timeouts{clientTimeout.Get(b.values), connectTimeout.Get(b.values), memberTimeout.Get(b.values), inspectTimeout.Get(b.values)},
		Headers:         map[string]string{},
		CIDRs:           b.wanted.Ranges,
		Tags:            append([]string{name}, listenerTags.Get(b.values)...),
	}
	if protocol != tcp { // what follows is for TCP
		return l
	}
	if len(headers) > 0 {
		l.Protocol, l.Headers = httpProtocol, headers
	}
	if ref := b.tls(); ref != "" {
		l.Protocol, l.TLS = terminatedHTTPS, ref
	}
	return l
}

func (b *builder) pool(name string, index int, listener string) Pool {
	p := Pool{Name: poolName(index, name), Protocol: listener, Method: cmp.Or(method.Get(b.values), b.algorithm()), Tags: poolTags.Get(b.values)}
	if listener == terminatedHTTPS {
		p.Protocol = httpProtocol
	}
	if listener != udp && listener != sctp {
		switch proxyProtocol.Get(b.values) {
		case "v1":
			p.Protocol = proxyV1
		case "v2":
			p.Protocol = proxyV2
		}
	}
	if b.service.Spec.SessionAffinity == v1.ServiceAffinityClientIP {
		p.Persistence = sourceIP
	}
	return p
}

// algorithm is the configured one, unless the Service has an Octavia provider of its own that it does not
// suit: what only ovn has, and has alone.
func (b *builder) algorithm() string {
	own := octavia.Get(b.values)
	if own == ovn || own != "" && b.Method == config.DefaultMethod(ovn) {
		return config.DefaultMethod(own)
	}
	return b.Method
}

// leastUDPDelay is what Octavia wants between two checks of UDP.
const leastUDPDelay = 3

func (b *builder) monitor(name string, index int, protocol string) *Monitor {
	on, asked := monitorOn.Lookup(b.values)
	if !asked {
		on = b.Monitor.Create
	}
	if !on {
		if b.local() && index == 0 {
			b.warn("spec.externalTrafficPolicy is Local and there is no health monitor, so that Nodes without endpoints get traffic, which they drop; set annotation %s=true, or create-monitor=true in the cloud-config", monitorOn.Key())
		}
		return nil
	}
	number := func(value int, ok bool, fallback int) int {
		if ok {
			return value
		}
		return fallback
	}
	m := &Monitor{Name: monitorName(index, name), Type: map[string]string{tcp: "TCP", udp: "UDP-CONNECT", sctp: "SCTP"}[protocol]}
	delay, ok := monitorDelay.Lookup(b.values)
	m.Delay = number(delay, ok, b.Monitor.Delay)
	timeout, ok := monitorTimeout.Lookup(b.values)
	m.Timeout = number(timeout, ok, b.Monitor.Timeout)
	retries, ok := monitorRetries.Lookup(b.values)
	m.Retries = number(retries, ok, b.Monitor.MaxRetries)
	failures, ok := monitorFailures.Lookup(b.values)
	m.Failures = number(failures, ok, b.Monitor.MaxRetriesDown)
	if b.local() {
		m.HealthPort = int(b.service.Spec.HealthCheckNodePort)
	}
	return m
}

// local reports whether only Nodes with endpoints take traffic.
func (b *builder) local() bool {
	return b.service.Spec.ExternalTrafficPolicy == v1.ServiceExternalTrafficPolicyLocal
}

// backend is a Node that the Service wants, with its address as a member.
type backend struct {
	node    *v1.Node
	address string
}

// choose finds the Nodes that the Service wants, in their order.
func (b *builder) choose() {
	wanted, asked := nodeSelector.Lookup(b.values)
	if !asked {
		wanted = b.NodeSelector
	}
	owner := map[string]string{}
	for _, n := range b.in.Nodes {
		if !selected(n, wanted) {
			continue
		}
		a := b.addressOf(n)
		other, taken := owner[a]
		switch {
		case a == "":
			b.warn("node %s has no usable address, and is left out", n.Name)
		case taken: // a member that is there twice would keep Octavia at work for ever
			b.warn("nodes %s and %s have the same address %s, so that the latter is left out", other, n.Name, a)
		default:
			owner[a] = n.Name
			b.backends = append(b.backends, backend{n, a})
		}
	}
}

// selected reports whether a Node has all of some labels; without a value a label only has to be there.
func selected(n *v1.Node, wanted map[string]string) bool {
	for label, value := range wanted {
		if have, there := n.Labels[label]; !there || value != "" && have != value {
			return false
		}
	}
	return true
}

// membersOf are the members of one port.
func (b *builder) membersOf(p v1.ServicePort) []Member {
	if p.NodePort == 0 {
		return nil
	}
	var members []Member
	for _, c := range b.backends {
		members = append(members, Member{Name: c.node.Name, Address: c.address, Port: int(p.NodePort)})
	}
	return members
}

// addressOf is a Node's address as a member: of the preferred family, internal rather than external.
func (b *builder) addressOf(n *v1.Node) string {
	types := []v1.NodeAddressType{v1.NodeInternalIP, v1.NodeExternalIP}
	if t := nodeAddress.Get(b.values); t != "" {
		types = []v1.NodeAddressType{v1.NodeAddressType(t)}
	}
	for _, t := range types {
		for _, a := range n.Status.Addresses {
			if a.Type == t && familyFits(a.Address, b.wanted.Family) {
				return a.Address
			}
		}
	}
	return ""
}

func familyFits(address, family string) bool {
	ip, err := netip.ParseAddr(address)
	return err == nil && (family == "" || family == familyOf(ip))
}

func familyOf(ip netip.Addr) string {
	if ip.Unmap().Is4() {
		return "4"
	}
	return "6"
}

// serverOf is the server of a Node.
func serverOf(n *v1.Node) (string, bool) {
	id, ok := ids.OfNode(n)
	return id.Server, ok
}
