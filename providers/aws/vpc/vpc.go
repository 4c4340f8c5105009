// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package vpc is the one view of the cluster's VPC that all load balancers share: subnets, and the security
// groups that are tagged as the cluster's or sit on its nodes. Reads serve everybody for a short while;
// what this process changes itself is seen at once, also while EC2's own answers lag behind.
package vpc

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"k8s.io/utils/clock"

	"sigs.k8s.io/cloud-providers/providers/aws/client"
	"sigs.k8s.io/cloud-providers/providers/aws/cluster"
	"sigs.k8s.io/cloud-providers/providers/aws/securitygroup"
	"sigs.k8s.io/cloud-providers/providers/aws/subnets"
)

const (
	// freshness is how long a read serves: long enough for all Services of a burst, short enough that an
	// operator who tags a subnet sees the effect at the next try.
	freshness = 20 * time.Second
	// zoneFreshness: zones do not change their type.
	zoneFreshness = time.Hour
	// settling is how long EC2's answers may lag behind our own changes.
	settling = 15 * time.Second

	pageSize = 1000
)

// VPC is the view. It is safe for concurrent use.
type VPC struct {
	client *ec2.Client
	id     string
	own    string
	who    cluster.Identity
	clock  clock.PassiveClock

	mu        sync.Mutex
	network   subnets.Network
	networkAt time.Time
	zones     map[string]string
	zonesAt   time.Time
	groups    map[string]group
	groupsAt  time.Time
}

type group struct {
	securitygroup.Group
	read    time.Time
	written time.Time // by us
	deleted bool
}

// New returns the view of a VPC. own is the subnet that serves when no other does.
func New(client *ec2.Client, vpcID, own string, who cluster.Identity, c clock.PassiveClock) *VPC {
	return &VPC{client: client, id: vpcID, own: own, who: who, clock: c, groups: map[string]group{}}
}

// Now is the time by the view's clock.
func (v *VPC) Now() time.Time { return v.clock.Now() }

// ID is the VPC's.
func (v *VPC) ID() string { return v.id }

// Network returns the subnets and what is asked of them.
func (v *VPC) Network(ctx context.Context) (subnets.Network, error) {
	v.mu.Lock()
	network, fresh := v.network, v.clock.Since(v.networkAt) < freshness && !v.networkAt.IsZero()
	zones, zonesFresh := v.zones, v.clock.Since(v.zonesAt) < zoneFreshness && v.zones != nil
	v.mu.Unlock()
	if fresh {
		return network, nil
	}
	if !zonesFresh {
		var err error
		if zones, err = v.readZones(ctx); err != nil {
			return network, err
		}
	}
	network = subnets.Network{VPC: v.id, Own: v.own, ZoneTypes: zones}
	inVPC := []ec2types.Filter{{Name: aws.String("vpc-id"), Values: []string{v.id}}}
	pages := ec2.NewDescribeSubnetsPaginator(v.client, &ec2.DescribeSubnetsInput{Filters: inVPC})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return network, fmt.Errorf("list subnets of %s: %w", v.id, err)
		}
		for _, s := range page.Subnets {
			network.Subnets = append(network.Subnets, subnets.FromEC2(s))
		}
	}
	var tables []ec2types.RouteTable
	tablePages := ec2.NewDescribeRouteTablesPaginator(v.client, &ec2.DescribeRouteTablesInput{Filters: inVPC})
	for tablePages.HasMorePages() {
		page, err := tablePages.NextPage(ctx)
		if err != nil {
			return network, fmt.Errorf("list route tables of %s: %w", v.id, err)
		}
		tables = append(tables, page.RouteTables...)
	}
	network.Public = subnets.Routes(v.id, network.Subnets, tables)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.network, v.networkAt = network, v.clock.Now()
	if !zonesFresh && zones != nil {
		v.zones, v.zonesAt = zones, v.clock.Now()
	}
	return network, nil
}

// readZones returns the types of zones, or nil: a cluster that may not read them uses all its subnets.
func (v *VPC) readZones(ctx context.Context) (map[string]string, error) {
	out, err := v.client.DescribeAvailabilityZones(ctx, &ec2.DescribeAvailabilityZonesInput{})
	if client.Denied(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list availability zones: %w", err)
	}
	zones := map[string]string{}
	for _, z := range out.AvailabilityZones {
		zones[aws.ToString(z.ZoneName)] = aws.ToString(z.ZoneType)
	}
	return zones, nil
}

