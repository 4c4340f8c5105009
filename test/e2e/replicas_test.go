// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/test/system"
)

const renewDeadline = 3 * time.Second

// shortLease are the flags of replicas that notice soon when the other is gone.
var shortLease = []string{"--leader-elect-lease-duration=5s", "--leader-elect-renew-deadline=3s", "--leader-elect-retry-period=500ms", "--route-reconciliation-period=1s"}

// replicas are two managers, of which one leads.
type replicas struct {
	*env
	leader, standby replica
	port            int32 // of the Service; each hand-over changes it
}

type replica struct {
	*system.Manager
	name    string
	program string // how its user agents begin
}

func (e *env) replica(name string) replica {
	e.t.Helper()
	program := managerAgent + "-" + name
	m, err := e.StartManager(e.ctx, "manager-"+name, system.ManagerOptions{Program: program, Args: slices.Concat(quick, shortLease)})
	if err != nil {
		e.t.Fatal(err)
	}
	return replica{m, name, program}
}

// TestHandOver ends or stops the leader of two managers while the cloud holds one of its calls.
func TestHandOver(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	r := &replicas{env: e, port: 8080, leader: e.replica("a")}
	e.eventually("a leads", func() error { return leads(e.lease(), "") })
	r.standby = e.replica("b")
	e.nodes("n1", "n2")
	e.settled("n1", "n2")
	e.service("web")
	r.reaches("web", r.port)

	for _, action := range []api.FaultAction{api.FaultHoldBefore, api.FaultHoldAfter} {
		r.run("SIGTERM, "+string(action), action, terminated)
		r.run("SIGKILL, "+string(action), action, killed)
	}
	r.run("SIGSTOP, the call is carried out late", api.FaultHoldBefore, stoppedAndLate)
	r.run("SIGSTOP, more work waits", api.FaultHoldAfter, stoppedWithWork)
}

// run changes the Service, waits until the cloud holds the leader's call, lets the leader meet its fate,
// and judges by the final state. Afterwards the other one leads, and the first is back as standby.
func (r *replicas) run(name string, action api.FaultAction, fate func(*replicas, api.Hold, *leaseHistory)) {
	all := r.env
	all.run(name, func(e *env) {
		r.env = e
		defer func() { r.env = all }()
		e.resetCalls()
		e.faults(api.Fault{Mutating: true, UserAgent: r.leader.program + "/", Count: 1, Action: action})
		history := e.watchLease()
		defer history.stop()
		r.port++
		e.update("web", func(s *v1.Service) { s.Spec.Ports[0].Port = r.port })
		fate(r, e.held(r.leader.program), history)
		e.faults()
		r.reaches("web", r.port)
		e.eventually("the standby leads", func() error { return leads(e.lease(), history.first()) })
		history.stop()
		r.judgeMutations(history)
		r.leader, r.standby = r.standby, e.replica(r.leader.name)
	})
}

// terminated: the leader finishes the call, gives the lease up and exits with 0.
func terminated(r *replicas, hold api.Hold, history *leaseHistory) {
	if err := r.leader.Signal(syscall.SIGTERM); err != nil {
		r.t.Fatal(err)
	}
	r.always(time.Second, "the leader waits for its running call, and leads", func() error {
		if !r.leader.Running() {
			return errors.New("it has ended")
		}
		return leads(r.lease(), "")
	})
	if err := r.Cloud.Admin().Release(r.ctx, hold.ID); err != nil {
		r.t.Fatal(err)
	}
	r.exits(r.leader, 0)
	ended := time.Now()
	r.within(5*time.Second, "the standby leads", func() error { return leads(r.lease(), history.first()) })
	r.t.Logf("the standby led %s after the leader's end", time.Since(ended).Round(10*time.Millisecond))
	if !history.has("") {
		r.t.Errorf("the lease was not released; its holders were %q", history.holders())
	}
	if c := r.heldCall(hold); c.Status != 200 {
		r.t.Errorf("the running call was not finished: %+v", c)
	}
}

