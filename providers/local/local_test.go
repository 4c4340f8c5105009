// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package local_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	cloudprovider "k8s.io/cloud-provider"

	"sigs.k8s.io/cloud-providers/common/cloudapi"
	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/local"
	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/providers/local/cloud"
	"sigs.k8s.io/cloud-providers/providers/local/cloud/pool"
)

// fixture is the provider and the cloud that it talks to over HTTP.
type fixture struct {
	t      *testing.T
	cloud  *local.Cloud
	admin  *api.Admin
	client *api.Client
	gate   *cloudapi.Gate
	url    string
}

func start(t *testing.T, pools ...string) *fixture {
	t.Helper()
	if len(pools) == 0 {
		pools = []string{"127.23.0.0/24", "::1/128,shared"}
	}
	opts := cloud.Options{DataDir: t.TempDir()}
	for _, s := range pools {
		p, err := pool.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		opts.Pools = append(opts.Pools, p)
	}
	c, err := cloud.Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	f := &fixture{t: t, gate: &cloudapi.Gate{}, url: c.URL()}
	f.cloud = f.provider("endpoint: " + f.url + "\nregion: r1")
	f.client, err = api.NewClient(f.url, api.ClientOptions{})
	if err != nil {
		t.Fatal(err)
	}
	f.admin = f.client.Admin()
	return f
}

func (f *fixture) provider(cfg string) *local.Cloud {
	f.t.Helper()
	c, err := local.New(f.t.Context(), provider.Setup{Config: strings.NewReader(cfg), ConfigPath: "cloud.yaml", Gate: f.gate, UserAgent: "test"})
	if err != nil {
		f.t.Fatal(err)
	}
	return c.(*local.Cloud)
}

func TestConfigurationMistakesEndTheProcess(t *testing.T) {
	for _, cfg := range []string{"", "enpoint: x", "endpoint: nowhere"} {
		_, err := local.New(t.Context(), provider.Setup{Config: strings.NewReader(cfg), ConfigPath: "cloud.yaml"})
		var c *provider.ConfigError
		if !errors.As(err, &c) || !strings.HasPrefix(err.Error(), "cloud.yaml") {
			t.Errorf("%q: err = %v", cfg, err)
		}
	}
}

func TestProbe(t *testing.T) {
	f := start(t)
	if err := f.cloud.Probe(t.Context()); err != nil {
		t.Error(err)
	}
	for status, final := range map[int]bool{401: true, 403: true, 500: false, 429: false} {
		if err := f.admin.SetFaults(t.Context(), api.Fault{Action: api.FaultStatus, Status: status}); err != nil {
			t.Fatal(err)
		}
		err := f.cloud.Probe(t.Context())
		var c *provider.ConfigError
		if err == nil || errors.As(err, &c) != final {
			t.Errorf("status %d: err = %#v", status, err)
		}
	}
}

