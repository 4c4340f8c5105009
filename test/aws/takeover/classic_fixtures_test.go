// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package takeover

import (
	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/test/aws/takeover/upstream"
)

type makers = []func(*ground) *v1.Service

// classicFixtures are Classic load balancers that need nothing but their Service.
func classicFixtures() map[string]fixture {
	one := func(edits ...edit) fixture { return fixture{services: makers{classic("web", edits...)}} }
	return map[string]fixture{
		"classic-plain":            one(),
		"classic-several-zones":    {zones: 3, services: makers{classic("web", ports(v1.ProtocolTCP, 80, 443, 8080))}},
		"classic-internal":         one(annotate("internal", "0.0.0.0/0")),
		"classic-ranges":           one(ranges("10.1.2.3/8", " 192.168.0.0/16", "10.9.9.9/8")),
		"classic-ranges-annotated": one(rangesAnnotation("192.168.1.1/24, 10.0.0.0/8"), ports(v1.ProtocolTCP, 80, 81)),
		"classic-tls": one(annotate("ssl-cert", certificate, "ssl-ports", "p443", "backend-protocol", "http", "ssl-negotiation-policy", "ELBSecurityPolicy-TLS-1-2-2017-01"),
			ports(v1.ProtocolTCP, 80, 443)),
		"classic-tls-all-ports":             one(annotate("ssl-cert", certificate)),
		"classic-tls-to-tls":                one(annotate("ssl-cert", certificate, "backend-protocol", "ssl", "ssl-ports", "443,8443"), ports(v1.ProtocolTCP, 443, 8443)),
		"classic-https-to-https":            one(annotate("ssl-cert", certificate, "backend-protocol", "https", "ssl-ports", "*"), ports(v1.ProtocolTCP, 443)),
		"classic-http":                      one(annotate("backend-protocol", "http")),
		"classic-https-without-certificate": one(annotate("backend-protocol", "HTTPS")),
		"classic-proxy-protocol":            one(annotate("proxy-protocol", "*"), ports(v1.ProtocolTCP, 80, 443)),
		"classic-local":                     one(local()),
		"classic-local-traffic-port":        one(local(), annotate("healthcheck-port", "traffic-port")),
		"classic-attributes": one(annotate("connection-draining-enabled", "true", "connection-draining-timeout", "60", "connection-idle-timeout", "120",
			"cross-zone-load-balancing-enabled", "1")),
		"classic-access-logs":                  one(annotate("access-log-enabled", "true", "access-log-emit-interval", "5", "access-log-s3-bucket-name", "logs", "access-log-s3-bucket-prefix", "a/b")),
		"classic-access-logs-default-interval": one(annotate("access-log-enabled", "true", "access-log-s3-bucket-name", "logs")),
		"classic-access-logs-off":              one(annotate("access-log-s3-bucket-name", "logs", "access-log-emit-interval", "5")),
		"classic-health": one(annotate("healthcheck-protocol", "http", "healthcheck-port", "8080", "healthcheck-path", "/ok", "healthcheck-healthy-threshold", "3",
			"healthcheck-unhealthy-threshold", "4", "healthcheck-timeout", "7", "healthcheck-interval", "20")),
		"classic-shared-probes":           {config: upstream.Config{SharedProbes: true}, services: makers{classic("web")}},
		"classic-shared-probes-annotated": {config: upstream.Config{SharedProbes: true}, services: makers{classic("web", annotate("healthcheck-port", "9000", "healthcheck-path", "/ok"))}},
		"classic-legacy-tag":              {config: upstream.Config{LegacyTag: true}, services: makers{classic("web")}},
		"classic-tags":                    one(annotate("additional-resource-tags", "team=a b,env=prod=x, bare,=none")),
		"classic-target-node-labels":      one(annotate("target-node-labels", "pool=green")),
		"classic-subnets":                 one(annotateWith("subnets", func(g *ground) string { return clusterID + "-private-us-west-2b, " + g.network.Public[0] })),
		"classic-empty-annotations": one(annotate("ssl-cert", "", "ssl-ports", "", "backend-protocol", "", "proxy-protocol", "", "security-groups", "", "extra-security-groups", "",
			"access-log-enabled", "", "connection-idle-timeout", "", "connection-draining-timeout", "", "cross-zone-load-balancing-enabled", "", "internal", "", "type", "", "target-node-labels", "", "healthcheck-path", "")),
	}
}

