// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package takeover

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"

	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/aws/client"
	"sigs.k8s.io/cloud-providers/providers/aws/cluster"
	"sigs.k8s.io/cloud-providers/providers/aws/instances"
	"sigs.k8s.io/cloud-providers/providers/aws/loadbalancer"
	"sigs.k8s.io/cloud-providers/providers/aws/vpc"
	"sigs.k8s.io/cloud-providers/test/aws/takeover/upstream"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/awstest"
)

// ours is our provider on a cloud.
type ours struct {
	t        *testing.T
	cloud    *awstest.Cloud
	config   upstream.Config
	nodes    []*v1.Node
	services cache.Indexer
	wire     *wire
	deaths   int
	lb       provider.PlannedLoadBalancers
}

func newOurs(t *testing.T, cloud *awstest.Cloud, config upstream.Config, nodes []*v1.Node, services ...*v1.Service) *ours {
	t.Helper()
	o := &ours{t: t, cloud: cloud, config: config, nodes: nodes, services: cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{})}
	for _, s := range services {
		_ = o.services.Add(s) // whose key is never wrong
	}
	o.start()
	return o
}

// start makes the provider anew, as a process that has just begun.
func (o *ours) start() {
	o.t.Helper()
	config := o.cloud.Config.Copy()
	o.wire = &wire{next: config.HTTPClient.(*http.Client).Transport}
	config.HTTPClient = &http.Client{Transport: o.wire}
	config.Retryer = func() sdk.Retryer { // as many attempts as in the program, without waiting between them
		return retry.NewStandard(func(s *retry.StandardOptions) {
			s.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		})
	}
	c := o.config
	settings := loadbalancer.Settings{
		Cluster: cluster.Identity{ID: c.ClusterID, Legacy: c.LegacyTag}, LeaveNodeGroups: c.DisableSecurityGroupIngress,
		ClassicGroup: c.ElbSecurityGroup, ManageNetworkGroups: c.ManagedNLBGroups,
		Shared: c.SharedProbes, SharedPort: 10256, SharedPath: "/healthz",
	}
	clients := &client.Clients{Region: config.Region, EC2: ec2.NewFromConfig(config), ELB: elb.NewFromConfig(config), ELBv2: elbv2.NewFromConfig(config)}
	network := vpc.New(clients.EC2, c.VPC, o.cloud.State().EC2.Subnets[0].ID, settings.Cluster, clock.RealClock{})
	balancers := loadbalancer.New(clients, network, instances.NewStore(clients.EC2, clock.RealClock{}), settings)
	balancers.SetServices(corelisters.NewServiceLister(o.services))
	o.lb = provider.Planned(balancers)
}

func (o *ours) input(s *v1.Service) provider.LoadBalancerInput {
	return provider.LoadBalancerInput{ClusterName: o.config.ClusterName, Service: s, Nodes: o.nodes}
}

// plans makes the plans of some Services from one observation.
func (o *ours) plans(services ...*v1.Service) []*plan.Plan {
	o.t.Helper()
	var inputs []provider.LoadBalancerInput
	for _, s := range services {
		inputs = append(inputs, o.input(s))
	}
	found, err := o.lb.Observe(o.t.Context(), inputs)
	if err != nil {
		o.t.Fatal(err)
	}
	var plans []*plan.Plan
	for i, in := range inputs {
		p := provider.ServicePlan(in.Service, nil)
		wanted, err := o.lb.Build(in)
		if err == nil {
			p.Changes, err = o.lb.Diff(wanted, found[i])
		}
		if err != nil {
			p.Problem = err.Error()
		}
		plans = append(plans, p)
	}
	return plans
}

func printed(t *testing.T, plans []*plan.Plan) string {
	t.Helper()
	var b strings.Builder
	if err := plan.Print(&b, plans); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func empty(plans []*plan.Plan) bool {
	for _, p := range plans {
		if !p.Empty() || p.Problem != "" {
			return false
		}
	}
	return true
}

// ensure runs the pipeline once; true says that nothing was left to do.
func (o *ours) ensure(s *v1.Service, nodesOnly bool) (bool, error) {
	o.t.Helper()
	_ = o.services.Update(s)
	in := o.input(s)
	in.NodesOnly = nodesOnly
	wanted, err := o.lb.Build(in)
	if err != nil {
		return false, err
	}
	found, err := o.lb.Observe(o.t.Context(), []provider.LoadBalancerInput{in})
	if err != nil {
		return false, err
	}
	changes, err := o.lb.Diff(wanted, found[0])
	if err != nil {
		return false, err
	}
	after := found[0]
	if len(changes) > 0 {
		if after, err = o.lb.Apply(o.t.Context(), after, provider.ServicePlan(s, changes), plan.Options{}); err != nil {
			return false, err
		}
	}
	r := o.lb.Report(wanted, after)
	if r.Status != nil {
		s.Status.LoadBalancer = *r.Status
	}
	return len(changes) == 0, nil
}

// settle ensures until nothing is left to do.
func (o *ours) settle(s *v1.Service, nodesOnly bool) {
	o.t.Helper()
	for range 10 {
		done, err := o.ensure(s, nodesOnly)
		if err != nil {
			o.t.Fatal(err)
		}
		if done {
			return
		}
	}
	o.t.Fatalf("%s does not settle: %s", s.Name, printed(o.t, o.plans(s)))
}

// remove takes away what a Service has, once; nil says that a look afterwards found nothing.
func (o *ours) remove(s *v1.Service) error {
	o.t.Helper()
	s = s.DeepCopy()
	now := metav1.NewTime(start)
	s.DeletionTimestamp = &now
	_ = o.services.Update(s)
	found, err := o.lb.Observe(o.t.Context(), []provider.LoadBalancerInput{o.input(s)})
	if err != nil {
		return err
	}
	if !o.lb.Exists(found[0]) {
		_ = o.services.Delete(s)
		return nil
	}
	if _, err = o.lb.Apply(o.t.Context(), found[0], provider.ServicePlan(s, o.lb.Remove(found[0])), plan.Options{}); err != nil {
		return err
	}
	return errAgain
}

var errAgain = errors.New("to be looked at again")

// removeAll removes until nothing is left, with a new process after each death.
func (o *ours) removeAll(s *v1.Service) error {
	o.t.Helper()
	var err error
	for range 20 {
		if err = o.remove(s); err == nil {
			return nil
		}
		if o.wire.dead() {
			o.deaths++
			o.start()
		}
		o.cloud.Clock.Advance(10 * time.Second) // network interfaces of a load balancer live on for a while
	}
	return err
}

// wire is the way from a process to AWS. At change number cutAt it dies: before the change, or after it and
// before the answer.
type wire struct {
	next    http.RoundTripper
	mu      sync.Mutex
	changes int
	cutAt   int // 0 is never
	after   bool
	cut     bool
}

var errCut = errors.New("the process has died")

func (w *wire) dead() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cut
}

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	form, _ := url.ParseQuery(string(body)) // the SDK's own
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cut {
		return nil, errCut
	}
	now := false
	if !strings.HasPrefix(form.Get("Action"), "Describe") {
		w.changes++
		now = w.changes == w.cutAt
	}
	if now && !w.after {
		w.cut = true
		return nil, errCut
	}
	answer, err := w.next.RoundTrip(r)
	if now && err == nil {
		_ = answer.Body.Close()
		w.cut = true
		return nil, errCut
	}
	return answer, err
}
