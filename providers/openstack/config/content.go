// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"strings"
	"time"

	"sigs.k8s.io/cloud-providers/common/cloudconfig/ini"
)

// content is the file as it is filled: the names of fields are those of keys, with "-" where a tag says so.
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

func key(name, kind, fallback, doc string) ini.Key {
	return ini.Key{Name: name, Kind: kind, Default: fallback, Doc: doc}
}

var sections = []ini.Section{
	{Name: "Global", Keys: []ini.Key{
		key("auth-url", "text", "", "URL of Keystone, with or without `/v3`."),
		key("user-id", "text", "", "User by ID. Excludes `username`."),
		key("username", "text", "", "User by name, together with a user domain."),
		key("password", "text", "", "Password of the user."),
		key("tenant-id", "text", "", "Project by ID."),
		key("tenant-name", "text", "", "Project by name, together with its domain."),
		key("tenant-domain-id", "text", "", "Domain of the project."),
		key("tenant-domain-name", "text", "", "Domain of the project by name."),
		key("user-domain-id", "text", "", "Domain of the user."),
		key("user-domain-name", "text", "", "Domain of the user by name."),
		key("domain-id", "text", "", "Domain of both, where they have none of their own."),
		key("domain-name", "text", "", "The same by name."),
		key("application-credential-id", "text", "", "Application credential by ID; it needs only its secret."),
		key("application-credential-name", "text", "", "Application credential by name; it needs the user too."),
		key("application-credential-secret", "text", "", "Secret of the application credential."),
		key("trust-id", "text", "", "Keystone trust; the scope is then the trust's."),
		key("trustee-id", "text", "", "User of the trust."),
		key("trustee-password", "text", "", "Password of that user."),
		key("token", "text", "", "A token that exists. It cannot be renewed."),
		key("region", "text", "", "Region of all endpoints, and of the Nodes' label."),
		key("os-endpoint-type", "choice", "public", "`public`, `internal` or `admin`."),
		key("ca-file", "path", "", "PEM bundle that replaces the system's roots."),
		key("cafilecontents", "text", "", "The same as text, where `ca-file` is empty."),
		key("cert-file", "path", "", "Client certificate, together with `key-file`."),
		key("key-file", "path", "", "Key of the client certificate."),
		key("tls-insecure", "boolean", "false", "`true` switches verification of certificates off."),
		key("use-clouds", "boolean", "false", "Take what is not in this file from clouds.yaml."),
		key("clouds-file", "path", "", "Path of clouds.yaml; without it the usual places are searched."),
		key("cloud", "text", "", "Name of the cloud in clouds.yaml."),
		// The in-tree provider's, without effect.
		key("secret-name", "text", "", "In-tree only; without effect."),
		key("secret-namespace", "text", "", "In-tree only; without effect."),
		key("kubeconfig-path", "text", "", "In-tree only; without effect."),
	}},
	{Name: "LoadBalancer", Keys: []ini.Key{
		key("enabled", "boolean", "true", "Offer load balancers."),
		key("lb-version", "choice", "v2", "Nothing but `v2`."),
		key("lb-provider", "text", "amphora", "Octavia provider of new load balancers: `amphora`, `octavia`, `amphorav2`, `ovn`, `f5`, or another."),
		key("lb-method", "choice", "ROUND_ROBIN", "`ROUND_ROBIN`, `LEAST_CONNECTIONS`, `SOURCE_IP`; with provider ovn `SOURCE_IP_PORT`, which is its default."),
		key("subnet-id", "text", "", "Subnet of the address, and of members unless `member-subnet-id` says otherwise."),
		key("network-id", "text", "", "Network of the address."),
		key("member-subnet-id", "text", "", "Subnet of the members."),
		key("floating-network-id", "text", "", "External network of floating IPs; found by itself if empty."),
		key("floating-subnet-id", "text", "", "Subnet of floating IPs."),
		key("floating-subnet", "pattern", "", "Name pattern of that subnet."),
		key("floating-subnet-tags", "expression", "", "Tags of that subnet."),
		key("create-monitor", "boolean", "false", "Health monitors for all Services."),
		key("monitor-delay", "duration", "5s", "Time between two checks, in whole seconds."),
		key("monitor-timeout", "duration", "3s", "Time after which a check has failed."),
		key("monitor-max-retries", "number", "1", "Checks that make a member healthy, 1 to 10."),
		key("monitor-max-retries-down", "number", "3", "Checks that make a member unhealthy, 1 to 10."),
		key("manage-security-groups", "boolean", "false", "One security group for each Service, on the ports of its members."),
		key("internal-lb", "boolean", "false", "All load balancers are internal."),
		key("node-selector", "list", "", "Labels that members have, `label=value` or `label`."),
		key("cascade-delete", "boolean", "true", "Delete a load balancer with all its parts in one call."),
		key("flavor-id", "text", "", "Octavia flavor."),
		key("availability-zone", "text", "", "Octavia availability zone."),
		key("enable-ingress-hostname", "boolean", "false", "Publish a host name where the PROXY protocol is on."),
		key("ingress-hostname-suffix", "text", "nip.io", "End of that host name."),
		key("max-shared-lb", "number", "2", "Most Services that share a load balancer."),
		key("container-store", "choice", "barbican", "`barbican` checks that a TLS reference exists, `external` does not."),
		key("default-tls-container-ref", "text", "", "TLS reference of all Services."),
		key("provider-requires-serial-api-calls", "boolean", "false", "Make the parts of a load balancer one after the other."),
		key("use-octavia", "boolean", "", "In-tree only; without effect."),
	}},
	{Name: "LoadBalancerClass", Labelled: true, Keys: []ini.Key{
		key("floating-network-id", "text", "", "As in [LoadBalancer]."), key("floating-subnet-id", "text", "", "As in [LoadBalancer]."),
		key("floating-subnet", "pattern", "", "As in [LoadBalancer]."), key("floating-subnet-tags", "expression", "", "As in [LoadBalancer]."),
		key("network-id", "text", "", "As in [LoadBalancer]."), key("subnet-id", "text", "", "As in [LoadBalancer]."),
		key("member-subnet-id", "text", "", "As in [LoadBalancer]."),
	}},
	{Name: "Networking", Keys: []ini.Key{
		key("ipv6-support-disabled", "boolean", "false", "Drop IPv6 addresses of Nodes."),
		key("public-network-name", "list", "", "Networks whose addresses are external. Repeat the key for each."),
		key("internal-network-name", "list", "", "If set, only these networks give internal addresses."),
		key("address-sort-order", "networks", "", "Order of a Node's addresses, by networks."),
	}},
	{Name: "Route", Keys: []ini.Key{key("router-id", "text", "", "Router that carries the routes to pods.")}},
	{Name: "Metadata", Keys: []ini.Key{
		key("search-order", "list", "configDrive,metadataService", "Checked, and otherwise without effect."),
		key("request-timeout", "duration", "60s", "Time limit of each OpenStack call."),
	}},
	{Name: "BlockStorage", Foreign: true},
	{Name: "Router", Foreign: true},
}

// Markdown is the reference page.
func Markdown() string {
	var b strings.Builder
	b.WriteString(pageStart)
	for _, s := range sections {
		if s.Foreign {
			continue
		}
		title := "[" + s.Name + "]"
		if s.Labelled {
			title = "[" + s.Name + " \"name\"]"
		}
		b.WriteString("\n## " + title + "\n")
		s.Table(&b)
	}
	return b.String()
}

const pageStart = `# The cloud-config file of the OpenStack provider

<!-- Written by ` + "`go test ./config -update`" + `; change the declarations in config/content.go instead. -->

` + "`--cloud-config`" + ` names a file in the INI form of git's configuration. Mistakes end the process at its start,
all of them in one message; sections and keys that are unknown are ignored, and logged with what was probably
meant. Lists repeat the key; ` + "`;` and `#`" + ` begin comments outside double quotes; a backslash is allowed only in
double quotes.
`
