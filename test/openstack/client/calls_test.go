// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
	"github.com/gophercloud/gophercloud/v2/openstack/keymanager/v1/containers"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/networks"
	"k8s.io/component-base/metrics/legacyregistry"
	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/cloudapi"
	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/openstack/client"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/barbican"
	"sigs.k8s.io/cloud-providers/test/clouds/sim"
)

func TestCallsAtStart(t *testing.T) {
	cloud := start(t, openstack.Options{})
	if _, err := cloud.AddCluster(openstack.ClusterOptions{Nodes: 2}); err != nil {
		t.Fatal(err)
	}
	r := prepare(t, provider.Setup{}, text(cloud)).Default()
	cloud.Calls.Reset()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			s, err := r.Compute(t.Context())
			if err != nil || s.Microversion != "2.90" {
				t.Errorf("Nova: %+v, %v", s, err)
				return
			}
			if _, err := s.Get(t.Context(), s.ServiceURL("servers", "detail"), &struct{}{}, nil); err != nil {
				t.Error(err)
			}
			if version, err := r.OctaviaVersion(t.Context()); err != nil || !version.Has(26) {
				t.Errorf("Octavia: %s, %v", version, err)
			}
			if extensions, err := r.Extensions(t.Context()); err != nil || !extensions["extraroute"] {
				t.Errorf("Neutron: %v, %v", extensions, err)
			}
		})
	}
	all.Wait()
	wantCalls(t, cloud, map[string]int{
		"keystone:CreateToken": 1, "nova:ShowVersion": 1, "nova:ListServersDetail": 20, "octavia:ListVersions": 1, "neutron:ListExtensions": 1,
	})
}

func TestAllServices(t *testing.T) {
	cloud := start(t, openstack.Options{})
	cluster, err := cloud.AddCluster(openstack.ClusterOptions{Nodes: 1})
	if err != nil {
		t.Fatal(err)
	}
	container := cloud.Barbican.AddContainer(barbican.Entry{Name: "tls", ProjectID: cloud.Project.ID})
	r := prepare(t, provider.Setup{}, text(cloud)).Default()
	ctx := t.Context()
	with := func(make func(context.Context) (*gophercloud.ServiceClient, error), do func(*gophercloud.ServiceClient) error) {
		t.Helper()
		s, err := make(ctx)
		if err == nil {
			err = do(s)
		}
		if err != nil {
			t.Error(err)
		}
	}
	with(r.Compute, func(s *gophercloud.ServiceClient) error { return servers.Get(ctx, s, cluster.Servers[0].ID).Err })
	with(r.Network, func(s *gophercloud.ServiceClient) error { return networks.Get(ctx, s, cluster.Network.ID).Err })
	with(r.KeyManager, func(s *gophercloud.ServiceClient) error { return containers.Get(ctx, s, container.ID).Err })
	with(r.LoadBalancer, func(s *gophercloud.ServiceClient) error {
		return loadbalancers.Create(ctx, s, loadbalancers.CreateOpts{Name: "lb", VipSubnetID: cluster.Subnets[0].ID}).Err
	})
}

func TestCatalogue(t *testing.T) {
	cloud := start(t, openstack.Options{Without: []string{"key-manager"}, OtherRegions: []string{"RegionTwo"}})
	c := prepare(t, provider.Setup{}, text(cloud)+"regions = RegionTwo\nregions = RegionThree\n")
	cloud.Calls.Reset()
	if names := fmt.Sprint(len(c.Regions()), c.Regions()[0].Name, c.Regions()[1].Name, c.Default() == c.Regions()[0]); names != "3RegionOneRegionTwotrue" {
		t.Errorf("regions %s", names)
	}
	for i, want := range []map[string]bool{
		{"compute": true, "load-balancer": true, "key-manager": false},
		{"compute": true, "load-balancer": true, "key-manager": false},
		{"compute": false, "load-balancer": false},
	} {
		for service, want := range want {
			if has, err := c.Regions()[i].Has(t.Context(), service); err != nil || has != want {
				t.Errorf("%s has %s: %t, %v", c.Regions()[i].Name, service, has, err)
			}
		}
	}
	wantCalls(t, cloud, map[string]int{"keystone:CreateToken": 1})
	_, err := c.Regions()[2].Compute(t.Context())
	var missing *gophercloud.ErrEndpointNotFound
	if want := `the catalogue has no public endpoint of compute in region "RegionThree"`; !errors.As(err, &missing) || err.Error() != want {
		t.Errorf("got %v", err)
	}
	if _, err := c.Regions()[1].Compute(t.Context()); err == nil || errors.As(err, &missing) || client.Status(err) != 0 {
		t.Errorf("Nova of RegionTwo is down: %v", err)
	}
	if err := use(t, c); err != nil {
		t.Errorf("the others suffer: %v", err)
	}
}

