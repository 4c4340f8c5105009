// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package takeover

import (
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/test/aws/takeover/upstream"
)

// inTreeFixtures are what clusters have that came from the in-tree provider and have not been synced by
// another since.
func inTreeFixtures() map[string]fixture {
	one := func(service func(*ground) *v1.Service) fixture {
		return fixture{inTree: true, services: makers{service}}
	}
	untagged := one(classic("web"))
	untagged.since = func(g *ground) { g.untag(g.groupID("k8s-elb-" + lbName("web"))) }
	untagged.why = "6.3: a managed security group that lacks the cluster's tag gets it"
	untagged.kept = true // 13.6: a group without the cluster's tag is never deleted

	bare := one(network("web", ranges("10.0.0.0/8")))
	bare.since = (*ground).untagTargetGroups

	moved := one(network("web", ranges("10.0.0.0/8")))
	moved.since = func(g *ground) { // health rules for the subnets that a later sync would have chosen
		for i, public := range []string{"10.0.0.0/18", "10.0.128.0/18"} {
			description := "kubernetes.io/rule/nlb/health=" + lbName("web")
			g.revoke(g.network.NodeGroup, fromNetwork("tcp", nodePort("web", 0), public, description))
			g.allow(g.network.NodeGroup, fromNetwork("tcp", nodePort("web", 0), []string{"10.0.64.0/18", "10.0.192.0/18"}[i], description))
		}
	}
	moved.why = "27: the in-tree provider opened nodes to the subnets that it would choose now; health checks come from those that the load balancer is in"

	return map[string]fixture{
		"intree-classic-plain":          one(classic("web")),
		"intree-classic-internal":       one(classic("web", annotate("internal", "true"), ranges("10.0.0.0/8"))),
		"intree-classic-tls":            one(classic("web", annotate("ssl-cert", certificate, "ssl-negotiation-policy", "ELBSecurityPolicy-TLS-1-2-2017-01"), ports(v1.ProtocolTCP, 80, 443))),
		"intree-classic-proxy-protocol": one(classic("web", annotate("proxy-protocol", "*"))),
		"intree-classic-attributes":     one(classic("web", annotate("connection-draining-enabled", "true", "additional-resource-tags", "team=a"))),
		"intree-classic-local":          one(classic("web", local())),
		"intree-classic-legacy-tag":     {inTree: true, config: upstream.Config{LegacyTag: true}, services: makers{classic("web")}},
		"intree-classic-untagged-group": untagged,
		"intree-classic-untagged-nodes": {inTree: true, prepare: untaggedNodes, services: makers{classic("web")}},
		"intree-nlb-plain":              one(network("web")),
		"intree-nlb-ranges":             one(network("web", ranges("10.0.0.0/8"), ports(v1.ProtocolTCP, 80, 443))),
		"intree-nlb-local":              one(network("web", local())),
		"intree-nlb-tls":                one(network("web", annotate("ssl-cert", certificate))),
		"intree-nlb-udp":                one(network("web", ports(v1.ProtocolUDP, 53), local())),
		"intree-nlb-tags":               one(network("web", annotate("additional-resource-tags", "team=a"))),
		"intree-nlb-bare-target-groups": bare,
		"intree-nlb-moved-health-rules": moved,
	}
}

// untag takes all tags from a security group.
func (g *ground) untag(id string) {
	g.t.Helper()
	sg, _ := g.cloud.EC2.SecurityGroupByID(id)
	in := &ec2.DeleteTagsInput{Resources: []string{id}}
	for key := range sg.Tags {
		in.Tags = append(in.Tags, ec2types.Tag{Key: &key})
	}
	if _, err := g.cloud.EC2Client().DeleteTags(g.t.Context(), in); err != nil {
		g.t.Fatal(err)
	}
}

// untagTargetGroups takes all tags from all target groups.
func (g *ground) untagTargetGroups() {
	g.t.Helper()
	for _, tg := range g.cloud.State().ELB.TargetGroups {
		in := &elbv2.RemoveTagsInput{ResourceArns: []string{tg.ARN}}
		for _, tag := range tg.Tags {
			in.TagKeys = append(in.TagKeys, tag.Key)
		}
		if _, err := g.cloud.ELBv2Client().RemoveTags(g.t.Context(), in); err != nil {
			g.t.Fatal(err)
		}
	}
}
