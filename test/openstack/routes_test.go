// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package openstack

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	cloudprovider "k8s.io/cloud-provider"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/neutron"
	"sigs.k8s.io/cloud-providers/test/clouds/sim"
	"sigs.k8s.io/cloud-providers/test/cluster"
	"sigs.k8s.io/cloud-providers/test/cluster/kubelets"
)

// router is a site whose Nodes have routes.
type router struct {
	*site
	routes provider.Routes
	nodes  cache.Indexer
}

func newRouter(t *testing.T, o neutron.Options, nodes int) *router {
	t.Helper()
	r := &router{site: newSite(t, openstack.Options{Network: o}, openstack.ClusterOptions{Nodes: nodes, CIDRv6: "fd00:1::/64"})}
	r.restart()
	r.nodes = cache.NewIndexer(cache.MetaNamespaceKeyFunc, nil)
	for n := range nodes {
		if err := r.nodes.Add(r.node(n)); err != nil {
			t.Fatal(err)
		}
	}
	r.restart()
	return r
}

// restart makes the provider anew, which then remembers nothing.
func (r *router) restart() {
	r.t.Helper()
	cloud, err := start(r.t.Context(), r.config("demo", "[Route]", "router-id = "+r.servers.Router.ID))
	if err != nil {
		r.t.Fatal(err)
	}
	if r.nodes != nil {
		cloud.(provider.ClusterWatcher).WatchCluster(nil, corelisters.NewNodeLister(r.nodes))
	}
	r.routes, _ = cloud.(provider.RoutesProvider).BatchRoutes()
	if r.routes == nil {
		r.t.Fatal("no routes")
	}
	r.Calls.Reset()
}

func (r *router) node(n int) *v1.Node {
	s := r.servers.Servers[n]
	node := &v1.Node{ObjectMeta: metav1.ObjectMeta{Name: s.Name}, Spec: v1.NodeSpec{ProviderID: providerID(s)}}
	for _, ip := range r.port(n).FixedIPs {
		node.Status.Addresses = append(node.Status.Addresses, v1.NodeAddress{Type: v1.NodeInternalIP, Address: ip.IPAddress})
	}
	return node
}

func (r *router) port(n int) neutron.Port {
	id := r.servers.Servers[n].ID
	return r.Neutron.PortsOf(id)[id][0]
}

func (r *router) create(nodes ...int) []provider.RouteCreate {
	var all []provider.RouteCreate
	for _, n := range nodes {
		node := r.node(n)
		for _, cidr := range []string{fmt.Sprintf("10.244.%d.0/24", n), fmt.Sprintf("fd00:244:0:%x::/64", n)} {
			all = append(all, provider.RouteCreate{Route: cloudprovider.Route{TargetNode: types.NodeName(node.Name), TargetNodeAddresses: node.Status.Addresses, DestinationCIDR: cidr}})
		}
	}
	return all
}

