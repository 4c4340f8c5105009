// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package takeover

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/cloud-providers/test/clouds/aws"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/elb"
)

// fields writes load balancers, target groups, listeners and security groups with a line for each field.
// IDs that AWS draws by lot are replaced by names; what depends on time is left out.
func fields(t *testing.T, state *aws.State) string {
	t.Helper()
	f := &fieldWriter{t: t, names: map[string]string{}}
	for _, g := range state.EC2.SecurityGroups {
		f.names[g.ID] = "<" + g.Name + ">"
	}
	for _, lb := range state.ELB.LoadBalancers {
		f.names[lb.ARN] = "<" + lb.Name + ">"
	}
	for _, g := range state.ELB.TargetGroups {
		f.names[g.ARN] = "<" + g.Name + ">"
	}
	for _, g := range state.EC2.SecurityGroups {
		f.securityGroup(*g)
	}
	for _, lb := range state.ELB.ClassicLoadBalancers {
		f.classic(*lb)
	}
	for _, lb := range state.ELB.LoadBalancers {
		f.network(*lb)
	}
	for _, g := range state.ELB.TargetGroups {
		f.targetGroup(*g)
	}
	for _, l := range state.ELB.Listeners {
		c := *l
		c.ARN, c.Tags, c.Attributes = "", nil, nil
		f.object(fmt.Sprintf("listener %d of %s", l.Port, l.LoadBalancerARN), c, tagsOf(l.Tags), attributesOf(l.Attributes))
	}
	slices.Sort(f.lines)
	return strings.Join(f.lines, "\n")
}

type fieldWriter struct {
	t     *testing.T
	names map[string]string
	lines []string
}

func (f *fieldWriter) line(text string) {
	for id, name := range f.names {
		text = strings.ReplaceAll(text, id, name)
	}
	f.lines = append(f.lines, text)
}

// object writes the fields of a value, and maps besides.
func (f *fieldWriter) object(name string, v any, more ...map[string]string) {
	data, err := json.Marshal(v)
	if err != nil {
		f.t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(data, &tree); err != nil {
		f.t.Fatal(err)
	}
	f.flatten(name+":", tree)
	for _, m := range more {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			f.line(name + ": " + key + " = " + m[key])
		}
	}
}

func (f *fieldWriter) flatten(path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, item := range v {
			f.flatten(path+" "+key, item)
		}
	case []any:
		for i, item := range v {
			f.flatten(fmt.Sprintf("%s[%d]", path, i), item)
		}
	default:
		f.line(fmt.Sprintf("%s = %v", path, v))
	}
}

func tagsOf(tags []elb.Tag) map[string]string {
	m := map[string]string{}
	for _, t := range tags {
		m["tag "+t.Key] = t.Value
	}
	return m
}

func attributesOf(list []elb.Attribute) map[string]string {
	m := map[string]string{}
	for _, a := range list {
		m["attribute "+a.Key] = a.Value
	}
	return m
}

func (f *fieldWriter) securityGroup(g ec2.SecurityGroup) {
	name := "security group " + g.Name
	for _, r := range slices.Concat(g.Ingress, g.Egress) {
		r.ID = ""
		data, err := json.Marshal(r)
		if err != nil {
			f.t.Fatal(err)
		}
		f.line(name + ": rule " + string(data))
	}
	g.ID, g.Ingress, g.Egress = "", nil, nil
	f.object(name, g)
}

func (f *fieldWriter) classic(lb elb.ClassicLoadBalancer) {
	name := "classic " + lb.Name
	lb.DNSName, lb.CreatedAt = "", time.Time{}
	lb.Attachments = placed(lb.Attachments)
	lb.Instances = slices.Clone(lb.Instances)
	for i := range lb.Instances {
		lb.Instances[i].At = time.Time{}
	}
	if a := &lb.Attributes; !a.AccessLog { // 11.6: upstream writes the rest of them on each sync anyway, to no effect
		a.AccessLogBucket, a.AccessLogPrefix, a.AccessLogInterval = "", "", 0
	}
	policies := map[string]string{}
	for _, p := range lb.Policies {
		policies["policy "+p.Name] = fmt.Sprint(p.Type, p.Attributes)
	}
	tags := tagsOf(lb.Tags)
	lb.Tags, lb.Policies = nil, nil
	f.object(name, lb, tags, policies)
}

func placed(list []elb.Attachment) []elb.Attachment {
	list = slices.Clone(list)
	for i := range list {
		list[i].InterfaceID = ""
	}
	slices.SortFunc(list, func(a, b elb.Attachment) int { return strings.Compare(a.SubnetID, b.SubnetID) })
	return list
}

func (f *fieldWriter) network(lb elb.LoadBalancer) {
	name := "network " + lb.Name
	lb.DNSName, lb.CreatedAt = "", time.Time{}
	lb.Attachments = placed(lb.Attachments)
	tags, attributes := tagsOf(lb.Tags), attributesOf(lb.Attributes)
	lb.Tags, lb.Attributes = nil, nil
	f.object(name, lb, tags, attributes)
}

func (f *fieldWriter) targetGroup(g elb.TargetGroup) {
	name := "target group " + g.Name
	for _, t := range g.Targets {
		if t.GoneAt == nil {
			f.line(fmt.Sprintf("%s: target %s port %d", name, t.ID, t.Port))
		}
	}
	tags, attributes := tagsOf(g.Tags), attributesOf(g.Attributes)
	g.Tags, g.Attributes, g.Targets = nil, nil, nil
	f.object(name, g, tags, attributes)
}

// differences lists the lines that only one of two texts has.
func differences(got, want string) string {
	const most = 30
	var lines []string
	have, wanted := strings.Split(got, "\n"), strings.Split(want, "\n")
	for _, l := range have {
		if !slices.Contains(wanted, l) {
			lines = append(lines, "\n+ "+l)
		}
	}
	for _, l := range wanted {
		if !slices.Contains(have, l) {
			lines = append(lines, "\n- "+l)
		}
	}
	if len(lines) > most {
		lines = append(lines[:most], fmt.Sprintf("\nand %d lines more", len(lines)-most))
	}
	return strings.Join(lines, "")
}
