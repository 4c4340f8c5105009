// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelets

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	corelisters "k8s.io/client-go/listers/core/v1"
	discoverylisters "k8s.io/client-go/listers/discovery/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// traffic is the kube-proxies and the pods of all machines.
type traffic struct {
	fleet    *Fleet
	services corelisters.ServiceLister
	slices   discoverylisters.EndpointSliceLister
	network  *network
	pods     *pods
	changed  chan struct{} // something that wantedPorts reads

	mu      sync.Mutex
	closed  bool
	healthz map[string]func() // by machine; closes
	owned   sync.WaitGroup
}

func newTraffic(f *Fleet, factory informers.SharedInformerFactory) (*traffic, error) {
	services, slices := factory.Core().V1().Services(), factory.Discovery().V1().EndpointSlices()
	t := &traffic{
		fleet:    f,
		services: services.Lister(),
		slices:   slices.Lister(),
		network:  newNetwork(),
		changed:  make(chan struct{}, 1),
		healthz:  map[string]func(){},
	}
	anything := cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { t.change() },
		UpdateFunc: func(any, any) { t.change() },
		DeleteFunc: func(any) { t.change() },
	}
	for _, informer := range []cache.SharedIndexInformer{services.Informer(), slices.Informer()} {
		if _, err := informer.AddEventHandler(anything); err != nil {
			return nil, fmt.Errorf("watching Services and EndpointSlices: %w", err)
		}
	}
	var err error
	t.pods, err = newPods(f, t.network, factory.Core().V1().Pods())
	return t, err
}

func (t *traffic) run(ctx context.Context) {
	t.fleet.owned.Go(func() { t.runPorts(ctx) })
	t.fleet.owned.Go(func() { t.pods.run(ctx) })
}

// change makes runPorts look at everything again.
func (t *traffic) change() {
	select {
	case t.changed <- struct{}{}:
	default: // it will
	}
}

// runPorts opens and closes ports until the context ends; then it closes all.
func (t *traffic) runPorts(ctx context.Context) {
	opened := map[portKey]*openPort{}
	defer func() {
		for _, port := range opened {
			port.stop()
		}
		t.closeHealthz()
	}()
	for {
		retry := t.syncPorts(ctx, opened)
		select {
		case <-t.changed:
		case <-retry:
		case <-ctx.Done():
			return
		}
	}
}

// syncPorts makes the open ports those that are wanted. It returns a channel that says when to try
// those again that could not be opened, nil if there are none.
func (t *traffic) syncPorts(ctx context.Context, opened map[portKey]*openPort) <-chan time.Time {
	services, err := t.services.List(labels.Everything())
	if err != nil {
		panic(err) // listing from memory does not fail
	}
	slices, err := t.slices.List(labels.Everything())
	if err != nil {
		panic(err)
	}
	machines := t.fleet.specs()
	addresses := map[string]netip.Addr{}
	for _, m := range machines {
		addresses[m.Name] = m.Address
	}
	wanted := wantedPorts(services, slices, machines)
	for key, port := range opened {
		if _, ok := wanted[key]; !ok {
			port.stop()
			delete(opened, key)
		}
	}
	var retry <-chan time.Time
	for key, b := range wanted {
		if port := opened[key]; port != nil && port.machine == addresses[key.machine] {
			port.backend.Store(&b)
			continue
		} else if port != nil { // another machine of the same name
			port.stop()
			delete(opened, key)
		}
		port, err := open(key, addresses[key.machine], b, t.network)
		if err != nil {
			klog.FromContext(ctx).Error(err, "A port stays closed for now", "node", key.machine, "service", b.service)
			retry = time.After(retryPeriod)
			continue
		}
		opened[key] = port
	}
	return retry
}

// machineAdded opens kube-proxy's health port and looks at the machine's pods and ports.
func (t *traffic) machineAdded(m *machine) error {
	if m.Address.IsValid() {
		if err := t.openHealthz(m); err != nil {
			return err
		}
	}
	t.change()
	t.pods.enqueueNode(m.Name)
	return nil
}

func (t *traffic) openHealthz(m *machine) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return fmt.Errorf("adding machine %s: the fleet has been stopped", m.Name)
	}
	listener, err := net.Listen("tcp", netip.AddrPortFrom(m.Address, HealthzPort).String())
	if err != nil {
		return fmt.Errorf("opening the health port of machine %s (give each machine of all fleets an address of its own, see FirstAddress): %w", m.Name, err)
	}
	t.healthz[m.Name] = serveHTTP(&t.owned, listener, healthzHandler(func() bool {
		node, ok, err := t.fleet.nodes.GetByKey(m.Name)
		return err != nil || !ok || eligible(node.(*corev1.Node)) // not having heard of it yet is no reason
	}))
	return nil
}

func (t *traffic) machineGone(m *machine) {
	t.mu.Lock()
	closeHealthz := t.healthz[m.Name]
	delete(t.healthz, m.Name)
	t.mu.Unlock()
	if closeHealthz != nil {
		closeHealthz()
	}
	t.change()
	t.pods.enqueueNode(m.Name)
}

func (t *traffic) closeHealthz() {
	t.mu.Lock()
	t.closed = true
	for _, closeOne := range t.healthz {
		closeOne()
	}
	clear(t.healthz)
	t.mu.Unlock()
	t.owned.Wait()
}

// specs returns all machines as they were added.
func (f *Fleet) specs() []Machine {
	f.mu.RLock()
	defer f.mu.RUnlock()
	all := make([]Machine, 0, len(f.machines))
	for _, m := range f.machines {
		all = append(all, m.Machine)
	}
	return all
}

// PodAddress returns the loopback address behind a port of a pod, for load balancers that send to pods
// without a node port: pod addresses don't route.
func (f *Fleet) PodAddress(pod netip.AddrPort, protocol corev1.Protocol) (netip.AddrPort, bool) {
	if f.traffic == nil {
		return netip.AddrPort{}, false
	}
	r := f.traffic.network.find(pod, protocol)
	if r == nil {
		return netip.AddrPort{}, false
	}
	return r.real, true
}
