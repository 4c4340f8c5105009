// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cloudconfig_test

import (
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/cloud-providers/common/cloudconfig"
)

type config struct {
	Endpoint string            `json:"endpoint"`
	Retries  int               `json:"retries,omitempty"`
	Insecure bool              `json:"insecure"`
	Timeout  time.Duration     `json:"timeout"`
	Address  netip.Addr        `json:"address"`
	Zones    []string          `json:"zones"`
	Labels   map[string]string `json:"labels"`
	Balancer *balancer         `json:"loadBalancer"`
	Untagged string
}

type balancer struct {
	Pool   string  `json:"pool"`
	Weight float64 `json:"weight"`
}

const path = "/etc/cloud.yaml"

func TestDecodeYAML(t *testing.T) {
	got := config{Endpoint: "default", Retries: 3}
	_, err := cloudconfig.DecodeYAML(path, []byte(`
endpoint: http://here
insecure: true
timeout: 1m30s
address: 10.0.0.1
zones: [a, "2"]
labels: {k: v}
loadBalancer:
  pool: p
  weight: 2
retries: null
`), &got)
	want := config{Endpoint: "http://here", Retries: 3, Insecure: true, Timeout: 90 * time.Second, Address: netip.MustParseAddr("10.0.0.1"),
		Zones: []string{"a", "2"}, Labels: map[string]string{"k": "v"}, Balancer: &balancer{"p", 2}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	for what, data := range map[string]string{"empty": "", "a comment": "# nothing", "JSON": `{"endpoint": "x"}`, "null": "null", "---": "---\n"} {
		if _, err := cloudconfig.DecodeYAML(path, []byte(data), &config{}); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct{ what, data, want string }{
		{"slip of the pen", "\n\nenpoint: x", `/etc/cloud.yaml:3: unknown key "enpoint"; did you mean "endpoint"?`},
		{"nothing near", "loadBalancer: {zzz: 1}", `/etc/cloud.yaml:1: loadBalancer: unknown key "zzz"; known are "pool", "weight"`},
		{"field without tag", "Untagged: x", `unknown key "Untagged"`},
		{"twice", "endpoint: a\nretries: 1\nendpoint: b", `/etc/cloud.yaml:3: key "endpoint" is there twice; the first is in line 1`},
		{"number for text", "endpoint: 12", `/etc/cloud.yaml:1: endpoint: expected a string in quotes, not "12"`},
		{"text for number", "retries: many", `/etc/cloud.yaml:1: retries: expected a whole number, not "many"`},
		{"fraction", "retries: 1.5", `expected a whole number, not "1.5"`},
		{"boolean", "insecure: maybe", `insecure: expected true or false, not "maybe"`},
		{"duration", "timeout: 30", `timeout: expected a duration such as "30s" or "5m", not "30"`},
		{"address", "address: here", "address: ParseAddr"},
		{"text for list", "zones: a", `zones: expected a list, not "a"`},
		{"list for text", "endpoint: [a]", "endpoint: expected a string, not a list"},
		{"in a list", "zones:\n- a\n- [b]", `/etc/cloud.yaml:3: zones[1]: expected a string, not a list`},
		{"mapping for text", "zones: {a: b}", "zones: expected a list, not a mapping"},
		{"text for mapping", "loadBalancer: p", `loadBalancer: expected a mapping of keys to values, not "p"`},
		{"in a map", "labels: {a: 1}", `labels.a: expected a string in quotes, not "1"`},
		{"list at the top", "- a", "/etc/cloud.yaml:1: expected a mapping"},
		{"syntax", "endpoint: a\n\tb: c", "/etc/cloud.yaml:2: not valid YAML"},
		{"two documents", "endpoint: a\n---\nendpoint: b", "more than one document"},
		{"anchor", "zones: &z [a]", "anchors and aliases are not supported"},
		{"alias", "labels: {a: &x b, c: *x}", "labels.c: anchors and aliases are not supported"},
	} {
		_, err := cloudconfig.DecodeYAML(path, []byte(c.data), &config{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: err = %v\nwant it to contain %s", c.what, err, c.want)
		}
		var e *cloudconfig.Error
		if !errors.As(err, &e) || e.Path != path {
			t.Errorf("%s: err = %#v", c.what, err)
		}
	}
}

func TestAllMistakesAreReported(t *testing.T) {
	_, err := cloudconfig.DecodeYAML(path, []byte("enpoint: x\nretries: many\ntimeout: 3"), &config{})
	if n := strings.Count(err.Error(), "\n"); n != 2 {
		t.Errorf("err = %v", err)
	}
}

func TestUnknownKeysCanBeWarnings(t *testing.T) {
	var got config
	warnings, err := cloudconfig.DecodeYAML(path, []byte("enpoint: x\nretries: 2"), &got, cloudconfig.UnknownKeysAreWarnings)
	if err != nil || len(warnings) != 1 || got.Retries != 2 || !strings.Contains(warnings[0].Error(), `:1: unknown key "enpoint"`) {
		t.Errorf("warnings = %v, err = %v, got %+v", warnings, err, got)
	}
}

func FuzzDecodeYAML(f *testing.F) {
	f.Add([]byte("endpoint: x\nzones: [a, b]\nloadBalancer: {pool: p, weight: 1}\nlabels: {a: b}\ntimeout: 3s"))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("? [a]\n: b"))
	f.Add([]byte("<<: {endpoint: x}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		warnings, err := cloudconfig.DecodeYAML(path, data, &config{}, cloudconfig.UnknownKeysAreWarnings)
		for _, e := range append(warnings, err) {
			if e != nil && !strings.HasPrefix(e.Error(), path) {
				t.Errorf("%q: the error does not name the file: %v", data, e)
			}
		}
	})
}
