// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package upstream

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func ec2Tags(tags map[string]string) []ec2types.Tag {
	var out []ec2types.Tag
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, ec2types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return out
}

// createGroup makes a security group. The in-tree provider tags it afterwards.
func (b *balancer) createGroup(ctx context.Context, name, description string) (string, error) {
	in := &ec2.CreateSecurityGroupInput{GroupName: &name, Description: &description, VpcId: &b.VPC}
	if !b.InTree {
		in.TagSpecifications = []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeSecurityGroup, Tags: ec2Tags(b.groupTags())}}
	}
	out, err := b.EC2.CreateSecurityGroup(ctx, in)
	if err != nil {
		return "", fmt.Errorf("create security group: %w", err)
	}
	id := aws.ToString(out.GroupId)
	if b.InTree {
		if _, err := b.EC2.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{id}, Tags: ec2Tags(b.groupTags())}); err != nil {
			return "", fmt.Errorf("tag security group: %w", err)
		}
	}
	return id, nil
}

// openGroup gives a managed security group its rules: the Service's ports and path-MTU discovery, for each
// source range, in one call.
func (b *balancer) openGroup(ctx context.Context, id string) error {
	var permissions []ec2types.IpPermission
	for _, p := range b.service.Spec.Ports {
		permissions = append(permissions, permission(strings.ToLower(string(p.Protocol)), p.Port, p.Port, b.sourceRanges(), ""))
	}
	permissions = append(permissions, permission("icmp", 3, 4, b.sourceRanges(), ""))
	return b.authorize(ctx, id, permissions)
}

func permission(protocol string, from, to int32, cidrs []string, description string) ec2types.IpPermission {
	p := ec2types.IpPermission{IpProtocol: &protocol, FromPort: &from, ToPort: &to}
	for _, cidr := range cidrs {
		r := ec2types.IpRange{CidrIp: aws.String(cidr)}
		if description != "" {
			r.Description = &description
		}
		p.IpRanges = append(p.IpRanges, r)
	}
	return p
}

// authorize adds the rules that are not there: two load balancers that need one rule share it.
func (p *Provider) authorize(ctx context.Context, id string, permissions []ec2types.IpPermission) error {
	g, err := p.group(ctx, id)
	if err != nil {
		return err
	}
	have := map[string]bool{}
	for _, there := range g.IpPermissions {
		for _, r := range there.IpRanges {
			have[ruleKey(there, aws.ToString(r.CidrIp))] = true
		}
		for _, pair := range there.UserIdGroupPairs {
			have[ruleKey(there, aws.ToString(pair.GroupId))] = true
		}
	}
	var missing []ec2types.IpPermission
	for _, want := range permissions {
		want.IpRanges = slices.DeleteFunc(want.IpRanges, func(r ec2types.IpRange) bool { return have[ruleKey(want, aws.ToString(r.CidrIp))] })
		want.UserIdGroupPairs = slices.DeleteFunc(want.UserIdGroupPairs, func(r ec2types.UserIdGroupPair) bool { return have[ruleKey(want, aws.ToString(r.GroupId))] })
		if len(want.IpRanges)+len(want.UserIdGroupPairs) > 0 {
			missing = append(missing, want)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if _, err := p.EC2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &id, IpPermissions: missing}); err != nil {
		return fmt.Errorf("authorize ingress of %s: %w", id, err)
	}
	return nil
}

func ruleKey(p ec2types.IpPermission, source string) string {
	return fmt.Sprintf("%s %d %d %s", aws.ToString(p.IpProtocol), aws.ToInt32(p.FromPort), aws.ToInt32(p.ToPort), source)
}

func (p *Provider) group(ctx context.Context, id string) (ec2types.SecurityGroup, error) {
	out, err := p.EC2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{id}})
	if err != nil {
		return ec2types.SecurityGroup{}, fmt.Errorf("describe security group: %w", err)
	}
	return out.SecurityGroups[0], nil
}

