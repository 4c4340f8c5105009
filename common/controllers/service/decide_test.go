// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package service

import (
	"testing"
	"testing/synctest"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/clock"
)

func lbService(change ...func(*v1.Service)) *v1.Service {
	s := &v1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web", UID: "u1"},
		Spec: v1.ServiceSpec{Type: v1.ServiceTypeLoadBalancer, IPFamilies: []v1.IPFamily{v1.IPv4Protocol},
			Ports: []v1.ServicePort{{Name: "http", Protocol: v1.ProtocolTCP, Port: 80, NodePort: 30080, TargetPort: intstr.FromInt32(8080)}}},
	}
	for _, c := range change {
		c(s)
	}
	return s
}

func class(name string) func(*v1.Service) {
	return func(s *v1.Service) { s.Spec.LoadBalancerClass = &name }
}
func held(s *v1.Service) { s.Finalizers = []string{finalizer} }
func terminating(s *v1.Service) {
	now := metav1.Now()
	s.DeletionTimestamp = &now
}
func clusterIP(s *v1.Service) { s.Spec.Type = v1.ServiceTypeClusterIP }

func TestDecide(t *testing.T) {
	for name, tc := range map[string]struct {
		service *v1.Service
		class   string
		want    action
	}{
		"a LoadBalancer Service":                             {lbService(), "", ensure},
		"another type":                                       {lbService(clusterIP), "", nothing},
		"another type that we still hold":                    {lbService(clusterIP, held), "", cleanUp},
		"terminating and held":                               {lbService(terminating, held), "", cleanUp},
		"terminating, kept by somebody else's finalizer":     {lbService(terminating), "", nothing},
		"a class that is not ours":                           {lbService(class("x")), "", nothing},
		"a class that is not ours with the shared finalizer": {lbService(class("x"), held, terminating), "", nothing},
		"our own class":                                      {lbService(class("x")), "x", ensure},
		"our own class until its type changed":               {lbService(clusterIP, held), "x", cleanUp},
		"our own class until its type changed, not held":     {lbService(clusterIP), "x", nothing},
		"no class when we have one":                          {lbService(), "x", nothing},
	} {
		if got := decide(tc.service, tc.class); got != tc.want {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}

func TestChanged(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*v1.Service)
		want   bool
	}{
		"nothing":                {func(*v1.Service) {}, false},
		"a label":                {func(s *v1.Service) { s.Labels = map[string]string{"a": "b"} }, false},
		"the status":             {func(s *v1.Service) { s.Status.LoadBalancer.Ingress = []v1.LoadBalancerIngress{{IP: "1.1.1.1"}} }, false},
		"the selector":           {func(s *v1.Service) { s.Spec.Selector = map[string]string{"a": "b"} }, false},
		"an annotation":          {func(s *v1.Service) { s.Annotations = map[string]string{"a": "b"} }, true},
		"the type":               {clusterIP, true},
		"a port's name":          {func(s *v1.Service) { s.Spec.Ports[0].Name = "x" }, true},
		"a port's target":        {func(s *v1.Service) { s.Spec.Ports[0].TargetPort = intstr.FromString("x") }, true},
		"a port more":            {func(s *v1.Service) { s.Spec.Ports = append(s.Spec.Ports, v1.ServicePort{}) }, true},
		"source ranges":          {func(s *v1.Service) { s.Spec.LoadBalancerSourceRanges = []string{"10.0.0.0/8"} }, true},
		"affinity":               {func(s *v1.Service) { s.Spec.SessionAffinity = v1.ServiceAffinityClientIP }, true},
		"the traffic policy":     {func(s *v1.Service) { s.Spec.ExternalTrafficPolicy = v1.ServiceExternalTrafficPolicyLocal }, true},
		"a family more":          {func(s *v1.Service) { s.Spec.IPFamilies = append(s.Spec.IPFamilies, v1.IPv6Protocol) }, true},
		"the health check port":  {func(s *v1.Service) { s.Spec.HealthCheckNodePort = 31000 }, true},
		"the wanted address":     {func(s *v1.Service) { s.Spec.LoadBalancerIP = "1.1.1.1" }, true},
		"a re-created namesake":  {func(s *v1.Service) { s.UID = "u2" }, true},
		"internal traffic only":  {func(s *v1.Service) { p := v1.ServiceInternalTrafficPolicyLocal; s.Spec.InternalTrafficPolicy = &p }, false},
		"node ports not alloted": {func(s *v1.Service) { f := false; s.Spec.AllocateLoadBalancerNodePorts = &f }, false},
	} {
		if got := changed(lbService(), lbService(tc.change), ""); got != tc.want {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}

func TestTheMostUrgentServiceComesFirst(t *testing.T) {
	reasons := map[string]reason{"resync": becauseResync, "nodes": becauseNodes, "spec": becauseSpec, "both": becauseResync | becauseSpec}
	q := &bandQueue{urgency: func(key string) int { return reasons[key].band() }}
	for _, k := range []string{"resync", "nodes", "spec", "both"} {
		q.Push(k)
	}
	reasons["resync"] |= becauseNodes
	q.Touch("resync")
	var got []string
	for q.Len() > 0 {
		got = append(got, q.Pop())
	}
	if want := "spec both nodes resync"; want != join(got) {
		t.Errorf("order %q, want %q", join(got), want)
	}
}

func join(all []string) string {
	out := ""
	for i, s := range all {
		if i > 0 {
			out += " "
		}
		out += s
	}
	return out
}

func TestNodeChangesBecomeFewPasses(t *testing.T) {
	node := func(name string, change ...func(*v1.Node)) *v1.Node {
		n := &v1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
		for _, c := range change {
			c(n)
		}
		return n
	}
	for name, tc := range map[string]struct {
		play      func(add func(*v1.Node), update func(*v1.Node))
		passes    int
		firstPass time.Duration
	}{
		"one node": {func(add, _ func(*v1.Node)) { add(node("a")) }, 1, time.Second},
		"heartbeats and readiness": {func(_, update func(*v1.Node)) {
			update(node("old", func(n *v1.Node) { n.Status.Conditions = []v1.NodeCondition{{Type: v1.NodeReady}} }))
		}, 0, 0},
		"the autoscaler's taint": {func(_, update func(*v1.Node)) {
			update(node("old", func(n *v1.Node) { n.Spec.Taints = []v1.Taint{{Key: "ToBeDeletedByClusterAutoscaler"}} }))
		}, 0, 0},
		"the exclusion label": {func(_, update func(*v1.Node)) {
			update(node("old", func(n *v1.Node) { n.Labels = map[string]string{v1.LabelNodeExcludeBalancers: ""} }))
		}, 1, time.Second},
		"a label that excludes nothing": {func(_, update func(*v1.Node)) {
			update(node("old", func(n *v1.Node) { n.Labels = map[string]string{v1.LabelNodeExcludeBalancers: "false"} }))
		}, 1, time.Second},
		"10 nodes within a second": {func(add, _ func(*v1.Node)) {
			for i := range 10 {
				add(node(string(rune('a' + i))))
				time.Sleep(50 * time.Millisecond)
			}
		}, 1, time.Second},
		"500 nodes over 30 s": {func(add, _ func(*v1.Node)) {
			for i := range 500 {
				add(node("n" + time.Duration(i).String()))
				time.Sleep(60 * time.Millisecond)
			}
		}, 5, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNodeNotifier(clock.RealClock{}, 10*time.Second, true)
				h := n.handler()
				h.OnAdd(node("old"), true)
				var passes []time.Time
				start := time.Now()
				go n.run(t.Context(), func() { passes = append(passes, time.Now()) })
				tc.play(func(x *v1.Node) { h.OnAdd(x, false) }, func(x *v1.Node) { h.OnUpdate(nil, x) })
				time.Sleep(time.Minute)
				synctest.Wait()
				if len(passes) > tc.passes || tc.passes > 0 && len(passes) == 0 {
					t.Errorf("%d passes, want at most %d", len(passes), tc.passes)
				}
				if len(passes) > 0 && passes[0].Sub(start) > tc.firstPass {
					t.Errorf("the first pass came after %s", passes[0].Sub(start))
				}
			})
		})
	}
}
