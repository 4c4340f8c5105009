// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package ec2_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	client "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	simulated "sigs.k8s.io/cloud-providers/test/clouds/aws"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/elb"
)

func tcp(port int32, description string, cidrs ...string) types.IpPermission {
	p := types.IpPermission{IpProtocol: aws.String("tcp"), FromPort: &port, ToPort: &port}
	for _, c := range cidrs {
		p.IpRanges = append(p.IpRanges, types.IpRange{CidrIp: &c, Description: &description})
	}
	return p
}

func (f *fixture) authorize(t *testing.T, id string, p ...types.IpPermission) error {
	_, err := f.AuthorizeSecurityGroupIngress(t.Context(), &client.AuthorizeSecurityGroupIngressInput{GroupId: &id, IpPermissions: p})
	return err
}

func (f *fixture) revoke(t *testing.T, id string, p ...types.IpPermission) (*client.RevokeSecurityGroupIngressOutput, error) {
	return f.RevokeSecurityGroupIngress(t.Context(), &client.RevokeSecurityGroupIngressInput{GroupId: &id, IpPermissions: p})
}

func TestRulesAreGrouped(t *testing.T) {
	f := setup(t, simulated.Options{}, ec2.NetworkOptions{})
	id := must[string](t)(f.createGroup(t.Context(), "a"))
	wantCode(t, f.authorize(t, id, tcp(80, "x", "10.1.2.3/8", "192.168.0.0/16")), "")
	wantCode(t, f.authorize(t, id, tcp(443, "", "0.0.0.0/0"), types.IpPermission{IpProtocol: aws.String("all"), FromPort: aws.Int32(1),
		UserIdGroupPairs: []types.UserIdGroupPair{{GroupId: &id}}}), "")
	wantCode(t, f.authorize(t, id, tcp(80, "y", "172.16.0.0/12")), "")
	g := f.group(t, id)
	if len(g.IpPermissions) != 3 {
		t.Fatalf("%d permissions, want one for each protocol and port: %+v", len(g.IpPermissions), g.IpPermissions)
	}
	http, all := g.IpPermissions[0], g.IpPermissions[2]
	if len(http.IpRanges) != 3 || *http.IpRanges[0].CidrIp != "10.0.0.0/8" || *http.IpRanges[2].Description != "y" {
		t.Errorf("ranges of port 80: %+v", http.IpRanges)
	}
	if *all.IpProtocol != "-1" || all.FromPort != nil || *all.UserIdGroupPairs[0].GroupId != id || *all.UserIdGroupPairs[0].UserId != "123456789012" {
		t.Errorf("rule for all protocols: %+v", all)
	}
	if len(g.IpPermissionsEgress) != 1 {
		t.Errorf("egress of a new group: %+v", g.IpPermissionsEgress)
	}
}

func TestRulesThatAreRefused(t *testing.T) {
	f := setup(t, simulated.Options{}, ec2.NetworkOptions{})
	other := must[*ec2.Network](t)(f.EC2.AddNetwork(ec2.NetworkOptions{CIDR: "10.1.0.0/16"}))
	id := must[string](t)(f.createGroup(t.Context(), "a"))
	wantCode(t, f.authorize(t, id, tcp(22, "first", "0.0.0.0/0")), "")
	group := func(id string) types.IpPermission {
		return types.IpPermission{IpProtocol: aws.String("-1"), UserIdGroupPairs: []types.UserIdGroupPair{{GroupId: &id}}}
	}
	cases := []struct {
		name, group   string
		rules         []types.IpPermission
		code, message string
	}{
		{"one that is there, whatever its description", id, []types.IpPermission{tcp(80, "", "0.0.0.0/0"), tcp(22, "second", "0.0.0.0/0")},
			"InvalidPermission.Duplicate", `the specified rule "peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW" already exists`},
		{"the same twice", id, []types.IpPermission{tcp(80, "a", "0.0.0.0/0"), tcp(80, "b", "0.0.0.0/0")}, "InvalidParameterValue", "The same permission must not appear multiple times"},
		{"IPv6 in the wrong place", id, []types.IpPermission{tcp(80, "", "::/0")}, "InvalidParameterValue", "CIDR block ::/0 is malformed"},
		{"no block", id, []types.IpPermission{tcp(80, "", "10.0.0.0/33")}, "InvalidParameterValue", "CIDR block 10.0.0.0/33 is malformed"},
		{"TLS", id, []types.IpPermission{{IpProtocol: aws.String("tls"), FromPort: aws.Int32(1), ToPort: aws.Int32(1)}}, "InvalidParameterValue", "Invalid value 'tls' for IP protocol. Unknown protocol."},
		{"no ports", id, []types.IpPermission{{IpProtocol: aws.String("tcp"), IpRanges: []types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}}}, "InvalidParameterValue", ""},
		{"a bad description", id, []types.IpPermission{tcp(80, "caf\u00e9", "0.0.0.0/0")}, "InvalidParameterValue", ""},
		{"an unknown group", "sg-00000000", []types.IpPermission{tcp(80, "", "0.0.0.0/0")}, "InvalidGroup.NotFound", "The security group 'sg-00000000' does not exist"},
		{"no group", "web", []types.IpPermission{tcp(80, "", "0.0.0.0/0")}, "InvalidGroupId.Malformed", `Invalid id: "web" (expecting "sg-...")`},
		{"from an unknown group", id, []types.IpPermission{group("sg-00000000")}, "InvalidGroup.NotFound", ""},
		{"from a group elsewhere", id, []types.IpPermission{group(other.NodeGroup)}, "InvalidGroup.NotFound", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := wantCode(t, f.authorize(t, c.group, c.rules...), c.code); c.message != "" && got != c.message {
				t.Errorf("message %q, want %q", got, c.message)
			}
		})
	}
	if n := len(f.group(t, id).IpPermissions); n != 1 {
		t.Errorf("%d permissions: a refused call has changed something", n)
	}
}

