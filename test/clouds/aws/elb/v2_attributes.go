// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb

import (
	"regexp"
	"slices"
	"strconv"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

// get returns the value of an attribute.
func get(list []Attribute, key string) string {
	for _, a := range list {
		if a.Key == key {
			return a.Value
		}
	}
	return ""
}

// put returns attributes with a changed value.
func put(list []Attribute, key, value string) []Attribute {
	out := slices.Clone(list)
	for i := range out {
		if out[i].Key == key {
			out[i].Value = value
		}
	}
	return out
}

// attributesFrom makes attributes of keys and values that alternate.
func attributesFrom(pairs ...string) []Attribute {
	var out []Attribute
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, Attribute{pairs[i], pairs[i+1]})
	}
	return out
}

func attributesOut(list []Attribute) wire.Members[attribute] {
	out := make(wire.Members[attribute], len(list))
	for i, a := range list {
		out[i] = attribute(a)
	}
	return out
}

// Keys of attributes that mean something here.
const (
	deletionProtection  = "deletion_protection.enabled"
	crossZone           = "load_balancing.cross_zone.enabled"
	accessLogs          = "access_logs.s3.enabled"
	accessLogsBucket    = "access_logs.s3.bucket"
	accessLogsPrefix    = "access_logs.s3.prefix"
	deregistrationDelay = "deregistration_delay.timeout_seconds"
	preserveClientIP    = "preserve_client_ip.enabled"
	stickinessType      = "stickiness.type"
)

// defaultBalancerAttributes are what a load balancer starts with.
func defaultBalancerAttributes(kind, scheme string) []Attribute {
	out := attributesFrom(
		accessLogs, "false",
		accessLogsBucket, "",
		accessLogsPrefix, "",
		deletionProtection, "false",
		"ipv6.deny_all_igw_traffic", strconv.FormatBool(scheme == "internal"),
		"zonal_shift.config.enabled", "false",
	)
	if kind == network {
		return append(out, attributesFrom(
			crossZone, "false",
			"dns_record.client_routing_policy", "any_availability_zone",
			"secondary_ips.auto_assigned.per_subnet", "0",
		)...)
	}
	return append(out, attributesFrom(
		crossZone, "true",
		"idle_timeout.timeout_seconds", "60",
		"client_keep_alive.seconds", "3600",
		"routing.http2.enabled", "true",
		"routing.http.drop_invalid_header_fields.enabled", "false",
		"routing.http.xff_client_port.enabled", "false",
		"routing.http.xff_header_processing.mode", "append",
		"routing.http.preserve_host_header.enabled", "false",
		"routing.http.desync_mitigation_mode", "defensive",
		"routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "false",
		"waf.fail_open.enabled", "false",
		"connection_logs.s3.enabled", "false",
		"connection_logs.s3.bucket", "",
		"connection_logs.s3.prefix", "",
	)...)
}

func defaultGroupAttributes(protocol, targetType string) []Attribute {
	datagrams := protocol == "UDP" || protocol == "TCP_UDP"
	out := attributesFrom(
		"stickiness.enabled", "false",
		deregistrationDelay, "300",
		stickinessType, "source_ip",
		"load_balancing.cross_zone.enabled", "use_load_balancer_configuration",
		"target_group_health.dns_failover.minimum_healthy_targets.count", "1",
		"target_group_health.dns_failover.minimum_healthy_targets.percentage", "off",
		"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1",
		"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off",
	)
	if protocol == "HTTP" || protocol == "HTTPS" {
		return append(put(out, stickinessType, "lb_cookie"), attributesFrom(
			"load_balancing.algorithm.type", "round_robin",
			"load_balancing.algorithm.anomaly_mitigation", "off",
			"slow_start.duration_seconds", "0",
			"stickiness.lb_cookie.duration_seconds", "86400",
			"stickiness.app_cookie.cookie_name", "",
			"stickiness.app_cookie.duration_seconds", "86400",
		)...)
	}
	return append(out, attributesFrom(
		"deregistration_delay.connection_termination.enabled", strconv.FormatBool(datagrams),
		preserveClientIP, strconv.FormatBool(targetType == "instance" || datagrams),
		"proxy_protocol_v2.enabled", "false",
		"target_health_state.unhealthy.connection_termination.enabled", strconv.FormatBool(!datagrams),
		"target_health_state.unhealthy.draining_interval_seconds", "0",
	)...)
}

// The forms of attributes' values, by key; a key without one takes a bool if it ends in "enabled".
var (
	bools       = regexp.MustCompile(`^(true|false)$`)
	anyText     = regexp.MustCompile(`^.*$`)
	number      = regexp.MustCompile(`^[0-9]{1,6}$`)
	valuesByKey = map[string]*regexp.Regexp{
		accessLogsBucket:            anyText,
		accessLogsPrefix:            anyText,
		"connection_logs.s3.bucket": anyText,
		"connection_logs.s3.prefix": anyText,
		"dns_record.client_routing_policy": regexp.MustCompile(
			`^(availability_zone_affinity|partial_availability_zone_affinity|any_availability_zone)$`),
		"secondary_ips.auto_assigned.per_subnet":  regexp.MustCompile(`^[0-7]$`),
		"idle_timeout.timeout_seconds":            number,
		"client_keep_alive.seconds":               number,
		"routing.http.xff_header_processing.mode": regexp.MustCompile(`^(append|preserve|remove)$`),
		"routing.http.desync_mitigation_mode":     regexp.MustCompile(`^(monitor|defensive|strictest)$`),
	}
	groupValuesByKey = map[string]*regexp.Regexp{
		deregistrationDelay: number,
		stickinessType:      regexp.MustCompile(`^(source_ip|lb_cookie|app_cookie)$`),
		crossZone:           regexp.MustCompile(`^(true|false|use_load_balancer_configuration)$`),
		"target_group_health.dns_failover.minimum_healthy_targets.count":                 regexp.MustCompile(`^(off|[0-9]{1,4})$`),
		"target_group_health.dns_failover.minimum_healthy_targets.percentage":            regexp.MustCompile(`^(off|[0-9]{1,3})$`),
		"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count":      number,
		"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": regexp.MustCompile(`^(off|[0-9]{1,3})$`),
		"target_health_state.unhealthy.draining_interval_seconds":                        number,
		"load_balancing.algorithm.type":                                                  regexp.MustCompile(`^(round_robin|least_outstanding_requests|weighted_random)$`),
		"load_balancing.algorithm.anomaly_mitigation":                                    regexp.MustCompile(`^(on|off)$`),
		"slow_start.duration_seconds":                                                    number,
		"stickiness.lb_cookie.duration_seconds":                                          number,
		"stickiness.app_cookie.duration_seconds":                                         number,
		"stickiness.app_cookie.cookie_name":                                              anyText,
	}
)

