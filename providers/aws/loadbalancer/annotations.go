// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/cloud-providers/common/annotations"
)

// Prefix starts the keys of upstream's annotations, OwnPrefix those of what only we have.
const (
	Prefix    = "service.beta.kubernetes.io/aws-load-balancer-"
	OwnPrefix = "aws.cloud-provider.sigs.k8s.io/"
)

// The bounds of AWS for health checks.
const (
	lowestInterval, highestInterval   = 5, 300
	lowestTimeout, highestTimeout     = 2, 120
	lowestThreshold, highestThreshold = 2, 10
	trafficPort                       = "traffic-port"
	maxPort                           = 65535
)

// Set has all annotations of the provider.
var Set = annotations.NewSet(Prefix)

var (
	typeAnnotation = annotations.String(Set, "type", "", "The kind of load balancer: `nlb` for a network load balancer with instances as targets; `external` and `nlb-ip` leave the Service to another controller. Anything else, also nothing, is a Classic load balancer. The kind of a Service that has a hostname cannot be changed.", "`nlb`, `external`, `nlb-ip`", nil)
	internal       = annotations.Custom(Set, "internal", "text", "`false` or nothing for a load balancer that faces the internet; anything else for an internal one", false, "false",
		"Places the load balancer in the VPC only. The scheme of a load balancer that exists cannot be changed.",
		func(text string) (bool, error) { return text != "" && text != "false", nil })
	subnetItems = annotations.Custom(Set, "subnets", "list", "IDs of subnets, or values of their tag Name", nil, "one subnet of each zone, found by tags",
		"The subnets of the load balancer, one for each zone.", items("subnet IDs or Name tags separated by commas"))
	resourceTags = annotations.Custom(Set, "additional-resource-tags", "map", "key=value pairs", nil, "",
		"Tags for the load balancer, its listeners and target groups, and the security group that is made for it.", keyValues)
	targetNodeLabels = annotations.Custom(Set, "target-node-labels", "map", "key=value pairs; a key without value asks for the label's presence", nil, "all Nodes",
		"Only Nodes with all these labels become targets.", keyValues)
	securityGroups = annotations.Custom(Set, "security-groups", "list", "IDs of security groups", nil, "",
		"These security groups, instead of one that is made. Their rules are left alone. For network load balancers it takes effect with `NLBSecurityGroupMode=Managed`.", groupIDs)
	extraGroups = annotations.Custom(Set, "extra-security-groups", "list", "IDs of security groups", nil, "",
		"Security groups of a Classic load balancer besides the first.", groupIDs)
	proxyProtocol = annotations.Custom(Set, "proxy-protocol", "choice", "`*`", false, "",
		"Speaks the PROXY protocol, version 1, to all backends of a Classic load balancer.", func(text string) (bool, error) {
			if text != "" && text != "*" {
				return false, annotations.Wrong(text, `"*", which stands for all backends`)
			}
			return text == "*", nil
		})

	accessLogEnabled  = annotations.Custom(Set, "access-log-enabled", "boolean", "`true` or `false`", false, "false", "Writes access logs to an S3 bucket.", boolean)
	accessLogInterval = annotations.Custom(Set, "access-log-emit-interval", "number", "`5` or `60`", 0, "60",
		"Minutes between two files of access logs of a Classic load balancer.", integer(1, math.MaxInt32))
	accessLogBucket = annotations.String(Set, "access-log-s3-bucket-name", "", "The bucket for access logs.", "", nil)
	accessLogPrefix = annotations.String(Set, "access-log-s3-bucket-prefix", "", "The prefix of the access logs' names in the bucket.", "", nil)

	drainingEnabled = annotations.Custom(Set, "connection-draining-enabled", "boolean", "`true` or `false`", false, "false",
		"Lets a Classic load balancer finish the connections of instances that leave.", boolean)
	drainingTimeout = annotations.Custom(Set, "connection-draining-timeout", "number", "1 to 3600", 0, "300",
		"Seconds after which connections that drain are closed.", integer(1, 3600))
	idleTimeout = annotations.Custom(Set, "connection-idle-timeout", "number", "1 to 4000", defaultIdle, "60",
		"Seconds after which a Classic load balancer closes connections without traffic.", integer(1, 4000))
	crossZone = annotations.Custom(Set, "cross-zone-load-balancing-enabled", "boolean", "`true` or `false`", false, "false",
		"Sends traffic to targets in all zones.", boolean)

	sslCert  = annotations.String(Set, "ssl-cert", "", "The ARN of a certificate of ACM or IAM, for listeners that speak TLS.", "", nil)
	sslPorts = annotations.Custom(Set, "ssl-ports", "list", "`*`, or port numbers and names of the Service", nil, "*",
		"The ports that use the certificate.", func(text string) ([]string, error) { return split(text), nil })
	sslPolicy       = annotations.String(Set, "ssl-negotiation-policy", "", "The name of a predefined TLS policy. Without it AWS's default is used at creation and what is there is kept.", "", nil)
	backendProtocol = annotations.String(Set, "backend-protocol", "", "What backends speak: `http`, `https`, `ssl` or `tcp` with a Classic load balancer; `ssl` with a network load balancer.", "", nil)

	healthProtocol = annotations.String(Set, "healthcheck-protocol", "", "The protocol of health checks: `tcp`, `http` or `https`; also `ssl` with a Classic load balancer.", "", nil)
	healthPort     = annotations.Custom(Set, "healthcheck-port", "text", "a port number, or `traffic-port`", "", "see the table in the README",
		"The port of health checks.", func(text string) (string, error) {
			if n, err := strconv.Atoi(text); text != trafficPort && (err != nil || n < 1 || n > maxPort) {
				return "", annotations.Wrong(text, `a port number from 1 to 65535, or "traffic-port"`)
			}
			return text, nil
		})
	healthPath       = annotations.String(Set, "healthcheck-path", "", "The path of health checks over HTTP and HTTPS.", "", nil)
	healthyThreshold = annotations.Custom(Set, "healthcheck-healthy-threshold", "number", "2 to 10", 0, "2; 3 for a network load balancer with policy Cluster",
		"Successful health checks that make a target healthy.", number(lowestThreshold, highestThreshold))
	unhealthyThreshold = annotations.Custom(Set, "healthcheck-unhealthy-threshold", "number", "2 to 10", 0, "6; 3 for a network load balancer with policy Cluster, 2 with Local",
		"Failed health checks that make a target unhealthy.", number(lowestThreshold, highestThreshold))
	healthTimeout = annotations.Custom(Set, "healthcheck-timeout", "number", "2 to 120", 0, "5; 10 for a network load balancer",
		"Seconds after which a health check without an answer has failed.", number(lowestTimeout, highestTimeout))
	healthInterval = annotations.Custom(Set, "healthcheck-interval", "number", "5 to 300", 0, "10; 30 for a network load balancer with policy Cluster",
		"Seconds between two health checks of a target.", number(lowestInterval, highestInterval))

	groupAttributes = annotations.Custom(Set, "target-group-attributes", "map",
		"`preserve_client_ip.enabled` and `proxy_protocol_v2.enabled`, each with `true` or `false`", nil, "",
		"Attributes of the target groups of a network load balancer. A key that is removed keeps its last value.", targetGroupAttributes)
	eipAllocations = annotations.Custom(Set, "eip-allocations", "list", "IDs of allocations, as many as subnets", nil, "",
		"Elastic IP addresses of a network load balancer that faces the internet, one for each subnet in their order. Only at creation.", items("allocation IDs separated by commas"))
	privateAddresses = annotations.Custom(Set, "private-ipv4-addresses", "list", "IPv4 addresses, as many as subnets", nil, "",
		"Addresses of an internal network load balancer, one for each subnet in their order. Only at creation.", ipv4Addresses)

	sourceRanges = annotations.Custom(Set, "service.beta.kubernetes.io/load-balancer-source-ranges", "networks", "networks separated by commas", nil, "0.0.0.0/0",
		"Who may connect, when `spec.loadBalancerSourceRanges` is empty.", networks)

	addressType = annotations.Custom(Set, OwnPrefix+"ip-address-type", "choice", "`ipv4`, `dualstack`, `auto`", "", "ipv4",
		"The addresses of a network load balancer. `auto` follows the Service's `ipFamilyPolicy`: PreferDualStack takes IPv6 where all subnets have it, RequireDualStack insists on it. What is there is kept without it.",
		func(text string) (string, error) {
			if !slices.Contains([]string{"", "ipv4", "dualstack", "auto"}, text) {
				return "", annotations.Wrong(text, `"ipv4", "dualstack" or "auto"`)
			}
			return text, nil
		})
	mixedProtocols = annotations.Custom(Set, OwnPrefix+"mixed-protocols", "boolean", "`true` or `false`", false, "false",
		"Allows TCP and UDP ports on one network load balancer. A TCP and a UDP port with the same number and node port share a TCP_UDP listener.", boolean)
)

