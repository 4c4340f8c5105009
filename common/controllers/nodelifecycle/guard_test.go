// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package nodelifecycle

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	corelisters "k8s.io/client-go/listers/core/v1"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	cpconfig "k8s.io/cloud-provider/config"
	testclock "k8s.io/utils/clock/testing"

	"sigs.k8s.io/cloud-providers/common/app"
	"sigs.k8s.io/cloud-providers/common/instances"
	"sigs.k8s.io/cloud-providers/common/provider"
)

// cloud answers by node name; what is not in it does not exist.
type cloud struct {
	calls  int
	power  map[string]provider.PowerState
	failed map[string]bool // nodes that the cloud cannot say anything about
	err    error           // of whole calls
	empty  bool            // every instance is "not found", as after a broken credential or an empty list
}

func (c *cloud) InstanceLimits() provider.InstanceLimits {
	return provider.InstanceLimits{BatchSize: 10000, Window: time.Nanosecond}
}

func (c *cloud) LookupInstances(_ context.Context, refs []provider.InstanceRef) ([]provider.InstanceAnswer, error) {
	c.calls++
	if c.err != nil {
		return nil, c.err
	}
	answers := make([]provider.InstanceAnswer, len(refs))
	for i, r := range refs {
		power, exists := c.power[r.NodeName]
		switch {
		case provider.Scheme(r.ProviderID) != "x" && r.ProviderID != "":
			answers[i].State = provider.InstanceForeign
		case c.failed[r.NodeName]:
			answers[i].Err = errors.New("timed out")
		case exists && !c.empty:
			answers[i] = provider.InstanceAnswer{State: provider.InstanceFound, Instance: provider.Instance{Power: power}}
		default:
			answers[i].State = provider.InstanceNotFound
		}
	}
	return answers, nil
}

// world is a cluster in memory with one controller over it. The clock is a test's.
type world struct {
	*controller
	t      *testing.T
	cloud  *cloud
	index  cache.Indexer
	client *fake.Clientset
	clock  *testclock.FakeClock
	events *record.FakeRecorder
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, cloud: &cloud{power: map[string]provider.PowerState{}, failed: map[string]bool{}},
		index: cache.NewIndexer(cache.MetaNamespaceKeyFunc, nil), clock: testclock.NewFakeClock(time.Unix(1e9, 0)),
		client: fake.NewClientset(), events: record.NewFakeRecorder(100000)}
	w.client.PrependReactor("delete", "nodes", func(a clienttesting.Action) (bool, runtime.Object, error) {
		name := a.(clienttesting.DeleteAction).GetName()
		o, _, _ := w.index.GetByKey(name)
		if p := a.(clienttesting.DeleteActionImpl).DeleteOptions.Preconditions; p == nil || *p.UID != o.(*v1.Node).UID || p.ResourceVersion == nil {
			t.Errorf("node %s deleted without preconditions: %v", name, p)
		}
		_ = w.index.Delete(o)
		return true, nil, nil
	})
	view := instances.NewView(&provider.Cloud{Instances: w.cloud}, w.clock)
	w.controller = &controller{
		deps: app.Deps{Config: &cpconfig.CloudControllerManagerConfiguration{}, Instances: view, Clock: w.clock,
			Client: w.client, BulkClient: w.client, Events: w.events},
		options: defaults(), lister: corelisters.NewNodeLister(w.index),
		evidence: map[types.UID]*evidence{}, deleted: map[string][]time.Time{},
	}
	return w
}

func (w *world) add(name, zone string, ready bool) *v1.Node {
	status := v1.ConditionTrue
	if !ready {
		status = v1.ConditionUnknown
	}
	n := &v1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID("uid-" + name), ResourceVersion: "1",
			CreationTimestamp: metav1.NewTime(w.clock.Now().Add(-time.Hour)), Labels: map[string]string{v1.LabelTopologyZone: zone}},
		Spec:   v1.NodeSpec{ProviderID: "x://" + name},
		Status: v1.NodeStatus{Conditions: []v1.NodeCondition{{Type: v1.NodeReady, Status: status, LastTransitionTime: metav1.NewTime(w.clock.Now())}}},
	}
	_ = w.index.Add(n)
	return n
}

