// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/cloud-providers/common/cloudconfig/ini"
)

// builder makes the configuration of a file's content and collects every mistake in it.
type builder struct {
	*ini.File
	content
	warnings []string
	errs     []error
}

func (b *builder) wrong(section, key, format string, args ...any) {
	b.errs = append(b.errs, b.Wrong(section, "", key, format, args...))
}

func (b *builder) doubtful(section, key, format string, args ...any) {
	b.warnings = append(b.warnings, b.Wrong(section, "", key, format, args...).Error())
}

func (b *builder) build() *Config {
	c := &Config{RouterID: b.Route.RouterID, RequestTimeout: time.Duration(b.Metadata.RequestTimeout)}
	if c.RequestTimeout == 0 {
		c.RequestTimeout = time.Minute
	}
	if c.RequestTimeout < 0 {
		b.wrong("Metadata", "request-timeout", "%s is negative", c.RequestTimeout)
	}
	c.Auth = b.auth()
	c.Regions = b.regions(c.Auth.Region)
	b.environment(c)
	c.LoadBalancer = b.loadBalancer()
	c.Networking = b.networking()
	b.searchOrder()
	return c
}

// regions are those that are served, the default one first.
func (b *builder) regions(first string) []string {
	all := []string{first}
	for _, r := range b.Global.Regions {
		if r == "" || first == "" {
			b.wrong("Global", "regions", "needs region, and names; region is the one that has load balancers and routes")
			break
		} else if !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	return all
}

// Methods are the algorithms that choose members.
var Methods = []string{"ROUND_ROBIN", "LEAST_CONNECTIONS", "SOURCE_IP", "SOURCE_IP_PORT"}

// DefaultMethod is the algorithm for an Octavia provider; ovn has one only.
func DefaultMethod(provider string) string {
	if provider == "ovn" {
		return "SOURCE_IP_PORT"
	}
	return "ROUND_ROBIN"
}

// Labels reads labels that Nodes have to have: without a value a label only has to be there.
func Labels(text string) map[string]string {
	wanted := map[string]string{}
	for item := range strings.SplitSeq(text, ",") {
		if label, value, _ := strings.Cut(strings.TrimSpace(item), "="); label != "" {
			wanted[label] = value
		}
	}
	return wanted
}

func (b *builder) loadBalancer() LoadBalancer {
	in := b.content.LoadBalancer
	out := LoadBalancer{
		Enabled: in.Enabled, Provider: in.Provider, Method: in.Method,
		Floating:             Floating{in.FloatingNetworkID, in.FloatingSubnetID, in.FloatingSubnet, in.FloatingSubnetTags},
		Placement:            Placement{in.SubnetID, in.NetworkID, in.MemberSubnetID},
		ManageSecurityGroups: in.ManageGroups, Internal: in.Internal, CascadeDelete: in.CascadeDelete,
		FlavorID: in.FlavorID, AvailabilityZone: in.AvailabilityZone, IngressHostname: in.IngressHostname, IngressHostnameSuffix: in.IngressSuffix,
		MaxShared: in.MaxShared, ContainerStore: in.ContainerStore, TLSContainerRef: in.TLSContainerRef, SerialCalls: in.SerialCalls,
		NodeSelector: Labels(in.NodeSelector), Classes: map[string]Class{},
	}
	out.Provider = cmp.Or(out.Provider, "amphora")
	if in.Version != "" && in.Version != "v2" {
		b.wrong("LoadBalancer", "lb-version", "%q is not v2, the only version that there is", in.Version)
	}
	if !slices.Contains([]string{"amphora", "octavia", "amphorav2", "ovn", "f5"}, out.Provider) {
		b.doubtful("LoadBalancer", "lb-provider", "%q is not known here, and is used as it is", out.Provider)
	}
	out.Method = cmp.Or(out.Method, DefaultMethod(out.Provider))
	if !slices.Contains(Methods, out.Method) {
		b.wrong("LoadBalancer", "lb-method", "%q is none of %s", out.Method, strings.Join(Methods, ", "))
	}
	if in.ContainerStore != "barbican" && in.ContainerStore != "external" {
		b.doubtful("LoadBalancer", "container-store", "%q is neither barbican nor external; TLS references are not checked", in.ContainerStore)
	}
	if in.MaxShared < 1 {
		b.doubtful("LoadBalancer", "max-shared-lb", "%d is less than 1, which is used instead", in.MaxShared)
		out.MaxShared = 1
	}
	if b.Line("LoadBalancer", "", "use-octavia") > 0 {
		b.doubtful("LoadBalancer", "use-octavia", "has no effect: there is nothing but Octavia")
	}
	out.Monitor = b.monitor()
	for _, name := range slices.Sorted(maps.Keys(b.LoadBalancerClass)) {
		c := b.LoadBalancerClass[name]
		if name == "" {
			b.warnings = append(b.warnings, b.Wrong("LoadBalancerClass", "", "", "a class without a name is ignored; write [LoadBalancerClass \"name\"]").Error())
			continue
		}
		out.Classes[name] = Class{Floating{c.FloatingNetworkID, c.FloatingSubnetID, c.FloatingSubnet, c.FloatingSubnetTags}, Placement{c.SubnetID, c.NetworkID, c.MemberSubnetID}}
	}
	return out
}

// monitor takes the defaults for what Octavia would refuse: files that have it worked as long as no monitor was
// asked for.
func (b *builder) monitor() Monitor {
	in, standard := b.content.LoadBalancer, defaults().LoadBalancer
	m := Monitor{Create: in.CreateMonitor}
	for _, t := range []struct {
		key             string
		value, fallback duration
		into            *int
	}{{"monitor-delay", in.MonitorDelay, standard.MonitorDelay, &m.Delay}, {"monitor-timeout", in.MonitorTimeout, standard.MonitorTimeout, &m.Timeout}} {
		if *t.into = int(time.Duration(t.value) / time.Second); *t.into < 1 {
			b.doubtful("LoadBalancer", t.key, "%s is less than a second; %s is used instead", time.Duration(t.value), time.Duration(t.fallback))
			*t.into = int(time.Duration(t.fallback) / time.Second)
		}
	}
	const most = 10
	for _, n := range []struct {
		key             string
		value, fallback uint
		into            *int
	}{
		{"monitor-max-retries", in.MonitorRetries, standard.MonitorRetries, &m.MaxRetries},
		{"monitor-max-retries-down", in.MonitorRetriesDown, standard.MonitorRetriesDown, &m.MaxRetriesDown},
	} {
		if n.value < 1 || n.value > most {
			b.doubtful("LoadBalancer", n.key, "%d is not from 1 to %d; %d is used instead", n.value, most, n.fallback)
			n.value = n.fallback
		}
		*n.into = int(n.value) //nolint:gosec // it is at most 10
	}
	return m
}

func (b *builder) networking() Networking {
	in := b.content.Networking
	out := Networking{IPv6Disabled: in.IPv6Disabled, PublicNames: in.PublicNames, InternalNames: in.InternalNames}
	for _, text := range Words(in.SortOrder) {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			b.doubtful("Networking", "address-sort-order", "%q is not a network, and is left out", text)
			continue
		}
		out.SortOrder = append(out.SortOrder, p.Masked())
	}
	return out
}

func (b *builder) searchOrder() {
	parts := strings.Split(b.Metadata.SearchOrder, ",")
	const most = 2
	for _, p := range parts {
		if p = strings.TrimSpace(p); len(parts) > most || p != "configDrive" && p != "metadataService" {
			b.wrong("Metadata", "search-order", "%q is not a list of configDrive and metadataService", b.Metadata.SearchOrder)
			return
		}
	}
}
