// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"sigs.k8s.io/cloud-providers/providers/local/api"
)

// managerAgent is how the user agents of all managers begin, whatever they are called.
const managerAgent = "local-cloud-controller-manager"

// step is one thing that happens in a Service's life, and what cluster and cloud look like afterwards.
type step struct {
	name string
	do   func(e *env, service string)
	want string
}

// lifeSteps is the life of a Service in a cluster of the nodes n1 and n2.
var lifeSteps = []step{
	{"created with TCP and UDP",
		func(e *env, service string) {
			e.service(service, func(s *v1.Service) {
				s.Spec.Ports = append(s.Spec.Ports, v1.ServicePort{Name: "udp", Protocol: v1.ProtocolUDP, Port: 8080, TargetPort: intstr.FromString("udp")})
			})
		}, `
Service: LoadBalancer with finalizer, at its load balancer's addresses
load balancer: TCP 8080 to http, UDP 8080 to udp; from everywhere; members n1 n2
routes to n1 n2
`},
	{"other ports",
		func(e *env, service string) {
			e.update(service, func(s *v1.Service) { s.Spec.Ports[0].Port, s.Spec.Ports[1].Port = 8081, 8082 })
		}, `
Service: LoadBalancer with finalizer, at its load balancer's addresses
load balancer: TCP 8081 to http, UDP 8082 to udp; from everywhere; members n1 n2
routes to n1 n2
`},
	{"source ranges",
		func(e *env, service string) {
			e.update(service, func(s *v1.Service) { s.Spec.LoadBalancerSourceRanges = []string{"127.77.0.0/16"} })
		}, `
Service: LoadBalancer with finalizer, at its load balancer's addresses
load balancer: TCP 8081 to http, UDP 8082 to udp; from 127.77.0.0/16; members n1 n2
routes to n1 n2
`},
	{"a node comes",
		func(e *env, _ string) {
			if err := e.AddMachines(e.ctx, []string{"zone-a"}, "extra"); err != nil {
				e.t.Fatal(err)
			}
		}, `
Service: LoadBalancer with finalizer, at its load balancer's addresses
load balancer: TCP 8081 to http, UDP 8082 to udp; from 127.77.0.0/16; members extra n1 n2
routes to extra n1 n2
`},
	{"the node goes",
		func(e *env, _ string) { e.removeNode("extra") }, `
Service: LoadBalancer with finalizer, at its load balancer's addresses
load balancer: TCP 8081 to http, UDP 8082 to udp; from 127.77.0.0/16; members n1 n2
routes to n1 n2
`},
	{"another type",
		func(e *env, service string) {
			e.update(service, func(s *v1.Service) {
				s.Spec.Type, s.Spec.LoadBalancerSourceRanges = v1.ServiceTypeClusterIP, nil
			})
		}, `
Service: ClusterIP, no address
routes to n1 n2
`},
	{"a load balancer again",
		func(e *env, service string) {
			e.update(service, func(s *v1.Service) { s.Spec.Type = v1.ServiceTypeLoadBalancer })
		}, `
Service: LoadBalancer with finalizer, at its load balancer's addresses
load balancer: TCP 8081 to http, UDP 8082 to udp; from everywhere; members n1 n2
routes to n1 n2
`},
	{"deleted",
		func(e *env, service string) { e.deleteService(service) }, `
Service: gone
routes to n1 n2
`},
}

// live goes through a Service's life and waits after each step until everything is as it should be.
func (e *env) live(service string, patience time.Duration) {
	e.t.Helper()
	for _, s := range lifeSteps {
		s.do(e, service)
		e.becomes(patience, fmt.Sprintf("life of %s: %s", service, s.name), service, s.want)
	}
}

// becomes waits until the snapshot of a Service is as wanted.
func (e *env) becomes(patience time.Duration, what, service, want string) {
	e.t.Helper()
	want = strings.TrimPrefix(want, "\n")
	e.within(patience, what, func() error {
		if got := e.snapshot(service); got != want {
			return fmt.Errorf("cluster and cloud are\n%s\nwant\n%s", got, want)
		}
		return nil
	})
}

// removeNode makes a machine and its Node disappear.
func (e *env) removeNode(name string) {
	e.t.Helper()
	e.Fleet.Forget(name)
	if err := e.Cloud.Admin().DeleteMachine(e.ctx, e.machine(name).ID); err != nil {
		e.t.Fatal(err)
	}
	if err := e.Client.CoreV1().Nodes().Delete(e.ctx, name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		e.t.Fatal(err)
	}
}

