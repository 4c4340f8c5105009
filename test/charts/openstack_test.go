// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

import (
	"encoding/base64"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var openstack = suite{
	dir:      "../../providers/openstack/charts/openstack-cloud-controller-manager",
	testdata: "testdata/openstack",
	deploy:   "../../providers/openstack/deploy/",
}

const (
	openstackUpstream  = "../openstack/packaging/testdata/upstream-chart.yaml"
	openstackDaemonSet = "DaemonSet kube-system/openstack-cloud-controller-manager"
)

func TestOpenStackPermissionsAreThoseOfTheManifests(t *testing.T) {
	openstack.permissions(t, "{}")
}

// TestOpenStackUpgradeFromUpstreamIsPossible compares what cannot be changed, or must not, with upstream's chart.
func TestOpenStackUpgradeFromUpstreamIsPossible(t *testing.T) {
	upstream := objects(t, string(read(t, openstackUpstream)))
	for _, file := range []string{"defaults", "upstream", "pinned", "clouds"} {
		ours := openstack.objects(t, string(read(t, openstack.testdata+"/"+file+"/values.yaml")))
		for name, theirs := range upstream {
			o := ours[name]
			if o == nil {
				t.Errorf("%s: no %s, which upstream's chart has", file, name)
				continue
			}
			for _, path := range []string{
				"apiVersion", "roleRef", "subjects", "type", "spec selector", "spec updateStrategy", "spec template spec serviceAccountName",
				"spec template spec dnsPolicy", "spec template spec hostNetwork", "spec template spec securityContext", "spec template spec containers 0 name",
			} {
				keys := strings.Fields(path)
				if theirs, ours := at(theirs, keys...), at(o, keys...); theirs != nil && !reflect.DeepEqual(theirs, ours) {
					t.Errorf("%s: %s of %s is %v, upstream's is %v", file, path, name, ours, theirs)
				}
			}
		}
		have, ok := at(ours[openstackDaemonSet], "spec", "template", "spec", "containers", "0", "args").([]any)
		if !ok {
			t.Fatalf("%s: no arguments", file)
		}
		for _, arg := range at(upstream[openstackDaemonSet], "spec", "template", "spec", "containers", "0", "args").([]any)[1:] {
			if !slices.Contains(have, arg) {
				t.Errorf("%s: the argument %s of upstream is missing", file, arg)
			}
		}
	}
}

// TestTheOpenStackDaemonSetIsThatOfTheManifests: what both have, they have alike.
func TestTheOpenStackDaemonSetIsThatOfTheManifests(t *testing.T) {
	deploy := objects(t, string(read(t, openstack.deploy+"openstack-cloud-controller-manager.yaml")))[openstackDaemonSet]
	chart := openstack.objects(t, "resources: {requests: {cpu: 200m}}")[openstackDaemonSet]
	for _, path := range []string{
		"spec template spec tolerations", "spec template spec securityContext", "spec template spec hostNetwork", "spec template spec serviceAccountName",
		"spec template spec containers 0 image", "spec template spec containers 0 command", "spec template spec containers 0 env",
		"spec template spec containers 0 resources", "spec template spec containers 0 livenessProbe", "spec template spec containers 0 readinessProbe",
		"spec template spec containers 0 securityContext",
	} {
		keys := strings.Fields(path)
		if d, c := at(deploy, keys...), at(chart, keys...); d == nil || !reflect.DeepEqual(d, c) {
			t.Errorf("%s is %v, in the chart %v", path, d, c)
		}
	}
}

func TestTwoOpenStackReleasesShareNothing(t *testing.T) {
	first := openstack.objects(t, "cloudConfig: {global: {region: east}}")
	second := openstack.objects(t, string(read(t, openstack.testdata+"/second/values.yaml")))
	for name := range second {
		if first[name] != nil {
			t.Errorf("both have %s", name)
		}
	}
	if len(first) != len(second) {
		t.Errorf("%d and %d objects", len(first), len(second))
	}
}

// cloudConf is the cloud-config that values make.
func cloudConf(t *testing.T, text string) string {
	t.Helper()
	data, ok := at(openstack.objects(t, text)["Secret kube-system/cloud-config"], "data", "cloud.conf").(string)
	if !ok {
		t.Fatalf("%s: no cloud-config", text)
	}
	conf, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		t.Fatal(err)
	}
	return string(conf)
}

