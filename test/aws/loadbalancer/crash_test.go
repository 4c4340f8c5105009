// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/providers/aws/loadbalancer"
	"sigs.k8s.io/cloud-providers/test/clouds/aws"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/elb"
	"sigs.k8s.io/cloud-providers/test/convergence"
)

// edit is a change of a Service whose load balancer exists.
type edit struct {
	kind     string
	settings loadbalancer.Settings
	before   []func(*v1.Service)
	after    []func(*v1.Service)
}

func edits() map[string]edit {
	managed := loadbalancer.Settings{ManageNetworkGroups: true}
	two, other := ports(tcp(80, 30080), tcp(81, 30081)), ports(tcp(80, 30090), tcp(82, 30082))
	return map[string]edit{
		"classic: ports":             {before: []func(*v1.Service){two}, after: []func(*v1.Service){other}},
		"classic: to TLS":            {before: []func(*v1.Service){two}, after: []func(*v1.Service){annotate("ssl-cert", certificate, "ssl-negotiation-policy", "ELBSecurityPolicy-TLS-1-2-2017-01")}},
		"classic: source ranges":     {after: []func(*v1.Service){ranges("10.0.0.0/8")}},
		"classic: attributes":        {after: []func(*v1.Service){annotate("connection-idle-timeout", "99", "proxy-protocol", "*", "additional-resource-tags", "a=b", "healthcheck-interval", "30")}},
		"nlb: ports":                 {kind: "nlb", before: []func(*v1.Service){two}, after: []func(*v1.Service){other}},
		"nlb: to TLS":                {kind: "nlb", after: []func(*v1.Service){annotate("ssl-cert", certificate)}},
		"nlb: from TLS":              {kind: "nlb", before: []func(*v1.Service){annotate("ssl-cert", certificate)}, after: []func(*v1.Service){annotate("ssl-cert", "")}},
		"nlb: source ranges":         {kind: "nlb", after: []func(*v1.Service){ranges("10.0.0.0/8", "172.16.0.0/12")}},
		"nlb: policy Local":          {kind: "nlb", after: []func(*v1.Service){local(32100)}},
		"nlb: health and attributes": {kind: "nlb", after: []func(*v1.Service){annotate("healthcheck-interval", "10", "healthcheck-port", "8080", "cross-zone-load-balancing-enabled", "true", "additional-resource-tags", "a=b", "target-group-attributes", "preserve_client_ip.enabled=false")}},
		"nlb: managed group's ports": {kind: "nlb", settings: managed, before: []func(*v1.Service){two}, after: []func(*v1.Service){other}},
	}
}

// TestCrash lets the process die at each call that changes something, before it is made and after its answer
// was lost, while load balancers of each kind are created, changed and deleted. A new process always gets
// to where an undisturbed one would have got.
func TestCrash(t *testing.T) {
	created := variants()
	for name, v := range created {
		t.Run("create and delete "+name, func(t *testing.T) {
			t.Parallel()
			crashEverywhere(t, v.settings, func(*world) *v1.Service { return v.service("web") }, func(w *world, s *v1.Service) { w.settle(s) })
			crashEverywhere(t, v.settings, func(w *world) *v1.Service {
				s := v.service("web")
				w.settle(s)
				return s
			}, func(w *world, s *v1.Service) { w.removeAll(s) })
		})
	}
	for name, e := range edits() {
		t.Run("change "+name, func(t *testing.T) {
			t.Parallel()
			crashEverywhere(t, e.settings, func(w *world) *v1.Service {
				s := service("web", e.kind, e.before...)
				w.settle(s)
				return s
			}, func(w *world, s *v1.Service) {
				changed := s.DeepCopy()
				for _, f := range e.after {
					f(changed)
				}
				w.settle(changed)
			})
		})
	}
}

func crashEverywhere(t *testing.T, settings loadbalancer.Settings, prepare func(*world) *v1.Service, act func(*world, *v1.Service)) {
	t.Helper()
	convergence.CrashEverywhere(t, func(cutAt int, after bool) (state string, changes int) {
		w := newWorld(t, worldOptions{nodes: 2, settings: settings, cloud: aws.Options{ELBTiming: elb.Timing{Linger: 15 * time.Second}}})
		s := prepare(w)
		w.start()
		w.wire.cutAt, w.wire.after = cutAt, after
		first := w.wire
		act(w, s)
		return w.state(), first.changes
	})
}

