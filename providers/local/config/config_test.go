// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/cloud-providers/providers/local/config"
)

func TestDefaultsFillWhatTheFileLeavesOut(t *testing.T) {
	got, err := config.Read("f", strings.NewReader("endpoint: http://127.0.0.1:1\nloadBalancer: {idleTimeout: 1h}"))
	want := config.Default()
	want.Endpoint, want.LoadBalancer.IdleTimeout = "http://127.0.0.1:1", time.Hour
	if err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestMistakesAreExplained(t *testing.T) {
	if _, err := config.Read("", nil); err == nil || !strings.Contains(err.Error(), "--cloud-config") {
		t.Errorf("without a file: %v", err)
	}
	for data, want := range map[string]string{
		"":                                       "f: endpoint: is missing",
		"endpoint: here":                         `"here" is not a URL`,
		"endpoint: http://u:p@h":                 "contains credentials",
		"enpoint: http://h":                      `f:1: unknown key "enpoint"; did you mean "endpoint"?`,
		"endpoint: x\nregion: a/b":               "f: region",
		"requestTimeout: -1s":                    "f: requestTimeout: -1s is not longer than 0",
		"loadBalancer: {pol: x}":                 `loadBalancer: unknown key "pol"; did you mean "pool"?`,
		"routeTable: ''":                         "f: routeTable",
		"loadBalancer: {healthCheckPort: 99999}": "not a port",
	} {
		if _, err := config.Read("f", strings.NewReader(data)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: err = %v, want it to contain %q", data, err, want)
		}
	}
}

// The reference page is written by hand, and must know every key.
func TestEveryKeyIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/config.md")
	if err != nil {
		t.Fatal(err)
	}
	var check func(prefix string, of reflect.Type)
	check = func(prefix string, of reflect.Type) {
		for f := range of.Fields() {
			key := prefix + f.Tag.Get("json")
			if !strings.Contains(string(page), "| `"+key+"` |") && f.Type.Kind() != reflect.Struct {
				t.Errorf("docs/config.md does not describe %s", key)
			}
			if f.Type.Kind() == reflect.Struct {
				check(key+".", f.Type)
			}
		}
	}
	check("", reflect.TypeFor[config.Config]())
}
