// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelets

import (
	"net/netip"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// runningStatus is the status of a pod all of whose containers run and are ready.
func runningStatus(pod *corev1.Pod, ips []netip.Addr, host netip.Addr, now time.Time) corev1.PodStatus {
	since := metav1.NewTime(now)
	status := *pod.Status.DeepCopy()
	status.Phase = corev1.PodRunning
	status.StartTime = &since
	status.PodIP, status.PodIPs = ips[0].String(), nil
	for _, ip := range ips {
		status.PodIPs = append(status.PodIPs, corev1.PodIP{IP: ip.String()})
	}
	if host.IsValid() {
		status.HostIP, status.HostIPs = host.String(), []corev1.HostIP{{IP: host.String()}}
	}
	status.Conditions = nil
	for _, kind := range []corev1.PodConditionType{corev1.PodScheduled, corev1.PodInitialized, corev1.ContainersReady, corev1.PodReady} {
		status.Conditions = append(status.Conditions, corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: since})
	}
	status.ContainerStatuses = nil
	for _, container := range pod.Spec.Containers {
		started := true
		status.ContainerStatuses = append(status.ContainerStatuses, corev1.ContainerStatus{
			Name: container.Name, Image: container.Image, Ready: true, Started: &started,
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: since}},
		})
	}
	return status
}

// fallbackCIDR is where pods of nodes without a CIDR get their addresses.
const fallbackCIDR = "10.99.0.0/16"

// addressPool holds the pod addresses in use.
type addressPool map[netip.Addr]struct{}

// take returns an unused address out of each CIDR, and marks it as used. The first two addresses of
// a CIDR stay free, for the network and the bridge.
func (a addressPool) take(cidrs []string) []netip.Addr {
	var taken []netip.Addr
	for _, cidr := range cidrs {
		if ip, ok := a.takeOne(cidr); ok {
			taken = append(taken, ip)
		}
	}
	if len(taken) == 0 {
		if ip, ok := a.takeOne(fallbackCIDR); ok {
			taken = append(taken, ip)
		}
	}
	return taken
}

func (a addressPool) takeOne(cidr string) (netip.Addr, bool) {
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil {
		return netip.Addr{}, false
	}
	for ip := prefix.Masked().Addr().Next().Next(); prefix.Contains(ip); ip = ip.Next() {
		if _, used := a[ip]; !used {
			a[ip] = struct{}{}
			return ip, true
		}
	}
	return netip.Addr{}, false
}

func (a addressPool) release(ips []netip.Addr) {
	for _, ip := range ips {
		delete(a, ip)
	}
}
