// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cloud_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/providers/local/cloud"
)

func (f *fixture) createErr(name string, o api.Owner, spec api.LoadBalancerSpec) error {
	_, err := f.client.CreateLoadBalancer(f.t.Context(), api.CreateLoadBalancerRequest{Name: name, Owner: o, Spec: spec})
	return err
}

func wantCode(t *testing.T, what string, err error, code string) {
	t.Helper()
	if api.CodeOf(err) != code {
		t.Errorf("%s: err = %v, want code %q", what, err, code)
	}
}

func TestCreateIsIdempotentForItsOwner(t *testing.T) {
	f := start(t)
	first := f.create("a", ipv4(tcp(80, 7000)))
	again := f.create("a", ipv4(tcp(81, 7000)))
	if !reflect.DeepEqual(first, again) {
		t.Errorf("the second create changed or returned something else:\n%+v\n%+v", first, again)
	}
	other := owner
	other.Cluster = "c2"
	wantCode(t, "another cluster", f.createErr("a", other, ipv4(nil)), api.CodeOwnedByOther)
	_, err := f.client.UpdateLoadBalancer(t.Context(), "a", api.UpdateLoadBalancerRequest{Cluster: "c2"})
	wantCode(t, "update by another cluster", err, api.CodeOwnedByOther)
	wantCode(t, "delete by another cluster", f.client.DeleteLoadBalancer(t.Context(), "c2", "a"), api.CodeOwnedByOther)
	if err := f.client.DeleteLoadBalancer(t.Context(), "c1", "nothing"); err != nil {
		t.Errorf("deleting nothing: %v", err)
	}
}

func TestRevisionsKeepChangesApart(t *testing.T) {
	f := start(t)
	lb := f.create("a", ipv4(tcp(80, 7000)))
	more := tcp(81, 7000)
	change := api.UpdateLoadBalancerRequest{Revision: lb.Revision, Listeners: &more}
	next := f.update("a", change)
	if next.Revision != lb.Revision+1 {
		t.Errorf("revision = %d", next.Revision)
	}
	if again := f.update("a", change); again.Revision != next.Revision {
		t.Errorf("the same change again has revision %d, want %d", again.Revision, next.Revision)
	}
	other := tcp(82, 7000)
	_, err := f.client.UpdateLoadBalancer(t.Context(), "a", api.UpdateLoadBalancerRequest{Cluster: "c1", Revision: lb.Revision, Listeners: &other})
	wantCode(t, "a change made for an old revision", err, api.CodeRevisionConflict)
	_, err = f.client.UpdateLoadBalancer(t.Context(), "b", api.UpdateLoadBalancerRequest{Cluster: "c1"})
	wantCode(t, "a change of nothing", err, api.CodeNotFound)
}

func TestAddresses(t *testing.T) {
	f := start(t)
	base := fmt.Sprintf("127.21.%d.", f.net)
	request := func(address string) api.LoadBalancerSpec {
		spec := ipv4(nil)
		if address != "" {
			spec.Addressing.Requested = []string{address}
		}
		return spec
	}
	if lb := f.create("a", request("")); lb.Addresses[0] != base+"1" {
		t.Errorf("the first address is %v", lb.Addresses)
	}
	if lb := f.create("b", request(base+"9")); lb.Addresses[0] != base+"9" {
		t.Errorf("requested .9, got %v", lb.Addresses)
	}
	wantCode(t, "an address in use", f.createErr("c", owner, request(base+"9")), api.CodeAddressInUse)
	wantCode(t, "an address outside of the pools", f.createErr("c", owner, request("127.99.0.1")), api.CodeInvalidArgument)
	wantCode(t, "the network's own address", f.createErr("c", owner, request(base+"0")), api.CodeAddressInUse)

	keep := request("").Addressing
	if lb := f.update("b", api.UpdateLoadBalancerRequest{Addressing: &keep}); lb.Addresses[0] != base+"9" {
		t.Errorf("without a request the balancer moved to %v", lb.Addresses)
	}
	for n := range 12 {
		f.create(fmt.Sprint("more", n), request(""))
	}
	wantCode(t, "a full pool", f.createErr("c", owner, request("")), api.CodePoolExhausted)
	if err := f.client.DeleteLoadBalancer(t.Context(), "c1", "a"); err != nil {
		t.Fatal(err)
	}
	if lb := f.create("c", request("")); lb.Addresses[0] != base+"1" {
		t.Errorf("the freed address was not given again: %v", lb.Addresses)
	}
}

