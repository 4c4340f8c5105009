// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/cloud-providers/common/cloudconfig/ini"
)

var update = flag.Bool("update", false, "write docs/config.md anew")

func TestWithoutAFileAllDefaultsApply(t *testing.T) {
	got, err := Read("", nil)
	if err != nil || !reflect.DeepEqual(got, Default()) {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err = Read("f", strings.NewReader("")); err != nil || !reflect.DeepEqual(got, Default()) {
		t.Errorf("an empty file: got %+v, %v", got, err)
	}
}

func TestValues(t *testing.T) {
	tests := []struct {
		name, file string
		want       func(*Config)
	}{
		{"case of names does not matter", "[GLOBAL]\nregion = r", func(c *Config) { c.Region = "r" }},
		{"the region comes from the zone", "[Global]\nZone=us-gov-west-1b\nRegion=eu-west-1", func(c *Config) { c.Zone, c.Region = "us-gov-west-1b", "us-gov-west-1" }},
		{"a local zone", "[Global]\nZone=us-west-2-lax-1a", func(c *Config) { c.Zone, c.Region = "us-west-2-lax-1a", "us-west-2" }},
		{"a bare key is true", "[Global]\nDisableSecurityGroupIngress", func(c *Config) { c.DisableSecurityGroupIngress = true }},
		{"on, 0x and comments", "[Global]\nDisableSecurityGroupIngress = ON ; yes\nClusterServiceSharedLoadBalancerHealthProbePort=0x1F90 # 8080", func(c *Config) { c.DisableSecurityGroupIngress, c.HealthProbe.Port = true, 8080 }},
		{"a list repeats the key", "[Global]\nNodeIPFamilies=ipv6\nNodeIPFamilies=ipv4", func(c *Config) { c.NodeIPFamilies = []string{"ipv6", "ipv4"} }},
		{"or has commas", "[Global]\nNodeIPFamilies = ipv6, ipv4", func(c *Config) { c.NodeIPFamilies = []string{"ipv6", "ipv4"} }},
		{"a bare list key empties the list", "[Global]\nNodeIPFamilies=ipv6\nNodeIPFamilies", func(*Config) {}},
		{"the last of two counts", "[Global]\nVPC=a\nVPC=vpc-1\nSubnetID=s\nKubernetesClusterTag=c", func(c *Config) {
			c.VPC, c.SubnetID, c.ClusterID, c.LegacyClusterTag = "vpc-1", "s", "c", true
		}},
		{"equal IDs are legacy", "[Global]\nKubernetesClusterTag=c\nKubernetesClusterID=c", func(c *Config) { c.ClusterID, c.LegacyClusterTag = "c", true }},
		{"a key of the in-tree provider loads", "[Global]\nDisableStrictZoneCheck=yes", func(*Config) {}},
		{"managed", "[Global]\nNLBSecurityGroupMode=Managed\nElbSecurityGroup=sg-1\nRouteTableID=rtb-1", func(c *Config) {
			c.ManagedNLBSecurityGroups, c.ElbSecurityGroup, c.RouteTableID = true, "sg-1", "rtb-1"
		}},
		{"shared probes", "[Global]\nClusterServiceLoadBalancerHealthProbeMode=Shared\nClusterServiceSharedLoadBalancerHealthProbePath=/h", func(c *Config) { c.HealthProbe = HealthProbe{Shared: true, Port: 10256, Path: "/h"} }},
		{"role", "[Global]\nRoleARN=arn:aws:iam::1234:role/x\nSourceARN=arn:aws:eks:r:1:cluster/x", func(c *Config) {
			c.RoleARN, c.SourceARN = "arn:aws:iam::1234:role/x", "arn:aws:eks:r:1:cluster/x"
		}},
	}
	for _, test := range tests {
		want := Default()
		test.want(want)
		got, err := Read("f", strings.NewReader(test.file))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if len(got.Warnings) > 0 {
			t.Errorf("%s: warnings %q", test.name, got.Warnings)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", test.name, got, want)
		}
	}
	c, err := Read("f", strings.NewReader("[Global]\nSupportedTopologyInstanceTypePattern=\"^p[0-9]+\\\\.\""))
	if err != nil || c.TopologyInstanceTypes.String() != `^p[0-9]+\.` {
		t.Errorf("pattern %v, %v", c, err)
	}
}

func TestMistakes(t *testing.T) {
	for file, want := range map[string]string{
		"Region = x":       "f:1: expected section header",
		"{\"region\": 1}":  "INI form",
		"[Global]\nRegion": "Region",
		"[Global]\nDisableSecurityGroupIngress=may":                                             "DisableSecurityGroupIngress",
		"[Global]\nDisableSecurityGroupIngress=":                                                "DisableSecurityGroupIngress",
		"[Global]\nClusterServiceSharedLoadBalancerHealthProbePort=x":                           "ProbePort",
		"[Global]\nClusterServiceSharedLoadBalancerHealthProbePort=99999":                       "f:2: ClusterServiceSharedLoadBalancerHealthProbePort: 99999 is not a port",
		"[Global]\nRegion=a\\b":                                                                 "f:2:",
		"\ufeff[Global]":                                                                        "f:1:",
		"[Global]\nZone=some-fake-zone":                                                         `f:2: Zone: "some-fake-zone" does not begin`,
		"[Global]\nNodeIPFamilies=ipv4,inet":                                                    `"inet" is neither`,
		"[Global]\nNodeIPFamilies=":                                                             `"" is neither`,
		"[Global]\nNLBSecurityGroupMode= managed":                                               `"managed" is not "Managed"`,
		"[Global]\nClusterServiceLoadBalancerHealthProbeMode=x":                                 `"x" is neither`,
		"[Global]\nClusterServiceSharedLoadBalancerHealthProbePath=h":                           "does not begin with a slash",
		"[Global]\nSupportedTopologyInstanceTypePattern=(":                                      `"(" is not a regular expression`,
		"[Global]\nRoleARN=admin":                                                               `"admin" is not an ARN`,
		"[Global]\n\nKubernetesClusterTag=a\nKubernetesClusterID=b":                             "f:4: KubernetesClusterID",
		"[ServiceOverride \"1\"]\nRegion=r\nURL=http://h\nSigningRegion=r":                      `f:1: ServiceOverride "1".Service: is missing`,
		"[ServiceOverride \"1\"]\nService=ec2\nRegion=r\nURL=h\nSigningRegion=r":                `f:4: ServiceOverride "1".URL: "h" is not a URL`,
		"[ServiceOverride \"1\"]\nService=ec2\nRegion=r\nURL=http://u:p@h\nSigningRegion=r":     "contains credentials",
		overrideText("1", "ec2", "r", "http://a") + overrideText("2", "ec2", " r ", "http://b"): `f:7: ServiceOverride "2": is for service ec2 in region r, as ServiceOverride "1" is`,
	} {
		if _, err := Read("f", strings.NewReader(file)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want it to contain %q", file, err, want)
		}
	}
	_, err := Read("f", strings.NewReader("[Global]\nZone=x\nRoleARN=y\nNodeIPFamilies=z"))
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("three mistakes, reported: %v", err)
	}
}

