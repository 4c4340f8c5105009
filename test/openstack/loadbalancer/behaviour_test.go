// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/listeners"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/openstack/loadbalancer"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/barbican"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/neutron"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/octavia"
	"sigs.k8s.io/cloud-providers/test/clouds/sim"
	"sigs.k8s.io/cloud-providers/test/convergence"
)

const (
	idKey      = loadbalancer.Prefix + "load-balancer-id"
	addressKey = loadbalancer.Prefix + "load-balancer-address"
)

func (w *world) balancers() []octavia.LoadBalancer { return w.cloud.Octavia.LoadBalancers() }
func (w *world) floating() []neutron.FloatingIP    { return w.cloud.State().Neutron.FloatingIPs }

// mistake ensures a Service that only its user can mend, and checks what is said, and that nothing is changed.
func (w *world) mistake(s *v1.Service, texts ...string) {
	w.t.Helper()
	before := w.state()
	_, _, err := w.ensure(s)
	if !provider.IsUserError(err) {
		w.t.Fatalf("%s/%s: %v is not a user's error", s.Namespace, s.Name, err)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			w.t.Errorf("%q does not say %q", err, text)
		}
	}
	if after := w.state(); after != before {
		w.t.Errorf("changed in spite of a mistake:%s", convergence.Differences(after, before))
	}
}

func has(report provider.LoadBalancerReport, reason string) bool {
	return slices.ContainsFunc(report.Notices, func(n provider.Notice) bool { return n.Reason == reason })
}

func TestPublishes(t *testing.T) {
	w := newWorld(t, worldOptions{nodes: 2, config: "enable-ingress-hostname=true"})
	s := service("web")
	w.settle(s)
	lb, ip := w.balancers()[0], w.floating()[0]
	if s.Annotations[idKey] != lb.ID || s.Annotations[addressKey] != ip.FloatingIPAddress {
		t.Errorf("annotations %v of load balancer %s at %s", s.Annotations, lb.ID, ip.FloatingIPAddress)
	}
	if i := s.Status.LoadBalancer.Ingress[0]; i.IP != ip.FloatingIPAddress || *i.IPMode != v1.LoadBalancerIPModeVIP {
		t.Errorf("status %+v", i)
	}
	proxied := service("proxied", annotate("proxy-protocol", "true"))
	w.settle(proxied)
	if i := proxied.Status.LoadBalancer.Ingress[0]; i.Hostname != proxied.Annotations[addressKey]+".nip.io" || i.IP != "" {
		t.Errorf("status with a host name %+v", i)
	}
	inside := service("inside", internal)
	w.settle(inside)
	if i := inside.Status.LoadBalancer.Ingress[0]; i.IP != inside.Annotations[addressKey] || !strings.HasPrefix(i.IP, "10.0.") {
		t.Errorf("internal status %+v", i)
	}
}

func TestSharing(t *testing.T) {
	w := newWorld(t, worldOptions{nodes: 2})
	first := service("first")
	w.settle(first)
	share := annotate("load-balancer-id", first.Annotations[idKey])
	w.mistake(service("same", share), "port 80/TCP is taken", "choose another port")
	w.mistake(service("http", share, annotate("x-forwarded-for", "true")), "port 80/TCP is taken")
	w.mistake(service("inside", share, internal, ports(tcp(81, 30081))), "an internal Service cannot share")
	second := service("second", share, ports(tcp(81, 30081), udp(80, 30080)))
	w.settle(second)
	if second.Status.LoadBalancer.Ingress[0].IP != first.Status.LoadBalancer.Ingress[0].IP {
		t.Errorf("different addresses: %v and %v", first.Status, second.Status)
	}
	w.mistake(service("third", share, ports(tcp(82, 30082))), "max-shared-lb is 2")
	w.nothingToDo(first, "the owner")
	w.nothingToDo(second, "the sharer")

	w.removeAll(first)
	if lbs := w.balancers(); len(lbs) != 1 || lbs[0].Name != "kube_service_kubernetes_default_first" || slices.Contains(lbs[0].Tags, "kube_service_kubernetes_default_first") {
		t.Fatalf("after the owner is gone: %+v", lbs)
	}
	if n := len(w.cloud.State().Octavia.Listeners); n != 2 {
		t.Errorf("%d listeners, want the sharer's 2", n)
	}
	w.nothingToDo(second, "the sharer alone")
	w.removeAll(second)
	if n := len(w.balancers()) + len(w.floating()); n != 0 {
		t.Errorf("%d load balancers and floating IPs are left", n)
	}
}

