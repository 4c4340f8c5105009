// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"math"

	"sigs.k8s.io/cloud-providers/common/annotations"
	"sigs.k8s.io/cloud-providers/providers/openstack/config"
)

// Prefix starts the keys of upstream's annotations, OwnPrefix those of what only we have.
const (
	Prefix    = "loadbalancer.openstack.org/"
	OwnPrefix = "openstack.cloud-provider.sigs.k8s.io/"
)

// Set has all annotations of the provider.
var Set = annotations.NewSet(Prefix)

// The bounds of what Octavia accepts.
const (
	mostRetries  = 10
	noLimit      = -1
	mostTagChars = 255
)

var (
	internal = annotations.Custom(Set, "service.beta.kubernetes.io/openstack-internal-load-balancer", "boolean", exactly, false, "internal-lb of the cloud-config",
		"No floating IP. Taking it away, or setting it, works at any time. Where the configuration says `internal-lb=true` it cannot be undone.", boolean)
	balancerID = annotations.String(Set, "load-balancer-id", "", "The load balancer of the Service. It is written by the provider; set by hand it shares one that exists. It must not be changed.", "the ID of a load balancer", nil)
	address    = annotations.String(Set, "load-balancer-address", "", "The address in use, floating IP or VIP; written by the provider, and never read as a wish.", "", nil)
	hostname   = annotations.String(Set, "hostname", "", "The status shows this host name and no address.", "a host name", nil)
	class      = annotations.String(Set, "class", "", "Uses the settings of `[LoadBalancerClass \"…\"]`. It has nothing to do with `spec.loadBalancerClass`.", "the name of a class", nil)

	floatingNetwork    = annotations.String(Set, "floating-network-id", "", "The network of the floating IP. With an empty value none is made.", "the ID of a network", nil)
	floatingSubnetID   = annotations.String(Set, "floating-subnet-id", "", "The subnet of the floating IP.", "the ID of a subnet", nil)
	floatingSubnet     = annotations.String(Set, "floating-subnet", "", "The names of subnets for the floating IP: a pattern with `*`, `?`, `[a-z]`, `{a,b}`; `~` begins a regular expression, `!` negates.", "a pattern", nil)
	floatingSubnetTags = annotations.String(Set, "floating-subnet-tags", "", "Tags of subnets for the floating IP, separated by commas: one of them; all with `&` before, none with `!`, not all with `!&`.", "tags", nil)
	keepFloating       = annotations.Custom(Set, "keep-floatingip", "boolean", exactly, false, "false", "The floating IP is detached and not deleted when the Service goes or becomes internal.", boolean)

	subnetID       = annotations.String(Set, "subnet-id", "", "The subnet of the VIP. Only when the load balancer is made.", "the ID of a subnet", nil)
	networkID      = annotations.String(Set, "network-id", "", "The network of the VIP. Only when the load balancer is made.", "the ID of a network", nil)
	memberSubnetID = annotations.String(Set, "member-subnet-id", "", "The subnet of the members; not compared, so that it counts at the next change of members.", "the ID of a subnet", nil)
	portID         = annotations.String(Set, "port-id", "", "The port that becomes the VIP. Only when the load balancer is made.", "the ID of a port", nil)
	flavorID       = annotations.String(Set, "flavor-id", "", "The Octavia flavor. Only when the load balancer is made.", "the ID of a flavor", nil)
	zone           = annotations.String(Set, "availability-zone", "", "The Octavia availability zone. Only when the load balancer is made.", "the name of a zone", nil)
	octavia        = annotations.String(Set, "lb-provider", "", "The Octavia provider, such as `amphora` or `ovn`. Only when the load balancer is made.", "the name of a provider", nil)

	connectionLimit = annotations.Int(Set, "connection-limit", noLimit, noLimit, math.MaxInt32, "The most connections of each listener; -1 is any number.")
	proxyProtocol   = annotations.Custom(Set, "proxy-protocol", "choice", "`true`, `v1`, `v2`, `false`", "", "off", "Speaks the PROXY protocol to the members of TCP ports.", proxyVersion)
	forwardedFor    = annotations.Custom(Set, "x-forwarded-for", "boolean", exactly, false, "false", "TCP ports speak HTTP, and requests get the header X-Forwarded-For.", boolean)
	forwardedPort   = annotations.Custom(Set, "x-forwarded-port", "boolean", exactly, false, "false", "The same with X-Forwarded-Port.", boolean)
	forwardedProto  = annotations.Custom(Set, "x-forwarded-proto", "boolean", exactly, false, "false", "The same with X-Forwarded-Proto.", boolean)
	tlsReference    = annotations.Custom(Set, "default-tls-container-ref", "URL", "a URL that ends in `containers/<ID>` or `secrets/<ID>`", "", "default-tls-container-ref of the cloud-config", "TCP ports terminate TLS with the certificate of this Barbican container or secret.", reference)
	method          = annotations.Enum(Set, "lb-method", "", "The algorithm that chooses members.", config.Methods...)

	clientTimeout  = annotations.Int(Set, "timeout-client-data", defaultClientTimeout, 0, math.MaxInt32, "Milliseconds without data from the client after which a connection ends.")
	connectTimeout = annotations.Int(Set, "timeout-member-connect", defaultConnectTimeout, 0, math.MaxInt32, "Milliseconds for connecting to a member.")
	memberTimeout  = annotations.Int(Set, "timeout-member-data", defaultMemberTimeout, 0, math.MaxInt32, "Milliseconds without data from the member after which a connection ends.")
	inspectTimeout = annotations.Int(Set, "timeout-tcp-inspect", 0, 0, math.MaxInt32, "Milliseconds to wait for data that is inspected.")

	monitorOn       = annotations.Custom(Set, "enable-health-monitor", "boolean", exactly, false, "create-monitor of the cloud-config", "Checks the health of members.", boolean)
	monitorDelay    = annotations.Int(Set, "health-monitor-delay", 0, 1, math.MaxInt32, "Seconds between two checks.")
	monitorTimeout  = annotations.Int(Set, "health-monitor-timeout", 0, 1, math.MaxInt32, "Seconds after which a check has failed.")
	monitorRetries  = annotations.Int(Set, "health-monitor-max-retries", 0, 1, mostRetries, "Checks that make a member healthy.")
	monitorFailures = annotations.Int(Set, "health-monitor-max-retries-down", 0, 1, mostRetries, "Checks that make a member unhealthy.")

	nodeSelector = annotations.Custom(Set, "node-selector", "list", "`label=value` or `label`, separated by commas", nil, "node-selector of the cloud-config", "Only Nodes with all these labels become members; empty for all Nodes.",
		func(text string) (map[string]string, error) { return config.Labels(text), nil })
	nodeAddress = annotations.Enum(Set, "node-address-type", "", "Which of a Node's addresses becomes its member's. Without it the first InternalIP, else the first ExternalIP.", "InternalIP", "ExternalIP")

	balancerTags = annotations.Custom(Set, "load-balancer-tags", "list", "tags separated by commas", nil, "", "Tags of the load balancer, beside the provider's own.", tagList)
	listenerTags = annotations.Custom(Set, "listener-tags", "list", "tags separated by commas", nil, "", "Tags of listeners, beside the provider's own.", tagList)
	poolTags     = annotations.Custom(Set, "pool-tags", "list", "tags separated by commas", nil, "", "Tags of pools.", tagList)

	sourceRanges = annotations.Custom(Set, "service.beta.kubernetes.io/load-balancer-source-ranges", "networks", "networks separated by commas", nil, "all", "Who may connect, when `spec.loadBalancerSourceRanges` is empty.",
		func(text string) ([]string, error) { return config.Words(text), nil })

	dualStack = annotations.Bool(Set, OwnPrefix+"dual-stack", false, "A Service with two IP families gets a VIP of each. Only when the load balancer is made.")
	shareable = annotations.Bool(Set, OwnPrefix+"share-internal", false, "Lets an internal Service use the load balancer of another internal one.")
)