func init() {
	Set.Elsewhere("is for the AWS Load Balancer Controller, and has no effect on load balancers of this program",
		"scheme", "nlb-target-type", "name", "ip-address-type", "attributes", "alpn-policy", "listener-attributes",
		"manage-backend-security-group-rules", "inbound-sg-rules-on-private-link-traffic", "healthcheck-success-codes",
		"ipv6-addresses", "multi-cluster-target-group", "enable-prefix-for-ipv6-source-nat", "source-nat-ipv6-prefixes", "enable-icmp-for-path-mtu-discovery")
}

// boolean reads what Go's own parser reads, as upstream does; nothing is false.
func boolean(text string) (bool, error) {
	if text == "" {
		return false, nil
	}
	b, err := strconv.ParseBool(text)
	if err != nil {
		return false, annotations.Wrong(text, `"true" or "false"`)
	}
	return b, nil
}

// integer reads a number where nothing means the default.
func integer(lowest, highest int) func(string) (int, error) {
	strict := number(lowest, highest)
	return func(text string) (int, error) {
		if text == "" {
			return 0, nil
		}
		return strict(text)
	}
}

func number(lowest, highest int) func(string) (int, error) {
	return func(text string) (int, error) {
		n, err := strconv.Atoi(text)
		if err != nil || n < lowest || n > highest {
			return 0, annotations.Wrong(text, fmt.Sprintf("a whole number from %d to %d", lowest, highest))
		}
		return n, nil
	}
}