// TestUsersOwn: a load balancer that a user has made is used, and left as it was.
func TestUsersOwn(t *testing.T) {
	w := newWorld(t, worldOptions{nodes: 2})
	api, err := w.region.LoadBalancer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	lb, err := loadbalancers.Create(t.Context(), api, loadbalancers.CreateOpts{
		Name: "mine", VipSubnetID: w.cluster.Subnets[0].ID, Tags: []string{"team"},
		Listeners: []listeners.CreateOpts{{Name: "l", Protocol: "TCP", ProtocolPort: 22, Tags: []string{"team"}}},
	}).Extract()
	if err != nil {
		t.Fatal(err)
	}
	w.cloud.Octavia.Settle()
	if _, err := w.cloud.Neutron.AddFloatingIP(neutron.FloatingIP{FloatingNetworkID: w.cluster.External.ID, PortID: &lb.VipPortID, Common: neutron.Common{ProjectID: w.cloud.Project.ID}}); err != nil {
		t.Fatal(err)
	}
	before := w.state()
	s := service("web", annotate("load-balancer-id", lb.ID))
	w.settle(s)
	w.start()
	w.nothingToDo(s, "after a restart")
	w.removeAll(s)
	if after := w.state(); after != before {
		t.Errorf("not left as it was:%s", convergence.Differences(after, before))
	}
	w.mistake(service("no-floating", annotate("load-balancer-id", "11111111-1111-1111-1111-111111111111")), "there is no load balancer", "take the annotation away")
}

func TestErrorState(t *testing.T) {
	w := newWorld(t, worldOptions{nodes: 2})
	w.cloud.Octavia.FailNext(1)
	s := service("web")
	told := false
	for range 100 {
		report, changes, err := w.ensure(s)
		if err != nil {
			t.Fatal(err)
		}
		told = told || has(report, "LoadBalancerFailed")
		if len(changes) == 0 && report.RetryAfter == 0 {
			break
		}
		w.cloud.Clock.Advance(max(report.RetryAfter, 500*time.Millisecond))
	}
	if lbs := w.balancers(); len(lbs) != 1 || lbs[0].ProvisioningStatus != "ACTIVE" || !told {
		t.Fatalf("after one that failed: %+v, told: %t", lbs, told)
	}
	if n := w.cloud.Calls.Counts()["octavia:CreateLoadBalancer"]; n != 2 {
		t.Errorf("%d load balancers were made, want 2", n)
	}
	ip, id := w.floating()[0].FloatingIPAddress, w.balancers()[0].ID
	if err := w.cloud.Octavia.SetStatus(id, "ERROR"); err != nil {
		t.Fatal(err)
	}
	w.settle(s)
	if lbs := w.balancers(); len(lbs) != 1 || lbs[0].ID == id || s.Annotations[idKey] != lbs[0].ID {
		t.Errorf("not made anew: %+v", lbs)
	}
	if f := w.floating(); len(f) != 1 || f[0].FloatingIPAddress != ip || s.Status.LoadBalancer.Ingress[0].IP != ip {
		t.Errorf("the address %s was lost: %+v", ip, f)
	}
	shared := service("shared", annotate("load-balancer-id", s.Annotations[idKey]), ports(tcp(81, 30081)))
	w.settle(shared)
	if err := w.cloud.Octavia.SetStatus(s.Annotations[idKey], "ERROR"); err != nil {
		t.Fatal(err)
	}
	w.mistake(s, "in state ERROR", "failover")
}