// nodeGroups are the security groups of the instances that get rules: the tagged one, else the only one.
func (b *balancer) nodeGroups(ctx context.Context) ([]string, error) {
	found := map[string]bool{}
	for _, i := range b.instances {
		var tagged, untagged []string
		for _, ref := range i.SecurityGroups {
			g, err := b.group(ctx, aws.ToString(ref.GroupId))
			if err != nil {
				return nil, err
			}
			if b.belongs(g.Tags) {
				tagged = append(tagged, aws.ToString(g.GroupId))
			} else {
				untagged = append(untagged, aws.ToString(g.GroupId))
			}
		}
		if len(tagged) == 0 {
			tagged = untagged
		}
		if len(tagged) > 1 {
			return nil, fmt.Errorf("several security groups for instance %s: %v", aws.ToString(i.InstanceId), tagged)
		}
		for _, id := range tagged {
			found[id] = true
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

// openNodes lets all traffic of a Classic load balancer's first security group in.
func (b *balancer) openNodes(ctx context.Context, source string) error {
	if b.DisableSecurityGroupIngress {
		return nil
	}
	groups, err := b.nodeGroups(ctx)
	if err != nil {
		return err
	}
	for _, id := range groups {
		g, err := b.group(ctx, id)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(g.IpPermissions, func(p ec2types.IpPermission) bool {
			return slices.ContainsFunc(p.UserIdGroupPairs, func(u ec2types.UserIdGroupPair) bool { return aws.ToString(u.GroupId) == source })
		}) {
			continue // any rule with this source is taken for the wanted one
		}
		all := ec2types.IpPermission{IpProtocol: aws.String("-1"), UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: &source}}}
		if err := b.authorize(ctx, id, []ec2types.IpPermission{all}); err != nil {
			return err
		}
	}
	return nil
}

// openNodePorts lets the clients and health checks of a network load balancer in: health first, then
// clients, and path-MTU discovery for each network that is a client of any load balancer.
func (b *balancer) openNodePorts(ctx context.Context) error {
	if b.DisableSecurityGroupIngress {
		return nil
	}
	groups, err := b.nodeGroups(ctx)
	if err != nil {
		return err
	}
	for _, id := range groups {
		health, clients := b.nodePorts()
		for _, permissions := range [][]ec2types.IpPermission{health, clients} {
			if err := b.authorize(ctx, id, permissions); err != nil {
				return err
			}
		}
		if err := b.openMTU(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

func (b *balancer) nodePorts() (health, clients []ec2types.IpPermission) {
	protocol, h := "tcp", b.health()
	var healthPorts, clientPorts []int32
	for _, p := range b.service.Spec.Ports {
		if p.Protocol == "UDP" {
			protocol = "udp"
		}
		clientPorts = append(clientPorts, p.NodePort)
		port := p.NodePort
		if n, err := strconv.ParseInt(h.port, 10, 32); err == nil {
			port = int32(n)
		}
		healthPorts = append(healthPorts, port)
	}
	slices.Sort(healthPorts)
	slices.Sort(clientPorts)
	healthPorts = slices.Compact(healthPorts)
	var own []string
	for _, s := range b.subnets {
		own = append(own, aws.ToString(s.CidrBlock))
	}
	for _, port := range clientPorts {
		clients = append(clients, permission(protocol, port, port, b.sourceRanges(), "kubernetes.io/rule/nlb/client="+b.name))
	}
	covered := slices.Equal(b.sourceRanges(), []string{"0.0.0.0/0"}) && protocol == "tcp" && slices.Equal(healthPorts, clientPorts)
	for _, port := range healthPorts {
		if !covered {
			health = append(health, permission("tcp", port, port, own, "kubernetes.io/rule/nlb/health="+b.name))
		}
	}
	return health, clients
}

func (b *balancer) openMTU(ctx context.Context, id string) error {
	g, err := b.group(ctx, id)
	if err != nil {
		return err
	}
	networks := map[string]bool{}
	for _, p := range g.IpPermissions {
		for _, r := range p.IpRanges {
			if strings.HasPrefix(aws.ToString(r.Description), "kubernetes.io/rule/nlb/client=") {
				networks[aws.ToString(r.CidrIp)] = true
			}
		}
	}
	return b.authorize(ctx, id, []ec2types.IpPermission{permission("icmp", 3, 4, slices.Sorted(maps.Keys(networks)), "kubernetes.io/rule/nlb/mtu")})
}