// Groups returns the cluster's security groups and those with the given IDs, by ID. IDs that do not exist
// are left out.
func (v *VPC) Groups(ctx context.Context, ids []string) (map[string]securitygroup.Group, error) {
	now := v.clock.Now()
	v.mu.Lock()
	fresh := !v.groupsAt.IsZero() && now.Sub(v.groupsAt) < freshness
	v.mu.Unlock()
	if !fresh {
		if err := v.readCluster(ctx); err != nil {
			return nil, err
		}
	}
	if err := v.readByID(ctx, v.stale(ids, now)); err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	found := map[string]securitygroup.Group{}
	for id, g := range v.groups {
		if !g.deleted {
			found[id] = g.Group
		}
	}
	return found, nil
}

// stale returns the IDs about which nothing recent is known.
func (v *VPC) stale(ids []string, now time.Time) []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	var missing []string
	for _, id := range ids {
		if g, ok := v.groups[id]; !ok || now.Sub(g.read) >= freshness {
			missing = append(missing, id)
		}
	}
	slices.Sort(missing)
	return slices.Compact(missing)
}

// readCluster reads the groups with the cluster's tags.
func (v *VPC) readCluster(ctx context.Context) error {
	filters := [][]ec2types.Filter{{{Name: aws.String("tag-key"), Values: []string{v.who.Tag()}}}}
	if v.who.Legacy {
		filters = append(filters, []ec2types.Filter{{Name: aws.String("tag:" + cluster.LegacyTag), Values: []string{v.who.ID}}})
	}
	start := v.clock.Now()
	read := map[string]securitygroup.Group{}
	for _, f := range filters {
		f = append(f, ec2types.Filter{Name: aws.String("vpc-id"), Values: []string{v.id}})
		if err := v.describe(ctx, f, read); err != nil {
			return err
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for id, g := range v.groups { // what is not the cluster's is read by ID, when it is asked for
		if _, there := read[id]; !there && v.who.Belongs(g.Tags) && start.Sub(g.written) > settling {
			delete(v.groups, id)
		}
	}
	v.store(read, start)
	v.groupsAt = start
	return nil
}

func (v *VPC) readByID(ctx context.Context, ids []string) error {
	const most = 200 // values of one filter
	start := v.clock.Now()
	read := map[string]securitygroup.Group{}
	for chunk := range slices.Chunk(ids, most) {
		if err := v.describe(ctx, []ec2types.Filter{{Name: aws.String("group-id"), Values: chunk}}, read); err != nil {
			return err
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, id := range ids {
		if _, there := read[id]; !there && start.Sub(v.groups[id].written) > settling {
			delete(v.groups, id)
		}
	}
	v.store(read, start)
	return nil
}

// store keeps what was read, except for groups that we have changed just now.
func (v *VPC) store(read map[string]securitygroup.Group, start time.Time) {
	for id, g := range read {
		if old, ok := v.groups[id]; ok && start.Sub(old.written) < settling {
			continue
		}
		v.groups[id] = group{Group: g, read: start}
	}
}

func (v *VPC) describe(ctx context.Context, filters []ec2types.Filter, into map[string]securitygroup.Group) error {
	pages := ec2.NewDescribeSecurityGroupsPaginator(v.client, &ec2.DescribeSecurityGroupsInput{Filters: filters, MaxResults: aws.Int32(pageSize)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list security groups: %w", err)
		}
		for _, g := range page.SecurityGroups {
			into[aws.ToString(g.GroupId)] = securitygroup.FromEC2(g)
		}
	}
	return nil
}

// CreateGroup makes a security group, or returns the one that has the name already.
func (v *VPC) CreateGroup(ctx context.Context, name, description string, tags map[string]string) (securitygroup.Group, error) {
	g := securitygroup.Group{Name: name, Description: description, VPC: v.id, Tags: maps.Clone(tags)}
	out, err := v.client.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
		GroupName: &name, Description: &description, VpcId: &v.id,
		TagSpecifications: []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeSecurityGroup, Tags: Tags(tags)}},
	})
	if client.Code(err) == "InvalidGroup.Duplicate" {
		return v.named(ctx, name, err)
	}
	if err != nil {
		return g, err
	}
	g.ID = aws.ToString(out.GroupId)
	v.wrote(g)
	return g, nil
}

// named finds the group that stands in the way of another with its name.
func (v *VPC) named(ctx context.Context, name string, cause error) (securitygroup.Group, error) {
	read := map[string]securitygroup.Group{}
	start := v.clock.Now()
	err := v.describe(ctx, []ec2types.Filter{
		{Name: aws.String("group-name"), Values: []string{name}}, {Name: aws.String("vpc-id"), Values: []string{v.id}},
	}, read)
	if err != nil {
		return securitygroup.Group{}, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.store(read, start)
	for _, g := range read {
		return g, nil
	}
	return securitygroup.Group{}, cause // it was made just now and is not shown yet: the next try finds it
}

// TagGroup adds tags to a group.
func (v *VPC) TagGroup(ctx context.Context, g securitygroup.Group, tags map[string]string) error {
	if _, err := v.client.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{g.ID}, Tags: Tags(tags)}); err != nil {
		return err
	}
	v.change(g, func(g *securitygroup.Group) {
		g.Tags = maps.Clone(g.Tags)
		maps.Copy(g.Tags, tags)
	})
	return nil
}

