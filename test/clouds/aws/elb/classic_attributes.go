// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb

import (
	"strconv"
	"strings"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

var defaultClassicAttributes = ClassicAttributes{DrainingTimeout: 300, IdleTimeout: 60, DesyncMitigation: "defensive"}

// classicAttributes is LoadBalancerAttributes as it comes and goes.
type classicAttributes struct {
	CrossZone  *enabledAttribute       `query:"CrossZoneLoadBalancing" xml:"CrossZoneLoadBalancing"`
	AccessLog  *accessLogAttribute     `query:"AccessLog"              xml:"AccessLog"`
	Draining   *drainingAttribute      `query:"ConnectionDraining"     xml:"ConnectionDraining"`
	Settings   *settingsAttribute      `query:"ConnectionSettings"     xml:"ConnectionSettings"`
	Additional wire.Members[attribute] `query:"AdditionalAttributes" xml:"AdditionalAttributes,omitempty"`
}

type enabledAttribute struct {
	Enabled bool `query:"Enabled,required" xml:"Enabled"`
}

type accessLogAttribute struct {
	Enabled      bool    `query:"Enabled,required" xml:"Enabled"`
	S3BucketName *string `query:"S3BucketName"     xml:"S3BucketName"`
	EmitInterval *int32  `query:"EmitInterval"     xml:"EmitInterval"`
	Prefix       *string `query:"S3BucketPrefix"   xml:"S3BucketPrefix"`
}

type drainingAttribute struct {
	Enabled bool   `query:"Enabled,required" xml:"Enabled"`
	Timeout *int32 `query:"Timeout"          xml:"Timeout"`
}

type settingsAttribute struct {
	IdleTimeout int32 `query:"IdleTimeout,required" xml:"IdleTimeout"`
}

// attribute is a key and a value as they come and go.
type attribute struct {
	Key   string `query:"Key"   xml:"Key"`
	Value string `query:"Value" xml:"Value"`
}

const desyncMitigation = "elb.http.desyncmitigationmode"

type describeClassicAttributesOutput struct {
	LoadBalancerAttributes classicAttributes
}

func (s *Service) describeClassicAttributes(in *classicNameInput) (any, error) {
	lb, err := s.classicSeen(in.Name)
	if err != nil {
		return nil, err
	}
	a := lb.Attributes
	log := &accessLogAttribute{Enabled: a.AccessLog}
	if a.AccessLogBucket != "" {
		log.S3BucketName, log.EmitInterval, log.Prefix = &a.AccessLogBucket, &a.AccessLogInterval, &a.AccessLogPrefix
	}
	return &describeClassicAttributesOutput{classicAttributes{
		CrossZone:  &enabledAttribute{a.CrossZone},
		AccessLog:  log,
		Draining:   &drainingAttribute{a.Draining, &a.DrainingTimeout},
		Settings:   &settingsAttribute{a.IdleTimeout},
		Additional: wire.Members[attribute]{{desyncMitigation, a.DesyncMitigation}},
	}}, nil
}

type modifyClassicAttributesInput struct {
	Name       string            `query:"LoadBalancerName,required"`
	Attributes classicAttributes `query:"LoadBalancerAttributes,required"`
}

type modifyClassicAttributesOutput struct {
	LoadBalancerName       string
	LoadBalancerAttributes classicAttributes
}

// modifyClassicAttributes answers with what was sent, as AWS does.
func (s *Service) modifyClassicAttributes(in *modifyClassicAttributesInput) (any, error) {
	lb, err := s.classicNamed(in.Name)
	if err != nil {
		return nil, err
	}
	a := &lb.Attributes
	if c := in.Attributes.CrossZone; c != nil {
		a.CrossZone = c.Enabled
	}
	if err := first(a.setAccessLog(in.Attributes.AccessLog), a.setConnections(in.Attributes), a.setAdditional(in.Attributes.Additional)); err != nil {
		return nil, err
	}
	s.classic.Put(lb.Name, lb)
	return &modifyClassicAttributesOutput{in.Name, in.Attributes}, nil
}

func (a *ClassicAttributes) setAccessLog(in *accessLogAttribute) error {
	if in == nil {
		return nil
	}
	a.AccessLog, a.AccessLogBucket, a.AccessLogPrefix, a.AccessLogInterval = in.Enabled, "", "", 60
	if in.S3BucketName != nil {
		a.AccessLogBucket = *in.S3BucketName
	}
	if in.Prefix != nil {
		a.AccessLogPrefix = *in.Prefix
	}
	if in.EmitInterval != nil {
		a.AccessLogInterval = *in.EmitInterval
	}
	switch {
	case in.Enabled && a.AccessLogBucket == "":
		return configuration(true, "S3Bucket name cannot be empty when access log is enabled")
	case a.AccessLogInterval != 5 && a.AccessLogInterval != 60:
		return configuration(true, "Access log emit interval must be 5 or 60 minutes, not %d", a.AccessLogInterval)
	}
	return nil
}

func (a *ClassicAttributes) setConnections(in classicAttributes) error {
	if d := in.Draining; d != nil {
		a.Draining = d.Enabled
		if d.Timeout != nil {
			if *d.Timeout < 1 || *d.Timeout > 3600 {
				return invalid("Connection draining timeout must be in 1-3600 inclusive")
			}
			a.DrainingTimeout = *d.Timeout
		}
	}
	if c := in.Settings; c != nil {
		if c.IdleTimeout < 1 || c.IdleTimeout > 4000 {
			return invalid("Connection idle timeout must be in 1-4000 inclusive")
		}
		a.IdleTimeout = c.IdleTimeout
	}
	return nil
}

func (a *ClassicAttributes) setAdditional(in []attribute) error {
	for _, x := range in {
		if x.Key != desyncMitigation {
			return wire.Errorf("LoadBalancerAttributeNotFound", "Load balancer attribute '%s' was not found", x.Key)
		}
		if x.Value != "monitor" && x.Value != "defensive" && x.Value != "strictest" {
			return invalid("The value '%s' of attribute '%s' must be one of monitor, defensive, strictest", x.Value, x.Key)
		}
		a.DesyncMitigation = x.Value
	}
	return nil
}

type configureHealthCheckInput struct {
	Name        string      `query:"LoadBalancerName,required"`
	HealthCheck HealthCheck `query:"HealthCheck,required"`
}

type configureHealthCheckOutput struct {
	HealthCheck HealthCheck
}

func (s *Service) configureHealthCheck(in *configureHealthCheckInput) (any, error) {
	lb, err := s.classicNamed(in.Name)
	if err != nil {
		return nil, err
	}
	hc := in.HealthCheck
	if hc.Target, err = healthCheckTarget(hc.Target); err != nil {
		return nil, err
	}
	err = first(
		inclusive("HealthCheck Interval", hc.Interval, 5, 300),
		inclusive("HealthCheck Timeout", hc.Timeout, 2, 60),
		inclusive("HealthCheck HealthyThreshold", hc.HealthyThreshold, 2, 10),
		inclusive("HealthCheck UnhealthyThreshold", hc.UnhealthyThreshold, 2, 10),
	)
	if err != nil {
		return nil, err
	}
	if hc.Timeout >= hc.Interval {
		return nil, invalid("HealthCheck Timeout must be less than Interval")
	}
	lb.HealthCheck = hc
	s.classic.Put(lb.Name, lb)
	return &configureHealthCheckOutput{hc}, nil
}

func inclusive(what string, n, low, high int32) error {
	if n < low || n > high {
		return invalid("%s must be between %d and %d inclusive", what, low, high)
	}
	return nil
}

// healthCheckTarget checks a target and returns it with its protocol in upper case.
func healthCheckTarget(target string) (string, error) {
	protocol, rest, _ := strings.Cut(target, ":")
	protocol = strings.ToUpper(protocol)
	port, path := rest, ""
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		port, path = rest[:i], rest[i:]
	}
	http := protocol == "HTTP" || protocol == "HTTPS"
	n, err := strconv.Atoi(port)
	switch {
	case !http && protocol != "TCP" && protocol != "SSL":
		return "", invalid("HealthCheck Target must begin with one of HTTP, TCP, HTTPS, SSL")
	case http && (path == "" || err != nil):
		return "", invalid("HealthCheck %s Target must specify a port followed by a path that begins with a slash. e.g. %[1]s:80/ping/this/path", protocol)
	case !http && (path != "" || err != nil):
		return "", invalid("HealthCheck %s Target must specify a port and nothing else. e.g. %[1]s:80", protocol)
	case n < 1 || n > 65535:
		return "", invalid("HealthCheck Target port must be in 1-65535 inclusive")
	case len(target) > 1024:
		return "", invalid("HealthCheck Target must be at most 1024 characters long")
	}
	return protocol + ":" + rest, nil
}
