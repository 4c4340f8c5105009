// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gophercloud/gophercloud/v2"
)

func TestVersionsInAddresses(t *testing.T) {
	for endpoint, want := range map[string][2]string{
		"https://h/network/":                       {"https://h/network/", "https://h/network/"},
		"https://h/network/v2.0/":                  {"https://h/network/", "https://h/network/v2.0/"},
		"https://h:9696/":                          {"https://h:9696/", "https://h:9696/"},
		"https://h/env2/v1/":                       {"https://h/env2/", "https://h/env2/v1/"},
		"https://h/env2/":                          {"https://h/env2/", "https://h/env2/"},
		"https://h/compute/v2.1/":                  {"https://h/compute/", "https://h/compute/v2.1/"},
		"https://h/compute/v2.1/0123456789abcdef/": {"https://h/compute/v2.1/0123456789abcdef/", "https://h/compute/v2.1/"},
	} {
		if got := [2]string{withoutVersion(endpoint), throughVersion(endpoint)}; got != want {
			t.Errorf("%s: %q, want %q", endpoint, got, want)
		}
	}
}

func TestMicroversions(t *testing.T) {
	entry := `{"id": "v2.1", "status": "CURRENT", "version": "%s", "min_version": "2.1"}`
	for _, test := range []struct {
		what, body string
		status     int
		want       string // an error if it has a blank
	}{
		{"Zed", `{"version": ` + fmt.Sprintf(entry, "2.93") + `}`, 200, "2.90"},
		{"Stein", `{"version": ` + fmt.Sprintf(entry, "2.72") + `}`, 200, "2.72"},
		{"older than 2.47", `{"version": ` + fmt.Sprintf(entry, "2.42") + `}`, 200, "2.1"},
		{"older than microversions", `{"version": {"id": "v2.0", "status": "SUPPORTED", "version": "", "min_version": ""}}`, 200, "2.1"},
		{"a list", `{"versions": [{"id": "v2.0", "status": "SUPPORTED"}, ` + fmt.Sprintf(entry, "2.96") + `]}`, 300, "2.90"},
		{"a list in a list", `{"versions": {"values": [` + fmt.Sprintf(entry, "2.60") + `]}}`, 200, "2.60"},
		{"another word for current", `{"version": {"id": "v2.1", "status": "SHINY", "version": "2.79"}}`, 200, "2.79"},
		{"a proxy's page", "<html></html>", 200, "read the version of Nova: invalid character"},
		{"nothing", `{}`, 200, "read the version of Nova"},
		{"an empty list", `{"versions": []}`, 200, "read the version of Nova: an answer without versions"},
		{"not allowed", `{"forbidden": {"message": "No."}}`, 403, "read the version of Nova: No (HTTP 403)"},
		{"not there", ``, 404, "read the version of Nova: not found (HTTP 404)"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/v2.1/" {
				t.Errorf("%s: asks %s", test.what, r.URL.Path)
			}
			w.WriteHeader(test.status)
			fmt.Fprint(w, test.body)
		}))
		s := &gophercloud.ServiceClient{ProviderClient: &gophercloud.ProviderClient{}, Endpoint: server.URL + "/v2.1/p/", Type: "compute"}
		err := chooseNova(t.Context(), s)
		server.Close()
		got := s.Microversion
		if strings.Contains(test.want, " ") {
			if err == nil || !strings.Contains(err.Error(), test.want) || Status(err) != 0 {
				t.Errorf("%s: %s, %v, want the error %s", test.what, got, err, test.want)
			}
		} else if err != nil || got != test.want {
			t.Errorf("%s: %s, %v, want %s", test.what, got, err, test.want)
		}
	}
}

func TestVersionHas(t *testing.T) {
	v := Version{2, 13}
	if !v.Has(13) || !v.Has(0) || v.Has(14) || !(Version{3, 0}).Has(14) || v.String() != "v2.13" {
		t.Error(v)
	}
}
