// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package upstream makes the AWS calls that cloud controllers make for a Service which we take the place of:
// kubernetes/cloud-provider-aws of today, and the in-tree provider of Kubernetes up to 1.26. It is written
// from the behaviour contract and shares nothing with our provider, so that what it leaves behind is a
// witness. It creates; it neither updates nor deletes.
package upstream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	v1 "k8s.io/api/core/v1"
)

const prefix = "service.beta.kubernetes.io/aws-load-balancer-"

// Config is what the cloud-config and the command line say of load balancers.
type Config struct {
	VPC         string `json:"vpc"`
	ClusterID   string `json:"clusterID"`
	ClusterName string `json:"clusterName"`
	// LegacyTag: the cluster has the tag KubernetesCluster too.
	LegacyTag                   bool   `json:"legacyTag,omitempty"`
	DisableSecurityGroupIngress bool   `json:"disableSecurityGroupIngress,omitempty"`
	ElbSecurityGroup            string `json:"elbSecurityGroup,omitempty"`
	// ManagedNLBGroups is NLBSecurityGroupMode=Managed.
	ManagedNLBGroups bool `json:"managedNLBGroups,omitempty"`
	// SharedProbes is ClusterServiceLoadBalancerHealthProbeMode=Shared, with port 10256 and path /healthz.
	SharedProbes bool `json:"sharedProbes,omitempty"`
}

// Provider is one of the two controllers.
type Provider struct {
	Config
	// InTree: the calls are those of the in-tree provider.
	InTree bool
	EC2    *ec2.Client
	ELB    *elb.Client
	ELBv2  *elbv2.Client
}

// Ensure creates the load balancer of a Service and returns its hostname.
func (p *Provider) Ensure(ctx context.Context, service *v1.Service, nodes []*v1.Node) (string, error) {
	instances, err := p.instances(ctx, service, nodes)
	if err != nil {
		return "", err
	}
	b := &balancer{Provider: p, service: service, name: loadBalancerName(service), instances: instances}
	if b.subnets, err = b.chooseSubnets(ctx); err != nil {
		return "", err
	}
	if service.Annotations[prefix+"type"] == "nlb" {
		return b.createNetwork(ctx)
	}
	return b.createClassic(ctx)
}

// balancer is one load balancer on its way.
type balancer struct {
	*Provider
	service   *v1.Service
	name      string
	instances []ec2types.Instance
	subnets   []ec2types.Subnet
}

func (b *balancer) annotation(key string) string { return b.service.Annotations[prefix+key] }

func (b *balancer) internal() bool {
	v := b.annotation("internal")
	return v != "" && v != "false"
}

func (b *balancer) local() bool {
	return b.service.Spec.ExternalTrafficPolicy == v1.ServiceExternalTrafficPolicyLocal && b.service.Spec.HealthCheckNodePort > 0
}

// instances finds the machines of the Nodes that the Service wants, in their order.
func (p *Provider) instances(ctx context.Context, service *v1.Service, nodes []*v1.Node) ([]ec2types.Instance, error) {
	labels := keyValues(service.Annotations[prefix+"target-node-labels"])
	out, err := p.EC2.DescribeInstances(ctx, &ec2.DescribeInstancesInput{})
	if err != nil {
		return nil, err
	}
	byID := map[string]ec2types.Instance{}
	for _, r := range out.Reservations {
		for _, i := range r.Instances {
			if p.belongs(i.Tags) {
				byID[aws.ToString(i.InstanceId)] = i
			}
		}
	}
	var found []ec2types.Instance
	for _, n := range nodes {
		id := n.Spec.ProviderID[strings.LastIndex(n.Spec.ProviderID, "/")+1:]
		if i, ok := byID[id]; ok && matches(n, labels) {
			found = append(found, i)
		}
	}
	return found, nil
}

func matches(n *v1.Node, labels map[string]string) bool {
	for key, value := range labels {
		if has, ok := n.Labels[key]; !ok || value != "" && has != value {
			return false
		}
	}
	return true
}

func instanceIDs(instances []ec2types.Instance) []string {
	var ids []string
	for _, i := range instances {
		ids = append(ids, aws.ToString(i.InstanceId))
	}
	return ids
}

// chooseSubnets finds the subnets that are named, or the best one of each zone.
func (b *balancer) chooseSubnets(ctx context.Context) ([]ec2types.Subnet, error) {
	out, err := b.EC2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: []ec2types.Filter{filter("vpc-id", b.VPC)}})
	if err != nil {
		return nil, err
	}
	if named := list(b.annotation("subnets")); len(named) > 0 {
		return namedSubnets(out.Subnets, named)
	}
	tables, err := b.EC2.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: []ec2types.Filter{filter("vpc-id", b.VPC)}})
	if err != nil {
		return nil, err
	}
	best := map[string]ec2types.Subnet{}
	for _, s := range out.Subnets {
		if b.foreign(s.Tags) || !b.internal() && !public(s, tables.RouteTables) {
			continue
		}
		zone := aws.ToString(s.AvailabilityZone)
		if other, ok := best[zone]; !ok || b.better(s, other) {
			best[zone] = s
		}
	}
	var chosen []ec2types.Subnet
	for _, s := range best {
		chosen = append(chosen, s)
	}
	if len(chosen) == 0 {
		return nil, errors.New("could not find any suitable subnets for creating the ELB")
	}
	slices.SortFunc(chosen, func(a, c ec2types.Subnet) int {
		return cmp.Compare(aws.ToString(a.AvailabilityZone), aws.ToString(c.AvailabilityZone))
	})
	return chosen, nil
}

// namedSubnets answers in the order of DescribeSubnets, those named by ID first.
func namedSubnets(all []ec2types.Subnet, named []string) ([]ec2types.Subnet, error) {
	var byID, byName []ec2types.Subnet
	for _, s := range all {
		switch {
		case slices.Contains(named, aws.ToString(s.SubnetId)):
			byID = append(byID, s)
		case slices.Contains(named, tag(s.Tags, "Name")):
			byName = append(byName, s)
		}
	}
	found := append(byID, byName...)
	if len(found) != len(named) {
		return nil, fmt.Errorf("%d subnets are named, and %d found", len(named), len(found))
	}
	return found, nil
}

func (b *balancer) better(s, other ec2types.Subnet) bool {
	role := "kubernetes.io/role/elb"
	if b.internal() {
		role = "kubernetes.io/role/internal-elb"
	}
	for _, key := range []string{role, "kubernetes.io/cluster/" + b.ClusterID} {
		if has, otherHas := hasTag(s.Tags, key), hasTag(other.Tags, key); has != otherHas {
			return has
		}
	}
	return aws.ToString(s.SubnetId) < aws.ToString(other.SubnetId)
}

func public(s ec2types.Subnet, tables []ec2types.RouteTable) bool {
	var main, own *ec2types.RouteTable
	for i, t := range tables {
		for _, a := range t.Associations {
			if aws.ToString(a.SubnetId) == aws.ToString(s.SubnetId) {
				own = &tables[i]
			}
			if aws.ToBool(a.Main) {
				main = &tables[i]
			}
		}
	}
	if own = cmp.Or(own, main); own == nil {
		return false
	}
	return slices.ContainsFunc(own.Routes, func(r ec2types.Route) bool { return strings.HasPrefix(aws.ToString(r.GatewayId), "igw") })
}