func TestInstances(t *testing.T) {
	f := start(t)
	ctx := t.Context()
	created := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	_, err := f.admin.CreateMachines(ctx,
		api.Machine{ID: "m1", Name: "n1", Region: "r1", Zone: "z1", Type: "big", Labels: map[string]string{"a": "b"}, CreatedAt: created,
			Addresses: []api.MachineAddress{{Type: api.InternalIP, Address: "10.0.0.1"}, {Type: api.ExternalIP, Address: "192.0.2.1"}}},
		api.Machine{ID: "m2", Name: "n2", Region: "r1", State: api.MachineStopped},
		api.Machine{ID: "m3", Name: "n3", Region: "r2"})
	if err != nil {
		t.Fatal(err)
	}
	instances, _ := f.cloud.BatchInstances()
	id := func(s string) provider.InstanceRef { return provider.InstanceRef{ProviderID: s, NodeName: "n"} }
	name := func(s string) provider.InstanceRef { return provider.InstanceRef{NodeName: s} }
	for _, c := range []struct {
		ref  provider.InstanceRef
		want provider.InstanceState
	}{
		{id("local://r1/m1"), provider.InstanceFound},
		{name("n2"), provider.InstanceFound},
		{id("local://r1/gone"), provider.InstanceNotFound},
		{name("gone"), provider.InstanceNotFound},
		{id("aws:///z/i-1"), provider.InstanceForeign},
		{id("local://r2/m3"), provider.InstanceForeign},
		{name("n3"), provider.InstanceForeign},
		{id("local://r1/m3"), provider.InstanceUnknown},
		{id("local://m1"), provider.InstanceUnknown},
		{id("local://r1/"), provider.InstanceUnknown},
		{id("local://r1/a/b"), provider.InstanceUnknown},
		{id("m1"), provider.InstanceUnknown},
	} {
		answers, err := instances.LookupInstances(ctx, []provider.InstanceRef{id("local://r1/m2"), c.ref})
		if err != nil {
			t.Fatal(err)
		}
		if a := answers[1]; a.State != c.want || (a.State == provider.InstanceUnknown) != (a.Err != nil) {
			t.Errorf("%+v: %v, %v; want %v", c.ref, a.State, a.Err, c.want)
		}
		if answers[0].Instance.Power != provider.PowerStopped {
			t.Errorf("m2: %+v", answers[0])
		}
	}
	answers, err := instances.LookupInstances(ctx, []provider.InstanceRef{name("n1")})
	want := provider.Instance{ProviderID: "local://r1/m1", Name: "n1", Type: "big", Zone: "z1", Region: "r1", Power: provider.PowerRunning,
		Labels: map[string]string{"a": "b"}, CreatedAt: created, Addresses: []v1.NodeAddress{
			{Type: v1.NodeInternalIP, Address: "10.0.0.1"}, {Type: v1.NodeExternalIP, Address: "192.0.2.1"}, {Type: v1.NodeHostName, Address: "n1"}}}
	if err != nil || !reflect.DeepEqual(answers[0].Instance, want) {
		t.Errorf("n1: %+v, %v", answers[0].Instance, err)
	}
	list, err := instances.(provider.InstanceLister).ListInstances(ctx)
	if err != nil || len(list) != 2 {
		t.Errorf("list = %+v, %v", list, err)
	}
}

func TestUncertainAnswersAreNotAbsence(t *testing.T) {
	f := start(t)
	ctx := t.Context()
	instances, _ := f.cloud.BatchInstances()
	refs := []provider.InstanceRef{{NodeName: "a"}, {NodeName: "b"}}
	set := func(fault api.Fault) {
		if err := f.admin.SetFaults(ctx, fault); err != nil {
			t.Fatal(err)
		}
	}
	set(api.Fault{Action: api.FaultPartial})
	answers, err := instances.LookupInstances(ctx, refs)
	if err != nil || answers[0].State != provider.InstanceNotFound || answers[1].State != provider.InstanceUnknown || answers[1].Err == nil {
		t.Errorf("partial: %+v, %v", answers, err)
	}
	set(api.Fault{Action: api.FaultThrottle, RetryAfter: api.Duration(7 * time.Second)})
	_, err = instances.LookupInstances(ctx, refs)
	if wait, ok := provider.Throttled(err); !ok || wait != 7*time.Second {
		t.Errorf("throttled: %v", err)
	}
	set(api.Fault{Action: api.FaultStatus, Status: 400})
	_, err = instances.LookupInstances(ctx, refs)
	var bad *provider.BadItemsError
	if !errors.As(err, &bad) {
		t.Errorf("bad request: %v", err)
	}
}

func webService(port, nodePort int) *v1.Service {
	return &v1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web", UID: types.UID(fmt.Sprintf("uid-%d", nodePort)), Annotations: map[string]string{
			"local.cloud-provider.sigs.k8s.io/health-check-protocol": "tcp",
		}},
		Spec: v1.ServiceSpec{
			Type: v1.ServiceTypeLoadBalancer, IPFamilies: []v1.IPFamily{v1.IPv4Protocol},
			Ports: []v1.ServicePort{{Port: int32(port), NodePort: int32(nodePort), Protocol: v1.ProtocolTCP}},
		},
	}
}

func loopbackNode() *v1.Node {
	return &v1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n1"}, Status: v1.NodeStatus{Addresses: []v1.NodeAddress{{Type: v1.NodeInternalIP, Address: "127.0.0.1"}}}}
}