// TestAFailingOctaviaIsNotAnOldOne is defect D-12 of upstream; that nothing else suffers is D-31.
func TestAFailingOctaviaIsNotAnOldOne(t *testing.T) {
	cloud := start(t, openstack.Options{})
	c := prepare(t, provider.Setup{}, text(cloud))
	for _, f := range []sim.Fault{{Status: 500}, {Status: 404}, {Status: 429}, {Kind: sim.Drop}} {
		cloud.Faults.Clear()
		f.Service = "octavia"
		fault(t, cloud, f)
		if version, err := c.Default().OctaviaVersion(t.Context()); err == nil || version != (client.Version{}) || client.Status(err) != 0 {
			t.Errorf("%+v: %s, %v", f, version, err)
		}
		if err := use(t, c); err != nil {
			t.Error(err)
		}
	}
	cloud.Faults.Clear()
	cloud.Octavia.SetVersion(13)
	if version, err := c.Default().OctaviaVersion(t.Context()); err != nil || !version.Has(13) || version.Has(14) {
		t.Errorf("%s, %v", version, err)
	}
}

func TestAFailingNovaIsNotAnOldOne(t *testing.T) {
	cloud := start(t, openstack.Options{})
	r := prepare(t, provider.Setup{}, text(cloud)).Default()
	fault(t, cloud, sim.Fault{Service: "nova", Operation: "ShowVersion", Status: 404})
	if _, err := r.Compute(t.Context()); err == nil || client.NotFound(err) {
		t.Errorf("got %v", err)
	}
	cloud.Faults.Clear()
	cloud.Nova.SetMicroversion(53)
	if s, err := r.Compute(t.Context()); err != nil || s.Microversion != "2.53" {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestRetries(t *testing.T) {
	for _, test := range []struct {
		what    string
		fault   sim.Fault
		read    bool
		calls   int
		want    string // part of the error
		limited bool
	}{
		{"a read fails twice", sim.Fault{Calls: 2, Status: 500}, true, 3, "", false},
		{"a read fails for good", sim.Fault{Status: 502, Message: "bad gateway"}, true, 3, "bad gateway (HTTP 502)", false},
		{"a read is broken off", sim.Fault{Calls: 2, Kind: sim.Drop}, true, 3, "", false},
		{"a read is throttled", sim.Fault{Calls: 2, Status: 429}, true, 3, "", false},
		{"a read is throttled for good", sim.Fault{Status: 429, Message: "slow down"}, true, 3, "slow down (HTTP 429)", true},
		{"a change fails", sim.Fault{Calls: 1, Status: 500, Message: "oops"}, false, 1, "oops (HTTP 500)", false},
		{"a change is broken off", sim.Fault{Calls: 1, Kind: sim.Drop}, false, 1, "EOF", false},
		{"an answer to a change is lost", sim.Fault{Calls: 1, Kind: sim.Lose}, false, 1, "EOF", false},
		{"a change is throttled", sim.Fault{Calls: 2, Status: 429}, false, 3, "", false},
		{"a change meets a service that will be back", sim.Fault{Calls: 1, Status: 503}, false, 2, "", false},
		{"a change is refused", sim.Fault{Calls: 1, Status: 409, Code: "OverQuota", Message: "full"}, false, 1, "full (HTTP 409)", false},
	} {
		t.Run(test.what, func(t *testing.T) {
			cloud := start(t, openstack.Options{})
			c := prepare(t, provider.Setup{}, text(cloud))
			if err := use(t, c); err != nil {
				t.Fatal(err)
			}
			cloud.Calls.Reset()
			test.fault.Service = "neutron"
			fault(t, cloud, test.fault)
			err := error(nil)
			if test.read {
				err = use(t, c)
			} else {
				err = create(t.Context(), c)
			}
			if n := len(cloud.Calls.All()); n != test.calls {
				t.Errorf("%d calls, want %d", n, test.calls)
			}
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
			if after, is := provider.Throttled(err); is != test.limited || is && after != time.Second {
				t.Errorf("throttled %t, for %s", is, after)
			}
		})
	}
}

func create(ctx context.Context, c *client.Connection) error {
	s, err := c.Default().Network(ctx)
	if err != nil {
		return err
	}
	return client.Explain("create network n", networks.Create(ctx, s, networks.CreateOpts{Name: "n"}).Err)
}

func TestALostLeaseStopsChangesOnly(t *testing.T) {
	cloud := start(t, openstack.Options{})
	gate := &cloudapi.Gate{}
	gate.Close()
	c := prepare(t, provider.Setup{Gate: gate}, text(cloud))
	if err := use(t, c); err != nil {
		t.Errorf("tokens and reads: %v", err)
	}
	if err := create(t.Context(), c); !errors.Is(err, cloudapi.ErrLeaseStale) {
		t.Errorf("a change: %v", err)
	}
	wantCalls(t, cloud, map[string]int{"keystone:CreateToken": 1, "neutron:ListNetworks": 1})
}

func TestOctaviaIsProtected(t *testing.T) {
	cloud := start(t, openstack.Options{})
	gauge := &gauge{next: cloud.Server, hold: make(chan struct{})}
	server := newServer(t, gauge)
	content := strings.ReplaceAll(text(cloud), strings.TrimSuffix(cloud.AuthURL, "/identity"), server)
	s, err := prepare(t, provider.Setup{}, content).Default().LoadBalancer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := s.Get(t.Context(), s.ServiceURL("lbaas", "loadbalancers"), &struct{}{}, nil); err != nil {
				t.Error(err)
			}
		})
	}
	for range 50 {
		gauge.hold <- struct{}{} // one more is answered
	}
	all.Wait()
	if most := gauge.most; most > 16 || most < 2 {
		t.Errorf("%d requests at once", most)
	}
}

