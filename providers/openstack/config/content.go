// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"time"
)

// content is the file as gcfg fills it; keys.go describes each key. Keys that only have to be known are not in
// it: gcfg would check their types.
type content struct {
	Global struct {
		AuthURL                     string `gcfg:"auth-url"`
		UserID                      string `gcfg:"user-id"`
		Username, Password          string
		TenantID                    string `gcfg:"tenant-id"`
		TenantName                  string `gcfg:"tenant-name"`
		TenantDomainID              string `gcfg:"tenant-domain-id"`
		TenantDomainName            string `gcfg:"tenant-domain-name"`
		UserDomainID                string `gcfg:"user-domain-id"`
		UserDomainName              string `gcfg:"user-domain-name"`
		DomainID                    string `gcfg:"domain-id"`
		DomainName                  string `gcfg:"domain-name"`
		ApplicationCredentialID     string `gcfg:"application-credential-id"`
		ApplicationCredentialName   string `gcfg:"application-credential-name"`
		ApplicationCredentialSecret string `gcfg:"application-credential-secret"`
		TrustID                     string `gcfg:"trust-id"`
		TrusteeID                   string `gcfg:"trustee-id"`
		TrusteePassword             string `gcfg:"trustee-password"`
		Token, Region               string
		EndpointType                string `gcfg:"os-endpoint-type"`
		CAFile                      string `gcfg:"ca-file"`
		CAFileContents              string `gcfg:"cafilecontents"`
		CertFile                    string `gcfg:"cert-file"`
		KeyFile                     string `gcfg:"key-file"`
		TLSInsecure                 string `gcfg:"tls-insecure"`
		UseClouds                   bool   `gcfg:"use-clouds"`
		CloudsFile                  string `gcfg:"clouds-file"`
		Cloud                       string
		Regions                     []string
	}
	LoadBalancer struct {
		Enabled            bool
		Version            string   `gcfg:"lb-version"`
		Provider           string   `gcfg:"lb-provider"`
		Method             string   `gcfg:"lb-method"`
		SubnetID           string   `gcfg:"subnet-id"`
		NetworkID          string   `gcfg:"network-id"`
		MemberSubnetID     string   `gcfg:"member-subnet-id"`
		FloatingNetworkID  string   `gcfg:"floating-network-id"`
		FloatingSubnetID   string   `gcfg:"floating-subnet-id"`
		FloatingSubnet     string   `gcfg:"floating-subnet"`
		FloatingSubnetTags string   `gcfg:"floating-subnet-tags"`
		CreateMonitor      bool     `gcfg:"create-monitor"`
		MonitorDelay       duration `gcfg:"monitor-delay"`
		MonitorTimeout     duration `gcfg:"monitor-timeout"`
		MonitorRetries     uint     `gcfg:"monitor-max-retries"`
		MonitorRetriesDown uint     `gcfg:"monitor-max-retries-down"`
		ManageGroups       bool     `gcfg:"manage-security-groups"`
		Internal           bool     `gcfg:"internal-lb"`
		NodeSelector       string   `gcfg:"node-selector"`
		CascadeDelete      bool     `gcfg:"cascade-delete"`
		FlavorID           string   `gcfg:"flavor-id"`
		AvailabilityZone   string   `gcfg:"availability-zone"`
		IngressHostname    bool     `gcfg:"enable-ingress-hostname"`
		IngressSuffix      string   `gcfg:"ingress-hostname-suffix"`
		MaxShared          int      `gcfg:"max-shared-lb"`
		ContainerStore     string   `gcfg:"container-store"`
		TLSContainerRef    string   `gcfg:"default-tls-container-ref"`
		SerialCalls        bool     `gcfg:"provider-requires-serial-api-calls"`
	}
	LoadBalancerClass map[string]*class
	Networking        struct {
		IPv6Disabled  bool     `gcfg:"ipv6-support-disabled"`
		PublicNames   []string `gcfg:"public-network-name"`
		InternalNames []string `gcfg:"internal-network-name"`
		SortOrder     string   `gcfg:"address-sort-order"`
	}
	Route struct {
		RouterID string `gcfg:"router-id"`
	}
	Metadata struct {
		SearchOrder    string   `gcfg:"search-order"`
		RequestTimeout duration `gcfg:"request-timeout"`
	}
}

type class struct {
	FloatingNetworkID  string `gcfg:"floating-network-id"`
	FloatingSubnetID   string `gcfg:"floating-subnet-id"`
	FloatingSubnet     string `gcfg:"floating-subnet"`
	FloatingSubnetTags string `gcfg:"floating-subnet-tags"`
	NetworkID          string `gcfg:"network-id"`
	SubnetID           string `gcfg:"subnet-id"`
	MemberSubnetID     string `gcfg:"member-subnet-id"`
}

// duration is a time with its unit.
type duration time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a time with a unit, such as 5s or 1m", text)
	}
	*d = duration(parsed)
	return nil
}

// defaults is the content of an empty file.
func defaults() content {
	var c content
	lb := &c.LoadBalancer
	lb.Enabled, lb.CascadeDelete = true, true
	lb.Provider, lb.Method = "amphora", ""
	lb.MonitorDelay, lb.MonitorTimeout = duration(5*time.Second), duration(3*time.Second)
	lb.MonitorRetries, lb.MonitorRetriesDown = 1, 3
	lb.IngressSuffix, lb.MaxShared, lb.ContainerStore = "nip.io", 2, "barbican"
	c.Metadata.SearchOrder = "configDrive,metadataService"
	return c
}