func TestRuleLimit(t *testing.T) {
	f := setup(t, simulated.Options{EC2Quotas: ec2.Quotas{RulesPerSecurityGroup: 3}}, ec2.NetworkOptions{})
	id := must[string](t)(f.createGroup(t.Context(), "a"))
	wantCode(t, f.authorize(t, id, tcp(1, "", "10.0.0.0/8", "11.0.0.0/8")), "")
	wantCode(t, f.authorize(t, id, tcp(2, "", "10.0.0.0/8", "11.0.0.0/8")), "RulesPerSecurityGroupLimitExceeded")
	six := types.IpPermission{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(1), ToPort: aws.Int32(1), Ipv6Ranges: []types.Ipv6Range{{CidrIpv6: aws.String("fd00::/8")}, {CidrIpv6: aws.String("::/0")}}}
	wantCode(t, f.authorize(t, id, six), "") // IPv6 is counted apart
	wantCode(t, f.authorize(t, id, tcp(2, "", "10.0.0.0/8")), "")
}

func TestRevoke(t *testing.T) {
	f := setup(t, simulated.Options{}, ec2.NetworkOptions{})
	def := must[*ec2.Network](t)(f.EC2.AddNetwork(ec2.NetworkOptions{CIDR: "10.1.0.0/16", Default: true}))
	id := must[string](t)(f.createGroup(t.Context(), "a"))
	for _, g := range []string{id, def.NodeGroup} {
		wantCode(t, f.authorize(t, g, tcp(22, "x", "10.0.0.0/8", "11.0.0.0/8")), "")
	}
	// Elsewhere, one that is not there fails all.
	_, err := f.revoke(t, id, tcp(22, "", "10.0.0.0/8"), tcp(23, "", "10.0.0.0/8"))
	wantCode(t, err, "InvalidPermission.NotFound")
	if n := len(f.group(t, id).IpPermissions[0].IpRanges); n != 2 {
		t.Errorf("%d ranges left of 2 after a refused call", n)
	}
	out, err := f.revoke(t, id, tcp(22, "", "10.0.0.0/8")) // the description does not matter
	wantCode(t, err, "")
	if len(out.UnknownIpPermissions) != 0 || len(out.RevokedSecurityGroupRules) != 1 || len(f.group(t, id).IpPermissions[0].IpRanges) != 1 {
		t.Errorf("answer %+v, left %+v", out, f.group(t, id).IpPermissions)
	}
	// In the default VPC it is reported.
	out, err = f.revoke(t, def.NodeGroup, tcp(22, "", "10.0.0.0/8"), tcp(23, "", "10.0.0.0/8"))
	wantCode(t, err, "")
	if len(out.UnknownIpPermissions) != 1 || *out.UnknownIpPermissions[0].FromPort != 23 || len(out.RevokedSecurityGroupRules) != 1 {
		t.Errorf("answer in the default VPC: %+v", out)
	}
	// By the ID of the rule.
	rules := must[*client.DescribeSecurityGroupRulesOutput](t)(f.DescribeSecurityGroupRules(t.Context(), &client.DescribeSecurityGroupRulesInput{Filters: filters("group-id", id)}))
	for _, r := range rules.SecurityGroupRules {
		if !*r.IsEgress {
			_, err := f.RevokeSecurityGroupIngress(t.Context(), &client.RevokeSecurityGroupIngressInput{GroupId: &id, SecurityGroupRuleIds: []string{*r.SecurityGroupRuleId}})
			wantCode(t, err, "")
		}
	}
	if left := f.group(t, id).IpPermissions; len(left) != 0 {
		t.Errorf("left %+v", left)
	}
}

