// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"slices"

	"sigs.k8s.io/cloud-providers/providers/openstack/client"
)

// The minor versions of Octavia's API that brought features.
const (
	withTimeouts    = 1
	withTags        = 5
	withFlavors     = 6
	withCIDRs       = 12
	withZones       = 14
	withUDPMonitors = 16
	withProxyV2     = 22
	withSCTP        = 23
	withSecondVIPs  = 26
	ovn             = "ovn"
	healthPath      = "/healthz"
	healthMethod    = "GET"
	healthCodes     = "200"
	noticeZones     = "LoadBalancerAvailabilityZonesIgnored"
	noticeRanges    = "LoadBalancerSourceRangesIgnored"
	noticeMethod    = "LoadBalancerLbMethodUnknown"
	noticeInternal  = "LoadBalancerForcedInternal"
	noticeSearch    = "LoadBalancerExternalNetworkSearchFailed"
	noticeSkipped   = "LoadBalancerFloatingIPSkipped"
	noticeRename    = "LoadBalancerRename"
	noticeFailed    = "LoadBalancerFailed"
	noticeSecond    = "LoadBalancerSingleStack"
	noticeAddress   = "LoadBalancerIPIgnored"
)

// features is what an Octavia and a provider can do.
type features struct {
	timeouts, tags, flavors, cidrs, zones, udpMonitors, proxyV2, sctp, secondVIPs, http bool
}

func featuresOf(v client.Version, provider string) features {
	isOVN := provider == ovn
	return features{
		timeouts: v.Has(withTimeouts) && !isOVN, tags: v.Has(withTags), flavors: v.Has(withFlavors) && !isOVN,
		cidrs: v.Has(withCIDRs) && !isOVN, zones: v.Has(withZones) && !isOVN, udpMonitors: v.Has(withUDPMonitors) && !isOVN,
		proxyV2: v.Has(withProxyV2) && !isOVN, sctp: v.Has(withSCTP), secondVIPs: v.Has(withSecondVIPs), http: !isOVN,
	}
}

// within returns what is possible of what is wanted, with sentences about what is not. It is a mistake to
// ask for what must not silently be left out.
func (w Wanted) within(f features) (Wanted, []string) {
	var problems []string
	if !f.tags {
		w.Tags = nil
	}
	if !f.flavors {
		w.Flavor = ""
	}
	if !f.zones {
		w.Zone = ""
	}
	if w.VIP.Both && !f.secondVIPs {
		if w.VIP.RequireBoth {
			problems = append(problems, "spec.ipFamilyPolicy is RequireDualStack, and this Octavia has no second VIPs (they came with v2.26); use PreferDualStack")
		}
		w.VIP.Both = false
	}
	w.Ports = slices.Clone(w.Ports)
	for i := range w.Ports {
		p := &w.Ports[i]
		if !f.timeouts {
			p.Listener.Timeouts = Timeouts{}
		}
		if !f.tags {
			p.Listener.Tags, p.Pool.Tags = nil, nil
		}
		if !f.cidrs {
			p.Listener.CIDRs = nil
		}
		if p.Protocol == sctp && !f.sctp {
			problems = append(problems, "port protocol SCTP is not supported by this Octavia (it came with v2.23); use TCP or UDP")
		}
		if p.Pool.Protocol == proxyV2 && !f.proxyV2 {
			problems = append(problems, "annotation "+proxyProtocol.Key()+": this Octavia or its provider has no PROXY protocol version 2; use \"v1\"")
		}
		if !f.http && p.Listener.Protocol != p.Protocol {
			problems = append(problems, "the Octavia provider ovn has neither headers nor TLS; take the annotations away, or use another provider")
		}
		p.monitor(f)
	}
	return w, problems
}

// monitor decides how health is checked: over HTTP where kube-proxy tells of endpoints.
func (p *Port) monitor(f features) {
	if p.Monitor == nil {
		return
	}
	m := *p.Monitor
	p.Monitor = &m
	if m.HealthPort > 0 && f.http && (p.Protocol != udp || f.udpMonitors) {
		m.Type = httpProtocol
		p.Members = slices.Clone(p.Members)
		for i := range p.Members {
			p.Members[i].MonitorPort = m.HealthPort
		}
	}
	if m.Type == "UDP-CONNECT" {
		m.Delay = max(m.Delay, leastUDPDelay)
	}
	p.Monitor = &m
}