// groupFixtures are about security groups, of both kinds of load balancers.
func groupFixtures() map[string]fixture {
	given := func(names ...string) func(*ground) {
		return func(g *ground) {
			for _, name := range names {
				g.addGroup(name, true)
			}
		}
	}
	ids := func(names ...string) func(*ground) string {
		return func(g *ground) string {
			text := ""
			for i, name := range names {
				if i > 0 {
					text += ","
				}
				text += g.groupID(name)
			}
			return text
		}
	}
	return map[string]fixture{
		"classic-given-groups":           {prepare: given("front", "back"), services: makers{classic("web", annotateWith("security-groups", ids("back", "front")))}},
		"classic-extra-groups":           {prepare: given("extra"), services: makers{classic("web", annotateWith("extra-security-groups", ids("extra")))}},
		"classic-given-and-extra-groups": {prepare: given("front", "extra"), services: makers{classic("web", annotateWith("security-groups", ids("front")), annotateWith("extra-security-groups", ids("extra")))}},
		"classic-elb-security-group": {
			prepare:  func(g *ground) { g.config.ElbSecurityGroup = g.addGroup("all-elbs", true) },
			services: makers{classic("web"), classic("api")},
		},
		"classic-one-group-for-two": {prepare: given("front"), services: makers{classic("web", annotateWith("security-groups", ids("front"))), classic("api", annotateWith("security-groups", ids("front")))}},
		"classic-first-group-is-second-of-another": {prepare: given("front", "back"), services: makers{
			classic("web", annotateWith("security-groups", ids("front"))), classic("api", annotateWith("security-groups", ids("back", "front")))}},
		"classic-node-groups-left":    {config: upstream.Config{DisableSecurityGroupIngress: true}, services: makers{classic("web")}},
		"classic-untagged-node-group": {prepare: untaggedNodes, services: makers{classic("web")}},
		"classic-rules-of-operator": {
			prepare: func(g *ground) {
				g.allow(g.network.NodeGroup, fromNetwork("tcp", 22, "10.0.0.0/8", "ssh"))
				g.allow(g.network.NodeGroup, fromGroup("tcp", 9100, g.addGroup("monitoring", true)))
			},
			services: makers{classic("web")},
			since: func(g *ground) { // which upstream's comparison does not see
				p := fromNetwork("tcp", 80, "", "")
				p.IpRanges = nil
				g.allow(g.groupID("k8s-elb-"+lbName("web")), withPrefixList(p))
			},
		},
		"nlb-node-groups-left":    {config: upstream.Config{DisableSecurityGroupIngress: true}, services: makers{network("web", ranges("10.0.0.0/8"))}},
		"nlb-untagged-node-group": {prepare: untaggedNodes, services: makers{network("web", ranges("10.0.0.0/8"))}},
		"nlb-two-node-groups": {prepare: func(g *ground) {
			g.addNode("blue", g.network.NodeGroup)
			g.addNode("green", g.addGroup("more-nodes", true))
		}, services: makers{network("web", ranges("10.0.0.0/8")), classic("api")}},
		"nlb-rules-of-operator": {
			prepare: func(g *ground) {
				g.allow(g.network.NodeGroup, fromNetwork("tcp", 22, "10.0.0.0/8", "ssh"))
				g.allow(g.network.NodeGroup, fromNetwork("tcp", 30000, "172.16.0.0/12", "a port of the operator"))
			},
			services: makers{network("web", ranges("10.0.0.0/8"))},
		},
		"nlb-shared-health-rules":  {config: upstream.Config{SharedProbes: true}, services: makers{network("web"), network("api", ranges("10.0.0.0/8"))}},
		"nlb-and-classic":          {services: makers{network("web", ranges("10.0.0.0/8")), classic("api"), network("shop", ranges("10.0.0.0/8", "172.16.0.0/12"))}},
		"nlb-managed":              {config: upstream.Config{ManagedNLBGroups: true}, services: makers{network("web", ports(v1.ProtocolTCP, 80, 443), ranges("10.0.0.0/8", "172.16.0.0/12"))}},
		"nlb-managed-tls":          {config: upstream.Config{ManagedNLBGroups: true}, services: makers{network("web", annotate("ssl-cert", certificate))}},
		"nlb-managed-udp":          {config: upstream.Config{ManagedNLBGroups: true}, services: makers{network("dns", ports(v1.ProtocolUDP, 53))}},
		"nlb-managed-tags":         {config: upstream.Config{ManagedNLBGroups: true, LegacyTag: true}, services: makers{network("web", annotate("additional-resource-tags", "team=a"))}},
		"nlb-managed-given-groups": {prepare: given("front"), config: upstream.Config{ManagedNLBGroups: true}, services: makers{network("web", annotateWith("security-groups", ids("front")))}},
		"nlb-groups-named-in-vain": {prepare: given("front"), services: makers{network("web", annotateWith("security-groups", ids("front")))}},
		"nlb-made-before-managed":  {services: makers{network("web")}, since: func(g *ground) { g.config.ManagedNLBGroups = true }},
		"nlb-formerly-managed":     {config: upstream.Config{ManagedNLBGroups: true}, services: makers{network("web")}, since: func(g *ground) { g.config.ManagedNLBGroups = false }},
	}
}

// untaggedNodes puts the nodes into one security group without the cluster's tag.
func untaggedNodes(g *ground) {
	id := g.addGroup("plain-nodes", false)
	g.addNode("blue", id)
	g.addNode("green", id)
}