func TestCloudConfigOfTheChart(t *testing.T) {
	for text, want := range map[string][]string{
		"cloudConfig: {global: {password: 'a\"b\\c'}}":                            {`password = "a\"b\\c"`},
		"cloudConfig: {global: {cafilecontents: \"one\\ntwo\\t\"}}":               {`cafilecontents = "one\ntwo\t"`},
		"cloudConfig: {global: {username: null, region: ''}}":                     {`region = ""`},
		"cloudConfig: {networking: {public-network-name: [a, b]}}":                {`public-network-name = "a"`, `public-network-name = "b"`},
		"cloudConfig: {networking: {public-network-name: []}}":                    {},
		"cloudConfig: {loadBalancer: {max-shared-lb: 123456789, enabled: false}}": {`enabled = "false"`, `max-shared-lb = "123456789"`},
		"cloudConfig: {loadBalancerClass: {'a\"b': {subnet-id: x}, c: null}}":     {`[LoadBalancerClass "a\"b"]`, `subnet-id = "x"`, `[LoadBalancerClass "c"]`},
		"cloudConfig: null":      {},
		"clouds: {secret: mine}": {`clouds-file = "/etc/openstack/clouds.yaml"`, `use-clouds = "true"`},
		"clouds: {secret: mine}\ncloudConfig: {global: {use-clouds: false}}":                 {`clouds-file = "/etc/openstack/clouds.yaml"`, `use-clouds = "false"`},
		"cloudConfigContents: '[Global]'\ncloudConfig: {global: {region: not the contents}}": {},
	} {
		var have []string
		for _, line := range strings.Split(cloudConf(t, text), "\n") {
			plain := []string{"", "[Global]", "[Networking]", "[LoadBalancer]", "[BlockStorage]", "[Metadata]", "[Route]"}
			if !slices.Contains(plain, line) {
				have = append(have, line)
			}
		}
		if fmt.Sprint(have) != fmt.Sprint(want) {
			t.Errorf("%s:\n%q, not\n%q", text, have, want)
		}
	}
}

func TestWhatTheSchemaSaysOfOpenStackValues(t *testing.T) {
	for _, c := range []struct {
		values, refused string
	}{
		{"cloudConfig: {global: {tenant_id: x}}", "tenant_id"},
		{"cloudConfig: {global: {region: {name: x}}}", "region"},
		{"cloudConfig: {globals: {region: x}}", "globals"},
		{"cloudConfig: {loadbalancer: {enabled: true}}", "loadbalancer"},
		{"cloudConfig: '[Global]'", "cloudConfig"},
		{"cloudConfig: {loadBalancerClass: {gold: x}}", "gold"},
		{"cloudConfig: {loadBalancerClass: {'': {subnet-id: x}}}", "propertyName ''"},
		{"clouds: {content: {prod: {}}}", "clouds"},
		{"clouds: {content: {clouds: {}}, secret: x}", "clouds.secret"},
		{"kind: StatefulSet", "kind"},
		{"port: high", "port"},
		{"enabledControllers: cloud-node", "enabledControllers"},
		{"enabledControllers: [Cloud Node]", "enabledControllers"},
		{"controllerExtraArgs: {v: 4}", "controllerExtraArgs"},
		{"controllerExtraArgs: '--v=4'", "controllerExtraArgs"},
		{"controllerExtraArgs: |\n  - a: b", "controllerExtraArgs"},
		{"extraEnv: {OS_CCM_REGIONAL: 'true'}", "extraEnv"},
		{"image: registry.example.com/ccm:v1", "image"},
		{"image: {digest: sha256:12}", "digest"},
		{"nodeSelector: [a]", "nodeSelector"},
		{"cluster: {name: ''}", "cluster"},
		{"secret: {create: 'yes'}", "create"},
		{"logVerbosityLevel: high", "logVerbosityLevel"},
		{"logVerbosityLevel: '4'", ""},
		{"nodeSelector: []\ncontrollerExtraArgs: {}\nlivenessProbe: {}", ""},
		{"serviceMonitor: null\nprobes: null\nclouds: null\nextraVolumes: null\nextraVolumeMounts: null\nextraEnv: null\nsecurityContext: null\npriorityClassName: null\nhostAliases: null\nleases: null", ""},
		{"global: {anything: here}\nunknownToTheChart: 1", ""},
	} {
		err := openstack.refused(t, c.values)
		switch {
		case c.refused == "" && err != nil:
			t.Errorf("%s: %v", c.values, err)
		case c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)):
			t.Errorf("%s: is not refused with a word about %s: %v", c.values, c.refused, err)
		}
	}
}

