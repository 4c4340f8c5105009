// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/providers/openstack/loadbalancer"
	"sigs.k8s.io/cloud-providers/test/clouds/sim"
	"sigs.k8s.io/cloud-providers/test/convergence"
)

// edit is a change of a Service whose load balancer exists.
type edit struct {
	config        string
	before, after []func(*v1.Service)
}

func edits() map[string]edit {
	list := func(f ...func(*v1.Service)) []func(*v1.Service) { return f }
	two, other := ports(tcp(80, 30080), tcp(81, 30081)), ports(tcp(80, 30090), tcp(82, 30082))
	return map[string]edit{
		"ports":                {before: list(two), after: list(other)},
		"to HTTP":              {before: list(two), after: list(annotate("x-forwarded-for", "true"))},
		"to PROXY":             {after: list(annotate("proxy-protocol", "true"))},
		"source ranges":        {after: list(ranges("10.0.0.0/8"))},
		"to internal":          {after: list(internal)},
		"to external":          {before: list(internal), after: list(annotate(), func(s *v1.Service) { delete(s.Annotations, internalKey) })},
		"monitors":             {before: list(two), after: list(annotate("enable-health-monitor", "true"))},
		"no monitors":          {before: list(two, annotate("enable-health-monitor", "true")), after: list(annotate("enable-health-monitor", "false"))},
		"policy Local":         {config: "create-monitor=true", after: list(local(32100))},
		"affinity":             {after: list(affinity)},
		"groups follow ports":  {config: "manage-security-groups=true", before: list(two), after: list(other)},
		"one by one":           {config: "provider-requires-serial-api-calls=true", before: list(two), after: list(other)},
		"timeouts and methods": {after: list(annotate("timeout-client-data", "1000", "lb-method", "SOURCE_IP", "connection-limit", "7"))},
	}
}

// TestCrash lets the process die at each call that changes something, before it is made and after its answer
// was lost, while load balancers of each kind are created, changed and deleted. A new process always gets
// to where an undisturbed one would have got.
func TestCrash(t *testing.T) {
	for name, v := range variants() {
		t.Run("create and delete "+name, func(t *testing.T) {
			t.Parallel()
			crashEverywhere(t, v.config, func(*world) *v1.Service { return service("web", v.edits...) }, func(w *world, s *v1.Service) { w.settle(s) })
			crashEverywhere(t, v.config, func(w *world) *v1.Service {
				s := service("web", v.edits...)
				w.settle(s)
				return s
			}, func(w *world, s *v1.Service) { w.removeAll(s) })
		})
	}
	for name, e := range edits() {
		t.Run("change "+name, func(t *testing.T) {
			t.Parallel()
			crashEverywhere(t, e.config, func(w *world) *v1.Service {
				s := service("web", e.before...)
				w.settle(s)
				return s
			}, func(w *world, s *v1.Service) {
				for _, f := range e.after {
					f(s)
				}
				w.settle(s)
			})
		})
	}
}

func crashEverywhere(t *testing.T, config string, prepare func(*world) *v1.Service, act func(*world, *v1.Service)) {
	t.Helper()
	convergence.CrashEverywhere(t, func(cutAt int, after bool) (state string, changes int) {
		w := newWorld(t, worldOptions{nodes: 2, config: config})
		s := prepare(w)
		w.start()
		w.wire.arm(cutAt, after)
		act(w, s)
		return w.state(), w.wire.count()
	})
}

