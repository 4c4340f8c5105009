// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package loadbalancer proves the OpenStack provider's load balancers on the simulated OpenStack, through
// gophercloud: what they make, that they find it again, how many calls it costs, and that nothing is lost
// when the process dies or OpenStack fails at any point.
package loadbalancer

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	utilclock "k8s.io/utils/clock"

	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/openstack/client"
	"sigs.k8s.io/cloud-providers/providers/openstack/config"
	"sigs.k8s.io/cloud-providers/providers/openstack/loadbalancer"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack"
	"sigs.k8s.io/cloud-providers/test/clouds/sim"
	"sigs.k8s.io/cloud-providers/test/convergence"
)

const clusterName = "kubernetes"

// TestMain keeps the log of each change out of the tests' output.
func TestMain(m *testing.M) {
	klog.SetLogger(logr.Discard())
	os.Exit(m.Run())
}

// world is a simulated OpenStack with a cluster's network and nodes, and the Services of the cluster.
type world struct {
	t        *testing.T
	cloud    *openstack.Server
	cluster  *openstack.Cluster
	nodes    []*v1.Node
	settings config.LoadBalancer
	services cache.Indexer
	wire     *wire
	url      string
	text     string // the cloud-config
	region   *client.Region
	balancer *loadbalancer.LoadBalancers

	lb provider.PlannedLoadBalancers
}

type worldOptions struct {
	cloud   openstack.Options
	cluster openstack.ClusterOptions
	nodes   int
	// config is the text of the cloud-config's [LoadBalancer] section.
	config string
	// sections come after it.
	sections string
	// free leaves subnet and floating network to be found.
	free bool
}

func newWorld(t *testing.T, o worldOptions) *world {
	t.Helper()
	cloud := openstack.New(o.cloud)
	cloud.Clock.Stop()
	cluster, err := cloud.AddCluster(o.cluster)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, cloud: cloud, cluster: cluster, services: cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{})}
	w.wire = &wire{to: cloud}
	listener := httptest.NewServer(w.wire)
	t.Cleanup(listener.Close)
	w.url = listener.URL
	if !o.free {
		o.config = fmt.Sprintf("subnet-id=%s\nfloating-network-id=%s\n%s", cluster.Subnets[0].ID, cluster.External.ID, o.config)
	}
	text := fmt.Sprintf("[Global]\nauth-url=%s/identity\nusername=demo\npassword=secret\ntenant-id=%s\ndomain-name=Default\nregion=%s\n[LoadBalancer]\n%s\n%s",
		w.url, cloud.Project.ID, cloud.Region(), o.config, o.sections)
	w.configure(text)
	w.addNodes(o.nodes)
	return w
}

// configure reads a cloud-config and starts the provider with it.
func (w *world) configure(text string) {
	w.t.Helper()
	w.text = text
	cfg, err := config.Read("cloud.conf", strings.NewReader(text))
	if err != nil {
		w.t.Fatal(err)
	}
	w.settings = cfg.LoadBalancer
	connection, err := client.Prepare(w.t.Context(), provider.Setup{}, cfg, client.WithClock(hurried{}))
	if err != nil {
		w.t.Fatal(err)
	}
	w.region = connection.Default()
	w.start()
}

// addNodes adds servers with their Nodes.
func (w *world) addNodes(n int) []*v1.Node {
	w.t.Helper()
	var added []*v1.Node
	for range n {
		s, err := w.cluster.AddNode()
		if err != nil {
			w.t.Fatal(err)
		}
		node := &v1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: s.Name, Labels: map[string]string{"zone": s.Zone}},
			Spec:       v1.NodeSpec{ProviderID: "openstack:///" + s.ID},
		}
		for _, p := range w.cloud.Neutron.PortsOf(s.ID)[s.ID] {
			for _, ip := range p.FixedIPs {
				node.Status.Addresses = append(node.Status.Addresses, v1.NodeAddress{Type: v1.NodeInternalIP, Address: ip.IPAddress})
			}
		}
		added = append(added, node)
	}
	w.nodes = append(w.nodes, added...)
	return added
}

