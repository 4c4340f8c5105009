// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb

import (
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

type listenerInput struct {
	Protocol         string  `query:"Protocol,required"`
	Port             int32   `query:"LoadBalancerPort,required"`
	InstanceProtocol *string `query:"InstanceProtocol"`
	InstancePort     int32   `query:"InstancePort,required"`
	CertificateID    *string `query:"SSLCertificateId"`
}

// secureProtocols have for each protocol of an encrypted connection the one without.
var secureProtocols = map[string]string{"HTTPS": "HTTP", "SSL": "TCP"}

// listener checks a listener that a request asks for.
func (s *Service) listener(in listenerInput) (ClassicListener, error) {
	l := ClassicListener{Protocol: strings.ToUpper(in.Protocol), Port: in.Port, InstancePort: in.InstancePort}
	if in.InstanceProtocol != nil {
		l.InstanceProtocol = strings.ToUpper(*in.InstanceProtocol)
	} else if l.InstanceProtocol = secureProtocols[l.Protocol]; l.InstanceProtocol == "" {
		l.InstanceProtocol = l.Protocol
	}
	plain, plainInstance := withoutTLS(l.Protocol), withoutTLS(l.InstanceProtocol)
	switch {
	case plain != "HTTP" && plain != "TCP":
		return l, wire.Errorf("UnsupportedProtocol", "Protocol %s is not supported. Listener protocols must be one of HTTP, HTTPS, TCP, SSL", in.Protocol)
	case plainInstance != "HTTP" && plainInstance != "TCP":
		return l, wire.Errorf("UnsupportedProtocol", "Protocol %s is not supported. Instance protocols must be one of HTTP, HTTPS, TCP, SSL", *in.InstanceProtocol)
	case plain != plainInstance:
		return l, invalid("Front-end protocol %s and back-end protocol %s must be at the same Internet protocol layer", l.Protocol, l.InstanceProtocol)
	case in.Port < 1 || in.Port > 65535:
		return l, invalid("Load balancer port must be in 1-65535 inclusive")
	case in.InstancePort < 1 || in.InstancePort > 65535:
		return l, invalid("Instance port must be in 1-65535 inclusive")
	case plain == l.Protocol:
		return l, nil // a certificate is ignored
	case in.CertificateID == nil || *in.CertificateID == "":
		return l, invalid("Secure Listeners need to specify a SSLCertificateId")
	}
	l.CertificateID = *in.CertificateID
	l.Policies = []string{defaultSSLPolicy}
	return l, s.checkClassicCertificate(l.CertificateID)
}

func withoutTLS(protocol string) string {
	if p, ok := secureProtocols[protocol]; ok {
		return p
	}
	return protocol
}

func (s *Service) checkClassicCertificate(id string) error {
	if !s.certificates[id] {
		return wire.Errorf("CertificateNotFound", "Server Certificate not found for the key: %s", id)
	}
	return nil
}

// sameListener compares what a listener was created with; policies may have been changed since.
func sameListener(a, b ClassicListener) bool {
	return a.Protocol == b.Protocol && a.Port == b.Port && a.InstanceProtocol == b.InstanceProtocol &&
		a.InstancePort == b.InstancePort && a.CertificateID == b.CertificateID
}

// addListeners adds listeners to a load balancer that is a copy to change.
func (s *Service) addListeners(lb *ClassicLoadBalancer, list []listenerInput) error {
	listeners := slices.Clone(lb.Listeners)
	for _, in := range list {
		l, err := s.listener(in)
		if err != nil {
			return err
		}
		i, used := slices.BinarySearchFunc(listeners, l.Port, listenerPort)
		if used && sameListener(listeners[i], l) {
			continue
		}
		if used {
			return wire.Errorf("DuplicateListener", "A listener already exists for %s with LoadBalancerPort %d, but with a different InstancePort, Protocol, or SSLCertificateId", lb.Name, l.Port)
		}
		if err := sharePort(listeners, l); err != nil {
			return err
		}
		listeners = slices.Insert(listeners, i, l)
		if len(l.Policies) > 0 && !slices.ContainsFunc(lb.Policies, named(defaultSSLPolicy)) {
			lb.Policies = append(slices.Clone(lb.Policies), referencePolicy(defaultSSLPolicy))
		}
	}
	if len(listeners) > s.quotas.ClassicListeners {
		return configuration(true, "The maximum number of listeners per load balancer has been reached.")
	}
	lb.Listeners = listeners
	return nil
}

func listenerPort(l ClassicListener, port int32) int { return int(l.Port - port) }

// sharePort refuses listeners to one instance port of which some encrypt and some do not.
func sharePort(listeners []ClassicListener, l ClassicListener) error {
	secure := func(l ClassicListener) bool { return withoutTLS(l.InstanceProtocol) != l.InstanceProtocol }
	for _, other := range listeners {
		if other.InstancePort == l.InstancePort && secure(other) != secure(l) {
			return configuration(true, "Instance port %d cannot be used with instance protocols %s and %s", l.InstancePort, other.InstanceProtocol, l.InstanceProtocol)
		}
	}
	return nil
}

type createListenersInput struct {
	Name      string          `query:"LoadBalancerName,required"`
	Listeners []listenerInput `query:"Listeners,required"`
}

func (s *Service) createClassicListeners(in *createListenersInput) (any, error) {
	lb, err := s.classicNamed(in.Name)
	if err != nil {
		return nil, err
	}
	if len(in.Listeners) == 0 {
		return nil, invalid("At least one listener must be specified")
	}
	if err := s.addListeners(lb, in.Listeners); err != nil {
		return nil, err
	}
	s.classic.Put(lb.Name, lb)
	return nil, nil
}

type deleteListenersInput struct {
	Name  string  `query:"LoadBalancerName,required"`
	Ports []int32 `query:"LoadBalancerPorts,required"`
}

// deleteClassicListeners ignores ports without a listener, as AWS does. The policies of instance ports
// stay when the last listener of a port goes.
func (s *Service) deleteClassicListeners(in *deleteListenersInput) (any, error) {
	lb, err := s.classicNamed(in.Name)
	if err != nil {
		return nil, err
	}
	lb.Listeners = slices.DeleteFunc(slices.Clone(lb.Listeners), func(l ClassicListener) bool { return slices.Contains(in.Ports, l.Port) })
	s.classic.Put(lb.Name, lb)
	return nil, nil
}

type setCertificateInput struct {
	Name          string `query:"LoadBalancerName,required"`
	Port          int32  `query:"LoadBalancerPort,required"`
	CertificateID string `query:"SSLCertificateId,required"`
}

func (s *Service) setClassicCertificate(in *setCertificateInput) (any, error) {
	lb, err := s.classicNamed(in.Name)
	if err != nil {
		return nil, err
	}
	l, err := lb.changeListener(in.Port)
	if err != nil {
		return nil, err
	}
	if withoutTLS(l.Protocol) == l.Protocol {
		return nil, configuration(true, "Listener with LoadBalancerPort %d does not use HTTPS or SSL", in.Port)
	}
	if err := s.checkClassicCertificate(in.CertificateID); err != nil {
		return nil, err
	}
	l.CertificateID = in.CertificateID
	s.classic.Put(lb.Name, lb)
	return nil, nil
}

// changeListener returns a listener of lb, which is a copy to change, to be changed too.
func (lb *ClassicLoadBalancer) changeListener(port int32) (*ClassicListener, error) {
	i, ok := slices.BinarySearchFunc(lb.Listeners, port, listenerPort)
	if !ok {
		return nil, wire.Errorf("ListenerNotFound", "Listener not found for %s with LoadBalancerPort %d", lb.Name, port)
	}
	lb.Listeners = slices.Clone(lb.Listeners)
	return &lb.Listeners[i], nil
}

// defaultHealthCheck is what a load balancer starts with: TCP to the instance port of the listener that
// the request named first.
func defaultHealthCheck(named listenerInput) HealthCheck {
	return HealthCheck{
		Target:   "TCP:" + strconv.Itoa(int(named.InstancePort)),
		Interval: 30, Timeout: 5, HealthyThreshold: 10, UnhealthyThreshold: 2,
	}
}
