// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package routes keeps the routes to Nodes' pods in the VPC's route tables.
package routes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/aws/client"
	"sigs.k8s.io/cloud-providers/providers/aws/cluster"
	"sigs.k8s.io/cloud-providers/providers/aws/ids"
)

const (
	// concurrency is how many routes are changed at once: EC2 changes one at a time, within its limits of
	// requests.
	concurrency = 10
	// tableAge is how old the tables may be that a change is decided on. The controller lists before it
	// changes.
	tableAge = 30 * time.Second
	// machineAge: interfaces and the source/destination check seldom change.
	machineAge = time.Minute
)

// Machines reads instances, from what is known where that is fresh.
type Machines interface {
	Machines(ctx context.Context, ids []string, maxAge time.Duration) (map[string]ec2types.Instance, error)
}

// Routes are the cluster's routes in its VPC. They are safe for concurrent use.
type Routes struct {
	client *ec2.Client
	vpc    string
	table  string // pinned by the configuration, if not empty
	who    cluster.Identity
	store  Machines
	clock  clock.PassiveClock

	mu       sync.Mutex
	nodes    corelisters.NodeLister
	tables   []ec2types.RouteTable
	tablesAt time.Time
}

var _ provider.Routes = (*Routes)(nil)

// New returns the routes in the tables of a VPC that are tagged as the cluster's, or in one table.
func New(c *ec2.Client, vpc, table string, who cluster.Identity, store Machines, clk clock.PassiveClock) *Routes {
	return &Routes{client: c, vpc: vpc, table: table, who: who, store: store, clock: clk}
}

// SetNodes tells where Nodes can be seen, whose provider IDs name the targets of routes.
func (r *Routes) SetNodes(lister corelisters.NodeLister) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.nodes = lister
}

// RouteLimits implements provider.Routes.
func (r *Routes) RouteLimits() provider.RouteLimits {
	return provider.RouteLimits{BatchSize: 1, Concurrency: concurrency}
}

// ListRoutes returns the routes to instances and those that lead nowhere. Where there are several tables, a
// route counts that is in all of them: one that is missing somewhere is made there.
func (r *Routes) ListRoutes(ctx context.Context, clusterName string) ([]provider.Route, error) {
	tables, err := r.read(ctx)
	if err != nil {
		return nil, err
	}
	names, err := r.nodeNames()
	if err != nil {
		return nil, err
	}
	return list(tables, names, clusterName), nil
}

// read reads the tables.
func (r *Routes) read(ctx context.Context) ([]ec2types.RouteTable, error) {
	filters := []ec2types.Filter{{Name: aws.String("vpc-id"), Values: []string{r.vpc}}}
	if r.table != "" {
		filters = []ec2types.Filter{{Name: aws.String("route-table-id"), Values: []string{r.table}}}
	}
	start := r.clock.Now()
	var tables []ec2types.RouteTable
	pages := ec2.NewDescribeRouteTablesPaginator(r.client, &ec2.DescribeRouteTablesInput{Filters: filters})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list route tables: %w", err)
		}
		for _, t := range page.RouteTables {
			if r.table != "" || r.who.Belongs(tagsOf(t.Tags)) {
				tables = append(tables, t)
			}
		}
	}
	if len(tables) == 0 {
		return nil, r.noTable()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tables, r.tablesAt = tables, start
	return tables, nil
}

func (r *Routes) noTable() error {
	if r.table != "" {
		return provider.UserErrorf("route table %s of the configuration's RouteTableID does not exist", r.table)
	}
	return provider.UserErrorf("no route table of VPC %s has the tag %s; tag the cluster's with it, or set RouteTableID", r.vpc, r.who.Tag())
}