// killed: the standby takes over when the lease has run out.
func killed(r *replicas, _ api.Hold, history *leaseHistory) {
	if err := r.leader.Kill(); err != nil {
		r.t.Fatal(err)
	}
	ended := time.Now()
	r.faults()
	r.eventually("the standby leads", func() error { return leads(r.lease(), history.first()) })
	r.t.Logf("the standby led %s after the leader's end", time.Since(ended).Round(10*time.Millisecond))
}

// stoppedAndLate: the leader stops for longer than its lease, and its call, sent while it led, reaches
// the cloud only after the new leader has made the change.
func stoppedAndLate(r *replicas, hold api.Hold, history *leaseHistory) {
	if err := r.leader.Signal(syscall.SIGSTOP); err != nil {
		r.t.Fatal(err)
	}
	r.eventually("the standby leads", func() error { return leads(r.lease(), history.first()) })
	r.reaches("web", r.port)
	r.port++ // the late call asks for the port before that
	r.update("web", func(s *v1.Service) { s.Spec.Ports[0].Port = r.port })
	r.reaches("web", r.port)
	if err := r.Cloud.Admin().Release(r.ctx, hold.ID); err != nil {
		r.t.Fatal(err)
	}
	r.eventually("the late call is answered", func() error {
		if c := r.heldCall(hold); c.Status == 0 {
			return errors.New("it still runs")
		}
		return nil
	})
	r.reaches("web", r.port)
	r.resumes()
}

// stoppedWithWork: while the leader is stopped, the Services give it more to do, which nobody has done
// when it wakes up.
func stoppedWithWork(r *replicas, _ api.Hold, history *leaseHistory) {
	if err := r.leader.Signal(syscall.SIGSTOP); err != nil {
		r.t.Fatal(err)
	}
	r.faults(api.Fault{Mutating: true, UserAgent: r.standby.program + "/", Action: api.FaultHoldBefore})
	r.service("more", func(s *v1.Service) { s.Spec.Ports[0].Port = 9090 })
	r.eventually("the standby leads", func() error { return leads(r.lease(), history.first()) })
	r.held(r.standby.program)
	r.resumes()
	r.faults()
	r.reaches("more", 9090)
	r.deleteService("more")
	r.gone("more")
}

// resumes lets a stopped leader go on, and requires that it begins nothing and exits with 1.
func (r *replicas) resumes() {
	r.t.Helper()
	woken := time.Now()
	if err := r.leader.Signal(syscall.SIGCONT); err != nil {
		r.t.Fatal(err)
	}
	r.exits(r.leader, 1)
	r.t.Logf("the former leader ended %s after it went on", time.Since(woken).Round(10*time.Millisecond))
	for _, c := range r.mutations(r.leader) {
		if c.Began.After(woken) {
			r.t.Errorf("the former leader began %s after it went on", c.Operation)
		}
	}
}

// judgeMutations requires that the former leader began no change after its renew deadline, counted from
// the last renewal in the Lease, and that there was something to judge.
func (r *replicas) judgeMutations(history *leaseHistory) {
	r.t.Helper()
	calls := r.mutations(r.leader)
	if len(calls) == 0 {
		r.t.Error("the former leader changed nothing")
	}
	deadline := history.lastRenewal().Add(renewDeadline)
	for _, c := range calls {
		if c.Began.After(deadline) {
			r.t.Errorf("%s began %s after the renew deadline", c.Operation, c.Began.Sub(deadline))
		}
	}
}

// mutations returns the calls by which a replica changed, or wanted to change, the cloud.
func (r *replicas) mutations(of replica) []api.Call {
	r.t.Helper()
	log, err := r.Cloud.Admin().Calls(r.ctx)
	if err != nil {
		r.t.Fatal(err)
	}
	return slices.DeleteFunc(log.Calls, func(c api.Call) bool {
		return !c.Mutating || !strings.HasPrefix(c.UserAgent, of.program+"/")
	})
}

