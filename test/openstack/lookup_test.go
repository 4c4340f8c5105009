// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package openstack

import (
	"context"
	"fmt"
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	cloudprovider "k8s.io/cloud-provider"
	"net/http"
	"net/http/httptest"
	"sync/atomic"

	"sigs.k8s.io/cloud-providers/common/provider"
	provideropenstack "sigs.k8s.io/cloud-providers/providers/openstack"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/neutron"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/nova"
	"sigs.k8s.io/cloud-providers/test/clouds/sim"
)

// site is a simulated OpenStack with the servers of a cluster. While broken is set, what is in front of Nova
// finds nothing. second serves another region, if there is one.
type site struct {
	*openstack.Server
	t       *testing.T
	url     string
	servers *openstack.Cluster
	broken  atomic.Bool
	second  atomic.Value // http.Handler
}

func newSite(t *testing.T, o openstack.Options, c openstack.ClusterOptions) *site {
	t.Helper()
	s := &site{Server: openstack.New(o), t: t}
	listener := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		second, _ := s.second.Load().(http.Handler)
		switch {
		case s.broken.Load() && strings.HasPrefix(r.URL.Path, "/compute/"):
			http.NotFound(w, r)
		case second != nil && strings.HasPrefix(r.URL.Path, "/elsewhere/"):
			second.ServeHTTP(w, r)
		default:
			s.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(listener.Close)
	s.url = listener.URL + "/identity/v3"
	var err error
	if s.servers, err = s.AddCluster(c); err != nil {
		t.Fatal(err)
	}
	return s
}

// config is a cloud-config for a user; further lines belong to [Global] and what follows it.
func (s *site) config(user string, more ...string) string {
	return fmt.Sprintf("[Global]\nauth-url = %s\nusername = %s\npassword = secret\ntenant-id = %s\ndomain-name = Default\nregion = %s\n%s\n",
		s.url, user, s.Project.ID, s.Region(), strings.Join(more, "\n"))
}

// start makes the provider and probes.
func start(ctx context.Context, config string) (cloudprovider.Interface, error) {
	cloud, err := provideropenstack.New(ctx, provider.Setup{Config: strings.NewReader(config), ConfigPath: "cloud.conf", UserAgent: "test"})
	if err != nil {
		return nil, err
	}
	return cloud, cloud.(provider.Prober).Probe(ctx)
}

// instances are the provider's, and no calls have been counted yet.
func (s *site) instances(more ...string) provider.Instances {
	s.t.Helper()
	cloud, err := start(s.t.Context(), s.config("demo", more...))
	if err != nil {
		s.t.Fatal(err)
	}
	batch, ok := cloud.(provider.InstancesProvider).BatchInstances()
	if !ok {
		s.t.Fatal("no instances")
	}
	s.ask(batch, byName("nobody")...) // which finds out Nova's version
	s.Calls.Reset()
	return batch
}

// ask looks servers up.
func (s *site) ask(batch provider.Instances, refs ...provider.InstanceRef) []provider.InstanceAnswer {
	s.t.Helper()
	answers, err := batch.LookupInstances(s.t.Context(), refs)
	if err != nil {
		s.t.Fatal(err)
	}
	return answers
}

// called returns the calls since the last time: "ListServersDetail:1 ListPorts:1".
func (s *site) called() map[string]int {
	defer s.Calls.Reset()
	return s.Calls.Counts()
}

func (s *site) expect(what string, want map[string]int) {
	s.t.Helper()
	if got := s.called(); fmt.Sprint(got) != fmt.Sprint(want) {
		s.t.Errorf("%s: calls %v, want %v", what, got, want)
	}
}

func byID(servers []nova.Server) []provider.InstanceRef {
	var refs []provider.InstanceRef
	for _, s := range servers {
		refs = append(refs, provider.RefOf(&v1.Node{ObjectMeta: metav1.ObjectMeta{Name: s.Name}, Spec: v1.NodeSpec{ProviderID: providerID(s)}}))
	}
	return refs
}

func byName(names ...string) []provider.InstanceRef {
	var refs []provider.InstanceRef
	for _, n := range names {
		refs = append(refs, provider.InstanceRef{NodeName: n})
	}
	return refs
}

func (s *site) allFound(what string, answers []provider.InstanceAnswer) {
	s.t.Helper()
	for n, a := range answers {
		if a.State != provider.InstanceFound || len(a.Instance.Addresses) == 0 {
			s.t.Fatalf("%s: answer %d: %+v", what, n, a)
		}
	}
}

// TestCallsOfLookUps counts what clusters cost.
func TestCallsOfLookUps(t *testing.T) {
	s := newSite(t, openstack.Options{}, openstack.ClusterOptions{Nodes: 5000})
	all := s.servers.Servers
	batch := s.instances()
	if limits := batch.InstanceLimits(); limits.BatchSize < len(all) {
		t.Fatalf("a look-up of at most %d", limits.BatchSize)
	}
	s.allFound("5,000 by ID", s.ask(batch, byID(all)...))
	s.expect("5,000 by ID", map[string]int{"nova:ListServersDetail": 6, "neutron:ListPorts": 1}) // full pages say that there is more
	var names []string
	for _, server := range all[:1000] {
		names = append(names, server.Name)
	}
	s.allFound("1,000 by name", s.ask(batch, byName(names...)...))
	s.expect("1,000 by name", map[string]int{"nova:ListServersDetail": 2, "neutron:ListPorts": 1})
	s.allFound("three of them", s.ask(batch, byID(all[:3])...))
	s.expect("three of them", map[string]int{"nova:ShowServer": 3, "neutron:ListPorts": 1})

	refs := byID(all[:3])
	for n := range refs {
		refs[n].Want = provider.FactsExistence
	}
	for _, a := range s.ask(batch, refs...) {
		if a.State != provider.InstanceFound || a.Instance.Power != provider.PowerRunning {
			t.Errorf("existence: %+v", a)
		}
	}
	s.expect("whether they exist", map[string]int{"nova:ShowServer": 3})

	s.Nova.RemoveServer(all[7].ID)
	if a := s.ask(batch, byID(all[:200])...); a[7].State != provider.InstanceNotFound || a[8].State != provider.InstanceFound {
		t.Errorf("a server that has gone: %+v", a[7])
	}
	if a := s.ask(batch, byName(all[7].Name, all[8].Name)...); a[0].State != provider.InstanceNotFound || a[1].State != provider.InstanceFound {
		t.Errorf("a name that has gone: %+v", a[0])
	}
}

// TestALargeProjectIsNotListed: a cluster of a few servers among many others.
func TestALargeProjectIsNotListed(t *testing.T) {
	s := newSite(t, openstack.Options{Compute: nova.Options{PageSize: 100}}, openstack.ClusterOptions{Nodes: 500})
	batch := s.instances()
	few := s.servers.Servers[:5]
	s.allFound("first", s.ask(batch, byID(few)...))
	if got := s.called(); got["nova:ListServersDetail"] > 1 {
		t.Errorf("calls %v", got)
	}
	s.allFound("second", s.ask(batch, byID(few)...))
	s.expect("second", map[string]int{"nova:ShowServer": 5, "neutron:ListPorts": 1})
}

func TestInstanceTypes(t *testing.T) {
	for _, test := range []struct {
		name         string
		microversion int
		flavor       string
		deleted      bool
		want         string // "ID" for the flavor's
		calls        map[string]int
	}{
		{"a new Nova", 93, "m1.large", false, "m1.large", map[string]int{"nova:ShowServer": 1, "neutron:ListPorts": 1}},
		{"an older one", 60, "m1.large", false, "m1.large", map[string]int{"nova:ShowServer": 1, "neutron:ListPorts": 1}},
		{"one that does not name flavors", 40, "m1.large", false, "m1.large", map[string]int{"nova:ShowServer": 1, "nova:ShowFlavor": 1, "neutron:ListPorts": 1}},
		{"... a name that is no label", 40, "m1 large/x", false, "ID", map[string]int{"nova:ShowServer": 1, "nova:ShowFlavor": 1, "neutron:ListPorts": 1}},
		{"... a flavor that has been deleted", 40, "m1.large", true, "ID", map[string]int{"nova:ShowServer": 1, "nova:ShowFlavor": 1, "neutron:ListPorts": 1}},
		{"a name that is no label", 93, "m1 large/x", false, "ID", map[string]int{"nova:ShowServer": 1, "nova:ListFlavors": 1, "neutron:ListPorts": 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, openstack.Options{}, openstack.ClusterOptions{})
			s.servers.Flavor = s.Nova.AddFlavor(nova.Flavor{Name: test.flavor})
			if _, err := s.servers.AddNode(); err != nil {
				t.Fatal(err)
			}
			if test.deleted {
				s.Nova.RemoveFlavor(s.servers.Flavor.ID)
			}
			s.Nova.SetMicroversion(test.microversion)
			want := test.want
			if want == "ID" {
				want = s.servers.Flavor.ID
			}
			batch := s.instances()
			if a := s.ask(batch, byID(s.servers.Servers)...)[0]; a.Instance.Type != want {
				t.Errorf("type %q, want %q: %+v", a.Instance.Type, want, a)
			}
			s.expect("first", test.calls)
			s.ask(batch, byID(s.servers.Servers)...)
			s.expect("second", map[string]int{"nova:ShowServer": 1, "neutron:ListPorts": 1})
		})
	}
}

