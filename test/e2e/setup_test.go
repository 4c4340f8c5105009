// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"

	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/test/process"
	"sigs.k8s.io/cloud-providers/test/system"
)

var programs system.Programs

// atOnce is how many tests run beside each other unless -parallel says otherwise. They mostly wait; each
// needs about 700 MB.
const atOnce = "4"

func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	code := func() int {
		if !given {
			if err := flag.Set("test.parallel", atOnce); err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
		}
		dir, err := os.MkdirTemp("", "cloud-providers-e2e-*")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		if programs, err = system.BuildPrograms(context.Background(), dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}()
	os.Exit(code)
}

// env is a test's own cluster and cloud.
type env struct {
	*system.System
	t   *testing.T
	ctx context.Context
}

// run is a subtest over the same cluster and cloud.
func (e *env) run(name string, f func(e *env)) {
	e.t.Helper()
	e.t.Run(name, func(t *testing.T) {
		sub := *e
		sub.t, sub.ctx = t, t.Context()
		f(&sub)
	})
}

type option func(*system.Options)

func audited(o *system.Options)   { o.Cluster.Audit = true }
func dualStack(o *system.Options) { o.Cluster.DualStack = true }

// quickNotReady makes kube-controller-manager give silent nodes up soon.
func quickNotReady(o *system.Options) {
	o.Cluster.NodeMonitorGracePeriod = 5 * time.Second
	o.LeasePeriod = time.Second
}

// newEnv starts a cluster and a cloud that end with the test.
func newEnv(t *testing.T, options ...option) *env {
	t.Helper()
	o := system.Options{Dir: t.TempDir(), Programs: programs}
	for _, set := range options {
		set(&o)
	}
	// Not the test's context, which ends before the clean-up that still needs it.
	ctx := context.Background()
	s, err := system.Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	e := &env{System: s, t: t, ctx: t.Context()}
	t.Cleanup(func() {
		if t.Failed() {
			for _, name := range []string{"manager", "manager-a", "manager-b"} {
				if _, err := os.Stat(s.Dir + "/" + name); err == nil {
					t.Logf("%s's log ends:\n%s", name, logTail(s.Dir+"/"+name+"/manager.log"))
				}
			}
			t.Logf("local-cloud's log ends:\n%s", logTail(s.Dir+"/cloud/local-cloud.log"))
		}
		if err := s.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return e
}

// quick are flags of a manager that reacts within seconds where the defaults take minutes.
var quick = []string{"--node-monitor-period=500ms", "--node-deletion-min-age=0s", "--node-status-update-frequency=2s"}

// manager starts a quick cloud controller manager.
func (e *env) manager(name string, args ...string) *system.Manager {
	e.t.Helper()
	m, err := e.StartManager(e.ctx, name, system.ManagerOptions{Args: slices.Concat(quick, args)})
	if err != nil {
		e.t.Fatal(err)
	}
	return m
}

// nodes creates machines with kubelets and waits until the manager has initialised them.
func (e *env) nodes(names ...string) {
	e.t.Helper()
	if err := e.AddMachines(e.ctx, []string{"zone-a", "zone-b"}, names...); err != nil {
		e.t.Fatal(err)
	}
	for _, name := range names {
		e.eventually("node "+name+" is initialised", func() error {
			if n := e.node(name); hasTaint(n, "node.cloudprovider.kubernetes.io/uninitialized") {
				return errors.New("it still has the taint")
			}
			return nil
		})
	}
}

func (e *env) node(name string) *v1.Node {
	e.t.Helper()
	n, err := e.Client.CoreV1().Nodes().Get(e.ctx, name, metav1.GetOptions{})
	if err != nil {
		e.t.Fatal(err)
	}
	return n
}

func hasTaint(n *v1.Node, key string) bool {
	return slices.ContainsFunc(n.Spec.Taints, func(t v1.Taint) bool { return t.Key == key })
}

// eventually polls until check returns nil, for up to a minute.
func (e *env) eventually(what string, check func() error) {
	e.t.Helper()
	e.within(time.Minute, what, check)
}

func (e *env) within(limit time.Duration, what string, check func() error) {
	e.t.Helper()
	deadline := time.After(limit)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			e.t.Fatalf("not within %s: %s: %v", limit, what, err)
		case <-e.ctx.Done():
			e.t.Fatal(e.ctx.Err())
		}
	}
}

// always polls for a while and fails at once when check returns an error.
func (e *env) always(during time.Duration, what string, check func() error) {
	e.t.Helper()
	end := time.After(during)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if err := check(); err != nil {
			e.t.Fatalf("%s: %v", what, err)
		}
		select {
		case <-tick.C:
		case <-end:
			return
		}
	}
}

// pods runs a pod of an application on each of the nodes and waits until all are ready.
func (e *env) pods(app string, nodes ...string) {
	e.t.Helper()
	for _, p := range system.Pods(app, nodes...) {
		if _, err := e.Client.CoreV1().Pods(p.Namespace).Create(e.ctx, p, metav1.CreateOptions{}); err != nil {
			e.t.Fatal(err)
		}
	}
}