func TestPools(t *testing.T) {
	f := start(t, func(o *cloud.Options) {
		o.Pools = append(o.Pools, mustPool(t, "shared=127.21.250.1/32,shared"))
	})
	spec := func(port int) api.LoadBalancerSpec {
		s := ipv4(tcp(port, 7000))
		s.Addressing.Pool = "shared"
		return s
	}
	f.create("a", spec(80))
	if lb := f.create("b", spec(81)); lb.Addresses[0] != "127.21.250.1" {
		t.Errorf("addresses = %v", lb.Addresses)
	}
	wantCode(t, "the same port", f.createErr("c", owner, spec(80)), api.CodePoolExhausted)
	listeners := tcp(80, 7000)
	_, err := f.client.UpdateLoadBalancer(t.Context(), "b", api.UpdateLoadBalancerRequest{Cluster: "c1", Listeners: &listeners})
	wantCode(t, "changing to the same port", err, api.CodeAddressInUse)
	udp := []api.Listener{{Protocol: api.UDP, Port: 80, MemberPort: 7000}}
	f.update("b", api.UpdateLoadBalancerRequest{Listeners: &udp})

	unknown := ipv4(nil)
	unknown.Addressing.Pool = "nope"
	err = f.createErr("d", owner, unknown)
	wantCode(t, "an unknown pool", err, api.CodeInvalidArgument)
	if !strings.Contains(err.Error(), "shared (IPv4 127.21.250.1/32)") {
		t.Errorf("the error names no pools: %v", err)
	}
	moved := api.Addressing{Families: []api.Family{api.IPv4}}
	if lb := f.update("b", api.UpdateLoadBalancerRequest{Addressing: &moved}); lb.Addresses[0] != "127.21.250.1" {
		t.Errorf("without a pool the balancer moved to %v", lb.Addresses)
	}
}

func TestBadLoadBalancersAreRefused(t *testing.T) {
	f := start(t)
	for what, spec := range map[string]api.LoadBalancerSpec{
		"no family":        {},
		"port 0":           ipv4(tcp(0, 1)),
		"member port 0":    ipv4(tcp(1, 0)),
		"a port twice":     ipv4(append(tcp(1, 1), tcp(1, 2)...)),
		"SCTP":             ipv4([]api.Listener{{Protocol: "SCTP", Port: 1, MemberPort: 1}}),
		"a member by name": ipv4(nil, api.Member{Name: "n", Address: "n.example"}),
		"negative weight":  ipv4(nil, f.member(1, -1)),
	} {
		wantCode(t, what, f.createErr("a", owner, spec), api.CodeInvalidArgument)
	}
	resp, err := http.Post(f.cloud.URL()+"/v1/loadbalancers", "application/json", strings.NewReader(`{"nmae": "x"}`))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest {
		t.Errorf("an unknown field: status %d", resp.StatusCode)
	}
}

