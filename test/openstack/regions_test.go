// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package openstack

import (
	"strings"
	"testing"

	"net/http"
	"net/http/httptest"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/nova"
	"sigs.k8s.io/cloud-providers/test/clouds/sim"
)

// secondRegion makes a second cloud that answers where the first one's catalogue says RegionTwo. The first
// one's tokens are good there.
func secondRegion(t *testing.T, s *site) *site {
	t.Helper()
	second := &site{Server: openstack.New(openstack.Options{Region: "RegionTwo"}), t: t}
	second.Nova.AddFlavor(nova.Flavor{Name: "m1.small"}) // else all IDs would be those of the first one
	var err error
	if second.servers, err = second.AddCluster(openstack.ClusterOptions{Name: "second", Nodes: 3, CIDR: "10.1.0.0/16"}); err != nil {
		t.Fatal(err)
	}
	body := `{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"demo","domain":{"name":"Default"},"password":"secret"}}},"scope":{"project":{"id":"` + second.Project.ID + `"}}}}`
	answer := httptest.NewRecorder()
	second.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/identity/v3/auth/tokens", strings.NewReader(body)))
	token := answer.Header().Get("X-Subject-Token")
	if token == "" {
		t.Fatalf("no token: %s", answer.Body)
	}
	s.second.Store(http.StripPrefix("/elsewhere/RegionTwo", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("X-Auth-Token", token)
		second.ServeHTTP(w, r)
	})))
	return second
}

// TestSeveralRegions: one manager looks new Nodes up in all regions, and afterwards where their provider ID
// says. A region that does not answer holds up its own Nodes alone.
func TestSeveralRegions(t *testing.T) {
	s := newSite(t, openstack.Options{OtherRegions: []string{"RegionTwo"}}, openstack.ClusterOptions{Nodes: 3})
	second := secondRegion(t, s)
	batch := s.instances("regions = RegionOne", "regions = RegionTwo")
	second.Calls.Reset()
	first, other := s.servers.Servers[0], second.servers.Servers[0]
	names := byName(first.Name, other.Name, "nobody")
	answers := s.ask(batch, names...)
	for n, want := range []struct{ id, region, address string }{
		{"openstack://RegionOne/" + first.ID, "RegionOne", s.servers.Address(first.ID)},
		{"openstack://RegionTwo/" + other.ID, "RegionTwo", second.servers.Address(other.ID)},
	} {
		if i := answers[n].Instance; i.ProviderID != want.id || i.Region != want.region || len(i.Addresses) == 0 || i.Addresses[0].Address != want.address {
			t.Errorf("%+v, want %+v", answers[n], want)
		}
	}
	if answers[2].State != provider.InstanceNotFound {
		t.Errorf("a name that no region knows: %+v", answers[2])
	}
	s.Calls.Reset()
	second.Calls.Reset()
	byID := []provider.InstanceRef{{ProviderID: answers[0].Instance.ProviderID}, {ProviderID: answers[1].Instance.ProviderID}, {ProviderID: "openstack:///" + first.ID}, {ProviderID: "openstack://RegionThree/x"}}
	for n, want := range []provider.InstanceState{provider.InstanceFound, provider.InstanceFound, provider.InstanceFound, provider.InstanceForeign} {
		if a := s.ask(batch, byID...)[n]; a.State != want {
			t.Errorf("%s: %+v", byID[n].ProviderID, a)
		}
	}
	for _, call := range second.Calls.All() {
		if strings.Contains(call.Path, first.ID) {
			t.Errorf("RegionTwo was asked for a server of RegionOne: %s", call.Path)
		}
	}
	if err := second.Faults.Add(sim.Fault{Status: 503}); err != nil {
		t.Fatal(err)
	}
	for n, want := range []provider.InstanceState{provider.InstanceFound, provider.InstanceUnknown, provider.InstanceUnknown} {
		if a := s.ask(batch, names...)[n]; a.State != want {
			t.Errorf("while RegionTwo is down, %s: %+v", names[n].NodeName, a)
		}
	}
	for n, want := range []provider.InstanceState{provider.InstanceFound, provider.InstanceUnknown, provider.InstanceFound} {
		if a := s.ask(batch, byID...)[n]; a.State != want {
			t.Errorf("while RegionTwo is down, %s: %+v", byID[n].ProviderID, a)
		}
	}
}
