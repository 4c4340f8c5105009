// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package iam says what AWS has to permit, by what of the provider needs it. The JSON files beside it are made
// from it, and a test compares it with the calls in the provider's code.
package iam

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// Placeholders in the restricted policies.
const (
	clusterID  = "CLUSTER"
	regionName = "REGION"
	accountID  = "ACCOUNT"
	vpcID      = "VPC"
)

const clusterTag = "kubernetes.io/cluster/" + clusterID

// Policy is a policy document.
type Policy struct {
	Version   string
	Statement []Statement
}

// Statement permits actions. Its Condition is of operators, keys and a value.
type Statement struct {
	Sid       string
	Effect    string
	Action    []string
	Resource  []string
	Condition map[string]map[string]any `json:",omitempty"`
}

// Capability is one thing that the provider does.
type Capability struct {
	// Name is that of the file.
	Name string
	// Node is set for what nodes need; the manager needs the others.
	Node       bool
	Statements []Statement
}

// Conditions. In those on what exists, any value of the cluster's tag will do, as the provider sees it too.
func tagged() map[string]map[string]any {
	return map[string]map[string]any{"Null": {"aws:ResourceTag/" + clusterTag: "false"}}
}

func owned() map[string]map[string]any {
	return map[string]map[string]any{"StringEquals": {"aws:ResourceTag/" + clusterTag: "owned"}}
}

func created(key string, by ...string) map[string]map[string]any {
	equals := map[string]any{"aws:RequestTag/" + clusterTag: "owned"}
	if len(by) > 0 {
		equals[key] = by
	}
	return map[string]map[string]any{"StringEquals": equals}
}

func ec2(kind string) []string { return []string{arn("ec2", kind+"/*")} }

func elb(names ...string) []string {
	var all []string
	for _, n := range names {
		all = append(all, arn("elasticloadbalancing", n))
	}
	return all
}

func arn(service, resource string) string {
	return strings.Join([]string{"arn:*", service, regionName, accountID, resource}, ":")
}

var everything = []string{"*"}

// Capabilities are all, in the order of the joined policy.
func Capabilities() []Capability {
	return []Capability{
		{Name: "nodes", Statements: []Statement{
			allow("Read", everything, nil, "ec2:DescribeInstances", "ec2:DescribeAvailabilityZones"),
		}},
		{Name: "topology", Statements: []Statement{
			allow("ReadTopology", everything, nil, "ec2:DescribeInstanceTopology"),
		}},
		{Name: "fargate", Statements: []Statement{
			allow("ReadFargateNodes", everything, nil, "ec2:DescribeNetworkInterfaces"),
		}},
		{Name: "load-balancers", Statements: securityGroups()},
		{Name: "classic-load-balancers", Statements: classic()},
		{Name: "network-load-balancers", Statements: network()},
		{Name: "routes", Statements: []Statement{
			allow("ReadRoutes", everything, nil, "ec2:DescribeInstances", "ec2:DescribeRouteTables"),
			allow("ChangeRoutes", ec2("route-table"), tagged(), "ec2:CreateRoute", "ec2:DeleteRoute", "ec2:ReplaceRoute"),
			allow("ChangeInstances", ec2("instance"), tagged(), "ec2:ModifyInstanceAttribute"),
			// Interfaces carry no tag of the cluster.
			allow("ChangeInterfaces", ec2("network-interface"),
				map[string]map[string]any{"ArnLike": {"ec2:Vpc": arn("ec2", "vpc/"+vpcID)}}, "ec2:ModifyNetworkInterfaceAttribute"),
		}},
		{Name: "tagging", Statements: []Statement{
			allow("ChangeInstances", ec2("instance"), tagged(), "ec2:CreateTags", "ec2:DeleteTags"),
		}},
		{Name: "assume-role", Statements: []Statement{
			allow("AssumeRole", []string{"arn:*:iam::" + accountID + ":role/ROLE"}, nil, "sts:AssumeRole"),
		}},
		{Name: "ecr-node", Node: true, Statements: []Statement{
			allow("GetTokens", everything, nil, "ecr:GetAuthorizationToken", "ecr-public:GetAuthorizationToken", "sts:GetServiceBearerToken"),
			allow("PullImages", []string{arn("ecr", "repository/*")}, nil, "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"),
		}},
	}
}

// securityGroups are for load balancers of both kinds.
func securityGroups() []Statement {
	return []Statement{
		allow("ReadNetwork", everything, nil, "ec2:DescribeInstances", "ec2:DescribeAvailabilityZones", "ec2:DescribeSubnets", "ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups"),
		allow("CreateSecurityGroups", ec2("security-group"), created(""), "ec2:CreateSecurityGroup"),
		allow("CreateSecurityGroupsInTheVPC", []string{arn("ec2", "vpc/"+vpcID)}, nil, "ec2:CreateSecurityGroup"),
		allow("TagNewSecurityGroups", ec2("security-group"), created("ec2:CreateAction", "CreateSecurityGroup"), "ec2:CreateTags"),
		allow("ChangeSecurityGroups", ec2("security-group"), tagged(), "ec2:CreateTags", "ec2:DeleteTags",
			"ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress", "ec2:UpdateSecurityGroupRuleDescriptionsIngress"),
		allow("DeleteSecurityGroups", ec2("security-group"), owned(), "ec2:DeleteSecurityGroup"),
		allow("FirstLoadBalancerOfTheAccount", []string{"arn:*:iam::" + accountID + ":role/aws-service-role/elasticloadbalancing.amazonaws.com/*"},
			map[string]map[string]any{"StringEquals": {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}}, "iam:CreateServiceLinkedRole"),
	}
}

