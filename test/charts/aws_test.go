// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

import (
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

var aws = suite{
	dir:      "../../providers/aws/charts/aws-cloud-controller-manager",
	testdata: "testdata",
	deploy:   "../../providers/aws/deploy/",
}

// upstreamFile is what upstream's chart makes; the tests against an API server have it too.
const upstreamFile = "../aws/packaging/testdata/upstream.yaml"

// TestAnUpgradeFromUpstreamIsPossible compares what cannot be changed, or must not, with upstream's chart.
func TestAnUpgradeFromUpstreamIsPossible(t *testing.T) {
	upstream := objects(t, string(read(t, upstreamFile)))
	for _, file := range []string{"defaults", "upstream", "pinned", "files-of-the-host"} {
		ours := aws.objects(t, string(read(t, "testdata/"+file+"/values.yaml")))
		for name, theirs := range upstream {
			o := ours[name]
			if o == nil {
				t.Errorf("%s: no %s, which upstream's chart has", file, name)
				continue
			}
			for _, path := range []string{
				"apiVersion", "roleRef", "spec selector", "spec updateStrategy", "spec template metadata labels",
				"spec template spec serviceAccountName", "spec template spec priorityClassName", "spec template spec dnsPolicy",
				"spec template spec nodeSelector", "spec template spec containers 0 name", "metadata labels k8s-app",
			} {
				keys := strings.Fields(path)
				if theirs, ours := at(theirs, keys...), at(o, keys...); theirs != nil && !reflect.DeepEqual(theirs, ours) {
					t.Errorf("%s: %s of %s is %v, upstream's is %v", file, path, name, ours, theirs)
				}
			}
		}
	}
}

func TestPermissionsAreThoseOfTheManifests(t *testing.T) {
	aws.permissions(t, "extraArgs: [--use-service-account-credentials=true]")
}

// TestTheDaemonSetIsThatOfTheManifests keeps deploy/aws-cloud-controller-manager.yaml what the chart makes
// with the values that upstream's manifests stand for.
func TestTheDaemonSetIsThatOfTheManifests(t *testing.T) {
	deploy := objects(t, string(read(t, aws.deploy+"aws-cloud-controller-manager.yaml")))
	chart := aws.objects(t, `
hostNetworking: true
args: [--v=2, --cloud-provider=aws, --use-service-account-credentials=true, --configure-cloud-routes=false]
tolerations:
- {key: node.cloudprovider.kubernetes.io/uninitialized, value: "true", effect: NoSchedule}
- {key: node-role.kubernetes.io/control-plane, effect: NoSchedule}
`)
	for name, o := range deploy {
		c := chart[name]
		if c == nil {
			t.Errorf("the chart has no %s", name)
			continue
		}
		if !reflect.DeepEqual(o["spec"], c["spec"]) {
			have, _ := yaml.Marshal(o["spec"])
			want, _ := yaml.Marshal(c["spec"])
			t.Errorf("%s has\n%s\nthe chart has\n%s", name, have, want)
		}
	}
}

func TestWhatTheSchemaSaysOfValues(t *testing.T) {
	for _, c := range []struct {
		values, refused string
	}{
		{"args: --v=2", "args"},
		{"image: registry.example.com/ccm:v1", "image"},
		{"image: {pullPolicy: Sometimes}", "pullPolicy"},
		{"image: {digest: sha256:12}", "digest"},
		{"nameOverride: AWS", "nameOverride"},
		{`hostNetworking: "yes"`, "hostNetworking"},
		{"env: {AWS_REGION: eu-west-1}", "env"},
		{"dnsPolicy: None of these", "dnsPolicy"},
		{"cloudConfig: {Global: {}}", "cloudConfig"},
		{"cloudConfig: '[Global]'\nextraArgs: [--cloud-config=/etc/kubernetes/cloud.conf]", "--cloud-config"},
		{"args: [--v, 2, true]", ""},
		{"image: {tag: 1.37}", ""},
		{"env: null\nsecurityContext: null\nresources: null\nnodeSelector: null\ntolerations: null\nserviceAccount: null\nprobes: null\nextraArgs: null\nclusterRoleRules: null\nleases: null\nhostNetworking: null\nimagePullSecrets: null", ""},
		{"global: {anything: here}\nunknownToTheChart: 1", ""},
	} {
		err := aws.refused(t, c.values)
		switch {
		case c.refused == "" && err != nil:
			t.Errorf("%s: %v", c.values, err)
		case c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)):
			t.Errorf("%s: is not refused with a word about %s: %v", c.values, c.refused, err)
		}
	}
}

func TestWhatFollowsFromFlags(t *testing.T) {
	const daemonSet = "DaemonSet kube-system/aws-cloud-controller-manager"
	container := func(t *testing.T, text string) any {
		t.Helper()
		return at(aws.objects(t, text)[daemonSet], "spec", "template", "spec", "containers", "0")
	}
	probe := func(t *testing.T, text string) any {
		t.Helper()
		return at(container(t, text), "livenessProbe", "httpGet")
	}
	for text, want := range map[string]any{
		"{}":                                    object{"path": "/healthz", "port": 10258.0, "scheme": "HTTPS"},
		"extraArgs: [--secure-port, 10300]":     object{"path": "/healthz", "port": 10300.0, "scheme": "HTTPS"},
		"extraArgs: [--secure-port=0]":          nil,
		"extraArgs: [--bind-address=127.0.0.1]": nil, // of the pod's own network
		"extraArgs: [--authorization-always-allow-paths=/readyz]":          nil,
		"extraArgs: ['--authorization-always-allow-paths=/healthz,/live']": object{"path": "/healthz", "port": 10258.0, "scheme": "HTTPS"},
		"probes: {enabled: false}":                                         nil,
		"hostNetworking: true\nextraArgs: [--bind-address=127.0.0.1]":      object{"path": "/healthz", "port": 10258.0, "scheme": "HTTPS", "host": "127.0.0.1"},
	} {
		if have := probe(t, text); !reflect.DeepEqual(have, want) && (have != nil || want != nil) {
			t.Errorf("%s: the probe is %v, not %v", text, have, want)
		}
	}

	accounts := func(text string) bool {
		return aws.objects(t, text)["Role kube-system/system:cloud-controller-manager:controller-credentials"] != nil
	}
	for text, want := range map[string]bool{
		"{}": false,
		"extraArgs: [--use-service-account-credentials]":       true,
		"extraArgs: [--use-service-account-credentials=true]":  true,
		"extraArgs: [--use-service-account-credentials=false]": false,
	} {
		if have := accounts(text); have != want {
			t.Errorf("%s: roles for accounts of controllers: %v", text, have)
		}
	}

	user := func(text string) any { return at(container(t, text), "securityContext", "runAsUser") }
	const host = "extraVolumes: [{name: a, hostPath: {path: /etc/kubernetes}}]\n"
	for text, want := range map[string]any{
		"{}": nil, host: 0.0, host + "securityContext: {runAsUser: 7}": 7.0, host + "podSecurityContext: {runAsUser: 7}": nil,
		host + "podSecurityContext: {runAsNonRoot: true}": nil, "extraVolumes: [{name: a, emptyDir: {}}]": nil,
	} {
		if have := user(text); have != want {
			t.Errorf("%s: runs as %v, not %v", text, have, want)
		}
	}
}