// start makes the provider anew, as a process that has just begun: it remembers nothing.
func (w *world) start() {
	w.t.Helper()
	w.wire.revive()
	w.balancer = loadbalancer.New(w.region, w.settings, clock{w.cloud.Clock})
	w.balancer.SetServices(corelisters.NewServiceLister(w.services))
	w.lb = provider.Planned(w.balancer)
}

// hurried is a clock that waits for nothing: attempts follow each other at once.
type hurried struct{ utilclock.RealClock }

func (c hurried) NewTimer(time.Duration) utilclock.Timer { return c.RealClock.NewTimer(0) }

// clock is the cloud's.
type clock struct{ *sim.Clock }

func (c clock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

func (w *world) input(s *v1.Service) provider.LoadBalancerInput {
	return provider.LoadBalancerInput{ClusterName: clusterName, Service: s, Nodes: w.nodes}
}

// plan returns what would be changed.
func (w *world) plan(s *v1.Service) ([]plan.Change, any, any, error) {
	w.t.Helper()
	return w.planInput(w.input(s))
}

func (w *world) planInput(in provider.LoadBalancerInput) ([]plan.Change, any, any, error) {
	w.t.Helper()
	wanted, err := w.lb.Build(in)
	if err != nil {
		return nil, nil, nil, err
	}
	found, err := w.lb.Observe(w.t.Context(), []provider.LoadBalancerInput{in})
	if err != nil {
		return nil, nil, nil, err
	}
	changes, err := w.lb.Diff(wanted, found[0])
	return changes, wanted, found[0], err
}

// ensure runs the pipeline once, as the service controller does, and publishes what it reports.
func (w *world) ensure(s *v1.Service) (provider.LoadBalancerReport, []plan.Change, error) {
	w.t.Helper()
	return w.ensureInput(w.input(s))
}

func (w *world) ensureInput(in provider.LoadBalancerInput) (provider.LoadBalancerReport, []plan.Change, error) {
	w.t.Helper()
	s := in.Service
	_ = w.services.Update(s)
	changes, wanted, actual, err := w.planInput(in)
	if err != nil {
		return provider.LoadBalancerReport{}, nil, err
	}
	if len(changes) > 0 {
		hold(s)
		if actual, err = w.lb.Apply(w.t.Context(), actual, provider.ServicePlan(s, changes), plan.Options{}); err != nil {
			return provider.LoadBalancerReport{}, changes, err
		}
	}
	report := w.lb.Report(wanted, actual)
	if report.Status != nil {
		s.Status.LoadBalancer = *report.Status
	}
	for key, value := range report.Annotations {
		s.Annotations[key] = value
	}
	return report, changes, nil
}

// hold adds the finalizer, as the service controller does before the first change.
func hold(s *v1.Service) { s.Finalizers = []string{"service.kubernetes.io/load-balancer-cleanup"} }

// settle ensures until it succeeds and nothing is left to do. Time goes on in between as it is asked for.
func (w *world) settle(s *v1.Service) provider.LoadBalancerReport {
	w.t.Helper()
	var last error
	for range 300 {
		report, changes, err := w.ensure(s)
		if err == nil && len(changes) == 0 && report.RetryAfter == 0 {
			return report
		}
		last = err
		if w.wire.dead() {
			w.start()
		}
		w.cloud.Clock.Advance(max(report.RetryAfter, 500*time.Millisecond))
	}
	w.t.Fatalf("%s/%s does not settle; last error: %v", s.Namespace, s.Name, last)
	return provider.LoadBalancerReport{}
}

// remove takes away what the Service has, once.
func (w *world) remove(s *v1.Service) error {
	w.t.Helper()
	now := metav1.Now()
	gone := s.DeepCopy()
	gone.DeletionTimestamp = &now
	_ = w.services.Update(gone)
	in := w.input(gone)
	in.Removing = true
	found, err := w.lb.Observe(w.t.Context(), []provider.LoadBalancerInput{in})
	if err != nil {
		return err
	}
	after := found[0]
	if w.lb.Exists(after) {
		if changes := w.lb.Remove(after); len(changes) > 0 {
			if after, err = w.lb.Apply(w.t.Context(), after, provider.ServicePlan(gone, changes), plan.Options{}); err != nil {
				return err
			}
		}
		if w.lb.Exists(after) {
			return errLeft
		}
	}
	_ = w.services.Delete(gone)
	return nil
}

var errLeft = errors.New("parts are still there")

// removeAll removes until nothing is left.
func (w *world) removeAll(s *v1.Service) {
	w.t.Helper()
	var last error
	for range 200 {
		if last = w.remove(s); last == nil {
			return
		}
		if w.wire.dead() {
			w.start()
		}
		w.cloud.Clock.Advance(time.Second)
	}
	w.t.Fatalf("%s/%s is not removed; last error: %v", s.Namespace, s.Name, last)
}

// service returns an external Service with one port, as the API server would have it.
func service(name string, edits ...func(*v1.Service)) *v1.Service {
	s := &v1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, UID: types.UID(convergence.UID(name)), Annotations: map[string]string{}, ResourceVersion: "1"},
		Spec: v1.ServiceSpec{
			Type: v1.ServiceTypeLoadBalancer, SessionAffinity: v1.ServiceAffinityNone, ExternalTrafficPolicy: v1.ServiceExternalTrafficPolicyCluster,
			IPFamilies: []v1.IPFamily{v1.IPv4Protocol},
			Ports:      []v1.ServicePort{{Name: "http", Protocol: v1.ProtocolTCP, Port: 80, NodePort: 30080}},
		},
	}
	for _, edit := range edits {
		edit(s)
	}
	return s
}

