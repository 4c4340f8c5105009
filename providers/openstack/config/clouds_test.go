// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// cloudsTest is a home, a working directory and the files in them.
type cloudsTest struct {
	name  string
	files map[string]string // home/…, here/…, or elsewhere
	env   map[string]string
	keys  string
	want  func(a Auth) bool
	wrong string
}

const simple = `
clouds:
  main:
    region_name: r1
    interface: internalURL
    cacert: ~/ca.pem
    auth: {auth_url: "https://clouds/v3", username: u, password: 12345, project_id: p, user_domain_name: d}
`

const two = `
clouds:
  a: {auth: {auth_url: "https://a/v3", token: ta}}
  b: {auth: {auth_url: "https://b/v3", token: tb}, verify: false, regions: [r1, {name: r2, values: {endpoint_type: admin, auth: {token: other}}}]}
`

func TestClouds(t *testing.T) {
	tests := []cloudsTest{
		{
			name: "the only entry, from the working directory", files: map[string]string{"here/clouds.yaml": simple, "home/clouds.yaml": two},
			want: func(a Auth) bool {
				return a.AuthURL == "https://clouds/v3" && a.Username == "u" && a.Password == "12345" && a.TenantID == "p" && a.UserDomainName == "d" &&
					a.Region == "r1" && a.Endpoint == "internal" && filepath.IsAbs(a.CAFile)
			},
		},
		{name: "the file goes before it", files: map[string]string{"home/clouds.yaml": simple}, keys: "password=mine|region=r9|os-endpoint-type=public|ca-file=/x", want: func(a Auth) bool {
			return a.Password == "mine" && a.Username == "u" && a.Region == "r9" && a.Endpoint == "public" && a.CAFile == "/x"
		}},
		{name: "alternatives count as one", files: map[string]string{"home/clouds.yaml": simple}, keys: "user-id=i|password=mine|tenant-name=t|tenant-domain-id=e", want: func(a Auth) bool {
			return a.UserID == "i" && a.Username == "" && a.UserDomainName == "" && a.TenantID == "" && a.TenantName == "t"
		}},
		{name: "ways to authenticate, too", files: map[string]string{"home/clouds.yaml": simple}, keys: "application-credential-id=i|application-credential-secret=s", want: func(a Auth) bool {
			return a.Method() == ApplicationCredential && a.Password == ""
		}},
		{name: "the named entry", files: map[string]string{"home/clouds.yaml": two}, keys: "cloud=b", want: func(a Auth) bool { return a.Token == "tb" && a.Insecure }},
		{name: "the entry of the environment", files: map[string]string{"home/clouds.yml": two}, env: map[string]string{"OS_CLOUD": "a"}, want: func(a Auth) bool { return a.Token == "ta" && !a.Insecure }},
		{name: "the key before the environment", files: map[string]string{"home/clouds.yaml": two}, env: map[string]string{"OS_CLOUD": "a"}, keys: "cloud=b|tls-insecure=false", want: func(a Auth) bool { return a.Token == "tb" && !a.Insecure }},
		{name: "what differs in the region", files: map[string]string{"home/clouds.yaml": two}, keys: "cloud=b|region=r2", want: func(a Auth) bool { return a.Token == "other" && a.Endpoint == "admin" }},
		{name: "a region without differences", files: map[string]string{"home/clouds.yaml": two}, keys: "cloud=b|region=r1", want: func(a Auth) bool { return a.Token == "tb" && a.Endpoint == "public" }},
		{name: "clouds-file first", files: map[string]string{"home/clouds.yaml": simple, "x.yaml": strings.ReplaceAll(simple, "12345", "other")}, keys: "clouds-file=x.yaml", want: func(a Auth) bool { return a.Password == "other" }},
		{name: "clouds-file before the environment", files: map[string]string{"x.yaml": simple, "y.yaml": two}, env: map[string]string{"OS_CLIENT_CONFIG_FILE": "y.yaml"}, keys: "clouds-file=x.yaml", want: func(a Auth) bool { return a.Username == "u" }},
		{name: "a clouds-file that is not there", files: map[string]string{"home/clouds.yaml": simple}, keys: "clouds-file=/nowhere/x.yaml", want: func(a Auth) bool { return a.Username == "u" }},
		{name: "the environment", files: map[string]string{"here/clouds.yaml": two, "y.yaml": simple}, env: map[string]string{"OS_CLIENT_CONFIG_FILE": "y.yaml"}, want: func(a Auth) bool { return a.Username == "u" }},
		{name: "secrets apart", files: map[string]string{"home/clouds.yaml": simple, "home/secure.yaml": "clouds: {main: {auth: {password: hidden}}}"}, want: func(a Auth) bool { return a.Password == "hidden" && a.Username == "u" }},
		{name: "not beside clouds-file", files: map[string]string{"x.yaml": simple, "secure.yaml": "clouds: {main: {auth: {password: hidden}}}"}, keys: "clouds-file=x.yaml", want: func(a Auth) bool { return a.Password == "12345" }},
		{name: "a profile", files: map[string]string{
			"home/clouds.yaml":        "clouds: {main: {profile: vendor, auth: {token: t}, interface: internal}}",
			"home/clouds-public.yaml": "public-clouds: {vendor: {region_name: rp, interface: admin, auth: {auth_url: 'https://public/v3', token: no}}}",
		}, want: func(a Auth) bool {
			return a.AuthURL == "https://public/v3" && a.Token == "t" && a.Region == "rp" && a.Endpoint == "internal"
		}},

		{name: "no file", wrong: "f:2: use-clouds: clouds.yaml: there is no clouds.yaml; looked for clouds.yaml, "},
		{name: "no such entry", files: map[string]string{"home/clouds.yaml": two}, keys: "cloud=c", wrong: `it has no cloud "c", but a, b`},
		{name: "which entry", files: map[string]string{"home/clouds.yaml": two}, wrong: "it has 2 clouds (a, b), and neither the key cloud nor OS_CLOUD says which"},
		{name: "not YAML", files: map[string]string{"home/clouds.yaml": "clouds: ["}, wrong: "clouds.yaml: not valid"},
		{name: "an empty file", files: map[string]string{"home/clouds.yaml": ""}, wrong: "it has 0 clouds"},
		{name: "together they do not fit", files: map[string]string{"home/clouds.yaml": simple}, keys: "domain-id=x", wrong: "gives the domain of the user, which user-domain-name gives as well"},
		{name: "no address", files: map[string]string{"home/clouds.yaml": "clouds: {a: {auth: {token: t}}}"}, wrong: "auth-url: is missing"},
	}
	for _, test := range tests {
		t.Run(test.name, test.run)
	}
}

