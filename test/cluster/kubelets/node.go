// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelets

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"runtime"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// What kubelet of 1.37 and its cloud provider mode write. The constants of k8s.io/cloud-provider/api
// are spelled out so that this does not depend on the code under test.
const (
	cloudTaint           = "node.cloudprovider.kubernetes.io/uninitialized"
	providedIPAnnotation = "alpha.kubernetes.io/provided-node-ip"
	attachAnnotation     = "volumes.kubernetes.io/controller-managed-attach-detach"
	kubeletVersion       = "v1.37.1"
	maxPods              = 110
)

// newNode returns the Node that kubelet registers.
func newNode(m Machine, ready bool, now time.Time) *corev1.Node {
	node := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: m.Name,
			Labels: map[string]string{
				corev1.LabelHostname:      m.Name,
				corev1.LabelOSStable:      runtime.GOOS,
				corev1.LabelArchStable:    runtime.GOARCH,
				"beta.kubernetes.io/os":   runtime.GOOS,
				"beta.kubernetes.io/arch": runtime.GOARCH,
			},
			Annotations: map[string]string{attachAnnotation: "true"},
		},
		Spec: corev1.NodeSpec{
			ProviderID: m.ProviderID,
			Taints: append(append([]corev1.Taint{}, m.Taints...),
				corev1.Taint{Key: cloudTaint, Value: "true", Effect: corev1.TaintEffectNoSchedule}),
		},
		Status: corev1.NodeStatus{
			Capacity:    capacity(),
			Allocatable: capacity(),
			Conditions:  conditions(ready, now, now),
			Addresses:   addresses(m),
			NodeInfo: corev1.NodeSystemInfo{
				KubeletVersion:          kubeletVersion,
				OperatingSystem:         runtime.GOOS,
				Architecture:            runtime.GOARCH,
				OSImage:                 "simulated",
				ContainerRuntimeVersion: "simulated://1",
				MachineID:               m.Name,
				SystemUUID:              m.Name,
				BootID:                  m.Name,
			},
		},
	}
	maps.Copy(node.Labels, m.Labels)
	if ip := providedIP(m); ip != "" {
		node.Annotations[providedIPAnnotation] = ip
	}
	return node
}

func capacity() corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourceCPU:    *resource.NewQuantity(4, resource.DecimalSI),
		corev1.ResourceMemory: *resource.NewQuantity(16<<30, resource.BinarySI),
		corev1.ResourcePods:   *resource.NewQuantity(maxPods, resource.DecimalSI),
	}
}

// addresses are those that kubelet gives a Node which has none yet.
func addresses(m Machine) []corev1.NodeAddress {
	var all []corev1.NodeAddress
	for _, ip := range m.NodeIPs {
		if ip.IsUnspecified() {
			ip = m.Address
		}
		all = append(all, corev1.NodeAddress{Type: corev1.NodeInternalIP, Address: ip.String()})
	}
	return append(all, corev1.NodeAddress{Type: corev1.NodeHostName, Address: m.Name})
}

func providedIP(m Machine) string {
	var all []string
	for _, ip := range m.NodeIPs {
		if ip.IsUnspecified() {
			return ""
		}
		all = append(all, ip.String())
	}
	return strings.Join(all, ",")
}

// hostIP is the address under which the machine's pods see it, if it has any.
func hostIP(m Machine) netip.Addr {
	if len(m.NodeIPs) > 0 && !m.NodeIPs[0].IsUnspecified() {
		return m.NodeIPs[0]
	}
	return m.Address
}

func conditions(ready bool, now, readySince time.Time) []corev1.NodeCondition {
	condition := func(kind corev1.NodeConditionType, is bool, since time.Time, reason, message string) corev1.NodeCondition {
		status := corev1.ConditionFalse
		if is {
			status = corev1.ConditionTrue
		}
		return corev1.NodeCondition{
			Type: kind, Status: status, Reason: reason, Message: message,
			LastHeartbeatTime: metav1.NewTime(now), LastTransitionTime: metav1.NewTime(since),
		}
	}
	reason, message := "KubeletReady", "kubelet is posting ready status"
	if !ready {
		reason, message = "KubeletNotReady", "the test says that the node is not ready"
	}
	return []corev1.NodeCondition{
		condition(corev1.NodeMemoryPressure, false, readySince, "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
		condition(corev1.NodeDiskPressure, false, readySince, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
		condition(corev1.NodePIDPressure, false, readySince, "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
		condition(corev1.NodeReady, ready, readySince, reason, message),
	}
}

// statusPatch is a strategic merge patch of what kubelet refreshes in a Node's status. Addresses are
// among it only if given: once the Node has some, they are the cloud's.
func statusPatch(conditions []corev1.NodeCondition, addresses []corev1.NodeAddress) ([]byte, error) {
	// Not a NodeStatus, whose encoding has empty fields that would overwrite the real ones.
	type status struct {
		Conditions []corev1.NodeCondition `json:"conditions"`
		Addresses  []corev1.NodeAddress   `json:"addresses,omitempty"`
	}
	patch, err := json.Marshal(map[string]status{"status": {Conditions: conditions, Addresses: addresses}})
	if err != nil {
		return nil, fmt.Errorf("encoding a node's status: %w", err)
	}
	return patch, nil
}

// metadataPatch is a merge patch that gives an existing Node the labels and annotations of kubelet's
// registration, or nil if it has them. Neither its provider ID nor its taints are reconciled.
func metadataPatch(existing, wanted *corev1.Node) ([]byte, error) {
	labels, annotations := missing(existing.Labels, wanted.Labels), missing(existing.Annotations, wanted.Annotations)
	if len(labels)+len(annotations) == 0 {
		return nil, nil
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": labels, "annotations": annotations}})
	if err != nil {
		return nil, fmt.Errorf("encoding a node's labels: %w", err)
	}
	return patch, nil
}

func missing(have, want map[string]string) map[string]string {
	all := map[string]string{}
	for key, value := range want {
		if got, ok := have[key]; !ok || got != value {
			all[key] = value
		}
	}
	return all
}

// newLease returns a node's heartbeat. The version is that of the Lease that it replaces, if any.
func newLease(name string, node types.UID, version string, period time.Duration, now time.Time) *coordinationv1.Lease {
	seconds := max(1, int32((4*period+time.Second-1)/time.Second))
	renewed := metav1.NewMicroTime(now)
	return &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{
			Name:            name,
			Namespace:       corev1.NamespaceNodeLease,
			ResourceVersion: version,
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: name, UID: node}},
		},
		Spec: coordinationv1.LeaseSpec{HolderIdentity: &name, LeaseDurationSeconds: &seconds, RenewTime: &renewed},
	}
}
