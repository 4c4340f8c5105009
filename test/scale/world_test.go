// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build scale

package scale

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/workqueue"

	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/test/cluster"
	"sigs.k8s.io/cloud-providers/test/cluster/kubelets"
	"sigs.k8s.io/cloud-providers/test/cluster/loopback"
	"sigs.k8s.io/cloud-providers/test/process"
	"sigs.k8s.io/cloud-providers/test/system"
)

// clusterCIDR has room for 8192 nodes.
const clusterCIDR = "10.128.0.0/11"

// world is a fresh control plane and cloud for one contender.
type world struct {
	t         *testing.T
	ctx       context.Context
	settings  Settings
	contender Contender
	dir       string
	group     *process.Group
	cluster   *cluster.Cluster
	client    kubernetes.Interface
	cloud     *system.Cloud
	fleet     *kubelets.Fleet
	watch     *watch
	manager   *system.Manager
	args      []string // of the manager
	address   netip.Addr
	services  int
	standbys  int
}

// newWorld starts all but a manager. It ends with the test.
func newWorld(t *testing.T, s Settings, c Contender, nodes int, ipam bool) *world {
	t.Helper()
	w := &world{
		t: t, ctx: t.Context(), settings: s, contender: c, dir: t.TempDir(),
		group: process.NewGroup(),
	}
	ctx := context.WithoutCancel(t.Context()) // the clean-up needs what the test's context would end
	t.Cleanup(w.stop)
	options := cluster.Options{Audit: true, DisableNodeIPAM: !ipam, NodeMonitorGracePeriod: 5 * time.Minute}
	if ipam {
		options.ExtraControllerManagerArgs = []string{"--cluster-cidr=" + clusterCIDR}
		w.args = append(w.args, "--cluster-cidr="+clusterCIDR)
	} else {
		w.args = append(w.args, "--configure-cloud-routes=false")
	}
	var err error
	if w.cluster, err = cluster.Start(ctx, options); err != nil {
		t.Fatal(err)
	}
	w.client = w.cluster.AdminClient()
	if err := permit(ctx, w.client, c); err != nil {
		t.Fatal(err)
	}
	if w.address, err = loopback.Reserve(); err != nil {
		t.Fatal(err)
	}
	if w.cloud, err = system.StartCloud(ctx, w.group, programs.Cloud, system.CloudOptions{Dir: filepath.Join(w.dir, "cloud"), Addresses: 4096}); err != nil {
		t.Fatal(err)
	}
	w.faults()
	w.startFleet(ctx, nodes)
	return w
}

func (w *world) startFleet(ctx context.Context, nodes int) {
	admin, err := w.cluster.RESTConfig(cluster.AdminUser, cluster.AdminGroup)
	if err != nil {
		w.t.Fatal(err)
	}
	lease := 10 * time.Second
	if nodes >= 1000 {
		lease = 30 * time.Second
	}
	if w.fleet, err = kubelets.New(ctx, kubelets.Options{RESTConfig: admin, LeasePeriod: lease}); err != nil {
		w.t.Fatal(err)
	}
	if w.watch, err = newWatch(ctx, admin); err != nil {
		w.t.Fatal(err)
	}
}

// permit gives our manager what its controllers say that they need, and the stock one everything: it
// does not say.
func permit(ctx context.Context, client kubernetes.Interface, c Contender) error {
	if err := system.Permit(ctx, client); err != nil || c != Stock {
		return err
	}
	_, err := client.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "stock"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: system.ManagerUser}},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
	}, metav1.CreateOptions{})
	return err
}

func (w *world) stop() {
	if w.t.Failed() && w.manager != nil {
		w.t.Logf("the manager's log ends:\n%s", w.manager.LogTail(40))
	}
	if w.watch != nil {
		w.watch.stop()
	}
	if w.fleet != nil {
		if err := w.fleet.Stop(); err != nil {
			w.t.Error(err)
		}
	}
	w.group.Stop()
	if w.cluster != nil {
		if err := w.cluster.Stop(); err != nil {
			w.t.Error(err)
		}
	}
}

// faults sets what disturbs the cloud, and behind it the latency.
func (w *world) faults(faults ...api.Fault) {
	w.t.Helper()
	if w.settings.Latency > 0 {
		faults = append(faults, api.Fault{Action: api.FaultDelay, Latency: api.Duration(w.settings.Latency)})
	}
	if err := w.cloud.Admin().SetFaults(w.ctx, faults...); err != nil {
		w.t.Fatal(err)
	}
}

