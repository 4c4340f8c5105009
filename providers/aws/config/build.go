// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"sigs.k8s.io/cloud-providers/common/cloudconfig"
	"sigs.k8s.io/cloud-providers/common/cloudconfig/ini"
	"sigs.k8s.io/cloud-providers/common/cloudconfig/nearest"
	"sigs.k8s.io/cloud-providers/providers/aws/ids"
)

// builder makes the configuration of a file's content and collects every mistake in it.
type builder struct {
	*file
	config   *Config
	warnings []string
	errs     []error
}

func (b *builder) wrong(key, format string, args ...any) {
	b.errs = append(b.errs, b.Wrong(globalName, "", key, format, args...))
}

func (b *builder) ignored(key, format string, args ...any) {
	e := b.Wrong(globalName, "", key, format, args...)
	b.warnings = append(b.warnings, e.Error())
}

func (b *builder) build() {
	g := b.Global
	c := b.config
	c.VPC, c.SubnetID, c.RouteTableID = g.VPC, g.SubnetID, g.RouteTableID
	c.DisableSecurityGroupIngress, c.ElbSecurityGroup = g.DisableSecurityGroupIngress, g.ElbSecurityGroup
	b.place()
	b.role()
	b.cluster()
	b.families()
	b.probe()
	b.topology()
	switch g.NLBSecurityGroupMode {
	case "":
	case "Managed":
		c.ManagedNLBSecurityGroups = true
	default:
		b.wrong("NLBSecurityGroupMode", "%q is not %q, the only mode that can be named; leave the key out for load balancers without a security group of the provider's", g.NLBSecurityGroupMode, "Managed")
	}
	if !c.Outside() {
		for key, value := range map[string]string{"VPC": c.VPC, "SubnetID": c.SubnetID} {
			if value != "" {
				b.ignored(key, "has no effect: it counts only together with VPC, one of SubnetID and RoleARN, and one of KubernetesClusterID and KubernetesClusterTag; the instance on which the manager runs says where the cluster is")
			}
		}
		slices.Sort(b.warnings)
	}
	for _, label := range slices.Sorted(maps.Keys(b.ServiceOverride)) {
		b.override(label, *b.ServiceOverride[label])
	}
	b.checkOverrides()
}

func (b *builder) place() {
	b.config.Zone, b.config.Region = b.Global.Zone, b.Global.Region
	if zone := b.Global.Zone; zone != "" {
		b.config.Region = ids.RegionOfZone(zone)
		if b.config.Region == "" {
			b.wrong("Zone", "%q does not begin with the name of a region, as us-west-2a does", zone)
		}
	}
}

func (b *builder) role() {
	b.config.RoleARN, b.config.SourceARN = b.Global.RoleARN, b.Global.SourceARN
	if b.config.RoleARN == "" {
		if b.config.SourceARN != "" {
			b.ignored("SourceARN", "has no effect without RoleARN")
		}
		return
	}
	if parsed, err := arn.Parse(b.config.RoleARN); err != nil || parsed.AccountID == "" {
		b.wrong("RoleARN", "%q is not an ARN such as arn:aws:iam::123456789012:role/name", b.config.RoleARN)
	}
}

func (b *builder) cluster() {
	legacy, id := b.Global.KubernetesClusterTag, b.Global.KubernetesClusterID
	if legacy != "" && id != "" && legacy != id {
		b.wrong("KubernetesClusterID", "%q differs from KubernetesClusterTag %q; a cluster has one ID: make them equal, or remove one", id, legacy)
	}
	b.config.ClusterID, b.config.LegacyClusterTag = cmp.Or(id, legacy), legacy != ""
}

func (b *builder) families() {
	var families []string
	for _, value := range b.Global.NodeIPFamilies {
		for family := range strings.SplitSeq(value, ",") {
			family = strings.TrimSpace(family)
			switch {
			case family != "ipv4" && family != "ipv6":
				b.wrong("NodeIPFamilies", "%q is neither %q nor %q", family, "ipv4", "ipv6")
			case !slices.Contains(families, family):
				families = append(families, family)
			}
		}
	}
	if len(families) > 0 {
		b.config.NodeIPFamilies = families
	}
}