// gauge counts requests to Octavia that are served at once, and lets each go when it is told to.
type gauge struct {
	next http.Handler
	hold chan struct{}

	mu        sync.Mutex
	now, most int
}

func (g *gauge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/load-balancer/") {
		g.count(1)
		<-g.hold
		defer g.count(-1)
	}
	g.next.ServeHTTP(w, r)
}

func (g *gauge) count(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now += n
	g.most = max(g.most, g.now)
}

func TestLogAndMetrics(t *testing.T) {
	cloud := start(t, openstack.Options{})
	c := prepare(t, provider.Setup{}, text(cloud))
	l, logger := watch(t, 0)
	ctx := klog.NewContext(t.Context(), logger)
	ask := func(path string) {
		t.Helper()
		if s, err := c.Default().Network(ctx); err != nil {
			t.Error(err)
		} else {
			_, _ = s.Get(ctx, s.ServiceURL(path), &struct{}{}, nil)
		}
	}
	before := counted(t, "openstack_api_requests_total", `request="floating_ip_list"`)
	failed := counted(t, "openstack_api_request_errors_total", `request="floating_ip_list"`)
	ask("floatingips")
	ask("networks/none")
	cloud.Keystone.RevokeTokens()
	ask("floatingips")
	if lines := l.take(); len(lines) != 0 {
		t.Errorf("what is usual is logged: %q", lines)
	}
	fault(t, cloud, sim.Fault{Service: "neutron", Status: 403, Code: "PolicyNotAuthorized", Message: "not you"})
	ask("floatingips")
	lines := l.take()
	id := cloud.Calls.All()[len(cloud.Calls.All())-1].RequestID
	if len(lines) != 1 || !strings.Contains(lines[0], `"operation"="neutron.floating_ip_list" "status"=403 "message"="not you" "requestID"="`+id) {
		t.Errorf("the log has %q, want %s", lines, id)
	}
	if n := counted(t, "openstack_api_requests_total", `request="floating_ip_list"`) - before; n != 4 { // with the one that had no token
		t.Errorf("%v requests", n)
	}
	if n := counted(t, "openstack_api_request_errors_total", `request="floating_ip_list"`) - failed; n != 1 {
		t.Errorf("%v errors", n)
	}
}

func TestTracesHaveNoSecrets(t *testing.T) {
	cloud := start(t, openstack.Options{})
	c := prepare(t, provider.Setup{}, text(cloud, "username = demo", "password = secret", "domain-name = Default", "tenant-id = "+cloud.Project.ID))
	l, logger := watch(t, 10)
	ctx := klog.NewContext(t.Context(), logger)
	if err := create(ctx, c); err != nil {
		t.Fatal(err)
	}
	s, err := c.Default().Network(ctx)
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(l.take(), "\n")
	for _, secret := range []string{`"secret"`, s.Token()} {
		if strings.Contains(all, secret) {
			t.Errorf("the log has %s", secret)
		}
	}
	for _, want := range []string{"neutron.network_create", "/v2.0/networks", `\"name\":\"n\"`, "keystone.token_create"} {
		if !strings.Contains(all, want) {
			t.Errorf("the log does not have %s:\n%s", want, all)
		}
	}
}

// counted is the value of a counter.
func counted(t *testing.T, name, label string) float64 {
	t.Helper()
	families, err := legacyregistry.DefaultGatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()) == label {
					return m.GetCounter().GetValue()
				}
			}
		}
	}
	return 0
}