// startManager starts the contender's manager and returns when its process runs.
func (w *world) startManager() *system.Manager {
	w.t.Helper()
	program := programs.Manager
	if w.contender == Stock {
		program = stockProgram
	}
	w.standbys++
	m, err := system.StartManager(w.ctx, w.group, program, w.cluster, w.cloud.URL, system.ManagerOptions{
		Dir: filepath.Join(w.dir, fmt.Sprint("manager-", w.standbys)), Args: w.args, NoWait: true,
		// Nobody answers health checks here; they shall not be work.
		CloudConfig: fmt.Sprintf("endpoint: %s\nloadBalancer:\n  healthCheckInterval: 1h\n", w.cloud.URL),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

// machines creates machines in the cloud and returns their kubelets.
func (w *world) machines(prefix string, n int) []kubelets.Machine {
	w.t.Helper()
	var machines []api.Machine
	var nodes []kubelets.Machine
	for i := range n {
		w.address = w.address.Next()
		name := fmt.Sprintf("%s-%d", prefix, i)
		machines = append(machines, api.Machine{
			ID: "id-" + name, Name: name, Region: "local", Zone: fmt.Sprint("zone-", i%3), Type: "small", State: api.MachineRunning,
			Addresses: []api.MachineAddress{{Type: api.InternalIP, Address: w.address.String()}},
		})
		nodes = append(nodes, kubelets.Machine{Name: name})
	}
	for len(machines) > 0 {
		some := min(1000, len(machines))
		if _, err := w.cloud.Admin().CreateMachines(w.ctx, machines[:some]...); err != nil {
			w.t.Fatal(err)
		}
		machines = machines[some:]
	}
	return nodes
}

// register starts kubelets, which register their nodes.
func (w *world) register(nodes []kubelets.Machine) {
	w.t.Helper()
	if err := w.fleet.Add(w.ctx, nodes...); err != nil {
		w.t.Fatal(err)
	}
}

// setReady makes kubelets report so.
func (w *world) setReady(names []string, ready bool) {
	w.t.Helper()
	var mu sync.Mutex
	var failed error
	workqueue.ParallelizeUntil(w.ctx, 16, len(names), func(i int) {
		if err := w.fleet.SetReady(w.ctx, names[i], ready); err != nil {
			mu.Lock()
			failed = err
			mu.Unlock()
		}
	})
	if failed != nil {
		w.t.Fatal(failed)
	}
}

// within polls until done returns true; after the limit it ends the test.
func (w *world) within(limit time.Duration, what string, done func() bool) {
	w.t.Helper()
	deadline := time.After(limit)
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			w.t.Fatalf("not within %s: %s", limit, what)
		case <-w.ctx.Done():
			w.t.Fatal(w.ctx.Err())
		}
	}
}

// watchFor lets time pass.
func (w *world) watchFor(d time.Duration) {
	w.t.Helper()
	select {
	case <-time.After(d):
	case <-w.ctx.Done():
		w.t.Fatal(w.ctx.Err())
	}
}

// quiet waits until the cloud has not been called for some time.
func (w *world) quiet(silence, limit time.Duration) {
	w.t.Helper()
	last, since := -1, time.Now()
	deadline := time.Now().Add(limit)
	for time.Since(since) < silence {
		w.watchFor(500 * time.Millisecond)
		log, err := w.cloud.Admin().Calls(w.ctx)
		if err != nil {
			w.t.Fatal(err)
		}
		if log.Total != last {
			last, since = log.Total, time.Now()
		}
		if time.Now().After(deadline) {
			w.t.Logf("the cloud is still being called after %s", limit)
			return
		}
	}
}

// holder returns who holds the lease.
func (w *world) holder() string {
	lease, err := w.client.CoordinationV1().Leases(metav1.NamespaceSystem).Get(w.ctx, "cloud-controller-manager", metav1.GetOptions{})
	if err != nil || lease.Spec.HolderIdentity == nil {
		return ""
	}
	return *lease.Spec.HolderIdentity
}

// keep copies a manager's log to where its profile is, for later.
func (w *world) keep(name string) {
	if w.settings.Profile == "" || w.manager == nil {
		return
	}
	content, err := os.ReadFile(w.manager.LogPath)
	if err == nil {
		err = os.WriteFile(filepath.Join(w.settings.Profile, name+".log"), content, 0o644)
	}
	if err != nil {
		w.t.Log(err)
	}
}