func TestVanished(t *testing.T) {
	w := newWorld(t, worldOptions{nodes: 2, config: "manage-security-groups=true"})
	s := service("web")
	w.settle(s)
	ip := w.floating()[0].FloatingIPAddress
	w.deleteBalancer(s.Annotations[idKey])
	w.settle(s)
	if f := w.floating(); len(w.balancers()) != 1 || len(f) != 1 || f[0].FloatingIPAddress != ip {
		t.Errorf("%d load balancers, floating IPs %+v, want the address %s", len(w.balancers()), f, ip)
	}
	w.deleteBalancer(s.Annotations[idKey])
	w.start()
	w.removeAll(s) // what is left of it goes too
	state := w.cloud.State()
	if len(state.Neutron.FloatingIPs) > 0 || slices.ContainsFunc(state.Neutron.SecurityGroups, func(g neutron.SecurityGroup) bool { return strings.HasPrefix(g.Name, "lb-sg-") }) {
		t.Errorf("left behind: %+v %+v", state.Neutron.FloatingIPs, state.Neutron.SecurityGroups)
	}
}

func (w *world) deleteBalancer(id string) {
	w.t.Helper()
	api, err := w.region.LoadBalancer(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	if err := loadbalancers.Delete(context.WithoutCancel(w.t.Context()), api, id, loadbalancers.DeleteOpts{Cascade: true}).ExtractErr(); err != nil {
		w.t.Fatal(err)
	}
	w.cloud.Octavia.Settle()
}

// TestFrozen: while Octavia is at work nothing is done but to look, less and less often.
func TestFrozen(t *testing.T) {
	w := newWorld(t, worldOptions{nodes: 2})
	s := service("web")
	w.settle(s)
	if err := w.cloud.Octavia.SetStatus(w.balancers()[0].ID, "PENDING_UPDATE"); err != nil {
		t.Fatal(err)
	}
	s.Spec.Ports = append(s.Spec.Ports, tcp(81, 30081))
	var last provider.LoadBalancerReport
	start := w.cloud.Clock.Now()
	for w.cloud.Clock.Now().Sub(start) < 15*time.Minute {
		w.cloud.Calls.Reset()
		report, changes, err := w.ensure(s)
		if err != nil || len(changes) > 0 || report.RetryAfter == 0 {
			t.Fatalf("%+v, %v, %v", report, changes, err)
		}
		if n := len(w.cloud.Calls.All()); n != 1 {
			t.Fatalf("%d calls: %v", n, w.cloud.Calls.Counts())
		}
		w.cloud.Clock.Advance(report.RetryAfter)
		last = report
	}
	if last.RetryAfter != 5*time.Second || !strings.Contains(last.Problem, "PENDING_UPDATE") {
		t.Errorf("after 15 minutes: %+v", last)
	}
	if err := w.cloud.Octavia.SetStatus(w.balancers()[0].ID, "ACTIVE"); err != nil {
		t.Fatal(err)
	}
	w.settle(s)
	if n := len(w.cloud.State().Octavia.Listeners); n != 2 {
		t.Errorf("%d listeners when it is over", n)
	}
}

// TestUnknownVersion: what Octavia can do is found out, or nothing is done.
func TestUnknownVersion(t *testing.T) {
	w := newWorld(t, worldOptions{nodes: 2})
	s := service("web", ranges("10.0.0.0/8"))
	w.settle(s)
	fresh := newWorld(t, worldOptions{nodes: 2})
	if err := fresh.cloud.Faults.Add(sim.Fault{Service: "octavia", Operation: "*ersions", Status: 503}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := fresh.ensure(service("web")); err == nil || provider.IsUserError(err) {
		t.Errorf("with an unknown version: %v", err)
	}
	if n := len(fresh.balancers()); n != 0 {
		t.Errorf("%d load balancers were made", n)
	}
}

func TestOldOctavia(t *testing.T) {
	w := newWorld(t, worldOptions{nodes: 2, config: "availability-zone=az1"})
	w.cloud.Octavia.SetVersion(10)
	s := service("web", ranges("10.0.0.0/8"))
	report := w.settle(s)
	if !has(report, "LoadBalancerSourceRangesIgnored") || !has(report, "LoadBalancerAvailabilityZonesIgnored") {
		t.Errorf("notices: %+v", report.Notices)
	}
	w.nothingToDo(s, "with an old Octavia")
	if report := w.settle(service("open")); has(report, "LoadBalancerSourceRangesIgnored") {
		t.Errorf("told although nobody asked for ranges: %+v", report.Notices)
	}
}

// TestWeights: what operators set at members stays when other members change.
func TestWeights(t *testing.T) {
	w := newWorld(t, worldOptions{nodes: 2})
	s := service("web")
	w.settle(s)
	pool := w.cloud.State().Octavia.Pools[0].ID
	w.cloud.Octavia.ChangeMembers(pool, func(m *octavia.Member) { m.Weight, m.Backup = 7, true })
	w.start()
	w.addNodes(1)
	w.settle(s)
	weights := map[int]int{}
	for _, m := range w.cloud.State().Octavia.Members {
		weights[m.Weight]++
	}
	if weights[7] != 2 || weights[1] != 1 {
		t.Errorf("weights %v", weights)
	}
}

func TestFloatingIPs(t *testing.T) {
	w := newWorld(t, worldOptions{nodes: 1})
	w.mistake(service("wrong", annotate("floating-subnet-id", w.cluster.Subnets[0].ID)), "and not of the floating network")
	w.mistake(service("pattern", annotate("floating-subnet", "[a")), "is not closed")
	w.mistake(service("nothing", annotate("floating-subnet", "no-*")), "none of the")
	w.mistake(service("address", func(s *v1.Service) { s.Spec.LoadBalancerIP = "somewhere" }), "is not an IP address")

	own, err := w.cloud.Neutron.AddFloatingIP(neutron.FloatingIP{FloatingNetworkID: w.cluster.External.ID, Common: neutron.Common{ProjectID: w.cloud.Project.ID}})
	if err != nil {
		t.Fatal(err)
	}
	asked := func(s *v1.Service) { s.Spec.LoadBalancerIP = own.FloatingIPAddress }
	s := service("asked", asked)
	w.settle(s)
	if s.Status.LoadBalancer.Ingress[0].IP != own.FloatingIPAddress {
		t.Errorf("status %+v, want %s", s.Status, own.FloatingIPAddress)
	}
	other := service("other", asked)
	var failure error
	for range 20 {
		if _, _, failure = w.ensure(other); failure != nil {
			break
		}
		w.cloud.Clock.Advance(time.Second)
	}
	if !provider.IsUserError(failure) || !strings.Contains(failure.Error(), "is not available") {
		t.Errorf("an address that is in use: %v", failure)
	}
	w.removeAll(s)
	if f := w.floating(); len(f) != 1 || f[0].PortID != nil {
		t.Errorf("the user's own floating IP: %+v", f)
	}
	none := service("none", annotate("floating-network-id", ""))
	if report := w.settle(none); !has(report, "LoadBalancerForcedInternal") || !strings.HasPrefix(none.Status.LoadBalancer.Ingress[0].IP, "10.0.") {
		t.Errorf("with an empty network: %+v, %+v", report, none.Status)
	}
}

// TestTakenAddress: an address that is not free is the user's to change, whatever Octavia calls it.
func TestTakenAddress(t *testing.T) {
	w := newWorld(t, worldOptions{nodes: 1})
	first := service("first", internal)
	w.settle(first)
	taken := first.Status.LoadBalancer.Ingress[0].IP
	w.mistake(service("second", internal, func(s *v1.Service) { s.Spec.LoadBalancerIP = taken }), "spec.loadBalancerIP", taken)
	w.mistake(service("third", internal, func(s *v1.Service) { s.Spec.LoadBalancerIP = "192.0.2.1" }), "spec.loadBalancerIP", "192.0.2.1")
}

// TestFound: subnet and floating network are found when nothing is said.
func TestFound(t *testing.T) {
	w := newWorld(t, worldOptions{nodes: 2, free: true})
	s := service("web")
	w.settle(s)
	if lb := w.balancers()[0]; lb.VIPSubnetID != w.cluster.Subnets[0].ID || len(w.floating()) != 1 {
		t.Errorf("load balancer in subnet %s, %d floating IPs", lb.VIPSubnetID, len(w.floating()))
	}
	w.start()
	w.nothingToDo(s, "after a restart")
}

func TestQuotas(t *testing.T) {
	w := newWorld(t, worldOptions{nodes: 2})
	w.cloud.Octavia.SetQuotas(w.cloud.Project.ID, octavia.Quotas{LoadBalancer: 0, Listener: -1, Pool: -1, Member: -1, HealthMonitor: -1})
	w.mistake(service("web"), "Quota has been met for resources: Load Balancer")
}

func TestTLS(t *testing.T) {
	w := newWorld(t, worldOptions{nodes: 2})
	container := w.cloud.Barbican.AddContainer(barbican.Entry{Name: "web", ProjectID: w.cloud.Project.ID})
	ref := w.url + "/key-manager/v1/containers/" + container.ID
	w.mistake(service("missing", annotate("default-tls-container-ref", w.url+"/key-manager/v1/containers/11111111-1111-1111-1111-111111111111")), "there is no Barbican container")
	w.mistake(service("wrong", annotate("default-tls-container-ref", "abc")), "does not end in containers/<ID>")
	s := service("web", annotate("default-tls-container-ref", ref), ports(tcp(443, 30443), udp(443, 30444)))
	w.settle(s)
	protocols := map[string]string{}
	for _, l := range w.cloud.State().Octavia.Listeners {
		protocols[l.Protocol] = *cmpOr(l.DefaultTLSContainerRef)
	}
	if protocols["TERMINATED_HTTPS"] != ref || len(protocols) != 2 {
		t.Errorf("listeners %v", protocols)
	}
	delete(s.Annotations, loadbalancer.Prefix+"default-tls-container-ref")
	w.settle(s)
	for _, l := range w.cloud.State().Octavia.Listeners {
		if l.Protocol == "TERMINATED_HTTPS" {
			t.Errorf("still %+v", l)
		}
	}
}

func cmpOr(p *string) *string {
	if p == nil {
		return new(string)
	}
	return p
}

// TestRename: a cluster with another name keeps its load balancers, and nobody takes one of another cluster.
func TestRename(t *testing.T) {
	w := newWorld(t, worldOptions{nodes: 2, config: "create-monitor=true"})
	s := service("web", ports(tcp(80, 30080), tcp(81, 30081)))
	w.settle(s)
	id := w.balancers()[0].ID
	renamed := func(s *v1.Service) provider.LoadBalancerInput {
		in := w.input(s)
		in.ClusterName = "under_score"
		return in
	}
	w.start()
	told := false
	for range 100 {
		report, changes, err := w.ensureInput(renamed(s))
		if err != nil {
			t.Fatal(err)
		}
		told = told || has(report, "LoadBalancerRename")
		if len(changes) == 0 && report.RetryAfter == 0 {
			break
		}
		w.cloud.Clock.Advance(max(report.RetryAfter, time.Second))
	}
	state := w.state()
	if len(w.balancers()) != 1 || w.balancers()[0].ID != id || strings.Contains(state, "kube_service_kubernetes") || !told {
		t.Errorf("told: %t; after the rename:\n%s", told, state)
	}
	w.start()
	if changes, _, _, err := w.planInput(renamed(s)); err != nil || len(changes) > 0 {
		t.Errorf("afterwards %v, %v", changes, err)
	}
	// A Service of another cluster with the same name shares it, and does not rename it.
	guest := service("web", annotate("load-balancer-id", id), ports(tcp(90, 30090)))
	guest.UID = "guest"
	w.settle(guest)
	if w.balancers()[0].Name != "kube_service_under_score_default_web" {
		t.Errorf("a guest has renamed the load balancer to %s", w.balancers()[0].Name)
	}
}

// TestMistakes: all of a Service's at once, and values that cannot be are replaced and told.
func TestMistakes(t *testing.T) {
	w := newWorld(t, worldOptions{nodes: 1, sections: "[LoadBalancerClass \"gold\"]\nfloating-network-id=abc\n"})
	w.mistake(service("many", annotate("class", "silver", "floating-subnet", "{a", "x-forwarded-for", "true", "proxy-protocol", "true"), ranges("10.0.0.0")),
		"there is no class \"silver\"", "is not a pattern", "exclude each other", "\"10.0.0.0\" is not allowed")
	odd := service("odd", annotate("enable-health-monitor", "yes", "connection-limit", "many", "floating-network", "x"))
	report := w.settle(odd)
	for _, text := range []string{"enable-health-monitor", "\"yes\"", "connection-limit", "did you mean " + loadbalancer.Prefix + "floating-network-id"} {
		if !strings.Contains(report.Problem, text) {
			t.Errorf("%q does not say %q", report.Problem, text)
		}
	}
}

func TestDualStack(t *testing.T) {
	both := func(policy v1.IPFamilyPolicy) func(*v1.Service) {
		return func(s *v1.Service) {
			s.Spec.IPFamilies, s.Spec.IPFamilyPolicy = []v1.IPFamily{v1.IPv4Protocol, v1.IPv6Protocol}, &policy
		}
	}
	opt := func(s *v1.Service) { s.Annotations[loadbalancer.OwnPrefix+"dual-stack"] = "true" }
	o := worldOptions{nodes: 2}
	o.cluster.CIDRv6 = "2001:db8::/64"
	w := newWorld(t, o)
	s := service("web", both(v1.IPFamilyPolicyPreferDualStack), opt)
	w.settle(s)
	if i := s.Status.LoadBalancer.Ingress; len(i) != 2 || !strings.HasPrefix(i[1].IP, "2001:db8:") {
		t.Errorf("status %+v", s.Status)
	}
	w.start()
	w.nothingToDo(s, "after a restart")
	single := service("single", both(v1.IPFamilyPolicyPreferDualStack))
	w.settle(single)
	if i := single.Status.LoadBalancer.Ingress; len(i) != 1 {
		t.Errorf("without having asked for it: %+v", single.Status)
	}
	six := service("six", func(s *v1.Service) { s.Spec.IPFamilies = []v1.IPFamily{v1.IPv6Protocol} })
	six.Annotations[loadbalancer.Prefix+"network-id"] = w.cluster.Network.ID
	w.configure(strings.Replace(w.text, "subnet-id="+w.cluster.Subnets[0].ID, "", 1))
	if report := w.settle(six); !strings.HasPrefix(six.Status.LoadBalancer.Ingress[0].IP, "2001:db8:") || !has(report, "LoadBalancerFloatingIPSkipped") {
		t.Errorf("IPv6: %+v %+v", six.Status, report.Notices)
	}
}

// TestLegacy: what the in-tree provider made is the Service's own, at once and later.
func TestLegacy(t *testing.T) {
	w := newWorld(t, worldOptions{nodes: 2})
	s := service("web", internal)
	hold(s)
	name := "a" + strings.ReplaceAll(string(s.UID), "-", "")
	name = name[:32]
	api, err := w.region.LoadBalancer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err = loadbalancers.Create(t.Context(), api, loadbalancers.CreateOpts{
		Name: name, Description: "Kubernetes external service " + name, VipSubnetID: w.cluster.Subnets[0].ID,
		Listeners: []listeners.CreateOpts{{Name: "listener_" + name + "_0", Protocol: "TCP", ProtocolPort: 80}},
	}).Extract(); err != nil {
		t.Fatal(err)
	}
	w.cloud.Octavia.Settle()
	w.settle(s)
	if lbs := w.balancers(); len(lbs) != 1 || lbs[0].Name != name || !slices.Contains(lbs[0].Tags, "kube_service_kubernetes_default_web") {
		t.Errorf("%+v", lbs)
	}
	w.start()
	w.nothingToDo(s, "after a restart")
	w.removeAll(s)
	if n := len(w.balancers()); n > 0 {
		t.Errorf("%d load balancers are left", n)
	}
}

// TestNoNodes: members stay when all Nodes are away, and a new load balancer waits for none.
func TestNoNodes(t *testing.T) {
	w := newWorld(t, worldOptions{nodes: 0})
	s := service("web")
	w.settle(s)
	w.addNodes(2)
	w.settle(s)
	nodes := w.nodes
	w.nodes = nil
	w.settle(s)
	if n := len(w.cloud.State().Octavia.Members); n != 2 {
		t.Errorf("%d members", n)
	}
	w.nodes = nodes
	w.nothingToDo(s, "when they are back")
}