// TestTrunks: what is behind trunks comes with one list for all, and the names of networks are kept.
func TestTrunks(t *testing.T) {
	s := newSite(t, openstack.Options{}, openstack.ClusterOptions{Nodes: 3})
	own := neutron.Common{ProjectID: s.Project.ID}
	storage, err := s.Neutron.AddNetwork(neutron.Network{Name: "storage", Common: own})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Neutron.AddSubnet(neutron.Subnet{NetworkID: storage.ID, CIDR: "10.9.0.0/24", Common: own}); err != nil {
		t.Fatal(err)
	}
	for _, server := range s.servers.Servers {
		parent := s.Neutron.PortsOf(server.ID)[server.ID][0]
		sub, err := s.Neutron.AddPort(neutron.Port{NetworkID: storage.ID, Common: own})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Neutron.AddTrunk(neutron.Trunk{Common: own, PortID: parent.ID, SubPorts: []neutron.SubPort{{PortID: sub.ID, SegmentationType: "vlan", SegmentationID: 7}}}); err != nil {
			t.Fatal(err)
		}
	}
	batch := s.instances("[Networking]", "public-network-name = storage")
	for round, networks := range []int{1, 0} {
		for _, a := range s.ask(batch, byID(s.servers.Servers)...) {
			if last := a.Instance.Addresses[len(a.Instance.Addresses)-1]; last.Type != v1.NodeExternalIP || !strings.HasPrefix(last.Address, "10.9.0.") {
				t.Errorf("addresses %v", a.Instance.Addresses)
			}
		}
		if got := s.called(); got["neutron:ListPorts"] != 2 || got["neutron:ListNetworks"] != networks {
			t.Errorf("round %d: calls %v", round, got)
		}
	}
}

