// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelets

import (
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
)

// portKind is what a machine serves on a port.
type portKind uint8

const (
	tcpNodePort portKind = iota
	udpNodePort
	healthCheck // of a Service with externalTrafficPolicy Local, over HTTP
)

// portKey is a port that a machine opens for a Service.
type portKey struct {
	machine string
	kind    portKind
	port    uint16
}

// backend is what stands behind an open port.
type backend struct {
	service  types.NamespacedName
	local    bool // the client's address is kept, only endpoints on the machine are used
	affinity bool // a client goes to the same endpoint each time
	// endpoints that the machine may send to. A node port has at least one, or it isn't open.
	endpoints []endpoint
}

// endpoint is one port of one pod.
type endpoint struct {
	machine string
	address netip.AddrPort
}

// wantedPorts says which ports each machine opens, as kube-proxy would. Where kube-proxy refuses
// or drops connections, the port is not open.
func wantedPorts(services []*corev1.Service, slices []*discoveryv1.EndpointSlice, machines []Machine) map[portKey]backend {
	byService := map[types.NamespacedName][]*discoveryv1.EndpointSlice{}
	for _, slice := range slices {
		name := types.NamespacedName{Namespace: slice.Namespace, Name: slice.Labels[discoveryv1.LabelServiceName]}
		byService[name] = append(byService[name], slice)
	}
	wanted := map[portKey]backend{}
	for _, service := range services {
		if service.Spec.Type != corev1.ServiceTypeNodePort && service.Spec.Type != corev1.ServiceTypeLoadBalancer {
			continue
		}
		own := byService[types.NamespacedName{Namespace: service.Namespace, Name: service.Name}]
		for _, machine := range machines {
			if machine.Address.IsValid() {
				addPorts(wanted, service, own, machine)
			}
		}
	}
	return wanted
}

// addPorts adds the ports that a machine opens for a Service.
func addPorts(wanted map[portKey]backend, service *corev1.Service, slices []*discoveryv1.EndpointSlice, machine Machine) {
	local := service.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal
	base := backend{
		service:  types.NamespacedName{Namespace: service.Namespace, Name: service.Name},
		local:    local,
		affinity: service.Spec.SessionAffinity == corev1.ServiceAffinityClientIP,
	}
	var healthy []endpoint
	for i, port := range service.Spec.Ports {
		b := base
		b.endpoints = usable(slices, port.Name, family(machine.Address), local, machine.Name)
		if i == 0 {
			healthy = b.endpoints
		}
		kind, ok := nodePortKind(port.Protocol)
		if !ok || port.NodePort == 0 || len(b.endpoints) == 0 {
			continue
		}
		wanted[portKey{machine: machine.Name, kind: kind, port: uint16(port.NodePort)}] = b
	}
	if check := service.Spec.HealthCheckNodePort; local && check != 0 {
		b := base
		b.endpoints = healthy
		wanted[portKey{machine: machine.Name, kind: healthCheck, port: uint16(check)}] = b
	}
}

func nodePortKind(protocol corev1.Protocol) (portKind, bool) {
	switch protocol {
	case corev1.ProtocolTCP, "":
		return tcpNodePort, true
	case corev1.ProtocolUDP:
		return udpNodePort, true
	default: // SCTP
		return 0, false
	}
}

func family(address netip.Addr) discoveryv1.AddressType {
	if address.Is4() {
		return discoveryv1.AddressTypeIPv4
	}
	return discoveryv1.AddressTypeIPv6
}

// usable returns the endpoints of a Service's port to which kube-proxy sends: those that are ready or,
// if there are none, those that still serve while they end. With local, only those of the machine
// count, for both.
func usable(slices []*discoveryv1.EndpointSlice, port string, family discoveryv1.AddressType, local bool, machine string) []endpoint {
	var ready, ending []endpoint
	for _, slice := range slices {
		number, ok := portNumber(slice, port)
		if !ok || slice.AddressType != family {
			continue
		}
		for _, e := range slice.Endpoints {
			on := ""
			if e.NodeName != nil {
				on = *e.NodeName
			}
			if len(e.Addresses) == 0 || local && on != machine {
				continue
			}
			address, err := netip.ParseAddr(e.Addresses[0])
			if err != nil {
				continue
			}
			it := endpoint{machine: on, address: netip.AddrPortFrom(address, number)}
			switch {
			case isTrue(e.Conditions.Ready, true):
				ready = append(ready, it)
			case isTrue(e.Conditions.Serving, false) && isTrue(e.Conditions.Terminating, false):
				ending = append(ending, it)
			}
		}
	}
	if len(ready) == 0 {
		return ending
	}
	return ready
}

func isTrue(value *bool, otherwise bool) bool {
	if value == nil {
		return otherwise
	}
	return *value
}

func portNumber(slice *discoveryv1.EndpointSlice, name string) (uint16, bool) {
	for _, p := range slice.Ports {
		if p.Port != nil && (p.Name == nil && name == "" || p.Name != nil && *p.Name == name) {
			return uint16(*p.Port), true
		}
	}
	return 0, false
}