const exactly = "exactly `true` or `false`"

// boolean reads what upstream reads, which is less than people write.
func boolean(text string) (bool, error) {
	switch text {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, annotations.Wrong(text, `exactly "true" or "false"`)
}

func proxyVersion(text string) (string, error) {
	switch text {
	case "true", "v1":
		return "v1", nil
	case "v2":
		return "v2", nil
	case "false", "":
		return "", nil
	}
	return "", annotations.Wrong(text, `"true", "v1", "v2" or "false"`)
}

var referencePath = regexp.MustCompile(`/(containers|secrets)/[^/]+$`)

func reference(text string) (string, error) {
	u, err := url.Parse(text)
	if text != "" && (err != nil || !referencePath.MatchString(u.Path)) {
		return text, annotations.Wrong(text, "a URL that ends in /containers/<ID> or /secrets/<ID>")
	}
	return text, nil
}

func tagList(text string) ([]string, error) {
	var tags []string
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		switch {
		case item == "" || slices.Contains(tags, item):
			continue
		case len(item) > mostTagChars:
			return nil, annotations.Wrong(item, fmt.Sprintf("tags of at most %d characters", mostTagChars))
		case strings.HasPrefix(item, ownPrefix):
			return nil, annotations.Wrong(item, "tags that do not begin with "+strconv.Quote(ownPrefix)+", which says whose a load balancer is")
		}
		tags = append(tags, item)
	}
	return tags, nil
}
