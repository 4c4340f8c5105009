// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"crypto/sha1" //nolint:gosec // the names that exist are made of it
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	v1 "k8s.io/api/core/v1"
	cloudprovider "k8s.io/cloud-provider"
)

// Names are found again in AWS by whoever comes after us: nothing here may change.

const (
	proxyPolicy     = "k8s-proxyprotocol-enabled"
	tlsPolicyPrefix = "k8s-SSLNegotiationPolicy-"

	hashDigits = 10
	partLength = 8
)

// name is the name of a Service's load balancer, of either kind.
func name(service *v1.Service) string { return cloudprovider.DefaultLoadBalancerName(service) }

// classicGroup is the name and description of the security group of a Classic load balancer.
func classicGroup(service *v1.Service) (name_, description string) {
	lb := name(service)
	return "k8s-elb-" + lb, fmt.Sprintf("Security group for Kubernetes ELB %s (%s/%s)", lb, service.Namespace, service.Name)
}

const networkGroupDescription = "[k8s] Managed SecurityGroup for LoadBalancer"

// networkGroup is the name of the security group of a network load balancer.
func networkGroup(clusterName string, service *v1.Service) string {
	sum := sha256.Sum256([]byte(clusterName + service.Name + service.Namespace + string(service.UID)))
	return hashedName(service, hex.EncodeToString(sum[:]))
}

// groupKey is what makes one target group different from another.
type groupKey struct {
	servicePort, nodePort int32
	protocol              string
	healthProtocol        string
	healthInterval        int32
}

// targetGroup is the name of a target group.
func targetGroup(clusterID string, service *v1.Service, k groupKey) string {
	const targetType = "instance"
	text := fmt.Sprintf("%s%s%s%d%d%s%s%s%d", clusterID, service.Namespace, service.Name, k.servicePort, k.nodePort,
		k.protocol, targetType, k.healthProtocol, k.healthInterval)
	sum := sha1.Sum([]byte(text)) //nolint:gosec // as above
	return hashedName(service, hex.EncodeToString(sum[:]))
}

// possibleGroupNames are the names that target groups of the Service's ports have with any health check. They hash the
// cluster's ID, so that they prove whose a group is that has no tags, as the in-tree provider left them.
func possibleGroupNames(clusterID string, service *v1.Service) map[string]bool {
	intervals := []int32{clusterHealth.Interval, localHealth.Interval}
	if n, err := strconv.ParseInt(service.Annotations[healthInterval.Key()], 10, 32); err == nil {
		intervals = append(intervals, int32(n))
	}
	names := map[string]bool{}
	for _, p := range service.Spec.Ports {
		for _, protocol := range []string{"TCP", "TLS", "UDP", "TCP_UDP"} {
			for _, health := range []string{"TCP", "HTTP", "HTTPS"} {
				for _, interval := range intervals {
					names[targetGroup(clusterID, service, groupKey{p.Port, p.NodePort, protocol, health, interval})] = true
				}
			}
		}
	}
	return names
}

func hashedName(service *v1.Service, hash string) string {
	return fmt.Sprintf("k8s-%s-%s-%s", short(service.Namespace), short(service.Name), hash[:hashDigits])
}

// short keeps the letters and digits of a name, and not many of them.
func short(text string) string {
	text = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, text)
	return text[:min(len(text), partLength)]
}

// The descriptions by which the rules of network load balancers are recognised in nodes' security groups.
const mtuDescription = "kubernetes.io/rule/nlb/mtu"

func clientDescription(lb string) string { return "kubernetes.io/rule/nlb/client=" + lb }
func healthDescription(lb string) string { return "kubernetes.io/rule/nlb/health=" + lb }