// ensure runs the pipeline once and returns what it did.
func (f *fixture) ensure(s *v1.Service, nodes ...*v1.Node) ([]plan.Change, provider.LoadBalancerReport, error) {
	f.t.Helper()
	lbs, _ := f.cloud.PlannedLoadBalancers()
	wanted, err := lbs.Build(provider.LoadBalancerInput{ClusterName: "c1", Service: s, Nodes: nodes})
	if err != nil {
		return nil, provider.LoadBalancerReport{}, err
	}
	actual, err := lbs.Observe(f.t.Context(), []provider.LoadBalancerInput{{ClusterName: "c1", Service: s}})
	if err != nil {
		return nil, provider.LoadBalancerReport{}, err
	}
	changes, err := lbs.Diff(wanted, actual[0])
	if err != nil {
		return nil, provider.LoadBalancerReport{}, err
	}
	after, err := lbs.Apply(f.t.Context(), actual[0], provider.ServicePlan(s, changes), plan.Options{})
	return changes, lbs.Report(wanted, after), err
}

func (f *fixture) remove(s *v1.Service) error {
	f.t.Helper()
	lbs, _ := f.cloud.PlannedLoadBalancers()
	actual, err := lbs.Observe(f.t.Context(), []provider.LoadBalancerInput{{ClusterName: "c1", Service: s}})
	if err != nil {
		return err
	}
	after, err := lbs.Apply(f.t.Context(), actual[0], provider.ServicePlan(s, lbs.Remove(actual[0])), plan.Options{})
	if err == nil && lbs.Exists(after) {
		f.t.Error("the load balancer exists after its removal")
	}
	return err
}

func TestLoadBalancerLife(t *testing.T) {
	f := start(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	backend := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })}
	go func() { _ = backend.Serve(l) }()
	t.Cleanup(func() { _ = backend.Close() })
	s := webService(8080, l.Addr().(*net.TCPAddr).Port)

	changes, report, err := f.ensure(s, loopbackNode())
	if err != nil || len(changes) != 1 || changes[0].Operation != plan.Create {
		t.Fatalf("changes = %+v, %v", changes, err)
	}
	ingress := report.Status.Ingress
	if len(ingress) != 1 || ingress[0].IP != "127.23.0.1" || *ingress[0].IPMode != v1.LoadBalancerIPModeProxy || ingress[0].Ports[0].Port != 8080 || report.Problem != "" {
		t.Errorf("report = %+v", report)
	}
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + net.JoinHostPort(ingress[0].IP, "8080"))
	if err != nil {
		t.Fatal(err)
	}
	if body, _ := io.ReadAll(resp.Body); string(body) != "hello" {
		t.Errorf("body = %q", body)
	}
	_ = resp.Body.Close()

	if changes, _, err := f.ensure(s, loopbackNode()); err != nil || len(changes) != 0 {
		t.Errorf("unchanged: %+v, %v", changes, err)
	}
	s.Spec.Ports[0].Port = 8081
	s.Spec.LoadBalancerSourceRanges = []string{"127.0.0.0/8"}
	changes, report, err = f.ensure(s)
	if err != nil || len(changes) != 3 || report.Status.Ingress[0].IP != "127.23.0.1" || report.Status.Ingress[0].Ports[0].Port != 8081 {
		t.Errorf("changed: %+v, %+v, %v", changes, report, err)
	}
	for range 2 { // removing nothing is success too
		if err := f.remove(s); err != nil {
			t.Error(err)
		}
	}
	state, err := f.admin.State(t.Context())
	if err != nil || len(state.LoadBalancers) != 0 {
		t.Errorf("left: %+v, %v", state.LoadBalancers, err)
	}
}

func TestThousandServicesAreObservedInOneCall(t *testing.T) {
	f := start(t)
	lbs, _ := f.cloud.PlannedLoadBalancers()
	var services []provider.LoadBalancerInput
	for i := range lbs.LoadBalancerLimits().ObserveBatch {
		services = append(services, provider.LoadBalancerInput{ClusterName: "c1", Service: webService(80, 30000+i)})
	}
	actual, err := lbs.Observe(t.Context(), services)
	if err != nil || len(actual) != 1000 {
		t.Fatalf("%d answers, %v", len(actual), err)
	}
	log, err := f.admin.Calls(t.Context())
	if err != nil || log.Total != 1 || log.Mutating != 0 {
		t.Errorf("log = %+v, %v", log, err)
	}
}