type serviceOption func(*v1.Service)

// service creates a Service of type LoadBalancer for an application's HTTP port.
func (e *env) service(name string, options ...serviceOption) *v1.Service {
	e.t.Helper()
	s := &v1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: metav1.NamespaceDefault},
		Spec: v1.ServiceSpec{Type: v1.ServiceTypeLoadBalancer, Selector: map[string]string{"app": name},
			Ports: []v1.ServicePort{{Name: "http", Port: 8080, TargetPort: intstr.FromString("http")}}},
	}
	for _, set := range options {
		set(s)
	}
	s, err := e.Client.CoreV1().Services(s.Namespace).Create(e.ctx, s, metav1.CreateOptions{})
	if err != nil {
		e.t.Fatal(err)
	}
	return s
}

// update changes a Service, again if somebody else was faster.
func (e *env) update(name string, change func(*v1.Service)) {
	e.t.Helper()
	e.eventually("update service "+name, func() error {
		s := e.getService(name)
		change(s)
		_, err := e.Client.CoreV1().Services(s.Namespace).Update(e.ctx, s, metav1.UpdateOptions{})
		return err
	})
}

func (e *env) getService(name string) *v1.Service {
	e.t.Helper()
	s, err := e.Client.CoreV1().Services(metav1.NamespaceDefault).Get(e.ctx, name, metav1.GetOptions{})
	if err != nil {
		e.t.Fatal(err)
	}
	return s
}

func (e *env) deleteService(name string) {
	e.t.Helper()
	if err := e.Client.CoreV1().Services(metav1.NamespaceDefault).Delete(e.ctx, name, metav1.DeleteOptions{}); err != nil {
		e.t.Fatal(err)
	}
}

// gone waits until a Service and everything of it in the cloud are gone.
func (e *env) gone(name string) {
	e.t.Helper()
	e.eventually("service "+name+" is gone", func() error {
		if _, err := e.Client.CoreV1().Services(metav1.NamespaceDefault).Get(e.ctx, name, metav1.GetOptions{}); err == nil {
			return errors.New("it is still there")
		}
		return nil
	})
	for _, lb := range e.state().LoadBalancers {
		if lb.Owner.Service == name {
			e.t.Errorf("load balancer %s leaked", lb.Name)
		}
	}
}

// address waits for the Service's first address.
func (e *env) address(name string) string {
	e.t.Helper()
	var address string
	e.eventually("service "+name+" has an address", func() error {
		ingress := e.getService(name).Status.LoadBalancer.Ingress
		if len(ingress) == 0 {
			return errors.New("its status is empty")
		}
		address = ingress[0].IP
		return nil
	})
	return address
}

// machine returns a machine of the cloud by its name.
func (e *env) machine(name string) api.Machine {
	e.t.Helper()
	for _, m := range e.state().Machines {
		if m.Name == name {
			return m
		}
	}
	e.t.Fatalf("no machine %s", name)
	return api.Machine{}
}

func (e *env) state() api.State {
	e.t.Helper()
	s, err := e.Cloud.Admin().State(e.ctx)
	if err != nil {
		e.t.Fatal(err)
	}
	return s
}

// balancer returns the load balancer of a Service, or nil.
func (e *env) balancer(name string) *api.LoadBalancer {
	e.t.Helper()
	for _, lb := range e.state().LoadBalancers {
		if lb.Owner.Service == name {
			return &lb
		}
	}
	return nil
}

// members returns the names of the nodes behind a Service's load balancer, sorted.
func (e *env) members(name string) []string {
	e.t.Helper()
	lb := e.balancer(name)
	if lb == nil {
		return nil
	}
	var names []string
	for _, m := range lb.Spec.Members {
		names = append(names, m.Name)
	}
	slices.Sort(names)
	return names
}

func (e *env) hasMembers(name string, want ...string) {
	e.t.Helper()
	e.eventually(fmt.Sprintf("the load balancer of %s has members %v", name, want), func() error {
		if got := e.members(name); !slices.Equal(got, want) {
			return fmt.Errorf("it has %v", got)
		}
		return nil
	})
}

// event waits for an event of that reason about an object and returns its message.
func (e *env) event(kind, name, reason string) string {
	e.t.Helper()
	var message string
	e.eventually(fmt.Sprintf("event %s about %s %s", reason, kind, name), func() error {
		for _, ev := range e.events(e.Client, kind, name) {
			if ev.Reason == reason {
				message = ev.Message
				return nil
			}
		}
		return errors.New("there is none")
	})
	return message
}

func (e *env) events(client kubernetes.Interface, kind, name string) []v1.Event {
	e.t.Helper()
	list, err := client.CoreV1().Events(metav1.NamespaceAll).List(e.ctx, metav1.ListOptions{
		FieldSelector: "involvedObject.kind=" + kind + ",involvedObject.name=" + name})
	if err != nil {
		e.t.Fatal(err)
	}
	return list.Items
}

func logTail(path string) string { return process.Tail(path, 60) }
