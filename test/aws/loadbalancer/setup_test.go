// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package loadbalancer proves the AWS provider's load balancers on the simulated AWS, through the real SDK:
// what they make, that they find it again, how many calls it costs, and that nothing is lost when the
// process dies or AWS fails at any point.
package loadbalancer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	ec2sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/go-logr/logr"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/aws/client"
	"sigs.k8s.io/cloud-providers/providers/aws/cluster"
	"sigs.k8s.io/cloud-providers/providers/aws/instances"
	"sigs.k8s.io/cloud-providers/providers/aws/loadbalancer"
	"sigs.k8s.io/cloud-providers/providers/aws/vpc"
	"sigs.k8s.io/cloud-providers/test/clouds/aws"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/awstest"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
	"sigs.k8s.io/cloud-providers/test/convergence"
)

const (
	clusterID   = "c1"
	clusterName = "kubernetes"
	certificate = "arn:aws:acm:us-west-2:123456789012:certificate/0a1b2c3d"
)

// TestMain keeps the log of each change out of the tests' output.
func TestMain(m *testing.M) {
	klog.SetLogger(logr.Discard())
	os.Exit(m.Run())
}

// world is a simulated AWS with a cluster's network and nodes, and the Services of the cluster.
type world struct {
	t        *testing.T
	cloud    *awstest.Cloud
	network  *ec2.Network
	nodes    []*v1.Node
	settings loadbalancer.Settings
	services cache.Indexer
	wire     *wire

	lb provider.PlannedLoadBalancers
}

type worldOptions struct {
	cloud    aws.Options
	nodes    int
	settings loadbalancer.Settings
	ipv6     bool
}

func newWorld(t *testing.T, o worldOptions) *world {
	t.Helper()
	o.cloud.Certificates = append(o.cloud.Certificates, certificate)
	if o.cloud.ELBQuotas.NetworkLoadBalancers == 0 {
		o.cloud.ELBQuotas.NetworkLoadBalancers, o.cloud.ELBQuotas.ClassicLoadBalancers = 500, 500
	}
	cloud := awstest.Start(t, o.cloud)
	network, err := cloud.EC2.AddNetwork(ec2.NetworkOptions{ClusterID: clusterID, Zones: 3, IPv6: o.ipv6})
	if err != nil {
		t.Fatal(err)
	}
	o.settings.Cluster = cluster.Identity{ID: clusterID, Legacy: o.settings.Cluster.Legacy}
	if o.settings.SharedPort == 0 {
		o.settings.SharedPort, o.settings.SharedPath = 10256, "/healthz"
	}
	w := &world{t: t, cloud: cloud, network: network, settings: o.settings,
		services: cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{})}
	if o.nodes > 0 {
		w.addNodes(o.nodes)
	}
	w.start()
	return w
}

// addNodes adds instances with their Nodes.
func (w *world) addNodes(n int) []*v1.Node {
	w.t.Helper()
	list, err := w.cloud.EC2.AddInstances(w.network.Instances(n))
	if err != nil {
		w.t.Fatal(err)
	}
	var added []*v1.Node
	for _, i := range list {
		added = append(added, &v1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: i.ID, Labels: map[string]string{"zone": i.Zone}},
			Spec:       v1.NodeSpec{ProviderID: "aws:///" + i.Zone + "/" + i.ID},
		})
	}
	w.nodes = append(w.nodes, added...)
	return added
}

// start makes the provider anew, as a process that has just begun: it remembers nothing.
func (w *world) start() {
	w.t.Helper()
	w.wire = &wire{}
	config := w.cloud.Config.Copy()
	config.HTTPClient = &http.Client{Transport: w.wire}
	w.t.Cleanup(w.wire.close)
	config.Retryer = func() sdk.Retryer { // as many attempts as in the program, without waiting between them
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		})
	}
	clients := &client.Clients{Region: config.Region, EC2: ec2sdk.NewFromConfig(config), ELB: elb.NewFromConfig(config), ELBv2: elbv2.NewFromConfig(config)}
	store := instances.NewStore(clients.EC2, clock.RealClock{})
	balancers := loadbalancer.New(clients, vpc.New(clients.EC2, w.network.VPC, w.network.Private[0], w.settings.Cluster, clock.RealClock{}), store, w.settings)
	balancers.SetServices(corelisters.NewServiceLister(w.services))
	w.lb = provider.Planned(balancers)
}

func (w *world) input(s *v1.Service) provider.LoadBalancerInput {
	return provider.LoadBalancerInput{ClusterName: clusterName, Service: s, Nodes: w.nodes}
}

