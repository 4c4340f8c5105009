// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/client-go/informers"
	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/component-base/metrics/prometheus/controllers"
	"k8s.io/component-base/version"
	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/instances"
	"sigs.k8s.io/cloud-providers/common/provider"
)

// manager is one run of a program.
type manager struct {
	*settings
	clients   *clients
	events    *events
	states    *states
	endpoints *endpoints
	informers informers.SharedInformerFactory
	renewals  *renewals
	metrics   *controllers.ControllerManagerMetrics
	// newLock makes the lock of a lease; tests replace it.
	newLock func(name string, recorder resourcelock.EventRecorder) (resourcelock.Interface, error)

	// What /readyz tells.
	apiserver, cloudReached, caches *condition

	// stopping is set by the first step of a stop, mayRelease when no work runs any more, authReady when
	// clients can be authenticated.
	stopping, mayRelease, authReady atomic.Bool

	// The contexts, in the order in which they end; see stop.
	accept, work, elections, background                     context.Context
	stopAccepting, cancelWork, endElections, stopBackground context.CancelFunc
	// What runs under them.
	workers, electors, services sync.WaitGroup
	// failed gets the error that ends the process.
	failed chan error

	// Set once, by initialiseCloud.
	initOnce  sync.Once
	cloudView *provider.Cloud
	instances *instances.View
}

func newManager(s *settings) *manager {
	controllers.Register()
	st := newStates()
	m := &manager{
		settings: s, events: &events{}, states: st, endpoints: newEndpoints(st),
		renewals:     newRenewals(s.gate, s.config.Generic.LeaderElection.RenewDeadline.Duration),
		metrics:      controllers.NewControllerManagerMetrics(s.program.component()),
		apiserver:    newCondition("the API server has not been reached yet"),
		cloudReached: newCondition("the cloud has not been reached yet"),
		caches:       &condition{err: errWaiting},
		failed:       make(chan error, 16),
	}
	m.newLock = func(name string, recorder resourcelock.EventRecorder) (resourcelock.Interface, error) {
		return newLock(s.kubeconfig, s.config.Generic.LeaderElection, name, s.identity, recorder)
	}
	return m
}

// run works until ctx ends (nil) or something fails for good.
func (m *manager) run(ctx context.Context) error {
	m.openContexts(ctx)
	defer m.closeContexts()
	if err := m.construct(ctx); err != nil {
		return err
	}
	klog.FromContext(ctx).Info("Starting", "program", m.program.Name, "version", version.Get().GitVersion, "identity", m.identity)
	if m.config.KubeCloudShared.ExternalCloudVolumePlugin != "" {
		klog.FromContext(ctx).Info("--external-cloud-volume-plugin has no effect: CSI drivers do what it was for")
	}
	if err := m.serve(); err != nil {
		return err
	}
	m.goWork(m.lead)
	var err error
	select {
	case <-ctx.Done():
	case err = <-m.failed:
	}
	return m.stop(err)
}

// openContexts makes contexts that do not end with ctx: stop ends them one after the other.
func (m *manager) openContexts(ctx context.Context) {
	base := context.WithoutCancel(ctx)
	m.background, m.stopBackground = context.WithCancel(base)
	m.elections, m.endElections = context.WithCancel(base)
	m.work, m.cancelWork = context.WithCancel(base)
	m.accept, m.stopAccepting = context.WithCancel(base)
}

// closeContexts ends whatever is left, also after an error at start.
func (m *manager) closeContexts() {
	m.stopAccepting()
	m.cancelWork()
	m.endElections()
	m.stopBackground()
}

// construct makes everything that needs no network. Its errors are mistakes in the configuration.
func (m *manager) construct(ctx context.Context) error {
	if err := m.newCloud(ctx, rest.DefaultKubernetesUserAgent()); err != nil {
		return err
	}
	var err error
	if m.clients, err = newClients(m.settings); err != nil {
		return err
	}
	client, err := m.clients.own("shared-informers")
	if err != nil {
		return err
	}
	m.informers = newInformers(client, m.resyncPeriod(), m.cloud)
	return nil
}

// resyncPeriod spreads --min-resync-period, so that caches do not resync in step.
func (m *manager) resyncPeriod() time.Duration {
	return time.Duration(float64(m.config.Generic.MinResyncPeriod.Duration) * (1 + rand.Float64()))
}