// TestWhatIsNotAnAnswer: only Nova's own word that a server does not exist counts.
func TestWhatIsNotAnAnswer(t *testing.T) {
	s := newSite(t, openstack.Options{}, openstack.ClusterOptions{Nodes: 3})
	batch := s.instances()
	check := func(what string, want provider.InstanceState) {
		t.Helper()
		answers, err := batch.LookupInstances(t.Context(), byID(s.servers.Servers[:1]))
		state := provider.InstanceUnknown
		if err == nil {
			state = answers[0].State
		}
		if state != want {
			t.Errorf("%s: %s, want %s", what, state, want)
		}
	}
	check("as it should be", provider.InstanceFound)
	s.broken.Store(true)
	check("the page of a proxy that finds nothing", provider.InstanceUnknown)
	s.broken.Store(false)
	for _, fault := range []sim.Fault{{Service: "nova", Status: 403}, {Service: "nova", Status: 500}, {Service: "nova", Kind: sim.Drop}, {Service: "neutron", Status: 503}} {
		if err := s.Faults.Add(fault); err != nil {
			t.Fatal(err)
		}
		check(fmt.Sprint(fault), provider.InstanceUnknown)
		s.Faults.Clear()
	}
	id := s.servers.Servers[0].ID
	if err := s.Nova.ChangeServer(id, func(v *nova.Server) { v.CellDown = true }); err != nil {
		t.Fatal(err)
	}
	check("a cell that is down", provider.InstanceUnknown)
	if err := s.Nova.ChangeServer(id, func(v *nova.Server) { v.CellDown = false; v.Status = "SOFT_DELETED" }); err != nil {
		t.Fatal(err)
	}
	check("soft deleted", provider.InstanceNotFound)
	s.Nova.RemoveServer(id)
	check("deleted", provider.InstanceNotFound)
}

// TestRegional: provider IDs say the region where each has a manager of its own.
func TestRegional(t *testing.T) {
	t.Setenv("OS_CCM_REGIONAL", "true")
	s := newSite(t, openstack.Options{}, openstack.ClusterOptions{Nodes: 1})
	batch := s.instances()
	server := s.servers.Servers[0]
	answers := s.ask(batch, append(byName(server.Name, "other"),
		provider.InstanceRef{ProviderID: "openstack://RegionTwo/" + server.ID}, provider.InstanceRef{ProviderID: providerID(server)})...)
	if got, want := answers[0].Instance.ProviderID, "openstack://RegionOne/"+server.ID; got != want {
		t.Errorf("provider ID %s, want %s", got, want)
	}
	if answers[1].State != provider.InstanceUnknown || answers[2].State != provider.InstanceForeign || answers[3].Instance.ProviderID != providerID(server) {
		t.Errorf("answers %+v", answers[1:])
	}
}