// Names of load balancers are "a" and 31 digits of the Service's UID, those of target groups begin with "k8s-".
func classic() []Statement {
	balancer := elb("loadbalancer/a*")
	return []Statement{
		allow("ReadLoadBalancers", everything, nil, prefix("DescribeLoadBalancers", "DescribeLoadBalancerAttributes", "DescribeTags")...),
		allow("CreateLoadBalancers", balancer, created(""), prefix("CreateLoadBalancer")...),
		allow("TagNewLoadBalancers", balancer, created("elasticloadbalancing:CreateAction", "CreateLoadBalancer", "CreateTargetGroup", "CreateListener"), prefix("AddTags")...),
		allow("ChangeLoadBalancers", balancer, owned(), prefix(
			"AddTags", "RemoveTags", "DeleteLoadBalancer", "ModifyLoadBalancerAttributes", "ConfigureHealthCheck",
			"CreateLoadBalancerListeners", "DeleteLoadBalancerListeners",
			"RegisterInstancesWithLoadBalancer", "DeregisterInstancesFromLoadBalancer",
			"ApplySecurityGroupsToLoadBalancer", "AttachLoadBalancerToSubnets", "DetachLoadBalancerFromSubnets",
			"CreateLoadBalancerPolicy", "SetLoadBalancerPoliciesForBackendServer", "SetLoadBalancerPoliciesOfListener")...),
	}
}

func network() []Statement {
	const balancer, group, listener = "loadbalancer/net/a*/*", "targetgroup/k8s-*/*", "listener/net/a*/*/*"
	return []Statement{
		allow("ReadLoadBalancers", everything, nil, prefix(
			"DescribeLoadBalancers", "DescribeLoadBalancerAttributes", "DescribeListeners",
			"DescribeTargetGroups", "DescribeTargetGroupAttributes", "DescribeTargetHealth", "DescribeTags")...),
		allow("CreateLoadBalancers", elb(balancer, group), created(""), prefix("CreateLoadBalancer", "CreateTargetGroup")...),
		allow("TagNewLoadBalancers", elb(balancer, group, listener),
			created("elasticloadbalancing:CreateAction", "CreateLoadBalancer", "CreateTargetGroup", "CreateListener"), prefix("AddTags")...),
		allow("ChangeLoadBalancers", elb(balancer, group), owned(), prefix(
			"AddTags", "RemoveTags", "DeleteLoadBalancer", "ModifyLoadBalancerAttributes", "SetSecurityGroups", "SetSubnets", "SetIpAddressType", "CreateListener",
			"DeleteTargetGroup", "ModifyTargetGroup", "ModifyTargetGroupAttributes", "RegisterTargets", "DeregisterTargets")...),
		// Listeners of the in-tree provider carry no tags.
		allow("ChangeListeners", elb(listener), nil, prefix("AddTags", "RemoveTags", "ModifyListener", "DeleteListener")...),
	}
}

func prefix(actions ...string) []string {
	all := make([]string, 0, len(actions))
	for _, a := range actions {
		all = append(all, "elasticloadbalancing:"+a)
	}
	return all
}

func allow(sid string, resources []string, condition map[string]map[string]any, actions ...string) Statement {
	slices.Sort(actions)
	return Statement{Sid: sid, Effect: "Allow", Action: actions, Resource: resources, Condition: condition}
}

// Restricted is the policy of capabilities, held to what belongs to one cluster. Statements of the same
// resources and conditions become one, and so do those on load balancers with the same conditions: actions on
// load balancers of one kind do not apply to the other's. That keeps it below AWS's limit.
func Restricted(capabilities ...Capability) Policy {
	p := Policy{Version: "2012-10-17"}
	for _, c := range capabilities {
		for _, s := range c.Statements {
			i := slices.IndexFunc(p.Statement, func(t Statement) bool { return joinable(s, t) })
			if i < 0 {
				p.Statement = append(p.Statement, s)
				continue
			}
			p.Statement[i].Action = union(p.Statement[i].Action, s.Action)
			p.Statement[i].Resource = union(p.Statement[i].Resource, s.Resource)
		}
	}
	return p
}

func joinable(s, t Statement) bool {
	if !reflect.DeepEqual(s.Condition, t.Condition) {
		return false
	}
	balancers := strings.HasPrefix(s.Action[0], "elasticloadbalancing:") && strings.HasPrefix(t.Action[0], "elasticloadbalancing:")
	return slices.Equal(s.Resource, t.Resource) || balancers && s.Condition != nil
}

func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// Plain is the policy without conditions and resources, for any cluster of the account.
func Plain(sid string, capabilities ...Capability) Policy {
	var actions []string
	for _, c := range capabilities {
		for _, s := range c.Statements {
			actions = append(actions, s.Action...)
		}
	}
	slices.Sort(actions)
	return Policy{Version: "2012-10-17", Statement: []Statement{
		{Sid: sid, Effect: "Allow", Action: slices.Compact(actions), Resource: everything},
	}}
}

// JSON is the document's text.
func (p Policy) JSON() ([]byte, error) {
	text, err := json.MarshalIndent(p, "", "  ")
	return append(text, '\n'), err
}
