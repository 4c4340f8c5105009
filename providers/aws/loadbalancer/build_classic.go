// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	v1 "k8s.io/api/core/v1"
)

const (
	defaultIdle = 60

	classicHealthy, classicUnhealthy = 2, 6
	classicTimeout, classicInterval  = 5, 10
	classicMaxTimeout                = 60
)

func (b *builder) classic(ports []v1.ServicePort) {
	c := &ClassicWanted{ProxyProtocol: proxyProtocol.Get(b.values), TLSPolicy: sslPolicy.Get(b.values)}
	b.wanted.Classic = c
	if _, there := b.service.Annotations[groupAttributes.Key()]; there {
		b.problem("annotation %s is only supported for NLB: remove it, or ask for a network load balancer", groupAttributes.Key())
	}
	for _, p := range ports {
		c.Listeners = append(c.Listeners, b.classicListener(p))
	}
	c.Attributes = ClassicAttributes{
		LogEnabled: accessLogEnabled.Get(b.values), LogInterval: int32(accessLogInterval.Get(b.values)),
		LogBucket: accessLogBucket.Get(b.values), LogPrefix: accessLogPrefix.Get(b.values),
		DrainingEnabled: drainingEnabled.Get(b.values), DrainingTimeout: int32(drainingTimeout.Get(b.values)),
		IdleTimeout: cmp.Or(int32(idleTimeout.Get(b.values)), defaultIdle), CrossZone: crossZone.Get(b.values),
	}
	if c.Attributes.LogEnabled && c.Attributes.LogBucket == "" {
		b.problem("annotation %s is true, and no bucket is named; add annotation %s", accessLogEnabled.Key(), accessLogBucket.Key())
	}
	if n := c.Attributes.LogInterval; n != 0 && n != 5 && n != 60 {
		b.problem("annotation %s: AWS writes access logs every 5 or 60 minutes, not every %d", accessLogInterval.Key(), n)
	}
	if len(c.Listeners) > 0 {
		c.Health = b.classicHealth(c.Listeners[0])
	}
	b.classicGroups(ports)
}

// classicGroups chooses the security groups: the user's, the configured one, or one of its own.
func (b *builder) classicGroups(ports []v1.ServicePort) {
	g := &b.wanted.Groups
	g.Extra = extraGroups.Get(b.values)
	switch given := securityGroups.Get(b.values); {
	case len(given) > 0:
		g.Given = given
	case b.ClassicGroup != "":
		g.Given = []string{b.ClassicGroup}
	default:
		groupName, description := classicGroup(b.service)
		g.Managed = &ManagedGroup{Name: groupName, Description: description, Rules: b.managedRules(ports), Tags: b.managedTags()}
	}
}

// classicListener follows the table of protocols: the certificate decides about the front, the annotation
// about the back.
func (b *builder) classicListener(p v1.ServicePort) ClassicListener {
	l := ClassicListener{Port: p.Port, Protocol: "tcp", InstancePort: p.NodePort, InstanceProtocol: "tcp"}
	backend := backendProtocol.Get(b.values)
	if !b.secured(p) {
		if backend == "http" {
			l.Protocol, l.InstanceProtocol = "http", "http"
		}
		return l
	}
	l.Certificate = sslCert.Get(b.values)
	switch backend {
	case "", "tcp":
		l.Protocol = "ssl"
	case "ssl":
		l.Protocol, l.InstanceProtocol = "ssl", "ssl"
	case "http", "https":
		l.Protocol, l.InstanceProtocol = "https", backend
	default:
		b.problem("annotation %s: %q is not a protocol of backends behind a certificate; use http, https, ssl or tcp", backendProtocol.Key(), backend)
	}
	return l
}

// localHealthCheck reports whether kube-proxy answers for the node's own endpoints.
func (b *builder) localHealthCheck() bool {
	return b.service.Spec.ExternalTrafficPolicy == v1.ServiceExternalTrafficPolicyLocal && b.service.Spec.HealthCheckNodePort > 0
}

const localHealthPath = "/healthz"

func (b *builder) classicHealth(first ClassicListener) ClassicHealth {
	protocol, port, path := "TCP", first.InstancePort, ""
	backend := strings.ToLower(backendProtocol.Get(b.values))
	switch {
	case b.localHealthCheck():
		protocol, port, path = "HTTP", b.service.Spec.HealthCheckNodePort, localHealthPath
	case b.Shared:
		protocol, port, path = "HTTP", b.SharedPort, b.SharedPath
	case backend == "ssl" || backend == "https":
		protocol = "SSL"
	}
	if p := healthProtocol.Get(b.values); p != "" {
		protocol = strings.ToUpper(p)
	}
	switch p := healthPort.Get(b.values); p {
	case "":
	case trafficPort:
		if b.localHealthCheck() {
			port = first.InstancePort
		}
	default:
		n, _ := strconv.ParseInt(p, 10, 32) // the annotation's own check has been passed
		port = int32(n)
	}
	h := ClassicHealth{
		Healthy: numberOr(healthyThreshold.Get(b.values), classicHealthy), Unhealthy: numberOr(unhealthyThreshold.Get(b.values), classicUnhealthy),
		Timeout: numberOr(healthTimeout.Get(b.values), classicTimeout), Interval: numberOr(healthInterval.Get(b.values), classicInterval),
	}
	switch protocol {
	case "HTTP", "HTTPS":
		h.Target = fmt.Sprintf("%s:%d%s", protocol, port, cmp.Or(healthPath.Get(b.values), path, "/"))
	case "TCP", "SSL":
		h.Target = fmt.Sprintf("%s:%d", protocol, port)
	default:
		b.problem("annotation %s: %q is not a protocol of health checks; use tcp, ssl, http or https", healthProtocol.Key(), healthProtocol.Get(b.values))
	}
	if h.Timeout > classicMaxTimeout {
		b.problem("annotation %s: a Classic load balancer waits at most %d s, not %d", healthTimeout.Key(), classicMaxTimeout, h.Timeout)
	}
	if h.Timeout >= h.Interval {
		b.problem("annotations %s and %s: the timeout, %d s, has to be shorter than the interval, %d s", healthTimeout.Key(), healthInterval.Key(), h.Timeout, h.Interval)
	}
	return h
}

func numberOr(n int, fallback int32) int32 {
	if n == 0 {
		return fallback
	}
	return int32(n)
}