// lead gets the process to work: reach API server and cloud, win the lease, start controllers.
func (m *manager) lead(ctx context.Context) error {
	if err := m.reach(ctx); err != nil || ctx.Err() != nil {
		return err
	}
	main, err := m.elect(m.config.Generic.LeaderElection.ResourceName, "leaderElection")
	if err != nil {
		return err
	}
	if !m.await(ctx, main) {
		return nil
	}
	if m.placed == nil {
		return m.start(ctx, m.program.Controllers)
	}
	if err := m.start(ctx, inPlace(m.program.Controllers, m.placed, placedMain)); err != nil {
		return err
	}
	// The migration lease is tried for only while the main lease is held (KEP-2436).
	migration, err := m.elect(m.config.Generic.LeaderMigration.LeaderName, "leaderElection-migration")
	if err != nil {
		return err
	}
	if !m.await(ctx, migration) {
		return nil
	}
	return m.start(ctx, inPlace(m.program.Controllers, m.placed, placedMigration))
}

// reach waits for API server and cloud. Standbys do so too: one that cannot lead should not try.
func (m *manager) reach(ctx context.Context) error {
	client, err := m.clients.own(m.program.component())
	if err != nil {
		return err
	}
	wait := retry{what: "reaching the API server", from: time.Second, to: 5 * time.Second, report: m.apiserver.set}
	if err := wait.do(ctx, func(ctx context.Context) error { return reachable(ctx, client) }); err != nil || ctx.Err() != nil {
		return err
	}
	prober, ok := m.cloud.(provider.Prober)
	if !ok {
		m.cloudReached.set(nil)
		return nil
	}
	wait = retry{what: "reaching the cloud", from: time.Second, to: 30 * time.Second, report: m.cloudReached.set, final: isConfigError}
	if err := wait.do(ctx, prober.Probe); err != nil {
		return fmt.Errorf("cloud provider %s: %w", m.program.ProviderName, err)
	}
	return nil
}

// errWaiting is the state of the caches of a standby.
var errWaiting = errors.New("empty until this process leads")

func isConfigError(err error) bool {
	var c *provider.ConfigError
	return errors.As(err, &c)
}

// elect joins the contest for a lease; nil without leader election.
func (m *manager) elect(name, healthName string) (*election, error) {
	l := m.config.Generic.LeaderElection
	if !l.LeaderElect {
		return nil, nil
	}
	client, err := m.clients.own(m.program.component())
	if err != nil {
		return nil, err
	}
	recorder := m.events.recorder(m.background, client, m.program.component())
	lock, err := m.newLock(name, recorder)
	if err != nil {
		return nil, err
	}
	timed := &timedLock{Interface: lock, seen: m.sawAPIServer, mayRelease: &m.mayRelease,
		renewed: func(sent time.Time) { m.renewals.renewed(name, sent) }}
	e, err := newElection(l, name, timed, m.renewals)
	if err != nil {
		return nil, err
	}
	m.endpoints.healthz.add(check{healthName, e.health.Check})
	m.endpoints.livez.add(check{healthName, e.health.Check})
	m.goOwned(&m.electors, func() error { return e.run(m.elections) })
	m.goOwned(&m.electors, func() error { return e.watch(m.elections) })
	return e, nil
}

// await waits until this process leads, and reports whether it does.
func (m *manager) await(ctx context.Context, e *election) bool {
	if e == nil {
		return true
	}
	select {
	case <-e.acquired:
		return true
	case <-ctx.Done():
		return false
	}
}

// goWork runs part of the work; it counts as running work until it returns.
func (m *manager) goWork(f func(context.Context) error) {
	m.goOwned(&m.workers, func() error { return f(m.accept) })
}

// goOwned runs f in a goroutine of a group. An error or a panic stops the manager.
func (m *manager) goOwned(group *sync.WaitGroup, f func() error) {
	group.Add(1)
	go func() {
		defer group.Done()
		if err := guarded(f); err != nil {
			select {
			case m.failed <- err:
			default: // a failure is already being handled
			}
		}
	}()
}

// newDeps makes what a controller is made from.
func (m *manager) newDeps(client, bulk clientset.Interface) Deps {
	return Deps{
		Config: m.config, Cloud: m.cloudView, Instances: m.instances,
		Client: client, BulkClient: bulk, BulkInFlight: m.clients.bulkInFlight,
		Informers: m.informers, Clock: realClock, Gate: m.gate, Features: m.options.gates,
		ResyncPeriod: m.resyncPeriod,
	}
}

// statusLines is what /statusz says of leadership and readiness.
func (m *manager) statusLines(w io.Writer) {
	fmt.Fprintf(w, "Provider: %s\nIdentity: %s\n", m.program.ProviderName, m.identity)
	for _, c := range []struct {
		name string
		err  error
	}{{"API server", m.apiserver.get()}, {"Cloud", m.cloudReached.get()}, {"Caches", m.caches.get()}} {
		state := "ok"
		if c.err != nil {
			state = strings.ReplaceAll(c.err.Error(), "\n", " ")
		}
		fmt.Fprintf(w, "%s: %s\n", c.name, state)
	}
}