// change returns old attributes with new values. What is the thing that has them, for messages.
func change(what string, old []Attribute, in []attribute, forms map[string]*regexp.Regexp) ([]Attribute, error) {
	out := slices.Clone(old)
	seen := map[string]bool{}
	for _, a := range in {
		if !slices.ContainsFunc(out, func(o Attribute) bool { return o.Key == a.Key }) {
			return nil, invalid("%s attribute key '%s' is not recognized", what, a.Key)
		}
		if seen[a.Key] {
			return nil, invalid("%s attribute key '%s' was specified more than once", what, a.Key)
		}
		seen[a.Key] = true
		form := forms[a.Key]
		if form == nil {
			form = bools
		}
		if !form.MatchString(a.Value) {
			return nil, invalid("%s attribute value '%s' is not valid for key '%s'", what, a.Value, a.Key)
		}
		out = put(out, a.Key, a.Value)
	}
	return out, nil
}

type attributesOutput struct {
	Attributes wire.Members[attribute]
}

func (s *Service) describeBalancerAttributes(in *balancerInput) (any, error) {
	lb, err := foundBalancer(s.balancers.Seen(in.ARN), in.ARN)
	if err != nil {
		return nil, err
	}
	return &attributesOutput{attributesOut(lb.Attributes)}, nil
}

type modifyBalancerAttributesInput struct {
	ARN        string      `query:"LoadBalancerArn,required"`
	Attributes []attribute `query:"Attributes,required"`
}

// modifyBalancerAttributes answers with all attributes.
func (s *Service) modifyBalancerAttributes(in *modifyBalancerAttributesInput) (any, error) {
	lb, err := s.balancer(in.ARN)
	if err != nil {
		return nil, err
	}
	if lb.Attributes, err = change("Load balancer", lb.Attributes, in.Attributes, valuesByKey); err != nil {
		return nil, err
	}
	bucketGiven := slices.ContainsFunc(in.Attributes, func(a attribute) bool { return a.Key == accessLogsBucket })
	bucket := get(lb.Attributes, accessLogsBucket)
	if bucket == "" && (bucketGiven || get(lb.Attributes, accessLogs) == "true") {
		return nil, invalid("The value of '%s' cannot be empty", accessLogsBucket)
	}
	if lb.Type == application && get(lb.Attributes, crossZone) != "true" {
		return nil, wire.Errorf("InvalidConfigurationRequest", "Load balancer attribute '%s' cannot be changed on load balancers with type 'application'", crossZone)
	}
	s.balancers.Put(lb.ARN, lb)
	return &attributesOutput{attributesOut(lb.Attributes)}, nil
}

func (s *Service) describeTargetGroupAttributes(in *groupInput) (any, error) {
	tg, err := foundGroup(s.groups.Seen(in.ARN), in.ARN)
	if err != nil {
		return nil, err
	}
	return &attributesOutput{attributesOut(tg.Attributes)}, nil
}

type modifyGroupAttributesInput struct {
	ARN        string      `query:"TargetGroupArn,required"`
	Attributes []attribute `query:"Attributes,required"`
}

func (s *Service) modifyTargetGroupAttributes(in *modifyGroupAttributesInput) (any, error) {
	tg, err := s.group(in.ARN)
	if err != nil {
		return nil, err
	}
	if tg.Attributes, err = change("Target group", tg.Attributes, in.Attributes, groupValuesByKey); err != nil {
		return nil, err
	}
	if n, _ := strconv.Atoi(get(tg.Attributes, deregistrationDelay)); n > 3600 {
		return nil, invalid("Target group attribute value '%d' is not valid for key '%s'", n, deregistrationDelay)
	}
	if (tg.Protocol == "UDP" || tg.Protocol == "TCP_UDP") && get(tg.Attributes, preserveClientIP) == "false" {
		return nil, wire.Errorf("InvalidConfigurationRequest", "Client IP preservation cannot be disabled for target groups with the protocol '%s'", tg.Protocol)
	}
	if kind := get(tg.Attributes, stickinessType); (kind == "source_ip") == (tg.Protocol == "HTTP" || tg.Protocol == "HTTPS") {
		return nil, wire.Errorf("InvalidConfigurationRequest", "Stickiness type '%s' is not supported for target groups with the %s protocol", kind, tg.Protocol)
	}
	s.groups.Put(tg.ARN, tg)
	return &attributesOutput{attributesOut(tg.Attributes)}, nil
}
