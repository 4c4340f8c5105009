// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/cloud-providers/test/clouds/aws"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/elb"
)

// normalised writes a state with a line for each resource. IDs that AWS draws by lot are replaced by names,
// and what depends on time is left out, so that two ways to the same state give the same text.
func normalised(t *testing.T, state *aws.State) string {
	t.Helper()
	n := &normaliser{t: t}
	for _, g := range state.EC2.SecurityGroups {
		n.name(g.ID, "sg:"+g.Name)
	}
	for _, lb := range state.ELB.LoadBalancers {
		n.name(lb.ARN, "lb:"+lb.Name)
	}
	for _, g := range state.ELB.TargetGroups {
		n.name(g.ARN, "tg:"+g.Name)
	}
	for _, g := range state.EC2.SecurityGroups {
		n.group(*g)
	}
	for _, lb := range state.ELB.ClassicLoadBalancers {
		n.classic(*lb)
	}
	for _, lb := range state.ELB.LoadBalancers {
		n.network(*lb)
	}
	for _, g := range state.ELB.TargetGroups {
		n.targetGroup(*g)
	}
	for _, l := range state.ELB.Listeners {
		c := *l
		c.ARN = ""
		slices.SortFunc(c.Tags, byKey)
		n.line("listener", c)
	}
	slices.Sort(n.lines)
	return strings.NewReplacer(n.names...).Replace(strings.Join(n.lines, "\n"))
}

type normaliser struct {
	t     *testing.T
	names []string
	lines []string
}

func (n *normaliser) name(id, name string) { n.names = append(n.names, id, name) }

func (n *normaliser) line(kind string, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		n.t.Fatal(err)
	}
	n.lines = append(n.lines, strings.NewReplacer(n.names...).Replace(kind+" "+string(data)))
}

func byKey(a, b elb.Tag) int { return cmp.Compare(a.Key, b.Key) }

func (n *normaliser) group(g ec2.SecurityGroup) {
	rules := g.Ingress
	g.ID, g.Ingress, g.Egress = "", nil, nil
	n.line("security group", g)
	for _, r := range rules {
		r.ID = ""
		n.line("rule of "+g.Name, r)
	}
}

func (n *normaliser) classic(lb elb.ClassicLoadBalancer) {
	lb.DNSName, lb.CreatedAt = "", time.Time{}
	lb.Attachments = placed(lb.Attachments)
	lb.SecurityGroups = slices.Clone(lb.SecurityGroups)
	lb.Tags = slices.SortedFunc(slices.Values(lb.Tags), byKey)
	lb.Instances = slices.Clone(lb.Instances)
	for i := range lb.Instances {
		lb.Instances[i].At = time.Time{}
	}
	// Policies that are no longer used cannot be told from history: AWS keeps them.
	used := map[string]bool{}
	for _, l := range lb.Listeners {
		for _, p := range l.Policies {
			used[p] = true
		}
	}
	for _, b := range lb.Backends {
		for _, p := range b.Policies {
			used[p] = true
		}
	}
	lb.Policies = slices.DeleteFunc(slices.Clone(lb.Policies), func(p elb.Policy) bool { return !used[p.Name] })
	lb.Backends = slices.DeleteFunc(slices.Clone(lb.Backends), func(b elb.Backend) bool { return len(b.Policies) == 0 })
	if !lb.Attributes.AccessLog {
		lb.Attributes.AccessLogBucket, lb.Attributes.AccessLogPrefix, lb.Attributes.AccessLogInterval = "", "", 0
	}
	if !lb.Attributes.Draining {
		lb.Attributes.DrainingTimeout = 0
	}
	n.line("classic", lb)
}

func placed(list []elb.Attachment) []elb.Attachment {
	list = slices.Clone(list)
	for i := range list {
		list[i].InterfaceID = ""
	}
	slices.SortFunc(list, func(a, b elb.Attachment) int { return cmp.Compare(a.SubnetID, b.SubnetID) })
	return list
}

func (n *normaliser) network(lb elb.LoadBalancer) {
	lb.ARN, lb.DNSName, lb.CreatedAt = "", "", time.Time{}
	lb.Attachments = placed(lb.Attachments)
	lb.Tags = slices.SortedFunc(slices.Values(lb.Tags), byKey)
	lb.Attributes = withoutLogs(lb.Attributes)
	n.line("network", lb)
}

// withoutLogs leaves out bucket and prefix while logs are off: they stay as they were.
func withoutLogs(list []elb.Attribute) []elb.Attribute {
	on := slices.Contains(list, elb.Attribute{Key: "access_logs.s3.enabled", Value: "true"})
	list = slices.DeleteFunc(slices.Clone(list), func(a elb.Attribute) bool {
		return !on && (a.Key == "access_logs.s3.bucket" || a.Key == "access_logs.s3.prefix")
	})
	slices.SortFunc(list, func(a, b elb.Attribute) int { return cmp.Compare(a.Key, b.Key) })
	return list
}

func (n *normaliser) targetGroup(g elb.TargetGroup) {
	g.ARN = ""
	g.Tags = slices.SortedFunc(slices.Values(g.Tags), byKey)
	g.Attributes = slices.SortedFunc(slices.Values(g.Attributes), func(a, b elb.Attribute) int { return cmp.Compare(a.Key, b.Key) })
	g.Targets = slices.DeleteFunc(slices.Clone(g.Targets), func(t elb.Target) bool { return t.GoneAt != nil })
	for i := range g.Targets {
		g.Targets[i].At = time.Time{}
	}
	n.line("target group", g)
}
