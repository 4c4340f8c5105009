// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb

import (
	"slices"
	"strings"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

type certificate struct {
	ARN       string `query:"CertificateArn" xml:"CertificateArn"`
	IsDefault *bool  `xml:"IsDefault,omitempty"`
}

type actionInput struct {
	Type    string  `query:"Type,required"`
	ARN     *string `query:"TargetGroupArn"`
	Order   *int32  `query:"Order"`
	Forward *struct {
		Groups []struct {
			ARN string `query:"TargetGroupArn"`
		} `query:"TargetGroups"`
	} `query:"ForwardConfig"`
}

type createListenerInput struct {
	BalancerARN  string        `query:"LoadBalancerArn,required"`
	Port         *int32        `query:"Port"`
	Protocol     *string       `query:"Protocol"`
	SSLPolicy    *string       `query:"SslPolicy"`
	Certificates []certificate `query:"Certificates"`
	ALPNPolicy   []string      `query:"AlpnPolicy"`
	Actions      []actionInput `query:"DefaultActions,required"`
	Tags         []tag         `query:"Tags"`
}

// listenersOf returns the newest listeners of a load balancer.
func (s *Service) listenersOf(balancerARN string) []*Listener {
	var out []*Listener
	for _, l := range s.listeners.All() {
		if l.LoadBalancerARN == balancerARN {
			out = append(out, l)
		}
	}
	return out
}

// balancerOf returns the load balancer that uses a target group, or nil.
func (s *Service) balancerOf(groupARN string) *LoadBalancer {
	for _, l := range s.listeners.All() {
		if l.Action.TargetGroupARN == groupARN {
			return s.balancers.Get(l.LoadBalancerARN)
		}
	}
	return nil
}

func (s *Service) createListener(in *createListenerInput) (any, error) {
	lb, err := s.balancer(in.BalancerARN)
	if err != nil {
		return nil, err
	}
	switch {
	case in.Port == nil:
		return nil, invalid("A listener port must be specified")
	case in.Protocol == nil:
		return nil, invalid("A listener protocol must be specified")
	}
	l := &Listener{LoadBalancerARN: lb.ARN}
	if l.Tags, err = s.addTags(nil, in.Tags); err != nil {
		return nil, err
	}
	change := listenerChange{in.Port, in.Protocol, in.SSLPolicy, in.Certificates, in.ALPNPolicy, in.Actions}
	if err := s.changeListener(lb, l, change); err != nil {
		return nil, err
	}
	others := s.listenersOf(lb.ARN)
	if i := slices.IndexFunc(others, func(o *Listener) bool { return o.Port == l.Port }); i >= 0 {
		if !sameV2Listener(others[i], l) {
			return nil, portTaken(lb)
		}
		return &listenersOutput{Listeners: wire.Members[v2ListenerOut]{listenerV2(others[i])}}, nil
	}
	if len(others) >= s.quotas.Listeners {
		return nil, wire.Errorf("TooManyListeners", "The maximum number of listeners has been reached on load balancer '%s'", lb.ARN)
	}
	if err := s.checkAction(lb, l); err != nil {
		return nil, err
	}
	id := s.newID("listener", lb.ARN)
	l.ARN = strings.Replace(lb.ARN, ":loadbalancer/", ":listener/", 1) + "/" + id
	l.Attributes = defaultListenerAttributes(l.Protocol)
	s.listeners.Put(l.ARN, l)
	return &listenersOutput{Listeners: wire.Members[v2ListenerOut]{listenerV2(l)}}, nil
}

func portTaken(lb *LoadBalancer) error {
	return wire.Errorf("DuplicateListener", "A listener already exists on this port for this load balancer '%s'", lb.ARN)
}

// sameV2Listener says whether creating l would give what there is.
func sameV2Listener(old, l *Listener) bool {
	return old.Port == l.Port && old.Protocol == l.Protocol && old.SSLPolicy == l.SSLPolicy && old.CertificateARN == l.CertificateARN &&
		old.ALPNPolicy == l.ALPNPolicy && old.Action == l.Action && sameTags(old.Tags, l.Tags)
}

// listenerChange is what a request says about a listener; nil leaves it as it is.
type listenerChange struct {
	port         *int32
	protocol     *string
	sslPolicy    *string
	certificates []certificate
	alpn         []string
	actions      []actionInput
}

// changeListener changes a listener, which may be new.
func (s *Service) changeListener(lb *LoadBalancer, l *Listener, c listenerChange) error {
	override(&l.Port, c.port)
	if err := within("port", l.Port, 1, 65535); err != nil {
		return err
	}
	protocols := []string{"TLS", "TCP", "TCP_UDP", "UDP"}
	if lb.Type == application {
		protocols = []string{"HTTPS", "HTTP"}
	}
	override(&l.Protocol, c.protocol)
	if !slices.Contains(protocols, l.Protocol) {
		return invalid("Listener protocol '%s' must be one of '%s'", l.Protocol, join(protocols))
	}
	if err := s.changeTLS(l, c); err != nil {
		return err
	}
	if c.actions == nil {
		return nil
	}
	if len(c.actions) != 1 {
		return wire.Errorf("InvalidLoadBalancerAction", "You must specify exactly one default action, but '%d' were specified", len(c.actions))
	}
	action, err := forwardAction(c.actions[0])
	l.Action = action
	return err
}

// changeTLS changes what only listeners with TLS have. One that stops using TLS loses it.
func (s *Service) changeTLS(l *Listener, c listenerChange) error {
	if l.Protocol != "TLS" && l.Protocol != "HTTPS" {
		switch {
		case len(c.certificates) > 0:
			return invalid("A certificate cannot be specified for %s listeners", l.Protocol)
		case value(c.sslPolicy) != "":
			return invalid("An SSL policy cannot be specified for %s listeners", l.Protocol)
		case len(c.alpn) > 0:
			return invalid("An ALPN policy cannot be specified for %s listeners", l.Protocol)
		}
		l.CertificateARN, l.SSLPolicy, l.ALPNPolicy = "", "", ""
		return nil
	}
	override(&l.SSLPolicy, c.sslPolicy)
	if l.SSLPolicy == "" {
		l.SSLPolicy = defaultSSLPolicy
	}
	if _, ok := findSSLPolicy(sslPolicies, l.SSLPolicy); !ok {
		return wire.Errorf("SSLPolicyNotFound", "SSL policy '%s' not found", l.SSLPolicy)
	}
	switch {
	case len(c.certificates) > 1:
		return wire.Errorf("TooManyCertificates", "Up to '1' certificate ARNs can be specified, but '%d' were specified", len(c.certificates))
	case len(c.certificates) == 1:
		l.CertificateARN = c.certificates[0].ARN
	case l.CertificateARN == "":
		return invalid("A certificate must be specified for %s listeners", l.Protocol)
	}
	if !s.certificates[l.CertificateARN] {
		return wire.Errorf("CertificateNotFound", "Certificate '%s' not found", l.CertificateARN)
	}
	return l.changeALPN(c.alpn)
}

func (l *Listener) changeALPN(policies []string) error {
	switch {
	case policies == nil:
		return nil
	case len(policies) == 0:
		l.ALPNPolicy = ""
		return nil
	case len(policies) > 1:
		return invalid("Only one ALPN policy can be specified")
	case !slices.Contains([]string{"HTTP1Only", "HTTP2Only", "HTTP2Optional", "HTTP2Preferred", "None"}, policies[0]):
		return wire.Errorf("ALPNPolicyNotFound", "ALPN policy '%s' not found", policies[0])
	}
	l.ALPNPolicy = policies[0]
	return nil
}

func forwardAction(in actionInput) (Action, error) {
	if in.Type != "forward" {
		return Action{}, wire.Errorf("InvalidLoadBalancerAction", "Action type '%s' is not supported", in.Type)
	}
	out := Action{Type: in.Type, TargetGroupARN: value(in.ARN), Order: value(in.Order)}
	if in.Forward != nil {
		if n := len(in.Forward.Groups); n != 1 {
			return out, wire.Errorf("InvalidLoadBalancerAction", "Forward actions must have exactly one target group, but '%d' were specified", n)
		}
		if arn := in.Forward.Groups[0].ARN; out.TargetGroupARN != "" && out.TargetGroupARN != arn {
			return out, wire.Errorf("InvalidLoadBalancerAction", "You cannot specify both target group ARN and forward config with different target groups")
		}
		out.TargetGroupARN = in.Forward.Groups[0].ARN
	}
	if out.TargetGroupARN == "" {
		return out, invalid("A target group ARN must be specified")
	}
	return out, nil
}

// targetProtocols are those to which a listener's protocol can forward.
var targetProtocols = map[string][]string{
	"TCP": {"TCP", "TCP_UDP"}, "TLS": {"TCP", "TLS"}, "UDP": {"UDP", "TCP_UDP"}, "TCP_UDP": {"TCP_UDP"},
	"HTTP": {"HTTP", "HTTPS"}, "HTTPS": {"HTTP", "HTTPS"},
}

// checkAction checks that a listener of lb can forward to its target group.
func (s *Service) checkAction(lb *LoadBalancer, l *Listener) error {
	tg, err := s.group(l.Action.TargetGroupARN)
	if err != nil {
		return err
	}
	switch user := s.balancerOf(tg.ARN); {
	case user != nil && user.ARN != lb.ARN:
		return wire.Errorf("TargetGroupAssociationLimit", "The following target groups cannot be associated with more than one load balancer: %s", tg.ARN)
	case tg.VPCID != lb.VPCID:
		return wire.Errorf("InvalidConfigurationRequest", "The target group '%s' and the load balancer '%s' must be in the same VPC", tg.ARN, lb.ARN)
	case !slices.Contains(targetProtocols[l.Protocol], tg.Protocol):
		return wire.Errorf("IncompatibleProtocols", "Listener protocol '%s' is not supported with a target group with the protocol '%s'", l.Protocol, tg.Protocol)
	}
	if err := s.checkAddressing(lb, l); err != nil {
		return err
	}
	return s.checkTargetQuotas(tg, lb, l)
}

type modifyListenerInput struct {
	ARN          string        `query:"ListenerArn,required"`
	Port         *int32        `query:"Port"`
	Protocol     *string       `query:"Protocol"`
	SSLPolicy    *string       `query:"SslPolicy"`
	Certificates []certificate `query:"Certificates"`
	ALPNPolicy   []string      `query:"AlpnPolicy"`
	Actions      []actionInput `query:"DefaultActions"`
}

func (s *Service) modifyListener(in *modifyListenerInput) (any, error) {
	l, err := s.v2Listener(in.ARN)
	if err != nil {
		return nil, err
	}
	lb, err := s.balancer(l.LoadBalancerARN)
	if err != nil {
		return nil, err
	}
	if err := s.changeListener(lb, l, listenerChange{in.Port, in.Protocol, in.SSLPolicy, in.Certificates, in.ALPNPolicy, in.Actions}); err != nil {
		return nil, err
	}
	for _, other := range s.listenersOf(lb.ARN) {
		if other.Port == l.Port && other.ARN != l.ARN {
			return nil, portTaken(lb)
		}
	}
	if err := s.checkAction(lb, l); err != nil {
		return nil, err
	}
	s.listeners.Put(l.ARN, l)
	return &listenersOutput{Listeners: wire.Members[v2ListenerOut]{listenerV2(l)}}, nil
}
