// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelets

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	coreinformers "k8s.io/client-go/informers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
)

// podWorkers is how many pods are started or ended at once.
const podWorkers = 8

// byNode is the index of pods by the node that they are bound to.
const byNode = "node"

// pods runs the pods that are bound to the fleet's machines.
type pods struct {
	fleet   *Fleet
	network *network
	indexer cache.Indexer
	queue   workqueue.TypedRateLimitingInterface[string]

	mu      sync.Mutex
	ips     addressPool
	running map[string]*runningPod // by namespace/name
}

// runningPod is a pod with its open ports.
type runningPod struct {
	uid        types.UID
	machine    *machine
	ips        []netip.Addr
	responders map[podPort]*responder
}

func newPods(f *Fleet, network *network, informer coreinformers.PodInformer) (*pods, error) {
	p := &pods{
		fleet:   f,
		network: network,
		indexer: informer.Informer().GetIndexer(),
		queue: workqueue.NewTypedRateLimitingQueue(
			workqueue.NewTypedItemExponentialFailureRateLimiter[string](20*time.Millisecond, time.Second)),
		ips:     addressPool{},
		running: map[string]*runningPod{},
	}
	err := informer.Informer().AddIndexers(cache.Indexers{byNode: func(object any) ([]string, error) {
		return []string{object.(*corev1.Pod).Spec.NodeName}, nil
	}})
	if err != nil {
		return nil, fmt.Errorf("indexing pods by node: %w", err)
	}
	_, err = informer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    p.enqueue,
		UpdateFunc: func(_, object any) { p.enqueue(object) },
		DeleteFunc: p.enqueue,
	})
	if err != nil {
		return nil, fmt.Errorf("watching pods: %w", err)
	}
	return p, nil
}

func (p *pods) enqueue(object any) {
	if key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(object); err == nil {
		p.queue.Add(key)
	}
}

// enqueueNode looks again at all pods of a node.
func (p *pods) enqueueNode(node string) {
	bound, err := p.indexer.ByIndex(byNode, node)
	if err != nil {
		panic(err) // the index exists
	}
	for _, pod := range bound {
		p.enqueue(pod)
	}
}

// run works until the context ends; then it ends all pods.
func (p *pods) run(ctx context.Context) {
	var workers sync.WaitGroup
	for range podWorkers {
		workers.Go(func() {
			for p.next(ctx) {
			}
		})
	}
	<-ctx.Done()
	p.queue.ShutDown()
	workers.Wait()
	for key := range p.running { // nobody else is left
		p.end(key)
	}
}

func (p *pods) next(ctx context.Context) bool {
	key, shutdown := p.queue.Get()
	if shutdown {
		return false
	}
	defer p.queue.Done(key)
	if err := p.sync(ctx, key); err != nil {
		if ctx.Err() == nil && !apierrors.IsConflict(err) {
			klog.FromContext(ctx).Error(err, "A pod has to wait", "pod", key)
		}
		p.queue.AddRateLimited(key)
		return true
	}
	p.queue.Forget(key)
	return true
}

// sync makes the pod run, or end, as its object says.
func (p *pods) sync(ctx context.Context, key string) error {
	object, exists, err := p.indexer.GetByKey(key)
	if err != nil {
		return err
	}
	if !exists {
		p.end(key)
		return nil
	}
	pod := object.(*corev1.Pod)
	m := p.fleet.machine(pod.Spec.NodeName)
	if m == nil { // not ours, or its machine is gone
		p.end(key)
		return nil
	}
	m.mu.Lock()
	silent := m.silent
	m.mu.Unlock()
	switch {
	case silent: // without kubelet, what runs goes on running
		return nil
	case pod.DeletionTimestamp != nil:
		p.end(key)
		return p.finalise(ctx, pod)
	case pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed:
		p.end(key)
		return nil
	}
	running, err := p.begin(key, pod, m)
	if err != nil {
		return err
	}
	return p.report(ctx, pod, running)
}

// finalise tells the API server that nothing of the pod is left.
func (p *pods) finalise(ctx context.Context, pod *corev1.Pod) error {
	options := metav1.NewDeleteOptions(0)
	options.Preconditions = &metav1.Preconditions{UID: &pod.UID}
	err := p.fleet.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, *options)
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return fmt.Errorf("finalising pod: %w", err)
	}
	return nil
}

// begin opens the pod's ports, unless it runs already.
func (p *pods) begin(key string, pod *corev1.Pod, m *machine) (*runningPod, error) {
	if running := p.get(key); running != nil {
		if running.uid == pod.UID && running.machine == m {
			return running, nil
		}
		p.end(key) // an earlier pod or machine of the name
	}
	running := &runningPod{uid: pod.UID, machine: m, ips: p.podIPs(pod, m), responders: map[podPort]*responder{}}
	if len(running.ips) == 0 {
		return nil, fmt.Errorf("node %s has no address left for a pod", m.Name)
	}
	if err := p.open(running, pod); err != nil {
		p.finish(running)
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running[key] = running
	return running, nil
}

// open opens the ports of all containers under all of the pod's addresses.
func (p *pods) open(running *runningPod, pod *corev1.Pod) error {
	for _, container := range pod.Spec.Containers {
		for _, port := range container.Ports {
			if port.Protocol != corev1.ProtocolTCP && port.Protocol != corev1.ProtocolUDP {
				continue
			}
			r, err := newResponder(pod.Spec.NodeName, pod.Name, port.Protocol)
			if err != nil {
				return err
			}
			for _, ip := range running.ips {
				at := podPort{netip.AddrPortFrom(ip, uint16(port.ContainerPort)), port.Protocol}
				running.responders[at] = r
				p.network.add(at, r)
			}
		}
	}
	return nil
}

func (p *pods) get(key string) *runningPod {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running[key]
}

func (p *pods) end(key string) {
	p.mu.Lock()
	running := p.running[key]
	delete(p.running, key)
	p.mu.Unlock()
	if running != nil {
		p.finish(running)
	}
}

// finish closes the pod's ports and gives its addresses back.
func (p *pods) finish(running *runningPod) {
	for at := range running.responders {
		p.network.remove(at)
	}
	for _, responder := range running.responders {
		responder.close()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ips.release(running.ips)
}

// podIPs gives a pod an address out of each of the node's CIDRs; that of the host if it asks for it.
func (p *pods) podIPs(pod *corev1.Pod, m *machine) []netip.Addr {
	if host := hostIP(m.Machine); pod.Spec.HostNetwork && host.IsValid() {
		return []netip.Addr{host}
	}
	var cidrs []string
	if node, ok, err := p.fleet.nodes.GetByKey(m.Name); err == nil && ok {
		cidrs = node.(*corev1.Node).Spec.PodCIDRs
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ips.take(cidrs)
}

// report writes that the pod runs and is ready, once: what a test changes afterwards, such as its
// readiness, stays.
func (p *pods) report(ctx context.Context, pod *corev1.Pod, running *runningPod) error {
	if pod.Status.Phase == corev1.PodRunning && pod.Status.PodIP == running.ips[0].String() {
		return nil
	}
	pod = pod.DeepCopy()
	pod.Status = runningStatus(pod, running.ips, hostIP(running.machine.Machine), time.Now())
	_, err := p.fleet.client.CoreV1().Pods(pod.Namespace).UpdateStatus(ctx, pod, metav1.UpdateOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("reporting that the pod runs: %w", err)
	}
	return nil
}
