// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package takeover

import (
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbv2types "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/test/aws/takeover/upstream"
	ec2sim "sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
)

// changeFixtures have a history: a Service that was edited, or an operator who was at work, and what
// upstream made of it. With a why they are its defects, and our first plan repairs them.
func changeFixtures() map[string]fixture {
	managed := upstream.Config{ManagedNLBGroups: true}
	client, health := "kubernetes.io/rule/nlb/client="+lbName("web"), "kubernetes.io/rule/nlb/health="+lbName("web")
	return map[string]fixture{
		"changed-classic-policy-annotation-removed": {
			services: makers{classic("web", annotate("ssl-cert", certificate, "ssl-negotiation-policy", "ELBSecurityPolicy-TLS-1-2-2017-01"))},
			since:    edited(remove("ssl-negotiation-policy")),
		},
		"changed-classic-tags-removed":  {services: makers{classic("web", annotate("additional-resource-tags", "team=a"))}, since: edited(remove("additional-resource-tags"))},
		"changed-nlb-attribute-removed": {services: makers{network("web", annotate("target-group-attributes", "proxy_protocol_v2.enabled=true"))}, since: edited(remove("target-group-attributes"))},
		"changed-nlb-logs-removed": {
			services: makers{network("web", annotate("access-log-enabled", "true", "access-log-s3-bucket-name", "logs"))},
			since: func(g *ground) {
				edited(remove("access-log-enabled"))(g)
				g.setAttribute("access_logs.s3.enabled", "false")
			},
		},
		"changed-nlb-scheme":    {services: makers{network("web")}, since: edited(annotate("internal", "true"))},
		"changed-nlb-threshold": {services: makers{network("web")}, since: edited(annotate("healthcheck-unhealthy-threshold", "5")), why: "10: upstream does not notice that only the unhealthy threshold changed"},
		"changed-nlb-timeout":   {services: makers{network("web", annotate("healthcheck-timeout", "15"))}, why: "10: upstream never sends the timeout"},
		"changed-nlb-tags":      {services: makers{network("web")}, since: edited(annotate("additional-resource-tags", "team=a")), why: "10, 12.5: upstream never changes the tags of a network load balancer"},
		"changed-nlb-subnets": {
			services: makers{network("web", ranges("10.0.0.0/8"), annotateWith("subnets", func(g *ground) string { return g.network.Public[0] }))},
			since:    edited(annotateWith("subnets", func(g *ground) string { return g.network.Public[0] + "," + g.network.Public[1] })),
			why:      "10: upstream ignores the subnets of a network load balancer that exists",
		},
		"changed-nlb-to-tls": {services: makers{network("web")}, since: edited(annotate("ssl-cert", certificate)), why: "12.6: upstream fails for ever with DuplicateListener"},
		"changed-nlb-stale-health-rules": {
			services: makers{network("web", ranges("10.0.0.0/8"))},
			since: func(g *ground) {
				edited(ranges())(g)
				node := g.network.NodeGroup
				g.revoke(node, fromNetwork("tcp", nodePort("web", 0), "10.0.0.0/8", ""))
				g.allow(node, fromNetwork("tcp", nodePort("web", 0), "0.0.0.0/0", client))
				g.revoke(node, mtu("10.0.0.0/8"))
				g.allow(node, mtu("0.0.0.0/0"))
			},
			why: "13.4: rules for health checks stay when clients' rules come to cover them",
		},
		"changed-nlb-shared-rule-lost": {
			config: upstream.Config{SharedProbes: true}, services: makers{network("web")},
			since: func(g *ground) { // as another load balancer did that had the rules first, and went
				for _, cidr := range []string{"10.0.0.0/18", "10.0.128.0/18"} {
					g.revoke(g.network.NodeGroup, fromNetwork("tcp", 10256, cidr, ""))
				}
			},
			why: "13.4: a rule that two load balancers shared was deleted with the first",
		},
		"changed-nlb-client-ip-hidden-with-ranges": {
			services: makers{network("web", ranges("192.0.2.0/24"), annotate("target-group-attributes", "preserve_client_ip.enabled=false", "healthcheck-port", "9000"))},
			why:      "13.4: packets come from the load balancer's addresses, to which upstream opens only the port of health checks",
		},
		"changed-nlb-port-not-opened": {
			config: managed, services: makers{network("web", ports(v1.ProtocolTCP, 80, 443))},
			since: func(g *ground) {
				g.config.ManagedNLBGroups = false
				g.revoke(g.groupID("k8s-shopeu-web-"), fromNetwork("tcp", 443, "0.0.0.0/0", ""))
			},
			why: "13.5: once the mode is off, upstream does not open later ports in the group that it made",
		},
		"changed-nlb-rule-with-our-description": {
			services: makers{network("web", ranges("10.0.0.0/8"))},
			since: func(g *ground) {
				g.allow(g.network.NodeGroup, fromNetwork("tcp", 9999, "10.0.0.0/8", client))
				g.allow(g.network.NodeGroup, fromNetwork("tcp", 9998, "10.0.0.0/8", health))
			},
			why: "13.4: a manual rule with our description is removed",
		},
		"changed-classic-manual-node-rule": {
			services: makers{classic("web")},
			since: func(g *ground) { // as if the operator's rule had been there first
				source := g.groupID("k8s-elb-" + lbName("web"))
				all := "-1"
				g.revoke(g.network.NodeGroup, ec2types.IpPermission{IpProtocol: &all, UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: &source}}})
				g.allow(g.network.NodeGroup, fromGroup("tcp", 443, source))
			},
			why:  "13.4: upstream takes any rule that names the load balancer's group for the one that is needed",
			kept: true, // the operator's rule refers to the group
		},
		"changed-classic-stopped-node": {services: makers{classic("web")}, since: stopped, why: "9.4: only running and pending instances are registered"},
		"changed-nlb-stopped-node":     {services: makers{network("web")}, since: stopped, why: "9.4: only running instances are registered"},
	}
}

// edited edits the first Service as a user does.
func edited(e edit) func(*ground) {
	return func(g *ground) { e(g, g.services[0]) }
}

func remove(keys ...string) edit {
	return func(_ *ground, s *v1.Service) {
		for _, key := range keys {
			delete(s.Annotations, prefix+key)
		}
	}
}

func mtu(cidr string) ec2types.IpPermission {
	p := fromNetwork("icmp", 3, cidr, "kubernetes.io/rule/nlb/mtu")
	code := int32(4)
	p.ToPort = &code
	return p
}

// stopped stops the second node.
func stopped(g *ground) {
	g.t.Helper()
	id := g.nodes[1].Spec.ProviderID
	if err := g.cloud.EC2.ChangeInstance(id[len(id)-19:], func(i *ec2sim.Instance) { i.State = "stopped" }); err != nil {
		g.t.Fatal(err)
	}
}

// setAttribute sets an attribute of the only network load balancer.
func (g *ground) setAttribute(key, value string) {
	g.t.Helper()
	_, err := g.cloud.ELBv2Client().ModifyLoadBalancerAttributes(g.t.Context(), &elbv2.ModifyLoadBalancerAttributesInput{
		LoadBalancerArn: &g.cloud.State().ELB.LoadBalancers[0].ARN, Attributes: []elbv2types.LoadBalancerAttribute{{Key: &key, Value: &value}},
	})
	if err != nil {
		g.t.Fatal(err)
	}
}
