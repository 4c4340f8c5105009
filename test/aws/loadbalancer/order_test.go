// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	elbv2sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbv2types "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/aws/loadbalancer"
	"sigs.k8s.io/cloud-providers/test/clouds/aws"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
	"sigs.k8s.io/cloud-providers/test/convergence"
)

// nodeRules lists the rules of the nodes' security group, in words.
func (w *world) nodeRules() []string {
	w.t.Helper()
	var all []string
	for _, g := range w.cloud.State().EC2.SecurityGroups {
		if g.ID != w.network.NodeGroup {
			continue
		}
		for _, r := range g.Ingress {
			port := 0
			if r.From != nil {
				port = *r.From
			}
			all = append(all, fmt.Sprintf("%s %d %s%s %s", r.Protocol, port, r.IPv4, r.GroupID, r.Description))
		}
	}
	slices.Sort(all)
	return all
}

// TestRefusedChangesCloseNothing: what is refused at the end of a change must not have cut off what serves.
func TestRefusedChangesCloseNothing(t *testing.T) {
	t.Run("a security group that does not exist", func(t *testing.T) {
		w := newWorld(t, worldOptions{nodes: 2})
		s := service("web", "")
		w.settle(s)
		before := w.nodeRules()
		annotate("security-groups", "sg-0123456789abcdef0")(s)
		if _, _, err := w.ensure(s); !provider.IsUserError(err) {
			t.Errorf("%v", err)
		}
		for _, r := range before {
			if !slices.Contains(w.nodeRules(), r) {
				t.Errorf("the rule %q is gone", r)
			}
		}
	})
	t.Run("more source ranges than a security group has room for", func(t *testing.T) {
		w := newWorld(t, worldOptions{nodes: 2})
		s := service("web", "nlb")
		w.settle(s)
		before := w.nodeRules()
		var many []string
		for i := range 70 {
			many = append(many, fmt.Sprintf("10.%d.0.0/16", i))
		}
		ranges(many...)(s)
		if _, _, err := w.ensure(s); !provider.IsUserError(err) || !strings.Contains(err.Error(), "RulesPerSecurityGroupLimitExceeded") {
			t.Errorf("%v", err)
		}
		if after := w.nodeRules(); !slices.Equal(after, before) {
			t.Errorf("rules were %q, and are %q", before, after)
		}
	})
}