func TestWhatIsIgnoredIsReported(t *testing.T) {
	for file, want := range map[string]string{
		"[Globl]\nRegion=r":                        "f:1: the section [Globl] has no meaning here and is ignored; did you mean [Global]?",
		"[Global \"x\"]\nRegion=r":                 `the section [Global "x"] has no meaning`,
		"[Global]\nRegoin=r":                       `f:2: the key "Regoin" of section [Global] is unknown and ignored; did you mean Region?`,
		"[Global]\nSomethingElse=r":                `f:2: the key "SomethingElse" of section [Global] is unknown and ignored`,
		"[Global]\nVPC=vpc-1":                      "f:2: VPC: has no effect",
		"[Global]\nSourceARN=a":                    "f:2: SourceARN: has no effect without RoleARN",
		overrideText("a", "ecc2", "r", "http://h"): `f:2: ServiceOverride "a".Service: "ecc2" is no service that the provider calls, and the override has no effect; did you mean EC2?`,
		overrideText("a", "ec2", "r", "http://h") + overrideText("b", "EC2", "r", "http://i"): `ServiceOverride "b" counts`,
	} {
		c, err := Read("f", strings.NewReader(file))
		if err != nil || len(c.Warnings) != 1 || !strings.Contains(strings.ReplaceAll(c.Warnings[0], `"b" counts`, `ServiceOverride "b" counts`), want) {
			t.Errorf("%q: %v, %v, want %q", file, c, err, want)
		}
	}
}