func tagsOf(tags []ec2types.Tag) map[string]string {
	m := make(map[string]string, len(tags))
	for _, t := range tags {
		m[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return m
}

// nodeNames returns Node names by instance ID. Two Nodes that claim one instance name none.
func (r *Routes) nodeNames() (map[string]string, error) {
	r.mu.Lock()
	lister := r.nodes
	r.mu.Unlock()
	if lister == nil {
		return nil, errors.New("list routes: the Nodes are not known yet")
	}
	nodes, err := lister.List(labels.Everything())
	if err != nil {
		return nil, fmt.Errorf("list routes: %w", err)
	}
	names := map[string]string{}
	for _, n := range nodes {
		id, ok := ids.Instance(n.Spec.ProviderID)
		if !ok {
			continue
		}
		if _, twice := names[id]; twice {
			names[id] = ""
			continue
		}
		names[id] = n.Name
	}
	return names, nil
}

// node finds a Node by its name.
func (r *Routes) node(name string) (*v1.Node, error) {
	r.mu.Lock()
	lister := r.nodes
	r.mu.Unlock()
	if lister == nil {
		return nil, errors.New("the Nodes are not known yet")
	}
	return lister.Get(name)
}

// current returns tables that are fresh enough to decide on.
func (r *Routes) current(ctx context.Context) ([]ec2types.RouteTable, error) {
	r.mu.Lock()
	tables, fresh := r.tables, r.clock.Since(r.tablesAt) < tableAge && len(r.tables) > 0
	r.mu.Unlock()
	if fresh {
		return tables, nil
	}
	return r.read(ctx)
}

// CreateRoutes makes routes in all tables.
func (r *Routes) CreateRoutes(ctx context.Context, _ string, routes []provider.RouteCreate) []error {
	return each(routes, func(c provider.RouteCreate) error {
		return r.create(ctx, string(c.Route.TargetNode), c.Route.DestinationCIDR)
	})
}

// DeleteRoutes deletes routes from all tables.
func (r *Routes) DeleteRoutes(ctx context.Context, _ string, routes []provider.Route) []error {
	return each(routes, func(route provider.Route) error { return r.delete(ctx, route.DestinationCIDR) })
}

func each[T any](items []T, do func(T) error) []error {
	errs := make([]error, len(items))
	for i, item := range items {
		errs[i] = do(item)
	}
	return errs
}

func (r *Routes) create(ctx context.Context, nodeName, cidr string) error {
	tables, err := r.current(ctx)
	if err != nil {
		return err
	}
	t, err := r.target(ctx, nodeName)
	if err != nil {
		return err
	}
	for _, table := range tables {
		if err := r.createIn(ctx, table, t, cidr); err != nil {
			return fmt.Errorf("route %s to node %s in %s: %w", cidr, nodeName, aws.ToString(table.RouteTableId), err)
		}
	}
	return nil
}

// target is where a route leads: an instance, or its primary interface when it has several.
type target struct{ instance, eni string }

// target finds the instance of a Node and lets it forward packets that are not its own.
func (r *Routes) target(ctx context.Context, nodeName string) (target, error) {
	node, err := r.node(nodeName)
	if err != nil {
		return target{}, fmt.Errorf("node %s: %w", nodeName, err)
	}
	id, ok := ids.Instance(node.Spec.ProviderID)
	if !ok {
		return target{}, fmt.Errorf("node %s has the provider ID %q, which names no instance", nodeName, node.Spec.ProviderID)
	}
	machines, err := r.store.Machines(ctx, []string{id}, machineAge)
	if err != nil {
		return target{}, err
	}
	m, ok := machines[id]
	if !ok {
		return target{}, fmt.Errorf("instance %s of node %s does not exist", id, nodeName)
	}
	t, check := primary(m)
	if !check {
		return t, nil
	}
	no := &ec2types.AttributeBooleanValue{Value: aws.Bool(false)}
	if t.eni != "" {
		_, err = r.client.ModifyNetworkInterfaceAttribute(ctx, &ec2.ModifyNetworkInterfaceAttributeInput{NetworkInterfaceId: &t.eni, SourceDestCheck: no})
	} else {
		_, err = r.client.ModifyInstanceAttribute(ctx, &ec2.ModifyInstanceAttributeInput{InstanceId: &t.instance, SourceDestCheck: no})
	}
	if err != nil {
		return target{}, fmt.Errorf("turn off the source/destination check of %s%s: %w", t.instance, t.eni, err)
	}
	klog.FromContext(ctx).Info("Changed the cloud", "operation", "update", "kind", "instance", "id", id, "subject", "Node "+nodeName,
		"reason", "it forwards packets of pods", "sourceDestCheck", false)
	return t, nil
}

// primary chooses where a route to an instance leads, and reports whether the source/destination check is on.
func primary(m ec2types.Instance) (target, bool) {
	t := target{instance: aws.ToString(m.InstanceId)}
	check := aws.ToBool(m.SourceDestCheck)
	if len(m.NetworkInterfaces) < 2 {
		return t, check
	}
	for _, eni := range m.NetworkInterfaces {
		a := eni.Attachment
		if a != nil && aws.ToInt32(a.DeviceIndex) == 0 && aws.ToInt32(a.NetworkCardIndex) == 0 {
			return target{instance: t.instance, eni: aws.ToString(eni.NetworkInterfaceId)}, aws.ToBool(eni.SourceDestCheck)
		}
	}
	return t, check
}

func (r *Routes) createIn(ctx context.Context, table ec2types.RouteTable, t target, cidr string) error {
	if existing := find(table, cidr); existing != nil {
		if existing.State != ec2types.RouteStateBlackhole && leadsTo(*existing, t) {
			return nil
		}
		if existing.State == ec2types.RouteStateBlackhole {
			if err := r.deleteIn(ctx, table, cidr); err != nil {
				return err
			}
		}
	}
	in := &ec2.CreateRouteInput{RouteTableId: table.RouteTableId}
	in.DestinationCidrBlock, in.DestinationIpv6CidrBlock = destination(cidr)
	in.InstanceId, in.NetworkInterfaceId = t.pointers()
	_, err := r.client.CreateRoute(ctx, in)
	if client.HasCode(err, "RouteAlreadyExists") {
		return r.replace(ctx, table, t, cidr)
	}
	if client.HasCode(err, "RouteLimitExceeded") {
		return &provider.UserError{Problems: []string{fmt.Sprintf("route table %s is full: %v; ask AWS for a higher quota of routes, or let the network plug-in do the routing and set --configure-cloud-routes=false", aws.ToString(table.RouteTableId), err)}, Cause: err}
	}
	return err
}

// replace turns a route that is in the way to its target. A role that may not replace deletes and creates.
func (r *Routes) replace(ctx context.Context, table ec2types.RouteTable, t target, cidr string) error {
	in := &ec2.ReplaceRouteInput{RouteTableId: table.RouteTableId}
	in.DestinationCidrBlock, in.DestinationIpv6CidrBlock = destination(cidr)
	in.InstanceId, in.NetworkInterfaceId = t.pointers()
	_, err := r.client.ReplaceRoute(ctx, in)
	if !client.Denied(err) {
		return err
	}
	if err := r.deleteIn(ctx, table, cidr); err != nil {
		return err
	}
	create := &ec2.CreateRouteInput{RouteTableId: table.RouteTableId, InstanceId: in.InstanceId, NetworkInterfaceId: in.NetworkInterfaceId,
		DestinationCidrBlock: in.DestinationCidrBlock, DestinationIpv6CidrBlock: in.DestinationIpv6CidrBlock}
	_, err = r.client.CreateRoute(ctx, create)
	return err
}

func (t target) pointers() (instance, eni *string) {
	if t.eni != "" {
		return nil, &t.eni
	}
	return &t.instance, nil
}

func (r *Routes) delete(ctx context.Context, cidr string) error {
	tables, err := r.current(ctx)
	if err != nil {
		return err
	}
	for _, table := range tables {
		if find(table, cidr) == nil {
			continue
		}
		if err := r.deleteIn(ctx, table, cidr); err != nil {
			return fmt.Errorf("route %s in %s: %w", cidr, aws.ToString(table.RouteTableId), err)
		}
	}
	return nil
}

func (r *Routes) deleteIn(ctx context.Context, table ec2types.RouteTable, cidr string) error {
	in := &ec2.DeleteRouteInput{RouteTableId: table.RouteTableId}
	in.DestinationCidrBlock, in.DestinationIpv6CidrBlock = destination(cidr)
	if _, err := r.client.DeleteRoute(ctx, in); err != nil && !client.HasCode(err, "InvalidRoute.NotFound") {
		return err
	}
	return nil
}

// destination sorts a network by its family.
func destination(cidr string) (v4, v6 *string) {
	if strings.Contains(cidr, ":") {
		return nil, &cidr
	}
	return &cidr, nil
}

func cidrOf(route ec2types.Route) string {
	if route.DestinationCidrBlock != nil {
		return *route.DestinationCidrBlock
	}
	return aws.ToString(route.DestinationIpv6CidrBlock)
}

func find(table ec2types.RouteTable, cidr string) *ec2types.Route {
	if i := slices.IndexFunc(table.Routes, func(route ec2types.Route) bool { return cidrOf(route) == cidr }); i >= 0 {
		return &table.Routes[i]
	}
	return nil
}

func leadsTo(route ec2types.Route, t target) bool {
	if t.eni != "" {
		return aws.ToString(route.NetworkInterfaceId) == t.eni
	}
	return aws.ToString(route.InstanceId) == t.instance
}