// snapshot describes a Service and everything that exists in the cloud but machines, without what
// differs from run to run: IDs, times, addresses, node ports.
func (e *env) snapshot(service string) string {
	e.t.Helper()
	var b strings.Builder
	s, err := e.Client.CoreV1().Services(metav1.NamespaceDefault).Get(e.ctx, service, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		fmt.Fprintln(&b, "Service: gone")
	case err != nil: // the API server may be away
		return err.Error()
	}
	state, err := e.Cloud.Admin().State(e.ctx)
	if err != nil {
		return err.Error()
	}
	if s.Name != "" {
		fmt.Fprintf(&b, "Service: %s%s, %s\n", s.Spec.Type, map[bool]string{true: " with finalizer"}[slices.Contains(s.Finalizers, finalizer)], describeIngress(s, state))
	}
	for _, lb := range state.LoadBalancers {
		describeBalancer(&b, lb, s)
	}
	var routes []string
	for _, r := range state.Routes["main"] {
		n, err := e.Client.CoreV1().Nodes().Get(e.ctx, r.Machine, metav1.GetOptions{})
		if err != nil || n.Spec.PodCIDR != r.Destination {
			r.Machine += " with the wrong destination"
		}
		routes = append(routes, r.Machine)
	}
	slices.Sort(routes)
	fmt.Fprintf(&b, "routes to %s\n", strings.Join(routes, " "))
	return b.String()
}

func describeIngress(s *v1.Service, state api.State) string {
	var addresses []string
	for _, i := range s.Status.LoadBalancer.Ingress {
		addresses = append(addresses, i.IP)
	}
	if len(addresses) == 0 {
		return "no address"
	}
	for _, lb := range state.LoadBalancers {
		if lb.Owner.UID == string(s.UID) && slices.Equal(lb.Addresses, addresses) {
			return "at its load balancer's addresses"
		}
	}
	return fmt.Sprintf("at %v, which is nowhere", addresses)
}

func describeBalancer(b *strings.Builder, lb api.LoadBalancer, s *v1.Service) {
	if lb.Owner.UID != string(s.UID) {
		fmt.Fprintf(b, "somebody else's ")
	}
	var listeners, members []string
	for _, l := range lb.Spec.Listeners {
		to := fmt.Sprint("the wrong port ", l.MemberPort)
		for _, p := range s.Spec.Ports {
			if int(p.NodePort) == l.MemberPort && string(p.Protocol) == string(l.Protocol) {
				to = p.Name
			}
		}
		listeners = append(listeners, fmt.Sprintf("%s %d to %s", l.Protocol, l.Port, to))
	}
	for _, m := range lb.Spec.Members {
		members = append(members, m.Name)
	}
	slices.Sort(listeners)
	slices.Sort(members)
	from := strings.Join(lb.Spec.Settings.SourceRanges, " ")
	if from == "" {
		from = "everywhere"
	}
	fmt.Fprintf(b, "load balancer: %s; from %s; members %s\n", strings.Join(listeners, ", "), from, strings.Join(members, " "))
}

// settled waits until the nodes have routes and the cloud has nothing else: the state in which lives begin.
func (e *env) settled(nodes ...string) {
	e.t.Helper()
	e.becomes(time.Minute, "the nodes have routes", "none", "Service: gone\nroutes to "+strings.Join(nodes, " ")+"\n")
}

// faults replaces the cloud's faults and releases what it holds.
func (e *env) faults(faults ...api.Fault) {
	e.t.Helper()
	if err := e.Cloud.Admin().SetFaults(e.ctx, faults...); err != nil {
		e.t.Fatal(err)
	}
}

// held waits until a call of a program is held and returns it.
func (e *env) held(program string) api.Hold {
	e.t.Helper()
	var hold api.Hold
	e.eventually("a call of "+program+" is held", func() error {
		holds, err := e.Cloud.Admin().Holds(e.ctx, 0)
		for _, h := range holds {
			if strings.HasPrefix(h.UserAgent, program+"/") {
				hold = h
				return nil
			}
		}
		return errors.Join(err, errors.New("there is none"))
	})
	return hold
}

func (e *env) resetCalls() {
	e.t.Helper()
	if err := e.Cloud.Admin().ResetCalls(e.ctx); err != nil {
		e.t.Fatal(err)
	}
}
