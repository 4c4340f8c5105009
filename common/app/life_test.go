// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	cloudprovider "k8s.io/cloud-provider"

	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/common/provider"
)

// nothing is a provider that offers nothing, and counts.
type nothing struct {
	probe func() error
	mu    sync.Mutex
	init  int
	lb    cloudprovider.LoadBalancer
}

func (n *nothing) Initialize(cloudprovider.ControllerClientBuilder, <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.init++
}
func (n *nothing) LoadBalancer() (cloudprovider.LoadBalancer, bool) { return n.lb, n.lb != nil }
func (n *nothing) Instances() (cloudprovider.Instances, bool)       { return nil, false }
func (n *nothing) InstancesV2() (cloudprovider.InstancesV2, bool)   { return nil, false }
func (n *nothing) Zones() (cloudprovider.Zones, bool)               { return nil, false }
func (n *nothing) Clusters() (cloudprovider.Clusters, bool)         { return nil, false }
func (n *nothing) Routes() (cloudprovider.Routes, bool)             { return nil, false }
func (n *nothing) ProviderName() string                             { return "sample" }
func (n *nothing) HasClusterID() bool                               { return true }
func (n *nothing) Probe(context.Context) error {
	if n.probe == nil {
		return nil
	}
	return n.probe()
}

// journal is what happened, in order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) add(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

func (j *journal) list() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.lines)
}

func sampleProgram(cloud *nothing, controllers ...Controller) Program {
	return Program{
		Name: "sample", ProviderName: "sample", Controllers: controllers,
		NewCloud: func(context.Context, provider.Setup) (cloudprovider.Interface, error) { return cloud, nil },
	}
}

func sampleArgs(t *testing.T, api *fakeAPI, more ...string) []string {
	return append([]string{
		"--cloud-provider=sample", "--kubeconfig=" + api.kubeconfig(t), "--kube-api-content-type=application/json",
		"--secure-port=0",
	}, more...)
}

func TestGracefulStop(t *testing.T) {
	api := newFakeAPI(t)
	cloud := &nothing{}
	var log journal
	working := make(chan struct{})
	worker := Controller{
		Name: "worker-controller", ClientName: "worker", EventSource: "worker", Capability: provider.CapabilityInstances,
		Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"list"}}},
		New: func(_ context.Context, deps Deps) (Runnable, error) {
			return RunnableFunc(func(accept, work context.Context) error {
				close(working)
				<-accept.Done()
				log.add("no new work; running work cancelled: %v; lease held: %v", work.Err() != nil, api.holder() != "")
				deps.Events.Event(&v1.ObjectReference{Kind: "Node", Name: "n", Namespace: "default"}, v1.EventTypeNormal, "Ended", "the last event")
				log.add("work ended; lease held: %v", api.holder() != "")
				return nil
			}), nil
		},
	}
	ctx, cancel := context.WithCancel(t.Context())
	var stderr bytes.Buffer
	done := make(chan int)
	go func() { done <- Run(ctx, sampleProgram(cloud, worker), sampleArgs(t, api), io.Discard, &stderr) }()
	<-working
	cancel() // what SIGTERM does
	if code := <-done; code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	want := []string{"no new work; running work cancelled: false; lease held: true", "work ended; lease held: true"}
	if got := log.list(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if api.holder() != "" {
		t.Error("the lease was not released")
	}
	api.mu.Lock()
	defer api.mu.Unlock()
	if !slices.ContainsFunc(api.events, func(e v1.Event) bool { return e.Reason == "Ended" && e.Source.Component == "worker" }) {
		t.Errorf("the last event was not delivered: %d events", len(api.events))
	}
	if cloud.init != 1 {
		t.Errorf("Initialize was called %d times", cloud.init)
	}
}

func TestWorkThatDoesNotEndIsCancelled(t *testing.T) {
	api := newFakeAPI(t)
	working, cancelled := make(chan struct{}), make(chan struct{})
	worker := Controller{Name: "worker-controller", ClientName: "worker", New: func(context.Context, Deps) (Runnable, error) {
		return RunnableFunc(func(_, work context.Context) error {
			close(working)
			<-work.Done()
			close(cancelled)
			return nil
		}), nil
	}}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan int)
	go func() {
		done <- Run(ctx, sampleProgram(&nothing{}, worker), sampleArgs(t, api, "--shutdown-timeout=50ms"), io.Discard, io.Discard)
	}()
	<-working
	cancel()
	<-cancelled
	if code := <-done; code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestLostLeaseEndsTheProcess(t *testing.T) {
	api := newFakeAPI(t)
	working := make(chan struct{})
	var log journal
	worker := Controller{Name: "worker-controller", ClientName: "worker", New: func(_ context.Context, deps Deps) (Runnable, error) {
		return RunnableFunc(func(_, work context.Context) error {
			close(working)
			<-work.Done()
			log.add("gate: %v", deps.Gate.Check() == nil)
			return nil
		}), nil
	}}
	var stderr bytes.Buffer
	done := make(chan int)
	go func() {
		done <- Run(t.Context(), sampleProgram(&nothing{}, worker), sampleArgs(t, api, "--leader-elect-retry-period=100ms",
			"--leader-elect-renew-deadline=2s", "--leader-elect-lease-duration=3s"), io.Discard, &stderr)
	}()
	<-working
	api.setDown(true)
	if code := <-done; code != 1 || !strings.Contains(stderr.String(), "leader election lost") {
		t.Errorf("exit code %d: %s", code, stderr.String())
	}
	if got := log.list(); !slices.Equal(got, []string{"gate: false"}) {
		t.Errorf("work was cancelled with %q, want a closed gate", got)
	}
}

