// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"sigs.k8s.io/cloud-providers/providers/openstack/config"
)

// TestCredentials has what is sent to Keystone.
func TestCredentials(t *testing.T) {
	for _, test := range []struct{ name, file, want string }{
		{"user by name", "username=u\npassword=p\ntenant-name=t\ndomain-name=d",
			`{"identity":{"methods":["password"],"password":{"user":{"domain":{"name":"d"},"name":"u","password":"p"}}},"scope":{"project":{"domain":{"name":"d"},"name":"t"}}}`},
		{"user and project of different domains", "username=u\npassword=p\ntenant-name=t\nuser-domain-id=ud\ntenant-domain-name=td",
			`{"identity":{"methods":["password"],"password":{"user":{"domain":{"id":"ud"},"name":"u","password":"p"}}},"scope":{"project":{"domain":{"name":"td"},"name":"t"}}}`},
		{"user by ID", "user-id=i\npassword=p\ntenant-id=t",
			`{"identity":{"methods":["password"],"password":{"user":{"id":"i","password":"p"}}},"scope":{"project":{"id":"t"}}}`},
		{"the project's ID goes before its name", "user-id=i\npassword=p\ntenant-id=t\ntenant-name=n",
			`{"identity":{"methods":["password"],"password":{"user":{"id":"i","password":"p"}}},"scope":{"project":{"id":"t"}}}`},
		{"for a domain", "user-id=i\npassword=p\ndomain-name=d",
			`{"identity":{"methods":["password"],"password":{"user":{"id":"i","password":"p"}}},"scope":{"domain":{"name":"d"}}}`},
		{"for nothing", "user-id=i\npassword=p",
			`{"identity":{"methods":["password"],"password":{"user":{"id":"i","password":"p"}}}}`},
		{"application credential", "application-credential-id=a\napplication-credential-secret=s\ntenant-id=t\ndomain-id=d",
			`{"identity":{"application_credential":{"id":"a","secret":"s"},"methods":["application_credential"]}}`},
		{"application credential by name", "application-credential-name=a\napplication-credential-secret=s\nusername=u\ndomain-id=d",
			`{"identity":{"application_credential":{"name":"a","secret":"s","user":{"domain":{"id":"d"},"name":"u"}},"methods":["application_credential"]}}`},
		{"application credential by name and the user's ID", "application-credential-name=a\napplication-credential-secret=s\nuser-id=i",
			`{"identity":{"application_credential":{"name":"a","secret":"s","user":{"id":"i"}},"methods":["application_credential"]}}`},
		{"trust", "user-id=i\npassword=p\ntrust-id=t",
			`{"identity":{"methods":["password"],"password":{"user":{"id":"i","password":"p"}}},"scope":{"OS-TRUST:trust":{"id":"t"}}}`},
		{"trustee", "username=u\npassword=p\ndomain-name=d\ntrust-id=t\ntrustee-id=i\ntrustee-password=q",
			`{"identity":{"methods":["password"],"password":{"user":{"id":"i","password":"q"}}},"scope":{"OS-TRUST:trust":{"id":"t"}}}`},
		{"token for a project", "token=t\nusername=u\ntenant-id=p",
			`{"identity":{"methods":["token"],"token":{"id":"t"}},"scope":{"project":{"id":"p"}}}`},
	} {
		cfg, err := config.Read("f", strings.NewReader("[Global]\nauth-url=https://k/v3\n"+test.file))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		o := identity{auth: cfg.Auth}.options()
		scope, err := o.ToTokenV3ScopeMap()
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		body, err := o.ToTokenV3CreateMap(scope)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if got, _ := json.Marshal(body["auth"]); string(got) != test.want {
			t.Errorf("%s:\n %s\n want %s", test.name, got, test.want)
		}
		if o.AllowReauth != (cfg.Auth.Token == "") {
			t.Errorf("%s: renewed %t", test.name, o.AllowReauth)
		}
	}
}

func TestTheAddressOfKeystone(t *testing.T) {
	for url, want := range map[string]string{
		"https://k": "https://k/v3/", "https://k/": "https://k/v3/", "https://k/v3": "https://k/v3/", "https://k/v3/": "https://k/v3/",
		"https://k/env2/identity": "https://k/env2/identity/v3/", "https://k:5000/env2/v3": "https://k:5000/env2/v3/", "https://k/v2.0": "https://k/v3/",
	} {
		if got := (identity{auth: config.Auth{AuthURL: url}}).keystone(); got != want {
			t.Errorf("%s: %s, want %s", url, got, want)
		}
	}
}

func TestFilesOfCertificates(t *testing.T) {
	files := map[string]string{"ca": "x", "cert": "y", "key": "z"}
	read := func(path string) ([]byte, error) {
		if text, ok := files[path]; ok {
			return []byte(text), nil
		}
		return nil, errors.New("not there")
	}
	for _, test := range []struct {
		auth config.Auth
		want string
	}{
		{config.Auth{}, ""},
		{config.Auth{CAFile: "none"}, "ca-file of the cloud-config: not there"},
		{config.Auth{CAFile: "ca"}, "ca-file ca of the cloud-config has no certificate in PEM"},
		{config.Auth{CertFile: "cert", KeyFile: "key"}, "cert-file cert and key-file key of the cloud-config: tls:"},
		{config.Auth{CertFile: "cert", KeyFile: "none"}, "key-file of the cloud-config: not there"},
	} {
		i, err := identify(test.auth, read)
		if err == nil {
			_, err = i.tls()
		}
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v, want %s", test.auth, err, test.want)
		}
	}
}