// UntagGroup removes tags from a group.
func (v *VPC) UntagGroup(ctx context.Context, g securitygroup.Group, keys []string) error {
	tags := make([]ec2types.Tag, len(keys))
	for i := range keys {
		tags[i] = ec2types.Tag{Key: &keys[i]}
	}
	if _, err := v.client.DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: []string{g.ID}, Tags: tags}); err != nil {
		return err
	}
	v.change(g, func(g *securitygroup.Group) {
		g.Tags = maps.Clone(g.Tags)
		for _, key := range keys {
			delete(g.Tags, key)
		}
	})
	return nil
}

// Authorize adds ingress rules. Rules that are there already are no error.
func (v *VPC) Authorize(ctx context.Context, g securitygroup.Group, rules []securitygroup.Rule) error {
	_, err := v.client.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &g.ID, IpPermissions: securitygroup.ToEC2(rules)})
	if client.Code(err) == "InvalidPermission.Duplicate" && len(rules) > 1 {
		// One of them is there, and none was added: each for itself.
		for _, r := range rules {
			if err := v.Authorize(ctx, g, []securitygroup.Rule{r}); err != nil {
				return err
			}
		}
		return nil
	}
	if err != nil && client.Code(err) != "InvalidPermission.Duplicate" {
		return err
	}
	v.change(g, func(g *securitygroup.Group) {
		g.Ingress = append(slices.Clip(securitygroup.Without(g.Ingress, securitygroup.Keys(rules))), rules...)
	})
	return nil
}

// Revoke takes ingress rules away. Rules that are gone already are no error.
func (v *VPC) Revoke(ctx context.Context, g securitygroup.Group, rules []securitygroup.Rule) error {
	plain := make([]securitygroup.Rule, len(rules))
	for i, r := range rules {
		plain[i] = securitygroup.Rule{Key: r.Key}
	}
	_, err := v.client.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &g.ID, IpPermissions: securitygroup.ToEC2(plain)})
	if client.Code(err) == "InvalidPermission.NotFound" && len(rules) > 1 {
		for _, r := range rules {
			if err := v.Revoke(ctx, g, []securitygroup.Rule{r}); err != nil {
				return err
			}
		}
		return nil
	}
	if code := client.Code(err); err != nil && code != "InvalidPermission.NotFound" && code != "InvalidGroup.NotFound" {
		return err
	}
	v.change(g, func(g *securitygroup.Group) { g.Ingress = securitygroup.Without(g.Ingress, securitygroup.Keys(rules)) })
	return nil
}

// Describe gives ingress rules other descriptions.
func (v *VPC) Describe(ctx context.Context, g securitygroup.Group, rules []securitygroup.Rule) error {
	_, err := v.client.UpdateSecurityGroupRuleDescriptionsIngress(ctx, &ec2.UpdateSecurityGroupRuleDescriptionsIngressInput{GroupId: &g.ID, IpPermissions: securitygroup.ToEC2(rules)})
	if err != nil {
		return err
	}
	v.change(g, func(g *securitygroup.Group) {
		g.Ingress = append(slices.Clip(securitygroup.Without(g.Ingress, securitygroup.Keys(rules))), rules...)
	})
	return nil
}

// DeleteGroup deletes a group. One that is gone already is no error.
func (v *VPC) DeleteGroup(ctx context.Context, g securitygroup.Group) error {
	if _, err := v.client.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &g.ID}); err != nil && client.Code(err) != "InvalidGroup.NotFound" {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.groups[g.ID] = group{Group: g, written: v.clock.Now(), deleted: true}
	return nil
}

// change notes what was written to a group.
func (v *VPC) change(g securitygroup.Group, edit func(*securitygroup.Group)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	known, ok := v.groups[g.ID]
	if !ok {
		known = group{Group: g, read: v.clock.Now()}
	}
	edit(&known.Group)
	known.written = v.clock.Now()
	v.groups[g.ID] = known
}

func (v *VPC) wrote(g securitygroup.Group) {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.clock.Now()
	v.groups[g.ID] = group{Group: g, read: now, written: now}
}

// Forget makes the next reads ask EC2, after an answer that contradicted what was known.
func (v *VPC) Forget() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.networkAt, v.groupsAt = time.Time{}, time.Time{}
	for id, g := range v.groups {
		g.read = time.Time{}
		v.groups[id] = g
	}
}

// Tags writes tags for the SDK, sorted.
func Tags(tags map[string]string) []ec2types.Tag {
	var all []ec2types.Tag
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		all = append(all, ec2types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return all
}
