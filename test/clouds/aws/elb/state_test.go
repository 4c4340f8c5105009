// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/elb"
)

func dump(t *testing.T, s *elb.Service) string {
	t.Helper()
	return string(ok(json.MarshalIndent(s.Dump(), "", " "))(t))
}

func TestStateIsDumpedAndLoaded(t *testing.T) {
	c := start(t, elb.Options{})
	c.createClassic(t, "classic")
	lb, tg := c.createBalancer(t, "lb"), c.createGroup(t, "tg")
	c.createListener(t, listenerInput(lb, tg, 80, "TCP"))
	ids := c.instances(t, 3)
	c.register(t, tg, ids...)
	ok(c.v2.DeregisterTargets(t.Context(), &v2.DeregisterTargetsInput{TargetGroupArn: tg.TargetGroupArn, Targets: targets(ids[0])}))(t)

	before := dump(t, c.elb)
	var state elb.State
	if err := json.Unmarshal([]byte(before), &state); err != nil {
		t.Fatal(err)
	}
	c.createBalancer(t, "later")
	c.set(time.Minute, 0) // what is loaded is seen at once nevertheless
	if err := c.elb.Load(state); err != nil {
		t.Fatal(err)
	}
	same(t, "state after loading", dump(t, c.elb), before)
	same(t, "target that drains", c.health(t, tg, ids[0])[0].TargetHealth.State, types.TargetHealthStateEnumDraining)
	same(t, "ARN of the load balancer created again", *c.createBalancer(t, "lb").LoadBalancerArn, *lb.LoadBalancerArn)
	_, err := c.v2.DescribeLoadBalancers(t.Context(), &v2.DescribeLoadBalancersInput{Names: []string{"later"}})
	refused[*types.LoadBalancerNotFoundException](t, err, "later")

	state.TargetGroups = nil
	if err := c.elb.Load(state); err == nil {
		t.Error("loading a listener without its target group gave no error")
	}
	same(t, "state after that", dump(t, c.elb), before)
}

func TestReadsLag(t *testing.T) {
	c := start(t, elb.Options{})
	c.set(10*time.Second, 0)
	lb, tg := c.createBalancer(t, "lb"), c.createGroup(t, "tg")
	_, err := c.v2.DescribeLoadBalancers(t.Context(), &v2.DescribeLoadBalancersInput{LoadBalancerArns: []string{*lb.LoadBalancerArn}})
	refused[*types.LoadBalancerNotFoundException](t, err, "lb")
	_, err = c.v2.DescribeTargetHealth(t.Context(), &v2.DescribeTargetHealthInput{TargetGroupArn: tg.TargetGroupArn})
	refused[*types.TargetGroupNotFoundException](t, err, "target groups")
	c.createListener(t, listenerInput(lb, tg, 80, "TCP")) // changes see what was just made
	c.move(5 * time.Second)
	ids := c.instances(t, 1)
	c.register(t, tg, ids...)
	c.move(5 * time.Second)
	same(t, "number of targets", len(c.health(t, tg)), 0)
	same(t, "load balancers of the group", len(ok(c.v2.DescribeTargetGroups(t.Context(), &v2.DescribeTargetGroupsInput{}))(t).TargetGroups[0].LoadBalancerArns), 1)
	c.move(5 * time.Second)
	same(t, "number of targets", len(c.health(t, tg)), 1)
}

func TestNamesInOtherPartitions(t *testing.T) {
	c := start(t, elb.Options{Partition: "aws-cn", DNSSuffix: "amazonaws.com.cn"})
	c.createClassic(t, "classic")
	same(t, "classic name", *c.describeClassic(t, "classic").DNSName, "classic-3602887096.us-west-2.elb.amazonaws.com.cn")
	lb := c.createBalancer(t, "lb")
	same(t, "name and ARN", line(*lb.DNSName, *lb.LoadBalancerArn), "lb-a8f4b6b3feb0eeea.elb.us-west-2.amazonaws.com.cn arn:aws-cn:elasticloadbalancing:us-west-2:123456789012:loadbalancer/net/lb/a8f4b6b3feb0eeea")
}

// scaled is a cloud of load balancers with many targets each, made by several clients at once.
func scaled(t *testing.T, balancers, perGroup int) (*cloud, []types.TargetGroup) {
	c := start(t, elb.Options{Quotas: elb.Quotas{NetworkLoadBalancers: balancers}})
	ids := c.instances(t, perGroup)
	groups := make([]types.TargetGroup, balancers)
	var wait sync.WaitGroup
	next := make(chan int)
	for range 4 {
		wait.Go(func() {
			for i := range next {
				name := fmt.Sprint("lb-", i)
				lb := c.createBalancer(t, name)
				groups[i] = c.createGroup(t, name)
				for from := 0; from < len(ids); from += 100 {
					c.register(t, groups[i], ids[from:min(from+100, len(ids))]...)
				}
				c.createListener(t, listenerInput(lb, groups[i], 80, "TCP"))
			}
		})
	}
	for i := range balancers {
		next <- i
	}
	close(next)
	wait.Wait()
	return c, groups
}

func TestManyTargets(t *testing.T) {
	balancers, perGroup := 200, 1000
	if testing.Short() {
		balancers, perGroup = 20, 200
	}
	begin := time.Now()
	c, groups := scaled(t, balancers, perGroup)
	built := time.Since(begin)
	begin = time.Now()
	for _, tg := range groups {
		same(t, "number of targets", len(c.health(t, tg)), perGroup)
	}
	t.Logf("built in %v, read all targets in %v", built, time.Since(begin))
	n := 0
	for p := v2.NewDescribeLoadBalancersPaginator(c.v2, &v2.DescribeLoadBalancersInput{PageSize: aws.Int32(150)}); p.HasMorePages(); {
		n += len(ok(p.NextPage(t.Context()))(t).LoadBalancers)
	}
	same(t, "number of load balancers", n, balancers)
}