func TestWhatFollowsFromOpenStackValues(t *testing.T) {
	container := func(text string, path ...string) any {
		return at(openstack.objects(t, text)[openstackDaemonSet], append([]string{"spec", "template", "spec", "containers", "0"}, path...)...)
	}
	probe := func(port float64) object {
		return object{"host": "127.0.0.1", "path": "/healthz", "port": port, "scheme": "HTTPS"}
	}
	for text, want := range map[string]any{
		"{}":          probe(10258),
		"port: 10300": probe(10300),
		"controllerExtraArgs: [--secure-port, 10301]":  probe(10301),
		"controllerExtraArgs: '- --secure-port=10302'": probe(10302),
		"port: 0":                                         nil,
		"probes: {enabled: false}":                        nil,
		"serviceMonitor: {enabled: true}":                 object{"path": "/healthz", "port": 10258.0, "scheme": "HTTPS"},
		"hostNetwork: false":                              object{"path": "/healthz", "port": 10258.0, "scheme": "HTTPS"},
		"livenessProbe: {exec: {command: [x]}}":           nil,
		"controllerExtraArgs: [--bind-address=192.0.2.1]": object{"host": "192.0.2.1", "path": "/healthz", "port": 10258.0, "scheme": "HTTPS"},
	} {
		if have := container(text, "livenessProbe", "httpGet"); !reflect.DeepEqual(have, want) && (have != nil || want != nil) {
			t.Errorf("%s: the probe is %v, not %v", text, have, want)
		}
	}
	for text, want := range map[string]bool{
		"{}": false,
		"controllerExtraArgs: [--use-service-account-credentials]":     true,
		"controllerExtraArgs: ['--use-service-account-credentials=1']": true,
	} {
		if have := openstack.objects(t, text)["Role kube-system/system:cloud-controller-manager:service-accounts"] != nil; have != want {
			t.Errorf("%s: roles for accounts of controllers: %v", text, have)
		}
	}
	role := func(text string) any {
		return at(openstack.objects(t, text)["Role kube-system/system:cloud-controller-manager:leader-election"], "rules")
	}
	if have := fmt.Sprint(role("leaderElection: {name: west}\nleases: [other]")); !strings.Contains(have, "[west cloud-provider-extraction-migration other]") {
		t.Errorf("leases: %v", have)
	}
	for text, note := range map[string]string{
		"{}": "no auth-url", "cloudConfig: {route: {router-id: x}}": "--cluster-cidr is missing", "image: {tag: v1.33.0}": "with its permissions",
	} {
		if have := openstack.render(t, text).Notes; !strings.Contains(have, note) {
			t.Errorf("%s: the notes do not say %q: %s", text, note, have)
		}
	}
}