// keyValues reads upstream's syntax: what follows a second "=" is dropped, pieces without a key are too.
func keyValues(text string) (map[string]string, error) {
	pairs := map[string]string{}
	for _, piece := range strings.Split(text, ",") {
		parts := strings.Split(strings.TrimSpace(piece), "=")
		if parts[0] == "" {
			continue
		}
		value := ""
		if len(parts) > 1 {
			value = parts[1]
		}
		pairs[parts[0]] = value
	}
	return pairs, nil
}

// The attributes of target groups that can be set.
const (
	preserveClientIP = "preserve_client_ip.enabled"
	proxyProtocolV2  = "proxy_protocol_v2.enabled"
)

func targetGroupAttributes(text string) (map[string]string, error) {
	seen := map[string]bool{}
	for _, piece := range strings.Split(text, ",") {
		key, _, _ := strings.Cut(strings.TrimSpace(piece), "=")
		if key != "" && seen[key] {
			return nil, fmt.Errorf("%q is there twice; name each key once", key)
		}
		seen[key] = true
	}
	pairs, err := keyValues(text)
	if err != nil {
		return nil, err
	}
	for key, value := range pairs {
		if key != preserveClientIP && key != proxyProtocolV2 {
			return nil, annotations.Wrong(key, preserveClientIP+" or "+proxyProtocolV2)
		}
		if value != "true" && value != "false" {
			return nil, annotations.Wrong(key+"="+value, key+`=true or `+key+`=false`)
		}
	}
	return pairs, nil
}

// split cuts at commas and leaves out what is empty.
func split(text string) []string {
	var all []string
	for _, item := range strings.Split(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			all = append(all, item)
		}
	}
	return all
}

func items(allowed string) func(string) ([]string, error) {
	return func(text string) ([]string, error) {
		all := split(text)
		if len(all) == 0 {
			return nil, annotations.Wrong(text, allowed)
		}
		return all, nil
	}
}

func groupIDs(text string) ([]string, error) {
	all := split(text)
	for _, id := range all {
		if !strings.HasPrefix(id, "sg-") {
			return nil, annotations.Wrong(id, `IDs of security groups, such as "sg-0123456789abcdef0"; names are not looked up`)
		}
	}
	return all, nil
}

func ipv4Addresses(text string) ([]string, error) {
	all := split(text)
	for _, a := range all {
		if addr, err := netip.ParseAddr(a); err != nil || !addr.Is4() {
			return nil, annotations.Wrong(a, "IPv4 addresses separated by commas")
		}
	}
	if len(all) == 0 {
		return nil, annotations.Wrong(text, "IPv4 addresses separated by commas")
	}
	return all, nil
}

// networks reads source ranges.
func networks(text string) ([]string, error) { return annotations.Networks(split(text)) }
