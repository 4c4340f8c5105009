// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb

import (
	"regexp"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

// v2ListenerOut is a Listener.
type v2ListenerOut struct {
	ListenerArn     string
	LoadBalancerArn string
	Port            int32
	Protocol        string
	Certificates    wire.Members[certificate] `xml:",omitempty"`
	SslPolicy       string                    `xml:",omitempty"`
	DefaultActions  wire.Members[actionOut]
	AlpnPolicy      wire.Members[string] `xml:",omitempty"`
}

type actionOut struct {
	Type           string
	TargetGroupArn string
	Order          int32 `xml:",omitempty"`
	ForwardConfig  forwardOut
}

type forwardOut struct {
	TargetGroups wire.Members[groupTuple]
}

type groupTuple struct {
	TargetGroupArn string
}

type listenersOutput struct {
	Listeners  wire.Members[v2ListenerOut]
	NextMarker string `xml:",omitempty"`
}

func listenerV2(l *Listener) v2ListenerOut {
	out := v2ListenerOut{
		ListenerArn: l.ARN, LoadBalancerArn: l.LoadBalancerARN, Port: l.Port, Protocol: l.Protocol, SslPolicy: l.SSLPolicy,
		DefaultActions: wire.Members[actionOut]{{
			Type: l.Action.Type, TargetGroupArn: l.Action.TargetGroupARN, Order: l.Action.Order,
			ForwardConfig: forwardOut{wire.Members[groupTuple]{{l.Action.TargetGroupARN}}},
		}},
	}
	if l.CertificateARN != "" {
		out.Certificates = wire.Members[certificate]{{ARN: l.CertificateARN}}
	}
	if l.ALPNPolicy != "" {
		out.AlpnPolicy = wire.Members[string]{l.ALPNPolicy}
	}
	return out
}

type describeListenersInput struct {
	BalancerARN *string  `query:"LoadBalancerArn"`
	ARNs        []string `query:"ListenerArns"`
	Marker      *string  `query:"Marker"`
	PageSize    *int32   `query:"PageSize"`
}

func (s *Service) describeListeners(in *describeListenersInput) (any, error) {
	out := &listenersOutput{}
	switch {
	case in.BalancerARN != nil && len(in.ARNs) > 0:
		return nil, invalid("A load balancer ARN and listener ARNs cannot be specified at the same time")
	case in.BalancerARN == nil && len(in.ARNs) == 0:
		return nil, invalid("You must specify either listener ARNs or a load balancer ARN")
	case len(in.ARNs) > maxDescribed:
		return nil, invalid("Cannot have more than %d resources described", maxDescribed)
	}
	for _, arn := range unique(in.ARNs) {
		l, err := foundListener(s.listeners.Seen(arn), arn)
		if err != nil {
			return nil, err
		}
		out.Listeners = append(out.Listeners, listenerV2(l))
	}
	if in.BalancerARN == nil {
		return out, nil
	}
	if _, err := foundBalancer(s.balancers.Seen(*in.BalancerARN), *in.BalancerARN); err != nil {
		return nil, err
	}
	list, next, err := page(s.listeners, paging{in.Marker, in.PageSize}, func(l *Listener) bool { return l.LoadBalancerARN == *in.BalancerARN })
	if err != nil {
		return nil, err
	}
	for _, l := range list {
		out.Listeners = append(out.Listeners, listenerV2(l))
	}
	out.NextMarker = next
	return out, nil
}

type listenerARNInput struct {
	ARN string `query:"ListenerArn,required"`
}

func (s *Service) deleteListener(in *listenerARNInput) (any, error) {
	if _, err := s.v2Listener(in.ARN); err != nil {
		return nil, err
	}
	s.listeners.Delete(in.ARN)
	return nil, nil
}

type listenerCertificatesOutput struct {
	Certificates wire.Members[certificate]
}

// describeListenerCertificates knows the default certificate only: others cannot be added.
func (s *Service) describeListenerCertificates(in *listenerARNInput) (any, error) {
	l, err := foundListener(s.listeners.Seen(in.ARN), in.ARN)
	if err != nil {
		return nil, err
	}
	out := &listenerCertificatesOutput{}
	if l.CertificateARN != "" {
		yes := true
		out.Certificates = wire.Members[certificate]{{ARN: l.CertificateARN, IsDefault: &yes}}
	}
	return out, nil
}

const tcpIdleTimeout = "tcp.idle_timeout.seconds"

func defaultListenerAttributes(protocol string) []Attribute {
	if protocol == "TCP" || protocol == "TLS" || protocol == "TCP_UDP" {
		return attributesFrom(tcpIdleTimeout, "350")
	}
	return nil
}

func (s *Service) describeListenerAttributes(in *listenerARNInput) (any, error) {
	l, err := foundListener(s.listeners.Seen(in.ARN), in.ARN)
	if err != nil {
		return nil, err
	}
	return &attributesOutput{attributesOut(l.Attributes)}, nil
}

type modifyListenerAttributesInput struct {
	ARN        string      `query:"ListenerArn,required"`
	Attributes []attribute `query:"Attributes,required"`
}

// idleSeconds are the numbers from 60 to 6000.
var idleSeconds = map[string]*regexp.Regexp{tcpIdleTimeout: regexp.MustCompile(`^([6-9][0-9]|[1-9][0-9]{2}|[1-5][0-9]{3}|6000)$`)}

func (s *Service) modifyListenerAttributes(in *modifyListenerAttributesInput) (any, error) {
	l, err := s.v2Listener(in.ARN)
	if err != nil {
		return nil, err
	}
	if l.Attributes, err = change("Listener", l.Attributes, in.Attributes, idleSeconds); err != nil {
		return nil, err
	}
	s.listeners.Put(l.ARN, l)
	return &attributesOutput{attributesOut(l.Attributes)}, nil
}