const internalKey = "service.beta.kubernetes.io/openstack-internal-load-balancer"

func internal(s *v1.Service) { s.Annotations[internalKey] = "true" }

func annotate(pairs ...string) func(*v1.Service) {
	return func(s *v1.Service) {
		for i := 0; i < len(pairs); i += 2 {
			s.Annotations[loadbalancer.Prefix+pairs[i]] = pairs[i+1]
		}
	}
}

func ports(list ...v1.ServicePort) func(*v1.Service) {
	return func(s *v1.Service) { s.Spec.Ports = list }
}

func port(protocol v1.Protocol, number, nodePort int32) v1.ServicePort {
	return v1.ServicePort{Name: fmt.Sprintf("%s-%d", strings.ToLower(string(protocol)), number), Protocol: protocol, Port: number, NodePort: nodePort}
}

func tcp(number, nodePort int32) v1.ServicePort { return port(v1.ProtocolTCP, number, nodePort) }
func udp(number, nodePort int32) v1.ServicePort { return port(v1.ProtocolUDP, number, nodePort) }

func local(port int32) func(*v1.Service) {
	return func(s *v1.Service) {
		s.Spec.ExternalTrafficPolicy, s.Spec.HealthCheckNodePort = v1.ServiceExternalTrafficPolicyLocal, port
	}
}

func ranges(list ...string) func(*v1.Service) {
	return func(s *v1.Service) { s.Spec.LoadBalancerSourceRanges = list }
}

// wire is the way from a process to OpenStack. It can be cut at any change: before it is made, or after it
// was made and before its answer arrives. From then on the process is dead.
type wire struct {
	to http.Handler
	mu sync.Mutex
	// cutAt is the number of the change, from 1; 0 is never.
	cutAt   int
	after   bool
	changes int
	cut     bool
}

func (w *wire) dead() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cut
}

func (w *wire) revive() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut, w.cutAt = false, 0
}

// arm cuts the wire at a change, counted from now.
func (w *wire) arm(cutAt int, after bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cutAt, w.after, w.changes, w.cut = cutAt, after, 0, false
}

func (w *wire) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.changes
}

func (w *wire) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	mutating := r.Method != http.MethodGet && r.Method != http.MethodHead && !strings.HasPrefix(r.URL.Path, "/identity")
	w.mu.Lock()
	if mutating && !w.cut {
		w.changes++
	}
	now := mutating && w.cutAt > 0 && w.changes == w.cutAt && !w.cut
	if w.cut || now && !w.after {
		w.cut = true
		w.mu.Unlock()
		refuse(rw)
		return
	}
	if now {
		w.cut = true
	}
	w.mu.Unlock()
	if now {
		w.to.ServeHTTP(httptest.NewRecorder(), r)
		refuse(rw)
		return
	}
	w.to.ServeHTTP(rw, r)
}

// refuse is what a dead process gets: nothing that would make it try again.
func refuse(rw http.ResponseWriter) { rw.WriteHeader(http.StatusTeapot) }
