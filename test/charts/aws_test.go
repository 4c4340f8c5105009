// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package charts

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write golden files and the chart's README anew")

const (
	awsProvider = "../../providers/aws/"
	awsChart    = awsProvider + "charts/aws-cloud-controller-manager"
	// upstreamFile is what upstream's chart makes; the tests against an API server have it too.
	upstreamFile = "../aws/packaging/testdata/upstream.yaml"
)

type object = map[string]any

func load(t *testing.T) *chart.Chart {
	t.Helper()
	c, err := Load(awsChart)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func values(t *testing.T, text string) map[string]any {
	t.Helper()
	v := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func render(t *testing.T, text string) Rendered {
	t.Helper()
	r, err := Render(load(t), values(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// objects parses manifests, and refuses keys that are there twice.
func objects(t *testing.T, manifests string) map[string]object {
	t.Helper()
	all := map[string]object{}
	for _, text := range strings.Split("\n"+manifests, "\n---") {
		o := object{}
		if err := yaml.UnmarshalStrict([]byte(text), &o); err != nil {
			t.Fatalf("%v in:\n%s", err, text)
		}
		if len(o) == 0 {
			continue
		}
		name := fmt.Sprint(o["kind"], " ", at(o, "metadata", "namespace"), "/", at(o, "metadata", "name"))
		if all[name] != nil {
			t.Errorf("%s is there twice", name)
		}
		all[name] = o
	}
	return all
}

// at returns what is at a path of keys and, as "0", the first of a list; nil if nothing is.
func at(o any, path ...string) any {
	for _, key := range path {
		switch v := o.(type) {
		case map[string]any:
			o = v[key]
		case []any:
			if len(v) == 0 {
				return nil
			}
			o = v[0]
		default:
			return nil
		}
	}
	return o
}

func golden(t *testing.T, path, have string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(have), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := string(read(t, path)); want != have {
		t.Errorf("%s differs (run make generate and read the difference); now it is:\n%s", path, have)
	}
}

func TestRenderedManifests(t *testing.T) {
	cases, err := filepath.Glob("testdata/*/values.yaml")
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range cases {
		dir := filepath.Dir(file)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			r := render(t, string(read(t, file)))
			objects(t, r.Manifests)
			golden(t, filepath.Join(dir, "manifests.yaml"), r.Manifests)
			golden(t, filepath.Join(dir, "notes.txt"), r.Notes)
		})
	}
}

// TestTheCaseEverythingIsComplete keeps a case for each value of the chart.
func TestTheCaseEverythingIsComplete(t *testing.T) {
	have := values(t, string(read(t, "testdata/everything/values.yaml")))
	documented, err := Values(read(t, awsChart+"/values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range documented {
		if at(have, strings.Split(v.Name, ".")...) == nil {
			t.Errorf("testdata/everything/values.yaml lacks %s", v.Name)
		}
	}
}

// TestAnUpgradeFromUpstreamIsPossible compares what cannot be changed, or must not, with upstream's chart.
func TestAnUpgradeFromUpstreamIsPossible(t *testing.T) {
	upstream := objects(t, string(read(t, upstreamFile)))
	for _, file := range []string{"defaults", "upstream", "pinned", "files-of-the-host"} {
		ours := objects(t, render(t, string(read(t, "testdata/"+file+"/values.yaml"))).Manifests)
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

// TestPermissionsAreThoseOfTheManifests compares the chart's roles with deploy/rbac.yaml, which is made from
// what the controllers say that they need.
func TestPermissionsAreThoseOfTheManifests(t *testing.T) {
	deploy := objects(t, string(read(t, awsProvider+"deploy/rbac.yaml")))
	chart := objects(t, render(t, "extraArgs: [--use-service-account-credentials=true]").Manifests)
	for name, o := range chart {
		if at(o, "apiVersion") != "rbac.authorization.k8s.io/v1" {
			continue
		}
		d := deploy[name]
		if d == nil {
			t.Errorf("the chart has %s, deploy/rbac.yaml has not", name)
			continue
		}
		for _, key := range []string{"rules", "roleRef", "subjects"} {
			if !reflect.DeepEqual(o[key], d[key]) {
				t.Errorf("%s of %s: the chart has %v, deploy/rbac.yaml %v", key, name, o[key], d[key])
			}
		}
	}
	for name := range deploy {
		if chart[name] == nil {
			t.Errorf("deploy/rbac.yaml has %s, the chart has not", name)
		}
	}
}

// TestTheDaemonSetIsThatOfTheManifests keeps deploy/aws-cloud-controller-manager.yaml what the chart makes
// with the values that upstream's manifests stand for.
func TestTheDaemonSetIsThatOfTheManifests(t *testing.T) {
	deploy := objects(t, string(read(t, awsProvider+"deploy/aws-cloud-controller-manager.yaml")))
	chart := objects(t, render(t, `
hostNetworking: true
args: [--v=2, --cloud-provider=aws, --use-service-account-credentials=true, --configure-cloud-routes=false]
tolerations:
- {key: node.cloudprovider.kubernetes.io/uninitialized, value: "true", effect: NoSchedule}
- {key: node-role.kubernetes.io/control-plane, effect: NoSchedule}
`).Manifests)
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
		_, err := Render(load(t), values(t, c.values))
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
		return at(objects(t, render(t, text).Manifests)[daemonSet], "spec", "template", "spec", "containers", "0")
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
		return objects(t, render(t, text).Manifests)["Role kube-system/system:cloud-controller-manager:controller-credentials"] != nil
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

func TestTheChartHasNoLint(t *testing.T) {
	linter := lint.All(awsChart, nil, "kube-system", true)
	for _, m := range linter.Messages {
		if m.Severity >= support.WarningSev {
			t.Error(m)
		}
	}
}

// TestTheREADMEHasEachValue keeps the table in the chart's README that of values.yaml.
func TestTheREADMEHasEachValue(t *testing.T) {
	documented, err := Values(read(t, awsChart+"/values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- values: written by `make generate` from values.yaml -->\n", "<!-- end of values -->"
	page := read(t, awsChart+"/README.md")
	before, rest, ok := bytes.Cut(page, []byte(begin))
	_, after, ok2 := bytes.Cut(rest, []byte(end))
	if !ok || !ok2 {
		t.Fatal("the README has no place for values")
	}
	golden(t, awsChart+"/README.md", string(before)+begin+Table(documented)+end+string(after))
}

// TestTheSchemaKnowsEachValue keeps values.schema.json complete.
func TestTheSchemaKnowsEachValue(t *testing.T) {
	var schema struct {
		Properties map[string]any
	}
	if err := yaml.Unmarshal(read(t, awsChart+"/values.schema.json"), &schema); err != nil {
		t.Fatal(err)
	}
	known := slices.Sorted(maps.Keys(schema.Properties))
	have := slices.Sorted(maps.Keys(values(t, string(read(t, awsChart+"/values.yaml")))))
	if !slices.Equal(known, have) {
		t.Errorf("the schema has %v, values.yaml has %v", known, have)
	}
}