// exists puts the machine of a node into the cloud.
func (w *world) exists(name string) { w.cloud.power[name] = provider.PowerRunning }

func (w *world) passes(n int) {
	for range n {
		w.monitor(w.t.Context())
		w.clock.Step(5 * time.Second)
	}
}

func (w *world) left() int { return len(w.index.List()) }

func (w *world) expectEvent(reason string) {
	w.t.Helper()
	for {
		select {
		case e := <-w.events.Events:
			if containsReason(e, reason) {
				return
			}
		default:
			w.t.Errorf("no event %s", reason)
			return
		}
	}
}

func containsReason(event, reason string) bool {
	var kind, got string
	_, _ = fmt.Sscan(event, &kind, &got)
	return got == reason
}

func TestAVanishedMachinesNodeIsDeletedAfterTwoConfirmations(t *testing.T) {
	w := newWorld(t)
	w.add("a", "z", true)
	w.exists("a")
	w.add("b", "z", false)
	w.passes(1)
	if w.left() != 2 {
		t.Fatal("deleted after one answer")
	}
	w.passes(1)
	if w.left() != 1 || w.cloud.calls != 2 {
		t.Errorf("%d nodes left after %d calls, want 1 after 2", w.left(), w.cloud.calls)
	}
	w.expectEvent("DeletingNode")
}

func TestBadAnswersDeleteNothing(t *testing.T) {
	for name, set := range map[string]func(*cloud){
		"an error":                   func(c *cloud) { c.err = errors.New("503") },
		"a refusal":                  func(c *cloud) { c.err = errors.New("403: no permission") },
		"throttling":                 func(c *cloud) { c.err = &provider.ThrottledError{Err: errors.New("429")} },
		"everything is empty":        func(c *cloud) { c.empty = true },
		"no word about the one node": func(c *cloud) { c.failed["bad"] = true },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for i := range 20 {
				w.add(fmt.Sprint("n", i), "z", true)
				w.exists(fmt.Sprint("n", i))
			}
			w.add("bad", "z", false)
			set(w.cloud)
			w.passes(50)
			if w.left() != 21 {
				t.Errorf("%d of 21 nodes left", w.left())
			}
			if w.cloud.empty {
				w.expectEvent("NodeDeletionVoid")
			}
		})
	}
}

func TestAZoneOutageDeletesNothingWhileMachinesExist(t *testing.T) {
	w := newWorld(t)
	for i := range 3000 {
		name, zone := fmt.Sprint("n", i), fmt.Sprint("z", i%3)
		w.add(name, zone, zone != "z0")
		w.exists(name)
	}
	w.passes(12)
	if w.left() != 3000 {
		t.Errorf("%d of 3,000 nodes left", w.left())
	}
	if w.cloud.calls != 12 {
		t.Errorf("%d calls in 12 passes, want one per pass for all 1,000", w.cloud.calls)
	}
	w.clock.Step(10 * time.Minute)
	before := w.cloud.calls
	w.passes(12)
	if n := w.cloud.calls - before; n > 2 {
		t.Errorf("%d calls in a minute after five without change, want at most 2", n)
	}
}

func TestAZoneWithoutAnyReadyNodePausesBeyondTheLimit(t *testing.T) {
	w := newWorld(t)
	for i := range 3000 {
		name, zone := fmt.Sprint("n", i), fmt.Sprint("z", i%3)
		w.add(name, zone, zone != "z0")
		if zone != "z0" { // the cloud has lost sight of zone z0
			w.exists(name)
		}
	}
	w.passes(20)
	if deleted := 3000 - w.left(); deleted != 600 {
		t.Errorf("%d nodes deleted, want 600: 20 %% of 3,000", deleted)
	}
	w.expectEvent("NodeDeletionPaused")

	var name string
	for _, o := range w.index.List() { // the operator approves one
		if n := o.(*v1.Node); n.Labels[v1.LabelTopologyZone] == "z0" {
			n = n.DeepCopy()
			n.Annotations = map[string]string{approveDeletion: string(n.UID)}
			_ = w.index.Update(n)
			name = n.Name
			break
		}
	}
	before := w.left()
	w.passes(1)
	if _, there, _ := w.index.GetByKey(name); there || w.left() != before-1 {
		t.Errorf("after the approval of %s %d nodes are left, want %d", name, w.left(), before-1)
	}

	w.add("new", "z0", true) // the pool scales up again: a control
	w.exists("new")
	w.passes(3)
	if w.left() != 2001 {
		t.Errorf("%d nodes left, want 2,001: with a control there is no limit", w.left())
	}
}