// plan returns what would be changed.
func (w *world) plan(s *v1.Service) ([]plan.Change, any, any, error) {
	w.t.Helper()
	in := w.input(s)
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

// ensure runs the pipeline once, as the service controller does.
func (w *world) ensure(s *v1.Service) (provider.LoadBalancerReport, []plan.Change, error) {
	w.t.Helper()
	_ = w.services.Update(s)
	changes, wanted, actual, err := w.plan(s)
	if err != nil {
		return provider.LoadBalancerReport{}, nil, err
	}
	if len(changes) > 0 {
		if actual, err = w.lb.Apply(w.t.Context(), actual, provider.ServicePlan(s, changes), plan.Options{}); err != nil {
			return provider.LoadBalancerReport{}, changes, err
		}
	}
	return w.lb.Report(wanted, actual), changes, nil
}

// settle ensures until it succeeds and nothing is left to do.
func (w *world) settle(s *v1.Service) provider.LoadBalancerReport {
	w.t.Helper()
	var last error
	for range 40 {
		report, changes, err := w.ensure(s)
		if err == nil && len(changes) == 0 && report.RetryAfter == 0 {
			return report
		}
		last = err
		if w.wire.dead() {
			w.start()
		}
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
	found, err := w.lb.Observe(w.t.Context(), []provider.LoadBalancerInput{w.input(gone)})
	if err != nil {
		return err
	}
	if !w.lb.Exists(found[0]) {
		_ = w.services.Delete(gone)
		return nil
	}
	after, err := w.lb.Apply(w.t.Context(), found[0], provider.ServicePlan(gone, w.lb.Remove(found[0])), plan.Options{})
	if err != nil {
		return err
	}
	if w.lb.Exists(after) {
		return errors.New("parts are still there")
	}
	_ = w.services.Delete(gone)
	return nil
}

// removeAll removes until nothing is left.
func (w *world) removeAll(s *v1.Service) {
	w.t.Helper()
	var last error
	for range 40 {
		if last = w.remove(s); last == nil {
			return
		}
		if w.wire.dead() {
			w.start()
		}
		w.cloud.Clock.Advance(10 * time.Second) // network interfaces of a load balancer live on for a while
	}
	w.t.Fatalf("%s/%s is not removed; last error: %v", s.Namespace, s.Name, last)
}

// state is all load balancers, target groups and security groups, in a form in which runs can be compared.
func (w *world) state() string {
	w.t.Helper()
	return normalised(w.t, w.cloud.State())
}

var planOptions = plan.Options{}

// service returns a Service with one port, as the API server would have it.
func service(name string, kind string, edits ...func(*v1.Service)) *v1.Service {
	s := &v1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, UID: types.UID(convergence.UID(name)), Annotations: map[string]string{}, ResourceVersion: "1"},
		Spec: v1.ServiceSpec{
			Type: v1.ServiceTypeLoadBalancer, SessionAffinity: v1.ServiceAffinityNone, ExternalTrafficPolicy: v1.ServiceExternalTrafficPolicyCluster,
			Ports: []v1.ServicePort{{Name: "http", Protocol: v1.ProtocolTCP, Port: 80, NodePort: 30080}},
		},
	}
	if kind != "" {
		s.Annotations[loadbalancer.Prefix+"type"] = kind
	}
	for _, edit := range edits {
		edit(s)
	}
	return s
}

func annotate(pairs ...string) func(*v1.Service) {
	return func(s *v1.Service) {
		for i := 0; i < len(pairs); i += 2 {
			s.Annotations[loadbalancer.Prefix+pairs[i]] = pairs[i+1]
		}
		s.ResourceVersion += "."
	}
}

func ports(list ...v1.ServicePort) func(*v1.Service) {
	return func(s *v1.Service) { s.Spec.Ports = list; s.ResourceVersion += "." }
}

func tcp(port, nodePort int32) v1.ServicePort {
	return v1.ServicePort{Name: fmt.Sprintf("p%d", port), Protocol: v1.ProtocolTCP, Port: port, NodePort: nodePort}
}

func udp(port, nodePort int32) v1.ServicePort {
	return v1.ServicePort{Name: fmt.Sprintf("u%d", port), Protocol: v1.ProtocolUDP, Port: port, NodePort: nodePort}
}

func local(port int32) func(*v1.Service) {
	return func(s *v1.Service) {
		s.Spec.ExternalTrafficPolicy, s.Spec.HealthCheckNodePort = v1.ServiceExternalTrafficPolicyLocal, port
		s.ResourceVersion += "."
	}
}

func ranges(list ...string) func(*v1.Service) {
	return func(s *v1.Service) { s.Spec.LoadBalancerSourceRanges = list; s.ResourceVersion += "." }
}

// wire is the way from a process to AWS. It can be cut at any change: before it is made, or after it was made
// and before its answer arrives. From then on the process is dead.
type wire struct {
	mu sync.Mutex
	// cutAt is the number of the change, from 1; 0 is never.
	cutAt   int
	after   bool
	changes int
	cut     bool
	base    http.Transport
}

var errCut = errors.New("the process has died")

func (w *wire) close() { w.base.CloseIdleConnections() }

func (w *wire) dead() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cut
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	form, _ := url.ParseQuery(string(body))
	action := form.Get("Action")
	w.mu.Lock()
	mutating := !strings.HasPrefix(action, "Describe")
	if mutating && !w.cut {
		w.changes++
	}
	now := mutating && w.cutAt > 0 && w.changes == w.cutAt
	if w.cut || now && !w.after {
		w.cut = true
		w.mu.Unlock()
		return nil, errCut
	}
	w.mu.Unlock()
	resp, err := w.base.RoundTrip(r)
	if now && err == nil {
		_ = resp.Body.Close()
		w.mu.Lock()
		w.cut = true
		w.mu.Unlock()
		return nil, errCut
	}
	return resp, err
}
