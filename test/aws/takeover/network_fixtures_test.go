// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package takeover

import (
	"strings"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/test/aws/takeover/upstream"
)

// lbName is the name of a Service's load balancer.
func lbName(service string) string {
	return ("a" + strings.ReplaceAll(string(uid(service)), "-", ""))[:32]
}

func withPrefixList(p ec2types.IpPermission) ec2types.IpPermission {
	id := "pl-0123456789abcdef0"
	p.PrefixListIds = []ec2types.PrefixListId{{PrefixListId: &id}}
	return p
}

// networkFixtures are network load balancers that need nothing but their Service.
func networkFixtures() map[string]fixture {
	one := func(edits ...edit) fixture { return fixture{services: makers{network("web", edits...)}} }
	return map[string]fixture{
		"nlb-plain":         one(),
		"nlb-several-zones": {zones: 3, services: makers{network("web", ports(v1.ProtocolTCP, 80, 443, 8080), ranges("10.0.0.0/8"))}},
		"nlb-internal":      one(annotate("internal", "true")),
		"nlb-ranges":        one(ranges("10.1.2.3/8", "192.168.0.0/16")),
		"nlb-tls":           one(annotate("ssl-cert", certificate, "ssl-ports", "443"), ports(v1.ProtocolTCP, 80, 443)),
		"nlb-tls-policy":    one(annotate("ssl-cert", certificate, "ssl-negotiation-policy", "ELBSecurityPolicy-TLS13-1-2-2021-06")),
		"nlb-tls-to-tls":    one(annotate("ssl-cert", certificate, "backend-protocol", "ssl")),
		"nlb-udp":           one(ports(v1.ProtocolUDP, 53, 5353)),
		"nlb-udp-local":     one(ports(v1.ProtocolUDP, 53), local()),
		"nlb-local":         one(local(), ports(v1.ProtocolTCP, 80, 443)),
		"nlb-local-ranges":  one(local(), ranges("10.0.0.0/8")),
		"nlb-local-tcp":     one(local(), annotate("healthcheck-protocol", "TCP", "healthcheck-port", "traffic-port")),
		"nlb-health": one(annotate("healthcheck-protocol", "http", "healthcheck-port", "8080", "healthcheck-path", "/ok", "healthcheck-interval", "20",
			"healthcheck-healthy-threshold", "4", "healthcheck-unhealthy-threshold", "5")),
		"nlb-health-https":        one(annotate("healthcheck-protocol", "HTTPS")),
		"nlb-health-path-tcp":     one(annotate("healthcheck-path", "/unused")),
		"nlb-health-port":         one(annotate("healthcheck-port", "9000"), ports(v1.ProtocolTCP, 80, 443)),
		"nlb-attributes":          one(annotate("cross-zone-load-balancing-enabled", "true")),
		"nlb-access-logs":         one(annotate("access-log-enabled", "true", "access-log-s3-bucket-name", "logs", "access-log-s3-bucket-prefix", "a/b")),
		"nlb-target-attributes":   one(annotate("target-group-attributes", "proxy_protocol_v2.enabled=true,preserve_client_ip.enabled=true")),
		"nlb-client-ip-hidden":    one(annotate("target-group-attributes", "preserve_client_ip.enabled=false")),
		"nlb-tags":                one(annotate("additional-resource-tags", "team=a,env=prod")),
		"nlb-legacy-tag":          {config: upstream.Config{LegacyTag: true}, services: makers{network("web")}},
		"nlb-target-node-labels":  one(annotate("target-node-labels", "pool")),
		"nlb-shared-probes":       {config: upstream.Config{SharedProbes: true}, services: makers{network("web", annotate("healthcheck-port", "9000", "healthcheck-interval", "15"))}},
		"nlb-shared-probes-local": {config: upstream.Config{SharedProbes: true}, services: makers{network("web", local())}},
		"nlb-subnets":             one(annotateWith("subnets", func(g *ground) string { return strings.Join(g.network.Public, ",") }), ranges("10.0.0.0/8")),
		"nlb-private-addresses":   one(annotate("internal", "true", "private-ipv4-addresses", "10.0.64.77,10.0.192.77")),
		"nlb-elastic-addresses":   {prepare: elasticAddresses, services: makers{network("web", annotateWith("eip-allocations", allocations))}},
		"nlb-dual-stack":          {ipv6: true, services: makers{network("web", dualStack())}},
		"nlb-empty-annotations":   one(annotate("ssl-cert", "", "ssl-ports", "", "ssl-negotiation-policy", "", "backend-protocol", "", "target-group-attributes", "", "security-groups", "", "access-log-enabled", "", "target-node-labels", "")),
		"nlb-ignored-annotations": one(annotate("proxy-protocol", "*", "connection-idle-timeout", "99", "scheme", "internal", "nlb-target-type", "ip", "attributes", "a=b")),
	}
}

func elasticAddresses(g *ground) {
	for range g.network.Public {
		g.cloud.EC2.AddAddress(nil)
	}
}

func allocations(g *ground) string {
	var ids []string
	for _, a := range g.cloud.State().EC2.Addresses {
		ids = append(ids, a.AllocationID)
	}
	return strings.Join(ids, ",")
}
