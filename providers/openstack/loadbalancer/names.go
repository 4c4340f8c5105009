// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"fmt"
	"strings"

	v1 "k8s.io/api/core/v1"
)

// ownPrefix begins the names of load balancers that a cloud controller manager has made, and the tags of
// Services that use one.
const ownPrefix = "kube_service_"

// longest is how many bytes a name, a description or a tag may have.
const longest = 255

// floatingMark is in the description of every floating IP that a cloud controller manager has made.
const floatingMark = "Floating IP for Kubernetes external service"

func cut(text string, most int) string {
	if len(text) > most {
		return text[:most]
	}
	return text
}

// fullName is the name before it is cut.
func fullName(cluster string, service *v1.Service) string {
	return ownPrefix + cluster + "_" + service.Namespace + "_" + service.Name
}

// nameOf is the name of a Service's load balancer, and the tag of what is the Service's.
func nameOf(cluster string, service *v1.Service) string {
	return cut(fullName(cluster, service), longest)
}

// legacyName is the name that the in-tree provider gave.
func legacyName(service *v1.Service) string {
	const most = 32
	return cut("a"+strings.ReplaceAll(string(service.UID), "-", ""), most)
}

func listenerName(index int, name string) string {
	return cut(fmt.Sprintf("listener_%d_%s", index, name), longest)
}
func poolName(index int, name string) string {
	return cut(fmt.Sprintf("pool_%d_%s", index, name), longest)
}
func monitorName(index int, name string) string {
	return cut(fmt.Sprintf("monitor_%d_%s", index, name), longest)
}

// serialMemberName is the name of members where they are made one by one.
func serialMemberName(node, address string, port int) string {
	return cut(fmt.Sprintf("member_%s_%s_%d", node, address, port), longest)
}

func description(cluster string, service *v1.Service) string {
	return cut(fmt.Sprintf("Kubernetes external service %s/%s from cluster %s", service.Namespace, service.Name, cluster), longest)
}

func floatingDescription(cluster string, service *v1.Service) string {
	return cut(fmt.Sprintf("%s %s/%s from cluster %s", floatingMark, service.Namespace, service.Name, cluster), longest)
}

func groupName(service *v1.Service) string {
	return cut(fmt.Sprintf("lb-sg-%s-%s-%s", service.UID, service.Namespace, service.Name), longest)
}

func groupDescription(cluster string, service *v1.Service) string {
	return cut(fmt.Sprintf("Security Group for %s/%s Service LoadBalancer in cluster %s", service.Namespace, service.Name, cluster), longest)
}

// clusterIn returns the cluster in the name of a load balancer, and the rest after it: namespaces and names
// of Services have no underscore, clusters may. A name that was cut may have lost the Service's name.
func clusterIn(name string) (cluster, rest string, ok bool) {
	inner, ok := strings.CutPrefix(name, ownPrefix)
	if !ok {
		return "", "", false
	}
	parts := strings.Split(inner, "_")
	tail := 2
	if len(name) >= longest && len(parts) == tail {
		tail = 1
	}
	if len(parts) <= tail {
		return "", "", false
	}
	return strings.Join(parts[:len(parts)-tail], "_"), "_" + strings.Join(parts[len(parts)-tail:], "_"), true
}

// renameCluster puts another cluster into the name of a load balancer or of a part of one.
func renameCluster(name, old, cluster string) string {
	return cut(strings.Replace(name, ownPrefix+old+"_", ownPrefix+cluster+"_", 1), longest)
}