func TestDescriptionsOfRules(t *testing.T) {
	f := setup(t, simulated.Options{}, ec2.NetworkOptions{})
	id := must[string](t)(f.createGroup(t.Context(), "a"))
	wantCode(t, f.authorize(t, id, tcp(22, "kubernetes.io/rule/nlb/health=a", "10.0.0.0/8")), "")
	update := func(p types.IpPermission) error {
		_, err := f.UpdateSecurityGroupRuleDescriptionsIngress(t.Context(), &client.UpdateSecurityGroupRuleDescriptionsIngressInput{GroupId: &id, IpPermissions: []types.IpPermission{p}})
		return err
	}
	wantCode(t, update(tcp(22, "kubernetes.io/rule/nlb/health=b", "10.0.0.0/8")), "")
	wantCode(t, update(tcp(23, "", "10.0.0.0/8")), "InvalidPermission.NotFound")
	if d := *f.group(t, id).IpPermissions[0].IpRanges[0].Description; d != "kubernetes.io/rule/nlb/health=b" {
		t.Errorf("description %q", d)
	}
}

func TestSecurityGroupsThatAreRefused(t *testing.T) {
	f := setup(t, simulated.Options{EC2Quotas: ec2.Quotas{SecurityGroups: 4}}, ec2.NetworkOptions{})
	ctx := t.Context()
	id := must[string](t)(f.createGroup(ctx, "a"))
	for name, code := range map[string]string{"a": "InvalidGroup.Duplicate", "sg-a": "InvalidParameterValue", "default": "InvalidGroup.Reserved", "caf\u00e9": "InvalidParameterValue"} {
		_, err := f.createGroup(ctx, name)
		wantCode(t, err, code)
	}
	must[string](t)(f.createGroup(ctx, "b"))
	_, err := f.createGroup(ctx, "c")
	wantCode(t, err, "SecurityGroupLimitExceeded")
	_, err = f.CreateSecurityGroup(ctx, &client.CreateSecurityGroupInput{GroupName: aws.String("d"), Description: aws.String("d"), VpcId: aws.String("vpc-00000000")})
	wantCode(t, err, "InvalidVpcID.NotFound")
	_, err = f.CreateSecurityGroup(ctx, &client.CreateSecurityGroupInput{GroupName: aws.String("d"), Description: aws.String("d")})
	wantCode(t, err, "VPCIdNotSpecified")
	wantCode(t, f.deleteGroup(t, id), "")
	wantCode(t, f.deleteGroup(t, id), "InvalidGroup.NotFound")
}

func (f *fixture) deleteGroup(t *testing.T, id string) error {
	_, err := f.DeleteSecurityGroup(t.Context(), &client.DeleteSecurityGroupInput{GroupId: &id})
	return err
}

func TestSecurityGroupsInUse(t *testing.T) {
	f := setup(t, simulated.Options{}, ec2.NetworkOptions{})
	f.Clock.Stop()
	id := must[string](t)(f.createGroup(t.Context(), "lb"))
	rule := types.IpPermission{IpProtocol: aws.String("-1"), UserIdGroupPairs: []types.UserIdGroupPair{{GroupId: &id}}}
	wantCode(t, f.authorize(t, f.net.NodeGroup, rule), "")
	wantCode(t, f.authorize(t, id, rule), "") // its own rule is no obstacle
	wantCode(t, f.deleteGroup(t, id), "DependencyViolation")
	_, err := f.revoke(t, f.net.NodeGroup, rule)
	wantCode(t, err, "")
	eni := must[string](t)(f.EC2.CreateInterface(elb.Interface{SubnetID: f.net.Public[0], SecurityGroups: []string{id}, RequesterID: "amazon-elb", Description: "ELB x", Type: "interface"}))
	wantCode(t, f.deleteGroup(t, id), "DependencyViolation")
	f.EC2.DeleteInterface(eni, f.Clock.Now().Add(30e9))
	if got := wantCode(t, f.deleteGroup(t, id), "DependencyViolation"); got != fmt.Sprintf("resource %s has a dependent object", id) {
		t.Errorf("message %q", got)
	}
	f.Clock.Advance(30e9)
	wantCode(t, f.deleteGroup(t, id), "")
	def := must[*client.DescribeSecurityGroupsOutput](t)(f.DescribeSecurityGroups(t.Context(), &client.DescribeSecurityGroupsInput{Filters: filters("group-name", "default")}))
	wantCode(t, f.deleteGroup(t, *def.SecurityGroups[0].GroupId), "CannotDelete")
}