func overrideText(label, service, region, url string) string {
	return "[ServiceOverride \"" + label + "\"]\nService=" + service + "\nRegion=\"" + region + "\"\nURL=" + url + "\nSigningRegion=s\n"
}

func TestEndpoints(t *testing.T) {
	c, err := Read("f", strings.NewReader(
		overrideText("1", "EC2", "r", "http://ec2")+overrideText("2", "ec2", "r", "http://old")+
			overrideText("3", "elasticLoadBalancing", "r", "http://elb")+overrideText("4", "elastic load balancing V2", "q", "http://v2")+
			overrideText("5", "ec2metadata", "nowhere", "http://imds")+overrideText("6", "kms", "r", "http://kms")))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		service      Service
		region, want string
	}{
		{EC2, "r", "ec2"}, {EC2, "other", ""}, {ELB, "r", "elb"}, {ELBv2, "r", "elb"}, {ELBv2, "q", "v2"}, {ELB, "q", ""}, {IMDS, "r", "imds"}, {STS, "r", ""},
	} {
		got := ""
		if o := c.Endpoint(test.service, test.region); o != nil {
			got = o.URL.Host
		}
		if got != test.want {
			t.Errorf("%s in %s: %q, want %q", test.service, test.region, got, test.want)
		}
	}
	var unused []string
	for _, o := range c.UnusedOverrides("r") {
		unused = append(unused, o.Label)
	}
	if strings.Join(unused, " ") != "2 4" {
		t.Errorf("unused %v", unused)
	}
}

func TestReferencePage(t *testing.T) {
	for _, s := range []struct {
		of   reflect.Type
		keys []ini.Key
	}{{reflect.TypeFor[global](), globalSection.Keys}, {reflect.TypeFor[override](), overrideSection.Keys}} {
		described := map[string]bool{}
		for _, k := range s.keys {
			described[k.Name] = true
		}
		if len(described) != s.of.NumField() {
			t.Errorf("%s has %d keys, and %d are described", s.of, s.of.NumField(), len(described))
		}
		for f := range s.of.Fields() {
			if !described[f.Name] {
				t.Errorf("the key %s is not described", f.Name)
			}
		}
	}
	const path = "../docs/config.md"
	if *update {
		if err := os.WriteFile(path, []byte(Markdown()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(path); err != nil || string(have) != Markdown() {
		t.Errorf("%s is not what the keys say (%v); run make generate", path, err)
	}
}

// FuzzRead: whatever is in the file, there is a configuration or an error that names the file.
func FuzzRead(f *testing.F) {
	f.Add("[Global]\nRegion = \"a\\\\b\" ; c\nNodeIPFamilies\n")
	f.Add(overrideText("1", "ec2", "r", "http://h"))
	f.Add("[ServiceOverride]\nService\n[default-serviceoverride]\nx=y")
	f.Add("[Global]\nRegion = a\\\n b")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Read("path", strings.NewReader(text))
		if err != nil {
			if !strings.Contains(err.Error(), "path") {
				t.Errorf("the error does not say where: %v", err)
			}
			return
		}
		if len(c.NodeIPFamilies) == 0 || c.TopologyInstanceTypes == nil || c.HealthProbe.Port == 0 {
			t.Errorf("incomplete: %+v", c)
		}
	})
}