func (b *builder) probe() {
	g, probe := b.Global, &b.config.HealthProbe
	switch g.ClusterServiceLoadBalancerHealthProbeMode {
	case "", "ServiceNodePort":
	case "Shared":
		probe.Shared = true
	default:
		b.wrong("ClusterServiceLoadBalancerHealthProbeMode", "%q is neither %q nor %q", g.ClusterServiceLoadBalancerHealthProbeMode, "ServiceNodePort", "Shared")
	}
	probe.Port = cmp.Or(g.ClusterServiceSharedLoadBalancerHealthProbePort, probe.Port)
	if probe.Port < 1 || probe.Port > 65535 {
		b.wrong("ClusterServiceSharedLoadBalancerHealthProbePort", "%d is not a port from 1 to 65535", probe.Port)
	}
	probe.Path = cmp.Or(g.ClusterServiceSharedLoadBalancerHealthProbePath, probe.Path)
	if !strings.HasPrefix(probe.Path, "/") {
		b.wrong("ClusterServiceSharedLoadBalancerHealthProbePath", "%q does not begin with a slash", probe.Path)
	}
}

func (b *builder) topology() {
	pattern := b.Global.SupportedTopologyInstanceTypePattern
	if pattern == nil || *pattern == "" {
		return
	}
	compiled, err := regexp.Compile(*pattern)
	if err != nil {
		b.wrong("SupportedTopologyInstanceTypePattern", "%q is not a regular expression: %v", *pattern, err)
		return
	}
	b.config.TopologyInstanceTypes = compiled
}

// override checks one section and adds it.
func (b *builder) override(label string, o override) {
	where := func(key string) *cloudconfig.Error {
		line := b.Line(overrideName, label, key)
		if line == 0 {
			line = b.Line(overrideName, label, "")
		}
		return &cloudconfig.Error{Path: b.Path, Line: line, Key: fmt.Sprintf("ServiceOverride %q.%s", label, key)}
	}
	before := len(b.errs)
	for _, field := range []struct{ key, value string }{{"Service", o.Service}, {"Region", o.Region}, {"URL", o.URL}, {"SigningRegion", o.SigningRegion}} {
		if strings.TrimSpace(field.value) == "" {
			e := where(field.key)
			e.Message = "is missing; an override needs Service, Region, URL and SigningRegion"
			b.errs = append(b.errs, e)
		}
	}
	endpoint, err := url.Parse(strings.TrimSpace(o.URL))
	if strings.TrimSpace(o.URL) != "" {
		e := where("URL")
		switch {
		case err != nil || endpoint.Scheme != "http" && endpoint.Scheme != "https" || endpoint.Host == "":
			e.Message = fmt.Sprintf("%q is not a URL such as https://ec2.vpce.internal", o.URL)
		case endpoint.User != nil:
			e.Message = "contains credentials; requests are signed with those of the manager"
		default:
			e = nil
		}
		if e != nil {
			b.errs = append(b.errs, e)
		}
	}
	service, known := serviceNamed(o.Service)
	if !known && strings.TrimSpace(o.Service) != "" {
		e := where("Service")
		e.Message = fmt.Sprintf("%q is no service that the provider calls, and the override has no effect%s", o.Service, ini.Meant(nearest.Name(o.Service, serviceNames())))
		b.warnings = append(b.warnings, e.Error())
	}
	if !known || len(b.errs) > before {
		return
	}
	b.config.Overrides = append(b.config.Overrides, Override{
		Label: label, Service: service, Region: strings.TrimSpace(o.Region), URL: endpoint, name: strings.TrimSpace(o.Service),
		SigningRegion: strings.TrimSpace(o.SigningRegion), SigningName: strings.TrimSpace(o.SigningName),
	})
}

// checkOverrides refuses two overrides for the same service and region. Two spellings of one service are
// what a file has that served both generations of upstream: those are allowed, and reported if they differ.
func (b *builder) checkOverrides() {
	for i, o := range b.config.Overrides {
		for _, other := range b.config.Overrides[:i] {
			if o.Service != other.Service || o.Region != other.Region {
				continue
			}
			e := &cloudconfig.Error{Path: b.Path, Line: b.Line(overrideName, o.Label, "Service"), Key: fmt.Sprintf("ServiceOverride %q", o.Label)}
			switch {
			case o.name == other.name:
				e.Message = fmt.Sprintf("is for service %s in region %s, as ServiceOverride %q is; remove one", o.name, o.Region, other.Label)
				b.errs = append(b.errs, e)
			case *o.URL != *other.URL || o.SigningRegion != other.SigningRegion || o.SigningName != other.SigningName:
				e.Message = fmt.Sprintf("says something else about service %s in region %s than ServiceOverride %q does; %q counts", o.name, o.Region, other.Label, b.config.Endpoint(o.Service, o.Region).Label)
				b.warnings = append(b.warnings, e.Error())
			}
		}
	}
}