func TestScalingInMostOfAClusterGoesThroughAtOnce(t *testing.T) {
	w := newWorld(t)
	for i := range 1000 {
		name := fmt.Sprint("n", i)
		w.add(name, fmt.Sprint("z", i%3), i >= 800)
		if i >= 800 {
			w.exists(name)
		}
	}
	w.passes(2)
	if w.left() != 200 || w.cloud.calls != 2 {
		t.Errorf("%d nodes left after %d calls, want 200 after 2", w.left(), w.cloud.calls)
	}
}

func TestWhoIsSpared(t *testing.T) {
	for name, change := range map[string]func(*v1.Node){
		"a young node":      func(n *v1.Node) { n.CreationTimestamp = metav1.NewTime(n.CreationTimestamp.Add(59 * time.Minute)) },
		"a foreign node":    func(n *v1.Node) { n.Spec.ProviderID = "y://1" },
		"one without an ID": func(n *v1.Node) { n.Spec.ProviderID = "" },
		"a ready node":      func(n *v1.Node) { n.Status.Conditions[0].Status = v1.ConditionTrue },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.add("a", "z", true)
			w.exists("a")
			change(w.add("b", "z", false))
			w.passes(6)
			if w.left() != 2 {
				t.Error("it was deleted")
			}
		})
	}
	t.Run("not an uninitialised node that the cloud does not know by name", func(t *testing.T) {
		w := newWorld(t)
		w.add("a", "z", true)
		w.exists("a")
		n := w.add("b", "z", false)
		n.Spec.ProviderID = ""
		n.Spec.Taints = []v1.Taint{{Key: "node.cloudprovider.kubernetes.io/uninitialized"}}
		w.passes(2)
		if w.left() != 1 {
			t.Error("it was kept")
		}
	})
}

func TestNodesOfAnotherManagerAreSpared(t *testing.T) {
	for lease, left := range map[string]int{"cloud-controller-manager": 1, "ccm-of-its-own": 2} {
		w := newWorld(t)
		w.options = w.options.resolve(lease)
		w.add("a", "z", true)
		w.exists("a")
		n := w.add("b", "z", false)
		n.Spec.ProviderID = ""
		n.Spec.Taints = []v1.Taint{{Key: "node.cloudprovider.kubernetes.io/uninitialized"}}
		w.passes(3)
		if w.left() != left {
			t.Errorf("with the lease %s %d nodes are left, want %d", lease, w.left(), left)
		}
	}
}

func TestOneFoundAnswerStartsTheCountAgain(t *testing.T) {
	w := newWorld(t)
	w.add("a", "z", true)
	w.exists("a")
	w.add("b", "z", false)
	for range 5 {
		w.passes(1)
		w.exists("b")
		w.passes(1)
		delete(w.cloud.power, "b")
	}
	if w.left() != 2 {
		t.Error("deleted though the answers never agreed")
	}
}

func TestTheShutdownTaintFollowsThePower(t *testing.T) {
	w := newWorld(t)
	n := w.add("a", "z", false)
	w.cloud.power["a"] = provider.PowerStopped
	_ = w.client.Tracker().Add(n)
	w.passes(1)
	live, err := w.client.CoreV1().Nodes().Get(t.Context(), "a", metav1.GetOptions{})
	if err != nil || len(live.Spec.Taints) != 1 || live.Spec.Taints[0].Key != "node.cloudprovider.kubernetes.io/shutdown" || live.Spec.Taints[0].Effect != v1.TaintEffectNoSchedule {
		t.Fatalf("taints %v, %v", live.Spec.Taints, err)
	}
	live.Status.Conditions[0].Status = v1.ConditionTrue
	live.ResourceVersion = "1"
	_ = w.index.Update(live)
	w.passes(1)
	if live, _ = w.client.CoreV1().Nodes().Get(t.Context(), "a", metav1.GetOptions{}); len(live.Spec.Taints) != 0 {
		t.Errorf("taints of a Ready node: %v", live.Spec.Taints)
	}
}