func TestPanicReleasesTheLease(t *testing.T) {
	api := newFakeAPI(t)
	worker := Controller{Name: "worker-controller", ClientName: "worker", New: func(context.Context, Deps) (Runnable, error) {
		return RunnableFunc(func(context.Context, context.Context) error { panic("a mistake") }), nil
	}}
	var stderr bytes.Buffer
	code := Run(t.Context(), sampleProgram(&nothing{}, worker), sampleArgs(t, api), io.Discard, &stderr)
	if code != 1 || !strings.Contains(stderr.String(), "sample: worker-controller: panic: a mistake") {
		t.Errorf("exit code %d: %s", code, stderr.String())
	}
	if api.holder() != "" {
		t.Error("the lease was not released")
	}
}

func TestCloudIsRetriedUnlessItsConfigurationIsWrong(t *testing.T) {
	api := newFakeAPI(t)
	calls := 0
	cloud := &nothing{probe: func() error {
		if calls++; calls == 1 {
			return errors.New("no route to host")
		}
		return &provider.ConfigError{Err: errors.New("the credentials are refused")}
	}}
	var stderr bytes.Buffer
	code := Run(t.Context(), sampleProgram(cloud), sampleArgs(t, api), io.Discard, &stderr)
	if code != 1 || calls != 2 || stderr.String() != "sample: cloud provider sample: the credentials are refused\n" {
		t.Errorf("exit code %d after %d calls: %s", code, calls, stderr.String())
	}
	if cloud.init != 0 || len(api.writes()) != 0 {
		t.Errorf("initialised %d times, wrote %v", cloud.init, api.writes())
	}
}

func TestRetry(t *testing.T) {
	var reported []error
	broken := errors.New("broken")
	err := retry{what: "x", from: time.Nanosecond, to: time.Nanosecond, report: func(err error) { reported = append(reported, err) }}.
		do(t.Context(), func(context.Context) error {
			if len(reported) < 2 {
				return broken
			}
			return nil
		})
	if err != nil || !slices.Equal(reported, []error{broken, broken, nil}) {
		t.Errorf("got %v after %v", err, reported)
	}
}

func TestDryRun(t *testing.T) {
	change := plan.Plan{Subject: plan.Subject{Kind: "Node", Name: "a"}}
	change.Add(plan.Change{ID: "1", Operation: plan.Update, Object: plan.Object{Kind: "Node", Name: "a"}})
	for _, c := range []struct {
		why         string
		plans       []*plan.Plan
		planErr     error
		lb          cloudprovider.LoadBalancer
		args        []string
		code        int
		out, stderr string
	}{
		{why: "nothing to do", code: 0, out: "Nothing to do"},
		{why: "something to do", plans: []*plan.Plan{&change}, code: 2, out: "1 to update"},
		{why: "as JSON", plans: []*plan.Plan{&change}, args: []string{"--dry-run-output=json"}, code: 2, out: `"plans": [`},
		{why: "an object that cannot be planned", plans: []*plan.Plan{{Problem: "wrong annotation"}}, code: 1, out: "! wrong annotation", stderr: "cannot be planned"},
		{why: "an error", planErr: errors.New("no answer"), code: 1, stderr: "sample: planner-controller: no answer"},
		{why: "a provider that cannot plan", lb: plainBalancer{}, code: 1, stderr: "the provider sample cannot plan load balancers"},
		{why: "one controller alone, by its own flag", args: []string{"--dry-run=false", "--report-leftovers", "--controllers=-leftover-controller"}, planErr: errors.New("not asked"), code: 2, out: "1 to delete"},
		{why: "nothing planned by a controller that is off", plans: []*plan.Plan{&change}, args: []string{"--controllers=*,-planner-controller"}, code: 0, out: "Nothing to do"},
	} {
		t.Run(c.why, func(t *testing.T) {
			api := newFakeAPI(t)
			planner := Controller{Name: "planner-controller", ClientName: "planner", Capability: provider.CapabilityLoadBalancer,
				Plan: func(ctx context.Context, deps Deps) ([]*plan.Plan, error) {
					if _, err := deps.Client.CoreV1().Services("x").Create(ctx, &v1.Service{}, createOptions); err == nil {
						t.Error("a dry run could write to the cluster")
					}
					if deps.Gate.Check() == nil {
						t.Error("a dry run could write to the cloud")
					}
					return c.plans, c.planErr
				}}
			var out, stderr bytes.Buffer
			leftovers := &plan.Plan{Subject: plan.Subject{Kind: "Cloud", Name: "sample"}}
			leftovers.Add(plan.Change{ID: "1", Operation: plan.Delete, Object: plan.Object{Kind: "disk", Name: "d"}})
			nobody := Controller{Name: "leftover-controller", ClientName: "leftover", OnceFlag: "report-leftovers", OnceUsage: "Report.",
				Plan: func(context.Context, Deps) ([]*plan.Plan, error) { return nil, nil },
				Once: func(context.Context, Deps) ([]*plan.Plan, error) { return []*plan.Plan{leftovers}, nil }}
			args := sampleArgs(t, api, append([]string{"--dry-run", "--use-service-account-credentials"}, c.args...)...)
			code := Run(t.Context(), sampleProgram(&nothing{lb: c.lb}, planner, nobody), args, &out, &stderr)
			if code != c.code || !strings.Contains(out.String(), c.out) || !strings.Contains(stderr.String(), c.stderr) {
				t.Errorf("exit code %d, want %d\nstdout: %s\nstderr: %s", code, c.code, out.String(), stderr.String())
			}
			if writes := api.writes(); len(writes) > 0 {
				t.Errorf("wrote %v", writes)
			}
		})
	}
}