// TestDisturbed lets calls fail in all the ways that OpenStack has.
func TestDisturbed(t *testing.T) {
	faults := map[string][]sim.Fault{
		"a tenth fails":               {{Ratio: 0.1, Status: 500}},
		"Octavia throttles a third":   {{Service: "octavia", Ratio: 0.34, Status: 429}},
		"Neutron throttles a third":   {{Service: "neutron", Ratio: 0.34, Status: 429}},
		"conflicts":                   {{Service: "octavia", Operation: "[CUDB]*", Ratio: 0.3, Status: 409, Message: "Load Balancer x is immutable and cannot be updated."}},
		"a fifth of answers is lost":  {{Ratio: 0.19, Kind: sim.Lose}},
		"a fifth of requests is lost": {{Ratio: 0.19, Kind: sim.Drop}},
		"all of it": {{Ratio: 0.1, Status: 503}, {Ratio: 0.1, Kind: sim.Lose}, {Ratio: 0.1, Service: "octavia", Status: 429},
			{Service: "octavia", Operation: "[CUDB]*", Ratio: 0.2, Status: 409, Message: "Load Balancer x is immutable and cannot be updated."}},
	}
	for what, list := range faults {
		for name, v := range variants() {
			t.Run(what+"/"+name, func(t *testing.T) {
				t.Parallel()
				ways := func(disturbed bool) (made, gone string) {
					w := newWorld(t, worldOptions{nodes: 2, config: v.config})
					s := service("web", v.edits...)
					if disturbed {
						w.disturb(t, list)
					}
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

func (w *world) disturb(t *testing.T, list []sim.Fault) {
	t.Helper()
	for i := range list {
		if list[i].Service == "" { // the way in is another test's
			list = append(list[:i:i], append(inAll(list[i]), list[i+1:]...)...)
		}
	}
	if err := w.cloud.Faults.Add(list...); err != nil {
		t.Fatal(err)
	}
}

func inAll(f sim.Fault) []sim.Fault {
	var all []sim.Fault
	for _, service := range []string{"octavia", "neutron"} {
		f.Service = service
		all = append(all, f)
	}
	return all
}

// TestRandomEdits changes a Service many times; in the end its load balancer is what a Service that is
// created like that gets.
func TestRandomEdits(t *testing.T) {
	const seeds, steps = 24, 12
	for seed := range seeds {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(uint64(seed), 1))
			config := []string{"", "manage-security-groups=true", "provider-requires-serial-api-calls=true", "create-monitor=true"}[random.IntN(4)]
			w := newWorld(t, worldOptions{nodes: 2, config: config})
			s := service("web")
			w.settle(s)
			for range steps {
				randomEdit(random, s)
				if random.IntN(2) == 0 { // the next edit comes while Octavia is at work
					_, _, _ = w.ensure(s)
					w.cloud.Clock.Advance(time.Duration(random.IntN(1500)) * time.Millisecond)
					_, _, _ = w.ensure(s)
				} else {
					w.settle(s)
				}
				if random.IntN(3) == 0 {
					w.start()
				}
			}
			w.settle(s)
			fresh := newWorld(t, worldOptions{nodes: 2, config: config})
			again := s.DeepCopy()
			again.Status, again.Finalizers = v1.ServiceStatus{}, nil
			delete(again.Annotations, loadbalancer.Prefix+"load-balancer-id")
			delete(again.Annotations, loadbalancer.Prefix+"load-balancer-address")
			fresh.settle(again)
			if got, want := reindexed(w.state()), reindexed(fresh.state()); got != want {
				t.Errorf("edits led elsewhere than creation:%s\n\n%v %+v", convergence.Differences(got, want), s.Annotations, s.Spec)
			}
			w.removeAll(s)
		})
	}
}

// randomEdit changes one thing that can be changed in place, or by making a part anew.
func randomEdit(r *rand.Rand, s *v1.Service) {
	set := func(key string, values ...string) {
		if v := append(values, "")[r.IntN(len(values)+1)]; v == "" {
			delete(s.Annotations, loadbalancer.Prefix+key)
		} else {
			s.Annotations[loadbalancer.Prefix+key] = v
		}
	}
	switch r.IntN(10) {
	case 0, 1:
		var list []v1.ServicePort
		for i := range 1 + r.IntN(3) {
			list = append(list, tcp(int32(80+i), int32(30080+i+10*r.IntN(2))))
		}
		if r.IntN(3) == 0 {
			list = append(list, udp(53, 30053))
		}
		s.Spec.Ports = list
	case 2:
		s.Spec.LoadBalancerSourceRanges = [][]string{nil, {"10.0.0.0/8"}, {"10.0.0.0/8", "192.168.0.0/16"}}[r.IntN(3)]
	case 3:
		s.Spec.ExternalTrafficPolicy, s.Spec.HealthCheckNodePort = v1.ServiceExternalTrafficPolicyCluster, 0
		if r.IntN(2) == 0 {
			local(32100)(s)
		}
	case 4:
		set("x-forwarded-for", "true")
		if s.Annotations[loadbalancer.Prefix+"x-forwarded-for"] != "" {
			delete(s.Annotations, loadbalancer.Prefix+"proxy-protocol")
		}
	case 5:
		if s.Annotations[loadbalancer.Prefix+"x-forwarded-for"] == "" {
			set("proxy-protocol", "true", "v2")
		}
	case 6:
		set("enable-health-monitor", "true", "false")
		set("health-monitor-delay", "4", "9")
	case 7:
		if _, ok := s.Annotations[internalKey]; ok {
			delete(s.Annotations, internalKey)
		} else {
			internal(s)
		}
	case 8:
		s.Spec.SessionAffinity = []v1.ServiceAffinity{v1.ServiceAffinityNone, v1.ServiceAffinityClientIP}[r.IntN(2)]
	case 9:
		set("timeout-client-data", "1000")
		set("lb-method", "SOURCE_IP", "LEAST_CONNECTIONS")
	}
}