// TestDisturbedAWS lets calls fail in all the ways that AWS has.
func TestDisturbedAWS(t *testing.T) {
	faults := map[string][]aws.Fault{
		"a tenth fails":                 {{Ratio: 0.1}},
		"EC2 throttles a third":         {{Service: "ec2", Ratio: 0.34, Code: "RequestLimitExceeded", Status: 503}},
		"ELB throttles a third":         {{Service: "elb*", Ratio: 0.34, Code: "Throttling", Status: 400}},
		"a fifth of answers is lost":    {{Ratio: 0.2, Kind: aws.Lose}},
		"a fifth of requests is lost":   {{Ratio: 0.2, Kind: aws.Drop}},
		"failures and lost answers mix": {{Ratio: 0.1}, {Ratio: 0.15, Kind: aws.Lose}, {Ratio: 0.1, Service: "elb*", Code: "Throttling", Status: 400}},
	}
	for what, list := range faults {
		for name, v := range variants() {
			t.Run(what+"/"+name, func(t *testing.T) {
				t.Parallel()
				ways := func(disturbed bool) (made, gone string) {
					w := newWorld(t, worldOptions{nodes: 2, settings: v.settings})
					if disturbed {
						if err := w.cloud.Faults.Add(list...); err != nil {
							t.Fatal(err)
						}
					}
					s := v.service("web")
					w.settle(s)
					made = w.state()
					w.removeAll(s)
					return made, w.state()
				}
				made, gone := ways(false)
				gotMade, gotGone := ways(true)
				if gotMade != made {
					t.Errorf("made otherwise than undisturbed:%s", convergence.Differences(gotMade, made))
				}
				if gotGone != gone {
					t.Errorf("left more than undisturbed:%s", convergence.Differences(gotGone, gone))
				}
			})
		}
	}
}

// TestLaggingReads has AWS show changes only after 5 seconds.
func TestLaggingReads(t *testing.T) {
	for name, v := range variants() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ways := func(lag time.Duration) (made, gone string) {
				w := newWorld(t, worldOptions{nodes: 2, settings: v.settings, cloud: aws.Options{}})
				w.cloud.Clock.SetLag(lag)
				w.cloud.Clock.Advance(time.Minute)
				s := v.service("web")
				for range 10 {
					_, _, _ = w.ensure(s)
					w.start() // what a process remembers must not be what it takes
					w.cloud.Clock.Advance(2 * time.Second)
				}
				w.settle(s)
				made = w.state()
				w.cloud.Clock.Advance(time.Minute)
				for range 10 {
					_ = w.remove(s)
					w.start()
					w.cloud.Clock.Advance(2 * time.Second)
				}
				w.removeAll(s)
				w.cloud.Clock.Advance(time.Minute)
				return made, w.state()
			}
			made, gone := ways(0)
			gotMade, gotGone := ways(5 * time.Second)
			if gotMade != made {
				t.Errorf("made otherwise than without lag:%s", convergence.Differences(gotMade, made))
			}
			if gotGone != gone {
				t.Errorf("left more than without lag:%s", convergence.Differences(gotGone, gone))
			}
		})
	}
}

// TestRandomEdits changes a Service many times; in the end its load balancer is what a Service that is
// created like that gets.
func TestRandomEdits(t *testing.T) {
	const seeds, steps = 12, 12
	for seed := range seeds {
		for _, kind := range []string{"", "nlb"} {
			t.Run(fmt.Sprintf("seed %d, kind %q", seed, kind), func(t *testing.T) {
				t.Parallel()
				random := rand.New(rand.NewPCG(uint64(seed), 1))
				settings := loadbalancer.Settings{ManageNetworkGroups: random.IntN(2) == 0}
				w := newWorld(t, worldOptions{nodes: 2, settings: settings})
				s := service("web", kind)
				w.settle(s)
				for range steps {
					randomEdit(random, s)
					w.settle(s)
					if random.IntN(3) == 0 {
						w.start()
						w.settle(s)
					}
				}
				fresh := newWorld(t, worldOptions{nodes: 2, settings: settings})
				fresh.settle(s.DeepCopy())
				if got, want := w.state(), fresh.state(); got != want {
					t.Errorf("edits led elsewhere than creation:%s\n\n%v %+v", convergence.Differences(got, want), s.Annotations, s.Spec)
				}
			})
		}
	}
}