// TestKindChangedBeforeItServed makes the kind that is asked for, and leaves nothing of the other.
func TestKindChangedBeforeItServed(t *testing.T) {
	for _, kinds := range [][2]string{{"nlb", ""}, {"", "nlb"}} {
		w := newWorld(t, worldOptions{nodes: 2})
		before := w.state()
		s := service("web", kinds[0])
		if err := w.cloud.Faults.Add(aws.Fault{Operation: "CreateListener", Code: "CertificateNotFound", Status: 400}, aws.Fault{Operation: "ConfigureHealthCheck", Code: "ValidationError", Status: 400}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.ensure(s); err == nil {
			t.Fatal("nothing failed")
		}
		w.cloud.Faults.Clear()
		s.Annotations[loadbalancer.Prefix+"type"] = kinds[1]
		s.ResourceVersion += "."
		report := w.settle(s)
		s.Status.LoadBalancer = *report.Status
		state := w.cloud.State().ELB
		if n := len(state.ClassicLoadBalancers) + len(state.LoadBalancers); n != 1 {
			t.Errorf("%q to %q: %d load balancers", kinds[0], kinds[1], n)
		}
		w.start()
		w.settle(s)
		w.removeAll(s)
		if after := w.state(); after != before {
			t.Errorf("%q to %q: left behind:%s", kinds[0], kinds[1], convergence.Differences(after, before))
		}
	}
}

// TestWhatOthersAttachedStays: a listener of ours that was turned away comes back, and a target group that
// somebody else made is neither tagged nor deleted.
func TestWhatOthersAttachedStays(t *testing.T) {
	w := newWorld(t, worldOptions{nodes: 2})
	s := service("web", "nlb", annotate("additional-resource-tags", "a=b"))
	w.settle(s)
	client := w.cloud.ELBv2Client()
	name, port, lb := "users-own", int32(9000), w.cloud.State().ELB.LoadBalancers[0].ARN
	made, err := client.CreateTargetGroup(t.Context(), &elbv2sdk.CreateTargetGroupInput{Name: &name, Port: &port, Protocol: elbv2types.ProtocolEnumTcp, VpcId: &w.network.VPC})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.CreateListener(t.Context(), &elbv2sdk.CreateListenerInput{LoadBalancerArn: &lb, Port: &port, Protocol: elbv2types.ProtocolEnumTcp,
		DefaultActions: []elbv2types.Action{{Type: elbv2types.ActionTypeEnumForward, TargetGroupArn: made.TargetGroups[0].TargetGroupArn}}}); err != nil {
		t.Fatal(err)
	}
	annotate("additional-resource-tags", "a=c")(s)
	w.settle(s)
	w.removeAll(s)
	left := w.cloud.State().ELB.TargetGroups
	if len(left) != 1 || left[0].Name != name || len(left[0].Tags) > 0 {
		t.Errorf("target groups %+v", left)
	}
}

// TestEditedByHand: a health check that was changed in AWS is put right in place, and the group with it.
func TestEditedByHand(t *testing.T) {
	w := newWorld(t, worldOptions{nodes: 2})
	s := service("web", "nlb")
	w.settle(s)
	want := w.state()
	interval, path := int32(10), "/x"
	if _, err := w.cloud.ELBv2Client().ModifyTargetGroup(t.Context(), &elbv2sdk.ModifyTargetGroupInput{
		TargetGroupArn: &w.cloud.State().ELB.TargetGroups[0].ARN, HealthCheckIntervalSeconds: &interval, HealthCheckProtocol: elbv2types.ProtocolEnumHttp, HealthCheckPath: &path,
	}); err != nil {
		t.Fatal(err)
	}
	w.start()
	w.settle(s)
	got := strings.NewReplacer(`,"path":"/x"`, "", `,"matcher":"200-399"`, "").Replace(w.state())
	if got != want {
		t.Errorf("it is%s", convergence.Differences(got, want))
	}
}

// TestUntaggedGroupWithUsersTags: a security group that lost all its tags gets them back in one pass.
func TestUntaggedGroupWithUsersTags(t *testing.T) {
	w := newWorld(t, worldOptions{nodes: 2})
	s := service("web", "", annotate("additional-resource-tags", "a=b"))
	w.settle(s)
	want := w.state()
	state := w.cloud.State()
	for _, g := range state.EC2.SecurityGroups {
		if strings.HasPrefix(g.Name, "k8s-elb-") {
			g.Tags = ec2.Tags{}
		}
	}
	if err := w.cloud.Load(state); err != nil {
		t.Fatal(err)
	}
	w.start()
	w.settle(s)
	got := strings.ReplaceAll(w.state(), `,"kubernetes.io/service-name":"default/web"`, "")
	if want = strings.ReplaceAll(want, `,"kubernetes.io/service-name":"default/web"`, ""); got != want {
		t.Errorf("it is%s", convergence.Differences(got, want))
	}
}

// TestRemovalOfAServiceThatIsNoLongerOurs goes on until nothing is left, although the object says nothing of
// removal.
func TestRemovalOfAServiceThatIsNoLongerOurs(t *testing.T) {
	for _, v := range []string{"classic", "nlb", "nlb managed groups"} {
		variant := variants()[v]
		w := newWorld(t, worldOptions{nodes: 2, settings: variant.settings})
		before := w.state()
		s := variant.service("web")
		w.settle(s)
		if err := w.cloud.Faults.Add(aws.Fault{Operation: "DeleteSecurityGroup", Calls: 4, Code: "DependencyViolation", Status: 400},
			aws.Fault{Operation: "DeleteTargetGroup", Calls: 4, Code: "ResourceInUse", Status: 400}); err != nil {
			t.Fatal(err)
		}
		in := provider.LoadBalancerInput{ClusterName: clusterName, Service: s, Nodes: w.nodes, Removing: true}
		_ = w.services.Delete(s)
		for range 20 {
			found, err := w.lb.Observe(t.Context(), []provider.LoadBalancerInput{in})
			if err != nil {
				t.Fatal(err)
			}
			if !w.lb.Exists(found[0]) {
				break
			}
			_, _ = w.lb.Apply(t.Context(), found[0], provider.ServicePlan(s, w.lb.Remove(found[0])), planOptions)
			w.start()
		}
		if after := w.state(); after != before {
			t.Errorf("%s: left behind:%s", v, convergence.Differences(after, before))
		}
	}
}

// TestSharedRulesWhoeverComesAndGoes: the heir of a rule is looked up when the rule is about to go.
func TestSharedRulesWhoeverComesAndGoes(t *testing.T) {
	shared := func(name string) *v1.Service {
		return service(name, "nlb", local(32100), ranges("10.0.0.0/8"))
	}
	w := newWorld(t, worldOptions{nodes: 2})
	before := w.state()
	first, second := shared("one"), shared("two")
	w.settle(first)
	removing := provider.LoadBalancerInput{ClusterName: clusterName, Service: first, Nodes: w.nodes, Removing: true}
	found, err := w.lb.Observe(t.Context(), []provider.LoadBalancerInput{removing})
	if err != nil {
		t.Fatal(err)
	}
	changes := w.lb.Remove(found[0])
	w.settle(second) // comes between the plan and its changes, and finds the rules in their place
	_ = w.services.Delete(first)
	if _, err := w.lb.Apply(t.Context(), found[0], provider.ServicePlan(first, changes), planOptions); err != nil {
		t.Fatal(err)
	}
	if changes, _, _, err := w.plan(second); err != nil || len(changes) > 0 {
		t.Errorf("the second would need %v, %v", changes, err)
	}
	w.removeAll(second)
	if after := w.state(); after != before {
		t.Errorf("left behind:%s", convergence.Differences(after, before))
	}
}