// state is the router's routes, and the address pairs of each node's port.
func (r *router) state() string {
	v, _ := r.Neutron.Router(r.servers.Router.ID)
	var parts []string
	for _, route := range v.Routes {
		parts = append(parts, route.Destination+">"+route.NextHop)
	}
	for n, s := range r.servers.Servers {
		for _, port := range r.Neutron.PortsOf(s.ID)[s.ID] {
			for _, pair := range port.AllowedAddressPairs {
				parts = append(parts, fmt.Sprint(n, ":", pair.IPAddress))
			}
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, " ")
}

func (r *router) list() []provider.Route {
	r.t.Helper()
	all, err := r.routes.ListRoutes(r.t.Context(), "kubernetes")
	if err != nil {
		r.t.Fatal(err)
	}
	return all
}

func plainExtensions() []string {
	return slices.DeleteFunc(neutron.DefaultExtensions(), func(alias string) bool { return alias == "extraroute-atomic" })
}

// TestRoutesBothWays: with and without the atomic extension the same comes to be, with few calls, and goes.
func TestRoutesBothWays(t *testing.T) {
	for name, want := range map[string]map[string]int{
		"atomic": {"neutron:AddExtraRoutes": 1},
		"plain":  {"neutron:ShowRouter": 1, "neutron:UpdateRouter": 1},
	} {
		t.Run(name, func(t *testing.T) {
			o := neutron.Options{}
			if name == "plain" {
				o.Extensions = plainExtensions()
			}
			r := newRouter(t, o, 10)
			// Somebody else's route stays, whatever happens.
			foreign := neutron.Route{Destination: "10.99.0.0/24", NextHop: r.port(0).FixedIPs[0].IPAddress}
			if err := r.Neutron.ChangeRouter(r.servers.Router.ID, func(v *neutron.Router) { v.Routes = append(v.Routes, foreign) }); err != nil {
				t.Fatal(err)
			}
			before := r.state()
			creates := r.create(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
			for i, err := range r.routes.CreateRoutes(t.Context(), "kubernetes", creates) {
				if err != nil {
					t.Fatalf("create %d: %v", i, err)
				}
			}
			want["neutron:ListPorts"], want["neutron:ListSubnets"], want["neutron:UpdatePort"] = 2, 1, 10
			r.expect("20 routes", want)
			made := r.state()
			if strings.Count(made, ">") != 21 || strings.Count(made, ":10.244.") != 10 || strings.Count(made, ":fd00:244:") != 10 {
				t.Fatalf("state %s", made)
			}
			list := r.list()
			r.expect("the first list looks at the pairs", map[string]int{"neutron:ShowRouter": 1, "neutron:ListPorts": 1})
			r.list()
			r.expect("a list", map[string]int{"neutron:ShowRouter": 1})
			for _, route := range list {
				if route.Owner != provider.RouteOurs || route.Blackhole || route.TargetNode == "" {
					t.Errorf("listed %+v", route)
				}
			}
			for _, err := range r.routes.CreateRoutes(t.Context(), "kubernetes", creates) {
				if err != nil {
					t.Errorf("again: %v", err)
				}
			}
			if got := r.state(); got != made {
				t.Errorf("again: %s", got)
			}
			ours := slices.DeleteFunc(list, func(route provider.Route) bool { return route.DestinationCIDR == foreign.Destination })
			for _, err := range r.routes.DeleteRoutes(t.Context(), "kubernetes", ours) {
				if err != nil {
					t.Errorf("delete: %v", err)
				}
			}
			if got := r.state(); got != before {
				t.Errorf("after the deletion: %s, want %s", got, before)
			}
			for _, err := range r.routes.DeleteRoutes(t.Context(), "kubernetes", ours) {
				if err != nil {
					t.Errorf("delete again: %v", err)
				}
			}
		})
	}
}

// TestRoutesThatFail leave nothing behind, and the others are made.
func TestRoutesThatFail(t *testing.T) {
	t.Run("a router that is full", func(t *testing.T) {
		r := newRouter(t, neutron.Options{MaxRoutes: 3}, 2)
		var failed []string
		for _, err := range r.routes.CreateRoutes(t.Context(), "kubernetes", r.create(0, 1)) {
			if err != nil {
				failed = append(failed, err.Error())
			}
		}
		if len(failed) != 1 || !strings.Contains(failed[0], "exceeds the maximum 3") {
			t.Errorf("errors %v", failed)
		}
		if got := r.state(); strings.Count(got, ">") != 3 || strings.Count(got, ":10.244.")+strings.Count(got, ":fd00:244:") != 3 {
			t.Errorf("state %s", got)
		}
	})
	t.Run("a port that takes no more pairs", func(t *testing.T) {
		r := newRouter(t, neutron.Options{MaxAddressPairs: 1}, 2)
		for _, err := range r.routes.CreateRoutes(t.Context(), "kubernetes", r.create(0)) {
			if err == nil || !strings.Contains(err.Error(), "exceeds the maximum 1") {
				t.Errorf("error %v", err)
			}
		}
		if got := r.state(); got != "" {
			t.Errorf("state %s", got)
		}
	})
	t.Run("a port that is not there", func(t *testing.T) {
		r := newRouter(t, neutron.Options{}, 2)
		creates := r.create(0, 1)
		creates[0].Route.TargetNodeAddresses = []v1.NodeAddress{{Type: v1.NodeInternalIP, Address: "10.0.200.200"}}
		errs := r.routes.CreateRoutes(t.Context(), "kubernetes", creates)
		if !provider.IsUserError(errs[0]) || errs[1] != nil || errs[2] != nil || errs[3] != nil {
			t.Errorf("errors %v", errs)
		}
		if got := r.state(); strings.Count(got, ">") != 3 {
			t.Errorf("state %s", got)
		}
	})
	t.Run("a node without an address of the family", func(t *testing.T) {
		r := newRouter(t, neutron.Options{}, 1)
		creates := r.create(0)
		creates[1].Route.TargetNodeAddresses = creates[1].Route.TargetNodeAddresses[:1]
		if errs := r.routes.CreateRoutes(t.Context(), "kubernetes", creates); errs[0] != nil || !provider.IsUserError(errs[1]) {
			t.Errorf("errors %v", errs)
		}
	})
	t.Run("Neutron fails at the ports", func(t *testing.T) {
		r := newRouter(t, neutron.Options{}, 2)
		if err := r.Faults.Add(sim.Fault{Service: "neutron", Operation: "UpdatePort", Status: 500}); err != nil {
			t.Fatal(err)
		}
		for _, err := range r.routes.CreateRoutes(t.Context(), "kubernetes", r.create(0, 1)) {
			if err == nil {
				t.Error("no error")
			}
		}
		if got := r.state(); got != "" {
			t.Errorf("state %s", got)
		}
	})
	t.Run("Neutron fails at the router", func(t *testing.T) {
		r := newRouter(t, neutron.Options{}, 1)
		r.routes.CreateRoutes(t.Context(), "kubernetes", r.create(0))
		before := r.state()
		list := r.list()
		if err := r.Faults.Add(sim.Fault{Service: "neutron", Operation: "RemoveExtraRoutes", Status: 500}); err != nil {
			t.Fatal(err)
		}
		for _, err := range r.routes.DeleteRoutes(t.Context(), "kubernetes", list) {
			if err == nil {
				t.Error("no error")
			}
		}
		if got := r.state(); got != before {
			t.Errorf("state %s, want %s", got, before)
		}
	})
}

// TestAPortWithoutSecurity needs no pairs, and has none.
func TestAPortWithoutSecurity(t *testing.T) {
	r := newRouter(t, neutron.Options{}, 1)
	off := false
	if err := r.Neutron.ChangePort(r.port(0).ID, func(p *neutron.Port) { p.PortSecurityEnabled, p.SecurityGroups = &off, nil }); err != nil {
		t.Fatal(err)
	}
	if errs := r.routes.CreateRoutes(t.Context(), "kubernetes", r.create(0)); errs[0] != nil || errs[1] != nil {
		t.Errorf("errors %v", errs)
	}
	if got := r.state(); strings.Count(got, ">") != 2 || strings.Contains(got, "0:") && strings.Contains(got, " 0:") {
		t.Errorf("state %s", got)
	}
}

// TestParallelWriters: whoever else changes the router meanwhile loses nothing.
func TestParallelWriters(t *testing.T) {
	r := newRouter(t, neutron.Options{Extensions: plainExtensions(), MaxRoutes: 1000}, 4)
	other := newRouterOf(r)
	done := make(chan []error)
	go func() { done <- r.routes.CreateRoutes(t.Context(), "kubernetes", r.create(0, 1)) }()
	mine := other.CreateRoutes(t.Context(), "kubernetes", r.create(2, 3))
	for _, err := range append(<-done, mine...) {
		if err != nil {
			t.Error(err)
		}
	}
	if got := r.state(); strings.Count(got, ">") != 8 {
		t.Errorf("state %s", got)
	}
}

// newRouterOf are routes of another process on the same router.
func newRouterOf(r *router) provider.Routes {
	first := r.routes
	r.restart()
	second := r.routes
	r.routes = first
	return second
}

// TestWhoseRoutes: routes to addresses that no Node has are deleted only where nobody can be using them.
func TestWhoseRoutes(t *testing.T) {
	r := newRouter(t, neutron.Options{}, 4)
	r.routes.CreateRoutes(t.Context(), "kubernetes", r.create(0, 1, 2))
	owners := func() map[string]provider.RouteOwner {
		all := map[string]provider.RouteOwner{}
		for _, route := range r.list() {
			all[route.DestinationCIDR] = route.Owner
			if (route.Owner == provider.RouteOurs) == route.Blackhole {
				t.Errorf("route %+v", route)
			}
		}
		return all
	}
	r.list()
	// A server of another cluster, an appliance elsewhere, and an address that nobody has any more.
	other := r.port(3).FixedIPs[0].IPAddress
	if err := r.nodes.Delete(r.node(3)); err != nil {
		t.Fatal(err)
	}
	if err := r.Neutron.ChangeRouter(r.servers.Router.ID, func(v *neutron.Router) {
		v.Routes = append(v.Routes, neutron.Route{Destination: "10.244.50.0/24", NextHop: other}, neutron.Route{Destination: "10.244.51.0/24", NextHop: "203.0.113.200"},
			neutron.Route{Destination: "10.244.52.0/24", NextHop: "10.0.77.77"})
	}); err != nil {
		t.Fatal(err)
	}
	// One of our Nodes has gone from Kubernetes and lives on in Nova, one is there no more at all.
	for _, n := range []int{1, 2} {
		if err := r.nodes.Delete(r.node(n)); err != nil {
			t.Fatal(err)
		}
	}
	r.Nova.RemoveServer(r.servers.Servers[2].ID)
	want := map[string]provider.RouteOwner{
		"10.244.0.0/24": provider.RouteOurs, "10.244.1.0/24": provider.RouteUnmarked, "10.244.2.0/24": provider.RouteUnmarked,
		"10.244.50.0/24": provider.RouteForeign, "10.244.51.0/24": provider.RouteForeign, "10.244.52.0/24": provider.RouteUnmarked,
	}
	check := func(when string) {
		t.Helper()
		got := owners()
		for cidr, owner := range want {
			if got[cidr] != owner {
				t.Errorf("%s: %s has owner %d, want %d", when, cidr, got[cidr], owner)
			}
		}
	}
	check("while the process lives")
	r.restart() // it does not know any more that the route was ours, and somebody has the address
	want["10.244.1.0/24"] = provider.RouteForeign
	check("after a restart")
	r.Calls.Reset()
	r.list()
	if got := r.called(); got["neutron:ListPorts"] > 1 {
		t.Errorf("calls %v", got)
	}
	for _, err := range r.routes.DeleteRoutes(t.Context(), "kubernetes", slices.DeleteFunc(r.list(), func(route provider.Route) bool { return route.Owner != provider.RouteUnmarked })) {
		if err != nil {
			t.Error(err)
		}
	}
	if got := r.state(); strings.Contains(got, "10.244.52.0") || strings.Contains(got, "10.244.2.0/24>") || !strings.Contains(got, "10.244.50.0") {
		t.Errorf("state %s", got)
	}
}

// TestALostPairIsRepaired: a route whose port has lost its pair is not listed, so that it is made anew.
func TestALostPairIsRepaired(t *testing.T) {
	r := newRouter(t, neutron.Options{}, 2)
	r.routes.CreateRoutes(t.Context(), "kubernetes", r.create(0, 1))
	made := r.state()
	if err := r.Neutron.ChangePort(r.port(1).ID, func(p *neutron.Port) { p.AllowedAddressPairs = nil }); err != nil {
		t.Fatal(err)
	}
	r.restart()
	if got := r.list(); len(got) != 2 {
		t.Errorf("listed %+v", got)
	}
	r.routes.CreateRoutes(t.Context(), "kubernetes", r.create(1))
	if got := r.state(); got != made {
		t.Errorf("state %s", got)
	}
	if got := r.list(); len(got) != 4 {
		t.Errorf("listed %+v", got)
	}
}

func TestRoutesAreOffered(t *testing.T) {
	for _, test := range []struct {
		name       string
		extensions []string
		fault      *sim.Fault
		offered    bool
		err        string
	}{
		{"both extensions", nil, nil, true, ""},
		{"neither", []string{"router"}, nil, false, ""},
		{"not known", nil, &sim.Fault{Service: "neutron", Operation: "ListExtensions", Status: 503}, false, "routes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, openstack.Options{Network: neutron.Options{Extensions: test.extensions}}, openstack.ClusterOptions{})
			if test.fault != nil {
				if err := s.Faults.Add(*test.fault); err != nil {
					t.Fatal(err)
				}
			}
			cloud, err := start(t.Context(), s.config("demo", "[Route]", "router-id = "+s.servers.Router.ID))
			if (err != nil) != (test.err != "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Fatalf("error %v", err)
			}
			if _, ok := cloud.(provider.RoutesProvider).BatchRoutes(); ok != test.offered {
				t.Errorf("offered: %t", ok)
			}
		})
	}
}

// TestRoutes follows the routes of a cluster with the program as a whole.
func TestRoutes(t *testing.T) {
	e := newEnv(t, openstack.Options{}, openstack.ClusterOptions{Nodes: 3}, cluster.Options{NodeMonitorGracePeriod: 5 * time.Second})
	config := e.user("secret") + "[Route]\nrouter-id = " + e.servers.Router.ID + "\n"
	// kube-controller-manager gives the CIDRs in this cluster.
	e.manager(config, append(quick, "--allocate-node-cidrs=true", "--cluster-cidr=10.244.0.0/16", "--controllers=*,-node-ipam-controller", "--route-reconciliation-period=1s")...)
	e.Join(kubelets.Machine{Name: e.servers.Servers[0].Name}, kubelets.Machine{Name: e.servers.Servers[1].Name})
	routed := func(want int) {
		t.Helper()
		e.Eventually(fmt.Sprintf("%d routes", want), func() error {
			v, _ := e.cloud.Neutron.Router(e.servers.Router.ID)
			if len(v.Routes) != want {
				return fmt.Errorf("there are %v", v.Routes)
			}
			return nil
		})
	}
	routed(2)
	for _, s := range e.servers.Servers[:2] {
		e.Eventually("the condition of "+s.Name, func() error {
			for _, c := range e.Node(s.Name).Status.Conditions {
				if c.Type == v1.NodeNetworkUnavailable && c.Status == v1.ConditionFalse && c.Reason == "RouteCreated" {
					return nil
				}
			}
			return errors.New("it is not there")
		})
		pairs := e.cloud.Neutron.PortsOf(s.ID)[s.ID][0].AllowedAddressPairs
		if want := e.Node(s.Name).Spec.PodCIDR; len(pairs) != 1 || pairs[0].IPAddress != want {
			t.Errorf("the port of %s has the pairs %v, want %s", s.Name, pairs, want)
		}
	}
	e.Join(kubelets.Machine{Name: e.servers.Servers[2].Name})
	routed(3)
	e.cloud.Nova.RemoveServer(e.servers.Servers[2].ID)
	e.Fleet.Forget(e.servers.Servers[2].Name)
	e.deleted(e.servers.Servers[2].Name)
	routed(2)
}