func TestLostAnswersAreMendedByTheNextPass(t *testing.T) {
	for _, action := range []api.FaultAction{api.FaultDropBefore, api.FaultDropAfter} {
		f := start(t)
		s := webService(8080, 30000)
		lose := func() {
			if err := f.admin.SetFaults(t.Context(), api.Fault{Mutating: true, Count: 1, Action: action}); err != nil {
				t.Fatal(err)
			}
		}
		twice := func(what string, do func() error) {
			lose()
			if err := do(); err == nil {
				t.Errorf("%s, %s: the lost answer is no error", action, what)
			}
			if err := do(); err != nil {
				t.Errorf("%s, %s, again: %v", action, what, err)
			}
		}
		ensure := func() error { _, _, err := f.ensure(s, loopbackNode()); return err }
		twice("create", ensure)
		s.Spec.Ports[0].Port = 8081
		lose()
		_ = ensure() // a change that was made is not made again
		if err := ensure(); err != nil {
			t.Errorf("%s, update: %v", action, err)
		}
		lose()
		_ = f.remove(s)
		if err := f.remove(s); err != nil {
			t.Errorf("%s, remove: %v", action, err)
		}
		if state, err := f.admin.State(t.Context()); err != nil || len(state.LoadBalancers) != 0 {
			t.Errorf("%s: left %+v, %v", action, state.LoadBalancers, err)
		}
	}
}

func TestRefusalsAreUserErrors(t *testing.T) {
	f := start(t, "127.23.1.1/32", "other=127.23.2.1/32")
	first := webService(8080, 30000)
	if _, _, err := f.ensure(first); err != nil {
		t.Fatal(err)
	}
	with := func(change func(*v1.Service)) *v1.Service {
		s := webService(8080, 30001)
		change(s)
		return s
	}
	for what, s := range map[string]*v1.Service{
		"PoolExhausted":   with(func(*v1.Service) {}),
		"AddressInUse":    with(func(s *v1.Service) { s.Spec.LoadBalancerIP = "127.23.1.1" }),
		"InvalidArgument": with(func(s *v1.Service) { s.Annotations["local.cloud-provider.sigs.k8s.io/pool"] = "nope" }),
	} {
		_, _, err := f.ensure(s)
		if !provider.IsUserError(err) || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}

	lbs, _ := f.cloud.PlannedLoadBalancers()
	actual, err := lbs.Observe(t.Context(), []provider.LoadBalancerInput{{ClusterName: "c2", Service: first}})
	if err != nil || lbs.Exists(actual[0]) || len(lbs.Remove(actual[0])) != 0 {
		t.Errorf("another cluster's load balancer: %+v, %v", actual, err)
	}
	wanted, err := lbs.Build(provider.LoadBalancerInput{ClusterName: "c2", Service: first})
	if err != nil {
		t.Fatal(err)
	}
	changes, err := lbs.Diff(wanted, actual[0])
	if !provider.IsUserError(err) || !strings.Contains(err.Error(), `belongs to cluster "c1"`) || len(changes) > 0 {
		t.Errorf("another cluster's load balancer: %v, %+v", err, changes)
	}
}

func TestPortsThatDoNotOpenAreReported(t *testing.T) {
	f := start(t)
	taken, err := net.Listen("tcp", "127.23.0.1:8080")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	_, report, err := f.ensure(webService(8080, 30000), loopbackNode())
	if err != nil || !strings.Contains(report.Problem, "port 8080/TCP cannot be opened at 127.23.0.1") || report.RetryAfter == 0 || report.Status.Ingress[0].Ports[0].Error == nil {
		t.Errorf("report = %+v, %v", report, err)
	}
}

func TestNoChangeBeginsWithoutTheLease(t *testing.T) {
	f := start(t)
	f.gate.Close()
	if _, _, err := f.ensure(webService(8080, 30000)); !errors.Is(err, cloudapi.ErrLeaseStale) {
		t.Errorf("err = %v", err)
	}
	log, err := f.admin.Calls(t.Context())
	if err != nil || log.Mutating != 0 || log.Counts["LookupLoadBalancers"] != 1 {
		t.Errorf("log = %+v, %v; look-ups are reads and go on", log.Counts, err)
	}
}

