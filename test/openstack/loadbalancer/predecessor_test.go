// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sort"
	"strings"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/listeners"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/monitors"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/pools"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/floatingips"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/security/groups"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/security/rules"
	neutronports "github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
	v1 "k8s.io/api/core/v1"
)

// predecessor makes what the programs before this one left in OpenStack, by their sequences of calls as the
// specification has them. It shares no code with the provider.
type predecessor struct {
	w            *world
	lb, net      *gophercloud.ServiceClient
	inTree       bool
	options      map[string]string // keys of [LoadBalancer]
	service      *v1.Service
	name         string
	balancer     *loadbalancers.LoadBalancer
	memberSubnet string
}

func (w *world) predecessor(inTree bool, config string, s *v1.Service) *predecessor {
	w.t.Helper()
	lb, err := w.region.LoadBalancer(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	net, err := w.region.Network(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	p := &predecessor{w: w, lb: lb, net: net, inTree: inTree, options: map[string]string{}, service: s, memberSubnet: w.cluster.Subnets[0].ID}
	for line := range strings.SplitSeq(config, "\n") {
		if key, value, ok := strings.Cut(line, "="); ok {
			p.options[key] = value
		}
	}
	p.name = "kube_service_" + clusterName + "_" + s.Namespace + "_" + s.Name
	if inTree {
		p.name = ("a" + strings.ReplaceAll(string(s.UID), "-", ""))[:32]
	}
	return p
}

func (p *predecessor) annotation(key string) string {
	return p.service.Annotations["loadbalancer.openstack.org/"+key]
}

func (p *predecessor) check(err error) {
	p.w.t.Helper()
	if err != nil {
		p.w.t.Fatal(err)
	}
}

func (p *predecessor) wait() { p.w.cloud.Octavia.Settle() }

// ensure makes everything, and publishes it.
func (p *predecessor) ensure() {
	p.w.t.Helper()
	ctx := p.w.t.Context()
	o := loadbalancers.CreateOpts{
		Name: p.name, Provider: first(p.options["lb-provider"], "amphora"), VipSubnetID: p.w.cluster.Subnets[0].ID,
		Description: fmt.Sprintf("Kubernetes external service %s/%s from cluster %s", p.service.Namespace, p.service.Name, clusterName), Tags: []string{p.name},
	}
	serial := p.options["provider-requires-serial-api-calls"] == "true"
	if p.inTree {
		o.Description, o.Tags = "Kubernetes external service "+p.name, nil
	} else {
		o.Tags = append(o.Tags, split(p.annotation("load-balancer-tags"))...)
	}
	if !serial && !p.inTree {
		for i, port := range p.service.Spec.Ports {
			o.Listeners = append(o.Listeners, p.tree(i, port))
		}
	}
	var err error
	p.balancer, err = loadbalancers.Create(ctx, p.lb, o).Extract()
	p.check(err)
	p.wait()
	if serial || p.inTree {
		for i, port := range p.service.Spec.Ports {
			p.oneByOne(i, port)
		}
	}
	hold(p.service)
	address := p.balancer.VipAddress
	if p.service.Annotations[internalKey] != "true" {
		address = p.floatingIP()
	}
	if p.options["manage-security-groups"] == "true" {
		p.securityGroup()
	}
	if !p.inTree {
		p.service.Annotations["loadbalancer.openstack.org/load-balancer-id"] = p.balancer.ID
		p.service.Annotations["loadbalancer.openstack.org/load-balancer-address"] = address
	}
	p.service.Status.LoadBalancer.Ingress = []v1.LoadBalancerIngress{{IP: address}}
	if h := p.annotation("hostname"); h != "" {
		p.service.Status.LoadBalancer.Ingress = []v1.LoadBalancerIngress{{Hostname: h}}
	}
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

func (p *predecessor) protocols(port v1.ServicePort) (listener, pool string) {
	listener, pool = string(port.Protocol), string(port.Protocol)
	if listener != "TCP" {
		return listener, pool
	}
	if p.annotation("x-forwarded-for") == "true" {
		listener, pool = "HTTP", "HTTP"
	}
	switch p.annotation("proxy-protocol") {
	case "true", "v1":
		pool = "PROXY"
	case "v2":
		pool = "PROXYV2"
	}
	return listener, pool
}

func (p *predecessor) listener(i int, port v1.ServicePort) listeners.CreateOpts {
	number := func(key string, fallback int) *int {
		n := fallback
		if text := p.annotation(key); text != "" {
			_, err := fmt.Sscan(text, &n)
			p.check(err)
		}
		return &n
	}
	protocol, _ := p.protocols(port)
	o := listeners.CreateOpts{Name: fmt.Sprintf("listener_%d_%s", i, p.name), Protocol: listeners.Protocol(protocol), ProtocolPort: int(port.Port), ConnLimit: number("connection-limit", -1)}
	if p.inTree {
		o.Name = fmt.Sprintf("listener_%s_%d", p.name, i)
		return o
	}
	o.Tags = append([]string{p.name}, split(p.annotation("listener-tags"))...)
	if protocol == "HTTP" {
		o.InsertHeaders = map[string]string{"X-Forwarded-For": "true"}
	}
	if p.options["lb-provider"] != "ovn" {
		o.TimeoutClientData, o.TimeoutMemberConnect = number("timeout-client-data", 50000), number("timeout-member-connect", 5000)
		o.TimeoutMemberData, o.TimeoutTCPInspect = number("timeout-member-data", 50000), number("timeout-tcp-inspect", 0)
		o.AllowedCIDRs = p.ranges()
	}
	return o
}

func (p *predecessor) ranges() []string {
	if len(p.service.Spec.LoadBalancerSourceRanges) == 0 {
		return []string{"0.0.0.0/0"}
	}
	var all []string
	for _, r := range p.service.Spec.LoadBalancerSourceRanges {
		all = append(all, netip.MustParsePrefix(r).Masked().String())
	}
	sort.Strings(all)
	return all
}

func (p *predecessor) pool(i int, port v1.ServicePort) pools.CreateOpts {
	_, protocol := p.protocols(port)
	method := first(p.annotation("lb-method"), "ROUND_ROBIN")
	if p.options["lb-provider"] == "ovn" {
		method = "SOURCE_IP_PORT"
	}
	o := pools.CreateOpts{Name: fmt.Sprintf("pool_%d_%s", i, p.name), Protocol: pools.Protocol(protocol), LBMethod: pools.LBMethod(method), Tags: split(p.annotation("pool-tags"))}
	if p.inTree {
		o.Name = fmt.Sprintf("pool_%s_%d", p.name, i)
	}
	if p.service.Spec.SessionAffinity == v1.ServiceAffinityClientIP {
		o.Persistence = &pools.SessionPersistence{Type: "SOURCE_IP"}
	}
	return o
}

// monitor is nil where there is none.
func (p *predecessor) monitor(i int, port v1.ServicePort) *monitors.CreateOpts {
	on := first(p.annotation("enable-health-monitor"), p.options["create-monitor"])
	if on != "true" {
		return nil
	}
	o := &monitors.CreateOpts{Name: fmt.Sprintf("monitor_%d_%s", i, p.name), Type: map[v1.Protocol]string{"TCP": "TCP", "UDP": "UDP-CONNECT", "SCTP": "SCTP"}[port.Protocol], Delay: 5, Timeout: 3, MaxRetries: 1, MaxRetriesDown: 3}
	if p.inTree {
		o.Name = fmt.Sprintf("monitor_%s_%d", p.name, i)
	}
	for key, n := range map[string]*int{"health-monitor-delay": &o.Delay, "health-monitor-max-retries-down": &o.MaxRetriesDown} {
		if text := p.annotation(key); text != "" {
			_, err := fmt.Sscan(text, n)
			p.check(err)
		}
	}
	if port.Protocol == "UDP" {
		o.Delay = max(o.Delay, 3) // less is refused
	}
	if p.healthPort() != nil {
		o.Type, o.URLPath, o.HTTPMethod, o.ExpectedCodes = "HTTP", "/healthz", "GET", "200"
	}
	return o
}

// healthPort is where members are checked over HTTP, nil elsewhere.
func (p *predecessor) healthPort() *int {
	if p.inTree || p.service.Spec.ExternalTrafficPolicy != v1.ServiceExternalTrafficPolicyLocal || first(p.annotation("enable-health-monitor"), p.options["create-monitor"]) != "true" {
		return nil
	}
	n := int(p.service.Spec.HealthCheckNodePort)
	return &n
}

func (p *predecessor) nodes() []*v1.Node {
	label, value, _ := strings.Cut(p.annotation("node-selector"), "=")
	return slices.DeleteFunc(slices.Clone(p.w.nodes), func(n *v1.Node) bool { return label != "" && n.Labels[label] != value })
}

func nodeAddress(n *v1.Node) string { return n.Status.Addresses[0].Address }

// tree is a listener with everything below it.
func (p *predecessor) tree(i int, port v1.ServicePort) listeners.CreateOpts {
	pool := p.pool(i, port)
	for _, n := range p.nodes() {
		pool.Members = append(pool.Members, pools.CreateMemberOpts{Name: n.Name, Address: nodeAddress(n), ProtocolPort: int(port.NodePort), SubnetID: p.memberSubnet, MonitorPort: p.healthPort()})
	}
	if m := p.monitor(i, port); m != nil {
		pool.Monitor = *m
	}
	l := p.listener(i, port)
	l.DefaultPool = &pool
	return l
}

// oneByOne makes one port with a call for each part.
func (p *predecessor) oneByOne(i int, port v1.ServicePort) {
	ctx := p.w.t.Context()
	l := p.listener(i, port)
	l.LoadbalancerID = p.balancer.ID
	listener, err := listeners.Create(ctx, p.lb, l).Extract()
	p.check(err)
	p.wait()
	o := p.pool(i, port)
	o.ListenerID = listener.ID
	pool, err := pools.Create(ctx, p.lb, o).Extract()
	p.check(err)
	p.wait()
	for _, n := range p.nodes() {
		name, subnet := fmt.Sprintf("member_%s_%s_%d", n.Name, nodeAddress(n), port.NodePort), ""
		if p.inTree {
			name, subnet = fmt.Sprintf("member_%s_%d_%s", p.name, i, n.Name), p.memberSubnet
		}
		_, err := pools.CreateMember(ctx, p.lb, pool.ID, pools.CreateMemberOpts{Name: name, Address: nodeAddress(n), ProtocolPort: int(port.NodePort), SubnetID: subnet}).Extract()
		p.check(err)
		p.wait()
	}
	if m := p.monitor(i, port); m != nil {
		m.PoolID = pool.ID
		_, err := monitors.Create(ctx, p.lb, *m).Extract()
		p.check(err)
		p.wait()
	}
}

func (p *predecessor) floatingIP() string {
	o := floatingips.CreateOpts{FloatingNetworkID: p.w.cluster.External.ID, PortID: p.balancer.VipPortID,
		Description: fmt.Sprintf("Floating IP for Kubernetes external service %s/%s from cluster %s", p.service.Namespace, p.service.Name, clusterName)}
	if p.inTree {
		o.Description = ""
	}
	ip, err := floatingips.Create(p.w.t.Context(), p.net, o).Extract()
	p.check(err)
	return ip.FloatingIP
}

// securityGroup makes the group, its rules one by one, and puts it on the members' ports.
func (p *predecessor) securityGroup() {
	ctx := p.w.t.Context()
	s := p.service
	g, err := groups.Create(ctx, p.net, groups.CreateOpts{Name: fmt.Sprintf("lb-sg-%s-%s-%s", s.UID, s.Namespace, s.Name), Description: fmt.Sprintf("Security Group for %s/%s Service LoadBalancer in cluster %s", s.Namespace, s.Name, clusterName)}).Extract()
	p.check(err)
	rule := func(protocol string, port int, prefix string) {
		_, err := rules.Create(ctx, p.net, rules.CreateOpts{Direction: "ingress", EtherType: "IPv4", SecGroupID: g.ID, PortRangeMin: port, PortRangeMax: port, Protocol: rules.RuleProtocol(strings.ToLower(protocol)), RemoteIPPrefix: prefix}).Extract()
		p.check(err)
	}
	subnet := p.w.cluster.Subnets[0].CIDR
	for _, port := range s.Spec.Ports {
		from := []string{subnet}
		if p.options["lb-provider"] == "ovn" {
			from = p.ranges()
		}
		for _, cidr := range from {
			rule(string(port.Protocol), int(port.NodePort), cidr)
		}
	}
	if s.Spec.HealthCheckNodePort != 0 {
		rule("tcp", int(s.Spec.HealthCheckNodePort), subnet)
	}
	for _, r := range g.Rules {
		p.check(rules.Delete(ctx, p.net, r.ID).ExtractErr())
	}
	for _, n := range p.nodes() {
		p.addToPorts(ctx, n, g.ID)
	}
}

func (p *predecessor) addToPorts(ctx context.Context, n *v1.Node, group string) {
	pages, err := neutronports.List(p.net, neutronports.ListOpts{DeviceID: strings.TrimPrefix(n.Spec.ProviderID, "openstack:///")}).AllPages(ctx)
	p.check(err)
	all, err := neutronports.ExtractPorts(pages)
	p.check(err)
	for _, port := range all {
		list := append(slices.Clone(port.SecurityGroups), group)
		_, err := neutronports.Update(ctx, p.net, port.ID, neutronports.UpdateOpts{SecurityGroups: &list}).Extract()
		p.check(err)
	}
}