func (test cloudsTest) run(t *testing.T) {
	root := t.TempDir()
	home, here := filepath.Join(root, "home"), filepath.Join(root, "here")
	for _, dir := range []string{filepath.Join(home, ".config", "openstack"), here} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	replace := func(text string) string { // what is elsewhere is known by its path only
		return strings.NewReplacer("=x.yaml", "="+filepath.Join(root, "x.yaml"), "=y.yaml", "="+filepath.Join(root, "y.yaml")).Replace(text)
	}
	for name, text := range test.files {
		path := filepath.Join(root, strings.Replace(name, "home/", "home/.config/openstack/", 1))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("HOME", home)
	t.Setenv("OS_CLOUD", test.env["OS_CLOUD"])
	t.Setenv("OS_CLIENT_CONFIG_FILE", strings.TrimPrefix(replace("="+test.env["OS_CLIENT_CONFIG_FILE"]), "="))
	t.Chdir(here)
	c, err := Read("f", strings.NewReader("[Global]\nuse-clouds=true\n"+replace(strings.ReplaceAll(test.keys, "|", "\n"))))
	switch {
	case test.wrong != "":
		if err == nil || !strings.Contains(err.Error(), test.wrong) {
			t.Errorf("%v, want %q", err, test.wrong)
		}
	case err != nil:
		t.Error(err)
	case !test.want(c.Auth):
		t.Errorf("%+v", c.Auth)
	}
}