func TestRoutes(t *testing.T) {
	f := start(t)
	ctx := t.Context()
	routes, _ := f.cloud.BatchRoutes()
	route := func(cidr, node string) cloudprovider.Route {
		return cloudprovider.Route{DestinationCIDR: cidr, TargetNode: types.NodeName(node)}
	}
	errs := routes.CreateRoutes(ctx, "c1", []provider.RouteCreate{{Route: route("10.0.1.0/24", "n1")}, {Route: route("10.0.2.1/24", "n2")}})
	if errs[0] != nil || !provider.IsUserError(errs[1]) {
		t.Errorf("errs = %v", errs)
	}
	if errs := routes.CreateRoutes(ctx, "c2", []provider.RouteCreate{{Route: route("10.1.1.0/24", "n1")}}); errs[0] != nil {
		t.Error(errs)
	}
	list, err := routes.ListRoutes(ctx, "c1")
	if err != nil || len(list) != 2 || list[0].Owner != provider.RouteOurs || list[0].TargetNode != "n1" || list[1].Owner != provider.RouteForeign {
		t.Fatalf("routes = %+v, %v", list, err)
	}
	errs = routes.DeleteRoutes(ctx, "c1", list)
	if errs[0] != nil || api.CodeOf(errs[1]) != api.CodeOwnedByOther {
		t.Errorf("errs = %v", errs)
	}
	if err := f.admin.SetFaults(ctx, api.Fault{Action: api.FaultThrottle}); err != nil {
		t.Fatal(err)
	}
	for _, err := range routes.CreateRoutes(ctx, "c1", make([]provider.RouteCreate, 2)) {
		if _, ok := provider.Throttled(err); !ok {
			t.Errorf("err = %v", err)
		}
	}
}

func TestOrphans(t *testing.T) {
	f := start(t)
	ctx := t.Context()
	for n := range 3 {
		if _, _, err := f.ensure(webService(8080, 30000+n)); err != nil {
			t.Fatal(err)
		}
	}
	o, _ := f.cloud.Orphans()
	owned := provider.Owned{ServiceUIDs: map[string]bool{"uid-30000": true}}
	list, err := o.ListOrphans(ctx, "c1", owned)
	if err != nil || len(list) != 2 {
		t.Fatalf("orphans = %+v, %v", list, err)
	}
	if other, err := o.ListOrphans(ctx, "c2", owned); err != nil || len(other) != 0 {
		t.Errorf("orphans of another cluster = %+v, %v", other, err)
	}
	for _, orphan := range list {
		if err := o.DeleteOrphan(ctx, "c1", orphan); err != nil {
			t.Error(err)
		}
	}
	if list, err := o.ListOrphans(ctx, "c1", owned); err != nil || len(list) != 0 {
		t.Errorf("orphans = %+v, %v", list, err)
	}
}

// The stock manager uses the provider through the interfaces of k8s.io/cloud-provider.
func TestStockContract(t *testing.T) {
	f := start(t)
	ctx := t.Context()
	if _, err := f.admin.CreateMachines(ctx, api.Machine{ID: "m1", Name: "n1", Region: "r1"}); err != nil {
		t.Fatal(err)
	}
	var stock cloudprovider.Interface = f.cloud
	v2, _ := stock.InstancesV2()
	if m, err := v2.InstanceMetadata(ctx, loopbackNode()); err != nil || m.ProviderID != "local://r1/m1" {
		t.Errorf("metadata = %+v, %v", m, err)
	}
	lb, _ := stock.LoadBalancer()
	s := webService(8080, 30000)
	status, err := lb.EnsureLoadBalancer(ctx, "c1", s, []*v1.Node{loopbackNode()})
	if err != nil || status.Ingress[0].IP != "127.23.0.1" {
		t.Errorf("status = %+v, %v", status, err)
	}
	if _, exists, err := lb.GetLoadBalancer(ctx, "c1", s); err != nil || !exists {
		t.Errorf("exists = %v, %v", exists, err)
	}
	if err := lb.EnsureLoadBalancerDeleted(ctx, "c1", s); err != nil {
		t.Error(err)
	}
}

func TestTokenFileIsSent(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := cloud.Start(t.Context(), cloud.Options{DataDir: t.TempDir(), TokenFile: token})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	f := &fixture{t: t}
	if err := f.provider("endpoint: " + c.URL() + "\ntokenFile: " + strconv.Quote(token)).Probe(context.Background()); err != nil {
		t.Error(err)
	}
}