func TestMachines(t *testing.T) {
	f := start(t)
	ctx := t.Context()
	var all []api.Machine
	for i := range 1001 {
		all = append(all, api.Machine{ID: fmt.Sprintf("m%04d", i), Name: fmt.Sprint("n", i), Region: fmt.Sprint("r", i%2)})
	}
	if _, err := f.admin.CreateMachines(ctx, all...); err != nil {
		t.Fatal(err)
	}
	found, err := f.client.LookupMachines(ctx, api.LookupMachinesRequest{IDs: []string{"m0001", "gone"}, Names: []string{"n2", "absent"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Machines) != 2 || found.Machines[0].Name != "n1" || found.Machines[1].ID != "m0002" ||
		!reflect.DeepEqual(found.MissingIDs, []string{"gone"}) || !reflect.DeepEqual(found.MissingNames, []string{"absent"}) {
		t.Errorf("found %+v", found)
	}
	_, err = f.client.LookupMachines(ctx, api.LookupMachinesRequest{IDs: make([]string, 1001)})
	wantCode(t, "1001 references", err, api.CodeTooManyItems)
	if err == nil || !strings.Contains(err.Error(), "at most 1000") {
		t.Errorf("the error does not name the limit: %v", err)
	}
	for region, want := range map[string]int{"": 1001, "r0": 501, "r1": 500} {
		if list, err := f.client.ListMachines(ctx, region); err != nil || len(list) != want {
			t.Errorf("region %q: %d machines, want %d; %v", region, len(list), want, err)
		}
	}
	_, err = f.admin.CreateMachines(ctx, api.Machine{Name: "new"}, api.Machine{Name: "n5"})
	wantCode(t, "a name that is taken", err, api.CodeAlreadyExists)
	renamed := all[5]
	renamed.Name, renamed.State = "other", api.MachineStopped
	if _, err := f.admin.UpdateMachine(ctx, renamed); err != nil {
		t.Fatal(err)
	}
	if err := f.admin.DeleteMachine(ctx, "m0006"); err != nil {
		t.Fatal(err)
	}
	found, err = f.client.LookupMachines(ctx, api.LookupMachinesRequest{Names: []string{"n5", "n6", "new", "other"}})
	if err != nil || len(found.Machines) != 1 || found.Machines[0].State != api.MachineStopped {
		t.Errorf("after renaming and deleting: %+v, %v", found, err)
	}
}

func TestRoutes(t *testing.T) {
	f := start(t)
	ctx := t.Context()
	route := func(cidr, machine string) api.Route { return api.Route{Destination: cidr, Machine: machine} }
	change := func(do func(routes ...api.Route) ([]*api.Error, error), routes ...api.Route) string {
		t.Helper()
		results, err := do(routes...)
		if err != nil {
			t.Fatal(err)
		}
		var codes []string
		for _, r := range results {
			if r == nil {
				codes = append(codes, "ok")
			} else {
				codes = append(codes, r.Code)
			}
		}
		return strings.Join(codes, " ")
	}
	in := func(cluster string, do func(string, api.RoutesRequest) ([]*api.Error, error)) func(...api.Route) ([]*api.Error, error) {
		return func(routes ...api.Route) ([]*api.Error, error) {
			return do("main", api.RoutesRequest{Cluster: cluster, Routes: routes})
		}
	}
	create := func(table string, r api.RoutesRequest) ([]*api.Error, error) {
		return f.client.CreateRoutes(ctx, table, r)
	}
	remove := func(table string, r api.RoutesRequest) ([]*api.Error, error) {
		return f.client.DeleteRoutes(ctx, table, r)
	}

	for _, step := range []struct {
		what   string
		do     func(...api.Route) ([]*api.Error, error)
		routes []api.Route
		want   string
	}{
		{"one good and one bad", in("c1", create), []api.Route{route("10.0.1.0/24", "n1"), route("10.0.2.1/24", "n2")}, "ok InvalidArgument"},
		{"the same again", in("c1", create), []api.Route{route("10.0.1.0/24", "n1")}, "ok"},
		{"another target", in("c1", create), []api.Route{route("10.0.1.0/24", "n2")}, "AlreadyExists"},
		{"another cluster", in("c2", create), []api.Route{route("10.0.1.0/24", "n1")}, "OwnedByOther"},
		{"deleted by another cluster", in("c2", remove), []api.Route{route("10.0.1.0/24", "n1")}, "OwnedByOther"},
		{"deleted late, for another target", in("c1", remove), []api.Route{route("10.0.1.0/24", "n2")}, "ok"},
	} {
		if got := change(step.do, step.routes...); got != step.want {
			t.Errorf("%s: %s, want %s", step.what, got, step.want)
		}
	}
	if list, err := f.client.ListRoutes(ctx, "main"); err != nil || len(list) != 1 || list[0].Cluster != "c1" {
		t.Errorf("routes = %+v, %v", list, err)
	}
	if list, err := f.client.ListRoutes(ctx, "mai"); err != nil || len(list) != 0 {
		t.Errorf("another table has %+v, %v", list, err)
	}
	if got := change(in("c1", remove), route("10.0.1.0/24", "n1"), route("10.0.9.0/24", "n9")); got != "ok ok" {
		t.Errorf("deleting: %s", got)
	}
	_, err := f.client.CreateRoutes(ctx, "main", api.RoutesRequest{Cluster: "c1", Routes: make([]api.Route, 501)})
	wantCode(t, "501 routes", err, api.CodeTooManyItems)
}

func TestTokens(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	write := func(s string) {
		if err := os.WriteFile(file, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("secret\n")
	f := start(t, func(o *cloud.Options) { o.TokenFile = file })
	if _, err := f.client.Version(t.Context()); err != nil {
		t.Errorf("with the token: %v", err)
	}
	without, err := api.NewClient(f.cloud.URL(), api.ClientOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, call := range []func() error{
		func() error { _, err := without.Version(t.Context()); return err },
		func() error { _, err := without.Admin().State(t.Context()); return err },
	} {
		err = call()
		var refused *api.Error
		if !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized {
			t.Errorf("without a token: %v", err)
		}
	}
	wrong := filepath.Join(t.TempDir(), "wrong")
	if err := os.WriteFile(wrong, []byte("guess"), 0o600); err != nil {
		t.Fatal(err)
	}
	guess, err := api.NewClient(f.cloud.URL(), api.ClientOptions{TokenFile: wrong})
	if err != nil {
		t.Fatal(err)
	}
	_, err = guess.Version(t.Context())
	wantCode(t, "a wrong token", err, api.CodeForbidden)
	write("new")
	if _, err := f.client.Version(t.Context()); err != nil {
		t.Errorf("after the token was replaced: %v", err)
	}
}

func TestListensOnLoopbackOnly(t *testing.T) {
	_, err := cloud.Start(t.Context(), cloud.Options{DataDir: t.TempDir(), Listen: "0.0.0.0:0"})
	if err == nil || !strings.Contains(err.Error(), "--allow-non-loopback") {
		t.Errorf("err = %v", err)
	}
}

func TestOneProcessPerStateFile(t *testing.T) {
	dir := t.TempDir()
	start(t, func(o *cloud.Options) { o.DataDir = dir })
	_, err := cloud.Start(t.Context(), cloud.Options{DataDir: dir})
	if err == nil || !strings.Contains(err.Error(), "in use by another local-cloud") {
		t.Errorf("err = %v", err)
	}
}