// randomEdit changes one thing that AWS can change in place.
func randomEdit(r *rand.Rand, s *v1.Service) {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	set := func(key string, values ...string) {
		if v := pick(append(values, "")...); v == "" {
			delete(s.Annotations, loadbalancer.Prefix+key)
		} else {
			s.Annotations[loadbalancer.Prefix+key] = v
		}
	}
	switch r.IntN(11) {
	case 0, 1:
		var list []v1.ServicePort
		for i := range 1 + r.IntN(3) {
			list = append(list, tcp(int32(80+i), int32(30080+i+10*r.IntN(2))))
		}
		s.Spec.Ports = list
	case 2:
		s.Spec.LoadBalancerSourceRanges = [][]string{nil, {"10.0.0.0/8"}, {"10.0.0.0/8", "192.168.0.0/16"}}[r.IntN(3)]
	case 3:
		if s.Spec.ExternalTrafficPolicy = v1.ServiceExternalTrafficPolicyCluster; r.IntN(2) == 0 {
			local(32100)(s)
		}
	case 4:
		set("ssl-cert", certificate)
	case 5:
		set("ssl-ports", "80", "81,82")
	case 6:
		set("cross-zone-load-balancing-enabled", "true")
	case 7:
		set("additional-resource-tags", "a=b", "a=c,d=e")
	case 8:
		set("healthcheck-interval", "10", "30")
		set("healthcheck-healthy-threshold", "3", "4")
	case 9:
		set("connection-idle-timeout", "90")
		set("backend-protocol", "http", "ssl")
	case 10:
		set("access-log-enabled", "true")
		delete(s.Annotations, loadbalancer.Prefix+"access-log-s3-bucket-name")
		if s.Annotations[loadbalancer.Prefix+"access-log-enabled"] != "" {
			s.Annotations[loadbalancer.Prefix+"access-log-s3-bucket-name"] = "logs"
		}
	}
	s.ResourceVersion += "."
}

// TestPermissionsOfTheDayOfTheSwap: what upstream's role does not allow is done without.
func TestPermissionsOfTheDayOfTheSwap(t *testing.T) {
	denied := []aws.Fault{
		{Service: "elb*", Operation: "DescribeTags", Code: "AccessDenied", Status: 403},
		{Service: "elb*", Operation: "RemoveTags", Code: "AccessDenied", Status: 403},
		{Service: "elbv2", Operation: "Set*", Code: "AccessDenied", Status: 403},
		{Service: "ec2", Operation: "DeleteTags", Code: "UnauthorizedOperation", Status: 403},
		{Service: "ec2", Operation: "UpdateSecurityGroupRuleDescriptionsIngress", Code: "UnauthorizedOperation", Status: 403},
		{Service: "ec2", Operation: "DescribeAvailabilityZones", Code: "UnauthorizedOperation", Status: 403},
	}
	for name, v := range variants() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, worldOptions{nodes: 2, settings: v.settings})
			if err := w.cloud.Faults.Add(denied...); err != nil {
				t.Fatal(err)
			}
			before := w.state()
			s := v.service("web")
			w.settle(s)
			w.start()
			w.settle(s)
			w.addNodes(1)
			w.settle(s)
			w.removeAll(s)
			if after := w.state(); after != before {
				t.Errorf("left behind:%s", convergence.Differences(after, before))
			}
		})
	}
	t.Run("subnets stay, and the Service says so", func(t *testing.T) {
		w := newWorld(t, worldOptions{nodes: 2})
		s := service("web", "nlb")
		w.settle(s)
		if err := w.cloud.Faults.Add(denied...); err != nil {
			t.Fatal(err)
		}
		annotate("subnets", w.network.Public[0])(s)
		report, _, err := w.ensure(s)
		if err != nil || !strings.Contains(report.Problem, "left out") {
			t.Errorf("%+v, %v", report, err)
		}
	})
	t.Run("a rule that another load balancer needs stays", func(t *testing.T) {
		w := newWorld(t, worldOptions{nodes: 2})
		first, second := service("one", "nlb", local(32100)), service("two", "nlb", local(32100))
		first.Spec.LoadBalancerSourceRanges, second.Spec.LoadBalancerSourceRanges = []string{"10.0.0.0/8"}, []string{"10.0.0.0/8"}
		w.settle(first)
		w.settle(second)
		if err := w.cloud.Faults.Add(denied...); err != nil {
			t.Fatal(err)
		}
		w.removeAll(first)
		if changes, _, _, err := w.plan(second); err != nil || len(changes) > 0 {
			t.Errorf("the second would need %v, %v", changes, err)
		}
	})
}