// heldCall returns the log's entry of the call that was held: the leader's first change.
func (r *replicas) heldCall(hold api.Hold) api.Call {
	r.t.Helper()
	for _, c := range r.mutations(r.leader) {
		if c.Operation == hold.Operation {
			return c
		}
	}
	r.t.Fatalf("%s is not in the log", hold.Operation)
	return api.Call{}
}

func (r *replicas) exits(of replica, code int) {
	r.t.Helper()
	r.within(15*time.Second, "the former leader ends", func() error {
		if of.Running() {
			return errors.New("it still runs")
		}
		return nil
	})
	if got := of.ExitCode(); got != code {
		r.t.Errorf("exit code %d, want %d", got, code)
	}
}

// reaches waits until the Service's load balancer is what an undisturbed manager would have made of it.
func (r *replicas) reaches(service string, port int32) {
	r.t.Helper()
	want := fmt.Sprintf("load balancer: TCP %d to http; from everywhere; members n1 n2\n", port)
	r.eventually(fmt.Sprintf("%s has port %d", service, port), func() error {
		got := r.snapshot(service)
		if !strings.Contains(got, "\n"+want) || !strings.HasPrefix(got, "Service: LoadBalancer with finalizer, at its load balancer's addresses\n") || !strings.HasSuffix(got, "\nroutes to n1 n2\n") {
			return fmt.Errorf("cluster and cloud are\n%s\nwant\n%s", got, want)
		}
		return nil
	})
}

func (e *env) lease() *coordinationv1.Lease {
	e.t.Helper()
	l, err := e.Client.CoordinationV1().Leases(metav1.NamespaceSystem).Get(e.ctx, "cloud-controller-manager", metav1.GetOptions{})
	if err != nil {
		return &coordinationv1.Lease{}
	}
	return l
}

func holderOf(l *coordinationv1.Lease) string {
	if l.Spec.HolderIdentity == nil {
		return ""
	}
	return *l.Spec.HolderIdentity
}

// leads returns nil when somebody other than before holds the lease.
func leads(l *coordinationv1.Lease, before string) error {
	if holder := holderOf(l); holder == "" || holder == before {
		return fmt.Errorf("the lease is held by %q", holder)
	}
	return nil
}

// leaseHistory is the versions of the lease since it was begun.
type leaseHistory struct {
	stop func()

	mu       sync.Mutex
	versions []*coordinationv1.Lease
}

func (e *env) watchLease() *leaseHistory {
	e.t.Helper()
	now := e.lease()
	watch, err := e.Client.CoordinationV1().Leases(metav1.NamespaceSystem).Watch(e.ctx,
		metav1.ListOptions{FieldSelector: "metadata.name=cloud-controller-manager", ResourceVersion: now.ResourceVersion})
	if err != nil {
		e.t.Fatal(err)
	}
	h := &leaseHistory{versions: []*coordinationv1.Lease{now}}
	done := make(chan struct{})
	h.stop = sync.OnceFunc(func() { watch.Stop(); <-done })
	go func() { // ends with the watch
		defer close(done)
		for event := range watch.ResultChan() {
			if l, ok := event.Object.(*coordinationv1.Lease); ok {
				h.mu.Lock()
				h.versions = append(h.versions, l)
				h.mu.Unlock()
			}
		}
	}()
	return h
}

// first returns who led at the beginning.
func (h *leaseHistory) first() string { return h.holders()[0] }

func (h *leaseHistory) has(holder string) bool { return slices.Contains(h.holders(), holder) }

// holders returns who held the lease, one after the other.
func (h *leaseHistory) holders() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []string
	for _, v := range h.versions {
		all = append(all, holderOf(v))
	}
	return slices.Compact(all)
}

// lastRenewal returns when the first holder renewed the lease for the last time.
func (h *leaseHistory) lastRenewal() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	var last time.Time
	for _, v := range h.versions {
		if holderOf(v) == holderOf(h.versions[0]) && v.Spec.RenewTime != nil {
			last = v.Spec.RenewTime.Time
		}
	}
	return last
}
