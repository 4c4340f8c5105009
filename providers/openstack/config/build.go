// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package config

import (
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
	c.LoadBalancer = b.loadBalancer()
	c.Networking = b.networking()
	b.searchOrder()
	return c
}

func (b *builder) auth() Auth {
	g := b.Global
	a := Auth{
		AuthURL: g.AuthURL, UserID: g.UserID, Username: g.Username, Password: g.Password,
		TenantID: g.TenantID, TenantName: g.TenantName, TenantDomainID: g.TenantDomainID, TenantDomainName: g.TenantDomainName,
		UserDomainID: g.UserDomainID, UserDomainName: g.UserDomainName, DomainID: g.DomainID, DomainName: g.DomainName,
		ApplicationCredentialID: g.ApplicationCredentialID, ApplicationCredentialName: g.ApplicationCredentialName,
		ApplicationCredentialSecret: g.ApplicationCredentialSecret,
		TrustID:                     g.TrustID, TrusteeID: g.TrusteeID, TrusteePassword: g.TrusteePassword, Token: g.Token, Region: g.Region,
		CAFile: g.CAFile, CAFileContents: g.CAFileContents, CertFile: g.CertFile, KeyFile: g.KeyFile,
		Insecure: g.TLSInsecure == "true", UseClouds: g.UseClouds, CloudsFile: g.CloudsFile, Cloud: g.Cloud,
		Endpoint: strings.TrimSuffix(g.EndpointType, "URL"),
	}
	switch a.Endpoint {
	case "":
		a.Endpoint = "public"
	case "public", "internal", "admin":
	default:
		b.wrong("Global", "os-endpoint-type", "%q is none of public, internal and admin", g.EndpointType)
	}
	if g.TLSInsecure != "" && g.TLSInsecure != "true" && g.TLSInsecure != "false" {
		b.doubtful("Global", "tls-insecure", "%q has no effect; only \"true\" switches verification off", g.TLSInsecure)
	}
	if a.UserID != "" && a.Username != "" {
		b.wrong("Global", "username", "and user-id exclude each other; remove one")
	}
	if (a.CertFile == "") != (a.KeyFile == "") {
		b.doubtful("Global", "cert-file", "and key-file count only together")
	}
	if a.AuthURL == "" && !a.UseClouds {
		b.wrong("Global", "auth-url", "is missing; it is the URL of Keystone, unless use-clouds takes it from clouds.yaml")
	}
	if a.Cloud != "" && !a.UseClouds {
		b.doubtful("Global", "cloud", "has no effect without use-clouds")
	}
	return a
}

var methods = []string{"ROUND_ROBIN", "LEAST_CONNECTIONS", "SOURCE_IP", "SOURCE_IP_PORT"}

func (b *builder) loadBalancer() LoadBalancer {
	in := b.content.LoadBalancer
	out := LoadBalancer{
		Enabled: in.Enabled, Provider: in.Provider, Method: in.Method,
		Floating:             Floating{in.FloatingNetworkID, in.FloatingSubnetID, in.FloatingSubnet, in.FloatingSubnetTags},
		Placement:            Placement{in.SubnetID, in.NetworkID, in.MemberSubnetID},
		ManageSecurityGroups: in.ManageGroups, Internal: in.Internal, CascadeDelete: in.CascadeDelete,
		FlavorID: in.FlavorID, AvailabilityZone: in.AvailabilityZone, IngressHostname: in.IngressHostname, IngressHostnameSuffix: in.IngressSuffix,
		MaxShared: in.MaxShared, ContainerStore: in.ContainerStore, TLSContainerRef: in.TLSContainerRef, SerialCalls: in.SerialCalls,
		NodeSelector: map[string]string{}, Classes: map[string]Class{},
	}
	if in.Version != "" && in.Version != "v2" {
		b.wrong("LoadBalancer", "lb-version", "%q is not v2, the only version that there is", in.Version)
	}
	if !slices.Contains([]string{"amphora", "octavia", "amphorav2", "ovn", "f5"}, in.Provider) {
		b.doubtful("LoadBalancer", "lb-provider", "%q is not known here, and is used as it is", in.Provider)
	}
	if out.Method == "" { // ovn knows no other algorithm
		out.Method = "ROUND_ROBIN"
		if in.Provider == "ovn" {
			out.Method = "SOURCE_IP_PORT"
		}
	}
	if !slices.Contains(methods, out.Method) {
		b.wrong("LoadBalancer", "lb-method", "%q is none of %s", out.Method, strings.Join(methods, ", "))
	}
	if in.ContainerStore != "barbican" && in.ContainerStore != "external" {
		b.doubtful("LoadBalancer", "container-store", "%q is neither barbican nor external; TLS references are not checked", in.ContainerStore)
	}
	if in.MaxShared < 1 {
		b.wrong("LoadBalancer", "max-shared-lb", "%d is less than 1", in.MaxShared)
	}
	out.Monitor = b.monitor()
	for item := range strings.SplitSeq(in.NodeSelector, ",") {
		if label, value, _ := strings.Cut(strings.TrimSpace(item), "="); label != "" {
			out.NodeSelector[label] = value
		}
	}
	for name, c := range b.LoadBalancerClass {
		if name == "" {
			b.warnings = append(b.warnings, b.Wrong("LoadBalancerClass", "", "", "a class without a name is ignored; write [LoadBalancerClass \"name\"]").Error())
			continue
		}
		out.Classes[name] = Class{Floating{c.FloatingNetworkID, c.FloatingSubnetID, c.FloatingSubnet, c.FloatingSubnetTags}, Placement{c.SubnetID, c.NetworkID, c.MemberSubnetID}}
	}
	return out
}

func (b *builder) monitor() Monitor {
	in := b.content.LoadBalancer
	m := Monitor{Create: in.CreateMonitor, MaxRetries: int(in.MonitorRetries), MaxRetriesDown: int(in.MonitorRetriesDown)}
	for _, t := range []struct {
		key   string
		value duration
		into  *int
	}{{"monitor-delay", in.MonitorDelay, &m.Delay}, {"monitor-timeout", in.MonitorTimeout, &m.Timeout}} {
		if *t.into = int(time.Duration(t.value) / time.Second); *t.into < 1 {
			b.wrong("LoadBalancer", t.key, "%s is less than a second", time.Duration(t.value))
		}
	}
	const most = 10
	for key, n := range map[string]int{"monitor-max-retries": m.MaxRetries, "monitor-max-retries-down": m.MaxRetriesDown} {
		if n < 1 || n > most {
			b.wrong("LoadBalancer", key, "%d is not between 1 and %d", n, most)
		}
	}
	return m
}

func (b *builder) networking() Networking {
	in := b.content.Networking
	out := Networking{IPv6Disabled: in.IPv6Disabled, PublicNames: in.PublicNames, InternalNames: in.InternalNames}
	for _, text := range names(in.SortOrder) {
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
