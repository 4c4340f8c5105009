// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package service

import (
	"reflect"
	"slices"

	v1 "k8s.io/api/core/v1"
	servicehelpers "k8s.io/cloud-provider/service/helpers"
)

// action is what a Service needs.
type action int

const (
	nothing action = iota
	ensure
	cleanUp
)

// owned reports whether a Service's load balancer is this manager's business at all: without a class, or
// of the class that was configured. A foreign Service is never touched, not even its finalizer.
func owned(service *v1.Service, class string) bool {
	if service.Spec.LoadBalancerClass != nil {
		return class != "" && *service.Spec.LoadBalancerClass == class
	}
	return class == ""
}

// leftClass reports whether the Service may have been of our class until its type changed: the API server
// takes the class away then. The finalizer alone does not tell; the backend looks for the balancer.
func leftClass(service *v1.Service, class string) bool {
	return class != "" && service.Spec.LoadBalancerClass == nil && service.Spec.Type != v1.ServiceTypeLoadBalancer
}

// wants reports whether the Service asks for a load balancer from us.
func wants(service *v1.Service, class string) bool {
	return service.Spec.Type == v1.ServiceTypeLoadBalancer && owned(service, class)
}

// decide returns what to do. A terminating Service is never ensured: the API server would refuse the
// finalizer, and rightly so.
func decide(service *v1.Service, class string) action {
	terminating := service.DeletionTimestamp != nil
	switch {
	case !owned(service, class) && !leftClass(service, class):
		return nothing
	case servicehelpers.HasLBFinalizer(service) && (terminating || service.Spec.Type != v1.ServiceTypeLoadBalancer):
		return cleanUp
	case terminating:
		return nothing
	case wants(service, class):
		return ensure
	}
	return nothing
}

// changed reports whether an update of a Service is one that its load balancer depends on.
func changed(before, after *v1.Service, class string) bool {
	a, b := &before.Spec, &after.Spec
	return wants(before, class) != wants(after, class) ||
		before.UID != after.UID ||
		!slices.Equal(a.LoadBalancerSourceRanges, b.LoadBalancerSourceRanges) ||
		!slices.Equal(a.Ports, b.Ports) && !reflect.DeepEqual(a.Ports, b.Ports) ||
		a.SessionAffinity != b.SessionAffinity ||
		!reflect.DeepEqual(a.SessionAffinityConfig, b.SessionAffinityConfig) ||
		a.LoadBalancerIP != b.LoadBalancerIP ||
		!slices.Equal(a.ExternalIPs, b.ExternalIPs) ||
		!reflect.DeepEqual(before.Annotations, after.Annotations) ||
		a.ExternalTrafficPolicy != b.ExternalTrafficPolicy ||
		a.HealthCheckNodePort != b.HealthCheckNodePort ||
		!slices.Equal(a.IPFamilies, b.IPFamilies) ||
		!reflect.DeepEqual(a.IPFamilyPolicy, b.IPFamilyPolicy)
}

// normalised returns a status as the API server stores it: ipMode defaults to VIP where there is an IP.
func normalised(status *v1.LoadBalancerStatus) *v1.LoadBalancerStatus {
	status = status.DeepCopy()
	for i := range status.Ingress {
		if status.Ingress[i].IP != "" && status.Ingress[i].IPMode == nil {
			vip := v1.LoadBalancerIPModeVIP
			status.Ingress[i].IPMode = &vip
		}
	}
	return status
}
